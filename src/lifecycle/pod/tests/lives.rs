//! Lives at random. What must never happen is the [`super::witness::Witness`]'s to say; here is how many, and how they end.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::chance::{case, requests};
use super::program::Case;
use super::random::Random;
use super::world::{Entry, World, ms};
use super::*;

/// A life of so many steps has shown what it does.
const ENOUGH: usize = 120;

/// Lives one life, and says how many steps it took.
fn live(seed: u64) -> usize {
    let mut random = Random::new(seed);
    let case = case(&mut random);
    let mut world = if random.once_in(20) {
        // Asked for this and that before it begins.
        let mut world = World::before(&case);
        world.ask(random.below(3000), Event::Start);
        world
    } else {
        World::new(&case)
    };
    requests(&mut random, &mut world, case.names.len());
    let careful = random.once_in(8);
    world.reports = careful || random.once_in(8);
    world.hasty = random.once_in(2);
    let late = random.pick(&[0, 0, 0, 300]);
    world.be_late(late);
    while world.steps < ENOUGH && world.go_on(u64::MAX) {
        if careful {
            is_settled(&world);
        }
    }
    if world.steps < ENOUGH {
        // Nothing will happen any more: something runs for ever, or the pod is over, or has never begun.
        let waits = world.something_lives() || world.pod.began().is_none();
        assert!(world.pod.is_over() || waits, "it rests, but is not over");
    }
    // Whatever it was doing, this ends it.
    world.stop_at(world.now, 1000);
    world.run(u64::MAX);
    assert!(world.pod.is_over(), "a stop was forgotten");
    assert_eq!(world.pod.due(), None, "due after the end");
    if careful {
        is_no_more_than_its_events(&world, &case);
    }
    world.steps
}

/// What follows has followed: nothing is left to do until something happens.
fn is_settled(world: &World<'_>) {
    let now = ms(world.now);
    if world.pod.due().is_some_and(|due| due <= now) {
        return;
    }
    let mut pod = world.pod.clone();
    let actions = pod.step(now, Event::Due);
    assert_eq!(actions, [], "forgotten at {}", world.now);
    assert_eq!(pod, world.pod, "changed at {}", world.now);
}

/// A machine that is told the same at the same times does the same, also where a copy takes over at each step: all
/// that counts is in the value.
fn is_no_more_than_its_events(world: &World<'_>, case: &Case) {
    let mut pod = Pod::new(&case.life);
    let mut log = world.log.iter();
    while let Some((at, Entry::Told(event))) = log.next() {
        let mut copy = pod.clone();
        for action in copy.step(ms(*at), *event) {
            assert_eq!(log.next(), Some(&(*at, Entry::Did(action))));
        }
        pod = copy;
    }
    assert_eq!(pod, world.pod);
    assert_eq!(log.next(), None);
}

/// Lives the lives of these seeds, and names the first that fails.
fn live_all(seeds: impl Iterator<Item = u64>) -> usize {
    let tell = |seed| {
        catch_unwind(AssertUnwindSafe(|| live(seed))).unwrap_or_else(|cause| {
            let cause = cause.downcast_ref::<String>().map_or("", String::as_str);
            panic!("seed {seed}: {cause}")
        })
    };
    seeds.map(tell).sum()
}

#[test]
fn a_hundred_thousand_lives_end_as_they_must() {
    const LIVES: u64 = 100_000;
    const HANDS: u64 = 2;
    let hand = |first| move || live_all((first..LIVES).step_by(HANDS as usize));
    let hands: Vec<_> = (0..HANDS).map(|first| std::thread::spawn(hand(first))).collect();
    let steps: usize = hands.into_iter().map(|hand| hand.join().expect("no life fails")).sum();
    println!("{LIVES} lives of {} steps", steps as u64 / LIVES);
}

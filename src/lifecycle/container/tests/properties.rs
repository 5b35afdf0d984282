//! What must never happen, whatever life a container has and whatever world it lives in: [`World`] watches.

use proptest::prelude::*;

use super::world::{Dice, World};
use super::*;

fn any_grace() -> impl Strategy<Value = Option<Duration>> {
    prop_oneof![
        1 => Just(None),
        1 => Just(Some(Duration::ZERO)),
        2 => (1_u64..3000).prop_map(|millis| Some(Duration::from_millis(millis))),
        4 => (3_u64..120).prop_map(|seconds| Some(secs(seconds))),
    ]
}

fn any_probe() -> impl Strategy<Value = Option<Probe>> {
    let some = prop_oneof![Just(None), (1_u64..90).prop_map(Some)].prop_map(probe);
    prop_oneof![Just(None), some]
}

fn any_terms() -> impl Strategy<Value = Terms> {
    let policy = || prop_oneof![Just(Policy::Always), Just(Policy::OnFailure), Just(Policy::Never)];
    let action = prop_oneof![Just(RuleAction::Restart), Just(RuleAction::RestartAllContainers)];
    let codes = prop_oneof![
        Just(ExitCodes::In(vec![42])),
        Just(ExitCodes::NotIn(vec![0, 1])),
        Just(ExitCodes::In(vec![0, 137]))
    ];
    let rule = (codes, action).prop_map(|(exit_codes, action)| Rule { exit_codes, action });
    let rules = proptest::collection::vec(rule, 0..2);
    (policy(), proptest::option::of(policy()), rules).prop_map(|(pod, container, rules)| Terms {
        pod,
        container,
        rules,
    })
}

fn any_life() -> impl Strategy<Value = Life> {
    let role = prop_oneof![Just(Role::Init), Just(Role::Sidecar), Just(Role::Regular)];
    let hooks = (any::<bool>(), any::<bool>(), any::<bool>())
        .prop_map(|(post_start, pre_stop, post_stop)| Hooks { post_start, pre_stop, post_stop });
    let probes = (any_probe(), any_probe(), any_probe())
        .prop_map(|(startup, liveness, readiness)| Probes { startup, liveness, readiness });
    let pace = (0_u64..20_000, 0_u64..300_000).prop_map(|(first, longest)| {
        Pace::new(Duration::from_millis(first), Duration::from_millis(longest))
    });
    (role, hooks, probes, any::<bool>(), any_terms(), pace, any_grace()).prop_map(
        |(role, hooks, probes, notifies, restart, pace, grace)| Life {
            role,
            hooks,
            probes,
            notifies,
            restart,
            pace,
            grace,
        },
    )
}

/// What people ask for, and when.
fn any_requests() -> impl Strategy<Value = Vec<(u64, Event)>> {
    let stop = (any_grace(), any::<bool>(), any::<bool>())
        .prop_map(|(grace, ordered, asked)| Event::Stop(Stop { grace, ordered, asked }));
    let request = prop_oneof![
        2 => stop,
        3 => Just(Event::Restart),
        2 => Just(Event::Reset),
        1 => Just(Event::Turn),
        1 => Just(Event::Due),
    ];
    let at = prop_oneof![0_u64..5_000, 0_u64..120_000, 0_u64..2_000_000];
    proptest::collection::vec((at, request), 0..8)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn any_life_in_any_world(life in any_life(), requests in any_requests(), seed in any::<u64>()) {
        let mut world = World::new(&life, Dice(seed));
        for (at, request) in requests {
            world.comes(at, request);
        }
        world.live(150);
        // No stop is forgotten: after this one, and the world's own last words, it is done.
        world.comes(0, Event::Stop(Stop { grace: Some(secs(20)), ordered: seed % 2 == 0, asked: true }));
        world.live(2000);
        prop_assert!(world.container.is_done(), "{:?}", world.container);
        prop_assert_eq!(world.container.due(), None);
    }
}

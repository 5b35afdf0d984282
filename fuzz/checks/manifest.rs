//! What a manifest may say.

use std::collections::BTreeMap;
use std::time::Duration;

use podinit::lifecycle::Moment;
use podinit::lifecycle::container::{self, Exit};
use podinit::lifecycle::pod::{Action, Event, Pod};
use podinit::plan::life::Pace;
use podinit::plan::pod::{Allocatable, Object, Objects, Options, Take, plan};
use podinit::spec::manifest::Manifest;
use podinit::spec::quantity::{Format, Quantity, Scale};

/// One ConfigMap or Secret of every name that begins with `a`.
struct Kept;

impl Objects for Kept {
    fn contents(&self, object: &Object) -> Result<Option<BTreeMap<String, Vec<u8>>>, String> {
        let (Object::ConfigMap(name) | Object::Secret(name)) = object;
        Ok(name
            .starts_with('a')
            .then(|| BTreeMap::from([("key".to_owned(), name.clone().into_bytes())])))
    }
}

/// A file: it is refused with something to read, or else planned, and the pod lives and comes to its end.
pub fn manifest(bytes: &[u8]) {
    let manifest = match Manifest::read(bytes) {
        Ok(manifest) => manifest,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    let some = || Quantity::new(2, Scale::One, Format::DecimalSi);
    let options = Options {
        take: Take::ALL,
        container: None,
        entrypoint: &[b"app".to_vec()],
        cmd: &[],
        grace: None,
        restart: None,
        pace: Pace::DEFAULT,
        allocatable: Allocatable { cpu: some(), memory: some(), ephemeral_storage: some() },
    };
    let plan = match plan(&manifest.pod, &options, &Kept) {
        Ok(plan) => plan,
        Err(error) => return assert!(error.to_string().starts_with("spec."), "{error}"),
    };
    assert_eq!(plan.life.containers.len(), plan.containers.len());
    live(&mut Pod::new(&plan.life));
}

/// Every program runs until it is told to end, and every hook succeeds at once.
fn live(pod: &mut Pod<'_>) {
    let mut now = Moment::at(Duration::ZERO);
    let mut facts = vec![Event::Start, Event::Stop { grace: Some(Duration::from_secs(1)) }];
    facts.reverse();
    let grace = Some(Duration::from_secs(1));
    while let Some(fact) = facts.pop().or_else(|| (!pod.is_over()).then_some(Event::Stop { grace }))
    {
        now = now + Duration::from_millis(10);
        for action in pod.step(now, fact) {
            let Action::Container(number, action) = action else { continue };
            let event = match action {
                container::Action::Spawn => container::Event::Spawned,
                container::Action::Run(hook) => container::Event::HookEnded(hook, true),
                container::Action::Send(_) | container::Action::KillAll => {
                    container::Event::Exited(Exit { code: 0, out_of_memory: false })
                }
                container::Action::Clear { .. } => container::Event::Cleared,
                _ => continue,
            };
            facts.push(Event::Container(number, event));
        }
        assert!(now.since(Moment::at(Duration::ZERO)) < Duration::from_secs(3600), "{pod:?}");
    }
}

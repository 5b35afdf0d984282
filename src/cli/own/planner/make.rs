//! From what is wished to what is to be done.

use std::time::Duration;

use super::opts::DEFAULT;
use super::wishes::{ProbeWish, Restart, Wishes};
use crate::cli::own::flags::Asked;
use crate::lifecycle::status::termination_message::DEFAULT_PATH;
use crate::plan::life::{Hooks, Life, Pace, Policy, Probe, Probes, Role, Terms};
use crate::plan::supervision::{Check, Errands, Supervision};
use crate::signal::Signal;
use crate::spec::action::Action;

/// What the command line and the environment give the planner.
#[cfg_attr(not(feature = "manifest"), expect(dead_code, reason = "some is for manifests"))]
pub struct Given<'g> {
    pub asked: &'g [Asked],
    /// The program and its arguments, if there are any.
    pub command: Vec<&'static [u8]>,
    /// If it was said: `Some(None)` is for ever.
    pub grace: Option<Option<Duration>>,
    pub stop_signal: Option<Signal>,
    /// Whom `--user` means.
    pub user: Option<u32>,
    pub strict_hooks: bool,
    pub notify: bool,
    /// Kubernetes has started podinit.
    pub in_cluster: bool,
}

/// # Errors
/// What is wrong, one or more lines that name the option, or the field of the manifest, and the remedy.
pub fn make(
    given: &Given<'_>,
    warn: &mut dyn FnMut(String),
) -> Result<(Supervision, Errands), String> {
    let wishes = Wishes::read(given.asked)?;
    let (mut supervision, mut errands) = base(given, &wishes, warn)?;
    let life = &mut supervision.life;
    life.notifies = given.notify;
    let hooks = &mut life.hooks;
    wish_hook(wishes.post_start, &mut hooks.post_start, &mut errands.post_start);
    wish_hook(wishes.pre_stop, &mut hooks.pre_stop, &mut errands.pre_stop);
    wish_hook(wishes.post_stop, &mut hooks.post_stop, &mut errands.post_stop);
    let probes = &mut life.probes;
    wish_probe(wishes.startup, "startup", &mut probes.startup, &mut errands.startup)?;
    wish_probe(wishes.liveness, "liveness", &mut probes.liveness, &mut errands.liveness)?;
    wish_probe(wishes.readiness, "readiness", &mut probes.readiness, &mut errands.readiness)?;
    errands.host = wishes.host.or(errands.host);
    errands.strict_hooks = given.strict_hooks;
    supervision.listen = wishes.listen;
    supervision.stop_signal = given.stop_signal.map(Signal::number).or(supervision.stop_signal);
    Ok((supervision, errands))
}

/// What is to be done before any hook or probe of an option: what the manifest says.
#[cfg(feature = "manifest")]
fn base(
    given: &Given<'_>,
    wishes: &Wishes,
    warn: &mut dyn FnMut(String),
) -> Result<(Supervision, Errands), String> {
    let manifest = &wishes.manifest;
    if let Some((name, file)) = manifest.file {
        return super::pod::read(name, file, given, wishes, warn);
    }
    let orphan = manifest.container.map(|(name, _)| name);
    let orphan = orphan.or(manifest.take.map(|(name, _)| name));
    match orphan.or(manifest.env_from.first().map(|(name, ..)| *name)) {
        Some(name) => Err(format!("{name}: is about a manifest: write --pod FILE too")),
        None => bare(given, wishes),
    }
}

#[cfg(not(feature = "manifest"))]
fn base(
    given: &Given<'_>,
    wishes: &Wishes,
    _: &mut dyn FnMut(String),
) -> Result<(Supervision, Errands), String> {
    bare(given, wishes)
}

/// Without a manifest.
fn bare(given: &Given<'_>, wishes: &Wishes) -> Result<(Supervision, Errands), String> {
    let pod = match wishes.restart {
        None => Policy::Never,
        Some(Restart::By(policy)) => policy,
        Some(Restart::AsThePod(name)) => {
            return Err(format!("{name}: \"pod\" is what a manifest says: write --pod FILE too"));
        }
    };
    let life = Life {
        role: Role::Regular,
        hooks: Hooks::default(),
        probes: Probes::default(),
        notifies: false,
        restart: Terms { pod, container: None, rules: Vec::new() },
        pace: wishes.pace.unwrap_or(Pace::DEFAULT),
        grace: given.grace.flatten(),
    };
    let supervision = Supervision {
        life,
        words: Vec::new(),
        environment: Vec::new(),
        directory: None,
        stop_signal: None,
        user: None,
        termination_log: Some(DEFAULT_PATH.as_bytes().to_vec()),
        oom_kills: None,
        no_new_privileges: false,
        capabilities: None,
        listen: Vec::new(),
    };
    let program = given.command.first().and_then(|path| path.rsplit(|byte| *byte == b'/').next());
    let container = String::from_utf8_lossy(program.unwrap_or_default()).into_owned();
    Ok((supervision, Errands { container, ..Errands::default() }))
}

fn wish_hook(wish: Option<Action>, there: &mut bool, action: &mut Option<Action>) {
    if wish.is_some() {
        (*there, *action) = (true, wish);
    }
}

/// An action goes before the manifest's, and each number before its number.
fn wish_probe(
    wish: ProbeWish,
    kind: &str,
    probe: &mut Option<Probe>,
    check: &mut Option<Check>,
) -> Result<(), String> {
    if let Some(action) = wish.action {
        let settings = probe.get_or_insert(DEFAULT).settings;
        *check = Some(Check { action, settings });
    }
    let Some((name, opts)) = wish.opts else { return Ok(()) };
    let (Some(probe), Some(check)) = (probe, check) else {
        return Err(format!("{name}: there is no {kind} probe: write --{kind} ACTION too"));
    };
    *probe = opts.over(*probe);
    check.settings = probe.settings;
    Ok(())
}

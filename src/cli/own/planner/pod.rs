//! `--pod`: one container of a manifest.

use std::ffi::{CStr, OsStr};
use std::net::{IpAddr, UdpSocket};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::make::Given;
use super::unhonoured::unhonoured;
use super::wishes::{Name, Restart, Wishes};
use crate::cli::own::objects::Offered;
use crate::cli::own::pod_file::{allocatable, content, warnings, within};
use crate::cli::user;
use crate::init::report::Printable;
use crate::plan::life::{Pace, Policy, Probe};
use crate::plan::pod::{Capabilities, ContainerPlan, Options, PlanError, Security, Take, plan};
use crate::plan::supervision::{Check, Errands, Supervision, User};
use crate::signal::Signal;
use crate::spec::action::Action;
use crate::spec::capability;
use crate::spec::manifest::Manifest;
use crate::spec::pod::{Container, Pod};
use crate::sys::credentials::{Credentials, Uid};
use crate::sys::{capabilities, this_process};

/// What the manifest in `file` says of its container.
///
/// # Errors
/// What is wrong, a line each, with the option and the file.
pub fn read(
    option: Name,
    file: &'static CStr,
    given: &Given<'_>,
    wishes: &Wishes,
    warn: &mut dyn FnMut(String),
) -> Result<(Supervision, Errands), String> {
    let file_name = Printable(file);
    let wrong = |problems: String| {
        let lines = problems.lines().map(|line| format!("{option} {file_name}: {line}"));
        lines.collect::<Vec<_>>().join("\n")
    };
    let manifest = content(Path::new(OsStr::from_bytes(file.to_bytes())))
        .and_then(|bytes| Manifest::read(&bytes).map_err(|error| error.to_string()));
    let manifest = manifest.map_err(wrong)?;
    for warning in warnings(&manifest) {
        warn(format!("{file_name}: {warning}"));
    }
    let take = wishes.manifest.take.map_or(Take::ALL, |(_, take)| take);
    let wanted = wishes.manifest.container;
    let chosen = choose(&manifest.pod, wanted.map(|(_, name)| name)).map_err(|known| {
        let known = known.join(", ");
        match wanted {
            Some((option, name)) => {
                format!("{option}: {file_name} has no container {name:?} (it has {known})")
            }
            None => wrong(format!(
                "there are several containers: say which with --container NAME ({known})"
            )),
        }
    })?;
    let made = make(&manifest, chosen, take, given, wishes).map_err(wrong)?;
    if !made.skipped.is_empty() {
        let field = within(&manifest, &format!("{}.envFrom", chosen.path()));
        let names: Vec<String> = made.skipped.iter().map(|name| format!("{name:?}")).collect();
        warn(format!("{file_name}: {field}: no variable can be called {}", names.join(", ")));
    }
    let passed_over = unhonoured(&manifest.pod, chosen, take);
    if !passed_over.is_empty() {
        let fields: Vec<String> =
            passed_over.iter().map(|field| within(&manifest, field)).collect();
        warn(format!("{file_name}: not honoured here: {}", fields.join(", ")));
    }
    for problem in not_had(&made) {
        let of = within(&manifest, &chosen.path());
        warn(format!("{file_name}: {of}.securityContext.capabilities.{problem}"));
    }
    if given.in_cluster {
        warn(format!(
            "{file_name}: KUBERNETES_SERVICE_HOST is set: a kubelet that has this manifest does all that it says too"
        ));
    }
    Ok((made.supervision, made.errands))
}

/// What is made of a container.
struct Made {
    supervision: Supervision,
    capabilities: Option<Capabilities>,
    errands: Errands,
    /// Keys of `envFrom` that cannot be variables.
    skipped: Vec<String>,
}

/// A container, and where it stands in its pod.
#[derive(Clone, Copy)]
pub struct Chosen<'p> {
    pub container: &'p Container,
    /// `initContainers` or `containers`.
    pub list: &'static str,
    pub index: usize,
}

impl Chosen<'_> {
    /// Such as `spec.containers[0]`.
    pub fn path(&self) -> String {
        format!("spec.{}[{}]", self.list, self.index)
    }
}

/// The container that is wanted, or which there may be.
fn choose<'p>(pod: &'p Pod, wanted: Option<&str>) -> Result<Chosen<'p>, Vec<&'p str>> {
    let in_list = |list: &'static str, containers: &'p [Container]| {
        let one =
            move |(index, container): (usize, &'p Container)| Chosen { container, list, index };
        containers.iter().enumerate().map(one)
    };
    let spec = &pod.spec;
    let regular = in_list("containers", &spec.containers);
    let mut all = regular.chain(in_list("initContainers", &spec.init_containers));
    let names = all.clone().map(|one| one.container.name.as_str()).collect();
    match wanted {
        Some(name) => all.find(|one| one.container.name == name).ok_or(names),
        None if spec.containers.len() == 1 => all.next().ok_or(names),
        None => Err(names),
    }
}

fn make(
    manifest: &Manifest,
    chosen: Chosen<'_>,
    take: Take,
    given: &Given<'_>,
    wishes: &Wishes,
) -> Result<Made, String> {
    let command: Vec<Vec<u8>> = given.command.iter().map(|word| word.to_vec()).collect();
    let (entrypoint, cmd) = command.split_at(command.len().min(1));
    let options = Options {
        take,
        container: Some(&chosen.container.name),
        entrypoint,
        cmd,
        grace: given.grace,
        restart: match wishes.restart {
            None => Some(Policy::Never),
            Some(Restart::By(policy)) => Some(policy),
            Some(Restart::AsThePod(_)) => None,
        },
        pace: wishes.pace.unwrap_or(Pace::DEFAULT),
        allocatable: allocatable(),
    };
    let folders = wishes.manifest.env_from.iter();
    let objects = Offered(folders.map(|(_, name, folder)| (&**name, &**folder)).collect());
    let told = |error: PlanError| format!("{}: {}", within(manifest, &error.path), error.problem);
    let made = plan(&manifest.pod, &options, &objects).map_err(told)?;
    let address = made.address.filter(|address| is_ours(address));
    let life = made.life.containers.into_iter().next();
    let (Some(life), Some(container)) = (life, made.containers.into_iter().next()) else {
        return Err(format!("there is no container {:?}", chosen.container.name));
    };
    let user = who(&container.security, given).map_err(|(field, problem)| {
        let of = security_of(chosen, field);
        format!("{}: {problem}", within(manifest, &format!("{of}.securityContext{field}")))
    })?;
    let ContainerPlan {
        name,
        words,
        environment,
        directory,
        security,
        hooks,
        probes,
        stop_signal,
        termination_message,
    } = container;
    let timed = life.probes;
    let supervision = Supervision {
        life,
        words: if words == command { Vec::new() } else { words },
        environment: environment
            .iter()
            .map(|(name, value)| (name.as_bytes().to_vec(), value.to_vec()))
            .collect(),
        directory: directory.map(String::into_bytes),
        stop_signal: stop_signal.map(Signal::number),
        user,
        termination_log: termination_message.map(|message| from_root(&message.path)),
        oom_kills: None,
        no_new_privileges: security.no_new_privileges,
        capabilities: security.capabilities.map(|capabilities| capabilities.kept),
        listen: Vec::new(),
    };
    let errands = Errands {
        container: name,
        pod: made.name.to_string(),
        post_start: hooks.post_start,
        pre_stop: hooks.pre_stop,
        post_stop: hooks.post_stop,
        startup: check(probes.startup, timed.startup),
        liveness: check(probes.liveness, timed.liveness),
        readiness: check(probes.readiness, timed.readiness),
        host: address,
        strict_hooks: false,
    };
    let skipped = environment.skipped().to_vec();
    Ok(Made { supervision, capabilities: security.capabilities, errands, skipped })
}

/// A path in a container, as its runtime takes it.
fn from_root(path: &str) -> Vec<u8> {
    format!("/{}", path.trim_start_matches('/')).into_bytes()
}

/// What a probe does, with its times.
fn check(action: Option<Action>, probe: Option<Probe>) -> Option<Check> {
    Some(Check { action: action?, settings: probe?.settings })
}

/// Whose `securityContext` it is that counts.
fn security_of(chosen: Chosen<'_>, field: &str) -> String {
    let own = chosen.container.security_context.as_ref();
    match field {
        ".runAsNonRoot" if own.is_some_and(|own| own.run_as_non_root.is_some()) => chosen.path(),
        _ => "spec".to_owned(),
    }
}

/// Whom the manifest means, unless `--user` says it; or which field below `securityContext` is in the way.
fn who(security: &Security, given: &Given<'_>) -> Result<Option<User>, (&'static str, String)> {
    let Security { user, group, supplemental_groups, non_root, .. } = security;
    let said = user.is_some() || group.is_some() || !supplemental_groups.is_empty();
    let found = if given.user.is_none() && said {
        let found = user::of_numbers(*user, *group, supplemental_groups);
        Some(found.map_err(|error| ("", error.to_string()))?)
    } else {
        None
    };
    let uid = given.user.or(found.as_ref().map(|found| found.uid.as_raw()));
    if *non_root && uid.unwrap_or(Uid::current().as_raw()) == 0 {
        let problem = "podinit would run it as root (write another runAsUser, or --user)";
        return Err((".runAsNonRoot", problem.to_owned()));
    }
    Ok(found.map(|Credentials { uid, gid, supplementary, home }| User {
        uid: uid.as_raw(),
        gid: gid.as_raw(),
        supplementary: supplementary.into_iter().map(|gid| gid.as_raw()).collect(),
        home: home.into_bytes(),
    }))
}

/// Which capabilities are added that podinit has not got to give, and which are dropped that can be had again: the field, and
/// why.
fn not_had(made: &Made) -> Vec<String> {
    let Some(Capabilities { kept, added }) = made.capabilities else { return Vec::new() };
    // The highest bit is nobody's but of ALL.
    let is_all = |set: u64| set >> 63 != 0;
    let list = |set| match capability::names(set).collect::<Vec<_>>() {
        _ if is_all(set) => "ALL".to_owned(),
        names => names.join(", "),
    };
    let (known, bounding) = capabilities::known_and_bounding();
    let mut problems = Vec::new();
    let lacking = added & !bounding;
    // Of ALL those that there are.
    if lacking & known != 0 || lacking != 0 && !is_all(lacking) {
        problems.push(format!("add: {}: podinit has not got that", list(lacking)));
    }
    let is_moot = made.supervision.no_new_privileges
        || this_process::has_given_up_new_privileges()
        || capabilities::can_be_bounded();
    if bounding & !kept != 0 && !is_moot {
        let dropped = list(if is_all(!kept) { !kept } else { bounding & !kept });
        problems.push(format!(
            "drop: {dropped}: what is executed as root can have that again, as podinit has not got SETPCAP (try \
             allowPrivilegeEscalation: false)"
        ));
    }
    problems
}

/// Whether this container has this address: only then can it be listened on.
fn is_ours(address: &str) -> bool {
    const ANY_PORT: u16 = 0;
    address.parse::<IpAddr>().is_ok_and(|address| UdpSocket::bind((address, ANY_PORT)).is_ok())
}

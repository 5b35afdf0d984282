//! Init asks for no memory once it has started: its loops run here under an allocator that counts.
//!
//! A program of its own, as init wants a process with one thread.

use std::alloc::{GlobalAlloc, Layout, System};
use std::ffi::{CString, c_char};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use podinit::init::report::{Level, Log, Style};
use podinit::init::{Init, Program};
use podinit::plan::{self, OwnOptions};
use podinit::signal::SignalSet;
use podinit::sys::signals;
use podinit::sys::words::{Environment, Words};

struct Counting;

static COUNTS: AtomicBool = AtomicBool::new(false);
static ASKED: AtomicUsize = AtomicUsize::new(0);

// SAFETY: it only counts, and leaves the work to the system's.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if COUNTS.load(Ordering::Relaxed) {
            ASKED.fetch_add(1, Ordering::Relaxed);
        }
        // SAFETY: passed on as it came.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: passed on as it came.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Signals, orphans, a child that ignores TERM and has to be killed, one that forks while it ends.
const LIFE: &str = "
    trap : USR1
    i=0; while [ $i -lt 50 ]; do (sleep 0 &) ; kill -USR1 $PPID; i=$((i+1)); done
    setsid sh -c 'trap \"\" TERM; sleep 90' &
    setsid sh -c 'trap \"sleep 90 & exit\" TERM; while :; do sleep 0.05; done' &
    sleep 0.3
    exit 7";

fn main() -> ExitCode {
    if std::env::args().nth(1).as_deref() == Some("notify") {
        return notify();
    }
    let mask = signals::block_all();
    bare(mask);
    #[cfg(feature = "probe")]
    supervised::run(mask);
    println!("passed");
    ExitCode::SUCCESS
}

/// What systemd-notify(1) is.
fn notify() -> ExitCode {
    let name = std::env::var("NOTIFY_SOCKET").unwrap();
    let address = SocketAddr::from_abstract_name(name.strip_prefix('@').unwrap()).unwrap();
    UnixDatagram::unbound().unwrap().send_to_addr(b"READY=1", &address).unwrap();
    ExitCode::SUCCESS
}

fn bare(mask: SignalSet) {
    let plan = plan::own(&options());
    let init = Init::start(
        &plan,
        program(&["/bin/sh", "-c", LIFE], mask),
        Log::new(Style::Json, Level::Debug),
    );
    let init = init.unwrap_or_else(|code| panic!("it does not start: {code}"));
    assert_eq!(counted(|| init.run()), (7, 0), "the exit code, and how often memory was asked for");
}

/// What it returns, and how often it has asked for memory.
fn counted(run: impl FnOnce() -> u8) -> (u8, usize) {
    COUNTS.store(true, Ordering::Relaxed);
    let code = run();
    COUNTS.store(false, Ordering::Relaxed);
    (code, ASKED.load(Ordering::Relaxed))
}

/// There is somebody to be told, though nobody listens.
const VARIABLES: [&str; 2] = ["PATH=/usr/bin:/bin", "NOTIFY_SOCKET=@podinit-allocation"];

fn options() -> OwnOptions {
    OwnOptions { grace: Some(Duration::from_millis(500)), ..OwnOptions::default() }
}

fn program(words: &[&str], mask: SignalSet) -> Program {
    let words = [&["podinit"], words].concat();
    let vector = |words: &[&str]| -> &'static mut [*const c_char] {
        let pointers =
            words.iter().map(|word| CString::new(*word).unwrap().into_raw().cast_const());
        pointers.chain([std::ptr::null()]).collect::<Vec<_>>().leak()
    };
    // SAFETY: vectors as the kernel would give them, for this alone.
    let (words, environment) = unsafe {
        let count = words.len() as i32;
        (
            Words::from_main(count, vector(&words).as_mut_ptr()),
            Environment::from_main(vector(&VARIABLES).as_mut_ptr()),
        )
    };
    let argv = words.into_program(1).unwrap();
    Program { argv, environment, directory: None, credentials: None, capabilities: None, mask }
}

/// With hooks, probes and restarts.
#[cfg(feature = "probe")]
mod supervised {
    use super::*;
    use podinit::init::Supervisor;
    use podinit::plan::life::{Hooks, Life, Pace, Policy, Probe, Probes, Role, Settings, Terms};
    use podinit::plan::supervision::{Check, Errands, Listen, Supervision};
    use podinit::spec::action::Action;
    use podinit::sys::line::Output;
    use std::fs::{self, File};
    use std::os::fd::AsRawFd;

    /// Three instances in the directory $0, each with signals, orphans and somebody who ignores TERM; the agent is
    /// killed in each, and another makes the probe once this program, $1, has said that all has started. The last asks
    /// for the end and ignores it.
    const LIFE: &str = "
        trap : USR1
        $1 notify
        for i in 1 2 3 4 5 6 7 8; do (sleep 0 &) ; kill -USR1 $PPID; done
        for child in $(cat /proc/$PPID/task/$PPID/children); do [ $child = $$ ] || kill -9 $child; done
        setsid sh -c 'trap \"\" TERM; sleep 90' &
        rm -f $0/readiness
        until [ -e $0/readiness ]; do sleep 0.05; done
        echo >>$0/starts
        [ $(wc -l <$0/starts) -lt 3 ] && exit 1
        trap '' TERM; kill -TERM $PPID; sleep 90; sleep 90";

    const SETTINGS: Settings = Settings {
        initial_delay: Duration::ZERO,
        period: Duration::from_secs(1),
        timeout: Duration::from_secs(1),
        success_threshold: 1,
        failure_threshold: 1,
    };

    pub fn run(mask: SignalSet) {
        let dir = std::env::temp_dir().join(format!("podinit-allocation-{}", std::process::id()));
        fs::create_dir(&dir).unwrap();
        fs::write(dir.join("last-words"), "").unwrap();
        let dir = dir.to_str().unwrap();
        let (supervision, errands) =
            (supervision(dir), postcard::to_stdvec(&errands(dir)).unwrap());
        let plan = plan::own(&options());
        let log = Log::new(Style::Json, Level::Debug);
        let exe = std::env::current_exe().unwrap();
        let program = program(&["/bin/sh", "-c", LIFE, dir, exe.to_str().unwrap()], mask);
        let stream = File::create(format!("{dir}/status")).unwrap();
        let status = Output::inherited(stream.as_raw_fd()).ok();
        let supervisor = Supervisor::prepare(&plan, &supervision, &errands, program, log, status);
        let supervisor = supervisor.unwrap_or_else(|code| panic!("it does not start: {code}"));
        let lived = counted(|| supervisor.run());
        let lines = |file: &str| {
            fs::read_to_string(format!("{dir}/{file}")).map_or(0, |text| text.lines().count())
        };
        let instances = lines("starts");
        let acted = ["postStart", "preStop", "postStop", "readiness"].map(|file| lines(file) > 0);
        let told = fs::read_to_string(format!("{dir}/status")).unwrap();
        fs::remove_dir_all(dir).unwrap();
        assert_eq!(lived, (137, 0), "the exit code, and how often memory was asked for");
        assert_eq!((instances, acted), (3, [true; 4]), "instances, and who has acted");
        let says = |event: &str| told.matches(&format!("\"event\":\"{event}\"")).count();
        assert_eq!((says("Running"), says("Exited")), (3, 1), "{told}");
    }

    fn supervision(dir: &str) -> Supervision {
        Supervision {
            life: Life {
                role: Role::Regular,
                hooks: Hooks { post_start: true, pre_stop: true, post_stop: true },
                probes: Probes {
                    readiness: Some(Probe { settings: SETTINGS, grace: None }),
                    ..Probes::default()
                },
                notifies: true,
                restart: Terms { pod: Policy::Always, container: None, rules: Vec::new() },
                pace: Pace::new(Duration::from_millis(50), Duration::from_millis(50)),
                grace: Some(Duration::from_secs(1)),
            },
            words: Vec::new(),
            environment: Vec::new(),
            directory: None,
            stop_signal: None,
            user: None,
            termination_log: Some(format!("{dir}/last-words").into_bytes()),
            oom_kills: podinit::sys::memory_cgroup::find(),
            no_new_privileges: false,
            capabilities: None,
            listen: vec![Listen {
                asked: String::new(),
                address: ([127, 0, 0, 1], 0).into(),
                all: false,
            }],
        }
    }

    /// Each leaves a line in a file of its name.
    fn errands(dir: &str) -> Errands {
        let action = |name: &str| {
            let words = ["/bin/sh", "-c", "echo >>$0", &format!("{dir}/{name}")];
            Action::Exec(words.map(str::to_owned).to_vec())
        };
        Errands {
            container: "app".to_owned(),
            post_start: Some(action("postStart")),
            pre_stop: Some(action("preStop")),
            post_stop: Some(action("postStop")),
            readiness: Some(Check { action: action("readiness"), settings: SETTINGS }),
            ..Errands::default()
        }
    }
}

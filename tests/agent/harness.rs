//! An agent with a real link, in a process of its own, and what it is measured by. Everything waits for facts, with a
//! deadline that a loaded machine keeps.

use std::ffi::CString;
use std::fs::{self, OpenOptions};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use podinit::agent::{self, Ledger, Remark};
use podinit::lifecycle::Moment;
use podinit::link::{self, Message, Order, Packet, Report};
use podinit::plan::life::Settings;
use podinit::plan::supervision::{Check, Errands};
use podinit::probe::{Surroundings, Trust};
use podinit::signal::{Signal, SignalSet};
use podinit::spec::action::{Action, Role};
use podinit::sys::credentials::Credentials;
use podinit::sys::packets::{self, Received};
use podinit::sys::signals::{self, ChildSignal, Recipient};
use podinit::sys::wait::{self, Exit};
use podinit::sys::words::Environment;
use podinit::sys::{Pid, clock, fork, process_tree, this_process};

pub const DEADLINE: Duration = Duration::from_secs(60);

/// How long it is looked whether something happens that must not.
pub const WHILE: Duration = Duration::from_millis(700);

/// Looks until there is something.
#[track_caller]
pub fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(began.elapsed() < DEADLINE, "not within {DEADLINE:?}: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A folder of a case's own, removed with its contents.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new(name: &str) -> Folder {
        let path =
            std::env::temp_dir().join(format!("podinit-agent-{}-{name}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// A file's text, empty while it is not there.
    pub fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// The pid that somebody has written there.
    #[track_caller]
    pub fn pid(&self, name: &str) -> Pid {
        until(name, || {
            let text = self.text(name);
            text.strip_suffix('\n')?.parse().ok().map(Pid::from_raw)
        })
    }

    pub fn write(&self, name: &str, text: &str) {
        // At once, so that nobody reads half of it.
        fs::write(self.path("new"), text).unwrap();
        fs::rename(self.path("new"), self.path(name)).unwrap();
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

pub fn probe(action: &str) -> Check {
    let settings = Settings {
        initial_delay: Duration::ZERO,
        period: Duration::from_millis(50),
        timeout: Duration::from_secs(30),
        success_threshold: 1,
        failure_threshold: 1,
    };
    Check { action: Action::parse(action, Role::Probe).unwrap(), settings }
}

pub fn hook(action: &str) -> Option<Action> {
    Some(Action::parse(action, Role::Hook).unwrap())
}

/// The agent's process, its link, and all it has told.
pub struct Agent {
    pub pid: Pid,
    link: Option<OwnedFd>,
    pub reports: Vec<Report>,
    log: PathBuf,
}

impl Agent {
    pub fn start(folder: &Folder, errands: &Errands) -> Agent {
        Agent::start_as(folder, errands, None)
    }

    pub fn start_as(folder: &Folder, errands: &Errands, user: Option<&Credentials>) -> Agent {
        let (link, theirs) = packets::pair().unwrap();
        let log = folder.path("log");
        let mut file = OpenOptions::new().create(true).append(true).open(&log).unwrap();
        let directory = CString::new(folder.0.to_str().unwrap()).unwrap();
        let init = this_process::pid();
        let trust = Trust::default();
        let mut environment = environment();
        let pid = fork::fork(|| {
            // The agent closes what it does not know, so the log is opened anew for each line.
            let path = log.clone();
            file.flush().unwrap();
            let mut say = move |remark: Remark<'_>| {
                let mut file = OpenOptions::new().append(true).open(&path).unwrap();
                let Remark { tone, reason, text } = remark;
                file.write_all(format!("{tone:?} {reason}: {text}\n").as_bytes()).unwrap();
            };
            let surroundings = Surroundings {
                environment: &mut environment,
                mask: SignalSet::EMPTY,
                child_signal: ChildSignal::Default,
                directory: Some(&directory),
                credentials: user,
                capabilities: None,
                oom_score_adj: None,
                ledger: Ledger::open(),
            };
            let errands = errands.clone();
            let start = agent::Start {
                link: theirs,
                listeners: &[],
                init,
                errands,
                surroundings,
                trust: &trust,
                say: &mut say,
                tells: false,
            };
            agent::run(start)
        });
        Agent { pid: pid.unwrap(), link: Some(link), reports: Vec::new(), log }
    }

    pub fn tell(&self, order: Order) {
        packets::send(self.link.as_ref().unwrap(), Packet::of(&order).as_bytes()).unwrap();
    }

    pub fn watch(&self, instance: u32) {
        let since = Moment::at(clock::monotonic());
        self.tell(Order::Watch { instance, since, started: true });
    }

    /// Takes in what it has told. Whether it still has the link.
    pub fn listen(&mut self) -> bool {
        let mut buffer = [0; link::LONGEST_MESSAGE];
        loop {
            match packets::receive(self.link.as_ref().unwrap(), &mut buffer) {
                Received::Packet(packet) => match link::read(packet) {
                    Some(Message::Report(report)) => self.reports.push(report),
                    other => panic!("it was asked for reports only: {other:?}"),
                },
                Received::Nothing => return true,
                Received::Closed => return false,
            }
        }
    }

    /// Waits until it has told this, counting all since it was started.
    #[track_caller]
    pub fn hear(&mut self, report: Report) {
        until(&format!("{report:?}; log:\n{}", self.log()), || {
            self.listen();
            self.reports.contains(&report).then_some(())
        });
    }

    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    #[track_caller]
    pub fn logs(&self, line: &str) {
        until(line, || self.log().lines().any(|known| known.contains(line)).then_some(()));
    }

    /// Closes init's end.
    pub fn hang_up(&mut self) {
        self.link = None;
    }

    pub fn signal(&self, signal: Signal) {
        signals::send(Recipient::Process(self.pid), signal).unwrap();
    }

    #[track_caller]
    pub fn end(&self) -> Exit {
        until("the agent's end", || wait::exit_of(self.pid))
    }

    /// What its descriptors refer to.
    pub fn descriptors(&self) -> Vec<String> {
        let all = fs::read_dir(format!("/proc/{}/fd", self.pid)).unwrap();
        let target = |path: PathBuf| fs::read_link(path).ok()?.into_os_string().into_string().ok();
        all.filter_map(|descriptor| target(descriptor.unwrap().path())).collect()
    }

    pub fn limit_descriptors(&self, count: u64) {
        let limit = libc::rlimit { rlim_cur: count, rlim_max: 64 };
        // SAFETY: the limit lives through the call; nobody wants to know the old one.
        let set = unsafe {
            libc::prlimit(self.pid.as_raw(), libc::RLIMIT_NOFILE, &limit, std::ptr::null_mut())
        };
        assert_eq!(set, 0);
    }

    /// All that descends from it.
    pub fn descendants(&self) -> Vec<Pid> {
        let mut found = Vec::new();
        process_tree::for_each_descendant(self.pid, None, |descendant| found.push(descendant.pid))
            .unwrap();
        found
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = signals::send(Recipient::Process(self.pid), Signal::KILL);
        wait::exit_of(self.pid);
    }
}

fn environment() -> Environment {
    let variables = ["PATH=/usr/bin:/bin", "NAME=of the container"];
    let pointers = variables.map(|text| CString::new(text).unwrap().into_raw().cast_const());
    let vector: &'static mut [_] =
        pointers.into_iter().chain([std::ptr::null()]).collect::<Vec<_>>().leak();
    // SAFETY: a vector as the kernel would give it, for this alone.
    unsafe { Environment::from_main(vector.as_mut_ptr()) }
}

/// Whether this process is there and does something; a zombie does not.
pub fn lives(pid: Pid) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit(") ").next().is_some_and(|rest| !rest.is_empty() && !rest.starts_with(['Z', 'X']))
}

/// A line of its `/proc/PID/status`.
pub fn status(pid: Pid, name: &str) -> String {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    line.unwrap().trim().to_owned()
}

/// A process that answers requests one by one with the status in the folder's file `status`, and appends them to
/// `requests`. It ends with the test. Returns its port.
pub fn serve(folder: &Folder) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (requests, status) = (folder.path("requests"), folder.path("status"));
    let served = fork::fork(|| {
        this_process::set_parent_death_signal(Signal::KILL).unwrap();
        for stream in listener.incoming() {
            let _ = stream.and_then(|stream| answer(stream, &requests, &status));
        }
        0
    });
    served.unwrap();
    port
}

fn answer(mut stream: std::net::TcpStream, requests: &Path, status: &Path) -> std::io::Result<()> {
    let mut request = Vec::new();
    let mut byte = [0];
    while !request.ends_with(b"\r\n\r\n") && stream.read(&mut byte)? > 0 {
        request.push(byte[0]);
        if request == [22] {
            // A handshake, of which as a server of plain HTTP it understands nothing.
            return stream.write_all(b"HTTP/1.0 400 Bad Request\r\n\r\n");
        }
    }
    let mut file = OpenOptions::new().create(true).append(true).open(requests)?;
    file.write_all(&request)?;
    let status = fs::read_to_string(status)?;
    write!(stream, "HTTP/1.1 {} X\r\nContent-Length: 2\r\n\r\nhi", status.trim())
}

//! A root directory of its own for podinit, and what it finds out there about names.

use super::dns::DnsServer;
use super::{DEADLINE, Finished, Run, Subject, TempDir, poll_until};
use std::net::Ipv4Addr;

/// A root directory with nothing but podinit and what a test puts there.
pub struct Image(TempDir);

impl Image {
    pub fn new() -> Image {
        let dir = TempDir::new();
        dir.write("podinit", 0o755, std::fs::read(Subject::podinit().path()).unwrap());
        Image(dir)
    }

    /// With a resolv.conf of these servers and lines.
    pub fn asking(servers: &[Ipv4Addr], lines: &str) -> Image {
        let servers: String = servers.iter().map(|ip| format!("nameserver {ip}\n")).collect();
        Image::new().with("etc/resolv.conf", &format!("{lines}\n{servers}"))
    }

    pub fn with(self, file: &str, content: &str) -> Image {
        let path = self.0.path().join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
        self
    }

    pub fn probe(&self, action: &str, timeout: &str) -> Run {
        let words = ["probe", action, "--timeout", timeout];
        Run::program("/podinit").root(self.0.path()).args(words)
    }

    /// An attempt that has all the time it wants.
    #[track_caller]
    pub fn dns(&self, name: &str) -> Finished {
        self.probe(&format!("dns://{name}"), "15s").finish()
    }

    /// Fails unless these are the addresses of the name, in this order.
    #[track_caller]
    pub fn finds(&self, name: &str, addresses: &str) {
        said(self.dns(name), 0, &format!("{name} is {addresses} in "));
    }

    /// Fails unless the name is not found, for this reason.
    #[track_caller]
    pub fn misses(&self, name: &str, why: &str) {
        said(self.dns(name), 1, &format!("lookup {name}{why} in "));
    }
}

#[track_caller]
pub fn said(finished: Finished, code: i32, start: &str) -> Finished {
    let finished = finished.exits(code);
    assert!(finished.stdout.starts_with(start), "{start:?}: {finished:#?}");
    assert_eq!(finished.stderr, "");
    finished
}

/// Fails unless it was asked for these names in this order, for both kinds of address.
#[track_caller]
pub fn was_asked(server: &DnsServer, names: &[&str]) {
    // It may have a question still before it that podinit no longer waits for.
    let both = [names, names];
    let asked = poll_until(DEADLINE, || (server.names() == both).then_some(()));
    assert!(asked.is_some(), "{names:?}: {:?}", server.names());
}

/// What a pod has in its resolv.conf.
pub const POD: &str =
    "search ns.svc.cluster.local svc.cluster.local cluster.local\noptions ndots:5";

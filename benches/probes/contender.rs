//! Who is compared: the binary just built and what is found on PATH.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use crate::launch::Command;

pub struct Contender {
    pub name: &'static str,
    /// None: not on this machine.
    pub path: Option<PathBuf>,
    pub command: Command,
}

impl Contender {
    fn new(name: &'static str, program: &str, words: &[&str]) -> Self {
        let path = match program {
            OURS => Some(PathBuf::from(env!("CARGO_BIN_EXE_podinit"))),
            other => on_path(other),
        };
        let file = path.clone().unwrap_or_default();
        let command = Command::new(Path::new(&file)).args(words.iter().copied());
        Contender { name, path, command }
    }
}

const OURS: &str = "podinit";

/// One GET, the body thrown away, nothing printed; ours first.
pub fn http(url: &str) -> Vec<Contender> {
    vec![
        Contender::new("podinit", OURS, &["probe", url]),
        Contender::new("curl", "curl", &["-s", "-f", "-o", "/dev/null", url]),
        Contender::new("busybox wget", "busybox", &["wget", "-q", "-O", "/dev/null", url]),
    ]
}

/// One connection.
pub fn tcp(server: SocketAddr) -> Vec<Contender> {
    let (host, port) = (server.ip().to_string(), server.port().to_string());
    vec![
        Contender::new("podinit", OURS, &["probe", &format!("tcp://{server}")]),
        Contender::new("nc -z", "nc", &["-z", &host, &port]),
        Contender::new("busybox nc", "busybox", &["nc", &host, &port]),
    ]
}

fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

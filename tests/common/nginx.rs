//! A real HTTP server.

use super::{Run, Running, TempDir};
use std::fmt::Write;
use std::net::TcpListener;
use std::os::fd::RawFd;

/// An nginx on ports of its own, on the loopback.
pub struct Nginx {
    running: Running,
    dir: TempDir,
    ports: Vec<u16>,
}

impl Nginx {
    /// In the text of a server: it speaks HTTP/2 with whoever offers that.
    pub const HTTP2: &str = "http2 on;";

    /// With one server for each of these texts, which are what stands in its block but `listen`; `PORTn` in
    /// one is the port of the nth, from 0, and `DIR` a directory for files. They take connections at once.
    #[track_caller]
    pub fn start(dir: TempDir, servers: &[String]) -> Nginx {
        const FIRST: RawFd = 10;
        let sockets: Vec<TcpListener> =
            servers.iter().map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
        let ports: Vec<u16> =
            sockets.iter().map(|socket| socket.local_addr().unwrap().port()).collect();
        let mut config = String::from(
            "daemon off; pid DIR/nginx.pid; error_log stderr;
events { worker_connections 64; }
http {
access_log off; client_body_temp_path DIR; proxy_temp_path DIR; fastcgi_temp_path DIR;
uwsgi_temp_path DIR; scgi_temp_path DIR;
",
        );
        for (index, server) in servers.iter().enumerate() {
            let ssl = if server.contains("ssl_certificate ") { " ssl" } else { "" };
            // nginx 1.25 has a directive for it, older ones have but a word behind `listen`.
            let http2 = if server.contains(Self::HTTP2) { " http2" } else { "" };
            let server = server.replace(Self::HTTP2, "");
            writeln!(config, "server {{ listen 127.0.0.1:PORT{index}{ssl}{http2}; {server} }}")
                .unwrap();
        }
        config.push('}');
        for (index, port) in ports.iter().enumerate().rev() {
            config = config.replace(&format!("PORT{index}"), &port.to_string());
        }
        let config = config.replace("DIR", dir.path().to_str().unwrap());
        let config = dir.write("nginx.conf", 0o644, config);
        // Sockets already bound are handed to it as an nginx does to its successor, so no port is lost meanwhile; and as
        // PID 1 of a namespace it leaves no worker behind.
        let numbers: String = (FIRST..).take(ports.len()).map(|fd| format!("{fd};")).collect();
        let mut run =
            Run::program("/usr/sbin/nginx").pid1().args(["-c", &config]).env("NGINX", numbers);
        for (number, socket) in (FIRST..).zip(sockets) {
            run = run.inherits(number, socket);
        }
        Nginx { running: run.spawn(), dir, ports }
    }

    /// The nth server's port; fails if there is no nginx any more.
    #[track_caller]
    pub fn port(&self, nth: usize) -> u16 {
        assert!(!self.running.is_over(), "nginx: {}", self.running.stderr());
        self.ports[nth]
    }

    pub fn dir(&self) -> &TempDir {
        &self.dir
    }
}

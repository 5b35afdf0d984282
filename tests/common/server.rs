//! A TCP server that does what a test says: answers, drips, hangs, cuts, never accepts.

use super::{DEADLINE, poll_until};
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// Listens until it is dropped. Each connection is served in a thread of its own.
pub struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    requests: Mutex<Vec<Vec<u8>>>,
    accepted: Mutex<usize>,
    released: AtomicBool,
    over: AtomicBool,
}

/// A connection to serve. When the server's function returns it is closed; what the peer has sent meanwhile is
/// read first, so that the kernel does not reset it.
pub struct Connection {
    stream: TcpStream,
    /// The how manieth this is, from 0.
    pub number: usize,
    shared: Arc<Shared>,
}

impl Server {
    /// On 127.0.0.1, at a port of the kernel's choice.
    pub fn start(serve: impl Fn(&mut Connection) + Send + Sync + 'static) -> Self {
        Self::on("127.0.0.1:0", serve)
    }

    /// On this address, `[::1]:0` say.
    #[track_caller]
    pub fn on(address: &str, serve: impl Fn(&mut Connection) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(address).unwrap_or_else(|e| panic!("{address}: {e}"));
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared::default());
        let (all, serve) = (shared.clone(), Arc::new(serve));
        thread::spawn(move || {
            for (number, stream) in listener.incoming().enumerate() {
                if all.over.load(Ordering::SeqCst) {
                    return;
                }
                let Ok(stream) = stream else { continue };
                *all.accepted.lock().unwrap() += 1;
                let (serve, shared) = (serve.clone(), all.clone());
                thread::spawn(move || serve(&mut Connection { stream, number, shared }));
            }
        });
        Self { address, shared }
    }

    /// Reads each request and answers with these bytes.
    pub fn answering(bytes: impl AsRef<[u8]>) -> Self {
        let bytes = bytes.as_ref().to_vec();
        Self::start(move |connection| {
            connection.request();
            connection.send(&bytes);
        })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// `http://ADDRESS` with this behind it.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// What [`Connection::request`] has read, in the order in which it was there.
    pub fn requests(&self) -> Vec<String> {
        let requests = self.shared.requests.lock().unwrap();
        requests.iter().map(|request| String::from_utf8(request.clone()).unwrap()).collect()
    }

    /// The only request there was.
    #[track_caller]
    pub fn request(&self) -> String {
        let requests = self.requests();
        assert_eq!(requests.len(), 1, "{requests:?}");
        requests.into_iter().next().unwrap()
    }

    /// How many connections there have been.
    pub fn accepted(&self) -> usize {
        *self.shared.accepted.lock().unwrap()
    }

    /// Lets those go on that wait in [`Connection::wait_for_release`].
    pub fn release(&self) {
        self.shared.released.store(true, Ordering::SeqCst);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::SeqCst);
        // The listening thread looks when there is a connection.
        let _ = TcpStream::connect(self.address);
    }
}

impl Connection {
    /// Reads up to the empty line, behind which a request without a body has nothing; empty if the peer says nothing.
    pub fn request(&mut self) -> String {
        let (mut request, mut buffer) = (Vec::new(), [0; 4096]);
        self.stream.set_read_timeout(Some(DEADLINE)).unwrap();
        while !request.ends_with(b"\r\n\r\n") {
            match self.stream.read(&mut buffer) {
                Ok(count @ 1..) => request.extend_from_slice(&buffer[..count]),
                _ => break,
            }
        }
        self.shared.requests.lock().unwrap().push(request.clone());
        String::from_utf8(request).unwrap()
    }

    /// Sends; `false` once the peer is gone.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.stream.write_all(bytes.as_ref()).is_ok()
    }

    /// Sends byte by byte, with a pause behind each.
    pub fn drip(&mut self, bytes: impl AsRef<[u8]>, pause: Duration) -> bool {
        self.stream.set_nodelay(true).unwrap();
        bytes.as_ref().iter().all(|byte| {
            let sent = self.send([*byte]);
            thread::sleep(pause);
            sent && !self.is_over()
        })
    }

    /// Sends this over and over until the peer is gone, or so many bytes have been sent.
    pub fn flood(&mut self, bytes: impl AsRef<[u8]>, limit: usize) {
        let bytes = bytes.as_ref().repeat(1 + 65_536 / bytes.as_ref().len());
        let mut sent = 0;
        while sent < limit && !self.is_over() && self.send(&bytes) {
            sent += bytes.len();
        }
    }

    /// Waits for [`Server::release`].
    pub fn wait_for_release(&self) {
        let released = || self.shared.released.load(Ordering::SeqCst) || self.is_over();
        poll_until(DEADLINE, || released().then_some(()));
    }

    /// Says nothing more, and reads until the peer is gone.
    pub fn hang(&mut self) {
        let mut buffer = [0; 4096];
        self.stream.set_read_timeout(Some(DEADLINE)).unwrap();
        while matches!(self.stream.read(&mut buffer), Ok(1..)) {}
    }

    /// Ends with a reset.
    pub fn reset(&mut self) {
        let linger = libc::linger { l_onoff: 1, l_linger: 0 };
        // SAFETY: a socket, and an option of the size it has.
        let result = unsafe {
            libc::setsockopt(
                self.stream.as_raw_fd(),
                libc::SOL_SOCKET,
                libc::SO_LINGER,
                (&raw const linger).cast(),
                size_of::<libc::linger>() as u32,
            )
        };
        assert_eq!(result, 0);
        // SAFETY: the number is that of a socket, which the stream has no more: what takes its place is closed for it.
        unsafe {
            let null = libc::open(c"/dev/null".as_ptr(), libc::O_RDWR | libc::O_CLOEXEC);
            assert!(libc::dup3(null, self.stream.as_raw_fd(), libc::O_CLOEXEC) >= 0);
            libc::close(null);
        }
    }

    /// The test is over.
    fn is_over(&self) -> bool {
        self.shared.over.load(Ordering::SeqCst)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let _ = self.stream.shutdown(Shutdown::Write);
        let _ = self.stream.set_nonblocking(true);
        let mut buffer = [0; 4096];
        while matches!(self.stream.read(&mut buffer), Ok(1..)) {}
    }
}

/// Where a test can listen, at a port of the kernel's choice. Containers often have no IPv6.
pub fn loopbacks() -> impl Iterator<Item = &'static str> {
    let exists = |address: &&str| match TcpListener::bind(*address) {
        Err(error) if *address == "[::1]:0" => {
            println!("nothing is tested over IPv6: {error}");
            false
        }
        _ => true,
    };
    ["127.0.0.1:0", "[::1]:0"].into_iter().filter(exists)
}

/// Accepts one connection on 127.0.0.1, in a thread, and does this with it.
pub fn serve<T: Send + 'static>(
    then: impl FnOnce(TcpStream) -> T + Send + 'static,
) -> (SocketAddr, thread::JoinHandle<T>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    (address, thread::spawn(move || then(listener.accept().unwrap().0)))
}

/// A port whose connections are never made: its backlog is full, so the kernel answers no more.
pub struct Unaccepting {
    listener: TcpListener,
    _waiting: Vec<TcpStream>,
}

impl Unaccepting {
    pub fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        // SAFETY: plain numbers; on a listening socket this changes the length of its queue.
        assert_eq!(unsafe { libc::listen(listener.as_raw_fd(), 0) }, 0);
        let address = listener.local_addr().unwrap();
        let mut waiting = Vec::new();
        while let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_millis(200)) {
            waiting.push(stream);
            assert!(waiting.len() < 100, "the queue never fills");
        }
        Self { listener, _waiting: waiting }
    }

    pub fn address(&self) -> SocketAddr {
        self.listener.local_addr().unwrap()
    }
}

/// A port of 127.0.0.1 where nobody listens, and nobody else can as long as this lives.
pub struct Refusing {
    _socket: OwnedFd,
    port: u16,
}

impl Refusing {
    pub fn new() -> Self {
        // SAFETY: a new socket, nobody else's; the addresses have the size they say.
        unsafe {
            let socket = libc::socket(libc::AF_INET, libc::SOCK_STREAM | libc::SOCK_CLOEXEC, 0);
            assert!(socket >= 0);
            let socket = OwnedFd::from_raw_fd(socket);
            let mut address: libc::sockaddr_in = std::mem::zeroed();
            let mut size = size_of_val(&address) as u32;
            address.sin_family = libc::AF_INET as u16;
            address.sin_addr.s_addr = u32::from_ne_bytes([127, 0, 0, 1]);
            let pointer = (&raw mut address).cast();
            assert_eq!(libc::bind(socket.as_raw_fd(), pointer, size), 0);
            assert_eq!(libc::getsockname(socket.as_raw_fd(), pointer, &mut size), 0);
            Self { _socket: socket, port: u16::from_be(address.sin_port) }
        }
    }

    pub fn port(&self) -> u16 {
        self.port
    }
}

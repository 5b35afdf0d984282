//! A name server of the tests' own: UDP and TCP at port 53 of a loopback address, answering as a test says.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, TcpListener, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A question as it came.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Question {
    /// In the case in which it was written, without the last dot.
    pub name: String,
    /// 1 is A, 28 is AAAA.
    pub kind: u16,
    pub tcp: bool,
    bytes: Vec<u8>,
}

/// What is sent back: any number of messages, one after the other. Over TCP each with its length before it.
pub type Answers = Vec<Vec<u8>>;

/// Stops when dropped.
pub struct DnsServer {
    pub ip: Ipv4Addr,
    asked: Arc<Mutex<Vec<Question>>>,
    over: Arc<AtomicBool>,
    threads: Vec<std::thread::JoinHandle<()>>,
}

/// How often a thread looks whether it is over.
const LOOK: Duration = Duration::from_millis(20);

/// A loopback address that no other test has: 127.P.P.N with the process's number and a count.
pub fn own_address() -> Ipv4Addr {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    let [.., high, low] = std::process::id().to_be_bytes();
    let next = NEXT.fetch_add(1, Ordering::Relaxed);
    assert!(next < 255, "too many servers in one test process");
    // Not 127.0.0.0/16, where others are at home.
    Ipv4Addr::new(127, high | 0x80, low, next as u8)
}

impl DnsServer {
    /// Starts one that answers as `answer` says.
    #[track_caller]
    pub fn start(answer: impl Fn(&Question) -> Answers + Send + Sync + 'static) -> DnsServer {
        let (ip, udp) = bound();
        let tcp = TcpListener::bind((ip, 53)).unwrap();
        udp.set_read_timeout(Some(LOOK)).unwrap();
        tcp.set_nonblocking(true).unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let over = Arc::new(AtomicBool::new(false));
        let answer = Arc::new(answer);
        let datagrams = {
            let (asked, over, answer) = (asked.clone(), over.clone(), answer.clone());
            move || {
                let mut buffer = [0; 2048];
                while !over.load(Ordering::Relaxed) {
                    let Ok((count, from)) = udp.recv_from(&mut buffer) else { continue };
                    let question = Question::read(&buffer[..count], false);
                    asked.lock().unwrap().push(question.clone());
                    for message in answer(&question) {
                        let _ = udp.send_to(&message, from);
                    }
                }
            }
        };
        let connections = {
            let (asked, over) = (asked.clone(), over.clone());
            move || {
                while !over.load(Ordering::Relaxed) {
                    match tcp.accept() {
                        Ok((stream, _)) => serve(stream, &asked, &*answer),
                        Err(_) => std::thread::sleep(LOOK / 10),
                    }
                }
            }
        };
        let threads = vec![std::thread::spawn(datagrams), std::thread::spawn(connections)];
        DnsServer { ip, asked, over, threads }
    }

    /// With these records: (name, address), and `no such name` for all others.
    #[track_caller]
    pub fn of(records: &'static [(&'static str, &'static str)]) -> DnsServer {
        DnsServer::start(|question| vec![question.look_up(records)])
    }

    /// All that was asked, in order.
    pub fn asked(&self) -> Vec<Question> {
        self.asked.lock().unwrap().clone()
    }

    /// The names that were asked for A, and those for AAAA, in order.
    pub fn names(&self) -> [Vec<String>; 2] {
        [1, 28].map(|kind| {
            let asked = self.asked();
            asked.into_iter().filter(|q| q.kind == kind).map(|q| q.name).collect()
        })
    }
}

impl Drop for DnsServer {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

#[track_caller]
fn bound() -> (Ipv4Addr, UdpSocket) {
    loop {
        let ip = own_address();
        match UdpSocket::bind((ip, 53)) {
            Ok(socket) => return (ip, socket),
            // Another process whose number is much like ours.
            Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {}
            Err(error) => panic!("{ip}:53: {error} (port 53 is root's)"),
        }
    }
}

fn serve(
    mut stream: TcpStream,
    asked: &Mutex<Vec<Question>>,
    answer: &dyn Fn(&Question) -> Answers,
) {
    stream.set_nonblocking(false).unwrap();
    stream.set_read_timeout(Some(super::DEADLINE)).unwrap();
    let mut length = [0; 2];
    if stream.read_exact(&mut length).is_err() {
        return;
    }
    let mut message = vec![0; usize::from(u16::from_be_bytes(length))];
    if stream.read_exact(&mut message).is_err() {
        return;
    }
    let question = Question::read(&message, true);
    asked.lock().unwrap().push(question.clone());
    for message in answer(&question) {
        let length = (message.len() as u16).to_be_bytes();
        let _ = stream.write_all(&[&length[..], &message].concat());
    }
}

impl Question {
    fn read(bytes: &[u8], tcp: bool) -> Question {
        // A plain query: recursion desired, one question, nothing else.
        assert_eq!(bytes[2..12], [1, 0, 0, 1, 0, 0, 0, 0, 0, 0], "{bytes:?}");
        let (mut at, mut labels) = (12, Vec::new());
        while bytes[at] != 0 {
            let end = at + 1 + usize::from(bytes[at]);
            labels.push(String::from_utf8(bytes[at + 1..end].to_vec()).unwrap());
            at = end;
        }
        assert_eq!((bytes[at + 3..].to_vec(), bytes[at + 1]), (vec![0, 1], 0), "{bytes:?}");
        let kind = u16::from(bytes[at + 2]);
        Question { name: labels.join("."), kind, tcp, bytes: bytes.to_vec() }
    }

    /// An answer to it with these flags and records, each of which is (owner, type, data).
    pub fn answer(&self, flags: u16, records: &[(&str, u16, Vec<u8>)]) -> Vec<u8> {
        let mut message = self.bytes.clone();
        message[2..4].copy_from_slice(&(0x8180 | flags).to_be_bytes());
        message[6..8].copy_from_slice(&(records.len() as u16).to_be_bytes());
        for (owner, kind, data) in records {
            message.extend(wire(owner));
            message.extend(kind.to_be_bytes());
            message.extend([0, 1, 0, 0, 0, 9]);
            message.extend((data.len() as u16).to_be_bytes());
            message.extend(data);
        }
        message
    }

    /// The name's address of the kind that was asked for, or that it has none, or that there is no such name.
    pub fn look_up(&self, records: &[(&str, &str)]) -> Vec<u8> {
        let name = |name: &&str| name.eq_ignore_ascii_case(&self.name);
        let known: Vec<&str> = records.iter().filter(|(n, _)| name(n)).map(|(_, ip)| *ip).collect();
        if known.is_empty() {
            return self.answer(NO_SUCH_NAME, &[]);
        }
        let found: Vec<_> =
            known.into_iter().filter_map(|ip| self.record(&self.name, ip)).collect();
        self.answer(0, &found)
    }

    /// The record of an address, if it is of the kind that was asked for.
    pub fn record<'a>(&self, owner: &'a str, ip: &str) -> Option<(&'a str, u16, Vec<u8>)> {
        let (kind, data) = match ip.parse().unwrap() {
            IpAddr::V4(ip) => (1, ip.octets().to_vec()),
            IpAddr::V6(ip) => (28, ip.octets().to_vec()),
        };
        (kind == self.kind).then_some((owner, kind, data))
    }

    /// As it came, for lies.
    pub fn bytes(&self) -> Vec<u8> {
        self.bytes.clone()
    }
}

/// Flags and codes of a header.
pub const TRUNCATED: u16 = 0x0200;
pub const SERVER_FAILURE: u16 = 2;
pub const NO_SUCH_NAME: u16 = 3;

/// A name as labels.
pub fn wire(name: &str) -> Vec<u8> {
    let labels = name.split('.').filter(|label| !label.is_empty());
    let mut wire: Vec<u8> =
        labels.flat_map(|label| [&[label.len() as u8], label.as_bytes()].concat()).collect();
    wire.push(0);
    wire
}

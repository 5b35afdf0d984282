use super::*;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr};
use std::time::Instant;

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n";

fn s(seconds: u64) -> Moment {
    Moment::at(Duration::from_secs(seconds))
}

fn listener() -> (OwnedFd, SocketAddr) {
    let listener = socket::listen("127.0.0.1:0".parse().unwrap(), false).unwrap();
    let address = socket::local_address(&listener).unwrap();
    (listener, address)
}

fn connect(to: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(to).unwrap();
    stream.set_nonblocking(true).unwrap();
    stream
}

fn turn(server: &mut Server<'_>, now: Moment) {
    server.turn(now, &mut |_| Response::text(200, "ok"));
}

/// Turns until that holds: the kernel takes its time even here.
#[track_caller]
fn until(server: &mut Server<'_>, now: Moment, mut holds: impl FnMut(&Server<'_>) -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !holds(server) {
        assert!(Instant::now() < deadline);
        turn(server, now);
    }
}

/// All that was said; `None` if the connection goes on.
fn heard(stream: &mut TcpStream) -> Option<String> {
    let mut text = String::new();
    stream.read_to_string(&mut text).ok().map(|_| text)
}

#[test]
fn who_has_waited_longest_gives_way_to_the_newest() {
    let (listener, address) = listener();
    let listeners = [listener];
    let mut server = Server { most: 2, ..Server::new(&listeners).unwrap() };
    let mut peers = Vec::new();
    for second in 0..2 {
        peers.push(connect(address));
        until(&mut server, s(second), |server| server.connections.len() == peers.len());
    }
    // The first has had an answer, and begins anew.
    peers[0].write_all(REQUEST).unwrap();
    until(&mut server, s(2), |server| server.order.first() == Some(&(s(1), 2)));
    peers.push(connect(address));
    until(&mut server, s(3), |server| server.order.last() == Some(&(s(3), 3)));
    assert_eq!(server.connections.len(), 2);
    let mut is_over = false;
    until(&mut server, s(3), |_| {
        is_over |= heard(&mut peers[1]).is_some();
        is_over
    });
    peers[2].write_all(REQUEST).unwrap();
    until(&mut server, s(4), |server| server.order.last() == Some(&(s(4), 3)));
    assert_eq!(server.order.len(), 2);
}

#[test]
fn each_step_has_its_time() {
    let (listener, address) = listener();
    let listeners = [listener];
    let mut server = Server::new(&listeners).unwrap();
    assert_eq!(server.due(), None);
    let (mut silent, mut slow) = (connect(address), connect(address));
    until(&mut server, s(0), |server| server.connections.len() == 2);
    slow.write_all(b"GET / HT").unwrap();
    let deadline = Instant::now() + Duration::from_secs(30);
    while server.set.ready::<4>().count() == 0 {
        assert!(Instant::now() < deadline);
    }
    until(&mut server, s(1), |server| server.set.ready::<4>().count() == 0);
    assert_eq!(server.due(), Some(s(5)));
    turn(&mut server, s(4));
    assert_eq!(server.connections.len(), 2);
    turn(&mut server, s(5));
    assert_eq!((server.connections.len(), server.due()), (0, None));
    silent.set_nonblocking(false).unwrap();
    slow.set_nonblocking(false).unwrap();
    assert_eq!(heard(&mut silent).unwrap(), "");
    assert!(heard(&mut slow).unwrap().starts_with("HTTP/1.1 408 "));
}

#[test]
fn an_answer_that_is_not_taken_is_held_no_longer_than_others() {
    let (listener, address) = listener();
    let listeners = [listener];
    let mut server = Server::new(&listeners).unwrap();
    let mut peer = connect(address);
    until(&mut server, s(0), |server| server.connections.len() == 1);
    // So much that no buffer holds the answers, of which none is read.
    let is_stuck = |server: &Server<'_>| {
        server.connections.values().all(|connection| connection.interest == Interest::Write)
    };
    let long = "x".repeat(1 << 20);
    let deadline = Instant::now() + Duration::from_secs(30);
    while !is_stuck(&server) {
        assert!(Instant::now() < deadline);
        let _ = peer.write(REQUEST);
        server.turn(s(1), &mut |_| Response::text(200, long.clone()));
    }
    until(&mut server, s(1), |server| server.set.ready::<4>().count() == 0);
    assert_eq!(server.due(), Some(s(6)));
    turn(&mut server, s(6));
    assert!(server.connections.is_empty());
}

#[test]
fn the_last_answer_arrives_whatever_else_was_sent() {
    let (listener, address) = listener();
    let listeners = [listener];
    let mut server = Server::new(&listeners).unwrap();
    let mut peer = TcpStream::connect(address).unwrap();
    peer.write_all(b"GET / HTTP/1.0\r\n\r\n").unwrap();
    peer.write_all(&[b'x'; 100_000]).unwrap();
    peer.set_nonblocking(true).unwrap();
    let (mut text, mut buffer) = (Vec::new(), [0; 4096]);
    until(&mut server, s(0), |_| match peer.read(&mut buffer) {
        Ok(count) => {
            text.extend_from_slice(&buffer[..count]);
            count == 0
        }
        Err(error) => {
            assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);
            false
        }
    });
    assert!(text.ends_with(b"\r\n\r\nok"), "{text:?}");
    assert_eq!(server.connections.len(), 1);
    peer.shutdown(Shutdown::Write).unwrap();
    until(&mut server, s(0), |server| server.connections.is_empty());
}

#[test]
fn where_nothing_can_be_taken_it_is_tried_later() {
    let (listener, address) = listener();
    let listeners = [listener];
    let mut server = Server::new(&listeners).unwrap();
    let _peer = connect(address);
    server.pause(s(0));
    turn(&mut server, s(0));
    assert_eq!((server.set.ready::<4>().count(), server.connections.len()), (0, 0));
    let due = server.due().unwrap();
    assert_eq!(due, s(0) + PAUSE);
    until(&mut server, due, |server| server.connections.len() == 1);
}

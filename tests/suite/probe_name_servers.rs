//! Name servers that are old, slow, broken, hostile or not there.

use crate::common::dns::{
    DnsServer, NO_SUCH_NAME, Question, SERVER_FAILURE, TRUNCATED, own_address, wire,
};
use crate::common::image::{Image, POD, said, was_asked};
use std::time::Duration;

#[test]
fn aliases_are_followed() {
    let server = DnsServer::start(|question| {
        let mut records =
            vec![("www.example", 5, wire("Cdn.example")), ("cdn.example", 5, wire("edge.example"))];
        records.extend(question.record("edge.example", "10.0.0.1"));
        records.extend(question.record("other.example", "10.0.0.9"));
        vec![question.answer(0, &records)]
    });
    Image::asking(&[server.ip], "").finds("www.example", "10.0.0.1");
}

#[test]
fn a_name_with_an_ipv6_address_only() {
    let server = DnsServer::of(&[("web.example", "fd00::1")]);
    Image::asking(&[server.ip], "").finds("web.example", "fd00::1");
}

#[test]
fn a_server_that_knows_no_ipv6() {
    for silent in [false, true] {
        let server = DnsServer::start(move |question| match question.kind {
            28 if silent => vec![],
            28 => vec![question.answer(SERVER_FAILURE, &[])],
            _ => vec![question.look_up(&[("web.example", "10.0.0.1")])],
        });
        Image::asking(&[server.ip], "options timeout:30").finds("web.example", "10.0.0.1");
        was_asked(&server, &["web.example"]);
    }
}

#[test]
fn a_server_that_ignores_ipv6_is_not_waited_for_at_each_candidate() {
    let server = DnsServer::start(|question| match question.kind {
        28 => vec![],
        _ => vec![question.look_up(&[("web.example", "10.0.0.1")])],
    });
    let image = Image::asking(&[server.ip], &format!("{POD} timeout:30"));
    image.finds("web.example", "10.0.0.1");
}

#[test]
fn that_there_is_no_such_name_for_ipv6_means_nothing() {
    let server = DnsServer::start(|question| match question.kind {
        28 => vec![question.answer(NO_SUCH_NAME, &[])],
        _ => vec![question.look_up(&[("web.example", "10.0.0.1")])],
    });
    Image::asking(&[server.ip], "").finds("web.example", "10.0.0.1");
}

#[test]
fn a_long_answer_is_had_over_tcp() {
    let server = DnsServer::start(|question| {
        if !question.tcp {
            return vec![question.answer(TRUNCATED, &[])];
        }
        let all = (0..300).map(|i| format!("10.0.{}.{}", i / 200, i % 200 + 1));
        let all: Vec<_> = all.filter_map(|ip| question.record("web.example", &ip)).collect();
        vec![question.answer(0, &all)]
    });
    let finished = Image::asking(&[server.ip], "")
        .probe("dns://web.example", "15s")
        .args(["-o", "json"])
        .finish();
    let finished = finished.exits(0);
    // So many are taken.
    assert_eq!(finished.stdout.matches("10.0.0.").count(), 4 + 64, "{finished:#?}");
    assert_eq!(server.asked().iter().filter(|q| q.tcp).count(), 2);
}

#[test]
fn a_giant_answer_does_not_make_podinit_grow() {
    let server = DnsServer::start(|question| {
        if !question.tcp {
            return vec![question.answer(TRUNCATED, &[])];
        }
        // As many records as fit, each of a name of 120 labels by two bytes that point to it.
        let long = ["a"; 120].join(".");
        let mut giant = question.answer(0, &[(&long, 1, vec![10, 0, 0, 9])]);
        let at = question.bytes().len() as u16 | 0xc000;
        let kind = question.kind.to_be_bytes();
        let mut count = 1_u16;
        while giant.len() < 65_000 {
            giant.extend(at.to_be_bytes());
            giant.extend([0, 5, 0, 1, 0, 0, 0, 9, 0, 2]);
            giant.extend(at.to_be_bytes());
            count += 1;
        }
        giant.extend(wire("web.example"));
        giant.extend([
            kind[0],
            kind[1],
            0,
            1,
            0,
            0,
            0,
            9,
            0,
            if question.kind == 1 { 4 } else { 16 },
        ]);
        giant.extend([10, 0, 0, 1]);
        giant.extend(vec![0; if question.kind == 1 { 0 } else { 12 }]);
        giant[6..8].copy_from_slice(&(count + 1).to_be_bytes());
        vec![giant]
    });
    let image = Image::asking(&[server.ip], "");
    let run = image.probe("dns://web.example", "15s");
    // What it has before the lookup is far less than a mebibyte.
    let finished = run.limit(libc::RLIMIT_DATA, 2 << 20, 2 << 20).finish();
    said(finished, 0, "web.example is 10.0.0.1, a00:1:: in ");
}

#[test]
fn tcp_alone_if_that_is_wanted() {
    let server = DnsServer::of(&[("web.example", "10.0.0.1"), ("web.example", "fd00::1")]);
    Image::asking(&[server.ip], "options use-vc").finds("web.example", "10.0.0.1, fd00::1");
    assert!(server.asked().iter().all(|question| question.tcp));
}

#[test]
fn a_silent_server_and_then_another() {
    let silent = DnsServer::start(|_| vec![]);
    let server = DnsServer::of(&[("web.example", "10.0.0.1")]);
    let image = Image::asking(&[silent.ip, server.ip], "options timeout:1");
    image.finds("web.example", "10.0.0.1");
    was_asked(&silent, &["web.example"]);
}

#[test]
fn a_silent_server_leaves_the_next_one_its_share_of_the_time() {
    let silent = DnsServer::start(|_| vec![]);
    let server = DnsServer::of(&[("web.example", "10.0.0.1")]);
    // Half of the probe's time is less than these 30 s.
    let image = Image::asking(&[silent.ip, server.ip], "options timeout:30");
    image.finds("web.example", "10.0.0.1");
}

#[test]
fn a_server_that_is_not_there_and_then_another() {
    let server = DnsServer::of(&[("web.example", "10.0.0.1")]);
    let image = Image::asking(&[own_address(), server.ip], "options timeout:30");
    // Much less than the time-out: it says that it is not there.
    let finished = image.probe("dns://web.example", "15s").args(["-o", "json"]).finish().exits(0);
    let seconds = finished.stdout.split("\"seconds\":").nth(1).unwrap().split('}').next().unwrap();
    let seconds: f64 = seconds.split(',').next().unwrap().parse().unwrap();
    assert!(seconds < 7.0, "{finished:#?}");
}

#[test]
fn no_server_is_there() {
    let nobody = own_address();
    let finished = Image::asking(&[nobody], POD).dns("web").exits(1);
    let text = &finished.stdout;
    assert!(text.starts_with(&format!("lookup web on {nobody}:53: read udp 127.0.0.1:")), "{text}");
    assert!(text.contains(&format!("->{nobody}:53: read: connection refused in ")), "{text}");
}

#[test]
fn a_server_that_fails_and_then_another() {
    let failing = DnsServer::start(|question| vec![question.answer(SERVER_FAILURE, &[])]);
    let server = DnsServer::of(&[("web.example", "10.0.0.1")]);
    Image::asking(&[failing.ip, server.ip], "").finds("web.example", "10.0.0.1");
    was_asked(&failing, &["web.example"]);
}

#[test]
fn a_server_that_fails_is_asked_for_the_next_candidate() {
    let server = DnsServer::start(|question| match question.name.as_str() {
        "db.a" => vec![question.answer(SERVER_FAILURE, &[])],
        _ => vec![question.look_up(&[("db.b", "10.0.0.1")])],
    });
    let image = Image::asking(&[server.ip], "search a b\noptions attempts:3");
    image.finds("db", "10.0.0.1");
    was_asked(&server, &["db.a", "db.a", "db.a", "db.b"]);
    // That one server could not tell outweighs that another name is not there.
    image.misses("mail", &format!(" on {}:53: no such host", server.ip));
    let failing = DnsServer::start(|question| match question.name.as_str() {
        "db.a" => vec![question.answer(SERVER_FAILURE, &[])],
        _ => vec![question.answer(NO_SUCH_NAME, &[])],
    });
    let why = format!(" on {}:53: server misbehaving", failing.ip);
    Image::asking(&[failing.ip], "search a b").misses("db", &why);
}

/// What somebody else might send, or a broken server.
fn lies(question: &Question) -> Vec<Vec<u8>> {
    let wrong = question.record("web.example", if question.kind == 1 { "6.6.6.6" } else { "::6" });
    let wrong: Vec<_> = wrong.into_iter().collect();
    let lie = question.answer(0, &wrong);
    let changed = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut lie = lie.clone();
        change(&mut lie);
        lie
    };
    let loops = |name: &[u8]| {
        let mut lie = question.answer(0, &[]);
        lie[7] = 1;
        [
            &lie,
            name,
            &question.bytes()[question.bytes().len() - 4..],
            &[0, 0, 0, 9, 0, 4, 6, 6, 6, 6],
        ]
        .concat()
    };
    let here = question.bytes().len() as u8;
    vec![
        vec![],
        vec![0; 12],
        vec![0xff; 600],
        question.bytes(),
        changed(&|lie| lie[0] ^= 1),
        changed(&|lie| lie[1] ^= 0x80),
        changed(&|lie| lie[13] ^= 3),
        changed(&|lie| lie[2] &= 0x7f),
        changed(&|lie| lie[5] = 2),
        changed(&|lie| lie[5] = 0),
        changed(&|lie| lie[6..8].fill(0xff)),
        changed(&|lie| lie.truncate(lie.len() - 1)),
        loops(&[0xc0, here]),
        loops(&[1, b'a', 0xc0, here]),
        loops(&[0xff, 0xff]),
        loops(&[0x7f]),
    ]
}

#[test]
fn lies_are_passed_over() {
    let server = DnsServer::start(|question| {
        let mut all = lies(question);
        all.push(question.look_up(&[("web.example", "10.0.0.1"), ("web.example", "fd00::1")]));
        all
    });
    Image::asking(&[server.ip], "options timeout:30").finds("web.example", "10.0.0.1, fd00::1");
    // Nothing was asked twice.
    was_asked(&server, &["web.example"]);
}

#[test]
fn nothing_but_lies_until_the_time_is_over() {
    let server = DnsServer::start(lies);
    let image = Image::asking(&[server.ip], POD);
    let run = image.probe("dns://web.example.", "300ms").finish();
    said(run, 1, "lookup web.example.: i/o timeout in ");
    let run = image.probe("tcp://web.example.:80", "300ms").finish();
    said(run, 1, "dial tcp: lookup web.example.: i/o timeout in ");
}

#[test]
fn lies_over_tcp_are_the_servers_own() {
    let server = DnsServer::start(|question| match question.tcp {
        false => vec![question.answer(TRUNCATED, &[])],
        true => lies(question).into_iter().skip(4).take(1).collect(),
    });
    let why = format!(" on {}:53: server misbehaving", server.ip);
    Image::asking(&[server.ip], "").misses("web.example", &why);
    let server = DnsServer::start(|question| match question.tcp {
        false => vec![question.answer(TRUNCATED, &[])],
        true => vec![],
    });
    let finished = Image::asking(&[server.ip], "").dns("web.example").exits(1);
    assert!(finished.stdout.contains(&format!("->{}:53: EOF in ", server.ip)), "{finished:?}");
}

#[test]
fn a_stop_signal_ends_a_lookup() {
    let silent = DnsServer::start(|_| vec![]);
    let image = Image::asking(&[silent.ip], "");
    let mut running = image.probe("dns://web.example", "1h").spawn();
    running.until("it asks", || (silent.asked().len() >= 2).then_some(()));
    running.signal(libc::SIGTERM);
    running.wait().exits(128 + libc::SIGTERM).silently();
}

#[test]
fn a_server_that_floods_does_not_hold_the_probe() {
    let server = DnsServer::start(|question| {
        vec![vec![0xff; 1000]; 20_000 * usize::from(question.kind == 1)]
    });
    let run = Image::asking(&[server.ip], "")
        .probe("dns://web.example", "300ms")
        .spawn()
        .wait_for(Duration::from_secs(15));
    said(run.expect("it ends"), 1, "lookup web.example: i/o timeout in ");
}

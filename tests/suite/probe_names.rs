//! Which name is asked for where: the hosts file, the search list and DNS as glibc has them, in any image.

use crate::common::dns::{DnsServer, own_address};
use crate::common::image::{Image, POD, said, was_asked};
use std::net::TcpListener;

#[test]
fn a_name_in_a_root_with_nothing_but_resolv_conf() {
    let server = DnsServer::of(&[
        ("web.example", "10.0.0.2"),
        ("web.example", "10.0.0.1"),
        ("web.example", "fd00::1"),
        ("web.example", "10.0.0.2"),
    ]);
    let image = Image::asking(&[server.ip], "");
    image.finds("web.example", "10.0.0.2, 10.0.0.1, fd00::1");
    image.finds("WEB.example", "10.0.0.2, 10.0.0.1, fd00::1");
}

// kubelet P37
#[test]
fn p37_tcp_connects_to_a_name() {
    let listener = TcpListener::bind((own_address(), 0)).unwrap();
    let to = listener.local_addr().unwrap();
    let server = DnsServer::start(move |question| {
        vec![question.look_up(&[("db.example", &to.ip().to_string())])]
    });
    let run = Image::asking(&[server.ip], "");
    let found = run.probe(&format!("tcp://db.example:{}", to.port()), "15s").finish();
    said(found, 0, &format!("connected to {to} in "));
}

// kubelet P38
#[test]
fn p38_tcp_says_that_there_is_no_such_name() {
    let server = DnsServer::of(&[]);
    let image = Image::asking(&[server.ip], "");
    let text = format!("dial tcp: lookup db.example on {}:53: no such host in ", server.ip);
    said(image.probe("tcp://db.example:1", "15s").finish(), 1, &text);
}

#[test]
fn an_address_needs_nobody() {
    let image = Image::new();
    image.finds("10.1.2.3", "10.1.2.3");
}

#[test]
fn localhost_without_a_hosts_file() {
    let server = DnsServer::of(&[("localhost", "10.0.0.1")]);
    let image = Image::asking(&[server.ip], POD);
    for name in ["localhost", "LocalHost.", "web.localhost"] {
        image.finds(name, "127.0.0.1, ::1");
    }
    assert_eq!(server.asked(), []);
    Image::new().finds("localhost", "127.0.0.1, ::1");
    Image::new().with("etc/hosts", "10.0.0.7 localhost\n").finds("localhost", "10.0.0.7");
}

#[test]
fn the_hosts_file_wins() {
    let server = DnsServer::of(&[("db", "10.0.0.1")]);
    let hosts = "# first\nfd00::7\tdb.old DB\n10.0.0.7 db # last\n";
    let image = Image::asking(&[server.ip], POD).with("etc/hosts", hosts);
    image.finds("db", "fd00::7, 10.0.0.7");
    image.finds("db.", "fd00::7, 10.0.0.7");
    assert_eq!(server.asked(), []);
}

#[test]
fn no_switch_and_no_module_of_the_image_is_asked() {
    let server = DnsServer::of(&[("web.example", "10.0.0.1")]);
    let image = Image::asking(&[server.ip], "")
        .with("etc/hosts", "10.0.0.7 db\n")
        .with("etc/nsswitch.conf", "hosts: foo [!UNAVAIL=return] mdns4_minimal [NOTFOUND=return]\n")
        .with("etc/host.conf", "order foo\n")
        .with("lib/libnss_foo.so.2", "garbage")
        .with("lib/libnss_files.so.2", "garbage")
        .with("lib64/libnss_dns.so.2", "garbage");
    image.finds("web.example", "10.0.0.1");
    image.finds("db", "10.0.0.7");
}

#[test]
fn files_that_are_none_are_not_there() {
    let image = Image::new().with("etc/hosts/x", "").with("etc/resolv.conf/x", "");
    image.finds("localhost", "127.0.0.1, ::1");
}

#[test]
fn a_short_name_in_a_pod_goes_through_the_search_list() {
    let server = DnsServer::of(&[("db.cluster.local", "10.0.0.1")]);
    Image::asking(&[server.ip], POD).finds("db", "10.0.0.1");
    let names = ["db.ns.svc.cluster.local", "db.svc.cluster.local", "db.cluster.local"];
    was_asked(&server, &names);
}

#[test]
fn a_name_with_few_dots_is_tried_as_it_is_last() {
    let server = DnsServer::of(&[("www.example.org", "10.0.0.1")]);
    Image::asking(&[server.ip], POD).finds("www.example.org", "10.0.0.1");
    let names = [
        "www.example.org.ns.svc.cluster.local",
        "www.example.org.svc.cluster.local",
        "www.example.org.cluster.local",
        "www.example.org",
    ];
    was_asked(&server, &names);
}

#[test]
fn a_name_with_many_dots_is_tried_as_it_is_first() {
    let server = DnsServer::of(&[("a.b.example", "10.0.0.1")]);
    Image::asking(&[server.ip], "search example\noptions ndots:1").finds("a.b", "10.0.0.1");
    was_asked(&server, &["a.b", "a.b.example"]);
}

#[test]
fn a_name_with_a_trailing_dot_is_tried_as_it_is_only() {
    let server = DnsServer::of(&[("db.ns.svc.cluster.local", "10.0.0.1")]);
    let image = Image::asking(&[server.ip], POD);
    image.misses("db.", &format!(" on {}:53: no such host", server.ip));
    was_asked(&server, &["db"]);
    image.finds("db.ns.svc.cluster.local.", "10.0.0.1");
}

#[test]
fn a_name_that_nobody_knows() {
    let server = DnsServer::of(&[]);
    let image = Image::asking(&[server.ip], "search a b");
    image.misses("db", &format!(" on {}:53: no such host", server.ip));
    was_asked(&server, &["db.a", "db.b", "db"]);
}

#[test]
fn a_name_without_addresses_is_looked_for_further() {
    let server = DnsServer::start(|question| match question.name.as_str() {
        "db.a" => vec![question.answer(0, &[])],
        _ => vec![question.look_up(&[("db.b", "10.0.0.1")])],
    });
    Image::asking(&[server.ip], "search a b").finds("db", "10.0.0.1");
}

#[test]
fn what_can_be_no_name_is_not_asked_for() {
    let server = DnsServer::of(&[]);
    let image = Image::asking(&[server.ip], "");
    for name in [".".to_owned(), "a..b".to_owned(), "x".repeat(64), ["x"; 128].join(".")] {
        // The grammar of actions may refuse it before.
        let finished = image.dns(&name);
        assert!(matches!(finished.code, Some(1 | 125)), "{name}: {finished:?}");
        if finished.code == Some(1) {
            said(finished, 1, &format!("lookup {name}: no such host in "));
        }
    }
    assert_eq!(server.asked(), []);
}

use super::*;
use proptest::prelude::*;

fn read(text: &str) -> Config {
    Config::read(text.as_bytes(), "pod")
}

const POD: &str = "search ns.svc.cluster.local svc.cluster.local cluster.local\n\
    nameserver 10.96.0.10\noptions ndots:5\n";

#[test]
fn a_pods_file() {
    let config = read(POD);
    assert_eq!(config.servers, [Server { ip: "10.96.0.10".parse().unwrap(), zone: None }]);
    assert_eq!(config.search, ["ns.svc.cluster.local", "svc.cluster.local", "cluster.local"]);
    assert_eq!((config.ndots, config.attempts), (5, 2));
    assert_eq!(config.timeout, Duration::from_secs(5));
    assert_eq!(
        config.candidates("db"),
        ["db.ns.svc.cluster.local", "db.svc.cluster.local", "db.cluster.local", "db"]
    );
    assert_eq!(config.candidates("a.b.c.d.e.f").first().unwrap(), "a.b.c.d.e.f");
    assert_eq!(config.candidates("a.b.c.d.e.f").len(), 4);
    assert_eq!(config.candidates("db."), ["db"]);
}

#[test]
fn an_empty_file_is_a_server_at_home() {
    for text in ["", "#nameserver 10.0.0.1", " nameserver 10.0.0.1", "nameserver", "nameserver x"] {
        let config = read(text);
        assert_eq!(
            config.servers,
            [Server { ip: Ipv4Addr::LOCALHOST.into(), zone: None }],
            "{text}"
        );
        assert_eq!(config.candidates("db"), ["db"], "{text}");
    }
}

#[test]
fn the_hosts_domain_serves_where_none_is_named() {
    assert_eq!(Config::read(b"", "web.example.org").search, ["example.org"]);
    assert_eq!(Config::read(b"domain other", "web.example.org").search, ["other"]);
}

#[test]
fn the_last_of_search_and_domain_wins() {
    assert_eq!(read("domain a\nsearch b c.\n").search, ["b", "c"]);
    assert_eq!(read("search b c\ndomain a d\n").search, ["a"]);
    assert_eq!(read("search b c\nsearch\n").search, ["b", "c"]);
    assert_eq!(read("search b ; c\n").search, ["b"]);
}

#[test]
fn a_search_for_the_root_is_the_name_itself_in_its_place() {
    assert_eq!(read("search . a").candidates("db"), ["db", "db.a"]);
    assert_eq!(read("search a .").candidates("x.db"), ["x.db", "x.db.a"]);
}

#[test]
fn servers_of_both_families_and_three_at_most() {
    let config = read(
        "nameserver fe80::1%eth0 # first\r\nnameserver 10.0.0.1%eth0\nnameserver ::1;\n\
         nameserver 10.0.0.2\nnameserver 10.0.0.3\n",
    );
    let server = |ip: &str, zone: Option<&str>| Server {
        ip: ip.parse().unwrap(),
        zone: zone.map(str::to_owned),
    };
    assert_eq!(
        config.servers,
        [server("fe80::1", Some("eth0")), server("::1", None), server("10.0.0.2", None)]
    );
}

#[test]
fn options_have_their_limits() {
    let config =
        read("options ndots:99 timeout:99 attempts:99 rotate use-vc edns0 ndots ndots:x\n");
    assert_eq!((config.ndots, config.attempts), (15, 5));
    assert_eq!(config.timeout, Duration::from_secs(30));
    assert!(config.rotate && config.use_tcp);
    let config = read("options ndots:0 timeout:0\noptions attempts:0\n");
    assert_eq!((config.ndots, config.attempts), (0, 1));
    assert_eq!(config.timeout, Duration::from_secs(1));
    assert_eq!(config.candidates("db"), ["db"]);
    assert_eq!(read("options ndots:99999999999999999999999\n").ndots, 15);
}

#[test]
fn many_domains_are_taken() {
    let text = format!("search {}", (0..99).map(|i| format!("d{i} ")).collect::<String>());
    assert_eq!(read(&text).search.len(), 32);
}

proptest! {
    #[test]
    fn any_bytes_can_be_read(text in proptest::collection::vec(any::<u8>(), 0..400)) {
        check(&text);
    }

    #[test]
    fn nearly_sound_lines_can_be_read(
        text in "((nameserver|search|domain|options) ?(::1%a|1.1.1.1|a\\.b|\\.|ndots:[0-9]{0,30}|#|;| ){0,5}\n){0,20}"
    ) {
        check(text.as_bytes());
    }

    #[test]
    fn a_candidate_is_asked_once(name in "[a-c](\\.[a-c]){0,3}", search in "([a-c](\\.[a-c])? ){0,9}", ndots in 0..4_usize) {
        let config = read(&format!("search {search}\noptions ndots:{ndots}"));
        let mut all = config.candidates(&name);
        prop_assert!(all.contains(&name));
        let count = all.len();
        all.sort();
        all.dedup();
        prop_assert_eq!(all.len(), count);
    }
}

fn check(text: &[u8]) {
    let config = Config::read(text, "h.a.b");
    assert!((1..=SERVERS).contains(&config.servers.len()));
    assert!(config.search.len() <= DOMAINS && config.ndots <= 15);
    assert!((1..=5).contains(&config.attempts));
    assert!((1..=30).contains(&config.timeout.as_secs()));
    assert!(config.candidates("a.b").len() <= DOMAINS + 2);
}

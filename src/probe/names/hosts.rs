//! The hosts file, hosts(5).

use std::net::IpAddr;

use super::same_name;

/// So many addresses of one name are taken.
pub const MOST: usize = 64;

/// The addresses on all lines that carry the name, in the file's order. Lines that are not as they should
/// be are passed over.
pub fn addresses(text: &[u8], name: &str) -> Vec<IpAddr> {
    let mut found = Vec::new();
    for line in text.split(|byte| *byte == b'\n') {
        let Some(line) = line.split(|byte| *byte == b'#').next() else { continue };
        let Ok(line) = str::from_utf8(line) else { continue };
        let mut fields = line.split_ascii_whitespace();
        let Some(address) = fields.next() else { continue };
        if !fields.any(|field| same_name(field, name)) {
            continue;
        }
        // A zone cannot be told on; an address without its zone would be another one.
        let Ok(address) = address.parse() else { continue };
        if !found.contains(&address) {
            found.push(address);
        }
        if found.len() == MOST {
            break;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(text: &str, name: &str) -> Vec<String> {
        addresses(text.as_bytes(), name).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn every_line_that_carries_the_name_counts_in_order() {
        let text = "# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n::1 localhost ip6-localhost\n\
            fe00::0 ip6-mcastprefix\n10.0.0.9 \t Web.ns.svc.  web # old\n2001:db8::9 other web\r\n10.0.0.9 web";
        assert_eq!(of(text, "localhost"), ["127.0.0.1", "::1"]);
        assert_eq!(of(text, "WEB"), ["10.0.0.9", "2001:db8::9"]);
        assert_eq!(of(text, "web.NS.svc"), ["10.0.0.9"]);
        assert_eq!(of(text, "web."), ["10.0.0.9", "2001:db8::9"]);
        assert_eq!(of(text, "old"), [""; 0]);
        assert_eq!(of(text, "10.0.0.9"), [""; 0]);
    }

    #[test]
    fn lines_that_say_nothing_are_passed_over() {
        let text = b"web\n\n#\nnot-an-address web\n10.0.0.1\n10.0.0.2 \xff web\nfe80::1%eth0 web\n10.0.0.3 web";
        assert_eq!(addresses(text, "web"), ["10.0.0.3".parse::<IpAddr>().unwrap()]);
    }

    #[test]
    fn the_addresses_of_a_name_are_bounded() {
        let lines: Vec<String> =
            (0..1000).map(|i| format!("10.0.{}.{} web", i / 250, i % 250)).collect();
        assert_eq!(of(&lines.join("\n"), "web").len(), MOST);
    }

    proptest! {
        #[test]
        fn any_bytes_can_be_read(text in proptest::collection::vec(any::<u8>(), 0..400)) {
            prop_assert!(addresses(&text, "a").len() <= MOST);
        }

        #[test]
        fn what_is_written_is_found(
            all in proptest::collection::btree_set(any::<IpAddr>(), 1..20),
            name in "[a-z]{1,5}(\\.[a-z]{1,5}){0,2}",
        ) {
            let all: Vec<IpAddr> = all.into_iter().collect();
            let text: String = all.iter().map(|ip| format!("{ip} x {name}\n")).collect();
            prop_assert_eq!(addresses(text.as_bytes(), &name.to_uppercase()), all);
        }
    }
}

//! Pods that a real kubelet ran, and what their first processes saw.

use super::*;
use std::collections::BTreeSet;

/// Parts of a file that end in NUL each.
fn parts(bytes: &[u8]) -> Vec<Vec<u8>> {
    let bytes = bytes.strip_suffix(b"\0").expect("a last NUL");
    bytes.split(|byte| *byte == 0).map(<[u8]>::to_vec).collect()
}

macro_rules! recorded {
    ($name:literal, $file:literal) => {
        include_bytes!(concat!("../../../../tests/vectors/pods/", $name, "/", $file)).as_slice()
    };
}

/// The variables in a recorded `/proc/1/environ`, less those that no manifest gave.
fn environ(bytes: &[u8], others: &[&str]) -> BTreeSet<Vec<u8>> {
    let given = |variable: &Vec<u8>| {
        let name = variable.split(|byte| *byte == b'=').next().unwrap_or_default();
        !others.iter().any(|other| other.as_bytes() == name)
    };
    parts(bytes).into_iter().filter(given).collect()
}

fn variables(container: &ContainerPlan) -> BTreeSet<Vec<u8>> {
    let pair = |(name, value): (&str, &[u8])| [name.as_bytes(), b"=", value].concat();
    container.environment.iter().map(pair).collect()
}

/// kubelet D1, D5, D12, E9 to E11
#[test]
fn vec_basic() {
    let mut pod: Pod = serde_json::from_slice(recorded!("vec-basic", "pod.json")).unwrap();
    // The node's own, which no file told the kubelet.
    pod.status.host_ip = "192.0.2.2".to_owned();
    let plan = planned(&pod);
    let [main, side] = &plan.containers[..] else { panic!("two containers") };
    assert_eq!(main.words, parts(recorded!("vec-basic", "out/cmdline")));
    let of_image = ["PATH", "HOSTNAME", "HOME", "IMAGE_ENV"];
    assert_eq!(variables(main), environ(recorded!("vec-basic", "out/environ"), &of_image));
    assert_eq!(variables(side), BTreeSet::new());
    assert_eq!(plan.life.grace, Some(Duration::from_secs(7)));
    // P6: the port by its name.
    let Some(Action::Http(request)) = &main.probes.startup else { panic!("{:?}", main.probes) };
    assert_eq!((request.address.host.as_deref(), request.address.port), (Some("127.0.0.1"), 18101));
}

/// kubelet E1 to E21. 1.20's own: `$` before a character beyond ASCII took the first byte for a character.
#[test]
fn vec_env() {
    let pod: Pod = serde_json::from_slice(recorded!("vec-env", "pod.json")).unwrap();
    let plan = planned(&pod);
    let main = &plan.containers[0];
    assert_eq!(main.words, parts(recorded!("vec-env", "out/cmdline")));
    let mut recorded = environ(recorded!("vec-env", "out/environ"), &["HOSTNAME"]);
    recorded.retain(|variable| !variable.starts_with(b"DOLLAR_UNI="));
    recorded.insert("DOLLAR_UNI=$é $日 $😀".as_bytes().to_vec());
    assert_eq!(variables(main), recorded);
    // The directory is not expanded.
    assert_eq!(main.directory.as_deref(), Some("/work/$(A)"));
}

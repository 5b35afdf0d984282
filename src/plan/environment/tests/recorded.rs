//! What a container saw under the kubelet v1.20.2, and what it would see here.

use super::*;

const MANIFEST: &str = include_str!("../../../../tests/vectors/pods/vec-env/manifest.json");
const ENVIRON: &[u8] = include_bytes!("../../../../tests/vectors/pods/vec-env/out/environ");
const CMDLINE: &[u8] = include_bytes!("../../../../tests/vectors/pods/vec-env/out/cmdline");

/// The container's `env`, each with the manifest's `valueFrom`.
fn entries(container: &Json) -> Vec<Entry<Json>> {
    let one = |entry: &Json| {
        let name = entry["name"].as_str().unwrap().to_owned();
        let text = entry["value"].as_str().unwrap_or_default();
        let source = match &entry["valueFrom"] {
            Json::Null => Source::Value(text.into()),
            reference => Source::From { reference: reference.clone(), optional: false },
        };
        Entry { name, source }
    };
    container["env"].as_array().unwrap().iter().map(one).collect()
}

/// What the references of that manifest come to; a static pod's name ends in the node's.
fn value_of(pod: &Json, reference: &Json) -> Result<Vec<u8>, Unresolved<String>> {
    let value = match reference["fieldRef"]["fieldPath"].as_str() {
        Some("metadata.name") => "vec-env-node1",
        Some("metadata.annotations['expr']") => {
            pod["metadata"]["annotations"]["expr"].as_str().unwrap()
        }
        None if reference["resourceFieldRef"]["resource"] == "limits.memory" => "77",
        _ => return Err(Unresolved::Missing(reference.to_string())),
    };
    Ok(value.into())
}

/// The recorded parts, each of which ends in a NUL.
fn parts(recorded: &[u8]) -> Vec<&[u8]> {
    recorded.strip_suffix(b"\0").unwrap().split(|byte| *byte == 0).collect()
}

fn recorded_environment() -> (Environment, Json) {
    let pod: Json = serde_json::from_str(MANIFEST).unwrap();
    let container = pod["spec"]["containers"][0].clone();
    let environment = Environment::build(
        &[] as &[Import<()>],
        &entries(&container),
        |()| Err(Unresolved::Missing(String::new())),
        |reference| value_of(&pod, reference),
    );
    (environment.unwrap(), container)
}

// kubelet E9 to E16
#[test]
fn e16_the_environment_that_was_recorded() {
    let (environment, _) = recorded_environment();
    // The engine gave the container its host's name, and the image a PATH and a HOME.
    let pair = |name: &str, value: &str| (name.as_bytes().to_vec(), value.as_bytes().to_vec());
    let inherited = [pair("HOSTNAME", "vm"), pair("PATH", "/image"), pair("HOME", "/root")];
    let found: Vec<_> = environment.over(inherited).into_iter().collect();

    let split = |line: &[u8]| {
        let equals = line.iter().position(|byte| *byte == b'=').unwrap();
        (line[..equals].to_vec(), line[equals + 1..].to_vec())
    };
    let mut recorded: Vec<_> = parts(ENVIRON).into_iter().map(split).collect();
    recorded.sort();
    for (name, value) in &mut recorded {
        if name == b"DOLLAR_UNI" {
            // That version broke characters after a `$` (kubelet E6 is today's rule); on the way to the
            // container what was then no UTF-8 became U+FFFD.
            let broken = "$Ã\u{fffd} $æ\u{fffd}\u{fffd} $ð\u{fffd}\u{fffd}\u{fffd}";
            assert_eq!(str::from_utf8(value), Ok(broken));
            *value = "$é $日 $😀".into();
        }
    }
    assert_eq!(found.len(), 54);
    for (found, recorded) in found.iter().zip(&recorded) {
        assert_eq!(found, recorded, "{}", String::from_utf8_lossy(&recorded.0));
    }
    assert_eq!(found.len(), recorded.len());
}

// kubelet E17
#[test]
fn e17_the_command_line_that_was_recorded() {
    let (environment, container) = recorded_environment();
    let written =
        |field: &str| -> Vec<String> { serde_json::from_value(container[field].clone()).unwrap() };
    let expand = |field| Words::Container(&environment).expand(&written(field)).unwrap();
    let image = [b"/image".to_vec()];
    let found = arguments(&expand("command"), &expand("args"), &image, &image);
    assert_eq!(found.len(), 4 + 23);
    for (index, (found, recorded)) in found.iter().zip(parts(CMDLINE)).enumerate() {
        assert_eq!(found, recorded, "{index}: {}", String::from_utf8_lossy(recorded));
    }
    assert_eq!(found.len(), parts(CMDLINE).len());
}

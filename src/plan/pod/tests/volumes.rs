//! What volumes of the pod's facts hold.

use super::*;
use crate::plan::pod::volume::{File, Node, Tree, Volume, volume};

/// (content, mode) by path.
fn files(tree: &Tree) -> BTreeMap<String, (String, u32)> {
    let mut found = BTreeMap::new();
    for (name, node) in tree {
        match node {
            Node::File(File { content, mode }) => {
                let content = String::from_utf8(content.clone()).unwrap();
                found.insert(name.clone(), (content, *mode));
            }
            Node::Folder(below) => {
                let below = files(below).into_iter();
                found.extend(below.map(|(path, file)| (format!("{name}/{path}"), file)));
            }
        }
    }
    found
}

fn made(pod: &Pod, name: &str) -> Result<Volume, String> {
    volume(pod, name, &allocatable()).map_err(|error| error.to_string())
}

/// A pod with a volume `v` of these items, and other fields.
fn with_items(items: Value, mut more: Value) -> Pod {
    let spec = json!({
        "containers": [{"name": "main"}],
        "volumes": [{"name": "v", "downwardAPI": {"items": items}}],
    });
    let object = more.as_object_mut().unwrap();
    let fields = object.entry("spec").or_insert_with(|| json!({})).as_object_mut().unwrap();
    for (name, value) in spec.as_object().unwrap() {
        fields.entry(name.clone()).or_insert(value.clone());
    }
    pod(more)
}

/// The content of one item that is this.
fn content(item: Value, more: Value) -> Result<String, String> {
    let mut item = item;
    item["path"] = json!("x");
    let volume = made(&with_items(json!([item]), more), "v")?;
    Ok(files(&volume.files)["x"].0.clone())
}

/// kubelet D1, D6, D12, D14, D26
#[test]
fn d01_d26_recorded_volumes() {
    for (pod, name, recorded) in [
        (recorded!("vec-basic", "pod.json"), "podinfo", recorded!("vec-basic", "podinfo.jsonl")),
        (recorded!("vec-empty", "pod.json"), "podinfo", recorded!("vec-empty", "podinfo.jsonl")),
        (recorded!("vec-empty", "pod.json"), "none", recorded!("vec-empty", "none.jsonl")),
        (
            recorded!("vec-modes-default", "pod.json"),
            "podinfo",
            recorded!("vec-modes-default", "podinfo.jsonl"),
        ),
    ] {
        let pod: Pod = serde_json::from_slice(pod).unwrap();
        let entries = std::str::from_utf8(recorded).unwrap().lines();
        let entries = entries.map(|line| serde_json::from_str::<Value>(line).unwrap());
        let expected = entries.filter(|entry| entry["content"].is_string()).map(|entry| {
            let (_, path) = entry["path"].as_str().unwrap().split_once('/').unwrap();
            let mode = u32::from_str_radix(entry["mode"].as_str().unwrap(), 8).unwrap();
            (path.to_owned(), (entry["content"].as_str().unwrap().to_owned(), mode))
        });
        let expected: BTreeMap<_, _> = expected.collect();
        assert_eq!(files(&made(&pod, name).unwrap().files), expected);
    }
}

/// kubelet D1
#[test]
fn d01_values_are_as_they_are() {
    let about = json!({"metadata": {
        "name": "p", "namespace": "n", "uid": "u-1",
        "labels": {"a": "1", "b/c": "two"}, "annotations": {"A.b": "x\n\"y\"\n"},
    }});
    for (path, value) in [
        ("metadata.name", "p"),
        ("metadata.namespace", "n"),
        ("metadata.uid", "u-1"),
        ("metadata.labels", "a=\"1\"\nb/c=\"two\""),
        ("metadata.annotations", "A.b=\"x\\n\\\"y\\\"\\n\""),
        ("metadata.labels['b/c']", "two"),
        ("metadata.annotations['A.b']", "x\n\"y\"\n"),
        ("metadata.labels['none']", ""),
    ] {
        let item = json!({"fieldRef": {"fieldPath": path}});
        assert_eq!(content(item, about.clone()).as_deref(), Ok(value), "{path}");
    }
}

/// kubelet D12 to D16
#[test]
fn d13_d14_d15_d16_amounts() {
    let spec = json!({
        "resources": {"limits": {"cpu": "1", "memory": "1Gi"}},
        "containers": [
            {"name": "main", "resources": {"limits": {"cpu": "1500m", "memory": "0", "hugepages-2Mi": "4Mi"}}},
            {"name": "bare"},
        ],
        "initContainers": [{"name": "first", "resources": {"requests": {"memory": "3Mi"}}}],
    });
    for (container, resource, divisor, value) in [
        ("main", "limits.cpu", "0", "2"),
        ("main", "limits.cpu", "1m", "1500"),
        ("main", "limits.hugepages-2Mi", "1Mi", "4"),
        ("bare", "limits.hugepages-2Mi", "1Mi", "0"),
        // A limit of 0 is none, and the pod's own does not count.
        ("main", "limits.memory", "1", "25276502016"),
        ("bare", "limits.cpu", "1", "2"),
        ("bare", "limits.ephemeral-storage", "1", "270553174016"),
        ("bare", "requests.memory", "1", "0"),
        // Init containers have the node's too.
        ("first", "limits.memory", "1", "25276502016"),
        ("first", "requests.memory", "1Mi", "3"),
    ] {
        let item = json!({"resourceFieldRef": {"containerName": container, "resource": resource, "divisor": divisor}});
        let of = content(item, json!({"spec": spec.clone()}));
        assert_eq!(of.as_deref(), Ok(value), "{container} {resource} {divisor}");
    }
    let item = json!({"resourceFieldRef": {"containerName": "nobody", "resource": "limits.cpu"}});
    assert_eq!(
        content(item, json!({"spec": spec})).unwrap_err(),
        "spec.volumes[0].downwardAPI.items[0].resourceFieldRef.containerName: container nobody not found"
    );
}

fn name(path: &str) -> Value {
    json!({"path": path, "fieldRef": {"fieldPath": "metadata.name"}})
}

/// kubelet D26, V6
#[test]
fn d26_the_item_s_mode_then_the_volume_s() {
    let mut own = name("own");
    own["mode"] = json!(0o400);
    let items = json!([own, name("other")]);
    let modes = |default: Value| {
        let volumes =
            json!([{"name": "v", "downwardAPI": {"items": items, "defaultMode": default}}]);
        let volume = made(&with_items(json!([]), json!({"spec": {"volumes": volumes}})), "v");
        files(&volume.unwrap().files).into_values().map(|(_, mode)| mode).collect::<Vec<_>>()
    };
    assert_eq!(modes(json!(0o640)), [0o640, 0o400]);
    assert_eq!(modes(json!(null)), [0o644, 0o400]);
}

/// kubelet D27 to D29
#[test]
fn d27_d28_d29_paths() {
    let mut uid = name("./a//b");
    uid["fieldRef"]["fieldPath"] = json!("metadata.uid");
    let more = || json!({"metadata": {"name": "p", "uid": "later"}});
    let items = json!([name("a/b"), name("./z"), name("a/..x"), name("ünï/😀"), uid]);
    let found = files(&made(&with_items(items, more()), "v").unwrap().files);
    let found: Vec<(&str, &str)> =
        found.iter().map(|(path, (content, _))| (path.as_str(), content.as_str())).collect();
    assert_eq!(found, [("a/..x", "p"), ("a/b", "later"), ("z", "p"), ("ünï/😀", "p")]);
    for (paths, why) in [
        (["ok", ""], "must name a file"),
        (["ok", "/a"], "must be a relative path"),
        (["ok", "a/../b"], "must not contain '..'"),
        (["ok", "..x"], "must not start with '..'"),
        (["a", "a/b"], "\"a/b\" would be a file and a folder"),
        (["a/b", "a"], "\"a\" would be a file and a folder"),
    ] {
        let items: Vec<Value> = paths.into_iter().map(name).collect();
        let error = made(&with_items(json!(items), more()), "v").unwrap_err();
        assert_eq!(error, format!("spec.volumes[0].downwardAPI.items[1].path: {why}"));
    }
}

/// kubelet D32
#[test]
fn d32_the_group_is_the_pod_s() {
    let group = |group: i64| {
        let spec = json!({"spec": {"securityContext": {"fsGroup": group}}});
        made(&with_items(json!([]), spec), "v").map(|volume| volume.group)
    };
    assert_eq!(group(2000), Ok(Some(2000)));
    assert_eq!(
        group(-1).unwrap_err(),
        "spec.securityContext.fsGroup: -1 is not a user or group (0 to 4294967294)"
    );
    assert_eq!(made(&with_items(json!([]), json!({})), "v").unwrap().group, None);
}

#[test]
fn a_projected_volume_of_nothing_else_is_one_too() {
    let projected = |sources: Value| {
        let volumes = json!([
            {"name": "d", "emptyDir": {}},
            {"name": "v", "projected": {"sources": sources, "defaultMode": 0o600}},
        ]);
        made(
            &with_items(
                json!([]),
                json!({"metadata": {"name": "p"}, "spec": {"volumes": volumes}}),
            ),
            "v",
        )
    };
    let one = |path: &str| json!({"downwardAPI": {"items": [name(path)]}});
    let volume = projected(json!([one("a"), one("b/c")])).unwrap();
    let file = ("p".to_owned(), 0o600);
    let expected = [("a".to_owned(), file.clone()), ("b/c".to_owned(), file)];
    assert_eq!(files(&volume.files), expected.into());
    assert_eq!(
        projected(json!([one("a"), {"secret": {"name": "s"}}])).unwrap_err(),
        "spec.volumes[1].projected.sources[1]: only downwardAPI can be rendered"
    );
}

#[test]
fn what_is_no_such_volume_is_told() {
    let volumes = json!([{"name": "d", "emptyDir": {}}, {"name": "e"}]);
    let pod = with_items(json!([]), json!({"spec": {"volumes": volumes}}));
    for (volume, why) in [
        ("v", "spec.volumes: there is no volume \"v\" (there are: d, e)"),
        ("d", "spec.volumes[0]: only downwardAPI can be rendered"),
        ("e", "spec.volumes[1]: only downwardAPI can be rendered"),
    ] {
        assert_eq!(made(&pod, volume).unwrap_err(), why);
    }
}

/// A small manifest cannot ask for a large volume.
#[test]
fn a_volume_is_bounded() {
    let large = |count: usize, content: String| {
        let items: Vec<Value> = (0..count)
            .map(|n| json!({"path": format!("f{n}"), "fieldRef": {"fieldPath": "metadata.uid"}}))
            .collect();
        made(&with_items(json!(items), json!({"metadata": {"uid": content}})), "v").map(drop)
    };
    assert_eq!(large(31, "x".repeat(1 << 20)), Ok(()));
    let error =
        "spec.volumes[0].downwardAPI.items[31].path: with it the volume is larger than 32 MiB";
    assert_eq!(large(40, "x".repeat(1 << 20)), Err(error.to_owned()));
    let deep: Vec<Value> = (0..80).map(|n| name(&format!("{n}/{}f", "a/".repeat(1000)))).collect();
    let error = made(&with_items(json!(deep), json!({})), "v").unwrap_err();
    assert!(error.ends_with("larger than 32 MiB"), "{error}");
}

/// The whole environment of any container, whatever else is wrong with it.
#[test]
fn the_environment_alone() {
    let env = json!([{"name": "N", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}, {"name": "M", "value": "of $(N)"}]);
    let pod = pod(json!({
        "metadata": {"name": "p"},
        "spec": {
            "containers": [{"name": "main", "image": "x", "livenessProbe": {"tcpSocket": {"port": "none"}}}],
            "initContainers": [{"name": "first", "env": env}],
        },
    }));
    let of = |name| environment(&pod, name, allocatable(), &Kept::default());
    let pairs = of("first").unwrap();
    let pairs: Vec<(&str, &[u8])> = pairs.iter().collect();
    assert_eq!(pairs, [("M", &b"of p"[..]), ("N", b"p")]);
    assert_eq!(of("main").unwrap().iter().count(), 0);
    let error = of("nobody").unwrap_err().to_string();
    assert_eq!(error, "spec.containers: there is no container \"nobody\"");
}

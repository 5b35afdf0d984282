//! Which object of a file is the pod.

use k8s_openapi::Resource;
use k8s_openapi::api::{apps::v1 as apps, batch::v1 as batch, core::v1 as core};
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Value, json};

use super::super::validation::validate;
use super::super::workload::KINDS;
use super::schema::Schema;
use super::*;
use crate::spec::document::{Node, read};

/// The documents of a YAML file, of which each begins in the second line after the one before.
fn file(documents: &[Value]) -> Vec<Node> {
    let documents = documents.iter().map(|document| format!("---\n{document}\n"));
    read(documents.collect::<String>().as_bytes()).unwrap()
}

/// The pod of a file, and the path to it.
fn found(documents: &[Value]) -> Result<(Pod, String), String> {
    let documents = file(documents);
    let bearer = bearer(&documents).map_err(|error| error.to_string())?;
    Ok((bearer.read().unwrap().value, bearer.path))
}

fn template() -> Value {
    json!({"metadata": {"name": "no", "labels": {"app": "a"}, "annotations": {"n": "1"}},
        "spec": {"containers": [{"name": "main"}]}})
}

#[test]
fn the_pod_of_each_kind() {
    let in_spec = json!({"template": template()});
    let in_job = json!({"jobTemplate": {"metadata": {"labels": {"job": "j"}}, "spec": in_spec}});
    for (api_version, kind, spec, path) in [
        ("v1", "ReplicationController", &in_spec, "spec.template"),
        ("apps/v1", "ReplicaSet", &in_spec, "spec.template"),
        ("apps/v1", "Deployment", &in_spec, "spec.template"),
        ("apps/v1", "StatefulSet", &in_spec, "spec.template"),
        ("apps/v1", "DaemonSet", &in_spec, "spec.template"),
        ("batch/v1", "Job", &in_spec, "spec.template"),
        ("batch/v1", "CronJob", &in_job, "spec.jobTemplate.spec.template"),
    ] {
        let metadata =
            json!({"name": "web", "namespace": "shop", "labels": {"of": "the workload"}});
        let object =
            json!({"apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": spec});
        let (pod, at) = found(&[object]).unwrap();
        assert_eq!(at, path, "{kind}");
        assert_eq!((&*pod.api_version, &*pod.kind), ("v1", "Pod"), "{kind}");
        assert_eq!((&*pod.metadata.name, &*pod.metadata.namespace), ("web", "shop"), "{kind}");
        let mut expected: Pod = serde_json::from_value(template()).unwrap();
        assert_eq!(pod.metadata.labels, expected.metadata.labels, "{kind}");
        assert_eq!(pod.metadata.annotations, expected.metadata.annotations, "{kind}");
        expected.metadata = pod.metadata.clone();
        assert_eq!(pod.spec, expected.spec, "{kind}");
    }
}

#[test]
fn a_pod_and_a_bare_template() {
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "n"},
        "spec": {"nodeName": "node"}});
    let (read, path) = found(std::slice::from_ref(&pod)).unwrap();
    assert_eq!((read, &*path), (serde_json::from_value(pod).unwrap(), ""));
    let bare = json!({"apiVersion": "v1", "kind": "PodTemplate", "metadata": {"name": "t"},
        "template": template()});
    let (read, path) = found(&[bare]).unwrap();
    assert_eq!((&*read.metadata.name, &*path), ("t", "template"));
}

/// Each kind beside k8s-openapi: its API, and the way to its template.
#[test]
fn kinds_are_those_of_the_api() {
    fn check<T: Resource + JsonSchema>() {
        let kind = KINDS.iter().find(|kind| kind.name == T::KIND).unwrap();
        assert_eq!(kind.api_version, T::API_VERSION, "{}", T::KIND);
        let root = SchemaGenerator::default().into_root_schema_for::<T>().to_value();
        let template = Schema::of(&root).follow(kind.template).unwrap();
        let expected = if T::KIND == "Pod" { "" } else { "io.k8s.api.core.v1.PodTemplateSpec" };
        assert_eq!(template.name, expected, "{}", T::KIND);
    }
    check::<core::Pod>();
    check::<core::PodTemplate>();
    check::<core::ReplicationController>();
    check::<apps::ReplicaSet>();
    check::<apps::Deployment>();
    check::<apps::StatefulSet>();
    check::<apps::DaemonSet>();
    check::<batch::Job>();
    check::<batch::CronJob>();
    assert_eq!(KINDS.len(), 9);
}

fn object(api_version: &str, kind: &str, name: &str) -> Value {
    let spec = json!({"template": template()});
    json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": name}, "spec": spec})
}

#[test]
fn the_pod_among_others() {
    let service = object("v1", "Service", "s");
    let config = object("v1", "ConfigMap", "c");
    let web = object("apps/v1", "Deployment", "web");
    let (pod, path) = found(&[service.clone(), web.clone(), config.clone()]).unwrap();
    assert_eq!((&*pod.metadata.name, &*path), ("web", "spec.template"));
    let inner = json!({"apiVersion": "v1", "kind": "List", "items": [config, web]});
    let list = json!({"apiVersion": "v1", "kind": "List", "items": [service, inner]});
    let (pod, path) = found(&[list]).unwrap();
    assert_eq!((&*pod.metadata.name, &*path), ("web", "items[1].items[1].spec.template"));
}

#[test]
fn files_that_are_not_about_one_pod() {
    let list = |items: Value| json!({"apiVersion": "v1", "kind": "List", "items": items});
    let (pod, web) = (object("v1", "Pod", "p"), object("apps/v1", "Deployment", "web"));
    let service = object("v1", "Service", "s");
    let kinds = "Pod, PodTemplate, ReplicationController, ReplicaSet, Deployment, StatefulSet, \
        DaemonSet, Job, CronJob";
    let none = format!("no pod in it; write one of {kinds}");
    let other = format!("{none} instead of, or beside, Service, pod: did you mean Pod?");
    let many: Vec<Value> = (0..12).map(|n| object("v1", "Pod", &n.to_string())).collect();
    for (documents, error) in [
        (vec![], &*none),
        (vec![list(json!([]))], &none),
        (vec![json!({"apiVersion": "v1", "kind": "List"})], &none),
        (vec![service.clone(), object("v1", "pod", ""), service.clone()], &other),
        (
            vec![pod.clone(), web.clone()],
            "more than one pod in it, leave one of Pod/p, Deployment/web",
        ),
        (vec![list(json!([pod, pod]))], "more than one pod in it, leave one of Pod/p, Pod/p"),
        (
            many,
            "more than one pod in it, leave one of Pod/0, Pod/1, Pod/2, Pod/3, Pod/4, Pod/5, \
            Pod/6, Pod/7, Pod/8, Pod/9, 2 more",
        ),
        (
            vec![service, json!({"metadata": {}})],
            "line 4, column 1: no kind; write what it is, such as kind: Pod",
        ),
        (
            vec![json!({"kind": 5})],
            "line 2, column 1: no kind; write what it is, such as kind: Pod",
        ),
        (
            vec![json!("text")],
            "line 2, column 1: no object; write apiVersion, kind and what belongs to it",
        ),
        (
            vec![json!({"apiVersion": 1, "kind": "Pod"})],
            "line 2, column 1: apiVersion of a Pod is v1, not 1",
        ),
        (
            vec![list(json!([{}]))],
            "line 2, column 29: no kind; write what it is, such as kind: Pod",
        ),
        (
            vec![object("extensions/v1beta1", "Deployment", "d")],
            "line 2, column 1: apiVersion of a Deployment is apps/v1, not extensions/v1beta1",
        ),
        (
            vec![list(json!([{"kind": "Pod"}]))],
            "line 2, column 29: no apiVersion; write apiVersion: v1",
        ),
        (
            vec![json!({"apiVersion": "v2", "kind": "List"})],
            "line 2, column 1: apiVersion of a List is v1, not v2",
        ),
        (
            vec![json!({"apiVersion": "batch/v1", "kind": "CronJob", "spec": {"template": {}}})],
            "line 2, column 1: a CronJob needs spec.jobTemplate.spec.template",
        ),
        (
            vec![json!({"apiVersion": "v1", "kind": "PodTemplate", "template": null})],
            "line 2, column 1: a PodTemplate needs template",
        ),
    ] {
        assert_eq!(found(&documents), Err(error.to_owned()));
    }
}

#[test]
fn paths_begin_with_the_document() {
    let containers = json!([{"name": "a", "nmae": "b", "tty": true}]);
    let spec = json!({"template": {"spec": {"containers": containers}}});
    let web = json!({"apiVersion": "apps/v1", "kind": "Deployment", "spec": spec});
    let list = file(&[json!({"apiVersion": "v1", "kind": "List", "items": [web]})]);
    let decoded = bearer(&list).unwrap().read().unwrap();
    let [warning] = &decoded.warnings[..] else { panic!("{:?}", decoded.warnings) };
    assert_eq!(warning.path, "items[0].spec.template.spec.containers[0].nmae");
    assert_eq!(warning.suggestion, Some("name"));

    let text = "{apiVersion: v1, kind: PodTemplate, template: {spec: {containers: [{tty: 1}]}}}";
    let documents = read(format!("---\n{text}").as_bytes()).unwrap();
    let error = bearer(&documents).unwrap().read().unwrap_err();
    assert_eq!(error.path, "template.spec.containers[0].tty");
}

// kubelet V17: a Job's pod has no valid default.
#[test]
fn what_a_workload_allows_is_said_where_it_stands() {
    let in_job = |policy: Value| {
        let containers = json!([{"name": "main", "image": "main"}]);
        let spec = json!({"restartPolicy": policy, "containers": containers});
        let spec = json!({"template": {"spec": spec}});
        let metadata = json!({"name": "once"});
        json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": spec})
    };
    for (policy, error) in [
        (json!(null), Some("spec.template.spec.restartPolicy: Unsupported value: \"Always\"")),
        (json!("Never"), None),
    ] {
        let documents = file(&[in_job(policy)]);
        let bearer = bearer(&documents).unwrap();
        let pod = bearer.read().unwrap().value.with_defaults();
        let errors = validate(&pod, bearer.kind, &bearer.path).err().map(|of| of.to_string());
        match error {
            Some(error) => {
                assert!(errors.as_ref().is_some_and(|of| of.starts_with(error)), "{errors:?}")
            }
            None => assert_eq!(errors, None),
        }
    }
}

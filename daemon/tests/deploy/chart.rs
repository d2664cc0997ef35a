//! The Helm chart: as `helm template` renders it with its defaults, it makes the objects of deploy/kubernetes; with the address of a
//! PostgreSQL database those of deploy/kubernetes-postgres. `make test-release` renders it and runs this.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{at, read, yaml};

/// Objects by kind, of the file that this variable names.
fn rendered(variable: &str) -> BTreeMap<String, Value> {
    let path = std::env::var(variable).unwrap_or_else(|_| {
        panic!("{variable} names what `helm template` has rendered; make test-release sets it")
    });
    let text = std::fs::read_to_string(path).unwrap();
    let documents = text.split("\n---").map(|document| document.trim_start_matches("---"));
    let objects = documents.filter(|document| document.contains("kind: "));
    objects
        .map(|document| serde_saphyr::from_str::<Value>(document).unwrap())
        .map(|object| (at(&object, "kind").as_str().unwrap().to_owned(), object))
        .collect()
}

/// Leaves out what only one of the two has, on purpose: labels that kustomize adds later, marks of a change, the image.
fn comparable(mut object: Value, path: &str) -> Value {
    for (kept, removed) in [
        ("/spec", "selector"),
        ("/spec/template", "metadata"),
        ("/spec/podSelector", "matchLabels"),
        ("/spec/selector", "matchLabels"),
        ("/spec/template/spec/containers/0", "image"),
        ("/spec/template/spec/containers/0", "imagePullPolicy"),
    ] {
        if let Some(Value::Object(map)) = object.pointer_mut(kept) {
            map.remove(removed);
        }
    }
    object.pointer(path).cloned().unwrap_or(Value::Null)
}

#[test]
#[ignore = "wants what helm has rendered: make test-release"]
fn the_chart_makes_the_objects_of_the_kustomization() {
    let chart = rendered("CHART");
    let kinds: Vec<&str> = chart.keys().map(String::as_str).collect();
    let expected = [
        "ConfigMap",
        "NetworkPolicy",
        "Secret",
        "Service",
        "ServiceAccount",
        "ServiceMonitor",
        "StatefulSet",
    ];
    assert_eq!(kinds, expected);
    for (kind, file, path) in [
        ("NetworkPolicy", "network-policy", "/spec"),
        ("Service", "service", "/spec"),
        ("ServiceAccount", "service-account", "/automountServiceAccountToken"),
        ("ServiceMonitor", "service-monitor", "/spec"),
        ("StatefulSet", "stateful-set", "/spec"),
    ] {
        let manifest = yaml(&format!("deploy/kubernetes/{file}.yaml"));
        assert_eq!(comparable(chart[kind].clone(), path), comparable(manifest, path), "{kind}");
        assert_eq!(at(&chart[kind], "metadata.name"), "pointsman");
    }
    let keys = |object: &Value| object["stringData"].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&chart["Secret"]), keys(&yaml("deploy/kubernetes/secret.yaml")));
    let configuration = |text: &str| toml::from_str::<toml::Table>(text).unwrap();
    let ours = chart["ConfigMap"]["data"]["pointsman.toml"].as_str().unwrap();
    assert_eq!(configuration(ours), configuration(&read("deploy/kubernetes/pointsman.toml")));
}

#[test]
#[ignore = "wants what helm has rendered: make test-release"]
fn with_a_database_the_chart_makes_collectors_without_a_volume() {
    let chart = rendered("CHART_POSTGRES");
    let kinds: Vec<&str> = chart.keys().map(String::as_str).collect();
    let expected = [
        "ConfigMap",
        "Deployment",
        "NetworkPolicy",
        "PodDisruptionBudget",
        "Secret",
        "Service",
        "ServiceAccount",
    ];
    assert_eq!(kinds, expected);
    for (kind, file, path) in [
        ("Deployment", "deployment", "/spec"),
        ("PodDisruptionBudget", "pod-disruption-budget", "/spec/minAvailable"),
    ] {
        let manifest = yaml(&format!("deploy/kubernetes-postgres/{file}.yaml"));
        assert_eq!(comparable(chart[kind].clone(), path), comparable(manifest, path), "{kind}");
    }
    let kustomization = yaml("deploy/kubernetes-postgres/kustomization.yaml");
    let patches = kustomization["patches"].as_array().unwrap().iter();
    let patches =
        patches.map(|patch| serde_saphyr::from_str::<Value>(patch["patch"].as_str().unwrap()).unwrap());
    for patch in patches.filter(|patch| patch.get("$patch").is_none()) {
        match patch["kind"].as_str().unwrap() {
            "Secret" => assert!(chart["Secret"]["stringData"].get("database-password").is_some()),
            "NetworkPolicy" => {
                assert_eq!(chart["NetworkPolicy"]["spec"]["egress"], patch["spec"]["egress"]);
            }
            kind => panic!("{kind}: what does the chart make of it?"),
        }
    }
}

//! The Helm chart: as `helm template` renders it with its defaults, it makes the objects of deploy/kubernetes. `make test-release`
//! renders it and runs this.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{at, read, yaml};

/// Objects by kind.
fn rendered() -> BTreeMap<String, Value> {
    let path = std::env::var("CHART")
        .expect("CHART names what `helm template` has rendered; make test-release sets it");
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
    let chart = rendered();
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

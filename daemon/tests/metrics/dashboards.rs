//! The dashboards as Grafana reads them: each panel has what its schema asks for, and works for whoever imports it.

use std::collections::BTreeSet;

use serde_json::Value;

use super::support::workspace;
use super::{DASHBOARDS, dashboard};

const SOURCE: &str = "${datasource}";
/// Grafana lays panels out in so many columns.
const COLUMNS: u64 = 24;

/// Every data source that is named anywhere.
fn sources<'a>(value: &'a Value, found: &mut Vec<&'a Value>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get("datasource"));
            fields.values().for_each(|field| sources(field, found));
        }
        Value::Array(items) => items.iter().for_each(|item| sources(item, found)),
        _ => {}
    }
}

#[test]
fn dashboards_are_whole_and_take_the_data_source_from_a_variable() {
    let mut uids = BTreeSet::new();
    for name in DASHBOARDS {
        let dashboard = dashboard(name);
        assert!(uids.insert(dashboard["uid"].as_str().unwrap().to_owned()), "{name}");
        assert!(dashboard["schemaVersion"].as_u64().unwrap() >= 39, "{name}");
        let variables = dashboard["templating"]["list"].as_array().unwrap();
        let named = |variable: &Value| variable["name"].as_str().unwrap().to_owned();
        assert_eq!(
            (variables[0]["type"].as_str(), named(&variables[0])),
            (Some("datasource"), "datasource".into())
        );
        let mut found = Vec::new();
        sources(&dashboard, &mut found);
        assert!(found.len() > 20 && found.iter().all(|source| source["uid"] == SOURCE), "{name}: {found:#?}");

        let mut ids = BTreeSet::new();
        for panel in dashboard["panels"].as_array().unwrap() {
            let title = panel["title"].as_str().unwrap();
            assert!(ids.insert(panel["id"].as_u64().unwrap()), "{name}: the id of {title} is taken");
            let place = |key: &str| panel["gridPos"][key].as_u64().unwrap();
            assert!(place("x") + place("w") <= COLUMNS && place("h") > 0, "{name}: {title}");
            if panel["type"] == "row" {
                continue;
            }
            assert!(panel["description"].as_str().unwrap().len() > 10, "{name}: {title} says not what it is");
            assert!(
                !panel["fieldConfig"]["defaults"]["unit"].as_str().unwrap().is_empty(),
                "{name}: {title}"
            );
            let targets = panel["targets"].as_array().unwrap();
            let letters: BTreeSet<_> =
                targets.iter().map(|target| target["refId"].as_str().unwrap()).collect();
            assert!(!targets.is_empty() && letters.len() == targets.len(), "{name}: {title}");
            for target in targets {
                let used = target["expr"].as_str().unwrap().split('$').skip(1);
                let used = used.map(|rest| {
                    rest.split(|it: char| !it.is_ascii_alphanumeric() && it != '_').next().unwrap()
                });
                let unknown: Vec<_> = used
                    .filter(|used| {
                        !used.starts_with("__") && !variables.iter().any(|variable| named(variable) == *used)
                    })
                    .collect();
                assert!(unknown.is_empty(), "{name}: {title} uses {unknown:?}");
            }
        }
        assert_no_overlap(name, &dashboard);
    }
}

/// No two panels lie on each other.
fn assert_no_overlap(name: &str, dashboard: &Value) {
    let mut taken = BTreeSet::new();
    for panel in dashboard["panels"].as_array().unwrap() {
        let place = |key: &str| panel["gridPos"][key].as_u64().unwrap();
        for x in place("x")..place("x") + place("w") {
            for y in place("y")..place("y") + place("h") {
                assert!(taken.insert((x, y)), "{name}: {} lies on another panel", panel["title"]);
            }
        }
    }
}

#[test]
fn every_alert_says_how_bad_it_is_what_to_do_and_has_a_section_in_the_runbook() {
    let read = |path: &str| std::fs::read_to_string(workspace().join(path)).unwrap();
    let (rules, runbook, tests) = (
        read("dashboards/pointsman.rules.yml"),
        read("docs/operations.md"),
        read("dashboards/pointsman.rules.test.yml"),
    );
    let alerts: Vec<&str> = rules.split("      - alert: ").skip(1).collect();
    assert_eq!(alerts.len(), 11);
    for alert in alerts {
        let name = alert.lines().next().unwrap();
        for part in ["severity: ", "summary: ", "description: ", "expr: "] {
            assert!(alert.contains(part), "{name} has no {part}");
        }
        let runbook_link = format!("runbook: docs/operations.md#{}\n", name.to_lowercase());
        assert!(alert.contains(&runbook_link), "{name}: {runbook_link}");
        assert!(runbook.contains(&format!("### {name}\n")), "{name} is not in the runbook");
        assert!(tests.contains(&format!("alertname: {name}\n")), "{name} is not tested");
    }
}

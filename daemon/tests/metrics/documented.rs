//! docs/metrics.md names every metric with its type, and nothing else.

use std::collections::BTreeMap;

use super::World;
use super::support::workspace;

#[test]
fn the_list_of_metrics_is_what_a_daemon_exposes() {
    let text = std::fs::read_to_string(workspace().join("docs/metrics.md")).unwrap();
    let rows = text.lines().filter_map(|line| line.strip_prefix("| `pointsman_")?.split_once("` | "));
    let listed: BTreeMap<String, String> = rows
        .map(|(name, rest)| (format!("pointsman_{name}"), rest.split(" |").next().unwrap().to_owned()))
        .collect();
    let exposed = World::new().daemon.get("/metrics").body;
    let types = exposed.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
    let mut faults = Vec::new();
    for (name, kind) in types {
        if listed.get(name).map(String::as_str) != Some(kind) {
            faults.push(format!("{name} is a {kind}, listed as {:?}", listed.get(name)));
        }
    }
    assert!(faults.is_empty(), "docs/metrics.md:\n{}", faults.join("\n"));
}

//! Reports as annotations of Grafana.

use serde_json::Value;

use crate::receiver::Receiver;
use crate::support::wait_for;
use crate::{CART, World, metric};

#[test]
fn a_deployment_and_new_changes_become_annotations() {
    let world = World::new(CART, Some(7));
    let receiver = Receiver::start(&[]);
    std::fs::write(world.path("token"), "glsa_abcdefgh\n").unwrap();
    let config = format!(
        "schedule = \"off\"\nafter_deployment = \"1h\"\npages_url = \"https://pointsman.example.com\"\n\
         [[reports.grafana]]\nname = \"boards\"\nurl = \"http://{}/base/\"\ntoken_file = {:?}\n",
        receiver.address,
        world.path("token")
    );
    let daemon = world.daemon(&config);
    let delivered = "pointsman_report_deliveries_total{outcome=\"delivered\",target=\"boards\"}";
    wait_for("the annotations", || (metric(&daemon, delivered) == 1).then_some(()));
    let posted = receiver.at("/base/api/annotations");
    let posted: Vec<Value> = posted.iter().filter(|one| !one.body.is_empty()).map(|one| one.json()).collect();
    let texts: Vec<&str> = posted.iter().map(|one| one["text"].as_str().unwrap()).collect();
    assert_eq!(texts.len(), 2, "{posted:#?}");
    assert_eq!(texts[0], "A new build was first seen.");
    assert!(
        texts[1].starts_with("New: Turn POST /api/cart into a server action on /product/[id]."),
        "{texts:?}"
    );
    assert!(texts[1].contains("https://pointsman.example.com/changes/c"), "{texts:?}");
    for one in &posted {
        let tags: Vec<&str> =
            one["tags"].as_array().unwrap().iter().map(|tag| tag.as_str().unwrap()).collect();
        assert!(tags.starts_with(&["pointsman", "shop", "production"]), "{one}");
        assert!(one["time"].as_u64().unwrap() > 1_600_000_000_000, "{one}");
    }
    // Each was asked for before it was written.
    let asked =
        receiver.received().iter().filter(|one| one.path.starts_with("/base/api/annotations?from=")).count();
    assert_eq!(asked, 2);
    assert_eq!(receiver.received()[0].header("authorization"), "Bearer glsa_abcdefgh");
    let log = daemon.terminate_and_log();
    assert!(!log.contains("glsa_") && !log.contains("/base/"), "{log}");
}

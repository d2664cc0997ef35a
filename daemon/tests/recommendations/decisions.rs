//! What users and policies decide.

use serde_json::json;

use crate::shop::{Cart, moment, open};
use crate::support::pointsman;
use crate::{BEFORE, cart, decide, life, report_of, shop};

#[test]
fn what_is_put_off_or_refused_is_no_open_move() {
    let (_folder, db) = shop();
    let snoozed = decide(&db, &["snooze", "/api/cart", "--for", "30h"], BEFORE);
    let until = moment(BEFORE + 1, "12:20");
    let report = report_of(&db, BEFORE + 1);
    let change = &report["changes"][0];
    let (title, id) = (change["title"].as_str().unwrap(), change["id"].as_str().unwrap());
    assert_eq!(title, "Turn POST /api/cart into a server action on /product/[id]");
    assert_eq!(snoozed.out, format!("{title} ({id}): snoozed until {until}\n"));
    assert_eq!((&change["state"], &change["handlers"]), (&json!("snoozed"), &json!([cart(&report)["id"]])));
    assert_eq!(
        (&cart(&report)["verdict"], &cart(&report)["state"]),
        (&json!("move_to_server_action"), &json!("snoozed"))
    );
    assert_eq!(report["total"]["moves"], 0);
    let text = pointsman(&db, ["report", "--full", "--until", &moment(BEFORE + 1, "06:10")]).out;
    assert!(
        text.contains("No moves recommended") && text.contains("Dismissed, snoozed or done (1)"),
        "{text}"
    );
    assert_eq!(cart(&report_of(&db, BEFORE + 2))["state"], "proposed");

    let reason = "the mobile app will use it";
    let id = life(&report)["id"].as_str().unwrap().to_owned();
    let dismissed = decide(&db, &["dismiss", &id, "--reason", reason], BEFORE + 2);
    assert_eq!((dismissed.code, dismissed.err.as_str()), (Some(0), ""));
    let report = report_of(&db, BEFORE + 3);
    assert_eq!((&life(&report)["state"], &life(&report)["reason"]), (&json!("dismissed"), &json!(reason)));
    // By the beginning of the change's own id.
    let change = report["changes"][0]["id"].as_str().unwrap();
    let accepted = decide(&db, &["accept", &change[..6]], BEFORE + 3);
    assert_eq!((accepted.code, accepted.err.as_str()), (Some(0), ""));
    assert_eq!(cart(&report_of(&db, BEFORE + 3))["state"], "accepted");
}

#[test]
fn a_decision_that_makes_no_sense_is_refused_with_a_remedy() {
    let (_folder, db) = shop();
    for (arguments, said) in [
        (
            &["accept", "/nothing"][..],
            "no change or handler is called /nothing; `pointsman report --full` lists them",
        ),
        (&["accept", "/product/[id]"], "no move is advised for it"),
        (&["dismiss", "/api/cart", "--reason", " "], "the reason is empty"),
        (&["snooze", "/api/cart", "--until", "2026-01-06"], "is in the past"),
        (
            &["applied", "/api/cart", "--as", "/product/[id]"],
            "is not a server action, but this change moves to one",
        ),
        (&["snooze", "/api/cart"], "required arguments"),
        (&["snooze", "/api/cart", "--until", "soon"], "write a day as 2026-12-31"),
        (&["dismiss", "/api/cart"], "--reason <TEXT>"),
    ] {
        let run = decide(&db, arguments, BEFORE);
        assert_ne!(run.code, Some(0), "{arguments:?}");
        assert!(run.err.contains(said), "{arguments:?}: {}", run.err);
    }
    assert_eq!(cart(&report_of(&db, BEFORE))["state"], "proposed");
}

#[test]
fn a_policy_of_the_repository_dismisses_with_its_reason() {
    let (folder, db) = shop();
    let file = folder.path().join("pointsman.toml");
    std::fs::write(
        &file,
        "[[policy]]\nhandlers = [\"/api/**\"]\nkeep = \"route\"\nreason = \"this project is API-first\"\n",
    )
    .unwrap();
    let path = file.to_str().unwrap();
    let report = |flag: &[&str]| {
        let until = moment(BEFORE, "06:10");
        let run = pointsman(&db, ["report", "--format", "json", "--until", &until].iter().chain(flag));
        assert_eq!((run.code, run.err.as_str()), (Some(0), ""));
        serde_json::from_str::<serde_json::Value>(&run.out).unwrap()
    };
    let held = report(&["--policy", path]);
    assert_eq!(cart(&held)["state"], "dismissed");
    assert_eq!(held["policies"][0]["dismissed_moves"], 1);
    assert_eq!(life(&held)["history"][1]["who"], "policy");
    let refused = decide(&db, &["accept", "/api/cart", "--policy", path], BEFORE);
    assert!(
        refused.err.contains("a policy dismisses this change (this project is API-first)"),
        "{}",
        refused.err
    );
    // Without it the move is back.
    assert_eq!(cart(&report(&[]))["state"], "proposed");

    std::fs::write(&file, "[[policy]]\nhandler = [\"/api/**\"]\nkeep = \"routes\"\n").unwrap();
    let faulty = pointsman(&db, ["report", "--policy", path]);
    assert_eq!(faulty.code, Some(1));
    for fault in ["unknown key", "write \"route\" or \"action\"", "handlers is missing", "reason is missing"]
    {
        assert!(faulty.err.contains(fault), "{fault}: {}", faulty.err);
    }
}

#[test]
fn a_house_rule_keeps_verdicts_inside_it_and_says_what_that_costs() {
    // Each in a shop of its own: a verdict that stands would be held.
    let run = |policy: &str, more: &[&str]| {
        let (folder, db) = shop();
        let file = folder.path().join("pointsman.toml");
        std::fs::write(&file, policy).unwrap();
        let until = moment(BEFORE, "06:10");
        let arguments = ["report", "--full", "--until", &until, "--policy", file.to_str().unwrap()];
        pointsman(&db, arguments.iter().chain(more))
    };
    let json = |policy: &str| {
        let run = run(policy, &["--format", "json"]);
        assert_eq!((run.code, run.err.as_str()), (Some(0), ""));
        serde_json::from_str::<serde_json::Value>(&run.out).unwrap()
    };
    let bound = json("[policy]\nreads = \"route\"\nwrites = \"route\"\nreason = \"one API\"\n");
    let row = cart(&bound);
    assert_eq!((&row["verdict"], &row["benefit"]), (&json!("keep"), &json!(null)));
    assert_eq!(row["policy"]["verdict_without"], "move_to_server_action");
    assert_eq!(row["policy"]["reason"], "one API");
    let costs = &bound["policies"][0]["costs"];
    assert_eq!(bound["policies"][0]["changed_verdicts"], 1);
    assert!(costs["round_trips_per_day"].as_f64().unwrap() > 50.0, "{costs}");
    let free = json("[policy]\nreads = \"route\"\nwrites = \"action\"\n");
    assert_eq!(
        (&cart(&free)["verdict"], &cart(&free)["policy"]),
        (&json!("move_to_server_action"), &json!(null))
    );
    assert_eq!(free["policies"][0]["changed_verdicts"], 0);

    let routes = "[policy]\nwrites = \"route\"\nreason = \"one API\"\n";
    for format in ["text", "markdown", "html"] {
        let said = run(routes, &["--format", format]).out.split_whitespace().collect::<Vec<_>>().join(" ");
        for part in ["ithout your team&#x27;s policy: move to a server action", "it costs"] {
            let part = if format == "html" { part.to_owned() } else { part.replace("&#x27;", "'") };
            let said = said.replace("&#39;", "&#x27;");
            assert!(said.contains(&part), "{format}: {part}: {said}");
        }
    }
    let faulty = run("[policy]\nreads = \"server\"\n", &[]);
    assert_eq!(faulty.code, Some(1));
    assert!(
        faulty.err.contains("policy 1: reads = \"server\": no place for reads; write \"route\""),
        "{}",
        faulty.err
    );
}

#[test]
fn after_a_day_nothing_moves_only_so_far() {
    let folder = tempfile::tempdir().unwrap();
    let db = folder.path().join("shop.db");
    open(&db, 0..1, Cart::Route);
    let text = pointsman(&db, ["report", "--until", &moment(1, "06:10")]).out;
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        text.contains(
            "No moves recommended so far: 1 handler needs more calls; the first can be judged in about one day"
        ),
        "{text}"
    );
}

//! A move from the first report to the comparison of before and after.

use serde_json::json;

use crate::shop::{Cart, moment};
use crate::support::{Daemon, pointsman, report, wait_for};
use crate::{BEFORE, cart, decide, life, remembered, report_of, shop};

#[test]
fn a_move_is_proposed_accepted_applied_and_found_to_have_improved() {
    let (_folder, db) = shop();
    let first = report_of(&db, BEFORE);
    assert_eq!(cart(&first)["verdict"], "move_to_server_action", "{}", cart(&first));
    assert_eq!(cart(&first)["state"], "proposed");
    let accepted = decide(&db, &["accept", "/api/cart"], BEFORE);
    assert_eq!((accepted.code, accepted.err.as_str()), (Some(0), ""));
    let said = "Turn POST /api/cart into a server action on /product/[id] (c";
    assert!(accepted.out.starts_with(said) && accepted.out.ends_with("): accepted\n"), "{}", accepted.out);

    crate::shop::open(&db, BEFORE..BEFORE + 4, Cart::Action(55, false));
    let applied = report_of(&db, BEFORE + 1);
    assert_eq!(life(&applied)["state"], "applied", "{:#}", life(&applied));
    assert!(life(&applied)["successor"].is_string());
    let verified = report_of(&db, BEFORE + 2);
    let found = life(&verified);
    assert_eq!((&found["state"], &found["proof"]["outcome"]), (&json!("verified"), &json!("improved")));
    let states: Vec<_> = found["history"].as_array().unwrap().iter().map(|step| &step["to"]).collect();
    assert_eq!(states, ["proposed", "accepted", "applied", "verified"]);
    let trips = &found["proof"]["round_trips"];
    let near = |value: &serde_json::Value, wanted: f64| (value.as_f64().unwrap() - wanted).abs() < 0.03;
    assert!(near(&trips["before"], 2.0) && near(&trips["after"], 1.0), "{trips}");
    assert!(near(&trips["saved"], 1.0) && near(&trips["promised"], 1.0), "{trips}");
    assert_eq!(found["proof"]["promise_kept"], true, "{:#}", found["proof"]);
    assert_eq!(
        (&verified["record"]["improved"], &verified["record"]["promises_kept"]),
        (&json!(1), &json!(1))
    );
    assert_eq!((&cart(&verified)["state"], &verified["total"]["moves"]), (&json!("verified"), &json!(0)));

    the_other_forms_tell_it(&db);
    let late = decide(&db, &["accept", "/api/cart"], BEFORE + 3);
    assert_eq!(late.code, Some(1));
    assert!(late.err.contains("already verified"), "{}", late.err);
    the_daemon_shows_it(&db);
}

/// Text, Markdown, HTML and `explain`.
fn the_other_forms_tell_it(db: &std::path::Path) {
    let until = moment(BEFORE + 2, "06:10");
    let said = |arguments: &[&str]| {
        let run = pointsman(db, arguments.iter().copied().chain(["--until", &until]));
        assert_eq!((run.code, run.err.as_str()), (Some(0), ""));
        run.out.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let text = said(&["report", "--full"]);
    for part in ["No moves recommended", "1 of 1 promises held", "Already done (1)", "promised 1.00"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let screen = said(&["report"]);
    let done = "Already done Turn POST /api/cart into a server action on /product/[id]: improved";
    assert!(screen.contains(done), "{screen}");
    let markdown = said(&["report", "--format", "markdown"]);
    assert!(
        markdown.contains(
            "### Turn POST /api/cart into a server action on /product/\\[id\\] (verified, improved)"
        ),
        "{markdown}"
    );
    let html = said(&["report", "--format", "html"]);
    assert!(html.contains("(verified, improved)</h3>") && html.contains("<summary>History (4)"), "{html}");
    let explained = said(&["explain", "/api/cart"]);
    for part in [
        "History: move to a server action",
        "accepted by the user",
        "verified by the advisor",
        "promised 1.00",
    ] {
        assert!(explained.contains(part), "{part}: {explained}");
    }
}

/// Long after: the traffic is gone, what became of the move stays.
fn the_daemon_shows_it(db: &std::path::Path) {
    let daemon = Daemon::start(db, &[]);
    let metrics = wait_for("the first advisor run", || {
        let metrics = daemon.get("/metrics").body;
        metrics.contains("pointsman_recommendation_outcomes_total{").then_some(metrics)
    });
    let line = "pointsman_recommendation_outcomes_total{outcome=\"improved\"} 1";
    assert!(metrics.lines().any(|known| known == line), "{metrics}");
    assert!(metrics.contains("pointsman_recommendation_flips_total 0"), "{metrics}");
    let page = daemon.get("/record").body;
    for part in ["1 of 1 promises held", ">improved</span>", ">promise held</span>", "POST /api/cart"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert_eq!(daemon.terminate().0.code(), Some(0));
}

#[test]
fn a_move_that_made_users_wait_is_found_to_be_worse() {
    let (_folder, db) = shop();
    report_of(&db, BEFORE);
    crate::shop::open(&db, BEFORE..BEFORE + 3, Cart::Action(600, true));
    // Both missing runs are made in their order, by one report.
    let report = report_of(&db, BEFORE + 2);
    let found = life(&report);
    let outcome = (&found["state"], &found["proof"]["outcome"], &found["proof"]["promise_kept"]);
    assert_eq!(outcome, (&json!("verified"), &json!("worse"), &json!(false)), "{found:#}");
    assert_eq!(report["record"]["worse"], 1);
    let at: Vec<_> = found["history"].as_array().unwrap().iter().map(|step| step["at"].clone()).collect();
    let mornings = [moment(BEFORE + 1, "06:00"), moment(BEFORE + 2, "06:00")];
    assert_eq!(at[1..], mornings.map(|at| json!(at)));

    let daemon = Daemon::start(&db, &[]);
    let page = wait_for("the record", || {
        let page = daemon.get("/record").body;
        page.contains("id=\"applied\"").then_some(page)
    });
    for part in ["1 change made things worse", ">worse</span>", ">promise not held</span>"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert_eq!(daemon.terminate().0.code(), Some(0));
}

#[test]
fn looking_again_changes_nothing_nor_does_another_span_of_time() {
    let (_folder, db) = shop();
    // Another window than that of the runs, before and after the first look.
    let until = moment(BEFORE, "06:10");
    report(&db, &["--window", "3d", "--until", &until]);
    assert_eq!(remembered(&db).revision, 0);
    let without_time = |mut report: serde_json::Value| {
        report["generated_at"].take();
        report
    };
    let first = without_time(report_of(&db, BEFORE));
    let records = remembered(&db);
    assert_eq!((records.revision, records.recommendations.len()), (1, 1));
    assert_eq!(without_time(report_of(&db, BEFORE)), first);
    report(&db, &["--window", "3d", "--until", &moment(BEFORE + 3, "06:10")]);
    report(&db, &["--until", &moment(BEFORE - 2, "06:10")]);
    let explain = pointsman(&db, ["explain", "--until", &moment(BEFORE + 1, "06:10")]);
    assert_eq!(explain.code, Some(0), "{}", explain.err);
    assert_eq!(remembered(&db), records);

    report_of(&db, BEFORE + 1);
    let records = remembered(&db);
    assert_eq!(records.revision, 2);
    report_of(&db, BEFORE + 1);
    assert_eq!(remembered(&db), records);
}

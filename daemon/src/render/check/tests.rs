//! Checks with hostile names in all their forms.

use pointsman_advisor::check::{BudgetOutcome, BudgetStatus, Check, Finding, Outcome};
use pointsman_store::Place;

use super::*;

const HOSTILE: &str = "POST /api/\n::error::x\u{1b}[31m|<b>[a](http://b)%0A,:\u{202e}";

fn finding(handler: &str, file: Option<&str>) -> Finding {
    Finding {
        service: "shop".into(),
        handler: handler.into(),
        rule: "unsafe-get".into(),
        verdict: None,
        id: "0123456789abcdef".into(),
        text: format!("{handler} writes"),
        samples: 40,
        from_tests: true,
        place: file.map(|file| Place { file: file.into(), line: 7 }),
        call_sites: Vec::new(),
        dismissed: None,
    }
}

fn check(new: Vec<Finding>) -> Check {
    let broken = BudgetOutcome {
        budget: "no new *".into(),
        status: BudgetStatus::Broken,
        count: new.len(),
        text: format!("{} new findings", new.len()),
    };
    Check {
        schema: "pointsman.check/v1",
        result: Outcome::Failed,
        undecided_because: Vec::new(),
        judged: 3,
        handlers: 4,
        from_tests: true,
        has_baseline: true,
        new,
        known: Vec::new(),
        dismissed: Vec::new(),
        gone: Vec::new(),
        not_judged: Vec::new(),
        budgets: vec![broken],
    }
}

#[test]
fn a_name_ends_no_command_and_begins_none() {
    let check = check(vec![finding(HOSTILE, Some("app/a,line=1::b\n::error::c/route.ts"))]);
    let text = github(&Shown { check: &check, notes: &["a\n::stop-commands::x".to_owned()] });
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 4, "{text}");
    assert!(lines.iter().all(|line| line.starts_with("::") && !line.starts_with("::stop")), "{text}");
    let (properties, _) = lines[0].strip_prefix("::warning ").unwrap().split_once("::").unwrap();
    assert_eq!(properties.split(',').count(), 3, "{properties}");
    assert!(properties.starts_with("file=app/a%2Cline=1%3A%3Ab\\u{a}%3A%3Aerror"), "{properties}");
}

#[test]
fn annotations_are_as_many_as_are_shown() {
    let many = check((0..25).map(|number| finding(&format!("GET /{number}"), None)).collect());
    let text = github(&Shown { check: &many, notes: &[] });
    assert_eq!(text.lines().filter(|line| line.starts_with("::warning title=GET")).count(), 10);
    assert!(text.contains("::notice title=Pointsman::15 more findings"), "{text}");
}

#[test]
fn text_and_markdown_stay_text() {
    let check = check(vec![finding(HOSTILE, None)]);
    let shown = Shown { check: &check, notes: &[] };
    for drawn in [text(&shown), markdown(&shown), json(&shown).unwrap(), sarif(&shown).unwrap()] {
        assert!(!drawn.contains(['\u{1b}', '\u{202e}']), "{drawn}");
    }
    let markdown = markdown(&shown);
    let row = markdown.lines().find(|line| line.contains("unsafe-get")).unwrap();
    assert!(row.contains("&lt;b&gt;") && row.contains("\\|") && row.contains("\\[a\\]"), "{row}");
    let sarif: serde_json::Value = serde_json::from_str(&sarif(&shown).unwrap()).unwrap();
    let message = sarif["runs"][0]["results"][0]["message"]["text"].as_str().unwrap();
    assert!(!message.contains("]("), "{message}");
}

#[test]
fn markdown_fits_into_a_comment() {
    let long = "x".repeat(5_000);
    let mut many = check((0..5_000).map(|number| finding(&format!("{number}{long}"), Some(&long))).collect());
    many.undecided_because = vec![long; 500];
    let text = markdown(&Shown { check: &many, notes: &vec!["[".repeat(5_000); 500] });
    assert!(text.chars().count() < 65_536, "{}", text.chars().count());
    assert!(text.contains("And 4980 more."));
}

#[test]
fn sarif_names_files_as_uris_and_fingerprints_do_not_depend_on_where_or_what_was_measured() {
    let mut dismissed = finding("page /b", None);
    dismissed.dismissed = Some("the team knows".into());
    let here = finding("POST /api/a", Some("app/[id]/ä b:c.ts"));
    let there = Finding { text: "other".into(), ..finding("POST /api/a", None) };
    let mut check = check(vec![here, there]);
    check.dismissed = vec![dismissed];
    let drawn = sarif(&Shown { check: &check, notes: &[] }).unwrap();
    let log: serde_json::Value = serde_json::from_str(&drawn).unwrap();
    let results = log["runs"][0]["results"].as_array().unwrap();
    let place = &results[0]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "app/%5Bid%5D/%C3%A4%20b%3Ac.ts");
    assert_eq!(place["region"]["startLine"], 7);
    assert_eq!(results[0]["partialFingerprints"], results[1]["partialFingerprints"]);
    assert_ne!(results[0]["partialFingerprints"], results[2]["partialFingerprints"]);
    assert_eq!(results[0]["baselineState"], "new");
    assert_eq!(results[2]["suppressions"][0]["justification"], "the team knows");
    assert!(results[1]["locations"][0].get("physicalLocation").is_none());
}

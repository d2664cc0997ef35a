//! Scenarios that are told in other forms, or of which little is known: a few calls, one person, one day. Whatever is lost, no move is
//! wrong and no improvement dangerous.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use pointsman_advisor::Settings;
use pointsman_evals::judge::{collect, judge};
use pointsman_evals::robust::{ChangeKind, Played, in_other_forms};
use pointsman_evals::scenario::{Scenario, load};
use pointsman_evals::score::cases;
use pointsman_evals::sim::{Play, play};
use pointsman_evals::telemetry::{Encoded, Sent};

/// Scenarios with moves of each kind, and some in which what looks like one is none.
const CHOSEN: [&str; 8] = [
    "cases/cart-refresh",
    "cases/getters-in-series",
    "cases/stripe-webhook",
    "unseen-2026-12/recently-viewed-from-local-storage",
    "unseen-2026-12/script-that-copies-a-browsers-headers",
    "unseen-2026-12/stats-by-a-wrapped-action-on-mount",
    "unseen-2027-01/menu-on-prerendered-pages",
    "unseen-2027-01/shared-into-the-app",
];

fn chosen() -> Vec<Scenario> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let sets = ["cases", "unseen-2026-12", "unseen-2027-01"].map(|set| load(&folder, set).unwrap());
    let found: Vec<Scenario> =
        sets.into_iter().flatten().filter(|scenario| CHOSEN.contains(&&*scenario.id)).collect();
    assert_eq!(found.len(), CHOSEN.len(), "a scenario has another name now");
    found
}

#[test]
fn no_form_of_telemetry_makes_a_move_wrong() {
    let settings = Settings::default();
    for scenario in &chosen() {
        let how = Play::default();
        let encoded = Encoded::new(scenario, how, &play(scenario, how));
        let told = collect(encoded.requests(&Sent::default())).unwrap();
        let before = cases(scenario, &judge(scenario, &told, &settings).unwrap());
        let played = Played { scenario, settings: &settings, encoded, told, before };
        for change in in_other_forms(&played).unwrap() {
            let harms = matches!(change.kind, ChangeKind::WrongMove | ChangeKind::Dangerous);
            assert!(!harms, "{change:?}");
        }
    }
}

#[test]
fn little_traffic_makes_no_move_wrong() {
    type Change = fn(&mut Scenario);
    let fewer: [(&str, Change); 5] = [
        ("one day", |scenario| scenario.days = 1),
        ("one person", |scenario| scenario.people.iter_mut().for_each(|people| people.clients = Some(1))),
        ("three visits a day", |scenario| scenario.people.iter_mut().for_each(|people| people.visits = 3.0)),
        ("ten visits in two days", |scenario| {
            scenario.days = 2;
            scenario.people.iter_mut().for_each(|people| people.visits = 5.0);
        }),
        ("one person for two days", |scenario| {
            scenario.days = 2;
            for people in &mut scenario.people {
                (people.clients, people.visits) = (Some(1), 25.0);
            }
        }),
    ];
    for scenario in &chosen() {
        for (what, change) in fewer {
            let mut scenario = scenario.clone();
            change(&mut scenario);
            let how = Play::default();
            let encoded = Encoded::new(&scenario, how, &play(&scenario, how));
            let told = collect(encoded.requests(&Sent::default())).unwrap();
            for case in cases(&scenario, &judge(&scenario, &told, &Settings::default()).unwrap()) {
                let dangerous: Vec<_> = case.dangerous().collect();
                assert!(
                    !case.is_wrong_move() && dangerous.is_empty(),
                    "{what}: {} {} {:?} {dangerous:?}",
                    case.scenario,
                    case.handler,
                    case.said
                );
            }
        }
    }
}

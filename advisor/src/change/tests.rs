//! What is said of several Handlers as one, whatever their order.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::report::{Benefit, Verdict};
use crate::words::{Effort, ReportedKind};

/// A gain as rules make them: one that saves its request, or one that shares the waiting of a sequence.
fn gain(per_day: f64, ms: f64, own_request: bool, queue_ms: f64) -> Benefit {
    Benefit {
        interactions_per_day: per_day,
        round_trips_per_interaction: 1.0,
        requests_per_interaction: f64::from(u8::from(own_request)),
        round_trips_per_day: per_day,
        ms_per_interaction_p50: ms,
        ms_per_interaction_p95: Some(ms * 2.0),
        queue_ms_per_interaction: (queue_ms > 0.0).then_some(queue_ms),
        bytes_per_day: per_day * 100.0,
        origin_requests_per_day: if own_request { per_day } else { 0.0 },
        interval: BTreeMap::from([("round_trips_per_day".to_owned(), [per_day * 0.9, per_day * 1.1])]),
        assumed: None,
    }
}

fn gains() -> impl Strategy<Value = Vec<Benefit>> {
    let one = (0.0..1_000.0, 0.0..500.0, any::<bool>(), prop_oneof![Just(0.0), 0.0..300.0]);
    prop::collection::vec(one.prop_map(|(per_day, ms, own, queue)| gain(per_day, ms, own, queue)), 1..6)
}

fn about(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-6 * a.abs().max(b.abs()).max(1.0)
}

/// A number of a gain.
type Number = fn(&Benefit) -> f64;

proptest! {
    #[test]
    fn together_they_gain_no_more_than_all_and_no_less_than_one(parts in gains()) {
        let together = together(&parts.iter().collect::<Vec<_>>()).expect("a gain of at least one");
        let numbers: [(&str, Number); 4] = [
            ("worth", Benefit::worth),
            ("round trips", |gain| gain.round_trips_per_day),
            ("requests", |gain| gain.origin_requests_per_day),
            ("bytes", |gain| gain.bytes_per_day),
        ];
        for (name, of) in numbers {
            let sum: f64 = parts.iter().map(of).sum();
            let most = parts.iter().map(of).fold(0.0, f64::max);
            let value = of(&together);
            prop_assert!(value <= sum || about(value, sum), "{}: {} of {}", name, value, sum);
            prop_assert!(value >= most || about(value, most), "{}: {} below {}", name, value, most);
        }
        for (name, [low, high]) in &together.interval {
            prop_assert!(low <= high, "{}", name);
        }
    }

    #[test]
    fn their_order_does_not_matter(parts in gains(), turn in 0_usize..6) {
        let one = together(&parts.iter().collect::<Vec<_>>());
        let mut turned = parts.clone();
        turned.rotate_left(turn % parts.len());
        let other = together(&turned.iter().collect::<Vec<_>>());
        let worth = |gain: Option<Benefit>| gain.map_or(0.0, |gain| gain.worth());
        prop_assert!(about(worth(one), worth(other)));
    }
}

fn row(name: &str, confidence: f64) -> HandlerReport {
    let mut row = crate::report::blank_row(name.len() as u64, Verdict::MoveToRouteHandler);
    row.kind = ReportedKind::ServerAction;
    row.action = Some(name.into());
    row.file = Some("app/actions.ts".into());
    row.route = "/compare".into();
    row.pages = vec!["/compare".into()];
    row.rule = Some("action-serial-queue".into());
    row.confidence = Some(confidence);
    row.benefit = Some(gain(32.0, 111.0, false, 0.0));
    row.effort = Some(Effort::Small);
    row.steps = vec![format!("move {name}")];
    row.warnings = vec!["a route is a public URL".into()];
    row
}

#[test]
fn one_plan_names_all_of_them_and_is_as_sure_as_the_least_sure() {
    let rows = [row("getShipping", 0.7), row("getPrice", 0.9), row("getStock", 0.8)];
    let [a, b, c] = &rows;
    let said = outline(&[a, b, c]).expect("three rows");
    assert_eq!(said.title, "Fetch price, shipping and stock in parallel on /compare");
    assert_eq!((said.confidence, said.effort.clone()), (Some(0.7), Some(Effort::Small)));
    assert_eq!(said.benefit.as_ref().map(|gain| gain.round_trips_per_day), Some(32.0));
    assert_eq!(said.warnings.len(), 1);
    let plan = said.steps.join("\n");
    for name in ["getShipping", "getPrice", "getStock", "app/api/price/route.ts", "Promise.all"] {
        assert!(plan.contains(name), "{name}: {plan}");
    }
    assert_eq!(outline(&[c, a, b]), Some(said));
    let alone = outline(&[a]).expect("one row");
    assert_eq!(
        (alone.steps, alone.title.as_str()),
        (a.steps.clone(), "Fetch shipping in parallel on /compare")
    );
}

//! The rule against flapping: what each look leaves standing.
#![allow(clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::report::{Need, NeedCode, blank_row};
use Verdict::{InsufficientEvidence, Keep, MoveToRouteHandler, MoveToServerAction};

fn row(verdict: Verdict) -> HandlerReport {
    let callers = BTreeMap::from([("own_ui".to_owned(), 1.0)]);
    HandlerReport { callers, flips_if: "otherwise".into(), ..blank_row(7, verdict) }
}

fn blocked() -> HandlerReport {
    HandlerReport { barred: true, ..row(Keep) }
}

fn callers_unknown() -> HandlerReport {
    let needs = vec![Need::attribute("user_agent.original")];
    HandlerReport { needs, barred: true, ..row(InsufficientEvidence) }
}

fn few_calls() -> HandlerReport {
    HandlerReport { needs: vec![Need::more(NeedCode::MoreCalls, 3, 100)], ..row(InsufficientEvidence) }
}

/// A row of the table below: when it is looked, what is seen, what stands after it.
fn look_of(words: &str, now_ns: u64) -> (Look, HandlerReport, Verdict) {
    let [when, seen, stands] = words.split_whitespace().collect::<Vec<_>>()[..] else {
        panic!("`{words}` are not three words")
    };
    let (occasion, paused) = match when {
        "first" => (Occasion::First, false),
        "run" => (Occasion::Run, false),
        // A run right after a deployment.
        "deployed" => (Occasion::Run, true),
        "view" => (Occasion::View, false),
        _ => panic!("{when}"),
    };
    let seen = match seen {
        "move" => row(MoveToServerAction),
        "keep" => row(Keep),
        "few-calls" => few_calls(),
        "blocked" => blocked(),
        "callers-unknown" => callers_unknown(),
        _ => panic!("{seen}"),
    };
    let stands = match stands {
        "MOVE" => MoveToServerAction,
        "KEEP" => Keep,
        "NOTHING" => InsufficientEvidence,
        _ => panic!("{stands}"),
    };
    (Look { occasion, now_ns, paused }, seen, stands)
}

#[test]
fn what_each_look_leaves_standing() {
    for (what, looks) in [
        ("the first verdict is given at once", "run move MOVE"),
        ("also right after a deployment", "deployed keep KEEP"),
        (
            "one run that sees something else changes nothing, two in a row do",
            "run move MOVE, run keep MOVE, run move MOVE, run keep MOVE, run keep KEEP, run move KEEP, run move MOVE",
        ),
        (
            "two runs that see two other things see something else",
            "run move MOVE, run few-calls MOVE, run keep KEEP",
        ),
        ("a lack of evidence is left at once", "run few-calls NOTHING, run keep KEEP"),
        ("but not right after a deployment", "run few-calls NOTHING, deployed move NOTHING, run move MOVE"),
        (
            "runs right after a deployment do not count",
            "run move MOVE, deployed keep MOVE, deployed keep MOVE, run keep MOVE, run keep KEEP",
        ),
        ("a blocker ends a move at once, also then", "run move MOVE, deployed blocked KEEP"),
        ("so do callers that are unknown", "run move MOVE, run callers-unknown NOTHING"),
        (
            "a view shows what stands, and a blocker at once",
            "run move MOVE, view keep MOVE, view keep MOVE, view blocked KEEP, run keep MOVE",
        ),
        (
            "what the first look gave holds nothing up",
            "first keep KEEP, view move MOVE, run move MOVE, run keep MOVE",
        ),
        ("a run that sees the same makes it stand", "first keep KEEP, run keep KEEP, run move KEEP"),
    ] {
        let mut standing = None;
        for (now_ns, words) in (1..).zip(looks.split(',')) {
            let (look, seen, wanted) = look_of(words, now_ns);
            let next = look.settle(standing.as_ref(), &seen);
            assert_eq!(next.verdict, wanted, "{what}: {words}");
            if look.occasion != Occasion::View {
                standing = Some(next);
            }
        }
    }
}

#[test]
fn flips_are_counted_and_nothing_else() {
    let look = |now_ns| Look { occasion: Occasion::Run, now_ns, paused: false };
    let mut standing = look(0).settle(None, &row(MoveToServerAction));
    for (at, seen, flips) in [
        (1, blocked(), 1),
        (2, row(MoveToServerAction), 1),
        (3, row(MoveToServerAction), 2),
        (4, callers_unknown(), 2),
        (5, row(Keep), 2),
        (6, row(Keep), 2),
    ] {
        standing = look(at).settle(Some(&standing), &seen);
        assert_eq!(standing.flips, flips, "after look {at}");
    }
    let first = Look { occasion: Occasion::First, now_ns: 0, paused: false }.settle(None, &row(Keep));
    assert_eq!(look(1).settle(Some(&first), &row(MoveToServerAction)).flips, 0, "it held nothing up");
}

/// Any raw judgement, with whether it must end a standing move.
fn judgements() -> impl Strategy<Value = (HandlerReport, bool)> {
    prop_oneof![
        Just((row(MoveToServerAction), false)),
        Just((row(MoveToRouteHandler), false)),
        Just((row(Keep), false)),
        Just((few_calls(), false)),
        Just((blocked(), true)),
        Just((callers_unknown(), true)),
    ]
}

proptest! {
    #[test]
    fn no_sequence_flips_faster_than_the_rule_allows(
        seen in prop::collection::vec((judgements(), prop::bool::weighted(0.2)), 1..60),
    ) {
        let mut standing: Option<Standing> = None;
        let mut before: Option<Verdict> = None;
        for (now_ns, ((judged, must_end), paused)) in (1..).zip(&seen) {
            let look = Look { occasion: Occasion::Run, now_ns, paused: *paused };
            let next = look.settle(standing.as_ref(), judged);
            if let Some(old) = &standing {
                if old.verdict.is_move() && *must_end {
                    prop_assert_eq!(next.verdict, judged.verdict, "a blocker ends a standing move at once");
                } else if next.verdict != old.verdict {
                    prop_assert!(!paused, "nothing else changes right after a deployment");
                    if old.verdict != InsufficientEvidence {
                        prop_assert_eq!(next.verdict, judged.verdict);
                        prop_assert!(before.is_some_and(|before| before != old.verdict), "it takes two runs");
                        prop_assert!(now_ns - old.since_ns >= 2, "and so two runs between two changes");
                    }
                }
                prop_assert!(next.flips - old.flips <= u32::from(next.verdict != old.verdict));
            }
            before = Some(judged.verdict);
            standing = Some(next);
        }
    }
}

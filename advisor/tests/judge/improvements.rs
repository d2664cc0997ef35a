//! What gets better without a move.

use std::collections::HashMap;

use pointsman_advisor::Settings;
use pointsman_store::{Caller, Form, HandlerKind, Sign};

use crate::traffic::{MS, SECOND, Traffic, visit};

/// 400 reads of one route, two seconds apart within a visit's minute; `hash` gives each its answer.
fn reads(hash: impl Fn(u64, u64) -> u64) -> Traffic {
    let mut traffic = Traffic::new();
    for visitors in 0..40 {
        for reader in 0..10 {
            let call =
                traffic.get("/api/catalog", visitors * 10 + reader, visit(visitors, 4) + reader * 3 * SECOND);
            (call.request_key, call.response_hash) = (Some(1), Some(hash(visitors, reader)));
        }
    }
    traffic
}

fn improvements(traffic: &Traffic, name: &str) -> Vec<String> {
    traffic.judged(name).improvements
}

#[test]
fn an_uncached_read_that_is_the_same_for_all_should_be_cached() {
    let traffic = reads(|_, _| 9);
    assert_eq!(improvements(&traffic, "GET /api/catalog"), ["cache-get"]);
    let saved = traffic.judged("GET /api/catalog").benefit.unwrap().origin_requests_per_day;
    assert!(saved > 50.0, "{saved}");
}

#[test]
fn answers_that_differ_between_people_are_never_made_public() {
    assert!(improvements(&reads(|visit, reader| visit * 100 + reader), "GET /api/catalog").is_empty());
}

#[test]
fn what_is_cached_sets_cookies_or_takes_tokens_is_left_alone() {
    for sign in [Sign::CacheAllowed, Sign::SetsCookie, Sign::Bearer] {
        let mut traffic = reads(|_, _| 9);
        for call in &mut traffic.calls {
            call.signs |= sign;
            call.signs.set(Sign::CacheControl, sign == Sign::CacheAllowed);
        }
        let told = improvements(&traffic, "GET /api/catalog");
        assert!(!told.iter().any(|rule| rule.contains("cache-get")), "{sign:?}: {told:?}");
    }
}

#[test]
fn a_refresh_after_an_action_is_told_with_its_remedy() {
    for (rerenders, remedy) in [(true, "drop the refresh"), (false, "call refresh()")] {
        let mut traffic = Traffic::new();
        for number in 0..100 {
            let start = visit(number, 4);
            traffic.action("toggle", "/favorites", number, start, 80).signs.set(Sign::Rerendered, rerenders);
            traffic.page("/favorites", Form::Rsc, number, start + 95 * MS);
        }
        let judged = traffic.judged("toggle");
        assert_eq!(judged.improvements, ["refresh-after-action"]);
        assert!(judged.evidence.iter().any(|row| row.text.contains(remedy)), "{:#?}", judged.evidence);
    }
}

#[test]
fn a_page_that_requests_its_own_api_should_call_the_function() {
    let mut traffic = Traffic::new();
    for number in 0..40 {
        let call = traffic.page("/stats", Form::Document, number, visit(number, 4));
        (call.self_fetches, call.self_fetch_overhead_ns) = (1, 12 * MS);
    }
    assert_eq!(improvements(&traffic, "GET /stats"), ["server-self-fetch"]);
}

#[test]
fn a_failing_foreign_origin_is_a_fault_of_the_proxy() {
    let mut traffic = Traffic::new();
    for number in 0..30 {
        let call = traffic.action("save", "/form", number, visit(number, 4), 10);
        call.signs = call.signs | Sign::OriginMismatch | Sign::Failed;
        call.status = Some(500);
    }
    assert_eq!(improvements(&traffic, "save"), ["origin-host-mismatch"]);
}

#[test]
fn writing_without_any_credentials_is_worth_a_look() {
    let told = pointsman_store::Signs::NONE | Sign::HeadersCaptured | Sign::CredentialsTold;
    // Of credentials nobody tells of, none were seen, and not none were there.
    let untold = pointsman_store::Signs::NONE | Sign::HeadersCaptured;
    for (signs, expected) in [(told, &["unauthenticated-action"][..]), (untold, &[])] {
        let mut traffic = Traffic::new();
        for number in 0..100 {
            let call = traffic.action("updateProfile", "/profile", number, visit(number, 4), 10);
            call.signs = signs;
        }
        assert_eq!(improvements(&traffic, "updateProfile"), expected);
    }
}

#[test]
fn only_people_are_told_about_duplicates() {
    for (caller, told) in [(Caller::OwnUi, true), (Caller::Bot, false), (Caller::External, false)] {
        let mut traffic = Traffic::new();
        for number in 0..100 {
            for again in 0..2 {
                let call = traffic.call(
                    HandlerKind::RouteHandler,
                    "GET",
                    "/api/me",
                    number,
                    visit(number, 4) + again * SECOND,
                    5,
                );
                (call.caller, call.request_key, call.response_hash) = (caller, Some(number), Some(number));
            }
        }
        let judged = traffic.judged_with("GET /api/me", &Settings::default());
        assert_eq!(judged.improvements.contains(&"duplicate-get".to_owned()), told, "{caller:?}");
    }
}

#[test]
fn what_a_client_asks_again_can_be_kept_by_its_browser() {
    let mut traffic = Traffic::new();
    for number in 0..60 {
        for second in [0, 12, 31, 63, 74] {
            let call = traffic.get("/api/me", number, visit(number, 4) + second * SECOND);
            (call.request_key, call.response_hash) = (Some(1), Some(number));
        }
    }
    assert_eq!(improvements(&traffic, "GET /api/me"), ["private-cache-get"]);
}

#[test]
fn bodies_over_the_limit_are_told_unless_the_app_has_raised_it() {
    for (status, told) in [(500, true), (200, false)] {
        let mut traffic = Traffic::new();
        for number in 0..60 {
            let call = traffic.action("uploadPdf", "/agents", number, visit(number, 4), 900);
            (call.request_bytes, call.status) = (Some(3_000_000), Some(status));
            call.signs.set(Sign::BodyTooLarge, status == 500);
        }
        assert_eq!(
            improvements(&traffic, "uploadPdf").contains(&"action-over-limit".to_owned()),
            told,
            "{status}"
        );
    }
}

#[test]
fn unknown_ids_of_several_clients_are_version_skew_of_the_pages_actions() {
    use pointsman_store::{Action, AppFact};
    const ID: &str = "40ed6c88892d01d47e16d50e7b342a9c1aa9c1744e";
    let fact = AppFact {
        service: "shop".into(),
        environment: Some("production".into()),
        build: Some("1".into()),
        name: "next.action.id".into(),
        value: ID.into(),
        first_seen_ns: 0,
        last_seen_ns: 0,
    };
    for (clients, malformed, told) in [(10, false, true), (1, false, false), (10, true, false)] {
        let mut traffic = Traffic::new();
        for number in 0..200 {
            traffic.action("save", "/settings", number, visit(number, 4), 20);
            if number % 20 == 0 {
                let call =
                    traffic.action("save", "/settings", number % clients * 20, visit(number, 4) + SECOND, 5);
                std::sync::Arc::make_mut(&mut call.handler).action = Some(Action::NotFound);
                call.signs.set(Sign::ActionNotFound, !malformed);
                call.signs.set(Sign::ActionMalformed, malformed);
                call.unknown_action = Some(ID.to_owned()).filter(|_| !malformed);
                call.status = Some(404);
            }
        }
        for call in &mut traffic.calls {
            // Ten stale pages, or one.
            if call.has(Sign::ActionNotFound) && clients == 10 {
                call.client = Some(pointsman_store::ClientKey(call.start_ns));
            }
        }
        let facts = std::slice::from_ref(&fact);
        let report = traffic.report_where(&Settings::default(), &HashMap::new(), facts);
        let found = report.handlers.iter().find(|it| it.action.as_deref() == Some("save")).unwrap();
        let found = found.improvements.contains(&"version-skew".to_owned());
        assert_eq!(found, told, "{clients} clients, malformed: {malformed}");
    }
}

#[test]
fn typing_is_debounced_even_where_nothing_moves() {
    let mut traffic = Traffic::new();
    for number in 0..100 {
        for key in 0..6 {
            let call =
                traffic.action("searchSkills", "/skills", number, visit(number, 4) + key * 250 * MS, 60);
            (call.request_key, call.request_bytes) = (Some(number * 10 + key), Some(10 + key));
        }
    }
    let judged = traffic.judged("searchSkills");
    assert!(judged.improvements.contains(&"action-typeahead".to_owned()), "{judged:#?}");
    let rows = judged.evidence.iter().filter(|row| row.rule == "action-typeahead").count();
    assert_eq!(rows, 1, "one fact is told once");
}

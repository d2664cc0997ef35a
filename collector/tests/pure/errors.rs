//! Errors told apart: a client that went away, a body that was too large; and what a cache did not have.

use opentelemetry_proto::tonic::common::v1::KeyValue;
use pointsman_store::{Call, Sign};

use crate::made::{call, number, request, text};
use crate::support::{OWN, own_calls};

fn answered(method: &str, kind: &str, status: i64, more: Vec<KeyValue>) -> Call {
    call(Vec::new(), vec![request(method, kind, status, more)])
}

#[test]
fn a_client_that_went_away_is_no_failure_of_the_app() {
    let aborted = answered("GET", "app_route", 200, vec![text("error.type", "aborted")]);
    assert!(aborted.has(Sign::ClientGone) && !aborted.has(Sign::Failed));
    let closed = answered("GET", "app_route", 499, Vec::new());
    assert!(closed.has(Sign::ClientGone) && !closed.has(Sign::Failed));
    let action = vec![text("next.action.id", &"a".repeat(42)), text("error.type", "aborted")];
    assert!(answered("POST", "app_page", 200, action).has(Sign::ClientGone));
    let failed = answered("GET", "app_route", 500, vec![text("error.type", "500")]);
    assert!(!failed.has(Sign::ClientGone) && failed.has(Sign::Failed));
    assert!(!answered("GET", "app_route", 200, Vec::new()).has(Sign::ClientGone));
}

#[test]
fn a_body_was_too_large_where_the_answer_and_the_limit_say_so() {
    const MIB: i64 = 1 << 20;
    let size = |bytes: i64| number("http.request.body.size", bytes);
    let limit = |bytes: i64| number("pointsman.next.body_size_limit", bytes);
    let action = |status, more: Vec<KeyValue>| {
        let id = text("next.action.id", &"a".repeat(42));
        answered("POST", "app_page", status, std::iter::once(id).chain(more).collect())
    };
    for (what, call, expected) in [
        ("a route that says so", answered("POST", "pages_api", 413, Vec::new()), true),
        ("over Next.js' default", action(500, vec![size(MIB + 1)]), true),
        ("at the default", action(500, vec![size(MIB)]), false),
        ("below it", action(500, vec![size(20_000)]), false),
        ("over it and well", action(200, vec![size(MIB + 1)]), false),
        ("size unknown", action(500, Vec::new()), false),
        ("below the app's own limit", action(500, vec![size(MIB + 1), limit(2 * MIB)]), false),
        ("over the app's own limit", action(500, vec![size(20_000), limit(10_000)]), true),
        ("a route that failed", answered("POST", "app_route", 500, vec![size(2 * MIB)]), false),
    ] {
        assert_eq!(call.has(Sign::BodyTooLarge), expected, "{what}");
    }
    let on_resource = |bytes| {
        let more = vec![text("next.action.id", &"a".repeat(42)), size(MIB + 1)];
        call(vec![limit(bytes)], vec![request("POST", "app_page", 500, more)])
    };
    assert!(on_resource(MIB).has(Sign::BodyTooLarge));
    assert!(!on_resource(2 * MIB).has(Sign::BodyTooLarge));
}

#[test]
fn a_miss_is_what_next_says_is_one() {
    for (value, miss, hit) in
        [("MISS", true, false), ("HIT", false, true), ("STALE", false, true), ("REVALIDATED", false, false)]
    {
        let cache = vec![text("http.response.header.x-nextjs-cache", value)];
        let call = answered("GET", "app_route", 200, cache);
        assert_eq!((call.has(Sign::CacheMiss), call.has(Sign::CacheHit)), (miss, hit), "{value}");
    }
    assert!(!answered("GET", "app_route", 200, Vec::new()).has(Sign::CacheMiss));
}

#[test]
fn recorded_errors_are_told_apart() {
    for (name, _) in OWN {
        let calls = own_calls(name);
        let of = |sign| calls.iter().filter(move |call| call.has(sign));
        assert!(of(Sign::ClientGone).all(|call| !call.has(Sign::Failed)), "{name}");
        assert!(of(Sign::BodyTooLarge).all(|call| call.status >= Some(413)), "{name}");
        assert!(of(Sign::CacheMiss).all(|call| !call.has(Sign::CacheHit)), "{name}");
    }
}

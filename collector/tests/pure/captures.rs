//! What is found in recordings with own spans: every request, of the right kind.

use pointsman_store::{Caller, Form, HandlerKind, Sign};

use crate::support::{OWN, calls, expected_rows, extract, own_calls, requests, table};

#[test]
fn every_request_is_found_with_its_kind_route_method_and_action() {
    for (name, total) in OWN {
        let calls = own_calls(name);
        let mut found = table(&calls);
        found.sort();
        assert_eq!(found, expected_rows(name), "{name}");
        assert_eq!(calls.len(), total, "{name}");
    }
}

#[test]
fn a_request_during_boot_is_found_by_its_plain_span() {
    for (name, booting) in [("next-14.2", 1), ("next-15.5", 0), ("next-16.4-nodesdk", 1), ("next-16.4", 0)] {
        let calls = calls(name);
        let plain: Vec<_> = calls.iter().filter(|call| !call.has(Sign::OwnSpan)).collect();
        assert_eq!(plain.len(), booting, "{name}");
        assert!(plain.iter().all(|call| call.handler.route == "/" && call.form == Form::Document), "{name}");
    }
}

#[test]
fn a_recording_read_twice_gives_the_same_calls() {
    for (name, _) in OWN {
        let twice = requests(name).into_iter().chain(requests(name));
        assert_eq!(extract(twice), extract(requests(name)), "{name}");
    }
}

#[test]
fn callers_are_told_apart() {
    for (name, _) in OWN {
        let calls = own_calls(name);
        let class = |route: &str, agent: &str| {
            let mut of: Vec<_> = calls
                .iter()
                .filter(|call| call.handler.route == route && call.agent.as_deref() == Some(agent))
                .map(|call| call.caller.as_str())
                .collect();
            of.sort_unstable();
            of.dedup();
            of
        };
        assert_eq!(class("/api/webhooks/stripe", "Stripe"), ["external"], "{name}");
        assert_eq!(class("/api/private", "curl"), ["external"], "{name}");
        assert_eq!(class("/api/cart", "Chrome"), ["own_ui"], "{name}");
        assert_eq!(class("/api/echo", "Chrome"), ["cross_origin"], "{name}");
        assert_eq!(class("/api/etag", "Chrome"), ["cross_origin", "own_ui"], "{name}");
        assert!(calls.iter().all(|call| call.caller != Caller::Unknown), "{name}");
    }
}

#[test]
fn signs_say_what_the_traffic_did() {
    for (name, _) in OWN {
        let calls = own_calls(name);
        let count = |sign| calls.iter().filter(|call| call.has(sign)).count();
        let with = |sign| calls.iter().filter(move |call| call.has(sign));
        assert_eq!(count(Sign::OwnSpan), calls.len(), "{name}");
        assert_eq!(count(Sign::HeadersCaptured), calls.len(), "{name}");
        assert_eq!(count(Sign::ActionMalformed), 1, "{name}");
        assert_eq!(count(Sign::ActionNotFound), 2, "{name}");
        assert!(with(Sign::Failed).all(|call| call.status >= Some(500)), "{name}");
        assert_eq!(with(Sign::Bearer).map(|call| &*call.handler.route).collect::<Vec<_>>(), ["/api/private"]);
        let signed = calls.iter().filter_map(|call| call.signature.as_deref());
        let mut signed: Vec<_> = signed.collect();
        signed.sort_unstable();
        assert_eq!(signed, ["stripe-signature", "x-hub-signature-256"], "{name}");
        let preflights = calls.iter().filter(|call| call.form == Form::Preflight);
        assert_eq!(
            preflights.map(|call| call.origin.as_deref()).collect::<Vec<_>>(),
            [Some("other.example")]
        );
        assert!(with(Sign::Rerendered).all(|call| call.handler.kind == HandlerKind::ServerAction), "{name}");
        assert!(count(Sign::Rerendered) >= 2, "{name}");
        assert!(count(Sign::CacheHit) >= 2 && count(Sign::CacheAllowed) >= 2, "{name}");
    }
}

#[test]
fn pages_that_fetch_their_own_routes_are_seen() {
    for name in ["next-14.2", "next-15.5", "next-16.4"] {
        let calls = calls(name);
        let fetching: Vec<_> = calls.iter().filter(|call| call.self_fetches > 0).collect();
        let total: u32 = fetching.iter().map(|call| call.self_fetches).sum();
        assert_eq!(total, 4, "{name}");
        assert!(
            fetching
                .iter()
                .all(|call| call.self_fetch_overhead_ns > 0 && call.handler.kind == HandlerKind::Page)
        );
        let own = calls
            .iter()
            .filter(|call| call.caller == Caller::Server && call.agent.as_deref() == Some("node"));
        assert_eq!(own.count(), 4, "{name}");
    }
}

#[test]
fn the_app_says_what_it_is() {
    let facts = extract(requests("next-16.4")).facts;
    let has = |name: &str, value: &str| facts.iter().any(|fact| fact.name == name && fact.value == value);
    assert!(has("pointsman.next.version", "16.4.6"));
    assert!(has("otel.scope.name", "@pointsman/nextjs"));
    assert!(has("process.runtime.name", "nodejs"));
    // Next.js 14 and 15 give a version that is not theirs.
    let facts = extract(requests("next-14.2")).facts;
    assert!(facts.iter().all(|fact| fact.name != "pointsman.next.version"));
}

//! Routes: what makes one movable, what bars it, and what leaves it open. Both sides of each threshold.

use pointsman_advisor::{HandlerReport, Settings, Verdict};
use pointsman_store::{Caller, Form, HandlerKind, Sampling, Sign};

use crate::traffic::{DAY, DAY_0, MS, SECOND, Traffic, cart, visit};

fn rules(handler: &HandlerReport) -> Vec<&str> {
    handler.evidence.iter().map(|row| row.rule.as_str()).collect()
}

#[test]
fn a_mutation_followed_by_a_refresh_moves_into_an_action() {
    let judged = cart(97).judged("POST /api/cart");
    assert_eq!(judged.verdict, Verdict::MoveToServerAction, "{judged:#?}");
    assert_eq!(judged.state.as_deref(), Some("proposed"));
    assert!(rules(&judged).contains(&"mutate-then-refresh"));
    let benefit = judged.benefit.unwrap();
    // 582 pairs over the four days from the first hour to the last.
    assert!((140.0..=200.0).contains(&benefit.round_trips_per_day), "{benefit:?}");
    assert!((19.0..=21.0).contains(&benefit.ms_per_interaction_p50), "{benefit:?}");
    assert!(judged.confidence.unwrap() < 0.9, "high confidence takes a full week: {:?}", judged.confidence);
    assert!(judged.steps.iter().any(|step| step.contains("app/api/cart/route.ts")), "{:?}", judged.steps);
}

#[test]
fn below_half_it_stays_and_says_what_would_flip_it() {
    let judged = cart(40).judged("POST /api/cart");
    assert_eq!(judged.verdict, Verdict::Keep, "{}", judged.reason);
    assert!(judged.flips_if.contains("mutate-then-refresh"), "{}", judged.flips_if);
    assert_eq!((judged.confidence, judged.state), (None, None));
}

#[test]
fn one_outside_call_a_month_ago_bars_the_move() {
    let mut traffic = cart(97);
    let call = traffic.mutation("/api/cart", "/", 7, DAY_0 - 28 * DAY);
    (call.caller, call.agent, call.page) = (Caller::External, Some("okhttp".into()), None);
    let judged = traffic.judged("POST /api/cart");
    assert_eq!(judged.verdict, Verdict::Keep);
    assert_eq!(judged.blockers, ["external-nonbrowser-client"]);
}

#[test]
fn a_scanner_that_gets_nothing_bars_nothing() {
    let mut traffic = cart(97);
    for number in 0..2 {
        let call = traffic.mutation("/api/cart", "/", 7, visit(number, 4) + SECOND);
        (call.caller, call.agent, call.status, call.page) =
            (Caller::External, Some("curl".into()), Some(405), None);
    }
    assert_eq!(traffic.judged("POST /api/cart").verdict, Verdict::MoveToServerAction);
}

#[test]
fn every_blocker_holds_a_movable_route_back() {
    type Change = fn(&mut Traffic);
    let cases: [(&str, Change); 6] = [
        ("webhook-signature", |traffic| {
            traffic.mutation("/api/cart", "/", 1, visit(1, 4) + SECOND).signature =
                Some("stripe-signature".into());
        }),
        ("cross-origin-caller", |traffic| {
            traffic.mutation("/api/cart", "/", 1, visit(1, 4) + SECOND).form = Form::Preflight;
        }),
        ("cross-origin-caller", |traffic| {
            traffic.mutation("/api/cart", "/", 1, visit(1, 4) + SECOND).caller = Caller::CrossOrigin;
        }),
        ("stream-or-binary", |traffic| {
            traffic.mutation("/api/cart", "/", 1, visit(1, 4) + SECOND).signs |= Sign::StreamOrBinary;
        }),
        ("subresource", |traffic| {
            for number in 0..2 {
                traffic.mutation("/api/cart", "/", 1, visit(number, 4) + SECOND).signs |= Sign::Subresource;
            }
        }),
        ("beacon-or-keepalive", |traffic| {
            for number in 0..5 {
                traffic.mutation("/api/cart", "/", 1, visit(number, 4) + SECOND).signs |= Sign::NoCors;
            }
        }),
    ];
    for (blocker, change) in cases {
        let mut traffic = cart(97);
        change(&mut traffic);
        let judged = traffic.judged("POST /api/cart");
        assert_eq!((judged.verdict, judged.blockers), (Verdict::Keep, vec![blocker.to_owned()]), "{blocker}");
    }
}

#[test]
fn a_get_never_moves_and_its_blockers_are_named() {
    type Change = fn(&mut pointsman_store::Call);
    let cases: [(&[&str], Change); 4] = [
        (&[], |_| {}),
        (&["navigation-target"], |call| call.signs |= Sign::Navigate),
        (&["http-cached-get"], |call| call.signs |= Sign::CacheHit),
        (&["stream-or-binary"], |call| call.signs |= Sign::Disposition),
    ];
    for (blockers, change) in cases {
        let mut traffic = Traffic::new();
        for number in 0..400 {
            change(traffic.get("/api/things", number, visit(number, 4)));
        }
        let judged = traffic.judged("GET /api/things");
        assert_eq!(judged.verdict, Verdict::Keep);
        assert_eq!(judged.blockers, blockers);
    }
}

#[test]
fn unknown_callers_leave_it_open() {
    let mut traffic = cart(97);
    for call in traffic.calls.iter_mut().step_by(20) {
        // Nothing was captured of them.
        (call.caller, call.signs) = (Caller::Unknown, pointsman_store::Signs::NONE);
    }
    let judged = traffic.judged("POST /api/cart");
    assert_eq!(judged.verdict, Verdict::InsufficientEvidence, "{}", judged.reason);
    assert!(judged.needs.iter().any(|need| need.code.as_str() == "missing_attribute"), "{:?}", judged.needs);
}

#[test]
fn unknown_credentials_leave_it_open() {
    let mut traffic = cart(97);
    for call in &mut traffic.calls {
        // What is known of cookies comes from the basis of the client's key: of tokens nothing is told.
        call.signs =
            pointsman_store::Signs::NONE | Sign::HeadersCaptured | Sign::SessionCookie | Sign::SessionsTold;
    }
    let judged = traffic.judged("POST /api/cart");
    assert_eq!(judged.verdict, Verdict::InsufficientEvidence, "{}", judged.reason);
    let missing: Vec<_> = judged.needs.iter().filter_map(|need| need.attribute.as_deref()).collect();
    assert_eq!(missing, ["pointsman.request.credentials"]);
}

#[test]
fn absent_clients_sampling_and_ambiguous_refreshes_leave_it_open() {
    type Change = fn(&mut pointsman_store::Call);
    let cases: [(&str, Change); 3] = [
        ("no client key", |call| call.client = None),
        ("one trace in two", |call| call.sampling = Sampling::Threshold(1 << 55)),
        ("refresh or prefetch", |call| {
            if call.form == Form::Rsc {
                call.form = Form::RscOrPrefetch;
            }
        }),
    ];
    for (what, change) in cases {
        let mut traffic = cart(97);
        traffic.calls.iter_mut().for_each(change);
        let judged = traffic.judged("POST /api/cart");
        assert_eq!(judged.verdict, Verdict::InsufficientEvidence, "{what}: {}", judged.reason);
    }
}

#[test]
fn too_few_calls_or_days_say_how_many_more() {
    let mut few = Traffic::new();
    for number in 0..200 {
        few.mutation_with_refresh("/api/cart", "/product/1", number, visit(number, 4));
    }
    let judged = few.judged("POST /api/cart");
    assert_eq!(judged.verdict, Verdict::InsufficientEvidence);
    assert_eq!((judged.needs[0].have, judged.needs[0].want), (Some(200), Some(300)));

    let mut one_day = Traffic::new();
    for number in 0..400 {
        one_day.mutation_with_refresh("/api/cart", "/product/1", number, DAY_0 + number * 60 * SECOND);
    }
    let judged = one_day.judged("POST /api/cart");
    assert_eq!(judged.verdict, Verdict::InsufficientEvidence);
    assert_eq!(judged.needs[0].code.as_str(), "more_days");
}

#[test]
fn a_gain_too_small_is_no_reason() {
    let mut traffic = Traffic::new();
    for number in 0..400 {
        // Spread over 40 days: ten a day.
        traffic.mutation_with_refresh("/api/cart", "/product/1", number, visit(number, 40));
    }
    let settings =
        Settings { min_calls_for_move: 50, min_calls_without_outsiders: 50, ..Settings::default() };
    let judged = traffic.judged_with("POST /api/cart", &settings);
    assert_eq!(judged.verdict, Verdict::Keep, "{}", judged.reason);
    assert!(judged.reason.contains("interactions a day"), "{}", judged.reason);
}

#[test]
fn development_yields_no_move() {
    let mut traffic = Traffic::in_environment("development");
    for number in 0..600 {
        traffic.mutation_with_refresh("/api/cart", "/product/1", number, visit(number, 4));
    }
    assert_eq!(traffic.judged("POST /api/cart").verdict, Verdict::Keep);
}

#[test]
fn a_client_side_cache_speaks_against_it() {
    let mut traffic = Traffic::new();
    for number in 0..600 {
        let start = visit(number, 4);
        traffic.mutation_with_refresh("/api/mail", "/inbox", number, start);
        traffic.get("/api/mail/count", number, start + 50 * MS);
    }
    let judged = traffic.judged("POST /api/mail");
    assert!(rules(&judged).contains(&"client-cache-library"), "{:?}", rules(&judged));
}

#[test]
fn a_polled_refresh_is_not_taken_for_a_refresh_after_the_mutation() {
    let mut traffic = Traffic::new();
    for number in 0..600 {
        let start = visit(number, 4);
        traffic.mutation("/api/cart", "/product/1", number, start);
        for tick in 1..4 {
            traffic.page("/product/1", Form::Rsc, number, start + tick * 10 * SECOND);
        }
    }
    assert_eq!(traffic.judged("POST /api/cart").verdict, Verdict::Keep);
}

#[test]
fn another_page_or_another_client_is_no_refresh() {
    let mut traffic = Traffic::new();
    for number in 0..600 {
        let start = visit(number, 4);
        traffic.mutation("/api/cart", "/product/1", number, start);
        traffic.page("/product/2", Form::Rsc, number, start + 60 * MS);
        traffic.page("/product/1", Form::Rsc, number + 10_000, start + 60 * MS);
        traffic.page("/product/1", Form::Prefetch, number, start + 60 * MS);
    }
    assert_eq!(traffic.judged("POST /api/cart").verdict, Verdict::Keep);
}

#[test]
fn the_methods_of_one_route_are_judged_apart() {
    let mut traffic = cart(97);
    for number in 0..400 {
        traffic.get("/api/cart", number, visit(number, 4) + 30 * SECOND);
        traffic.call(HandlerKind::RouteHandler, "OPTIONS", "/api/other", number, visit(number, 4), 5);
    }
    assert_eq!(traffic.judged("POST /api/cart").verdict, Verdict::MoveToServerAction);
    assert_eq!(traffic.judged("GET /api/cart").verdict, Verdict::Keep);
}

#[test]
fn what_could_bar_the_move_must_be_seen() {
    let needs = |traffic: &Traffic| -> Vec<Option<String>> {
        let judged = traffic.judged("POST /api/cart");
        assert_eq!(judged.verdict, Verdict::InsufficientEvidence, "{}", judged.reason);
        judged.needs.into_iter().map(|need| need.attribute).collect()
    };
    let mut traffic = cart(97);
    traffic.calls.iter_mut().for_each(|call| call.request_bytes = None);
    assert_eq!(needs(&traffic), [Some("http.request.body.size".to_owned())]);
    // A reload in place of a refresh: either router may render such a page.
    let mut traffic = Traffic::new();
    for number in 0..600 {
        let start = visit(number, 4);
        traffic.page("/product/1", Form::Document, number, start - 20 * SECOND);
        traffic.mutation("/api/cart", "/product/1", number, start);
        traffic.page("/product/1", Form::Document, number, start + 60 * MS);
    }
    assert_eq!(needs(&traffic), [Some("pointsman.route.kind".to_owned())]);
    for call in &mut traffic.calls {
        call.signs.set(Sign::AppRouter, call.handler.kind == HandlerKind::Page);
    }
    assert_eq!(traffic.judged("POST /api/cart").verdict, Verdict::MoveToServerAction);
}

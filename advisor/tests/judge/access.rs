//! What a Handler does with data: names that could mean more than reading, POSTs that read, effects that are nobody's.

use pointsman_advisor::{HandlerReport, Verdict};
use pointsman_store::{Form, HandlerKind, Sign};

use crate::traffic::{MS, SECOND, Traffic, visit};

/// An action that a page calls right after its load, 400 times over 8 days; nothing traces what it does.
fn on_load(name: &str) -> Traffic {
    let mut traffic = Traffic::new();
    for number in 0..400 {
        let start = visit(number, 8);
        traffic.page("/dashboard", Form::Document, number, start);
        traffic.action(name, "/dashboard", number, start + 400 * MS, 60);
    }
    traffic
}

fn with_reading_spans(mut traffic: Traffic) -> Traffic {
    let actions = traffic.calls.iter_mut().filter(|call| call.handler.kind == HandlerKind::ServerAction);
    actions.for_each(|call| call.signs |= Sign::Reads);
    traffic
}

fn asks_whether_it_reads(judged: &HandlerReport) -> bool {
    judged.verdict == Verdict::InsufficientEvidence && judged.needs[0].code.as_str() == "read_or_write"
}

#[test]
fn a_name_that_could_write_moves_nothing() {
    for name in
        ["countView", "findOrCreateCustomer", "getAndDelete", "readAll", "checkStock", "loadAndMarkSeen"]
    {
        let judged = on_load(name).judged(name);
        assert!(asks_whether_it_reads(&judged), "{name}: {:?} {}", judged.verdict, judged.reason);
    }
    for name in ["trackView", "markRead", "checkIn", "checkout", "setupBilling", "login", "sign_out"] {
        let judged = on_load(name).judged(name);
        assert_eq!(judged.verdict, Verdict::Keep, "{name}: {}", judged.reason);
        assert_eq!(judged.flips_if, "", "{name}: no traffic changes what it is called");
    }
}

#[test]
fn reading_spans_prove_what_a_name_leaves_open_but_not_what_it_contradicts() {
    let open = with_reading_spans(on_load("countItems")).judged("countItems");
    assert_eq!(open.verdict, Verdict::MoveToServerComponent, "{}", open.reason);
    let contradicted = with_reading_spans(on_load("findOrCreateCustomer")).judged("findOrCreateCustomer");
    assert!(asks_whether_it_reads(&contradicted), "{}", contradicted.reason);
    let mut once = with_reading_spans(on_load("countItems"));
    once.calls.iter_mut().filter(|call| call.has(Sign::Reads)).take(2).for_each(|call| {
        call.signs |= Sign::Writes;
    });
    assert!(asks_whether_it_reads(&once.judged("countItems")), "it wrote twice");
}

#[test]
fn a_name_alone_is_never_a_sure_reason_to_run_with_the_page() {
    let named = on_load("getProfile").judged("getProfile");
    assert_eq!(named.verdict, Verdict::MoveToServerComponent, "{}", named.reason);
    let sure = with_reading_spans(on_load("getProfile")).judged("getProfile");
    let (by_name, by_spans) = (named.confidence.unwrap(), sure.confidence.unwrap());
    assert!(by_name <= 0.7 && by_spans > 0.9, "{by_name} {by_spans}");
    for judged in [&named, &sure] {
        let first = &judged.steps[0];
        assert!(first.contains("prefetched") && first.contains("crawler"), "{first}");
    }
    assert!(named.steps[0].contains("Check in its code"), "{:?}", named.steps);
}

/// 600 POSTs over 4 days, each followed by a refresh of its page.
fn posts(route: &str, change: impl Fn(u64, &mut pointsman_store::Call)) -> Traffic {
    let mut traffic = Traffic::new();
    for number in 0..600 {
        let start = visit(number, 4);
        change(number, traffic.mutation(route, "/list", number, start));
        traffic.page("/list", Form::Rsc, number, start + 60 * MS);
    }
    traffic
}

#[test]
fn a_post_that_reads_is_no_mutation() {
    for route in ["/api/search", "/api/products/lookup", "/api/search/[kind]"] {
        let judged = posts(route, |_, _| {}).judged(&format!("POST {route}"));
        assert_eq!(judged.verdict, Verdict::Keep, "{route}: {}", judged.reason);
        assert!(judged.reason.contains("reads"), "{}", judged.reason);
        assert!(
            !judged.evidence.iter().any(|row| row.rule == "mutate-then-refresh"),
            "{:?}",
            judged.evidence
        );
    }
    let reads = posts("/api/reports", |_, call| call.signs |= Sign::Reads).judged("POST /api/reports");
    assert_eq!(reads.verdict, Verdict::Keep, "{}", reads.reason);
    let equal = posts("/api/insights", |number, call| {
        call.start_ns = visit(number / 4, 4) + (number % 4) * SECOND;
        (call.request_key, call.response_hash) = (Some(number / 4), Some(number / 4));
        call.response_bytes = Some(20_000);
    });
    let equal = equal.judged("POST /api/insights");
    assert_eq!(equal.verdict, Verdict::Keep, "{}", equal.reason);
    assert!(equal.reason.contains("reads"), "{}", equal.reason);
}

#[test]
fn a_post_that_may_write_is_one() {
    type Change = fn(u64, &mut pointsman_store::Call);
    let cases: [(&str, Change); 5] = [
        ("/api/cart", |_, _| {}),
        // A name is not enough against what was seen.
        ("/api/search", |_, call| call.signs |= Sign::Writes),
        ("/api/search-and-save", |_, _| {}),
        ("/api/like", |_, call| call.signs |= Sign::Reads),
        // Small equal answers say nothing.
        ("/api/insights", |number, call| {
            (call.request_key, call.response_hash) = (Some(number / 4), Some(1));
            call.response_bytes = Some(12);
        }),
    ];
    for (route, change) in cases {
        let judged = posts(route, change).judged(&format!("POST {route}"));
        assert_eq!(judged.verdict, Verdict::MoveToServerAction, "{route}: {}", judged.reason);
    }
}

/// An action on load whose answers set a cookie and bring the page again, while that many of a hundred pages set it too.
fn with_cookies(of_pages: u64) -> Traffic {
    let mut traffic = with_reading_spans(on_load("getProfile"));
    for (number, call) in (0..).zip(&mut traffic.calls) {
        if call.handler.kind == HandlerKind::ServerAction {
            call.signs |= Sign::SetsCookie;
            call.signs |= Sign::Rerendered;
        } else if number / 2 % 100 < of_pages {
            call.signs |= Sign::SetsCookie;
        }
    }
    traffic
}

#[test]
fn a_cookie_that_comes_with_every_answer_is_no_effect_of_one_action() {
    // What the proxy does to all of them leaves an action that reads a reading one; the page that came along still speaks
    // against a move.
    let ambient = with_cookies(100).judged("getProfile");
    let reads = |judged: &HandlerReport| judged.evidence.iter().any(|row| row.rule == "action-read-only");
    assert!(reads(&ambient), "{:?}", ambient.evidence);
    assert!(!reads(&with_cookies(10).judged("getProfile")));
}

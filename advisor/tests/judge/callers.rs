//! Who calls and what it takes from a move: outsiders under a borrowed name, requests without a trace, workers, tokens without
//! cookies, streams, scanners' action ids, and cookies that are nobody's.

use std::collections::HashMap;
use std::sync::Arc;

use pointsman_advisor::{HandlerReport, Settings, Verdict};
use pointsman_store::{Action, AppFact, Call, Caller, ClientKey, Form, InstanceKey, Sign};

use crate::traffic::{DAY, DAY_0, MS, SECOND, Traffic, cart, visit};

const CART: &str = "POST /api/cart";

/// The cart where each mutation was changed so.
fn cart_where(change: fn(&mut Call)) -> HandlerReport {
    let mut traffic = cart(97);
    traffic.calls.iter_mut().filter(|call| call.method == "POST").for_each(change);
    traffic.judged(CART)
}

#[test]
fn one_caller_in_whom_no_page_is_recognized_bars_a_move_for_as_long_as_it_is_retained() {
    for (captured, status, ago, moves) in [
        (true, 200, 28, false),
        (true, 200, 0, false),
        (true, 401, 0, true),
        // Without its headers it may be anybody: one in a hundred is nobody.
        (false, 200, 0, true),
    ] {
        let mut traffic = cart(97);
        let call = traffic.mutation("/api/cart", "/", 7, DAY_0 - ago * DAY + SECOND);
        (call.caller, call.page, call.status) = (Caller::Unknown, None, Some(status));
        if !captured {
            call.signs = pointsman_store::Signs::NONE;
        }
        let judged = traffic.judged(CART);
        let moved = judged.verdict == Verdict::MoveToServerAction;
        assert_eq!(moved, moves, "captured {captured}, {status}, {ago} days ago: {}", judged.reason);
    }
}

#[test]
fn requests_that_left_no_trace_are_unknown_callers() {
    for (hidden, moves) in [(0, true), (5, true), (17, false), (50, false)] {
        let mut traffic = Traffic::new();
        for number in 0..700 {
            traffic.mutation_with_refresh("/api/cart", "/product/1", number, visit(number, 4));
        }
        traffic.calls.sort_by_key(|call| call.start_ns);
        // 1,400 requests were recorded; between them the process saw some more.
        for (number, call) in (1..).zip(&mut traffic.calls) {
            (call.instance, call.requests_seen) =
                (Some(InstanceKey(1)), Some(number + number * hidden / 1_400));
        }
        let judged = traffic.judged(CART);
        assert_eq!(
            judged.verdict == Verdict::MoveToServerAction,
            moves,
            "{hidden} hidden: {}",
            judged.reason
        );
        if !moves {
            assert_eq!(judged.verdict, Verdict::InsufficientEvidence);
            assert_eq!(judged.needs[0].code.as_str(), "every_trace", "{}", judged.reason);
        }
    }
}

#[test]
fn a_worker_cannot_call_an_action() {
    let mut traffic = cart(97);
    traffic.mutation("/api/cart", "/", 7, visit(1, 4) + SECOND).signs |= Sign::Worker;
    let judged = traffic.judged(CART);
    assert_eq!((judged.verdict, &*judged.blockers), (Verdict::Keep, &["worker-caller".to_owned()][..]));
}

#[test]
fn an_actions_request_carries_no_token() {
    type Change = fn(&mut Call);
    let cases: [(&str, Change, bool); 8] = [
        ("bearer alone", |call| swap_cookie(call, Sign::Bearer), false),
        ("an API key alone", |call| swap_cookie(call, Sign::ApiKey), false),
        ("basic alone", |call| swap_cookie(call, Sign::Basic), false),
        ("bearer with a cookie", |call| call.signs |= Sign::Bearer, true),
        (
            "bearer with a cookie that is no session",
            |call| call.signs = call.signs | Sign::Bearer | Sign::SessionsTold,
            false,
        ),
        (
            "bearer with a session",
            |call| call.signs = call.signs | Sign::Bearer | Sign::SessionsTold | Sign::SessionCookie,
            true,
        ),
        ("a session alone", |call| call.signs = call.signs | Sign::SessionsTold | Sign::SessionCookie, true),
        ("nothing", |call| call.signs.set(Sign::Cookie, true), true),
    ];
    for (what, change, moves) in cases {
        let judged = cart_where(change);
        assert_eq!(judged.verdict == Verdict::MoveToServerAction, moves, "{what}: {}", judged.reason);
        assert_eq!(judged.blockers.contains(&"token-without-cookie".to_owned()), !moves, "{what}");
    }
    // Basic credentials that the browser adds to the pages too come with an action as well.
    let mut traffic = cart(97);
    traffic.calls.iter_mut().for_each(|call| swap_cookie(call, Sign::Basic));
    assert_eq!(traffic.judged(CART).verdict, Verdict::MoveToServerAction);
}

/// The same call with a token in place of its cookie.
fn swap_cookie(call: &mut Call, token: Sign) {
    call.signs = pointsman_store::Signs::from_bits(call.signs.bits() & !(1 << Sign::Cookie as u8)) | token;
}

#[test]
fn an_answer_that_is_written_while_it_is_made_is_a_stream() {
    type Change = fn(&mut Call);
    let cases: [(&str, Change, bool); 5] = [
        ("small pieces over a second", |call| wrote(call, 40, 1_000, 4_000), true),
        ("one piece after a second", |call| wrote(call, 1, 0, 4_000), false),
        ("large pieces to a slow client", |call| wrote(call, 40, 1_000, 2_000_000), false),
        ("small pieces at once", |call| wrote(call, 40, 5, 4_000), false),
        ("slow text of which nothing says when it began", |call| slow(call, "text/plain"), true),
    ];
    for (what, change, streams) in cases {
        let judged = cart_where(change);
        assert_eq!(
            judged.blockers.contains(&"stream-or-binary".to_owned()),
            streams,
            "{what}: {}",
            judged.reason
        );
    }
    let json = cart_where(|call| slow(call, "application/json"));
    assert!(!json.blockers.contains(&"stream-or-binary".to_owned()), "{}", json.reason);
}

fn wrote(call: &mut Call, writes: u64, body_ms: u64, bytes: u64) {
    (call.writes, call.body_ns, call.response_bytes) = (Some(writes), Some(body_ms * MS), Some(bytes));
    call.duration_ns = (body_ms + 20) * MS;
}

fn slow(call: &mut Call, media_type: &str) {
    (call.media_type, call.duration_ns) = (Some(media_type.into()), 4 * SECOND);
}

#[test]
fn agents_are_named_with_their_own_class() {
    let mut traffic = cart(97);
    for (number, caller, agent) in [
        (1, Caller::External, "okhttp"),
        (2, Caller::CrossOrigin, "Chrome"),
        (3, Caller::Bot, "UptimeRobot"),
        (4, Caller::Server, "undici"),
    ] {
        let call = traffic.mutation("/api/cart", "/", 7, visit(number, 4) + SECOND);
        (call.caller, call.agent) = (caller, Some(agent.into()));
    }
    let judged = traffic.judged(CART);
    let text = |rule: &str| judged.evidence.iter().find(|row| row.rule == rule).unwrap().text.clone();
    assert!(
        text("external-nonbrowser-client").contains("(okhttp)"),
        "{}",
        text("external-nonbrowser-client")
    );
    assert!(text("scheduler-or-probe").starts_with("UptimeRobot "), "{}", text("scheduler-or-probe"));
}

#[test]
fn a_web_socket_of_an_outsider_is_a_success() {
    let mut traffic = cart(97);
    let call = traffic.mutation("/api/cart", "/", 7, visit(1, 4) + SECOND);
    (call.caller, call.status) = (Caller::External, Some(101));
    assert_eq!(traffic.judged(CART).blockers, ["external-nonbrowser-client"]);
}

#[test]
fn only_ids_that_a_build_had_tell_of_builds() {
    const ID: &str = "40ed6c88892d01d47e16d50e7b342a9c1aa9c1744e";
    let fact = AppFact {
        service: "shop".into(),
        environment: Some("production".into()),
        build: Some("1".into()),
        name: "next.action.id".into(),
        value: format!("{ID} app/actions.ts#save"),
        first_seen_ns: DAY_0,
        last_seen_ns: DAY_0,
    };
    for (what, caller, id, known, told) in [
        ("pages of an earlier build", Caller::OwnUi, Some(ID), true, true),
        ("pages with ids that no build had", Caller::OwnUi, Some(ID), false, false),
        ("a scanner that replays a real id", Caller::External, Some(ID), true, false),
        ("a scanner under a browser's name", Caller::Unknown, Some(ID), true, false),
        ("ids that are not told", Caller::OwnUi, None, true, false),
    ] {
        // At all hours of four days, from many clients: nothing but the id and the caller differs.
        for hours in [1, 3] {
            let mut traffic = Traffic::new();
            for number in 0..400 {
                traffic.action("save", "/settings", number, visit(number, 4), 20);
            }
            for number in 0..96 / hours {
                let start = DAY_0 + number * hours * 3_600 * SECOND;
                let call = traffic.action("save", "/settings", number, start, 5);
                Arc::make_mut(&mut call.handler).action = Some(Action::NotFound);
                call.signs |= Sign::ActionNotFound;
                (call.caller, call.client, call.status) = (caller, Some(ClientKey(start)), Some(409));
                call.unknown_action = id.map(str::to_owned);
            }
            let facts = if known { std::slice::from_ref(&fact) } else { &[] };
            let report = traffic.report_where(&Settings::default(), &HashMap::new(), facts);
            let found = report.handlers.iter().find(|it| it.action.as_deref() == Some("save")).unwrap();
            let of_builds = found
                .improvements
                .iter()
                .find(|it| matches!(&***it, "version-skew" | "replica-key-mismatch"));
            let expected = if hours == 1 { "replica-key-mismatch" } else { "version-skew" };
            assert_eq!(of_builds.map(String::as_str), told.then_some(expected), "{what}");
        }
    }
}

#[test]
fn cookies_that_reads_and_pages_set_too_are_no_effect_of_one_handler() {
    for (share_of_pages, told) in [(0, true), (1, false), (2, false)] {
        let mut traffic = Traffic::new();
        for number in 0..400 {
            let start = visit(number, 4);
            traffic.get("/api/me", number, start).signs |= Sign::SetsCookie;
            let page = traffic.page("/home", Form::Document, number, start + SECOND);
            page.signs.set(Sign::SetsCookie, share_of_pages > 0 && number % 2 < share_of_pages);
        }
        let judged = traffic.judged("GET /api/me");
        let improved = judged.improvements.contains(&"unsafe-get".to_owned());
        assert_eq!(improved, told, "{share_of_pages} of 2 pages: {:?}", judged.improvements);
    }
}

#[test]
fn a_plan_names_pages_that_were_seen_as_pages() {
    let mut traffic = cart(97);
    for call in traffic.calls.iter_mut().filter(|call| call.method == "POST" && call.start_ns % 3 != 0) {
        call.page = Some("/product/1".into());
    }
    // So few that somebody may have mistyped the address.
    for number in 0..2 {
        traffic.mutation("/api/cart", "/teams/7d84a0/websites", number, visit(number, 4) + 10 * SECOND);
    }
    let judged = traffic.judged(CART);
    assert_eq!(judged.verdict, Verdict::MoveToServerAction, "{}", judged.reason);
    let steps = judged.steps.join("\n");
    assert!(steps.contains("/product/1") && !steps.contains("7d84a0"), "{steps}");
}

#[test]
fn what_next_repeats_by_itself_is_no_retry() {
    use pointsman_advisor::evidence::{Fact, Rollup, roll_up};
    use pointsman_store::Hour;
    for (probe, retries) in [(false, 1), (true, 0)] {
        let mut traffic = Traffic::new();
        let failed = traffic.action("save", "/settings", 1, DAY_0 + SECOND, 20);
        failed.signs |= Sign::ClientGone;
        failed.request_key = Some(7);
        if probe {
            traffic.page("/settings", Form::Probe, 1, DAY_0 + 3 * SECOND).method = "HEAD".into();
        }
        traffic.action("save", "/settings", 1, DAY_0 + 4 * SECOND, 20).request_key = Some(7);
        let records = roll_up(Hour::of(DAY_0), &traffic.calls, Settings::default().of_pass());
        let counted =
            |fact| records.iter().map(|it| Rollup::decode(&it.payload).unwrap().observed(fact)).sum::<u64>();
        assert_eq!(counted(Fact::Retries), retries, "probe: {probe}");
        assert_eq!(counted(Fact::Probes), u64::from(probe));
    }
}

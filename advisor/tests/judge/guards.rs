//! Guards of rules: traffic in which what a rule sees has another reason, and the same without that reason. Both sides.

use pointsman_advisor::{HandlerReport, Verdict};
use pointsman_store::{Call, Caller, Form, HandlerKind, Sign, Signs};

use crate::traffic::{MS, SECOND, Traffic, cart, visit};

fn improves(traffic: &Traffic, name: &str, rule: &str) -> bool {
    traffic.judged(name).improvements.iter().any(|id| id == rule)
}

fn lacks(judged: &HandlerReport, code: &str) -> bool {
    judged.verdict == Verdict::InsufficientEvidence
        && judged.needs.iter().any(|need| need.code.as_str() == code)
}

#[test]
fn a_refresh_while_events_stream_in_may_be_pushed() {
    // A read of a minute of which nothing says what it is may be such a stream.
    for (media_type, pushed) in
        [(Some("text/event-stream"), true), (Some("application/json"), false), (None, true)]
    {
        let mut traffic = cart(97);
        for number in 0..600 {
            let start = visit(number, 4) - 20 * SECOND;
            let stream = traffic.get("/api/events", number, start);
            (stream.duration_ns, stream.media_type) = (60 * SECOND, media_type.map(Into::into));
        }
        let judged = traffic.judged("POST /api/cart");
        assert_eq!(lacks(&judged, "pushed_refresh"), pushed, "{media_type:?}: {}", judged.reason);
        assert_eq!(judged.verdict.is_move(), !pushed);
    }
}

#[test]
fn what_follows_a_write_of_another_action_is_in_order_and_no_queue() {
    for (first, moves) in [("addItem", false), ("getPrices", true)] {
        let mut traffic = Traffic::new();
        for number in 0..300 {
            let start = visit(number, 4);
            traffic.page("/product", Form::Document, number, start);
            traffic.serial(&[first, "getCart"], "/product", number, start + 30 * SECOND);
        }
        let judged = traffic.judged("getCart");
        assert_eq!(judged.verdict.is_move(), moves, "after {first}: {}", judged.reason);
    }
}

#[test]
fn a_page_that_loads_itself_after_a_sign_in_is_no_reason() {
    for (begins, moves) in [(true, false), (false, true)] {
        let mut traffic = Traffic::new();
        for number in 0..500 {
            let start = visit(number, 4);
            traffic.page("/", Form::Document, number, start);
            let call = traffic.mutation("/api/session", "/", number, start + 20 * SECOND);
            call.signs.set(Sign::SetsSessionCookie, begins);
            call.signs |= Sign::SessionsTold;
            let page = traffic.page("/", Form::Document, number, start + 20 * SECOND + 90 * MS);
            page.signs |= Sign::AppRouter;
        }
        let judged = traffic.judged("POST /api/session");
        assert_eq!(judged.verdict.is_move(), moves, "begins {begins}: {}", judged.reason);
    }
}

/// 800 equal answers to twenty people at a time; `change` makes each call what it is.
fn equal_answers(route: &str, change: impl Fn(u64, &mut Call)) -> bool {
    let mut traffic = Traffic::new();
    for number in 0..800 {
        let call = traffic.get(route, number, visit(number / 20, 4) + number % 20 * 3 * SECOND);
        (call.request_key, call.response_hash) = (Some(1), Some(9));
        call.signs = Signs::NONE
            | Sign::HeadersCaptured
            | Sign::ResponseHeadersCaptured
            | Sign::CredentialsTold
            | Sign::SessionsTold;
        change(number, call);
    }
    improves(&traffic, &format!("GET {route}"), "cache-get")
}

#[test]
fn what_only_members_get_is_not_public() {
    let signed_in = |call: &mut Call| call.signs = call.signs | Sign::Cookie | Sign::SessionCookie;
    assert!(!equal_answers("/api/x", |_, call| signed_in(call)), "everybody is signed in");
    let some = |number: u64, call: &mut Call| {
        if number % 10 < 8 {
            signed_in(call);
        }
    };
    assert!(equal_answers("/api/x", some), "one in five is not, and gets the same");
}

#[test]
fn what_is_called_for_its_effect_or_for_this_moment_is_not_cached() {
    assert!(equal_answers("/api/catalog", |_, _| {}));
    for route in ["/api/health", "/api/cron/sync", "/api/posts/hits"] {
        assert!(!equal_answers(route, |_, _| {}), "{route}");
    }
    assert!(!equal_answers("/api/catalog", |_, call| call.signs |= Sign::Writes));
    assert!(!equal_answers("/api/catalog", |_, call| call.caller = Caller::Bot));
}

#[test]
fn parts_of_a_file_are_not_joined() {
    for (bytes, said) in [(2_000, true), (600_000, false)] {
        let mut traffic = Traffic::new();
        for number in 0..60 {
            for part in 0..6 {
                let start = visit(number, 4) + part * 20 * MS;
                let kind = HandlerKind::RouteHandler;
                let call = traffic.call(kind, "POST", "/api/parts", number, start, 50);
                (call.request_key, call.request_bytes) = (Some(number * 10 + part), Some(bytes));
                call.page = Some("/files".into());
            }
        }
        assert_eq!(improves(&traffic, "POST /api/parts", "batch-burst"), said, "{bytes}");
    }
}

#[test]
fn what_a_schedule_calls_may_write() {
    for (route, caller, said) in [
        ("/api/cron/digest", Caller::External, false),
        ("/api/digest", Caller::Bot, false),
        ("/api/digest", Caller::OwnUi, true),
    ] {
        let mut traffic = Traffic::new();
        for number in 0..100 {
            let call = traffic.get(route, number, visit(number, 4));
            call.caller = caller;
            call.signs |= Sign::Writes;
        }
        assert_eq!(improves(&traffic, &format!("GET {route}"), "unsafe-get"), said, "{route} {caller:?}");
    }
}

#[test]
fn a_large_answer_to_a_slow_client_is_no_stream() {
    for (writes, bytes, moves) in [(40, 4_000, true), (12, 3_000_000, false)] {
        let mut traffic = Traffic::new();
        for number in 0..300 {
            let call = traffic.action("ask", "/chat", number, visit(number, 4), 6_000);
            call.first_byte_ns = Some(200 * MS);
            (call.writes, call.body_ns) = (Some(writes), Some(5_800 * MS));
            call.response_bytes = Some(bytes);
        }
        let judged = traffic.judged("ask");
        assert_eq!(judged.verdict == Verdict::MoveToRouteHandler, moves, "{bytes} B: {}", judged.reason);
    }
}

#[test]
fn changes_that_run_at_the_same_time_stay_routes() {
    for (apart, moves) in [(10, false), (900, true)] {
        let mut traffic = Traffic::new();
        for number in 0..300 {
            let start = visit(number, 4);
            traffic.page("/rows", Form::Document, number, start);
            for row in 0..3 {
                let call =
                    traffic.mutation("/api/rows", "/rows", number, start + 20 * SECOND + row * apart * MS);
                call.duration_ns = 400 * MS;
                if apart > 400 {
                    let at = start + 20 * SECOND + row * apart * MS + 430 * MS;
                    traffic.page("/rows", Form::Rsc, number, at).page = Some("/rows".into());
                }
            }
            let at = start + 20 * SECOND + 2 * apart * MS + 430 * MS;
            if apart < 400 {
                traffic.page("/rows", Form::Rsc, number, at).page = Some("/rows".into());
            }
        }
        let judged = traffic.judged("POST /api/rows");
        assert_eq!(judged.verdict.is_move(), moves, "{apart} ms apart: {}", judged.reason);
    }
}

#[test]
fn pages_that_were_never_seen_may_be_another_apps() {
    for (of_hundred, open) in [(0, false), (1, true), (10, true)] {
        let mut traffic = cart(100);
        for call in traffic.calls.iter_mut().filter(|call| call.method == "POST") {
            if (call.start_ns / MS / 1_000 / 180) % 100 < of_hundred {
                call.page = Some("/blog/hello".into());
            }
        }
        let judged = traffic.judged("POST /api/cart");
        assert_eq!(lacks(&judged, "unknown_pages"), open, "{of_hundred} %: {}", judged.reason);
    }
}

#[test]
fn arguments_that_no_url_holds_stay_in_an_action() {
    for (bytes, moves) in [(300, true), (20_000, false)] {
        let mut traffic = Traffic::new();
        for number in 0..240 {
            let start = visit(number, 4);
            traffic.page("/map", Form::Document, number, start);
            for turn in 1..=12 {
                let call = traffic.action("getStops", "/map", number, start + turn * 3 * SECOND, 60);
                (call.request_bytes, call.request_key) = (Some(bytes), Some(number));
                call.signs |= Sign::Reads;
            }
        }
        let judged = traffic.judged("getStops");
        assert_eq!(judged.verdict == Verdict::MoveToRouteHandler, moves, "{bytes} B: {}", judged.reason);
    }
}

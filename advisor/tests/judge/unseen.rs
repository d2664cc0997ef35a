//! What scenarios showed that no rule had met: arguments that only the browser knows, headers that a program copied, GETs that no link
//! can send, sessions that a link ends, and polls. Both sides of each.

use pointsman_advisor::{HandlerReport, Verdict};
use pointsman_store::{Call, Form, Sign, Signs};

use crate::traffic::{MS, SECOND, Traffic, cart, visit};

/// Who calls on load, and with which arguments.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Arguments {
    /// The same for everybody: the page's own.
    OfThePage,
    /// Each person's, the same at each load.
    OfThePerson,
    /// Others at each load.
    OfTheLoad,
    /// Nobody tells.
    Untold,
}

/// A page that is loaded twice in each visit, each time with so many calls of one action.
fn loads(arguments: Arguments, signed_in: bool, rows: u64) -> HandlerReport {
    let mut traffic = Traffic::new();
    for number in 0..200 {
        for load in 0..2 {
            let start = visit(number, 4) + load * 60 * SECOND;
            traffic.page("/shop", Form::Document, number, start);
            for row in 0..rows {
                let at = start + (400 + row * 70) * MS;
                let call = traffic.action("getProducts", "/shop", number, at, 60);
                call.request_key = match arguments {
                    Arguments::OfThePage => Some(7 + row),
                    Arguments::OfThePerson => Some(1_000 + number),
                    Arguments::OfTheLoad => Some(1_000_000 + (number * 2 + load) * 10 + row),
                    Arguments::Untold => None,
                };
                call.signs |= Sign::Reads;
            }
        }
    }
    if !signed_in {
        let visitor =
            Signs::NONE | Sign::HeadersCaptured | Sign::ResponseHeadersCaptured | Sign::CredentialsTold;
        traffic.calls.iter_mut().for_each(|call| call.signs = visitor | Sign::Reads);
    }
    traffic.judged("getProducts")
}

#[test]
fn what_only_the_browser_knows_cannot_come_with_the_page() {
    for (arguments, signed_in, rows, moves) in [
        (Arguments::OfThePage, true, 1, true),
        (Arguments::OfThePage, false, 1, true),
        (Arguments::OfThePerson, true, 1, true),
        // The same browser asks the same at each load, and every visitor something else: it remembers.
        (Arguments::OfTheLoad, true, 1, false),
        (Arguments::OfTheLoad, false, 1, false),
        (Arguments::Untold, true, 1, false),
        // One for each row that the page shows, however often the rows change.
        (Arguments::OfTheLoad, true, 4, true),
    ] {
        let judged = loads(arguments, signed_in, rows);
        let into_page = judged.verdict == Verdict::MoveToServerComponent;
        assert_eq!(into_page, moves, "{arguments:?}, signed in {signed_in}: {}", judged.reason);
        let lacks = if arguments == Arguments::Untold { "missing_attribute" } else { "arguments" };
        if !moves {
            assert_eq!(judged.verdict, Verdict::InsufficientEvidence, "{}", judged.reason);
            assert!(judged.needs.iter().any(|need| need.code.as_str() == lacks), "{:?}", judged.needs);
        }
    }
}

#[test]
fn copied_headers_that_lack_what_the_browser_sends_are_an_outsiders() {
    for (unlike, moves) in [(0, true), (1, false), (20, false), (400, true)] {
        let mut traffic = cart(97);
        let posts = traffic.calls.iter_mut().filter(|call| call.method == "POST");
        posts.take(unlike).for_each(|call| call.signs |= Sign::UnlikeItsBrowser);
        let judged = traffic.judged("POST /api/cart");
        let moved = judged.verdict == Verdict::MoveToServerAction;
        // Where most lack it, something on the way takes it away.
        assert_eq!(moved, moves, "{unlike} of 600: {}", judged.reason);
    }
}

#[test]
fn behind_a_proxy_that_rewrites_the_host_no_route_becomes_an_action() {
    for (mismatching, allowed, moves) in
        [(0, false, true), (600, false, false), (60, false, false), (600, true, true)]
    {
        let mut traffic = cart(97);
        let posts = traffic.calls.iter_mut().filter(|call| call.method == "POST");
        posts.take(mismatching).for_each(|call| call.signs |= Sign::OriginMismatch);
        if allowed {
            let ran = traffic.action("save", "/product/1", 1, visit(1, 4) + SECOND, 20);
            ran.signs |= Sign::OriginMismatch;
        }
        let judged = traffic.judged("POST /api/cart");
        let moved = judged.verdict == Verdict::MoveToServerAction;
        assert_eq!(moved, moves, "{mismatching} of 600, allowed {allowed}: {}", judged.reason);
        assert!(moves || judged.reason.contains("allowedOrigins"), "{}", judged.reason);
    }
}

/// What is said of a GET that a page calls, changed so, beside another one that sets a cookie on purpose or not.
fn gets(route: &str, others: Option<Sign>, change: impl Fn(&mut Call)) -> Vec<String> {
    let mut traffic = Traffic::new();
    for number in 0..120 {
        let start = visit(number, 4);
        traffic.page("/home", Form::Document, number, start);
        let other = traffic.get("/api/draft", number, start + SECOND);
        others.into_iter().for_each(|sign| other.signs |= sign);
        let call = traffic.get(route, number, start + 2 * SECOND);
        call.page = Some("/home".into());
        change(call);
    }
    traffic.judged(&format!("GET {route}")).improvements
}

fn is_unsafe(route: &str, change: impl Fn(&mut Call)) -> bool {
    gets(route, None, change).iter().any(|rule| rule == "unsafe-get")
}

#[test]
fn a_get_that_no_link_can_send_is_safe_from_links() {
    assert!(is_unsafe("/api/x", |call| call.signs |= Sign::SetsCookie));
    assert!(is_unsafe("/api/x", |call| call.signs |= Sign::Writes));
    for effect in [Sign::SetsCookie, Sign::Writes] {
        let with_token = |call: &mut Call| call.signs = call.signs | effect | Sign::Bearer;
        assert!(!is_unsafe("/api/x", with_token), "{effect:?}: no link sends an Authorization header");
    }
    let told = |call: &mut Call| {
        call.signs = call.signs | Sign::SessionsTold | Sign::SetsSessionTold | Sign::SetsCookie;
        call.signs |= Sign::SetsSessionCookie;
    };
    assert!(!is_unsafe("/api/me", |call| {
        told(call);
        call.signs |= Sign::SessionCookie;
    }));
    assert!(is_unsafe("/api/x", told), "it begins a session for who has none");
}

#[test]
fn a_link_that_changes_the_session_of_who_follows_it_is_unsafe() {
    let arrived = |call: &mut Call| {
        call.signs = call.signs | Sign::Navigate | Sign::SessionsTold | Sign::SetsSessionTold;
        call.signs = call.signs | Sign::SetsCookie | Sign::SetsSessionCookie;
        call.status = Some(302);
    };
    let followed = |call: &mut Call| {
        arrived(call);
        call.signs |= Sign::SessionCookie;
    };
    assert!(is_unsafe("/api/account", followed), "?action=logout");
    assert!(!is_unsafe("/api/auth/refresh", followed), "renewed on purpose");
    assert!(!is_unsafe("/api/account", arrived), "who comes had no session");
    assert!(!is_unsafe("/api/account", |call| {
        followed(call);
        call.page = None;
    }));
}

#[test]
fn what_a_prefetch_does_counts_whatever_other_gets_set_on_purpose() {
    let prefetched = |call: &mut Call| {
        call.signs = call.signs | Sign::Prefetched | Sign::SetsCookie;
        call.status = Some(307);
    };
    for others in [None, Some(Sign::SetsCookie)] {
        // The state of a login that nobody began, and the end of a draft.
        for route in ["/api/auth/login", "/api/disable-draft"] {
            assert!(gets(route, others, prefetched).iter().any(|rule| rule == "unsafe-get"), "{route}");
        }
    }
}

#[test]
fn the_next_request_of_a_poll_is_no_duplicate() {
    let duplicates = |interval: u64, times: u64| {
        let mut traffic = Traffic::new();
        for number in 0..100 {
            for tick in 0..times {
                let call = traffic.get("/api/status", number, visit(number, 4) + tick * interval);
                (call.request_key, call.response_hash) = (Some(number), Some(1));
                call.page = Some("/pay".into());
            }
        }
        traffic.judged("GET /api/status").improvements.iter().any(|rule| rule == "duplicate-get")
    };
    assert!(duplicates(300 * MS, 2), "two components ask for the same");
    assert!(!duplicates(SECOND, 12));
}

/// A mutation and an action, each answered after 60 of 70 ms, and a request of the client router so long after their beginning.
fn beside(after_ms: u64) -> (Verdict, Vec<String>) {
    let mut traffic = Traffic::new();
    for number in 0..400 {
        let start = visit(number, 4);
        let log = traffic.mutation("/api/log", "/search", number, start);
        (log.duration_ns, log.first_byte_ns) = (70 * MS, Some(60 * MS));
        traffic.page("/search", Form::Rsc, number, start + after_ms * MS);
        let again = start + 30 * SECOND;
        traffic.action("track", "/deals", number, again, 70).first_byte_ns = Some(60 * MS);
        traffic.page("/deals/1", Form::Rsc, number, again + after_ms * MS).page = Some("/deals".into());
    }
    (traffic.judged("POST /api/log").verdict, traffic.judged("track").improvements)
}

#[test]
fn what_begins_before_an_answer_is_no_consequence_of_it() {
    let (verdict, improvements) = beside(100);
    assert_eq!(verdict, Verdict::MoveToServerAction);
    assert!(improvements.iter().any(|rule| rule == "navigate-after-action"), "{improvements:?}");
    let (verdict, improvements) = beside(5);
    assert_eq!(verdict, Verdict::Keep, "the URL changed at the same moment");
    assert!(improvements.is_empty(), "{improvements:?}: the navigation did not wait for the action");
}

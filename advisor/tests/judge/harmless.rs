//! Improvements that could do harm: where each is said, and where its remedy would leak, break or miss.

use pointsman_advisor::{HandlerReport, Settings};
use pointsman_store::{AppFact, Call, Caller, Form, HandlerKind, Sign, Signs};

use crate::traffic::{MS, SECOND, Traffic, visit};

/// 800 reads of one route by as many people, `people` of them within a minute of each other; `change` makes each what it is.
fn reads(people: u64, change: impl Fn(u64, &mut Call)) -> Traffic {
    let mut traffic = Traffic::new();
    for group in 0..800 / people {
        for person in 0..people {
            let number = group * people + person;
            let call = traffic.get("/api/x", number, visit(group, 4) + person * 3 * SECOND);
            (call.request_key, call.response_hash) = (Some(1), Some(9));
            change(number, call);
        }
    }
    traffic
}

fn without_credentials(call: &mut Call) {
    call.signs = Signs::NONE | Sign::HeadersCaptured | Sign::ResponseHeadersCaptured | Sign::CredentialsTold;
}

fn told(traffic: &Traffic, name: &str) -> Vec<String> {
    traffic.judged(name).improvements
}

fn text_of<'a>(judged: &'a HandlerReport, rule: &str) -> &'a str {
    judged.evidence.iter().find(|row| row.rule == rule).map_or("", |row| row.text.as_str())
}

fn says(traffic: &Traffic, name: &str, rule: &str) -> bool {
    told(traffic, name).iter().any(|id| id == rule)
}

#[test]
fn a_shared_cache_needs_proof_that_nobody_gets_another_answer() {
    let public = |traffic: &Traffic| says(traffic, "GET /api/x", "cache-get");
    assert!(public(&reads(20, |_, call| without_credentials(call))), "no credentials at all");
    assert!(public(&reads(20, |_, _| {})), "cookies, and 760 equal answers");
    let untold = |_: u64, call: &mut Call| {
        call.signs = Signs::NONE | Sign::HeadersCaptured | Sign::ResponseHeadersCaptured;
    };
    assert!(!public(&reads(20, untold)), "nobody says which credentials came");
    // One in fifty gets an answer of their own.
    let few = |number: u64, call: &mut Call| {
        call.response_hash = Some(if number % 50 == 7 { number } else { 9 });
    };
    assert!(!public(&reads(20, few)), "an administrator's answer would be everyone's");
    // The same without credentials is noise at most: 4 % of the pairs differ, up to 6 %.
    assert!(!public(&reads(20, |number, call| {
        without_credentials(call);
        few(number, call);
    })));
    // Too few comparisons to bound the difference below one in a hundred.
    let mut fewer = reads(20, |_, _| {});
    fewer.calls.truncate(200);
    assert!(!public(&fewer));
}

#[test]
fn what_changes_for_everyone_at_once_is_still_public() {
    let changing = reads(20, |number, call| call.response_hash = Some(1_000 + number / 10));
    assert!(says(&changing, "GET /api/x", "cache-get"), "{:?}", told(&changing, "GET /api/x"));
    let personal = reads(20, |number, call| call.response_hash = Some(1_000 + number % 2));
    assert!(!says(&personal, "GET /api/x", "cache-get"));
}

#[test]
fn equal_empty_answers_of_people_who_are_signed_in_prove_nothing() {
    let empty = |bytes| reads(20, move |_, call| call.response_bytes = Some(bytes));
    assert!(!says(&empty(2), "GET /api/x", "cache-get"));
    assert!(says(&empty(500), "GET /api/x", "cache-get"));
    let anonymous = reads(20, |_, call| {
        without_credentials(call);
        call.response_bytes = Some(2);
    });
    assert!(says(&anonymous, "GET /api/x", "cache-get"), "nobody has anything of their own");
}

#[test]
fn what_an_answer_depends_on_besides_its_url_is_said_to_be_unknown() {
    let judged = reads(20, |_, _| {}).judged("GET /api/x");
    let text = text_of(&judged, "cache-get");
    assert!(text.contains("country, language") && text.contains("carry cookies"), "{text}");
}

#[test]
fn what_everybody_reads_with_a_token_comes_with_the_page() {
    let with_token = |call: &mut Call| call.signs |= Sign::Bearer;
    let config = reads(20, |_, call| with_token(call));
    assert_eq!(told(&config, "GET /api/x"), ["shared-read"]);
    let own = reads(20, |number, call| {
        with_token(call);
        call.response_hash = Some(number);
    });
    assert!(!says(&own, "GET /api/x", "shared-read"));
    let script = reads(20, |_, call| {
        with_token(call);
        call.caller = Caller::External;
    });
    assert!(!says(&script, "GET /api/x", "shared-read"), "nobody can change a script's code");
}

#[test]
fn the_remedy_of_a_shared_cache_follows_the_build() {
    let flags = |flag: &str| AppFact {
        service: "shop".into(),
        environment: Some("production".into()),
        build: Some("b1".into()),
        name: "pointsman.next.flags".into(),
        value: flag.into(),
        first_seen_ns: 0,
        last_seen_ns: 1,
    };
    let traffic = reads(20, |_, _| {});
    let text = |facts: &[AppFact]| {
        let report = traffic.report_where(&Settings::default(), &std::collections::HashMap::new(), facts);
        let row = report.handlers.into_iter().find(|row| row.route == "/api/x").unwrap();
        text_of(&row, "cache-get").to_owned()
    };
    let segment_option = "export const revalidate";
    assert!(text(&[flags("output:standalone")]).contains(segment_option));
    assert!(!text(&[flags("cacheComponents")]).contains(segment_option), "it is a build error there");
    assert!(text(&[flags("cacheComponents")]).contains("'use cache'"));
    assert!(!text(&[]).contains(segment_option), "not known");
}

/// When people read again, s: now and then, and not by the clock as a poll does.
const AGAIN: [u64; 5] = [0, 12, 31, 63, 74];

/// 60 people who read five times; `hash` gives each reading its answer.
fn repeated(hash: impl Fn(u64, u64) -> u64) -> Traffic {
    repeated_at(AGAIN, hash)
}

fn repeated_at(seconds: [u64; 5], hash: impl Fn(u64, u64) -> u64) -> Traffic {
    let mut traffic = Traffic::new();
    for number in 0..60 {
        for (again, second) in (0..).zip(seconds) {
            let call = traffic.get("/api/me", number, visit(number, 4) + second * SECOND);
            (call.request_key, call.response_hash) = (Some(1), Some(hash(number, again)));
            call.response_bytes = Some(5_000);
        }
    }
    traffic
}

#[test]
fn a_browser_may_answer_by_itself_only_what_did_not_change() {
    let unchanged = repeated(|number, _| number).judged("GET /api/me");
    assert_eq!(unchanged.improvements, ["private-cache-get"]);
    assert!(text_of(&unchanged, "private-cache-get").contains("max-age"));
    // Who asks by the clock wants to know of a change at once.
    let polled = repeated_at([0, 20, 40, 60, 80], |number, _| number).judged("GET /api/me");
    let text = text_of(&polled, "private-cache-get");
    assert!(text.contains("ETag") && !text.contains("max-age"), "{text}");
    // One repeat in four has changed.
    let some = repeated(|number, again| number * 10 + again / 4).judged("GET /api/me");
    let text = text_of(&some, "private-cache-get");
    assert!(text.contains("ETag") && !text.contains("max-age"), "{text}");
    assert_eq!(some.benefit.as_ref().unwrap().round_trips_per_day, 0.0);
    assert!(told(&repeated(|number, again| number * 10 + again), "GET /api/me").is_empty());
}

#[test]
fn the_pages_own_invalidation_survives() {
    let mut traffic = repeated(|number, _| number);
    for number in 0..60 {
        traffic.mutation("/api/me/name", "/me", number, visit(number, 4) + 30 * SECOND);
    }
    assert!(!says(&traffic, "GET /api/me", "private-cache-get"), "mutate(key) would get the old answer");
    let mut both = repeated(|number, _| number);
    for call in both.calls.iter_mut().filter(|call| call.start_ns / SECOND % 40 < 20) {
        call.signs = (call.signs | Sign::SessionsTold) | Sign::SessionCookie;
    }
    for call in &mut both.calls {
        call.signs |= Sign::SessionsTold;
    }
    assert!(!says(&both, "GET /api/me", "private-cache-get"), "asked for before and after the sign-in");
}

#[test]
fn callers_without_a_cache_are_promised_nothing() {
    let mut traffic = repeated(|number, _| number);
    traffic.calls.iter_mut().for_each(|call| call.caller = Caller::External);
    assert!(!says(&traffic, "GET /api/me", "private-cache-get"));
}

/// 100 visits to a page with an action that reads and whose answers set a cookie; of each page `pages_set` answers do so.
fn sliding_session(pages_set: bool) -> HandlerReport {
    let mut traffic = Traffic::new();
    for number in 0..100 {
        let start = visit(number, 4);
        let page = traffic.page("/desk", Form::Document, number, start);
        page.signs.set(Sign::SetsCookie, pages_set);
        let call = traffic.action("getNotifications", "/desk", number, start + 5 * SECOND, 30);
        call.signs = (call.signs | Sign::Rerendered) | Sign::SetsCookie;
        call.signs |= Sign::Reads;
    }
    traffic.judged("getNotifications")
}

#[test]
fn who_writes_the_cookie_decides_what_to_do() {
    let (proxy, action) = (sliding_session(true), sliding_session(false));
    let text = |judged: &HandlerReport| text_of(judged, "cookie-rerender").to_owned();
    assert!(
        text(&proxy).contains("only when its value changes") && text(&proxy).contains("next-action"),
        "{}",
        text(&proxy)
    );
    assert!(text(&action).contains("do not write it there"), "{}", text(&action));
    for judged in [proxy, action] {
        assert!(!text(&judged).contains("write the cookie in the proxy"));
    }
}

/// Visits whose page calls the action, is refreshed by its answer and calls it again, `rounds` times.
fn loops(clients: u64, rounds: u64) -> Traffic {
    let mut traffic = Traffic::new();
    for number in 0..clients {
        let start = visit(number, 4);
        for round in 0..rounds {
            let at = start + round * 800 * MS;
            let call = traffic.action("getSummary", "/summary", number, at, 100);
            call.signs = (call.signs | Sign::DropsPrefetches) | Sign::Rerendered;
            call.signs |= Sign::SetsCookie;
            traffic.page("/summary", Form::Rsc, number, at + 200 * MS);
        }
    }
    traffic
}

#[test]
fn a_page_that_refreshes_itself_without_end_comes_before_all_moves() {
    let mut traffic = loops(5, 12);
    let moves = crate::traffic::cart(97);
    traffic.calls.extend(moves.calls);
    for (number, call) in traffic.calls.iter_mut().enumerate() {
        call.span = pointsman_store::SpanId((number as u64 + 1).to_be_bytes());
    }
    let report = traffic.report(&Settings::default());
    let first = report.handlers.first().unwrap();
    assert!(first.improvements.contains(&"action-refresh-loop".to_owned()), "{first:#?}");
    assert!(report.handlers.iter().any(|row| row.verdict.is_move()));
    assert!(
        text_of(first, "action-refresh-loop").contains("5 clients"),
        "{}",
        text_of(first, "action-refresh-loop")
    );
    for (clients, rounds) in [(2, 12), (5, 3)] {
        assert!(!says(&loops(clients, rounds), "getSummary", "action-refresh-loop"), "{clients} {rounds}");
    }
}

/// 100 calls of an action by signed-in people, and 20 by others; `change` makes the others' what they are.
fn open_action(name: &str, page: &str, change: impl Fn(&mut Call)) -> Traffic {
    let mut traffic = Traffic::new();
    for number in 0..120 {
        let call = traffic.action(name, page, number, visit(number, 4), 10);
        call.signs |= Sign::SessionsTold;
        call.signs |= Sign::Writes;
        if number % 6 == 0 {
            // A cookie against forgery is there all the same.
            change(call);
        } else {
            call.signs |= Sign::SessionCookie;
        }
    }
    traffic
}

#[test]
fn what_people_do_before_they_are_signed_in_needs_no_session() {
    let heard =
        |name: &str, page: &str| says(&open_action(name, page, |_| {}), name, "unauthenticated-action");
    for (name, page) in [
        ("updateProfile", "/profile"),
        ("deleteServer", "/servers"),
        ("setCookie", "/"),
        ("revalidateAll", "/"),
    ] {
        assert!(heard(name, page), "{name}");
    }
    for (name, page) in [
        ("signIn", "/"),
        ("registerUser", "/"),
        ("requestPasswordReset", "/"),
        ("subscribeToNewsletter", "/"),
        ("submit", "/contact"),
        ("save", "/sign-up"),
    ] {
        assert!(!heard(name, page), "{name} on {page}");
    }
}

#[test]
fn a_call_that_begins_a_session_is_a_sign_in() {
    let begins = open_action("submit", "/", |call| call.signs |= Sign::SetsSessionCookie);
    assert!(!says(&begins, "submit", "unauthenticated-action"));
    // Nobody in the app has a session: telemetry does not know its cookie, or there is none.
    let mut nobody = open_action("submit", "/", |_| {});
    for call in &mut nobody.calls {
        call.signs = (Signs::NONE | Sign::HeadersCaptured) | Sign::SessionsTold | Sign::CredentialsTold;
        call.signs |= Sign::Writes;
    }
    assert!(!says(&nobody, "submit", "unauthenticated-action"));
}

/// 100 visits to a page and to a GET; what each of the two answers has.
fn gets(route: &str, page: Option<Sign>, get: Option<Sign>) -> bool {
    let mut traffic = Traffic::new();
    for number in 0..100 {
        let start = visit(number, 4);
        let shown = traffic.page("/desk", Form::Document, number, start);
        page.into_iter().for_each(|sign| shown.signs |= sign);
        let call = traffic.get(route, number, start + SECOND);
        get.into_iter().for_each(|sign| call.signs |= sign);
    }
    says(&traffic, &format!("GET {route}"), "unsafe-get")
}

#[test]
fn what_every_answer_does_is_no_effect_of_one_get() {
    let (cookie, writes) = (Some(Sign::SetsCookie), Some(Sign::Writes));
    assert!(gets("/api/x", None, cookie) && gets("/api/x", None, writes));
    assert!(!gets("/api/x", cookie, cookie), "the proxy's cookie");
    assert!(!gets("/api/x", writes, writes), "a session library notes each request");
    for route in ["/api/auth/[...nextauth]", "/api/oauth/callback", "/api/draft", "/api/posts/[id]/views"] {
        assert!(!gets(route, None, cookie) && !gets(route, None, writes), "{route}");
    }
}

/// 200 calls of an action of which one in ten fails, and as many calls of another one.
fn failing(caller: Caller, others_fail: bool) -> bool {
    let mut traffic = Traffic::new();
    for number in 0..200 {
        let start = visit(number, 4);
        let fails = number % 10 == 0;
        let call = traffic.action("order", "/desk", number, start, 30);
        if fails {
            (call.status, call.caller) = (Some(500), caller);
            call.signs |= Sign::Failed;
        }
        let other = traffic.action("save", "/desk", number, start + 9 * SECOND, 30);
        other.status = Some(if fails && others_fail { 500 } else { 200 });
    }
    says(&traffic, "order", "error-shape")
}

#[test]
fn errors_of_scanners_and_of_a_database_that_is_down_are_no_matter_of_shape() {
    assert!(failing(Caller::OwnUi, false));
    assert!(!failing(Caller::Bot, false), "a scanner's posts");
    assert!(!failing(Caller::OwnUi, true), "everything fails");
}

#[test]
fn a_scanner_that_is_refused_is_no_fault_of_the_proxy() {
    for (caller, heard) in [(Caller::OwnUi, true), (Caller::CrossOrigin, false), (Caller::Bot, false)] {
        let mut traffic = Traffic::new();
        for number in 0..60 {
            traffic.action("save", "/form", number, visit(number, 4), 10);
            let refused = traffic.action("save", "/form", number, visit(number, 4) + SECOND, 10);
            refused.signs = (refused.signs | Sign::OriginMismatch) | Sign::Failed;
            (refused.status, refused.caller) = (Some(500), caller);
            let away = traffic.action("save", "/form", number, visit(number, 4) + 2 * SECOND, 10);
            away.signs |= Sign::RedirectedByProxy;
            (away.status, away.caller) = (Some(307), caller);
        }
        assert_eq!(says(&traffic, "save", "origin-host-mismatch"), heard, "{caller:?}");
        assert_eq!(says(&traffic, "save", "proxy-redirects-action"), heard, "{caller:?}");
    }
}

#[test]
fn only_what_the_apps_pages_fetch_is_put_on_a_diet() {
    for (caller, heard) in [(Caller::OwnUi, true), (Caller::External, false)] {
        let mut traffic = Traffic::new();
        for number in 0..100 {
            let call =
                traffic.call(HandlerKind::RouteHandler, "GET", "/api/export", number, visit(number, 4), 50);
            (call.caller, call.response_bytes) = (caller, Some(300_000));
        }
        assert_eq!(says(&traffic, "GET /api/export", "payload-diet"), heard, "{caller:?}");
    }
}

#[test]
fn the_first_action_of_an_app_comes_with_a_warning() {
    let cart = crate::traffic::cart(97);
    let warned = |facts: &[AppFact], traffic: &Traffic| {
        let report = traffic.report_where(&Settings::default(), &std::collections::HashMap::new(), facts);
        let row = report.handlers.into_iter().find(|row| row.verdict.is_move()).unwrap();
        row.warnings.iter().any(|warning| warning.contains("rejects every action request"))
    };
    let actions = |value: &str| AppFact {
        service: "shop".into(),
        environment: Some("production".into()),
        build: None,
        name: "pointsman.next.actions".into(),
        value: value.into(),
        first_seen_ns: 0,
        last_seen_ns: 1,
    };
    assert!(warned(&[], &cart), "none was seen");
    assert!(warned(&[actions("")], &cart), "the build has none");
    assert!(!warned(&[actions("app/actions.ts#save")], &cart));
    let mut with_action = crate::traffic::cart(97);
    with_action.action("save", "/form", 9_999, visit(1, 4), 10);
    assert!(!warned(&[], &with_action));
}

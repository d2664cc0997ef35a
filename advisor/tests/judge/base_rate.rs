//! Coincidence is not consequence: what happens all the time is no reason, what happens on account of something is. Both sides.

use std::collections::HashMap;

use pointsman_advisor::{HandlerReport, Settings, Verdict};
use pointsman_store::{AppFact, ClientKey, Form, Sign};

use crate::traffic::{MS, SECOND, Traffic, cart, visit};

/// People on a page that shows itself anew every `every` ms, each of whom changes the cart once at some moment.
fn live_page(form: Form, every: u64, follows: bool) -> Traffic {
    let mut traffic = Traffic::new();
    for number in 0..500 {
        let start = visit(number, 4);
        traffic.page("/board", Form::Document, number, start);
        for turn in 1..=20 {
            traffic.page("/board", form, number, start + turn * every * MS).page = Some("/board".into());
        }
        let at = start + 8 * SECOND + (number * 379 % every) * MS;
        traffic.mutation("/api/cards", "/board", number, at);
        if follows {
            traffic.page("/board", form, number, at + 60 * MS).page = Some("/board".into());
        }
    }
    traffic
}

fn speaks(judged: &HandlerReport, rule: &str) -> bool {
    judged.evidence.iter().any(|row| row.rule == rule)
}

#[test]
fn a_page_that_refreshes_itself_is_no_reason() {
    let judged = live_page(Form::Rsc, 1_500, false).judged("POST /api/cards");
    assert_eq!(judged.verdict, Verdict::Keep, "{}", judged.reason);
    assert!(!speaks(&judged, "mutate-then-refresh"), "{:?}", judged.evidence);
    // Every five seconds it would be below the threshold by itself; what follows the mutations is above it.
    let judged = live_page(Form::Rsc, 5_000, true).judged("POST /api/cards");
    assert_eq!(judged.verdict, Verdict::MoveToServerAction, "{}", judged.reason);
}

#[test]
fn a_page_that_loads_itself_again_is_no_reason() {
    let judged = live_page(Form::Document, 3_000, false).judged("POST /api/cards");
    assert!(!judged.verdict.is_move() && !speaks(&judged, "mutate-then-document"), "{}", judged.reason);
}

/// People who save settings, after which a document of the page is fetched that names this page as its referer.
fn fetched_after_saving(referer: Option<&str>, told: bool) -> HandlerReport {
    let mut traffic = Traffic::new();
    for number in 0..500 {
        let start = visit(number, 4);
        traffic.page("/settings", Form::Document, number, start);
        traffic.mutation("/api/settings", "/settings", number, start + 20 * SECOND);
        let page = traffic.page("/settings", Form::Document, number, start + 20 * SECOND + 90 * MS);
        page.page = referer.map(str::to_owned);
        page.signs |= Sign::AppRouter;
    }
    if told {
        traffic.page("/settings", Form::Speculation, 1, visit(1, 4)).signs |= Sign::Speculative;
    }
    traffic.judged("POST /api/settings")
}

#[test]
fn a_document_that_may_have_been_fetched_ahead_is_no_reload() {
    // A reload names the page from which the browser came, which here is none.
    for (referer, told, expected) in [
        (None, false, Verdict::MoveToServerAction),
        (Some("/settings"), true, Verdict::MoveToServerAction),
        (Some("/settings"), false, Verdict::InsufficientEvidence),
    ] {
        let judged = fetched_after_saving(referer, told);
        assert_eq!(judged.verdict, expected, "{referer:?}, told {told}: {}", judged.reason);
        let missing = judged
            .needs
            .iter()
            .any(|need| need.attribute.as_deref() == Some("http.request.header.sec-purpose"));
        assert_eq!(missing, !expected.is_move());
    }
}

#[test]
fn only_what_exceeds_the_base_rate_is_gained() {
    let gains = |traffic: Traffic| traffic.judged("POST /api/cards").benefit.unwrap().interactions_per_day;
    let (quiet, live) = (live_page(Form::Rsc, 60_000, true), live_page(Form::Rsc, 5_000, true));
    let (quiet, live) = (gains(quiet), gains(live));
    assert!(live < 0.9 * quiet && live > 0.6 * quiet, "{live} of {quiet}");
}

#[test]
fn a_poll_of_the_same_api_is_no_client_side_cache() {
    for (polls, refetches, expected) in [(true, false, false), (false, true, true)] {
        let mut traffic = Traffic::new();
        for number in 0..300 {
            let start = visit(number, 4);
            traffic.page("/mail", Form::Document, number, start);
            for turn in 0..(if polls { 40 } else { 0 }) {
                traffic.get("/api/mail", number, start + SECOND + turn * 800 * MS).page =
                    Some("/mail".into());
            }
            let at = start + 12 * SECOND + number % 700 * MS;
            traffic.mutation("/api/mail/send", "/mail", number, at);
            if refetches {
                traffic.get("/api/mail", number, at + 60 * MS).page = Some("/mail".into());
            }
        }
        let judged = traffic.judged("POST /api/mail/send");
        assert_eq!(speaks(&judged, "client-cache-library"), expected, "{}", judged.reason);
    }
}

#[test]
fn clicks_that_fall_together_by_chance_are_no_queue() {
    let mut traffic = Traffic::new();
    for number in 0..300 {
        let mut at = visit(number, 4);
        for click in 0..6 {
            traffic.action("getPage", "/list", number, at, 100);
            // From 20 to 600 ms after the answer, evenly: some fall into the queue's window, as many into the next one.
            at += (120 + (number * 97 + click * 211) % 580) * MS;
        }
    }
    let judged = traffic.judged("getPage");
    assert!(!judged.verdict.is_move(), "{}", judged.reason);
    assert!(!speaks(&judged, "action-serial-queue"), "{:?}", judged.evidence);
}

#[test]
fn a_read_whenever_is_no_read_on_load() {
    let mut traffic = Traffic::new();
    for number in 0..300 {
        let start = visit(number, 4);
        // People look at a page for a moment and ask for something at any time within it.
        traffic.page("/desk", Form::Document, number, start);
        traffic.action("getTip", "/desk", number, start + (200 + number * 37 % 5_800) * MS, 30);
    }
    let judged = traffic.judged("getTip");
    assert_ne!(judged.verdict, Verdict::MoveToServerComponent, "{}", judged.reason);
    assert!(!speaks(&judged, "action-read-on-load"), "{:?}", judged.evidence);
}

/// `save()`, and then a navigation so long after its end.
fn saves(after: impl Fn(u64) -> u64, change: fn(&mut pointsman_store::Call)) -> HandlerReport {
    let mut traffic = Traffic::new();
    for number in 0..300 {
        let start = visit(number, 4);
        traffic.page("/posts/new", Form::Document, number, start);
        change(traffic.action("savePost", "/posts/new", number, start + 20 * SECOND, 80));
        let at = start + 20 * SECOND + (80 + after(number)) * MS;
        traffic.page("/posts", Form::Rsc, number, at).page = Some("/posts/new".into());
    }
    traffic.judged("savePost")
}

#[test]
fn a_navigation_at_once_is_one_that_the_action_could_bring() {
    let named = |judged: &HandlerReport| judged.improvements.contains(&"navigate-after-action".to_owned());
    let pushed = saves(|_| 40, |_| {});
    assert!(named(&pushed), "{:?}", pushed.improvements);
    let clicked = saves(|number| 200 + number * 41 % 1_900, |_| {});
    assert!(!named(&clicked), "a link is followed at any time");
    let redirected = saves(|_| 40, |call| call.signs |= Sign::Redirected);
    assert!(!named(&redirected), "it redirects already");
}

#[test]
fn where_actions_run_side_by_side_nothing_waits() {
    let mut traffic = Traffic::new();
    for number in 0..200 {
        let start = visit(number, 4);
        if number % 3 == 0 {
            traffic.action("getPrice", "/compare", number, start, 200);
            traffic.action("getStock", "/compare", number, start + 3 * MS, 200);
        } else {
            traffic.serial(&["getPrice", "getStock"], "/compare", number, start);
        }
    }
    let judged = traffic.judged("getStock");
    assert_eq!(judged.verdict, Verdict::Keep, "{}", judged.reason);
    assert!(judged.reason.contains("do not send them one at a time"), "{}", judged.reason);
    assert_eq!(judged.benefit.map_or(0.0, |benefit| benefit.ms_per_interaction_p50), 0.0);
}

/// A cart whose clients get a new key with each request, and perhaps show the same network.
fn rotating(network: bool) -> HandlerReport {
    let mut traffic = cart(97);
    for number in 0..600 {
        traffic.page("/product/1", Form::Document, number, visit(number, 4) - 20 * SECOND);
    }
    for (number, call) in traffic.calls.iter_mut().enumerate() {
        let browser = call.client;
        call.network = browser.filter(|_| network);
        call.client = Some(ClientKey(number as u64 + 1));
        if call.form != Form::Document {
            call.page.get_or_insert_with(|| "/product/1".into());
        }
        call.signs |= Sign::KeyOfSession;
        call.signs |= Sign::SetsCookie;
    }
    traffic.judged("POST /api/cart")
}

#[test]
fn keys_that_change_hide_what_clients_do_in_a_row() {
    let judged = rotating(false);
    assert_eq!(judged.verdict, Verdict::InsufficientEvidence, "{}", judged.reason);
    assert!(judged.needs.iter().any(|need| need.code.as_str() == "stable_client_keys"), "{:?}", judged.needs);
    let judged = rotating(true);
    assert_eq!(
        judged.verdict,
        Verdict::MoveToServerAction,
        "the network puts them together: {}",
        judged.reason
    );
}

#[test]
fn sessions_that_begin_with_a_sign_in_and_end_within_a_minute_last() {
    // Each has a session of their own, which the proxy renews with every page; nothing else says who they are.
    for sign_ins in [true, false] {
        let mut traffic = cart(97);
        for call in &mut traffic.calls {
            call.signs =
                call.signs | Sign::KeyOfSession | Sign::SetsCookie | Sign::SessionsTold | Sign::SessionCookie;
            call.page.get_or_insert_with(|| "/product/1".into());
            call.form = if call.form == Form::Document { Form::Rsc } else { call.form };
        }
        for number in (0..600).filter(|_| sign_ins) {
            let call =
                traffic.action("submit", "/sign-in", 1_000_000 + number, visit(number, 4) - 2 * SECOND, 300);
            call.signs.set(Sign::Cookie, false);
            call.signs = call.signs | Sign::SessionsTold | Sign::SetsCookie | Sign::SetsSessionCookie;
        }
        let judged = traffic.judged("POST /api/cart");
        let asks = judged.needs.iter().any(|need| need.code.as_str() == "stable_client_keys");
        assert_eq!(asks, !sign_ins, "{}", judged.reason);
    }
}

#[test]
fn people_behind_one_address_stay_apart() {
    let mut traffic = cart(97);
    for call in &mut traffic.calls {
        // All of an hour share the address; their visits overlap.
        call.network = Some(ClientKey(7));
        call.start_ns -= call.start_ns % (600 * SECOND);
    }
    // Everyone's mutation at the same moment, and the refresh of half of them is somebody else's.
    for call in &mut traffic.calls {
        if call.form == Form::Rsc {
            call.start_ns += 60 * MS;
            call.client = call.client.map(|key| ClientKey(key.0 + 1));
        }
    }
    let judged = traffic.judged("POST /api/cart");
    assert!(!speaks(&judged, "mutate-then-refresh"), "{}", judged.reason);
}

/// A list of links, most of which nobody follows.
fn list(prefetches: u64, ms: u64, flags: &[&str]) -> Option<String> {
    let mut traffic = Traffic::new();
    for number in 0..100 {
        let start = visit(number, 4);
        traffic.page("/teams", Form::Document, number, start);
        for link in 0..prefetches {
            let call = traffic.page("/teams/[id]", Form::Prefetch, number, start + (300 + link) * MS);
            (call.duration_ns, call.path) = (ms * MS, Some(format!("/teams/{link}")));
        }
        traffic.page("/teams/[id]", Form::Rsc, number, start + 5 * SECOND);
    }
    let fact = |flag: &&str| AppFact {
        service: "shop".into(),
        environment: Some("production".into()),
        build: None,
        name: "pointsman.next.flags".into(),
        value: (*flag).into(),
        first_seen_ns: 0,
        last_seen_ns: 1,
    };
    let facts: Vec<AppFact> = flags.iter().map(fact).collect();
    let report = traffic.report_where(&Settings::default(), &HashMap::new(), &facts);
    let page = report.handlers.into_iter().find(|handler| handler.route == "/teams/[id]").unwrap();
    page.evidence.into_iter().find(|row| row.rule == "prefetch-load").map(|row| row.text)
}

#[test]
fn pages_that_are_fetched_ahead_for_nothing_are_named() {
    let text = list(20, 40, &[]).unwrap();
    assert!(text.contains("2000 of 2100") && text.contains("prefetch={false}"), "{text}");
    assert!(list(20, 40, &["partialPrefetching"]).unwrap().contains("is on"));
    assert_eq!(list(6, 40, &[]), None, "a handful of links is no list");
    assert_eq!(list(20, 0, &[]), None, "what a cache answers costs nothing");
}

#[test]
fn an_image_that_is_answered_with_a_page_shows_none() {
    let mut traffic = Traffic::new();
    for number in 0..200 {
        let start = visit(number, 4);
        traffic.page("/compare", Form::Document, number, start);
        traffic.serial(&["getPrice"], "/compare", number, start + 20 * SECOND);
        let icon = traffic.page("/dashboard", Form::Document, number, start + 20 * SECOND + 102 * MS);
        icon.signs |= Sign::Subresource;
        traffic.serial(&["getStock"], "/compare", number, start + 20 * SECOND + 110 * MS);
    }
    assert_eq!(traffic.judged("getStock").verdict, Verdict::MoveToRouteHandler);
}

#[test]
fn looking_whether_the_server_is_there_is_no_refresh() {
    let mut traffic = cart(97);
    for call in traffic.calls.iter_mut().filter(|call| call.form == Form::Rsc) {
        call.method = "HEAD".into();
    }
    let judged = traffic.judged("POST /api/cart");
    assert!(!judged.verdict.is_move(), "{}", judged.reason);
}

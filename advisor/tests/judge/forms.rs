//! Forms that navigate, signing in, and reloads: what looks like a sequence of fetches and is the browser's own doing.

use pointsman_advisor::{HandlerReport, Settings, Verdict};
use pointsman_store::{Call, Form, Sign};

use crate::traffic::{MS, SECOND, Traffic, visit};

/// 600 times somebody opens a page, posts to the route and sees a document of the page `later` afterwards.
fn posts_then_document(later: u64, change: impl Fn(&mut Call)) -> HandlerReport {
    let mut traffic = Traffic::new();
    for number in 0..600 {
        let start = visit(number, 4);
        traffic.page("/links", Form::Document, number, start - 20 * SECOND).signs |= Sign::AppRouter;
        change(traffic.mutation("/api/links", "/links", number, start));
        traffic.page("/links", Form::Document, number, start + later).signs |= Sign::AppRouter;
    }
    traffic.judged("POST /api/links")
}

#[test]
fn what_is_loaded_after_an_answer_that_is_a_page_itself_does_not_follow_from_the_post() {
    let reloaded = posts_then_document(500 * MS, |_| {});
    assert_eq!(reloaded.verdict, Verdict::MoveToServerAction, "{}", reloaded.reason);
    let navigated = posts_then_document(500 * MS, |call| {
        call.signs |= Sign::Navigate;
        call.media_type = Some("text/html".into());
    });
    assert_eq!(navigated.verdict, Verdict::Keep, "{}", navigated.reason);
}

#[test]
fn a_sign_in_that_loads_the_page_whole_stays_a_route() {
    let signs_in = |call: &mut Call| {
        call.signs.set(Sign::SessionCookie, false);
        call.signs.set(Sign::Cookie, false);
        call.signs = call.signs | Sign::SessionsTold | Sign::SetsCookie | Sign::SetsSessionTold;
        call.signs |= Sign::SetsSessionCookie;
    };
    let perhaps_signs_in = |call: &mut Call| {
        signs_in(call);
        call.signs.set(Sign::SetsSessionCookie, false);
        call.signs.set(Sign::SetsSessionTold, false);
    };
    let by_form = |call: &mut Call| {
        call.status = Some(303);
        call.signs |= Sign::Navigate;
    };
    let moved = posts_then_document(100 * MS, by_form);
    assert_eq!(moved.verdict, Verdict::MoveToServerAction, "{}", moved.reason);
    for judged in [
        posts_then_document(500 * MS, signs_in),
        posts_then_document(100 * MS, |call| {
            by_form(call);
            signs_in(call);
        }),
        posts_then_document(100 * MS, |call| {
            by_form(call);
            perhaps_signs_in(call);
        }),
    ] {
        assert_eq!(judged.verdict, Verdict::Keep, "{}", judged.reason);
    }
}

/// Two equal reads of each client one second apart; between them the page is loaded again, or not.
fn read_twice(reloaded: bool) -> bool {
    let mut traffic = Traffic::new();
    for number in 0..100 {
        for again in 0..2 {
            let start = visit(number, 4) + again * SECOND;
            if reloaded || again == 0 {
                traffic.page("/links", Form::Document, number, start - 200 * MS);
            }
            let read = traffic.get("/api/me", number, start);
            (read.request_key, read.response_hash) = (Some(number), Some(number));
        }
    }
    let judged = traffic.judged_with("GET /api/me", &Settings::default());
    judged.improvements.contains(&"duplicate-get".to_owned())
}

#[test]
fn a_page_that_was_reloaded_shares_nothing_with_the_one_before() {
    assert!(read_twice(false));
    assert!(!read_twice(true));
}

/// An action whose work reads and whose every answer sets a cookie, in an app whose pages set one as well; of its four other
/// actions so many do, too.
fn with_other_actions(setting: u64) -> HandlerReport {
    let mut traffic = Traffic::new();
    for number in 0..100 {
        let start = visit(number, 4);
        traffic.page("/settings", Form::Document, number, start).signs |= Sign::SetsCookie;
        for other in 0..4 {
            let name = format!("other{other}");
            let call = traffic.action(&name, "/settings", number, start + (10 + 5 * other) * SECOND, 20);
            call.signs.set(Sign::SetsCookie, other < setting);
        }
        let call = traffic.action("passphrase", "/settings", number, start + 5 * SECOND, 30);
        call.signs = (call.signs | Sign::Rerendered) | Sign::SetsCookie;
        call.signs |= Sign::Reads;
    }
    traffic.judged("passphrase")
}

#[test]
fn a_proxy_that_renews_on_reads_alone_writes_no_cookie_of_an_action() {
    let says = |judged: &HandlerReport| judged.improvements.contains(&"cookie-rerender".to_owned());
    assert!(says(&with_other_actions(4)), "all actions get the cookie: it is nobody's");
    assert!(!says(&with_other_actions(1)), "the others get none: it is this one's own");
}

#[test]
fn an_action_that_is_posted_on_the_way_to_another_page_is_no_fault_of_that_page() {
    let of = |referer: &str| {
        let mut traffic = Traffic::new();
        for number in 0..100 {
            let call = traffic.action("getOrderStatus", "/catalog", number, visit(number, 4), 30);
            call.page = Some(referer.into());
            call.signs |= Sign::Forwarded;
        }
        traffic.judged("getOrderStatus").improvements.contains(&"forwarded-action".to_owned())
    };
    assert!(of("/catalog"));
    assert!(!of("/orders/7"));
}

//! What scenarios of January 2027 showed: pages of other apps under the same host, forms that name no origin, pages that were rendered
//! ahead, arguments that are equal by chance, and sessions that a GET ends. Both sides of each.

use pointsman_advisor::Verdict;
use pointsman_store::{ClientKey, Form, Sign, Signs};

use crate::traffic::{MS, SECOND, Traffic, cart, visit};

#[test]
fn a_few_calls_from_a_page_that_this_app_does_not_answer_are_enough() {
    for (calls, moves) in [(0, true), (2, true), (3, false), (60, false)] {
        let mut traffic = cart(97);
        for number in 0..calls {
            traffic.mutation(
                "/api/cart",
                "/help/contact.html",
                5_000 + number,
                visit(number, 4) + 7 * SECOND,
            );
        }
        let judged = traffic.judged("POST /api/cart");
        assert_eq!(judged.verdict == Verdict::MoveToServerAction, moves, "{calls}: {}", judged.reason);
        assert!(moves || judged.reason.contains("/help/contact.html"), "{}", judged.reason);
    }
}

#[test]
fn an_origin_of_null_would_be_refused() {
    for (nulls, moves) in [(0, true), (600, false)] {
        let mut traffic = cart(97);
        let posts = traffic.calls.iter_mut().filter(|call| call.method == "POST");
        posts.take(nulls).for_each(|call| call.signs |= Sign::NullOrigin);
        let judged = traffic.judged("POST /api/cart");
        assert_eq!(judged.verdict == Verdict::MoveToServerAction, moves, "{nulls}: {}", judged.reason);
    }
}

#[test]
fn without_a_page_nobody_knows_what_was_refreshed() {
    let mut traffic = cart(97);
    traffic.calls.iter_mut().filter(|call| call.method == "POST").for_each(|call| call.page = None);
    let judged = traffic.judged("POST /api/cart");
    assert_eq!(judged.verdict, Verdict::InsufficientEvidence, "{}", judged.reason);
}

/// One load a person, with one call of an action whose answer is always the same.
fn read_on_load(prerendered: bool, signed_in: bool, arguments: u64) -> Verdict {
    loads(prerendered, signed_in, arguments, Some(1))
}

fn loads(prerendered: bool, signed_in: bool, arguments: u64, answer: Option<u64>) -> Verdict {
    let mut traffic = Traffic::new();
    for number in 0..300 {
        let start = visit(number, 4);
        let visitor =
            Signs::NONE | Sign::HeadersCaptured | Sign::ResponseHeadersCaptured | Sign::CredentialsTold;
        let page = traffic.page("/pricing", Form::Document, number, start);
        page.signs = if signed_in { page.signs } else { visitor };
        page.signs.set(Sign::CacheHit, prerendered);
        let call = traffic.action("getPlan", "/pricing", number, start + 400 * MS, 60);
        call.request_key = Some(1_000 + number * 7_919 % arguments);
        call.response_hash = answer;
        call.signs = if signed_in { call.signs } else { visitor };
        call.signs |= Sign::Reads;
    }
    traffic.judged("getPlan").verdict
}

#[test]
fn a_page_that_is_the_same_for_all_does_not_become_dynamic() {
    assert_eq!(read_on_load(false, true, 1), Verdict::MoveToServerComponent);
    assert_ne!(
        read_on_load(true, true, 1),
        Verdict::MoveToServerComponent,
        "what it reads depends on who asks"
    );
    assert_eq!(
        read_on_load(true, false, 1),
        Verdict::MoveToServerComponent,
        "it can be rendered ahead as well"
    );
    assert_ne!(
        loads(true, false, 1, None),
        Verdict::MoveToServerComponent,
        "nobody knows whether it is another thing each time"
    );
}

#[test]
fn arguments_that_two_people_share_by_chance_are_not_the_servers() {
    assert_eq!(read_on_load(false, true, 40), Verdict::InsufficientEvidence);
}

#[test]
fn a_get_after_which_there_is_no_session_ended_it() {
    for (ends, unsafe_get) in [(true, true), (false, false)] {
        let mut traffic = Traffic::new();
        for number in 0..100 {
            let start = visit(number, 4);
            traffic.page("/home", Form::Document, number, start);
            let call = traffic.get("/api/session/end", number, start + 9 * SECOND);
            call.page = Some("/home".into());
            call.signs = call.signs | Sign::SetsCookie | Sign::SetsSessionCookie;
            traffic.page("/login", Form::Rsc, number, start + 10 * SECOND).page = Some("/home".into());
        }
        for call in &mut traffic.calls {
            call.signs = call.signs | Sign::SessionsTold | Sign::SetsSessionTold;
            let after = call.path.as_deref() == Some("/login");
            call.signs.set(Sign::SessionCookie, !(ends && after));
        }
        let improvements = traffic.judged("GET /api/session/end").improvements;
        assert_eq!(improvements.iter().any(|rule| rule == "unsafe-get"), unsafe_get, "ends {ends}");
    }
}

/// Browsers that sign in, change the cart and sign out: they have the key of their address before it, after it and for the refresh, and
/// one of a session in between. With `beside`, somebody of the same address and without a session looks around meanwhile.
fn signs_in_and_out(beside: bool) -> Verdict {
    let mut traffic = cart(97);
    for call in &mut traffic.calls {
        call.network = call.client;
        call.page.get_or_insert_with(|| "/product/1".into());
        if call.form == Form::Rsc {
            call.signs |= Sign::KeyOfAddress;
        } else {
            call.client = call.client.map(|key| ClientKey(key.0 ^ 1));
            call.signs = call.signs | Sign::KeyOfSession | Sign::SetsCookie;
        }
    }
    for number in 0..600 {
        let start = visit(number, 4);
        let session = traffic.get("/api/me", number, start + 15 * SECOND);
        session.network = session.client;
        session.client = session.client.map(|key| ClientKey(key.0 ^ 1));
        session.page = Some("/product/1".into());
        session.signs |= Sign::KeyOfSession;
        for at in [start - 20 * SECOND, start + 30 * SECOND] {
            let page = traffic.page("/product/1", Form::Document, number, at);
            page.network = page.client;
            page.signs |= Sign::KeyOfAddress;
        }
        if beside {
            let other = traffic.page("/about", Form::Document, number, start + 8 * SECOND);
            other.network = other.client;
            other.signs |= Sign::KeyOfAddress;
        }
    }
    traffic.judged("POST /api/cart").verdict
}

#[test]
fn signing_in_and_out_is_no_key_that_changes() {
    assert_eq!(signs_in_and_out(false), Verdict::MoveToServerAction);
    assert_ne!(signs_in_and_out(true), Verdict::MoveToServerAction, "they may be two people");
}

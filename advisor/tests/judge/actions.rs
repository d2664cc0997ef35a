//! Actions: which ones should become routes or parts of server components, and which stay. Both sides.

use pointsman_advisor::{Settings, Verdict};
use pointsman_store::{Caller, Form, Sign};

use crate::traffic::{MS, SECOND, Traffic, visit};

#[test]
fn reads_on_load_belong_in_a_server_component() {
    let mut traffic = Traffic::new();
    for number in 0..200 {
        let start = visit(number, 4);
        traffic.page("/dashboard", Form::Document, number, start);
        traffic.serial(&["getProfile", "getNews", "getAlerts"], "/dashboard", number, start + 400 * MS);
    }
    for name in ["getProfile", "getNews", "getAlerts"] {
        let judged = traffic.judged(name);
        assert_eq!(judged.verdict, Verdict::MoveToServerComponent, "{name}: {}", judged.reason);
        assert_eq!(judged.route, "/dashboard");
    }
}

#[test]
fn serial_reads_on_a_click_belong_in_routes() {
    let mut traffic = Traffic::new();
    for number in 0..200 {
        let start = visit(number, 4);
        traffic.page("/compare", Form::Document, number, start);
        traffic.serial(&["getPrice", "getStock"], "/compare", number, start + 20 * SECOND);
    }
    let judged = traffic.judged("getStock");
    assert_eq!(judged.verdict, Verdict::MoveToRouteHandler, "{}", judged.reason);
    // 110 ms until the second one starts; in parallel it would have started at once.
    let saved = judged.benefit.unwrap().ms_per_interaction_p50;
    assert!((100.0..=120.0).contains(&saved), "{saved}");
}

#[test]
fn a_burst_survives_responses_that_the_server_closes_late() {
    let mut traffic = Traffic::new();
    for number in 0..200 {
        let start = visit(number, 4);
        traffic.action("getPrice", "/compare", number, start, 200);
        traffic.action("getStock", "/compare", number, start + 120 * MS, 200);
    }
    assert_eq!(traffic.judged("getStock").verdict, Verdict::MoveToRouteHandler);
}

#[test]
fn actions_that_run_side_by_side_did_not_wait() {
    let mut traffic = Traffic::new();
    for number in 0..200 {
        let start = visit(number, 4);
        traffic.action("getPrice", "/compare", number, start, 200);
        traffic.action("getStock", "/compare", number, start + 3 * MS, 200);
    }
    assert_eq!(traffic.judged("getStock").verdict, Verdict::Keep);
}

#[test]
fn people_who_click_fast_make_no_burst() {
    let mut traffic = Traffic::new();
    for number in 0..200 {
        let start = visit(number, 4);
        for click in 0..3 {
            traffic.action(
                "getPage",
                "/list",
                number,
                start + click * (700 + 500 * (number % 3) * click) * MS,
                100,
            );
        }
    }
    let judged = traffic.judged("getPage");
    assert_eq!(judged.verdict, Verdict::Keep, "{}", judged.reason);
}

#[test]
fn a_polled_read_belongs_in_a_route() {
    let mut traffic = Traffic::new();
    for number in 0..100 {
        let start = visit(number, 4);
        for tick in 0..12 {
            let call = traffic.action("getStatus", "/orders/[id]", number, start + tick * 5 * SECOND, 30);
            (call.request_key, call.response_hash) = (Some(number), Some(tick / 6));
        }
    }
    let judged = traffic.judged("getStatus");
    assert_eq!(judged.verdict, Verdict::MoveToRouteHandler, "{}", judged.reason);
    assert!(judged.reason.contains("one every 5 s"), "{}", judged.reason);
}

#[test]
fn irregular_visits_are_no_poll() {
    let mut traffic = Traffic::new();
    for number in 0..100 {
        let mut start = visit(number, 4);
        for step in 0..8 {
            traffic.action("getStatus", "/orders/[id]", number, start, 30);
            start += (1 + (number * 7 + step * step * 5) % 23) * SECOND;
        }
    }
    assert_eq!(traffic.judged("getStatus").verdict, Verdict::Keep);
}

#[test]
fn serial_mutations_stay_and_are_batched() {
    let mut traffic = Traffic::new();
    for number in 0..100 {
        traffic.serial(&["removeItem"; 6], "/cart", number, visit(number, 4));
    }
    let judged = traffic.judged("removeItem");
    assert_eq!(judged.verdict, Verdict::Keep, "{}", judged.reason);
    assert_eq!(judged.improvements, ["batch-burst"]);
    assert!(judged.benefit.unwrap().round_trips_per_day > 100.0);
}

#[test]
fn an_action_that_brings_the_page_or_serves_a_plain_form_stays() {
    let mut traffic = Traffic::new();
    for number in 0..400 {
        let start = visit(number, 4);
        traffic.action("addReview", "/product/1", number, start, 90).signs |= Sign::Rerendered;
        traffic.action("subscribe", "/newsletter", number, start + SECOND, 60).form =
            if number % 4 == 0 { Form::ActionForm } else { Form::ActionFetch };
    }
    assert_eq!(traffic.judged("addReview").verdict, Verdict::Keep);
    let subscribe = traffic.judged("subscribe");
    assert_eq!((subscribe.verdict, subscribe.blockers), (Verdict::Keep, vec!["pe-form-in-use".to_owned()]));
}

#[test]
fn a_name_that_says_nothing_asks_the_developer() {
    let mut traffic = Traffic::new();
    for number in 0..200 {
        traffic.serial(&["pricing", "stock"], "/compare", number, visit(number, 4));
    }
    let judged = traffic.judged("pricing");
    assert_eq!(judged.verdict, Verdict::InsufficientEvidence, "{}", judged.reason);
    assert_eq!(judged.needs[0].code.as_str(), "read_or_write");

    traffic.calls.iter_mut().for_each(|call| call.signs |= Sign::Reads);
    assert_eq!(traffic.judged("pricing").verdict, Verdict::MoveToRouteHandler, "child spans tell as well");
}

#[test]
fn unknown_callers_or_clients_leave_an_action_open() {
    type Hide = fn(&mut pointsman_store::Call);
    let hide_clients: Hide = |call| call.client = None;
    let hide_callers: Hide = |call| call.caller = Caller::Unknown;
    for hide in [hide_clients, hide_callers] {
        let mut traffic = Traffic::new();
        for number in 0..200 {
            traffic.serial(&["getPrice", "getStock"], "/compare", number, visit(number, 4));
        }
        traffic.calls.iter_mut().for_each(hide);
        assert_eq!(traffic.judged("getStock").verdict, Verdict::InsufficientEvidence);
    }
}

#[test]
fn a_native_client_of_an_action_gets_a_route_beside_it() {
    let mut traffic = Traffic::new();
    for number in 0..200 {
        let start = visit(number, 4);
        traffic.serial(&["getThread", "getLabels"], "/mail", number, start);
        if number % 10 == 0 {
            let call = traffic.action("getThread", "/mail", number + 5_000, start, 40);
            (call.caller, call.agent) = (Caller::External, Some("Expo".into()));
        }
    }
    let judged = traffic.judged("getThread");
    assert_eq!(judged.verdict, Verdict::Keep, "{}", judged.reason);
    assert!(judged.improvements.contains(&"action-external-caller".to_owned()), "{:?}", judged.improvements);
}

#[test]
fn a_quiet_action_known_for_a_week_is_left_alone() {
    let mut traffic = Traffic::new();
    for number in 0..24 {
        traffic.serial(&["getPrice", "getStock"], "/compare", number, visit(number, 8));
    }
    let judged = traffic.judged_with("getStock", &Settings::default());
    assert_eq!(judged.verdict, Verdict::Keep, "{}", judged.reason);
}

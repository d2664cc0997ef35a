//! Moves that were made, and what only looks like one. Ten days with the old Handler, then what each case says.

use super::*;
use crate::life::history::Promise;

const OLD: Fingerprint = Fingerprint(1);
const PAGE: Fingerprint = Fingerprint(2);
const NEW: Fingerprint = Fingerprint(3);
/// First hour of the telemetry, of the move, and after all.
const BEGIN: u32 = 480_000;
const PROPOSED: u32 = BEGIN + 7 * 24;
const MOVED: u32 = BEGIN + 10 * 24 + 9;
const END: u32 = MOVED + 30;

fn handler(kind: HandlerKind, method: &str, route: &str, action: Option<Action>) -> Handler {
    let (service, environment) = ("shop".to_owned(), None);
    Handler {
        service,
        environment,
        kind,
        route: route.into(),
        method: method.into(),
        action,
        operation: None,
    }
}

fn named(name: &str) -> Option<Action> {
    Some(Action::Export { file: "app/actions.ts".into(), name: name.into() })
}

fn route(method: &str, path: &str) -> Handler {
    handler(HandlerKind::RouteHandler, method, path, None)
}

fn action(action: Option<Action>) -> Handler {
    handler(HandlerKind::ServerAction, "POST", "/cart", action)
}

/// So many calls in each hour of a span, called from `/cart`.
fn course(handler: Handler, from: u32, to: u32, each: f64) -> Course {
    Course {
        handler,
        hours: (from..to).map(|hour| (hour, each)).collect(),
        pages: vec![("/cart".into(), 1.0)],
    }
}

fn traffic(courses: Vec<(Fingerprint, Course)>) -> Traffic {
    Traffic { from: BEGIN, to: END, courses: courses.into_iter().collect() }
}

fn recommendation() -> Recommendation {
    let promise = Promise {
        calls_per_day: 240.0,
        others_per_day: 480.0,
        pages: vec!["/cart".into()],
        page_calls_per_day: Some(480.0),
        ..Promise::default()
    };
    Recommendation::proposed(promise, Hour(PROPOSED).start_ns(), String::new())
}

/// The old Handler until the move, its page all the time, and these.
fn moved(old: Handler, others: Vec<(Fingerprint, Course)>) -> Traffic {
    let page = handler(HandlerKind::Page, "GET", "/cart", None);
    let usual = vec![(OLD, course(old, BEGIN, MOVED, 10.0)), (PAGE, course(page, BEGIN, END, 20.0))];
    traffic(usual.into_iter().chain(others).collect())
}

fn detected(verdict: Verdict, traffic: &Traffic) -> Option<Applied> {
    detect(OLD, verdict, &recommendation(), traffic)
}

#[test]
fn a_route_whose_calls_an_action_takes_over_has_moved() {
    let new = course(action(named("addItem")), MOVED, END, 10.0);
    let found = detected(Verdict::MoveToServerAction, &moved(route("POST", "/api/cart"), vec![(NEW, new)]));
    assert_eq!(found, Some(Applied { at_ns: Hour(MOVED).start_ns(), successor: Some(NEW) }));
}

#[test]
fn an_action_whose_calls_a_route_takes_over_has_moved() {
    let new = course(route("GET", "/api/cart"), MOVED, END, 15.0);
    let found = detected(Verdict::MoveToRouteHandler, &moved(action(named("getCart")), vec![(NEW, new)]));
    assert_eq!(found.and_then(|found| found.successor), Some(NEW));
}

#[test]
fn an_action_that_the_page_takes_over_has_moved() {
    let found = detected(Verdict::MoveToServerComponent, &moved(action(named("getCart")), Vec::new()));
    assert_eq!(found, Some(Applied { at_ns: Hour(MOVED).start_ns(), successor: None }));
    let by_id = Some(Action::Id("40aa".into()));
    let unnamed = detected(Verdict::MoveToServerComponent, &moved(action(by_id), Vec::new()));
    assert_eq!(unnamed, None, "its id changes with every build");
}

#[test]
fn what_is_not_certain_is_no_move() {
    let fits = || course(action(named("addItem")), MOVED, END, 10.0);
    let elsewhere = Course { pages: vec![("/wishlist".into(), 1.0)], ..fits() };
    let older = course(action(named("addItem")), BEGIN + 50, END, 10.0);
    let rare = course(action(named("addItem")), MOVED, END, 4.0);
    let frequent = course(action(named("addItem")), MOVED, END, 21.0);
    let unnamed = course(action(Some(Action::Id("40aa".into()))), MOVED, END, 10.0);
    let a_route = course(route("POST", "/api/basket"), MOVED, END, 10.0);
    for (what, others) in [
        ("nothing came in its place", vec![]),
        ("it is called from other pages", vec![(NEW, elsewhere)]),
        ("it was there before", vec![(NEW, older)]),
        ("it is called less than half as often", vec![(NEW, rare)]),
        ("it is called more than twice as often", vec![(NEW, frequent)]),
        ("its id may be that of any action of the new build", vec![(NEW, unnamed)]),
        ("it is no action", vec![(NEW, a_route)]),
        ("two of them came", vec![(NEW, fits()), (Fingerprint(4), fits())]),
    ] {
        let traffic = moved(route("POST", "/api/cart"), others);
        assert_eq!(detected(Verdict::MoveToServerAction, &traffic), None, "{what}");
    }
}

#[test]
fn a_handler_fades_only_while_the_app_is_used() {
    let old = |to, each| course(route("POST", "/api/cart"), BEGIN, to, each);
    let page = |to| course(handler(HandlerKind::Page, "GET", "/cart", None), BEGIN, to, 20.0);
    let half = Course {
        hours: (BEGIN..END).map(|hour| (hour, if hour < MOVED { 10.0 } else { 2.0 })).collect(),
        ..old(END, 0.0)
    };
    for (what, old, page, end, expected) in [
        ("a day and a bit", old(MOVED, 10.0), page(END), END, true),
        ("less than a day", old(MOVED, 10.0), page(END), MOVED + 20, false),
        ("nobody uses the app", old(MOVED, 10.0), page(MOVED), END, false),
        ("a fifth of its calls is left", half, page(END), END, false),
        ("it goes on", old(END, 10.0), page(END), END, false),
    ] {
        let mut traffic = traffic(vec![(OLD, old), (PAGE, page)]);
        traffic.to = end;
        let faded = faded_since(OLD, &recommendation(), &traffic);
        assert_eq!(faded, expected.then_some(MOVED), "{what}");
    }
}

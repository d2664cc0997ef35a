//! What visitors can do to the table of Handlers, and what they cannot.

use pointsman_store::{Fingerprint, SpanId, TraceId};

use super::*;

const LIMITS: Limits = Limits { apps: 3, handlers: 10, operations: 4, all: 1_000 };
const DAY_NS: u64 = IDLE_NS;
const NOON_NS: u64 = 1_800_000_000_000_000_000;

fn handler(kind: HandlerKind, route: &str, method: &str) -> Handler {
    let (service, environment) = ("shop".to_owned(), None);
    let (route, method) = (route.to_owned(), method.to_owned());
    Handler { service, environment, kind, route, method, action: None, operation: None }
}

fn route(route: &str) -> Handler {
    handler(HandlerKind::RouteHandler, route, "GET")
}

fn action(id: u64) -> Handler {
    let action = Some(Action::Id(format!("{id:040x}")));
    Handler { action, ..handler(HandlerKind::ServerAction, "/cart", "POST") }
}

fn operation(name: &str) -> Handler {
    Handler { operation: Some(name.to_owned()), ..route("/api/trpc/[trpc]") }
}

fn call(handler: Handler, status: u16, start_ns: u64) -> Call {
    Call {
        duration_ns: 1,
        status: Some(status),
        ..Call::bare(Arc::new(handler), TraceId([7; 16]), SpanId([1; 8]), start_ns)
    }
}

/// The Handlers under which Calls are counted that come one after the other.
fn settle(known: &mut KnownHandlers, calls: impl IntoIterator<Item = Call>) -> (Vec<Handler>, Settled) {
    let calls = calls.into_iter().collect();
    let mut traces =
        [TraceCalls { trace: TraceId([7; 16]), before: Vec::new(), calls, unchanged: Vec::new() }];
    let settled = known.settle(&mut traces);
    let [trace] = traces;
    (trace.calls.into_iter().map(|call| Handler::clone(&call.handler)).collect(), settled)
}

fn places(known: &KnownHandlers) -> usize {
    known.apps.values().map(AppHandlers::len).sum()
}

#[test]
fn ids_that_never_answered_are_no_actions() {
    let mut known = KnownHandlers::new(LIMITS);
    let (found, settled) = settle(&mut known, (0..500).map(|id| call(action(id), 500, NOON_NS)));
    assert!(found.iter().all(|handler| handler.action == Some(Action::NotFound)));
    assert_eq!((settled.refused[&Refusal::UnknownAction], places(&known)), (500, 1));
    let mut foreign = call(action(501), 200, NOON_NS);
    foreign.signs.set(Sign::OriginMismatch, true);
    assert_eq!(settle(&mut known, [foreign]).0[0].action, Some(Action::NotFound), "Next.js has not run it");
    assert_eq!(
        settle(&mut known, [call(action(7), 200, NOON_NS)]).0,
        [action(7)],
        "one that answered is known"
    );
    assert_eq!(
        settle(&mut known, [call(action(7), 500, NOON_NS)]).0,
        [action(7)],
        "also when it fails later"
    );
}

#[test]
fn a_few_actions_that_only_failed_are_believed_where_the_app_names_none() {
    let failed = |id| {
        let (form, media_type) = (Form::ActionFetch, Some("text/x-component".to_owned()));
        Call { form, media_type, ..call(action(id), 500, NOON_NS) }
    };
    let by_id = |found: &[Handler]| {
        found.iter().filter(|handler| matches!(handler.action, Some(Action::Id(_)))).count()
    };
    let limits = Limits { handlers: 100, ..LIMITS };
    let mut known = KnownHandlers::new(limits);
    assert_eq!(by_id(&settle(&mut known, (0..500).map(failed)).0), UNPROVEN);
    let named = Some(Action::Export { file: "app/actions.ts".into(), name: "add".into() });
    let named = Handler { action: named, ..handler(HandlerKind::ServerAction, "/cart", "POST") };
    let mut known = KnownHandlers::new(limits);
    settle(&mut known, [call(named, 200, NOON_NS)]);
    assert_eq!(by_id(&settle(&mut known, (0..500).map(failed)).0), 0);
}

#[test]
fn methods_that_nothing_answers_are_no_handlers() {
    let mut known = KnownHandlers::new(LIMITS);
    let made_up = ["PUT", "PATCH", "DELETE", "_OTHER", "TRACE"];
    let calls = made_up.map(|method| {
        let status = if method == "TRACE" { 200 } else { 405 };
        call(handler(HandlerKind::RouteHandler, "/api/cart", method), status, NOON_NS)
    });
    let (found, _) = settle(&mut known, calls);
    assert!(found.iter().all(|handler| handler.kind == HandlerKind::Unmatched), "{found:?}");
    assert_eq!(places(&known), 0);
}

#[test]
fn operations_are_earned_by_an_answer_and_bounded_for_each_dispatcher() {
    let mut known = KnownHandlers::new(LIMITS);
    let (found, _) = settle(
        &mut known,
        [call(operation("made.up"), 401, NOON_NS), call(operation("task.list"), 200, NOON_NS)],
    );
    assert_eq!(found, [route("/api/trpc/[trpc]"), operation("task.list")]);
    let names = ["a.a", "b.b", "c.c", "d.d", "e.e"];
    let (found, settled) = settle(&mut known, names.map(|name| call(operation(name), 200, NOON_NS)));
    assert_eq!(found.iter().filter(|handler| handler.operation.is_some()).count(), 3);
    assert_eq!(settled.refused[&Refusal::OperationsFull], 2);
    assert_eq!(settle(&mut known, [call(operation("e.e"), 200, NOON_NS + DAY_NS)]).0, [operation("e.e")]);
}

#[test]
fn one_app_cannot_take_the_places_of_another_and_idle_handlers_make_room() {
    let mut known = KnownHandlers::new(LIMITS);
    let (found, settled) = settle(&mut known, (0..50).map(|n| call(route(&format!("/r/{n}")), 200, NOON_NS)));
    assert_eq!(found.iter().filter(|handler| handler.kind == HandlerKind::Other).count(), 40);
    assert_eq!(settled.refused[&Refusal::AppFull], 40);
    let other = Handler { service: "docs".into(), ..route("/new") };
    assert_eq!(settle(&mut known, [call(other.clone(), 200, NOON_NS)]).0, [other]);
    let (found, settled) = settle(&mut known, [call(route("/brand/new"), 200, NOON_NS + DAY_NS)]);
    assert_eq!((found, settled.displaced), (vec![route("/brand/new")], 1));
}

#[test]
fn apps_are_bounded_as_well() {
    let mut known = KnownHandlers::new(LIMITS);
    let app = |n: u64| Handler { environment: Some(format!("preview-{n}")), ..route("/") };
    let (found, settled) = settle(&mut known, (0..1_000).map(|n| call(app(n), 200, NOON_NS)));
    assert_eq!(settled.refused[&Refusal::AppsFull], 997);
    let others = found.iter().filter(|handler| handler.service == OTHER_SERVICES);
    let ids: std::collections::HashSet<Fingerprint> = others.map(Handler::fingerprint).collect();
    assert_eq!((ids.len(), known.apps.len()), (1, 3));
    assert_eq!(settle(&mut known, [call(app(2_000), 200, NOON_NS + DAY_NS)]).0, [app(2_000)]);
}

#[test]
fn earlier_calls_are_looked_for_wherever_they_may_be() {
    let mut known = KnownHandlers::new(LIMITS);
    let before = vec![call(operation("task.list"), 401, NOON_NS)];
    let mut traces =
        [TraceCalls { trace: TraceId([7; 16]), before, calls: Vec::new(), unchanged: Vec::new() }];
    known.settle(&mut traces);
    let handlers: Vec<Handler> = traces[0].before.iter().map(|call| Handler::clone(&call.handler)).collect();
    assert!(handlers.contains(&operation("task.list")) && handlers.contains(&route("/api/trpc/[trpc]")));
    assert!(handlers.iter().any(|handler| handler.kind == HandlerKind::Other));
}

#[test]
fn what_is_full_in_all_leaves_each_app_its_share() {
    let mut known = KnownHandlers::new(Limits { all: 12, ..LIMITS });
    let of = |service: &str, at: u64| {
        let service = service.to_owned();
        call(Handler { service, ..route(&format!("/api/{at}")) }, 200, NOON_NS)
    };
    let kept = |found: &[Handler]| found.iter().filter(|handler| handler.route != ANY).count();
    assert_eq!(kept(&settle(&mut known, (0..20).map(|at| of("greedy", at))).0), 10);
    let (found, settled) = settle(&mut known, (0..20).map(|at| of("shop", at)));
    assert_eq!(
        (kept(&found), settled.refused[&Refusal::AllFull]),
        (6, 14),
        "half of 12, though greedy holds 10"
    );
    let (found, settled) = settle(&mut known, (0..20).map(|at| of("greedy", 20 + at)));
    assert_eq!((kept(&found), settled.refused[&Refusal::AllFull]), (0, 20));
}

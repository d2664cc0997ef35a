//! What visitors of the observed app choose (paths, methods, ids of actions, names of operations) fills no table, however much of it
//! they send. What they could do to it before is told in each test.

use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::trace::v1::Span;
use pointsman_store::{Handler, HandlerKind};

use crate::spans::{int, request, route_call, text};
use crate::world::World;

/// Requests of each kind: more than an app has room for handlers.
const MANY: u64 = 2_500;

/// An own span with these attributes in place of those of a route handler.
fn visit(number: u64, method: &str, path: &str, status: i64, more: Vec<KeyValue>) -> Span {
    let about = [text("http.request.method", method), text("url.path", path)];
    let status = int("http.response.status_code", status);
    let attributes = about.into_iter().chain([status]).chain(more).collect();
    Span { attributes, ..route_call(number + 1, 1) }
}

async fn flood(world: &World, visit: impl Fn(u64) -> Span) {
    for begin in (0..MANY).step_by(500) {
        world.send(request((begin..begin + 500).map(&visit).collect())).await.unwrap();
    }
    world.calls().await;
}

/// The Handlers after the flood, and after a new route of the app was called.
async fn handlers(world: &World) -> Vec<Handler> {
    let mut call = route_call(1 << 40, 1);
    call.attributes.retain(|attribute| attribute.key != "http.route");
    call.attributes.push(text("http.route", "/brand/new"));
    world.send(request(vec![call])).await.unwrap();
    world.calls().await;
    let known = world.store.handlers("shop").await.unwrap();
    assert!(known.values().any(|handler| handler.route == "/brand/new"), "newcomers have a place: {known:?}");
    known.into_values().filter(|handler| handler.route != "/brand/new").collect()
}

#[tokio::test]
async fn error_pages_of_made_up_paths_are_one_handler() {
    let world = World::new().await;
    let error = || vec![text("http.route", "/_error"), text("pointsman.route.kind", "pages")];
    flood(&world, |n| visit(n, "GET", &format!("/item/%ff{n}"), 400, error())).await;
    let found = handlers(&world).await;
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].kind, found[0].route.as_str()), (HandlerKind::Unmatched, "*"));
}

#[tokio::test]
async fn made_up_ids_of_actions_are_unknown_ids_of_their_page() {
    let world = World::new().await;
    let asked = |n: u64, via| {
        let id = format!("{:040x}", n.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let page = [text("http.route", "/cart"), text("pointsman.route.kind", "app_page")];
        let action = [text("next.action.id", &id), text("pointsman.action.via", via)];
        page.into_iter().chain(action).collect::<Vec<_>>()
    };
    // A form without JavaScript, of which Next.js 14 says nothing; a foreign page's request, which it does not run.
    flood(&world, |n| visit(n, "POST", "/cart", 500, asked(n, "form"))).await;
    let foreign = |n| {
        let headers = [
            text("http.request.header.origin", "https://evil.example"),
            text("http.request.header.host", "shop"),
        ];
        let answer = [text("http.response.header.content-type", "text/x-component")];
        asked(n + MANY, "header").into_iter().chain(headers).chain(answer).collect()
    };
    flood(&world, |n| visit(n + MANY, "POST", "/cart", 500, foreign(n))).await;
    let found = handlers(&world).await;
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(world.metric("calls_of_refused_handlers_total", "unknown_action") >= 5_000.0);
}

#[tokio::test]
async fn methods_that_a_route_does_not_answer_add_no_handlers() {
    let world = World::new().await;
    let methods = ["PUT", "PATCH", "DELETE", "TRACE", "BREW"];
    let route = |n: u64| {
        vec![text("http.route", &format!("/r/{}", n % 100)), text("pointsman.route.kind", "app_route")]
    };
    flood(&world, |n| visit(n, methods[usize::try_from(n).unwrap() / 100 % 5], "/r", 405, route(n))).await;
    let found = handlers(&world).await;
    assert_eq!(found.len(), 1, "{found:?}");
}

#[tokio::test]
async fn operations_that_visitors_make_up_are_bounded_also_where_all_are_answered() {
    let world = World::new().await;
    let word = |n: u64| -> String {
        let letters = "abcdefghiklmnopqrstu".as_bytes();
        (0..6)
            .map(|place| char::from(letters[usize::try_from(n / 20_u64.pow(place % 3) % 20).unwrap()]))
            .collect()
    };
    let route = || vec![text("http.route", "/api/[[...route]]"), text("pointsman.route.kind", "app_route")];
    flood(&world, |n| visit(n, "GET", &format!("/api/made{}", word(n)), 401, route())).await;
    assert_eq!(handlers(&world).await.len(), 1, "nothing has answered");
    flood(&world, |n| visit(n + MANY, "GET", &format!("/api/made{}", word(n)), 200, route())).await;
    let found = handlers(&world).await;
    assert_eq!(found.len(), world.settings.max_operations + 1);
    assert!(world.metric("calls_of_refused_handlers_total", "operations_full") > 0.0);
}

#[tokio::test]
async fn services_and_environments_that_senders_make_up_are_bounded() {
    let world = World::new().await;
    for begin in (0..MANY).step_by(500) {
        let mut all = request(Vec::new());
        let one = all.resource_spans.pop().unwrap();
        for n in begin..begin + 500 {
            let mut of_service = one.clone();
            let resource = of_service.resource.as_mut().unwrap();
            resource.attributes = vec![text("service.name", &format!("s{n}"))];
            of_service.scope_spans[0].spans = vec![route_call(n + 1, 1)];
            all.resource_spans.push(of_service);
        }
        world.send(all).await.unwrap();
    }
    world.calls().await;
    let services = world.store.services().await.unwrap();
    assert_eq!(services.len(), world.settings.max_apps + 1, "and one for all others");
    assert!(world.metric("calls_of_refused_handlers_total", "apps_full") > 0.0);
}

//! Which Handler a request belongs to, where its path, an error or a server around Next.js could mislead.

use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::trace::v1::Span;
use pointsman_store::{Action, Call, Caller, Handler, HandlerKind};

use crate::made::{CLIENT, INTERNAL, SERVER, call, list, number, sent, span, text};
use crate::support::extract;

const ACTION: &str = "4043d6f3c1a6d5a7f4c2a9e1b0c3d2e1f0a9b8c7d6";

/// The Calls of spans that the npm package did not make.
fn plain(spans: Vec<Span>) -> Vec<Call> {
    let mut request = sent(Vec::new(), spans);
    for scope in request.resource_spans.iter_mut().flat_map(|resource| &mut resource.scope_spans) {
        "next.js".clone_into(&mut scope.scope.as_mut().unwrap().name);
    }
    extract([request]).calls
}

/// An own span: method, path, status, and what else there is.
fn own(method: &str, path: &str, status: i64, more: Vec<KeyValue>) -> Span {
    let about = [text("http.request.method", method), text("url.path", path)];
    let status = number("http.response.status_code", status);
    span(1, 0, SERVER, (0, 1_000), about.into_iter().chain([status]).chain(more).collect())
}

/// A span of Next.js around a request.
fn of_next(id: u8, parent: u8, what: &str, path: &str, more: Vec<KeyValue>) -> Span {
    let about = [text("http.method", "GET"), text("http.target", path), number("http.status_code", 200)];
    let what = text("next.span_type", what);
    let from = u64::from(id);
    span(id, parent, SERVER, (from, 900), about.into_iter().chain([what]).chain(more).collect())
}

fn routed(route: &str) -> Vec<KeyValue> {
    vec![text("next.route", route), text("http.route", route)]
}

/// Attributes of an action's POST that the app's manifest names.
fn named() -> Vec<KeyValue> {
    vec![
        list("http.request.header.next-action", &[ACTION]),
        text("next.action.id", ACTION),
        text("code.function.name", "subscribe"),
        text("code.file.path", "app/actions.ts"),
    ]
}

#[test]
fn an_operation_stands_beside_the_route_of_its_dispatcher() {
    let post = |path: &str, status| {
        let more = vec![text("http.route", "/api/trpc/[trpc]"), text("pointsman.route.kind", "app_route")];
        let call = call(Vec::new(), vec![own("POST", path, status, more)]);
        (call.handler.route.clone(), call.handler.operation.clone())
    };
    let route = || "/api/trpc/[trpc]".to_owned();
    assert_eq!(post("/api/trpc/task.move", 200), (route(), Some("task.move".to_owned())));
    assert_eq!(post("/api/trpc/task.move,task.list", 200), (route(), None));
    assert_eq!(post("/api/trpc/9f86d081884c7d65", 200), (route(), None));
}

#[test]
fn a_graphql_operation_is_known_only_if_the_package_names_it() {
    let post = |more: Vec<KeyValue>| {
        let about = vec![text("http.route", "/api/graphql"), text("pointsman.route.kind", "app_route")];
        let spans = vec![own("POST", "/api/graphql", 200, about.into_iter().chain(more).collect())];
        call(Vec::new(), spans).handler.operation.clone()
    };
    assert_eq!(post(Vec::new()), None);
    assert_eq!(post(vec![text("pointsman.graphql.operation", "MoveTask")]), Some("MoveTask".to_owned()));
    assert_eq!(post(vec![text("pointsman.graphql.operation", "q_7d84f1c2deadbeef")]), None);
}

#[test]
fn an_action_posted_from_the_not_found_page_counts_for_the_action() {
    for (route, status, page) in [
        (Some("/_not-found"), 200, "/_not-found"),
        (None, 404, "/_not-found"),
        (None, 307, "/teams/:id"),
        (Some("/_error"), 500, "/teams/:id"),
    ] {
        let more = named().into_iter().chain(route.map(|route| text("http.route", route))).collect();
        let call = call(Vec::new(), vec![own("POST", "/teams/7d84f1", status, more)]);
        let action = Action::Export { file: "app/actions.ts".into(), name: "subscribe".into() };
        assert_eq!(call.handler.action, Some(action), "{route:?}");
        assert_eq!((call.handler.kind, call.handler.route.as_str()), (HandlerKind::ServerAction, page));
    }
}

#[test]
fn folders_of_the_app_are_no_part_of_a_route() {
    for (told, route) in [
        ("/(main)/api/groups/[groupId]/images/[imageId]", "/api/groups/[groupId]/images/[imageId]"),
        ("/(shop)/(deep)/api/x", "/api/x"),
        ("/api/@modal/x", "/api/x"),
        ("/(main)", "/"),
        ("/api/()/x", "/api/()/x"),
        ("/api/[...all]", "/api/[...all]"),
    ] {
        let about = vec![text("http.route", told), text("pointsman.route.kind", "app_route")];
        let found = call(Vec::new(), vec![own("GET", "/api/x", 200, about)]);
        assert_eq!(found.handler.route, route);
    }
}

#[test]
fn a_path_is_never_a_route() {
    for (method, path, status, more) in [
        ("GET", "/item/%ff%fe", 400, vec![text("http.route", "/_error")]),
        (
            "GET",
            "/u/ada@example.com",
            500,
            vec![text("http.route", "/_error"), text("pointsman.route.kind", "pages")],
        ),
        ("POST", "/x/1", 500, vec![text("next.action.id", &"0".repeat(39)), text("http.route", "/_error")]),
        ("POST", "/x/2", 307, vec![list("http.request.header.next-action", &["short"])]),
    ] {
        let call = call(Vec::new(), vec![own(method, path, status, more)]);
        let found = (call.handler.kind, call.handler.method.as_str());
        assert_eq!(found, (HandlerKind::Unmatched, "*"), "{path}: {:?}", call.handler);
        assert!(call.handler.route.starts_with('*'), "{path}: {:?}", call.handler);
    }
}

#[test]
fn redirects_and_files_have_lines_of_their_own() {
    for (path, status, route) in [
        ("/dashboard", 302, Handler::REDIRECTED),
        ("/logo.png", 200, Handler::PUBLIC_FILES),
        ("/logo.png", 404, Handler::UNMATCHED),
        ("/nothing", 404, Handler::UNMATCHED),
        ("/answered-by-the-proxy", 200, Handler::UNMATCHED),
    ] {
        assert_eq!(
            call(Vec::new(), vec![own("GET", path, status, Vec::new())]).handler.route,
            route,
            "{path}"
        );
    }
}

#[test]
fn a_mount_that_cuts_the_path_is_one_request() {
    let outer = || own("GET", "/docs/api/foo", 200, Vec::new());
    let inner = |parent| of_next(2, parent, "BaseServer.handleRequest", "/api/foo", routed("/api/foo"));
    let calls = plain(vec![outer(), inner(1)]);
    assert_eq!((calls.len(), calls[0].caller), (1, Caller::Unknown));
    assert_eq!(calls[0].handler.route, "/api/foo");
    // A second one, and one that an outgoing call lies before, are requests of their own.
    let mut second = of_next(3, 1, "BaseServer.handleRequest", "/api/bar", routed("/api/bar"));
    assert_eq!(plain(vec![outer(), inner(1), second.clone()]).len(), 2);
    let fetch = span(4, 1, CLIENT, (1, 900), vec![text("http.request.method", "GET")]);
    assert_eq!(plain(vec![outer(), fetch, inner(4)]).len(), 2);
    // What begins after the outer request has ended was sent by something that went on.
    second.start_time_unix_nano += 5_000;
    second.end_time_unix_nano += 6_000;
    assert_eq!(plain(vec![outer(), second]).len(), 2);
}

#[test]
fn new_spans_of_next_change_no_count() {
    let root = |more| of_next(1, 0, "Next.request", "/cart", more);
    let inner = |parent| of_next(2, parent, "BaseServer.handleRequest", "/cart", routed("/cart"));
    let cached =
        |parent| span(3, parent, INTERNAL, (5, 50), vec![text("next.span_type", "UseCache.execute")]);
    let mut bare = root(Vec::new());
    bare.attributes.retain(|attribute| attribute.key == "next.span_type");
    let mut without_path = root(Vec::new());
    without_path.attributes.retain(|attribute| attribute.key != "http.target");
    let mut internal = inner(1);
    internal.kind = INTERNAL;
    for (what, spans) in [
        ("as today", vec![inner(0), cached(2)]),
        ("with the root", vec![root(Vec::new()), inner(1), cached(2)]),
        ("with a root that says nothing", vec![bare, inner(1)]),
        ("with a root that has no path", vec![without_path, inner(1)]),
        ("with a root that is the only server span", vec![root(Vec::new()), internal, cached(2)]),
    ] {
        let calls = plain(spans);
        assert_eq!(calls.len(), 1, "{what}");
        assert_eq!(
            (calls[0].handler.route.as_str(), calls[0].path.as_deref()),
            ("/cart", Some("/cart")),
            "{what}"
        );
    }
}

#[test]
fn next_itself_may_say_that_an_action_ran() {
    let post = |more: Vec<Span>| {
        let mut request = of_next(1, 0, "BaseServer.handleRequest", "/cart", routed("/cart"));
        request.attributes.retain(|attribute| attribute.key != "http.method");
        request.attributes.push(text("http.method", "POST"));
        let page = span(2, 1, INTERNAL, (5, 50), vec![text("next.span_type", "AppRender.getBodyResult")]);
        plain([request, page].into_iter().chain(more).collect())
    };
    let ran = span(3, 1, INTERNAL, (5, 9), vec![text("next.span_type", "AppRender.executeServerAction")]);
    assert_eq!(post(Vec::new())[0].handler.kind, HandlerKind::Page, "a form, or any other POST");
    let calls = post(vec![ran]);
    assert_eq!((calls.len(), calls[0].handler.action.clone()), (1, Some(Action::Unnamed)));
}

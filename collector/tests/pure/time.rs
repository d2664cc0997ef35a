//! Where the time of a request went: which child spans are databases and outgoing requests, and what they cover.

use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::trace::v1::Span;

use crate::made::{CLIENT, INTERNAL, SERVER, call, request, span, text};
use crate::support::{OWN, calls};

/// Time in databases, in outgoing requests and in either, of a request from 0 to 1000 with these children.
fn times(children: Vec<Span>) -> [Option<u64>; 3] {
    let spans = std::iter::once(request("GET", "app_route", 200, Vec::new())).chain(children);
    let call = call(Vec::new(), spans.collect());
    [call.database_ns, call.outgoing_ns, call.child_ns]
}

fn query() -> Vec<KeyValue> {
    vec![text("db.system", "postgresql"), text("db.statement", "SELECT")]
}

fn fetch() -> Vec<KeyValue> {
    vec![text("http.request.method", "GET"), text("url.full", "https://api.example/")]
}

#[test]
fn what_is_not_traced_is_not_known() {
    assert_eq!(times(Vec::new()), [None; 3]);
    let render = span(2, 1, INTERNAL, (100, 900), vec![text("next.span_type", "AppRender.getBodyResult")]);
    assert_eq!(times(vec![render]), [None; 3]);
    // A span whose end has not come says nothing yet.
    let mut open = span(2, 1, CLIENT, (100, 900), query());
    open.end_time_unix_nano = 0;
    assert_eq!(times(vec![open]), [None; 3]);
}

#[test]
fn databases_and_outgoing_requests_are_told_by_any_of_their_names() {
    for attributes in [
        query(),
        vec![text("db.system.name", "mysql")],
        vec![text("db.operation.name", "findOne")],
        vec![text("db.query.summary", "SELECT users")],
    ] {
        for kind in [CLIENT, INTERNAL] {
            let child = span(2, 1, kind, (100, 300), attributes.clone());
            assert_eq!(times(vec![child]), [Some(200), None, Some(200)], "{attributes:?}");
        }
    }
    let mut prisma = span(2, 1, INTERNAL, (100, 300), vec![text("method", "findMany")]);
    "prisma:client:operation".clone_into(&mut prisma.name);
    assert_eq!(times(vec![prisma]), [Some(200), None, Some(200)]);
    for attributes in [
        fetch(),
        vec![text("http.method", "POST")],
        vec![text("rpc.system", "grpc"), text("rpc.method", "Get")],
    ] {
        let child = span(2, 1, CLIENT, (100, 300), attributes.clone());
        assert_eq!(times(vec![child]), [None, Some(200), Some(200)], "{attributes:?}");
    }
    let next = vec![text("next.span_type", "AppRender.fetch"), text("http.url", "https://api.example/")];
    assert_eq!(times(vec![span(2, 1, INTERNAL, (100, 300), next)]), [None, Some(200), Some(200)]);
    // A connection's own span is neither.
    assert_eq!(times(vec![span(2, 1, INTERNAL, (100, 300), vec![text("net.peer.name", "db")])]), [None; 3]);
}

#[test]
fn time_that_overlaps_counts_once() {
    let side_by_side = vec![
        span(2, 1, CLIENT, (100, 400), query()),
        span(3, 1, CLIENT, (200, 500), query()),
        span(4, 1, CLIENT, (300, 700), fetch()),
        span(5, 1, CLIENT, (600, 800), fetch()),
    ];
    assert_eq!(times(side_by_side), [Some(400), Some(500), Some(700)]);
    // What goes on after the answer is no time of the request.
    let after = vec![span(2, 1, CLIENT, (900, 1_500), query()), span(3, 1, CLIENT, (1_200, 1_300), fetch())];
    assert_eq!(times(after), [Some(100), Some(0), Some(100)]);
}

#[test]
fn the_outermost_span_says_what_it_was() {
    // A database that is spoken to over HTTP, and its driver's spans below one that is neither.
    let spans = vec![
        span(2, 1, INTERNAL, (50, 950), vec![text("next.span_type", "AppRouteRouteHandlers.runHandler")]),
        span(3, 2, CLIENT, (100, 500), query()),
        span(4, 3, CLIENT, (150, 450), fetch()),
    ];
    assert_eq!(times(spans), [Some(400), None, Some(400)]);
    // The app's own request to itself is a request of its own: its queries are not those of its caller.
    let mut own = request("GET", "app_route", 200, Vec::new()).attributes;
    own.retain(|attribute| attribute.key != "url.path");
    own.push(text("url.path", "/other"));
    let spans = vec![
        request("GET", "app_page", 200, Vec::new()),
        span(2, 1, CLIENT, (100, 500), fetch()),
        span(3, 2, SERVER, (150, 450), own),
        span(4, 3, CLIENT, (200, 300), query()),
    ];
    let calls = crate::made::found(Vec::new(), spans).calls;
    let times: Vec<_> =
        calls.iter().map(|call| [call.database_ns, call.outgoing_ns, call.child_ns]).collect();
    assert_eq!(times, [[None, Some(400), Some(400)], [Some(100), None, Some(100)]]);
}

#[test]
fn recorded_pages_that_fetch_spent_time_on_it() {
    for (name, _) in OWN {
        let calls = calls(name);
        let fetching = calls.iter().filter(|call| call.outgoing_ns.is_some());
        let mut routes: Vec<_> = fetching.map(|call| &*call.handler.route).collect();
        routes.sort_unstable();
        // What Next.js fetches by itself is no work of theirs: the targets of redirects of two actions of `/acts`, and the POST
        // by which it passes on an action that was sent to `/`.
        assert_eq!(routes, ["/cachedfetch", "/cachedfetch", "/own"], "{name}");
        for call in calls {
            assert_eq!(call.database_ns, None, "{name}: the app has no database");
            assert_eq!(call.child_ns, call.outgoing_ns, "{name}");
            assert!(call.outgoing_ns.is_none_or(|ns| ns > 0 && ns <= call.duration_ns), "{name}");
            assert!(call.self_fetches == 0 || call.outgoing_ns.is_some(), "{name} {}", call.handler.route);
        }
    }
}

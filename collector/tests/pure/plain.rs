//! What is found where the npm package is missing: kinds and frequencies, from Next.js's own spans.

use std::collections::BTreeMap;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use pointsman_store::{Action, Call, Caller, Form, HandlerKind, Sampling};

use crate::support::{OWN, PLAIN, calls, expected_rows, extract, requests, spans_mut};

/// Calls of API routes by kind, route and method: what plain spans tell exactly.
fn routes(calls: &[Call]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for call in calls.iter().filter(|call| call.handler.kind.is_route()) {
        let key = format!("{} | {} | {}", call.handler.kind, call.handler.route, call.method);
        *counts.entry(key).or_insert(0) += 1;
    }
    counts
}

/// The same of the table for a recording with own spans.
fn expected_routes(name: &str) -> BTreeMap<String, usize> {
    let rows = expected_rows(name)
        .into_iter()
        .filter(|row| row.starts_with("route_handler") || row.starts_with("pages_api"));
    let parts = rows.map(|row| row.split(" | ").map(str::to_owned).collect::<Vec<_>>());
    parts.map(|parts| (parts[..3].join(" | "), parts[4].parse().unwrap())).collect()
}

/// How many POSTs reached the page `/acts`, whether they were actions or not.
fn posts(calls: &[Call]) -> usize {
    calls.iter().filter(|call| call.handler.route == "/acts" && call.method == "POST").count()
}

fn expected_posts(name: &str) -> usize {
    let rows = expected_rows(name).into_iter().filter(|row| row.contains(" | /acts | POST | "));
    rows.map(|row| row.rsplit(" | ").next().unwrap().parse::<usize>().unwrap()).sum()
}

#[test]
fn plain_spans_tell_api_routes_exactly() {
    for name in ["next-14.2", "next-15.5", "next-16.4"] {
        let calls = calls(&format!("{name}-plain"));
        assert_eq!(routes(&calls), expected_routes(name), "{name}");
        assert_eq!(posts(&calls), expected_posts(name) + forwarded(&calls), "{name}");
    }
}

/// An action that Next.js passed on looks like one more action when no header says so.
fn forwarded(calls: &[Call]) -> usize {
    calls
        .iter()
        .filter(|call| call.handler.kind == HandlerKind::ServerAction && call.handler.route == "/")
        .count()
}

#[test]
fn plain_spans_leave_open_what_they_cannot_tell() {
    for name in PLAIN {
        for call in calls(name) {
            let handler = &call.handler;
            assert_ne!(call.form, Form::Prefetch, "{name}: {call:?}");
            assert_ne!(call.form, Form::Rsc, "{name}: {call:?}");
            assert!(handler.action.is_none() || handler.action == Some(Action::Unnamed), "{name}: {call:?}");
            assert!(matches!(call.caller, Caller::Unknown | Caller::Server), "{name}: {call:?}");
            assert!(call.client.is_none() && call.request_bytes.is_none() && call.response_bytes.is_none());
            assert_eq!(call.sampling, Sampling::Undeclared);
        }
    }
}

#[test]
fn every_plain_request_is_one_call() {
    // Spans named `BaseServer.handleRequest` without `next.bubble`; one of 14.2 asked for an asset.
    for (name, total) in [
        ("next-14.2-plain", 110),
        ("next-15.5-plain", 114),
        ("next-16.4-nodesdk-plain", 35),
        ("next-16.4-plain", 133),
    ] {
        assert_eq!(calls(name).len(), total, "{name}");
    }
}

/// Takes out all that the package adds.
fn without_package(mut requests: Vec<ExportTraceServiceRequest>) -> Vec<ExportTraceServiceRequest> {
    for request in &mut requests {
        for resource in &mut request.resource_spans {
            resource
                .scope_spans
                .retain(|scope| scope.scope.as_ref().is_none_or(|scope| scope.name != "@pointsman/nextjs"));
        }
    }
    for span in spans_mut(&mut requests) {
        span.attributes.retain(|attribute| {
            let name = attribute.key.as_str();
            let added = ["pointsman.", "http.request.", "http.response.", "code.", "next.action."];
            !added.iter().any(|prefix| name.starts_with(prefix))
        });
    }
    requests
}

#[test]
fn without_the_package_kinds_and_frequencies_remain() {
    for (name, total) in OWN {
        let calls = extract(without_package(requests(name))).calls;
        let found = routes(&calls);
        assert_eq!(found, expected_routes(name), "{name}");
        assert_eq!(posts(&calls), expected_posts(name) + forwarded(&calls), "{name}");
        assert!(calls.len().abs_diff(total) <= 2, "{name}: {} of {total}", calls.len());
        let silent = calls.iter().filter(|call| call.handler.kind == HandlerKind::ServerAction);
        assert!(silent.clone().count() > 10, "{name}");
        assert!(silent.clone().all(|call| call.handler.action == Some(Action::Unnamed)), "{name}");
    }
}

//! What an own span of the npm package says about a request: the telemetry contract.

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, KeyValue};

use super::FIRST_DAY;
use crate::random::{both, of_text};
use crate::sim::Exchange;
use crate::sim::exchange::Kind;

pub(super) fn text(key: &str, value: &str) -> KeyValue {
    of(key, Value::StringValue(value.to_owned()))
}

#[expect(clippy::cast_possible_wrap, reason = "counts and sizes are far below 2^63")]
pub(super) fn number(key: &str, value: u64) -> KeyValue {
    of(key, Value::IntValue(value as i64))
}

pub(super) fn flag(key: &str, value: bool) -> KeyValue {
    of(key, Value::BoolValue(value))
}

pub(super) fn list<T: AsRef<str>>(key: &str, values: &[T]) -> KeyValue {
    let value = |text: &T| AnyValue { value: Some(Value::StringValue(text.as_ref().to_owned())) };
    of(key, Value::ArrayValue(ArrayValue { values: values.iter().map(value).collect() }))
}

fn of(key: &str, value: Value) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }), ..Default::default() }
}

/// All attributes of the own span of a request; `seen` is how many requests its process has seen.
pub(super) fn of_request(exchange: &Exchange, seen: u64) -> Vec<KeyValue> {
    let mut told = vec![
        text("http.request.method", &exchange.method),
        text("url.path", &exchange.path),
        number("http.request.body.size", exchange.request_bytes),
        text("pointsman.key.scope", "shared"),
        text("pointsman.request.key", &hex(exchange.request_key)),
        number("pointsman.requests.seen", seen),
    ];
    if let Some(agent) = &exchange.agent {
        told.push(text("user_agent.original", agent));
    }
    of_client(exchange, &mut told);
    // An empty list where none came: unknown would be another thing.
    told.push(list("pointsman.request.credentials", &exchange.credentials));
    if !exchange.query.is_empty() {
        told.push(list("pointsman.request.query_names", &exchange.query));
    }
    let header =
        |(name, value): &(&str, _)| list(&format!("http.request.header.{name}"), std::slice::from_ref(value));
    told.extend(exchange.asked.iter().map(header));
    of_route(exchange, &mut told);
    of_answer(exchange, &mut told);
    told
}

/// Who asked: by the session where there is one, else by address and agent; keys change every day.
fn of_client(exchange: &Exchange, told: &mut Vec<KeyValue>) {
    if exchange.client == 0 {
        return;
    }
    let day = FIRST_DAY + day_of(exchange.start_ms);
    let network = both(exchange.network, exchange.agent.as_deref().map_or(0, of_text));
    let (key, basis) = match exchange.session {
        Some(0) => (exchange.client, "session"),
        Some(value) => (both(exchange.client, value), "session"),
        None => (network, "address"),
    };
    if exchange.forwarded {
        told.push(flag("pointsman.client.forwarded", true));
    } else {
        told.push(text("pointsman.client.network_key", &hex(both(network, day))));
    }
    if exchange.session.is_some() || !exchange.forwarded {
        told.push(text("pointsman.client.key", &hex(both(key, day))));
        told.push(text("pointsman.client.key_basis", basis));
    }
}

fn of_route(exchange: &Exchange, told: &mut Vec<KeyValue>) {
    if let Some(route) = &exchange.route {
        told.push(text("http.route", route));
    }
    let kind = match exchange.kind {
        Kind::Page => Some("app_page"),
        Kind::PagesPage => Some("pages"),
        Kind::Route => Some("app_route"),
        Kind::PagesApi => Some("pages_api"),
        Kind::Nothing => None,
    };
    told.extend(kind.map(|kind| text("pointsman.route.kind", kind)));
    if let Some(operation) = &exchange.operation {
        told.push(text("pointsman.graphql.operation", operation));
    }
    if let Some(action) = &exchange.action {
        told.push(text("next.action.id", &action.id));
        told.push(text("pointsman.action.via", if action.by_form { "form" } else { "header" }));
        if let Some((file, name)) = &action.export {
            told.push(text("code.file.path", file));
            told.push(text("code.function.name", name));
        }
    }
}

fn of_answer(exchange: &Exchange, told: &mut Vec<KeyValue>) {
    told.push(number("http.response.body.size", exchange.response_bytes));
    if exchange.aborted {
        told.push(text("error.type", "aborted"));
    }
    let Some(status) = exchange.status else { return };
    told.push(number("http.response.status_code", status.into()));
    told.push(text("pointsman.response.hash", &hex(exchange.response_hash)));
    told.push(number("pointsman.response.uncompressed_size", exchange.response_bytes * 3));
    told.push(flag("pointsman.response.sets_cookie", exchange.sets_cookie || exchange.proxy_cookie));
    told.push(flag("pointsman.response.sets_session_cookie", exchange.sets_session));
    if let Some(begun) = exchange.first_byte_ms {
        told.push(number("pointsman.response.first_byte_ns", nanos(begun - exchange.start_ms)));
        let writing = if exchange.writes > 1 { exchange.end_ms - begun } else { 0.0 };
        told.push(number("pointsman.response.body_ns", nanos(writing)));
        told.push(number("pointsman.response.writes", exchange.writes));
    }
    for (name, value) in &exchange.answered {
        told.push(list(&format!("http.response.header.{name}"), std::slice::from_ref(value)));
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "some seconds, never negative")]
fn nanos(ms: f64) -> u64 {
    (ms.max(0.0) * 1e6) as u64
}

fn hex(number: u64) -> String {
    format!("{number:016x}")
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "scenarios last days")]
fn day_of(at_ms: f64) -> u64 {
    (at_ms / 86_400_000.0) as u64
}

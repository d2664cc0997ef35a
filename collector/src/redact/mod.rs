//! Takes out of spans what is personal, before anything is stored: no cookies, no authorization values, no
//! query strings, no statements, no messages, no addresses. What the judgement needs of them stays as a
//! name or as presence. `rules` says what happens to which attribute, `client` what becomes of an address.

mod client;
mod rules;

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;

pub use client::Secret;
use rules::{Treatment, cut_name, first_keyword, treatment};

/// Names that outside parties append to links; of queries nothing else is kept.
const LINK_QUERY_NAMES: [&str; 4] = ["code", "state", "token", "session_id"];

/// Redacts the attributes of a resource.
pub(crate) fn redact_resource(attributes: &mut Vec<KeyValue>) {
    attributes.retain(|attribute| !rules::names_a_person_or_machine(&attribute.key));
    redact_attributes(attributes);
}

/// Redacts a span: its name, attributes, status, events and links.
pub(crate) fn redact_span(span: &mut Span, secret: &Secret) {
    if span.kind == SpanKind::Server as i32 {
        keep_traces(span, secret);
    }
    redact_name(span);
    redact_attributes(&mut span.attributes);
    if let Some(status) = &mut span.status {
        status.message.clear();
    }
    for event in &mut span.events {
        redact_attributes(&mut event.attributes);
    }
    for link in &mut span.links {
        redact_attributes(&mut link.attributes);
    }
}

/// Redacts attributes by their names, and by what their values look like.
pub(crate) fn redact_attributes(attributes: &mut Vec<KeyValue>) {
    attributes.retain_mut(|attribute| {
        let Some(value) = &mut attribute.value else { return true };
        let treatment = treatment(&attribute.key);
        treatment != Treatment::Drop && apply(treatment, value)
    });
}

/// Treats a value and all within it; whether it may stay.
fn apply(treatment: Treatment, value: &mut AnyValue) -> bool {
    match &mut value.value {
        Some(Value::StringValue(text)) => rules::treat_text(treatment, text),
        Some(Value::ArrayValue(array)) => {
            array.values.retain_mut(|value| apply(treatment, value));
            true
        }
        Some(Value::KvlistValue(list)) => {
            redact_attributes(&mut list.values);
            true
        }
        _ => true,
    }
}

/// A span's name may repeat a URL or a statement.
fn redact_name(span: &mut Span) {
    let statement = ["db.query.text", "db.statement"].into_iter().find_map(|key| text(&span.attributes, key));
    if let Some(statement) = statement.filter(|statement| !statement.is_empty())
        && (span.name.contains(statement) || (span.name.len() > 20 && statement.starts_with(&span.name)))
    {
        span.name = first_keyword(statement);
    }
    cut_name(&mut span.name);
}

/// Leaves on a request's span what the judgement needs of the things that are about to go: a client key,
/// which credentials were present, which link names the query had, whether a cookie was set.
fn keep_traces(span: &mut Span, secret: &Secret) {
    let mut kept = Vec::new();
    let absent = |key: &str| span.attributes.iter().all(|attribute| attribute.key != key);
    if absent("pointsman.client.key")
        && let Some(key) = client::key(span, secret)
    {
        kept.push(attribute("pointsman.client.key", Value::StringValue(key)));
        if absent("pointsman.key.scope") {
            kept.push(attribute("pointsman.key.scope", Value::StringValue("shared".to_owned())));
        }
    }
    if absent("pointsman.request.credentials") {
        kept.extend(words("pointsman.request.credentials", rules::credentials(&span.attributes)));
    }
    if absent("pointsman.request.query_names") {
        kept.extend(words("pointsman.request.query_names", query_names(&span.attributes)));
    }
    if absent("pointsman.response.sets_cookie") && !absent("http.response.header.set-cookie") {
        kept.push(attribute("pointsman.response.sets_cookie", Value::BoolValue(true)));
    }
    span.attributes.extend(kept);
}

fn query_names(attributes: &[KeyValue]) -> Vec<String> {
    let targets = ["http.target", "url.full", "http.url"].into_iter();
    let queries = targets.filter_map(|key| text(attributes, key)?.split_once('?').map(|(_, query)| query));
    let queries: Vec<_> = queries.chain(text(attributes, "url.query")).collect();
    let has = |name: &&str| {
        let mut pairs = queries.iter().flat_map(|query| query.trim_start_matches('?').split('&'));
        pairs.any(|pair| pair.split('=').next() == Some(*name))
    };
    LINK_QUERY_NAMES.into_iter().filter(has).map(str::to_owned).collect()
}

fn words(key: &str, words: Vec<String>) -> Option<KeyValue> {
    let values = words.into_iter().map(|word| AnyValue { value: Some(Value::StringValue(word)) });
    let values: Vec<_> = values.collect();
    (!values.is_empty()).then(|| attribute(key, Value::ArrayValue(ArrayValue { values })))
}

fn attribute(key: &str, value: Value) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }), ..KeyValue::default() }
}

/// The text of an attribute; the first one where it is a list, as header attributes are.
fn text<'a>(attributes: &'a [KeyValue], key: &str) -> Option<&'a str> {
    let mut named = attributes.iter().filter(|attribute| attribute.key == key);
    named.find_map(|attribute| first_text(attribute.value.as_ref()?))
}

fn first_text(value: &AnyValue) -> Option<&str> {
    match value.value.as_ref()? {
        Value::StringValue(text) => Some(text),
        Value::ArrayValue(array) => array.values.iter().find_map(first_text),
        _ => None,
    }
}

//! The same telemetry as other senders tell it: numbers as texts, names of older conventions, other instrumentation, Next.js' spans
//! alone, spans in another order. What is lost by that may cost a verdict, and never makes a wrong one.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::{ScopeSpans, Span};
use prost::Message;

/// How telemetry may be told otherwise.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    /// Numbers and flags are sent as texts, as some pipelines and log shippers do.
    Texts,
    /// The names of OpenTelemetry's conventions before 1.23.
    OldNames,
    /// `instrumentation-http` with captured headers in place of the npm package.
    OtherInstrumentation,
    /// No package: the spans of Next.js alone.
    NextAlone,
    /// The last span first.
    Backwards,
}

/// The package's scope.
const PACKAGE: &str = "@pointsman/nextjs";

/// New names and old ones.
const RENAMED: [(&str, &str); 6] = [
    ("http.request.method", "http.method"),
    ("url.path", "http.target"),
    ("http.response.status_code", "http.status_code"),
    ("user_agent.original", "http.user_agent"),
    ("http.request.body.size", "http.request_content_length"),
    ("http.response.body.size", "http.response_content_length"),
];

impl Form {
    /// Every one.
    pub const ALL: [Self; 5] =
        [Self::Texts, Self::OldNames, Self::OtherInstrumentation, Self::NextAlone, Self::Backwards];

    /// In words.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Texts => "numbers as texts",
            Self::OldNames => "old names",
            Self::OtherInstrumentation => "other instrumentation",
            Self::NextAlone => "Next.js' spans alone",
            Self::Backwards => "backwards",
        }
    }

    /// A request of the exporter, told otherwise.
    ///
    /// # Errors
    /// When the bytes are no such request.
    pub fn of(self, request: &[u8]) -> anyhow::Result<Vec<u8>> {
        let mut request = ExportTraceServiceRequest::decode(request)?;
        for resource in &mut request.resource_spans {
            if self == Self::NextAlone {
                resource.scope_spans.retain(|scope| !is_of_package(scope));
            }
            resource.scope_spans.iter_mut().for_each(|scope| self.change(scope));
        }
        if self == Self::Backwards {
            request.resource_spans.reverse();
            for resource in &mut request.resource_spans {
                resource.scope_spans.reverse();
                resource.scope_spans.iter_mut().for_each(|scope| scope.spans.reverse());
            }
        }
        Ok(request.encode_to_vec())
    }

    fn change(self, scope: &mut ScopeSpans) {
        let attributes = |spans: &mut [Span], change: fn(&mut KeyValue)| {
            spans.iter_mut().flat_map(|span| &mut span.attributes).for_each(change);
        };
        match self {
            Self::Texts => attributes(&mut scope.spans, as_text),
            Self::OldNames => attributes(&mut scope.spans, rename),
            Self::OtherInstrumentation if is_of_package(scope) => {
                scope.spans.iter_mut().for_each(by_other);
                if let Some(named) = &mut scope.scope {
                    named.name = "@opentelemetry/instrumentation-http".to_owned();
                }
            }
            Self::OtherInstrumentation | Self::NextAlone | Self::Backwards => {}
        }
    }
}

fn is_of_package(scope: &ScopeSpans) -> bool {
    scope.scope.as_ref().is_some_and(|scope| scope.name == PACKAGE)
}

fn as_text(attribute: &mut KeyValue) {
    let Some(AnyValue { value: Some(value) }) = &mut attribute.value else { return };
    let text = match value {
        Value::IntValue(number) => number.to_string(),
        Value::BoolValue(flag) => flag.to_string(),
        Value::DoubleValue(number) => number.to_string(),
        _ => return,
    };
    *value = Value::StringValue(text);
}

fn rename(attribute: &mut KeyValue) {
    if let Some((_, old)) = RENAMED.iter().find(|(new, _)| *new == attribute.key) {
        attribute.key = (*old).to_owned();
    }
}

/// What only the package says is not there.
fn by_other(span: &mut Span) {
    span.attributes.retain(|attribute| {
        let name = &attribute.key;
        !name.starts_with("pointsman.") && !name.starts_with("code.") && name != "next.action.id"
    });
}

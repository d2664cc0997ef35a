//! A line of a recording: a request as OTLP JSON, marked as made by tests. The mark is its environment: what tests do is kept apart
//! from traffic wherever the recording goes. Writing files is not done here.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use pointsman_store::Handler;
use prost::Message;

/// The names of an environment, the one that is written first.
const ENVIRONMENT: [&str; 2] = ["deployment.environment.name", "deployment.environment"];
/// What `next dev` calls itself. It stays what it is: React runs effects twice there, whoever calls.
const DEVELOPMENT: &str = "development";

/// The line, with its end, for a request (OTLP protobuf).
///
/// # Errors
/// When the bytes are not such a request. What [`crate::admit`] wrote is one.
pub(crate) fn line(otlp: &[u8]) -> Result<Vec<u8>, String> {
    let mut request = ExportTraceServiceRequest::decode(otlp).map_err(|error| error.to_string())?;
    for spans in &mut request.resource_spans {
        mark(spans.resource.get_or_insert_default());
    }
    let mut line = serde_json::to_vec(&request).map_err(|error| error.to_string())?;
    line.push(b'\n');
    Ok(line)
}

fn mark(resource: &mut Resource) {
    if is_development(resource) {
        return;
    }
    resource.attributes.retain(|attribute| !ENVIRONMENT.contains(&attribute.key.as_str()));
    let value = Some(AnyValue { value: Some(Value::StringValue(Handler::TESTS.to_owned())) });
    let [name, _] = ENVIRONMENT;
    resource.attributes.push(KeyValue { key: name.to_owned(), value, ..KeyValue::default() });
}

/// Whether it says that it is a development server, in the order in which the Calls' environment is read.
fn is_development(resource: &Resource) -> bool {
    let text = |name: &str| {
        let value = resource.attributes.iter().find(|attribute| attribute.key == name)?.value.as_ref()?;
        match value.value.as_ref()? {
            Value::StringValue(text) if !text.is_empty() => Some(text.as_str()),
            _ => None,
        }
    };
    let declared = ENVIRONMENT.into_iter().find_map(text);
    declared.or_else(|| text("node.env")) == Some(DEVELOPMENT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::json_to_protobuf;

    fn environment(attributes: &str) -> serde_json::Value {
        let json = format!(
            r#"{{"resourceSpans":[{{"resource":{{"attributes":[{attributes}]}},"scopeSpans":[{{"spans":[{{
            "traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"00f067aa0ba902b7","name":"GET","kind":2,
            "startTimeUnixNano":"1795579135594736816","endTimeUnixNano":"1795579135594736900"}}]}}]}}]}}"#
        );
        let line = line(&json_to_protobuf(json.as_bytes()).unwrap()).unwrap();
        assert!(line.ends_with(b"\n"));
        // What was written is read again as the same request.
        let again = json_to_protobuf(&line).unwrap();
        assert_eq!(super::line(&again).unwrap(), line);
        let value: serde_json::Value = serde_json::from_slice(&line).unwrap();
        let span = &value["resourceSpans"][0]["scopeSpans"][0]["spans"][0];
        assert_eq!(span["traceId"], "0af7651916cd43dd8448eb211c80319c");
        assert_eq!(span["startTimeUnixNano"], "1795579135594736816");
        value["resourceSpans"][0]["resource"]["attributes"].clone()
    }

    fn text(key: &str, value: &str) -> String {
        format!(r#"{{"key":"{key}","value":{{"stringValue":"{value}"}}}}"#)
    }

    #[test]
    fn every_resource_says_that_tests_made_it_and_a_development_server_stays_one() {
        let values = |attributes: &serde_json::Value| -> Vec<String> {
            let all = attributes.as_array().unwrap().iter();
            all.map(|one| format!("{}={}", one["key"].as_str().unwrap(), one["value"]["stringValue"]))
                .collect()
        };
        let tests = "deployment.environment.name=\"pointsman-tests\"";
        let production = [text("deployment.environment", "production"), text("service.name", "shop")];
        assert_eq!(values(&environment(&production.join(","))), ["service.name=\"shop\"", tests]);
        assert_eq!(values(&environment("")), [tests]);
        assert_eq!(values(&environment(&text("node.env", "production"))), ["node.env=\"production\"", tests]);
        assert_eq!(values(&environment(&text("node.env", "development"))), ["node.env=\"development\""]);
        let declared = [text("deployment.environment.name", "preview"), text("node.env", "development")];
        assert_eq!(values(&environment(&declared.join(","))), ["node.env=\"development\"", tests]);
    }
}

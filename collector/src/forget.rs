//! What is left of a request when a service is forgotten. Which service and environment a resource names is told as
//! extraction tells it, so that what is forgotten is what was shown.

use crate::extract::facts::environment;
use crate::trace::{Origin, count_spans, read_resource};
use crate::wire::DecodeError;
use crate::wire::fields::{Content, Fields, Malformed};
use crate::wire::otlp::request;
use crate::wire::writer::Writer;

/// What is left of a request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Left {
    /// All of it.
    Everything,
    /// A part, as OTLP protobuf, with so many spans.
    Part(Vec<u8>, u32),
    /// Nothing.
    Nothing,
}

/// Takes the spans of a service out of a request (OTLP protobuf). `environment` is one of them, where none is declared the
/// empty one; `None` means all.
///
/// # Errors
/// When the bytes are no such message.
pub fn without(otlp: &[u8], service: &str, environment: Option<&str>) -> Result<Left, DecodeError> {
    left(otlp, service, environment)
        .map_err(|Malformed(reason)| DecodeError::Protobuf { reason: reason.to_owned() })
}

fn left(otlp: &[u8], service: &str, wanted: Option<&str>) -> Result<Left, Malformed> {
    let mut writer = Writer::with_capacity(otlp.len());
    let (mut goes, mut stays) = (false, false);
    let mut fields = Fields::of(otlp);
    while let Some(field) = fields.next()? {
        // A request has no other fields.
        let (request::RESOURCE_SPANS, Content::Bytes(message)) = field else { continue };
        let origin = Origin::of_resource(read_resource(message)?);
        let is_environment = wanted.is_none_or(|wanted| environment(&origin).unwrap_or_default() == wanted);
        if origin.service() == service && is_environment {
            goes = true;
        } else {
            stays = true;
            writer.data(request::RESOURCE_SPANS, message);
        }
    }
    Ok(match (goes, stays) {
        (false, _) => Left::Everything,
        (true, false) => Left::Nothing,
        (true, true) => {
            let bytes = writer.into_bytes();
            let spans = u32::try_from(count_spans(&bytes)).unwrap_or(u32::MAX);
            Left::Part(bytes, spans)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::json_to_protobuf;

    fn request(resources: &[(&str, &str)]) -> Vec<u8> {
        let spans = resources.iter().map(|(service, environment)| {
            let attribute = |key: &str, value: &str| {
                format!("{{\"key\":\"{key}\",\"value\":{{\"stringValue\":\"{value}\"}}}}")
            };
            format!(
                "{{\"resource\":{{\"attributes\":[{},{}]}},\"scopeSpans\":[{{\"spans\":[\
                 {{\"traceId\":\"0000000000000000000000000000000a\",\"spanId\":\"000000000000000b\",\"name\":\"{service}\"}}]}}]}}",
                attribute("service.name", service),
                attribute("deployment.environment.name", environment),
            )
        });
        let spans: Vec<String> = spans.collect();
        json_to_protobuf(format!("{{\"resourceSpans\":[{}]}}", spans.join(",")).as_bytes()).unwrap()
    }

    #[test]
    fn only_what_is_of_the_service_and_environment_goes() {
        let both = request(&[("shop", "production"), ("blog", "production"), ("shop", "staging")]);
        let cases = [
            ("other", None, Left::Everything),
            ("shop", Some("test"), Left::Everything),
            ("shop", Some(""), Left::Everything),
            ("shop", None, Left::Part(request(&[("blog", "production")]), 1)),
            (
                "shop",
                Some("staging"),
                Left::Part(request(&[("shop", "production"), ("blog", "production")]), 2),
            ),
        ];
        for (service, environment, expected) in cases {
            assert_eq!(without(&both, service, environment), Ok(expected), "{service} {environment:?}");
        }
        let undeclared = request(&[("", ""), ("", "")]);
        assert_eq!(without(&undeclared, "unknown_service", Some("")), Ok(Left::Nothing));
        assert!(without(b"\x0f", "shop", None).is_err());
    }
}

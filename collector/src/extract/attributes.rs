//! Reading the telemetry contract: one view over the attributes of a request's spans, new names and old,
//! headers as lists or plain strings. What a value means is decided by its readers.

use std::borrow::Cow;
use std::collections::HashMap;

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};

/// The attributes of one request, of all spans that stand for it. Of several values the outermost wins.
#[derive(Debug, Default)]
pub(super) struct Attributes<'a> {
    plain: HashMap<&'a str, &'a Value>,
    request_headers: HashMap<Cow<'a, str>, &'a Value>,
    response_headers: HashMap<Cow<'a, str>, &'a Value>,
}

impl<'a> Attributes<'a> {
    /// Adds a span's attributes below those that are there.
    pub(super) fn add(&mut self, attributes: &'a [KeyValue]) {
        for attribute in attributes {
            let Some(value) = attribute.value.as_ref().and_then(|value| value.value.as_ref()) else {
                continue;
            };
            if let Some(name) = attribute.key.strip_prefix("http.request.header.") {
                self.request_headers.entry(header_name(name)).or_insert(value);
            } else if let Some(name) = attribute.key.strip_prefix("http.response.header.") {
                self.response_headers.entry(header_name(name)).or_insert(value);
            } else {
                self.plain.entry(&attribute.key).or_insert(value);
            }
        }
    }

    /// A text, the first one of a list; never empty.
    pub(super) fn text(&self, name: &str) -> Option<&'a str> {
        first_text(self.plain.get(name)?).filter(|text| !text.is_empty())
    }

    /// The first of several names that has a text: the new name first, then older ones.
    pub(super) fn any_text(&self, names: &[&str]) -> Option<&'a str> {
        names.iter().find_map(|name| self.text(name))
    }

    /// All texts of a list.
    pub(super) fn texts(&self, name: &str) -> Vec<&'a str> {
        match self.plain.get(name) {
            Some(Value::ArrayValue(array)) => array.values.iter().filter_map(any_text).collect(),
            Some(Value::StringValue(text)) => vec![text],
            _ => Vec::new(),
        }
    }

    /// A number that counts something: an integer, also one written as a float or a string.
    pub(super) fn count(&self, name: &str) -> Option<u64> {
        count(self.plain.get(name)?)
    }

    /// A yes or no.
    pub(super) fn flag(&self, name: &str) -> Option<bool> {
        match self.plain.get(name)? {
            Value::BoolValue(flag) => Some(*flag),
            Value::StringValue(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// 64 bits written as 16 hex digits.
    pub(super) fn hex(&self, name: &str) -> Option<u64> {
        let text = self.text(name).filter(|text| text.len() == 16)?;
        text.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u64::from_str_radix(text, 16).ok())?
    }

    /// Whether the attribute is there at all.
    pub(super) fn has(&self, name: &str) -> bool {
        self.plain.contains_key(name)
    }

    /// The value of a captured request header, the first one of several; may be empty.
    pub(super) fn request_header(&self, name: &str) -> Option<&'a str> {
        first_text(self.request_headers.get(name)?)
    }

    /// The value of a captured response header, the first one of several; may be empty.
    pub(super) fn response_header(&self, name: &str) -> Option<&'a str> {
        first_text(self.response_headers.get(name)?)
    }

    /// Names of the response headers that were captured.
    pub(super) fn response_header_names(&self) -> impl Iterator<Item = &str> {
        self.response_headers.keys().map(AsRef::as_ref)
    }

    /// Whether any request header was captured that only a capture of the contract's headers brings.
    pub(super) fn any_request_header(&self) -> bool {
        self.request_headers.keys().any(|name| name != "user-agent" && name != "content-length")
    }

    /// Whether any response header was captured.
    pub(super) fn any_response_header(&self) -> bool {
        self.response_headers.keys().any(|name| name != "content-length")
    }

    /// The user agent.
    pub(super) fn agent(&self) -> Option<&'a str> {
        let agent = self.any_text(&["user_agent.original", "http.user_agent"]);
        agent.or_else(|| self.request_header("user-agent").filter(|agent| !agent.is_empty()))
    }

    /// Which credentials were present, in the words of the contract.
    pub(super) fn credentials(&self) -> Vec<&'a str> {
        self.texts("pointsman.request.credentials")
    }

    /// Name of the webhook signature header that was present.
    pub(super) fn signature(&self) -> Option<&'a str> {
        let mut words = self.credentials().into_iter();
        words.find_map(|word| word.strip_prefix("signature:")).filter(|name| !name.is_empty())
    }

    /// Media type of the response, lower case, without parameters.
    pub(super) fn media_type(&self) -> Option<String> {
        let media = self.response_header("content-type")?.split(';').next()?.trim().to_ascii_lowercase();
        (!media.is_empty()).then_some(media)
    }
}

/// Header names in attributes are lower case; older conventions wrote `_` for `-`.
fn header_name(name: &str) -> Cow<'_, str> {
    if name.contains(|c: char| c == '_' || c.is_ascii_uppercase()) {
        Cow::Owned(name.to_ascii_lowercase().replace('_', "-"))
    } else {
        Cow::Borrowed(name)
    }
}

fn any_text(value: &AnyValue) -> Option<&str> {
    first_text(value.value.as_ref()?)
}

fn first_text(value: &Value) -> Option<&str> {
    match value {
        Value::StringValue(text) => Some(text),
        Value::ArrayValue(array) => array.values.iter().find_map(any_text),
        _ => None,
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked first")]
fn count(value: &Value) -> Option<u64> {
    match value {
        Value::IntValue(number) => u64::try_from(*number).ok(),
        Value::DoubleValue(number) => (0.0..9e15).contains(number).then_some(*number as u64),
        Value::StringValue(text) => text.trim().parse().ok(),
        Value::ArrayValue(array) => count(array.values.first()?.value.as_ref()?),
        _ => None,
    }
}

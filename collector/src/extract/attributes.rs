//! Reading the telemetry contract: one view over the attributes of a request's spans, new names and old,
//! headers as lists or plain strings. What a value means is decided by its readers.

use std::borrow::Cow;
use std::collections::HashMap;

use foldhash::fast::RandomState;

use crate::wire::otlp::{Attribute, Value, list, repeated};

/// The attributes of one request, of all spans that stand for it. Of several values the outermost wins.
#[derive(Debug, Default)]
pub(super) struct Attributes<'a> {
    plain: HashMap<&'a [u8], Value<'a>, RandomState>,
    request_headers: HashMap<Cow<'a, [u8]>, Value<'a>, RandomState>,
    response_headers: HashMap<Cow<'a, [u8]>, Value<'a>, RandomState>,
}

impl<'a> Attributes<'a> {
    /// Adds a span's attributes below those that are there.
    pub(super) fn add(&mut self, attributes: &[Attribute<'a>]) {
        for attribute in attributes {
            let Some(value) = Value::read(attribute.value).ok().filter(|value| *value != Value::Absent)
            else {
                continue;
            };
            if let Some(name) = attribute.key.strip_prefix(b"http.request.header.") {
                self.request_headers.entry(header_name(name)).or_insert(value);
            } else if let Some(name) = attribute.key.strip_prefix(b"http.response.header.") {
                self.response_headers.entry(header_name(name)).or_insert(value);
            } else {
                self.plain.entry(attribute.key).or_insert(value);
            }
        }
    }

    /// A text, the first one of a list; never empty.
    pub(super) fn text(&self, name: &str) -> Option<&'a str> {
        first_text(*self.plain.get(name.as_bytes())?).filter(|text| !text.is_empty())
    }

    /// The first of several names that has a text: the new name first, then older ones.
    pub(super) fn any_text(&self, names: &[&str]) -> Option<&'a str> {
        names.iter().find_map(|name| self.text(name))
    }

    /// All texts of a list.
    pub(super) fn texts(&self, name: &str) -> Vec<&'a str> {
        match self.plain.get(name.as_bytes()) {
            Some(Value::Array(array)) => elements(array).filter_map(first_text).collect(),
            Some(value) => first_text(*value).into_iter().collect(),
            None => Vec::new(),
        }
    }

    /// A number that counts something: an integer, also one written as a float or a string.
    pub(super) fn count(&self, name: &str) -> Option<u64> {
        count(*self.plain.get(name.as_bytes())?)
    }

    /// A yes or no.
    pub(super) fn flag(&self, name: &str) -> Option<bool> {
        match *self.plain.get(name.as_bytes())? {
            Value::Bool(flag) => Some(flag),
            value => first_text(value)?.parse().ok(),
        }
    }

    /// 64 bits written as 16 hex digits.
    pub(super) fn hex(&self, name: &str) -> Option<u64> {
        let text = self.text(name).filter(|text| text.len() == 16)?;
        text.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u64::from_str_radix(text, 16).ok())?
    }

    /// Whether the attribute is there at all.
    pub(super) fn has(&self, name: &str) -> bool {
        self.plain.contains_key(name.as_bytes())
    }

    /// The value of a captured request header, the first one of several; may be empty.
    pub(super) fn request_header(&self, name: &str) -> Option<&'a str> {
        first_text(*self.request_headers.get(name.as_bytes())?)
    }

    /// The value of a captured response header, the first one of several; may be empty.
    pub(super) fn response_header(&self, name: &str) -> Option<&'a str> {
        first_text(*self.response_headers.get(name.as_bytes())?)
    }

    /// Names of the response headers that were captured.
    pub(super) fn response_header_names(&self) -> impl Iterator<Item = &str> {
        self.response_headers.keys().filter_map(|name| std::str::from_utf8(name).ok())
    }

    /// Whether any request header was captured that only a capture of the contract's headers brings.
    pub(super) fn any_request_header(&self) -> bool {
        self.request_headers.keys().any(|name| !matches!(&**name, b"user-agent" | b"content-length"))
    }

    /// Whether any response header was captured.
    pub(super) fn any_response_header(&self) -> bool {
        self.response_headers.keys().any(|name| &**name != b"content-length")
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
fn header_name(name: &[u8]) -> Cow<'_, [u8]> {
    if name.iter().any(|byte| *byte == b'_' || byte.is_ascii_uppercase()) {
        let normal = |byte: &u8| if *byte == b'_' { b'-' } else { byte.to_ascii_lowercase() };
        Cow::Owned(name.iter().map(normal).collect())
    } else {
        Cow::Borrowed(name)
    }
}

fn elements<'a>(array: &'a [u8]) -> impl Iterator<Item = Value<'a>> {
    repeated(array, list::VALUES).map_while(Result::ok).filter_map(|value| Value::read(value).ok())
}

fn first_text(value: Value<'_>) -> Option<&str> {
    match value {
        Value::Text(text) => std::str::from_utf8(text).ok(),
        Value::Array(array) => elements(array).find_map(first_text),
        _ => None,
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked first")]
fn count(value: Value<'_>) -> Option<u64> {
    match value {
        Value::Int(number) => u64::try_from(number).ok(),
        Value::Double(number) => (0.0..9e15).contains(&number).then_some(number as u64),
        Value::Text(text) => std::str::from_utf8(text).ok()?.trim().parse().ok(),
        Value::Array(array) => count(elements(array).next()?),
        _ => None,
    }
}

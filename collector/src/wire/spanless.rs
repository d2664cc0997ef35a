//! What a request held that held no span, in one line for its sender: a body of another shape is accepted by OTLP's rules,
//! and whoever sends it would never learn that nothing came of it.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// Keys that are named at most.
const NAMED: usize = 6;
/// A longer key is cut, characters.
const LONGEST_KEY: usize = 40;
/// Levels of a request down to its spans, with the one key at each that is read. The others that may stand there are known.
const LEVELS: [Level; 3] = [
    Level { read: &["resourceSpans", "batches"], known: &[] },
    Level { read: &["scopeSpans"], known: &["resource", "schemaUrl"] },
    Level { read: &["spans"], known: &["scope", "schemaUrl"] },
];

struct Level {
    read: &'static [&'static str],
    known: &'static [&'static str],
}

/// What a request without spans held instead; nothing when it was simply empty.
pub(crate) fn found_instead(body: &[u8], is_json: bool) -> Option<String> {
    if !is_json {
        return (!body.is_empty())
            .then(|| format!("the request holds no spans ({} bytes of something else)", body.len()));
    }
    let mut keys = BTreeSet::new();
    let mut reader = serde_json::Deserializer::from_slice(body);
    // What cannot be read to its end is told as far as it could.
    let _ = Keys { level: 0, found: &mut keys }.deserialize(&mut reader);
    if keys.is_empty() {
        return None;
    }
    let more = if keys.len() > NAMED { " and others" } else { "" };
    let named: Vec<&str> = keys.iter().take(NAMED).map(String::as_str).collect();
    let mut text = format!("the request holds no spans; found instead: {}{more}", named.join(", "));
    if keys.iter().any(|key| key == "instrumentationLibrarySpans") {
        text += "; this is OTLP before 0.19, which wrote scopeSpans under another name: update the sender";
    } else if keys.iter().any(|key| key == "resourceMetrics" || key == "resourceLogs") {
        text += "; metrics and logs belong to /v1/metrics and /v1/logs";
    } else {
        text += "; OTLP has resourceSpans, scopeSpans and spans";
    }
    Some(text)
}

/// Looks for keys that nobody reads, down to where spans would be.
struct Keys<'k> {
    level: usize,
    found: &'k mut BTreeSet<String>,
}

impl<'de> DeserializeSeed<'de> for Keys<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, input: D) -> Result<(), D::Error> {
        input.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Keys<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a part of a request")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let level = LEVELS.get(self.level);
        while let Some(key) = map.next_key::<String>()? {
            if level.is_some_and(|level| level.read.contains(&key.as_str())) {
                map.next_value_seed(Keys { level: self.level + 1, found: &mut *self.found })?;
                continue;
            }
            map.next_value::<IgnoredAny>()?;
            let is_known = level.is_none_or(|level| level.known.contains(&key.as_str()));
            if !is_known && self.found.len() <= NAMED {
                self.found.insert(named(&key));
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        while elements.next_element_seed(Keys { level: self.level, found: &mut *self.found })?.is_some() {}
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }
}

/// A key as it may be shown: short, and of letters that do nothing to a terminal.
fn named(key: &str) -> String {
    let letters = key.chars().take(LONGEST_KEY);
    letters.map(|letter| if letter.is_ascii_graphic() { letter } else { '?' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(json: &str) -> String {
        found_instead(json.as_bytes(), true).unwrap_or_default()
    }

    #[test]
    fn what_is_there_instead_of_spans_is_named() {
        for (json, said) in [
            (r#"{"one":"two"}"#, "found instead: one; OTLP has resourceSpans"),
            (
                r#"{"resourceSpans":[{"instrumentationLibrarySpans":[{"spans":[{}]}]}]}"#,
                "found instead: instrumentationLibrarySpans; this is OTLP before 0.19",
            ),
            (r#"{"resourceLogs":[]}"#, "found instead: resourceLogs; metrics and logs belong"),
            (r#"{"resourceSpans":[{"scopeSpans":[{"span":[]}]}]}"#, "found instead: span;"),
            (r#"{"a":1,"b":1,"c":1,"d":1,"e":1,"f":1,"g":1,"h":1}"#, "a, b, c, d, e, f and others"),
            ("{\"\\u001b[31m\\u202e\":1}", "found instead: ?[31m?;"),
        ] {
            assert!(told(json).contains(said), "{json}: {}", told(json));
        }
        assert!(told(&format!("{{\"{}\":1}}", "k".repeat(10_000))).len() < 250);
    }

    #[test]
    fn an_empty_request_is_only_empty() {
        for json in [
            "{}",
            r#"{"resourceSpans":[]}"#,
            r#"{"resourceSpans":null}"#,
            r#"{"resourceSpans":[{"resource":{"attributes":[]},"schemaUrl":"x","scopeSpans":[{"scope":{},"spans":[]}]}]}"#,
        ] {
            assert_eq!(found_instead(json.as_bytes(), true), None, "{json}");
        }
        assert_eq!(found_instead(b"", false), None);
        assert!(found_instead(&[0x12, 0], false).is_some_and(|text| text.contains("2 bytes")));
    }
}

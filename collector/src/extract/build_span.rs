//! The span on which the npm package says what is in the app's build. What follows from a build is the advisor's.

use std::borrow::Cow;

use crate::trace::Node;
use crate::wire::fields::Malformed;
use crate::wire::otlp::{Attribute, Value, list, repeated};

/// The span's name and its scope.
const NAME: &str = "pointsman.build";
const SCOPE: &str = "@pointsman/nextjs";

/// Lists of a build: each of their values is a fact. An empty list is a fact with an empty value: known to be none.
const LISTS: [&str; 6] = [
    "pointsman.next.flags",
    "pointsman.next.proxy_matchers",
    "pointsman.next.prerendered",
    "pointsman.next.max_durations",
    "pointsman.next.actions",
    "pointsman.next.routes",
];

/// How much the package left out of the lists.
const CUT: &str = "pointsman.build.cut";

/// Values of one list that are read.
pub(crate) const LONGEST_LIST: usize = 500;

/// Facts that a build may tell.
pub(super) const MOST: usize = LISTS.len() * LONGEST_LIST + 1;

/// Whether the span is the one about the build.
pub(super) fn is_one(node: &Node<'_>) -> bool {
    node.span.name == NAME.as_bytes() && node.origin.scope_name() == SCOPE
}

/// What the span lists, value by value.
pub(super) fn listed<'a>(attributes: &[Attribute<'a>]) -> Vec<(&'static str, Cow<'a, str>)> {
    let mut facts = Vec::new();
    for attribute in attributes {
        let value = Value::read(attribute.value);
        if let Some(name) = LISTS.into_iter().find(|name| name.as_bytes() == attribute.key) {
            let Ok(Value::Array(values)) = value else { continue };
            let before = facts.len();
            let values = repeated(values, list::VALUES).map_while(Result::ok);
            let texts = values.take(LONGEST_LIST).filter_map(|value| text(Value::read(value)));
            facts.extend(texts.map(|text| (name, Cow::Borrowed(text))));
            if facts.len() == before {
                facts.push((name, Cow::Borrowed("")));
            }
        } else if attribute.key == CUT.as_bytes()
            && let Ok(Value::Int(count)) = value
        {
            facts.push((CUT, Cow::Owned(count.to_string())));
        }
    }
    facts
}

fn text(value: Result<Value<'_>, Malformed>) -> Option<&str> {
    match value {
        Ok(Value::Text(text)) => std::str::from_utf8(text).ok().filter(|text| !text.is_empty()),
        _ => None,
    }
}

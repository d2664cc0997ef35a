//! What becomes of a text: a URL loses its query, an address goes, a statement leaves its first keyword.

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};

use super::names::Treatment;

/// Treats a text; `None` where it may not stay.
pub(crate) fn treat(treatment: Treatment, text: &str) -> Option<Cow<'_, str>> {
    Some(match treatment {
        Treatment::Drop => return None,
        Treatment::Keep => {
            let kept = cut_if_url(text);
            if is_address(&kept) {
                return None;
            }
            kept
        }
        Treatment::KeepHost => cut_if_url(text),
        Treatment::OfBuild => Cow::Borrowed(text),
        Treatment::Path => cut_url(text, &['?', '#', ';']),
        Treatment::Name => cut_name(text),
        Treatment::Statement => Cow::Borrowed(first_keyword(text)),
        Treatment::FirstPart => Cow::Borrowed(cut_at(text, &[';', ','])),
        Treatment::Presence => Cow::Borrowed("1"),
    })
}

fn cut_if_url(text: &str) -> Cow<'_, str> {
    if text.starts_with('/') || scheme_end(text).is_some() {
        cut_url(text, &['?', '#'])
    } else {
        Cow::Borrowed(text)
    }
}

/// A span's name, which may repeat a URL or the span's statement. A statement that is its keyword alone tells
/// nothing that would have to go.
pub(crate) fn span_name<'a>(name: &'a str, statement: Option<&'a str>) -> Cow<'a, str> {
    let repeats = |statement: &&str| {
        first_keyword(statement) != *statement
            && (name.contains(statement) || (name.len() > 20 && statement.starts_with(name)))
    };
    match statement.filter(repeats) {
        Some(statement) => Cow::Borrowed(first_keyword(statement)),
        None => cut_name(name),
    }
}

fn is_address(text: &str) -> bool {
    let begins = |byte: &u8| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'[');
    if !text.as_bytes().first().is_some_and(begins) {
        return false;
    }
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    bare.parse::<IpAddr>().is_ok() || text.parse::<SocketAddr>().is_ok()
}

/// Where the host begins in a text that holds `://`.
fn scheme_end(text: &str) -> Option<usize> {
    let colon = memchr::memchr(b':', text.as_bytes())?;
    let after = text.get(colon..)?;
    if after.starts_with("://") { Some(colon + 3) } else { Some(colon + after.find("://")? + 3) }
}

/// Cuts what follows the path, and the user before the host.
fn cut_url<'a>(text: &'a str, ends: &[char]) -> Cow<'a, str> {
    let text = cut_at(text, ends);
    let Some(authority) = scheme_end(text) else { return Cow::Borrowed(text) };
    let (scheme, rest) = text.split_at_checked(authority).unwrap_or((text, ""));
    let host_end = rest.find('/').unwrap_or(rest.len());
    match rest.get(..host_end).and_then(|host| host.rfind('@')) {
        Some(user_end) => Cow::Owned(format!("{scheme}{}", rest.get(user_end + 1..).unwrap_or_default())),
        None => Cow::Borrowed(text),
    }
}

fn cut_at<'a>(text: &'a str, ends: &[char]) -> &'a str {
    text.split_once(ends).map_or(text, |(before, _)| before.trim_end())
}

/// Cuts the query out of every word of a name: `GET /a?b=c` becomes `GET /a`.
fn cut_name(name: &str) -> Cow<'_, str> {
    if memchr::memchr(b'?', name.as_bytes()).is_none() {
        return Cow::Borrowed(name);
    }
    let words = name.split(' ').map(|word| word.split('?').next().unwrap_or_default());
    Cow::Owned(words.collect::<Vec<_>>().join(" "))
}

/// The first keyword of a statement in any query language: letters, after comments and brackets. For a
/// `WITH` the statement that follows it, and the one that writes if there are several.
fn first_keyword(statement: &str) -> &str {
    /// Longer words are no keywords.
    const LONGEST: usize = 32;
    let mut rest = statement.trim_start();
    while let Some(comment) = rest.strip_prefix("/*").and_then(|rest| rest.split_once("*/")) {
        rest = comment.1.trim_start();
    }
    while let Some(comment) = rest.strip_prefix("--").and_then(|rest| rest.split_once('\n')) {
        rest = comment.1.trim_start();
    }
    let mut words = rest.split(|c: char| !c.is_ascii_alphabetic()).filter(|word| !word.is_empty());
    let first = words.next().unwrap_or_default();
    if !first.eq_ignore_ascii_case("with") {
        return first.get(..LONGEST).unwrap_or(first);
    }
    let verbs = ["INSERT", "UPDATE", "DELETE", "MERGE", "SELECT"];
    let verb = words.filter_map(|word| verbs.iter().position(|verb| word.eq_ignore_ascii_case(verb))).min();
    verb.and_then(|verb| verbs.get(verb)).copied().unwrap_or(first)
}

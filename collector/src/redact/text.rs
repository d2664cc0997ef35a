//! What becomes of a text: a URL loses its query, an address goes, a statement leaves its first keyword, a span's name what
//! its instrumentation is not known to fill with words of its own.

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};

use super::keyed::{Secret, hash};
use super::names::Treatment;
use super::path::{is_opaque, without_secrets};

/// What a hash begins with that stands for a text; it is left as it is when it is read again.
const HASHED: char = '~';

/// Treats a text; `None` where it may not stay.
pub(crate) fn treat<'a>(treatment: Treatment, text: &'a str, secret: &Secret) -> Option<Cow<'a, str>> {
    Some(match treatment {
        Treatment::Drop => return None,
        Treatment::Word => word(text)?,
        Treatment::OfBuild | Treatment::Agent => Cow::Borrowed(text),
        Treatment::Host => without_user(cut_at(text, &['?', '#'])),
        Treatment::Path | Treatment::Referer => path(text, secret),
        Treatment::SpanName => words_of_name(text, secret),
        Treatment::Keyword => Cow::Borrowed(first_keyword(text)),
        Treatment::File => Cow::Borrowed(relative(text)?),
        Treatment::FirstWord => Cow::Borrowed(cut_at(text, &[';', ','])),
        Treatment::Presence => Cow::Borrowed("1"),
        Treatment::Hash if text.starts_with(HASHED) => Cow::Borrowed(text),
        Treatment::Hash => Cow::Owned(format!("{HASHED}{}", hash(&["pointsman.machine", text], 0, secret)?)),
    })
}

/// Of the page that called, on another host: its origin.
pub(crate) fn origin_of(referer: &str) -> Cow<'_, str> {
    let authority = scheme_end(referer).unwrap_or(0);
    let end = referer.get(authority..).and_then(|rest| rest.find(['/', '?', '#']));
    without_user(end.map_or(referer, |end| referer.get(..authority + end).unwrap_or_default()))
}

/// A text that may be anything: not an address, not an e-mail address, and of a URL no query.
fn word(text: &str) -> Option<Cow<'_, str>> {
    let kept = if text.starts_with('/') || scheme_end(text).is_some() {
        without_user(cut_at(text, &['?', '#']))
    } else {
        Cow::Borrowed(text)
    };
    (!is_address(&kept) && !names_a_mailbox(&kept)).then_some(kept)
}

fn names_a_mailbox(text: &str) -> bool {
    let bytes = text.as_bytes();
    let around = |at: usize| {
        let before = at.checked_sub(1).and_then(|at| bytes.get(at));
        before.is_some_and(u8::is_ascii_alphanumeric)
            && bytes.get(at + 1).is_some_and(u8::is_ascii_alphanumeric)
    };
    memchr::memchr(b'@', bytes).is_some_and(around)
}

fn path<'a>(text: &'a str, secret: &Secret) -> Cow<'a, str> {
    match without_user(cut_at(text, &['?', '#', ';'])) {
        Cow::Borrowed(path) => without_secrets(path, secret),
        Cow::Owned(path) => Cow::Owned(without_secrets(&path, secret).into_owned()),
    }
}

/// The path of a file that says nothing about the machine it lies on.
fn relative(file: &str) -> Option<&str> {
    let is_absolute = file.starts_with(['/', '\\', '~']) || file.as_bytes().get(1) == Some(&b':');
    let has_scheme = file.contains("://");
    (!is_absolute && !has_scheme).then_some(file)
}

/// A span's name as it may be stored. Known instrumentations fill it with routes, methods and operations; of any other
/// one only an HTTP method with its paths, or an operation of a database stays, for an app may write anything there.
pub(crate) fn span_name<'a>(
    name: &'a str,
    is_known_scope: bool,
    statement: Option<&'a str>,
    secret: &Secret,
) -> Cow<'a, str> {
    let repeats = |statement: &&str| {
        first_keyword(statement) != *statement
            && (name.contains(statement) || (name.len() > 20 && statement.starts_with(name)))
    };
    let name = statement.filter(repeats).map_or(name, first_keyword);
    if is_known_scope || KNOWN_NAMES.contains(&name) {
        return words_of_name(name, secret);
    }
    let mut words = name.split_whitespace();
    match words.next() {
        Some(method) if METHODS.contains(&method) => {
            let paths = words.filter(|word| is_path(word)).map(|word| path(word, secret));
            Cow::Owned(std::iter::once(Cow::Borrowed(method)).chain(paths).collect::<Vec<_>>().join(" "))
        }
        Some(operation) if OPERATIONS.iter().any(|known| operation.eq_ignore_ascii_case(known)) => {
            Cow::Borrowed(operation)
        }
        _ => Cow::Borrowed(""),
    }
}

/// Names that extraction looks for, whoever made the span.
const KNOWN_NAMES: [&str; 2] = ["prisma:client:operation", "pointsman.build"];

/// Methods of HTTP, with which the names of spans begin.
const METHODS: [&str; 10] =
    ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "RSC", "HTTP", "CONNECT"];

/// Operations of databases, with which the names of spans begin.
const OPERATIONS: [&str; 12] = [
    "SELECT",
    "INSERT",
    "UPDATE",
    "DELETE",
    "MERGE",
    "BEGIN",
    "COMMIT",
    "ROLLBACK",
    "find",
    "aggregate",
    "query",
    "set",
];

fn is_path(word: &str) -> bool {
    word.starts_with('/') || word.contains("://")
}

/// The words of a name, of which paths lose what paths lose, and opaque ones go.
fn words_of_name<'a>(name: &'a str, secret: &Secret) -> Cow<'a, str> {
    let suspicious =
        |word: &str| word.contains(['?', '#', '@']) || word.len() > 8 && (is_path(word) || is_opaque(word));
    if !name.split_whitespace().any(suspicious) {
        return Cow::Borrowed(name);
    }
    let words = name.split_whitespace().filter_map(|word| {
        if is_path(word) {
            return Some(path(word, secret));
        }
        let word = cut_at(word, &['?', '#']);
        (!is_opaque(word)).then_some(Cow::Borrowed(word))
    });
    Cow::Owned(words.collect::<Vec<_>>().join(" "))
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

/// A URL or a host without the user before the host.
fn without_user(text: &str) -> Cow<'_, str> {
    let authority = scheme_end(text).unwrap_or(0);
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

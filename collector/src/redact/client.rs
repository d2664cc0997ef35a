//! What tells one client from others becomes an opaque key of one UTC day: its session's cookie, else its address with the
//! user agent. What it was made of goes.

use std::net::{IpAddr, SocketAddr};

use super::keyed::{Secret, hash};

const DAY_NS: u64 = 24 * 3_600 * 1_000_000_000;

/// What tells one client from others.
#[derive(Clone, Copy, Debug)]
pub(super) enum Identity<'a> {
    /// The value of its session's cookie: behind one address there may be many people.
    Session(&'a str),
    /// Where nothing better is known.
    Address { address: &'a str, agent: &'a str },
}

impl Identity<'_> {
    /// What the key rests on, in the word of the telemetry contract.
    pub(super) fn basis(self) -> &'static str {
        match self {
            Self::Session(_) => "session",
            Self::Address { .. } => "address",
        }
    }
}

/// The key of the client that a request came from: 16 hex digits over what identifies it and the UTC date.
pub(super) fn key(identity: Identity<'_>, start_ns: u64, secret: &Secret) -> Option<String> {
    let parts = match identity {
        Identity::Session(session) => ["pointsman.client.session", session, ""],
        Identity::Address { address, agent } => ["pointsman.client", address, agent],
    };
    hash(&parts, start_ns / DAY_NS, secret)
}

/// One spelling for an address: the first of a list, without port and brackets, IPv4 as IPv4.
pub(super) fn address(text: &str) -> Option<String> {
    let first = client_of(text.split(',').next()?)?.trim();
    let bare = first.trim_start_matches('[').trim_end_matches(']');
    let parsed = bare.parse::<IpAddr>().or_else(|_| first.parse::<SocketAddr>().map(|socket| socket.ip()));
    match parsed {
        Ok(address) => Some(address.to_canonical().to_string()),
        Err(_) if bare.is_empty() || bare.eq_ignore_ascii_case("unknown") => None,
        Err(_) => Some(bare.to_owned()),
    }
}

/// The client in an element of `forwarded` (`by=10.0.0.9;for="[2001:db8::1]:80";proto=https`), in which it may stand
/// anywhere or nowhere; an address without names is one.
fn client_of(element: &str) -> Option<&str> {
    let mut pairs = element.split(';').map(str::trim);
    if !element.contains('=') {
        return pairs.next();
    }
    pairs.filter_map(|pair| pair.split_once('=')).find_map(|(name, value)| {
        name.trim().eq_ignore_ascii_case("for").then(|| value.trim().trim_matches('"'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_one_spelling() {
        for (text, expected) in [
            ("192.0.2.1", Some("192.0.2.1")),
            ("192.0.2.1:4711", Some("192.0.2.1")),
            ("::ffff:192.0.2.1", Some("192.0.2.1")),
            ("[2001:DB8::1]:80", Some("2001:db8::1")),
            ("2001:db8::1", Some("2001:db8::1")),
            ("192.0.2.1, 10.0.0.9", Some("192.0.2.1")),
            ("for=192.0.2.1;proto=https", Some("192.0.2.1")),
            // The client need not come first: the proxy's own address is that of everyone behind it.
            ("by=10.0.0.9;for=192.0.2.1", Some("192.0.2.1")),
            ("proto=https; For=\"[2001:db8::1]:80\", for=10.0.0.9", Some("2001:db8::1")),
            ("by=10.0.0.9;proto=https", None),
            ("for=unknown", None),
            ("unknown", None),
            ("", None),
        ] {
            assert_eq!(address(text).as_deref(), expected, "{text}");
        }
    }
}

//! A client's address becomes an opaque key of one UTC day. The address itself goes.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

const DAY_NS: u64 = 24 * 3_600 * 1_000_000_000;

/// Under which client keys are made. It never leaves the process and prints as nothing.
#[derive(Clone)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// A secret of any length.
    #[must_use]
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// The key of the client that a request came from: 16 hex digits over address, user agent and UTC date.
pub(super) fn key(address: &str, agent: &str, start_ns: u64, secret: &Secret) -> Option<String> {
    let day = start_ns / DAY_NS;
    // An HMAC takes a key of any length: the error has no case.
    let mut hmac = Hmac::<Sha256>::new_from_slice(&secret.0).ok()?;
    for part in ["pointsman.client", address, agent] {
        hmac.update(&(part.len() as u64).to_be_bytes());
        hmac.update(part.as_bytes());
    }
    hmac.update(&day.to_be_bytes());
    let digest = hmac.finalize().into_bytes();
    let (first, _) = digest.split_first_chunk::<8>()?;
    Some(format!("{:016x}", u64::from_be_bytes(*first)))
}

/// One spelling for an address: the first of a list, without port and brackets, IPv4 as IPv4.
pub(super) fn address(text: &str) -> Option<String> {
    let first = text.split([',', ';']).next()?.trim();
    let first = match first.split_once('=') {
        Some((name, value)) if name.eq_ignore_ascii_case("for") => value.trim_matches('"'),
        _ => first,
    };
    let bare = first.trim_start_matches('[').trim_end_matches(']');
    let parsed = bare.parse::<IpAddr>().or_else(|_| first.parse::<SocketAddr>().map(|socket| socket.ip()));
    match parsed {
        Ok(address) => Some(address.to_canonical().to_string()),
        Err(_) if bare.is_empty() || bare.eq_ignore_ascii_case("unknown") => None,
        Err(_) => Some(bare.to_owned()),
    }
}

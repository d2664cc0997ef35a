//! Identifiers of traces, spans, clients and instances. Only their form lives here, not how they are derived.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A W3C trace id: 16 bytes, never all zero.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TraceId(pub [u8; 16]);

/// A W3C span id: 8 bytes, never all zero; unique within its trace.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SpanId(pub [u8; 8]);

/// An opaque key of one browser or machine for one UTC day. Keys of two days never match.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct ClientKey(pub u64);

/// An opaque key of one process of the observed app.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct InstanceKey(pub u64);

impl TraceId {
    /// The id in a slice from the wire; `None` unless it is 16 bytes and not all zero.
    #[must_use]
    pub fn from_wire(bytes: &[u8]) -> Option<Self> {
        <[u8; 16]>::try_from(bytes).ok().filter(|id| *id != [0; 16]).map(Self)
    }

    /// The id written as 32 hex digits, in either case; `None` for anything else.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        let bytes = u128::from_str_radix(text, 16).ok().filter(|_| text.len() == 32)?.to_be_bytes();
        Self::from_wire(&bytes)
    }

    /// Eight bytes by which traces are looked up; the full id decides. Both halves of the id are in it: senders with ids
    /// of 64 bits leave the first half zero, and only the last seven bytes are random by the W3C's rules.
    #[must_use]
    pub fn prefix(self) -> i64 {
        let [a, b, c, d, e, f, g, h, last @ ..] = self.0;
        i64::from_be_bytes([a, b, c, d, e, f, g, h]) ^ i64::from_be_bytes(last)
    }
}

impl SpanId {
    /// The id in a slice from the wire; `None` unless it is 8 bytes and not all zero.
    #[must_use]
    pub fn from_wire(bytes: &[u8]) -> Option<Self> {
        <[u8; 8]>::try_from(bytes).ok().filter(|id| *id != [0; 8]).map(Self)
    }

    /// The id written as 16 hex digits, in either case; `None` for anything else.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        let bytes = u64::from_str_radix(text, 16).ok().filter(|_| text.len() == 16)?.to_be_bytes();
        Self::from_wire(&bytes)
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

impl fmt::Display for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", u64::from_be_bytes(self.0))
    }
}

impl fmt::Debug for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl fmt::Debug for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// Bytes in lower-case hexadecimal digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let both = |byte: &u8| [byte >> 4, byte & 15].map(|half| char::from(DIGITS[usize::from(half)]));
    bytes.iter().flat_map(both).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_the_wrong_length_or_all_zero_are_refused() {
        assert_eq!(TraceId::from_wire(&[1; 15]), None);
        assert_eq!(TraceId::from_wire(&[0; 16]), None);
        assert_eq!(SpanId::from_wire(&[1; 9]), None);
        assert_eq!(TraceId::from_hex("+bcdef0123456789abcdef012345678"), None);
    }

    #[test]
    fn a_trace_id_reads_back_what_it_prints() {
        let id = TraceId([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
        assert_eq!(id.to_string(), "000102030405060708090a0b0c0d0e0f");
        assert_eq!(TraceId::from_hex(&id.to_string().to_uppercase()), Some(id));
    }

    #[test]
    fn bytes_are_written_as_two_digits_each() {
        assert_eq!(hex(&[0x00, 0x0f, 0xa9, 0xff]), "000fa9ff");
    }
}

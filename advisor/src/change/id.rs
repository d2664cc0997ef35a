//! The id of a Change. It follows from the first Handler that the Change had, and stays whatever Handlers join or leave.

use std::fmt;

use pointsman_store::Fingerprint;

use crate::report::Verdict;

/// Bits of an id: ten hex digits, which a person can type.
const MASK: u64 = (1 << 40) - 1;

/// The id of a Change.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ChangeId(pub u64);

impl ChangeId {
    /// The id of a Change that begins with this move. `attempt` gives another one where the first is taken.
    pub(crate) fn of((handler, verdict): (Fingerprint, Verdict), attempt: u32) -> Self {
        let place = Verdict::ALL.iter().position(|one| *one == verdict).unwrap_or_default() as u64;
        Self(mixed(handler.0 ^ mixed(place.wrapping_add(u64::from(attempt) << 8))) & MASK)
    }

    /// The id as reports write it; `None` for anything else.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('c').filter(|digits| digits.len() == 10)?;
        let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        u64::from_str_radix(digits, 16).ok().filter(|_| is_hex).map(Self)
    }
}

/// Spreads a number over all bits. It must stay as it is, because ids are stored. Source: the finalizer of `SplitMix64`, Steele,
/// Lea and Flood, "Fast Splittable Pseudorandom Number Generators", 2014.
fn mixed(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

impl fmt::Display for ChangeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "c{:010x}", self.0 & MASK)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_read_back_and_handlers_ids_are_none() {
        let id = ChangeId::of((Fingerprint(7), Verdict::MoveToServerAction), 0);
        assert_eq!(ChangeId::from_text(&id.to_string()), Some(id));
        assert_ne!(id, ChangeId::of((Fingerprint(7), Verdict::MoveToServerAction), 1));
        assert_ne!(id, ChangeId::of((Fingerprint(7), Verdict::MoveToRouteHandler), 0));
        for other in ["", "c", "c0123", "c+123456789", "0123456789abcdef", "cccccccccccccccc"] {
            assert_eq!(ChangeId::from_text(other), None, "{other}");
        }
    }
}

//! How the Calls of an hour are read in pieces of bounded size, whatever database they lie in: a sender decides how many there are and
//! how long their texts.

use std::collections::HashMap;
use std::sync::Arc;

use crate::{Fingerprint, Handler};

/// Calls that a part of the clients should have: some 25 MiB.
pub(crate) const PART: u64 = 32_000;

/// Calls that a part may have before it is cut in time.
pub(crate) const MOST: u64 = 100_000;

/// Bytes of texts that a part should have, and may have at most before it is cut in time. Usual Calls have a hundred each; who
/// visits an app chooses, and what is read is several times in memory on its way.
pub(crate) const PART_BYTES: u64 = 8 << 20;

/// Parts of an hour at most: each of them is a pass over all its Calls. Further ones are cut in time.
pub(crate) const MOST_PARTS: u64 = 64;

/// Pieces of one slice at most.
pub(crate) const MOST_PIECES: u64 = 256;

/// How a slice is cut into pieces.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Cut {
    pub(crate) pieces: u64,
    /// Calls of each.
    pub(crate) calls: u64,
    /// Calls that are in none.
    pub(crate) left_out: u64,
}

impl Cut {
    /// One piece of all Calls.
    pub(crate) const WHOLE: Self = Self { pieces: 1, calls: u64::MAX, left_out: 0 };

    /// For so many Calls with texts of so many bytes, of which the longest has so many.
    pub(crate) fn of(calls: u64, bytes: u64, longest: u64) -> Self {
        if calls <= MOST && bytes <= 2 * PART_BYTES {
            return Self::WHOLE;
        }
        let usual = calls.saturating_mul(PART_BYTES) / bytes.max(1);
        let each = usual.min(2 * PART_BYTES / longest.max(1)).clamp(1, MOST);
        let pieces = calls.div_ceil(each).clamp(2, MOST_PIECES);
        Self { pieces, calls: each, left_out: calls.saturating_sub(pieces.saturating_mul(each)) }
    }
}

/// The Handlers of Calls, each once: those of the dictionary, and those that differ from it by the page an action was
/// called from.
pub(crate) struct Handlers {
    pub(crate) known: HashMap<Fingerprint, Arc<Handler>>,
    pub(crate) of_pages: HashMap<(Fingerprint, String), Arc<Handler>>,
}

impl Handlers {
    /// The Handler of a Call; `None` when it was forgotten meanwhile.
    pub(crate) fn of(&mut self, id: Fingerprint, route: Option<String>) -> Option<Arc<Handler>> {
        let known = self.known.get(&id)?;
        let Some(route) = route.filter(|route| *route != known.route) else { return Some(Arc::clone(known)) };
        let of_page = self.of_pages.entry((id, route)).or_insert_with_key(|(_, route)| {
            Arc::new(Handler { route: route.clone(), ..Handler::clone(known) })
        });
        Some(Arc::clone(of_page))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_poisoned_moment_is_read_in_pieces_of_bounded_size() {
        assert_eq!(Cut::of(MOST, 2 * PART_BYTES, 4_096), Cut::WHOLE);
        for (calls, bytes, longest) in [
            (60_000, 60_000 * 32_768, 32_768),
            (1_000_000, 100 << 20, 2_400),
            (MOST + 1, 0, 0),
            (60_000, 240 << 20, 4_096),
        ] {
            let cut = Cut::of(calls, bytes, longest);
            assert!(cut.pieces > 1 && cut.calls <= MOST && cut.calls * longest <= 2 * PART_BYTES, "{cut:?}");
            assert_eq!(cut.left_out, calls.saturating_sub(cut.pieces * cut.calls), "{cut:?}");
            assert!(cut.pieces < MOST_PIECES || calls == 60_000, "{cut:?}");
        }
    }
}

//! How the Calls of an hour are read in pieces of bounded size, whatever database they lie in: a sender decides how many there are and
//! how long their texts.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::mpsc;

use crate::error::StoreError;
use crate::{Call, Fingerprint, Handler};

/// Calls that a part of the clients should have: some 12 MiB, and two pieces are in memory at a time.
const PART: u64 = 16_000;

/// Calls that a part may have before it is cut in time, which tears what happens at that moment: one client may make all of an hour's
/// Calls. Of one that makes more, no more are looked at for sequences.
const MOST: u64 = 20_000;

/// Bytes of texts that a part should have, and may have at most before it is cut in time. Usual Calls have a hundred each; who
/// visits an app chooses, and what is read is several times in memory on its way.
const PART_BYTES: u64 = 4 << 20;

/// Parts of an hour at most: each of them is a pass over all its Calls. Further ones are cut in time.
const MOST_PARTS: u64 = 32;

/// Pieces of one slice at most.
const MOST_PIECES: u64 = 512;

/// The condition of Calls that tell no client.
const NO_CLIENT: &str = "coalesce(calls.network, calls.client) IS NULL";

/// Calls of a service that started within a time.
#[derive(Clone, Copy)]
pub(crate) struct Range<'a> {
    pub(crate) service: &'a str,
    pub(crate) from_ns: u64,
    pub(crate) to_ns: u64,
}

/// A part of the clients.
pub(crate) struct Part {
    /// The condition that chooses them.
    clients: String,
    calls: u64,
    /// Of their texts.
    bytes: u64,
}

/// How a slice is cut into pieces.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Cut {
    pub(crate) pieces: u64,
    /// Calls of each.
    pub(crate) calls: u64,
    /// Calls that are in none.
    left_out: u64,
}

impl Cut {
    /// One piece of all Calls.
    const WHOLE: Self = Self { pieces: 1, calls: u64::MAX, left_out: 0 };

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

/// What a database is asked for, piece by piece.
pub(crate) trait InPieces {
    async fn known_handlers(&self, service: &str) -> Result<HashMap<Fingerprint, Handler>, StoreError>;

    /// The parts of the clients that are read one after the other.
    async fn parts(&self, range: Range<'_>) -> Result<Vec<Part>, StoreError>;

    /// How a slice has to be cut where cutting in time was not enough: a sender may say that everything began at once.
    async fn cut(&self, slice: Range<'_>, clients: &str) -> Result<Cut, StoreError>;

    /// One of the pieces of a slice, by its number.
    async fn piece(
        &self,
        slice: Range<'_>,
        handlers: &mut Handlers,
        clients: &str,
        cut: Cut,
        number: u64,
    ) -> Result<Vec<Call>, StoreError>;
}

/// Sends all Calls of a range, those of a client together; how many were left out.
pub(crate) async fn by_client(
    store: &impl InPieces,
    range: Range<'_>,
    pieces: mpsc::Sender<Vec<Call>>,
) -> Result<u64, StoreError> {
    let known = store.known_handlers(range.service).await?.into_iter();
    let known = known.map(|(id, handler)| (id, Arc::new(handler))).collect();
    let mut handlers = Handlers { known, of_pages: HashMap::new() };
    let mut left_out = 0;
    for Part { clients, calls, bytes } in store.parts(range).await? {
        // Calls that tell no client need not come together.
        let most = if clients == NO_CLIENT { PART } else { MOST };
        let slices = calls.div_ceil(most).max(bytes.div_ceil(PART_BYTES));
        for slice in range.slices(slices) {
            let cut = if slices > 1 { store.cut(slice, &clients).await? } else { Cut::WHOLE };
            left_out += cut.left_out;
            for number in 0..cut.pieces {
                // Not read before there is a place for it: what nobody has looked at yet would be there a third time.
                // Whoever does not take them any more needs none of them.
                let Ok(place) = pieces.reserve().await else { return Ok(left_out) };
                place.send(store.piece(slice, &mut handlers, &clients, cut, number).await?);
            }
        }
    }
    Ok(left_out)
}

/// All Calls of a range, ordered by client, then by start.
pub(crate) async fn all(store: &impl InPieces, range: Range<'_>) -> Result<Vec<Call>, StoreError> {
    let (pieces, mut taken) = mpsc::channel(1);
    let mut calls = Vec::new();
    let take = async {
        while let Some(piece) = taken.recv().await {
            calls.extend::<Vec<Call>>(piece);
        }
    };
    tokio::join!(by_client(store, range, pieces), take).0?;
    calls.sort_by_key(|call| (call.client, call.start_ns, call.trace, call.span));
    Ok(calls)
}

/// The expression that tells in which part a Call is read, of so many Calls with texts of so many bytes. Client keys
/// are hashes: their last bits are as good as chance.
pub(crate) fn part_of(calls: u64, bytes: u64) -> String {
    let parts = calls.div_ceil(PART).max(bytes.div_ceil(PART_BYTES)).clamp(1, MOST_PARTS);
    format!("coalesce(calls.network, calls.client) & {}", parts.next_power_of_two() - 1)
}

impl Part {
    /// The part with this number of those that an expression tells apart; `None` is that of Calls without a client.
    pub(crate) fn of(expression: &str, number: Option<i64>, calls: u64, bytes: u64) -> Self {
        let clients = number.map_or(NO_CLIENT.to_owned(), |number| format!("{expression} = {number}"));
        Self { clients, calls, bytes }
    }
}

impl Range<'_> {
    /// The same time in so many pieces of equal length, at least one.
    fn slices(self, count: u64) -> impl Iterator<Item = Self> {
        let count = count.max(1);
        let length = self.to_ns.saturating_sub(self.from_ns).div_ceil(count);
        (0..count).map(move |number| {
            let from_ns = self.from_ns + number * length;
            Self { from_ns, to_ns: from_ns.saturating_add(length).min(self.to_ns), ..self }
        })
    }
}

/// The Handlers of Calls, each once: those of the dictionary, and those that differ from it by the page an action was
/// called from.
pub(crate) struct Handlers {
    known: HashMap<Fingerprint, Arc<Handler>>,
    of_pages: HashMap<(Fingerprint, String), Arc<Handler>>,
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

//! The order in which this process extracts the logs of all collectors. Each log is in order by itself; between them there is no
//! order until somebody makes one. So whoever extracts gives each block a place, as it learns of it: its own blocks when they are
//! committed, those of others when it looks for them. Extraction then reads one log without knowing that there are several.
//!
//! Places are this process's own and are nowhere written down: on disk stands how far each log is extracted. A block that was
//! extracted before has no place; it is known by its collector and number, which come before all places.

use std::collections::{BTreeMap, VecDeque};

use crate::block::BlockId;

/// Places begin here: everything below is a collector and a number.
const FIRST_PLACE: i64 = 1 << 62;

/// Bits of a block's number within its log.
const NUMBER_BITS: u32 = 40;

/// Ranges of places that are kept after they are extracted: for blocks that are kept in memory under their place.
const KEPT_RANGES: usize = 4_096;

/// Blocks of one log that follow each other, and have places that do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Range {
    pub(super) place: i64,
    pub(super) collector: i32,
    pub(super) number: i64,
    pub(super) count: i64,
}

/// A block wherever it lies.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Position {
    pub(super) collector: i32,
    pub(super) number: i64,
}

/// What has a place.
#[derive(Debug)]
pub(super) struct LogOrder {
    /// In the order of places.
    ranges: VecDeque<Range>,
    next: i64,
    /// Up to which number the blocks of each log have a place, or need none.
    known: BTreeMap<i32, i64>,
}

impl Default for LogOrder {
    fn default() -> Self {
        Self { ranges: VecDeque::new(), next: FIRST_PLACE + 1, known: BTreeMap::new() }
    }
}

impl Range {
    fn last_place(&self) -> i64 {
        self.place + self.count - 1
    }

    /// The place of a block of it.
    pub(super) fn place_of(&self, number: i64) -> BlockId {
        BlockId(self.place + number - self.number)
    }
}

impl Position {
    /// The block of an id that is no place.
    fn of_id(id: BlockId) -> Self {
        let collector = i32::try_from(id.0 >> NUMBER_BITS).unwrap_or(i32::MAX);
        Self { collector, number: id.0 & ((1 << NUMBER_BITS) - 1) }
    }

    /// Its id without a place.
    pub(super) fn id(self) -> BlockId {
        BlockId((i64::from(self.collector) << NUMBER_BITS) | self.number)
    }
}

/// Whether an id is a place.
pub(super) fn is_place(id: BlockId) -> bool {
    id.0 >= FIRST_PLACE
}

impl LogOrder {
    /// Gives places to the next blocks of a log, up to a number; the first of them and how many there were.
    pub(super) fn append(&mut self, collector: i32, newest: i64) -> (BlockId, i64) {
        let known = self.known.entry(collector).or_default();
        let (first, count) = (*known + 1, newest - *known);
        let place = self.next;
        if count <= 0 {
            return (BlockId(place), 0);
        }
        *known = newest;
        self.next += count;
        match self.ranges.back_mut() {
            Some(last)
                if last.collector == collector
                    && last.number + last.count == first
                    && last.last_place() + 1 == place =>
            {
                last.count += count;
            }
            _ => self.ranges.push_back(Range { place, collector, number: first, count }),
        }
        (BlockId(place), count)
    }

    /// The last place that was given.
    pub(super) fn last(&self) -> BlockId {
        BlockId(self.next - 1)
    }

    /// Begins again from what is extracted of each log: others may have extracted since. Blocks of the own log keep their places,
    /// because it is waited for them.
    pub(super) fn begin(&mut self, own: i32, extracted: impl IntoIterator<Item = (i32, i64)>) {
        let mine = self.known.get(&own).copied();
        self.ranges.retain(|range| range.collector == own);
        self.known = extracted.into_iter().filter(|(collector, _)| *collector != own).collect();
        self.known.extend(mine.map(|known| (own, known)));
    }

    /// The place up to which the own log is extracted, when it is up to this number.
    pub(super) fn reached(&self, own: i32, number: i64) -> BlockId {
        let ranges = self.ranges.iter().rev().filter(|range| range.collector == own);
        let reached = ranges
            .filter(|range| range.number <= number)
            .map(|range| range.place_of(number.min(range.number + range.count - 1)));
        reached.map(|place| place.0).next().map_or(BlockId(FIRST_PLACE), BlockId)
    }

    /// How far each log is extracted when everything up to a place is.
    pub(super) fn logs_to(&self, place: BlockId) -> Vec<Position> {
        let mut logs = BTreeMap::new();
        for range in self.ranges.iter().take_while(|range| range.place <= place.0) {
            let last = range.number + range.count.min(place.0 - range.place + 1) - 1;
            let number = logs.entry(range.collector).or_insert(last);
            *number = last.max(*number);
        }
        logs.into_iter().map(|(collector, number)| Position { collector, number }).collect()
    }

    /// Forgets old ranges up to a place that is extracted: their blocks are known by number from now on.
    pub(super) fn forget_to(&mut self, place: BlockId) {
        while self.ranges.len() > KEPT_RANGES
            && self.ranges.front().is_some_and(|range| range.last_place() <= place.0)
        {
            self.ranges.pop_front();
        }
    }

    /// The id of a block: its place if it has one, else what it is known by. `None` when nobody has given it a place yet.
    pub(super) fn id_of(&self, position: Position) -> Option<BlockId> {
        let known = self.known.get(&position.collector).copied().unwrap_or_default();
        if position.number > known {
            return None;
        }
        let holds = |range: &&Range| {
            range.collector == position.collector
                && (range.number..range.number + range.count).contains(&position.number)
        };
        let placed = self.ranges.iter().rev().find(holds).map(|range| range.place_of(position.number));
        Some(placed.unwrap_or_else(|| position.id()))
    }

    /// Where the block of an id is; `None` for a place without one.
    pub(super) fn position_of(&self, id: BlockId) -> Option<Position> {
        if !is_place(id) {
            return Some(Position::of_id(id));
        }
        let at = self.ranges.partition_point(|range| range.last_place() < id.0);
        let range = self.ranges.get(at).filter(|range| range.place <= id.0)?;
        Some(Position { collector: range.collector, number: range.number + id.0 - range.place })
    }

    /// What comes after a place: the rest of a range, or the next one.
    pub(super) fn after(&self, place: BlockId) -> Option<Range> {
        let at = self.ranges.partition_point(|range| range.last_place() <= place.0);
        let range = *self.ranges.get(at)?;
        let skipped = (place.0 + 1 - range.place).max(0);
        Some(Range {
            place: range.place + skipped,
            number: range.number + skipped,
            count: range.count - skipped,
            ..range
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(collector: i32, number: i64) -> Position {
        Position { collector, number }
    }

    fn place(number: i64) -> BlockId {
        BlockId(FIRST_PLACE + number)
    }

    /// Two of the log 7, three of 8 after 10 that were extracted before, one more of 7.
    fn order() -> LogOrder {
        let mut order = LogOrder::default();
        order.begin(7, [(8, 10)]);
        assert_eq!(order.append(7, 2), (place(1), 2));
        assert_eq!(order.append(8, 13), (place(3), 3));
        assert_eq!(order.append(7, 3), (place(6), 1));
        order
    }

    #[test]
    fn blocks_are_found_by_place_and_places_by_block() {
        let order = order();
        for (block, id) in [(at(7, 1), 1), (at(7, 2), 2), (at(8, 11), 3), (at(8, 13), 5), (at(7, 3), 6)] {
            assert_eq!(order.id_of(block), Some(place(id)));
            assert_eq!(order.position_of(place(id)), Some(block));
        }
        assert_eq!(order.position_of(place(7)), None);
        assert_eq!((order.id_of(at(8, 14)), order.id_of(at(9, 1))), (None, None), "nobody has looked for it");
        let before = order.id_of(at(8, 4)).unwrap();
        assert!(before < place(0) && before > BlockId(0));
        assert_eq!(order.position_of(before), Some(at(8, 4)));
    }

    #[test]
    fn reading_on_crosses_from_log_to_log() {
        let order = order();
        let after =
            |number| order.after(place(number)).map(|range| (range.collector, range.number, range.count));
        assert_eq!(after(0), Some((7, 1, 2)));
        assert_eq!(after(1), Some((7, 2, 1)));
        assert_eq!(after(2), Some((8, 11, 3)));
        assert_eq!(after(5), Some((7, 3, 1)));
        assert_eq!(after(6), None);
    }

    #[test]
    fn what_is_extracted_is_told_log_by_log() {
        let order = order();
        assert_eq!(order.logs_to(place(0)), []);
        assert_eq!(order.logs_to(place(4)), [at(7, 2), at(8, 12)]);
        assert_eq!(order.logs_to(place(6)), [at(7, 3), at(8, 13)]);
        assert_eq!(
            (order.reached(7, 2), order.reached(7, 3), order.reached(7, 0)),
            (place(2), place(6), place(0))
        );
    }

    #[test]
    fn whoever_begins_again_goes_on_from_what_others_have_extracted() {
        let mut order = order();
        order.begin(7, [(7, 2), (8, 12), (9, 5)]);
        assert_eq!(order.reached(7, 2), place(2));
        assert_eq!(order.after(place(2)).map(|range| (range.collector, range.number)), Some((7, 3)));
        assert_eq!(order.append(8, 13), (place(7), 1));
        assert_eq!(order.append(9, 5).1, 0);
        assert_eq!(order.position_of(place(4)), None, "it may be extracted by now");
        assert!(order.id_of(at(8, 12)).is_some_and(|id| !is_place(id)));
    }
}

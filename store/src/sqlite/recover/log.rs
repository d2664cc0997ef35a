//! The log beside a damaged file: which pages of it are committed, told by its checksums as SQLite does.

use std::collections::HashMap;
use std::fs::File;
use std::os::unix::fs::FileExt;

use super::pages::number;

const HEADER: u64 = 32;
const FRAME_HEADER: usize = 24;

/// The committed pages of a log.
pub(super) struct InLog {
    pub(super) page_size: usize,
    /// Where the newest version of each page begins.
    pub(super) offsets: HashMap<u32, u64>,
    /// Pages of the whole file after the last commit; 0 without a commit.
    pub(super) pages_after: u32,
}

/// Reads the log up to its last sound commit; `None` when it is empty or no log.
pub(super) fn committed_pages(log: &File) -> Option<InLog> {
    let mut header = [0; HEADER as usize];
    log.read_exact_at(&mut header, 0).ok()?;
    let magic = number(&header, 0)?;
    if magic & !1 != 0x377f_0682 {
        return None;
    }
    let sums = Sums { big_endian: magic & 1 == 1 };
    let page_size = number(&header, 8)? as usize;
    if !page_size.is_power_of_two() || !(512..=65_536).contains(&page_size) {
        return None;
    }
    let mut sum = sums.add((0, 0), &header[..24]);
    if sum != (number(&header, 24)?, number(&header, 28)?) {
        return None;
    }
    let mut found = InLog { page_size, offsets: HashMap::new(), pages_after: 0 };
    let mut open = Vec::new();
    let mut frame = vec![0; FRAME_HEADER + page_size];
    let mut at = HEADER;
    while log.read_exact_at(&mut frame, at).is_ok() {
        // The salts tell frames of this round from those of an earlier one.
        if frame[8..16] != header[16..24] {
            break;
        }
        sum = sums.add(sums.add(sum, &frame[..8]), &frame[FRAME_HEADER..]);
        if Some(sum) != number(&frame, 16).zip(number(&frame, 20)) {
            break;
        }
        open.push((number(&frame, 0)?, at + FRAME_HEADER as u64));
        let pages = number(&frame, 4)?;
        if pages > 0 {
            found.offsets.extend(open.drain(..));
            found.pages_after = pages;
        }
        at += frame.len() as u64;
    }
    found.offsets.retain(|page, _| *page <= found.pages_after);
    Some(found)
}

struct Sums {
    big_endian: bool,
}

impl Sums {
    fn add(&self, (mut a, mut b): (u32, u32), bytes: &[u8]) -> (u32, u32) {
        for pair in bytes.chunks_exact(8) {
            a = a.wrapping_add(self.word(&pair[..4])).wrapping_add(b);
            b = b.wrapping_add(self.word(&pair[4..])).wrapping_add(a);
        }
        (a, b)
    }

    fn word(&self, bytes: &[u8]) -> u32 {
        let word = number(bytes, 0).unwrap_or_default();
        if self.big_endian { word } else { word.swap_bytes() }
    }
}

//! Rows on one page of a damaged file. A row whose bytes do not add up is counted and left out: SQLite keeps no
//! checksums, so what adds up and is wrong all the same only its reader can tell.
//!
//! Format: <https://www.sqlite.org/fileformat2.html>, sections 1.6 (pages), 1.7 (overflow), 2.1 (records).

use super::pages::{Pages, Role, number};

/// No row is longer; a length beyond is damage.
const LONGEST_ROW: usize = 256 << 20;

/// An overflow page that is zero from end to end was never written, unless next to nothing of it is used.
const FEW_BYTES: usize = 64;

#[derive(Clone, PartialEq, Debug)]
pub(super) enum Value {
    Null,
    Integer(i64),
    Text(String),
    Blob(Vec<u8>),
    /// A kind of value that no table of ours has.
    Other,
}

#[derive(Clone, PartialEq, Debug)]
pub(super) struct Record {
    /// In a table with row numbers.
    pub(super) rowid: Option<i64>,
    pub(super) values: Vec<Value>,
}

/// What a page holds.
#[derive(Debug)]
pub(super) enum Content {
    /// Rows, and how many more there were that cannot be read.
    Rows(Vec<Record>, u64),
    /// Only the way to other pages.
    Inner,
    /// It is no page of a table.
    Nothing,
}

/// Reads all rows of a page.
pub(super) fn read(pages: &Pages, page: u32, bytes: &[u8]) -> Content {
    let begin = if page == 1 { 100 } else { 0 };
    let Some((kind, header)) = (match bytes.get(begin) {
        Some(0x0d) => Some((Kind::TableLeaf, 8)),
        Some(0x0a) => Some((Kind::IndexLeaf, 8)),
        Some(0x02) => Some((Kind::IndexInner, 12)),
        Some(0x05) => return Content::Inner,
        _ => None,
    }) else {
        return Content::Nothing;
    };
    let short = |at: usize| Some(usize::from(u16::from_be_bytes([*bytes.get(at)?, *bytes.get(at + 1)?])));
    let cells = short(begin + 3).unwrap_or_default();
    let pointers = begin + header;
    if pointers + 2 * cells > pages.usable {
        return Content::Nothing;
    }
    let (mut rows, mut lost) = (Vec::new(), 0);
    for index in 0..cells {
        let at = short(pointers + 2 * index).filter(|at| *at >= pointers + 2 * cells);
        match at.and_then(|at| cell(pages, page, bytes, at, kind)) {
            Some(record) => rows.push(record),
            None => lost += 1,
        }
    }
    Content::Rows(rows, lost)
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    TableLeaf,
    IndexLeaf,
    IndexInner,
}

fn cell(pages: &Pages, page: u32, bytes: &[u8], at: usize, kind: Kind) -> Option<Record> {
    let mut rest = bytes.get(at..pages.usable)?;
    if kind == Kind::IndexInner {
        rest = rest.get(4..)?;
    }
    let length = usize::try_from(varint(&mut rest)?).ok().filter(|length| *length <= LONGEST_ROW)?;
    let rowid = match kind {
        Kind::TableLeaf => Some(varint(&mut rest)?),
        Kind::IndexLeaf | Kind::IndexInner => None,
    };
    let usable = pages.usable;
    let most = match kind {
        Kind::TableLeaf => usable - 35,
        Kind::IndexLeaf | Kind::IndexInner => (usable - 12) * 64 / 255 - 23,
    };
    if length <= most {
        return record(rest.get(..length)?, rowid);
    }
    let least = (usable - 12) * 32 / 255 - 23;
    let fitting = least + (length - least) % (usable - 4);
    let here = if fitting <= most { fitting } else { least };
    let mut payload = rest.get(..here)?.to_vec();
    let next = number(rest, here)?;
    overflow(pages, page, next, length, &mut payload)?;
    record(&payload, rowid)
}

/// Follows the chain of pages that hold the rest of a row.
fn overflow(pages: &Pages, page: u32, first: u32, length: usize, payload: &mut Vec<u8>) -> Option<()> {
    let (mut before, mut next) = (page, first);
    while payload.len() < length {
        match pages.role(next) {
            Role::Overflow { before: said } if said == before => {}
            Role::Unknown => {}
            _ => return None,
        }
        let bytes = pages.read(next)?;
        let wanted = (length - payload.len()).min(pages.usable - 4);
        if wanted >= FEW_BYTES && bytes.iter().all(|byte| *byte == 0) {
            return None;
        }
        payload.extend_from_slice(bytes.get(4..4 + wanted)?);
        before = next;
        next = number(&bytes, 0)?;
    }
    // The last page of a chain names no next one.
    (next == 0).then_some(())
}

fn record(payload: &[u8], rowid: Option<i64>) -> Option<Record> {
    let mut head = payload;
    let head_length = usize::try_from(varint(&mut head)?).ok()?;
    let mut head = payload.get(payload.len() - head.len()..head_length)?;
    let mut body = payload.get(head_length..)?;
    let mut values = Vec::new();
    while !head.is_empty() {
        let kind = varint(&mut head)?;
        values.push(value(kind, &mut body)?);
    }
    body.is_empty().then_some(Record { rowid, values })
}

fn value(kind: i64, body: &mut &[u8]) -> Option<Value> {
    let mut take = |length: usize| {
        let (taken, rest) = body.split_at_checked(length)?;
        *body = rest;
        Some(taken)
    };
    Some(match kind {
        0 => Value::Null,
        1..=4 => Value::Integer(integer(take(usize::try_from(kind).ok()?)?)),
        5 => Value::Integer(integer(take(6)?)),
        6 => Value::Integer(integer(take(8)?)),
        7 => {
            take(8)?;
            Value::Other
        }
        8 => Value::Integer(0),
        9 => Value::Integer(1),
        12.. => {
            let bytes = take(usize::try_from((kind - 12) / 2).ok()?)?;
            if kind % 2 == 0 {
                Value::Blob(bytes.to_vec())
            } else {
                Value::Text(str::from_utf8(bytes).ok()?.to_owned())
            }
        }
        _ => return None,
    })
}

/// Big endian with a sign, 1 to 8 bytes.
fn integer(bytes: &[u8]) -> i64 {
    let negative = bytes.first().is_some_and(|byte| byte & 0x80 != 0);
    bytes.iter().fold(if negative { -1 } else { 0 }, |sum, byte| sum << 8 | i64::from(*byte))
}

/// Seven bits a byte, the ninth byte whole.
fn varint(bytes: &mut &[u8]) -> Option<i64> {
    let mut value = 0_u64;
    for index in 0..9 {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        if index == 8 {
            return Some((value << 8 | u64::from(*byte)).cast_signed());
        }
        value = value << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            break;
        }
    }
    Some(value.cast_signed())
}

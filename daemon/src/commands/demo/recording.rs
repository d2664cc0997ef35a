//! The recording that the binary carries: two minutes of the example shop, as `fixtures/README.md` describes it. Lives here:
//! inflating it and moving it in time. Nothing else about it is changed.

use anyhow::Context;

use crate::clock;

/// OTLP as JSON lines, zstd.
const COMPRESSED: &[u8] = include_bytes!("../../../../fixtures/storefront.jsonl.zst");
/// What precedes every time in it: `startTimeUnixNano`, `endTimeUnixNano` and `timeUnixNano`, written as text.
const BEFORE_TIME: &str = "UnixNano\":\"";
/// Digits of a time: they stay as many until the year 2286.
const DIGITS: usize = 19;
/// The recording ends so long before now, ns: nothing in it lies in the future of a clock that is set back a little.
const AGO_NS: u64 = 1_000_000_000;

/// The recording, moved so that it has just ended.
pub(super) fn ending_now() -> anyhow::Result<Vec<u8>> {
    let inflated = zstd::decode_all(COMPRESSED).context("the recording in this binary is damaged")?;
    let text = String::from_utf8(inflated).context("the recording in this binary is damaged")?;
    moved_to(text, clock::now_ns().saturating_sub(AGO_NS))
}

/// Moves all times by the same amount, so that the last of them becomes `end_ns`.
fn moved_to(text: String, end_ns: u64) -> anyhow::Result<Vec<u8>> {
    let times: Vec<(usize, u64)> = text
        .match_indices(BEFORE_TIME)
        .filter_map(|(at, mark)| {
            let begin = at + mark.len();
            let time = text.get(begin..begin + DIGITS)?.parse().ok()?;
            Some((begin, time))
        })
        .collect();
    let newest =
        times.iter().map(|(_, time)| *time).max().context("the recording in this binary holds no times")?;
    let mut bytes = text.into_bytes();
    for (begin, time) in times {
        let moved = format!("{:0DIGITS$}", end_ns.saturating_sub(newest - time));
        if let Some(place) = bytes.get_mut(begin..begin + DIGITS).filter(|place| place.len() == moved.len()) {
            place.copy_from_slice(moved.as_bytes());
        }
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_times_move_by_the_same_and_events_without_one_stay() {
        let text = r#"{"startTimeUnixNano":"1795579135594736816","endTimeUnixNano":"1795579135594736900","timeUnixNano":"0"}"#;
        let moved = String::from_utf8(moved_to(text.to_owned(), 1_900_000_000_000_000_100).unwrap()).unwrap();
        assert_eq!(
            moved,
            r#"{"startTimeUnixNano":"1900000000000000016","endTimeUnixNano":"1900000000000000100","timeUnixNano":"0"}"#
        );
    }

    #[test]
    fn the_binary_carries_at_most_a_megabyte_of_it() {
        assert!(COMPRESSED.len() <= 1 << 20, "{} bytes", COMPRESSED.len());
    }
}

//! JSON that is no Unicode, put right: what cannot be a character becomes U+FFFD, and all around it stays as it is. It is
//! looked at only after it could not be read. What it means is `json`'s business.

/// What some programs write before a text.
pub(super) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// U+FFFD in UTF-8.
const REPLACEMENT: &[u8] = "\u{fffd}".as_bytes();
/// The same as an escape, as long as the one that it replaces.
const ESCAPED: &[u8] = b"\\ufffd";

/// The same JSON with everything that is no Unicode replaced, and how many places that were.
pub(super) fn as_unicode(json: &[u8]) -> (Vec<u8>, u64) {
    let mut text = Vec::with_capacity(json.len() + json.len() / 16);
    let mut repaired = 0;
    for chunk in json.utf8_chunks() {
        text.extend_from_slice(chunk.valid().as_bytes());
        if !chunk.invalid().is_empty() {
            text.extend_from_slice(REPLACEMENT);
            repaired += 1;
        }
    }
    repaired += pair_surrogates(&mut text);
    (text, repaired)
}

/// Replaces escapes of surrogates that have no other half; how many there were.
fn pair_surrogates(text: &mut [u8]) -> u64 {
    let (mut at, mut repaired) = (0, 0);
    while let Some(offset) = text.get(at..).and_then(|rest| memchr::memchr(b'\\', rest)) {
        at += offset;
        let Some(unit) = unit(text, at) else {
            // Another escape, as `\\` or `\n`: what follows its second letter is no part of it.
            at += 2;
            continue;
        };
        let is_pair = is_high(unit) && self::unit(text, at + ESCAPED.len()).is_some_and(is_low);
        if is_pair {
            at += 2 * ESCAPED.len();
            continue;
        }
        if (is_high(unit) || is_low(unit))
            && let Some(escape) = text.get_mut(at..at + ESCAPED.len())
        {
            escape.copy_from_slice(ESCAPED);
            repaired += 1;
        }
        at += ESCAPED.len();
    }
    repaired
}

/// The code unit that is escaped there, as `\ud83d`.
fn unit(text: &[u8], at: usize) -> Option<u16> {
    let digits = text.get(at..at + ESCAPED.len())?.strip_prefix(b"\\u")?;
    let digits = std::str::from_utf8(digits).ok().filter(|digits| !digits.starts_with('+'))?;
    u16::from_str_radix(digits, 16).ok()
}

fn is_high(unit: u16) -> bool {
    (0xd800..0xdc00).contains(&unit)
}

fn is_low(unit: u16) -> bool {
    (0xdc00..0xe000).contains(&unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_become_replacements_and_pairs_stay() {
        for (json, expected, places) in [
            (&br#""\ud83d\ude00 \n""#[..], &br#""\ud83d\ude00 \n""#[..], 0),
            (br#""\ud83d""#, br#""\ufffd""#, 1),
            (br#""\ude00\ud83d\ud83d\ude00\ud83dx""#, br#""\ufffd\ufffd\ud83d\ude00\ufffdx""#, 3),
            (br#""\\ud83d \\\ud83d""#, br#""\\ud83d \\\ufffd""#, 1),
            (b"\"caf\xe9 \xff\xff\"", "\"caf\u{fffd} \u{fffd}\u{fffd}\"".as_bytes(), 3),
            (br#""\ud83"#, br#""\ud83"#, 0),
            (b"\\", b"\\", 0),
        ] {
            let (text, repaired) = as_unicode(json);
            assert_eq!(
                (String::from_utf8_lossy(&text), repaired),
                (String::from_utf8_lossy(expected), places)
            );
        }
    }
}

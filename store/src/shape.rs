//! What a segment of a path looks like: a name that somebody wrote into code, or something that names one thing, such as an
//! id, an address or a token. Names may be shown and counted one by one; everything else becomes [`ANY_ID`]. It is an
//! allow-list: what is not certainly a name is none.

/// What stands for a segment that is no name.
pub const ANY_ID: &str = ":id";

/// Longest name, bytes.
const LONGEST: usize = 48;

/// Segments of a path that are kept; the rest of a deeper one is cut.
const DEEPEST: usize = 8;

/// Fewest letters that two words of a name have together: random letters change their case more often.
const TWO_WORDS: usize = 5;

/// From this length on letters without any vowel, or hex digits alone, are no word.
const TELLING: usize = 6;

/// Whether a text looks like a name from code: words in `camelCase`, `kebab-case`, `snake_case` or `dotted.form`, with at
/// most two digits at the end of each word. Ids, numbers, addresses and hex are none.
#[must_use]
pub fn is_name(text: &str) -> bool {
    (1..=LONGEST).contains(&text.len())
        && text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.split(['.', '-', '_']).all(is_word)
}

/// A path of which only names are left, as all paths of the same page look: `/teams/7d84f1/websites` becomes
/// `/teams/:id/websites`. Without query.
#[must_use]
pub fn neutral_path(path: &str) -> String {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let mut neutral = String::new();
    for segment in path.split('/').filter(|segment| !segment.is_empty()).take(DEEPEST) {
        neutral.push('/');
        neutral.push_str(if is_name(segment) { segment } else { ANY_ID });
    }
    if neutral.is_empty() { "/".to_owned() } else { neutral }
}

/// A word in one or more cases, with few digits: `list`, `getUser`, `v2`, `OAuth`, `oauth2Callback`.
fn is_word(word: &str) -> bool {
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    let letters: Vec<u8> = word.bytes().filter(u8::is_ascii_alphabetic).collect();
    if digits > 2 || letters.is_empty() || digits + letters.len() != word.len() {
        return false;
    }
    // A digit ends a word: what follows it begins one.
    let bounded = word
        .as_bytes()
        .windows(2)
        .all(|pair| !pair[0].is_ascii_digit() || pair[1].is_ascii_digit() || pair[1].is_ascii_uppercase());
    let hex = word.len() >= TELLING + 2 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let spoken = letters.len() < TELLING || letters.iter().any(|letter| b"aeiouyAEIOUY".contains(letter));
    word.starts_with(|first: char| first.is_ascii_alphabetic())
        && bounded
        && spoken
        && !hex
        && is_cased(&letters)
}

/// Whether letters change their case as words do.
fn is_cased(letters: &[u8]) -> bool {
    let humps =
        letters.windows(2).filter(|pair| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase());
    let words = humps.count() + 1;
    let shouted = letters.iter().skip(1).filter(|letter| letter.is_ascii_uppercase()).count();
    let all_shouted = letters.iter().all(u8::is_ascii_uppercase);
    // `getURL` shouts, `kXQzPvRt` does too, and more often.
    let in_words = 2 * letters.len() >= TWO_WORDS * words && shouted * 2 <= letters.len();
    all_shouted || in_words || words == 1 && shouted == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_from_ids() {
        for name in [
            "cart",
            "v1",
            "oauth2",
            "s3",
            "getUser",
            "task.move",
            "post.getAll",
            "sign-in",
            "sign_up",
            "callback",
            "csrf",
            "viewer.teams.listMembers",
            "getURL",
            "csv",
            "listV2",
            "oauth2Callback",
            "x",
            "googleOAuth",
            "URL",
            "html",
        ] {
            assert!(is_name(name), "{name}");
        }
        for id in [
            "",
            "42",
            "7d84f1c2",
            "deadbeef",
            "0b6c1e2f-8f0e-4f6e-9a43-3b1f2d7c5e10",
            "clh3k2j0x0000qzrmn831i7rn",
            "01ARZ3NDEKTSV4RRFFQ69G5FAV",
            "ada@example.com",
            "ada%40example.com",
            "507f1f77bcf86cd799439011",
            "user_42x",
            "V1StGXR8_Z5jdHi6B-myT",
            "%ff",
            "a b",
            "2024",
            "post-2024-01-02",
            "cus_Nffrfe1ZvbvL16",
            "xkcdqrtp",
            "kXqZpVrT",
            "../etc",
            "tschüss",
            "-x",
            "x-",
            "a..b",
            "+4915112345678",
            "aVeryLongNameThatNobodyWouldEverGiveToAProcedureAtAll",
        ] {
            assert!(!is_name(id), "{id}");
        }
    }

    #[test]
    fn a_path_keeps_its_names_only() {
        for (path, neutral) in [
            ("/teams/7d84f1/websites", "/teams/:id/websites"),
            ("/", "/"),
            ("", "/"),
            ("/u/ada@example.com?x=1", "/u/:id"),
            ("//settings//profile/", "/settings/profile"),
            ("/a/b/c/d/e/f/g/h/i/j", "/a/b/c/d/e/f/g/h"),
        ] {
            assert_eq!(neutral_path(path), neutral, "{path}");
        }
    }
}

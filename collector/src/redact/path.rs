//! Paths without what may name a person or open a door: a segment that looks like an e-mail address, a number of nine or
//! more digits, a token or a UUID becomes a keyed hash. Equal segments have equal hashes, so that a page and its refresh
//! are still seen to be the same.

use std::borrow::Cow;

use super::keyed::{Secret, hash};

/// What a hashed segment begins with; it is left as it is when a path is read again.
const MARK: char = '~';
/// Digits of a hash.
const DIGITS: usize = 16;
/// A number this long may be a telephone number, a card or an account.
const LONG_NUMBER: usize = 9;
/// Letters and digits that change places as often as chance has it make a token from this length on with digits among
/// them, and from the second one on without: ids of URL shorteners and invitations have 12 characters and more.
const TOKEN: usize = 12;
const TOKEN_OF_LETTERS: usize = 20;
/// Characters in a row of one kind (digits, small letters with a capital before them, capitals): words have more of them,
/// `getUserV2Profile` 3.2, random letters and digits some 1.7, hexadecimal ones some 1.4. In tenths.
const RUN_TENTHS: usize = 22;

/// The path with each opaque segment hashed; `path` may have a scheme and a host before it.
pub(super) fn without_secrets<'a>(path: &'a str, secret: &Secret) -> Cow<'a, str> {
    let start = path.find("://").map_or(0, |at| at + 3);
    let (before, segments) = path.split_at_checked(start).unwrap_or(("", path));
    // The assets of Next.js have hashes for names, which belong to nobody.
    if segments.starts_with("/_next/") || !segments.split('/').skip(usize::from(start > 0)).any(is_opaque) {
        return Cow::Borrowed(path);
    }
    let mut clean = String::with_capacity(path.len());
    clean.push_str(before);
    for (at, segment) in segments.split('/').enumerate() {
        if at > 0 {
            clean.push('/');
        }
        let is_host = at == 0 && start > 0;
        match hash(&["pointsman.path", segment], 0, secret).filter(|_| !is_host && is_opaque(segment)) {
            Some(hashed) => {
                clean.push(MARK);
                clean.push_str(&hashed);
            }
            None => clean.push_str(segment),
        }
    }
    Cow::Owned(clean)
}

/// Whether a segment may name a person or be a secret. Segments of route patterns (`[id]`, `(group)`, `:id`, `*`) and
/// slots (`@modal`) are none.
pub(super) fn is_opaque(segment: &str) -> bool {
    if segment.len() < LONG_NUMBER && !segment.contains('@') && !segment.contains("%40") {
        return false;
    }
    if segment.starts_with(['[', '(', ':', '*']) || is_hashed(segment) {
        return false;
    }
    segment.find('@').is_some_and(|at| at > 0)
        || segment.contains("%40")
        || is_long_number(segment)
        || is_uuid(segment)
        || is_token(segment)
}

fn is_hashed(segment: &str) -> bool {
    segment
        .strip_prefix(MARK)
        .is_some_and(|digits| digits.len() == DIGITS && digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

fn is_long_number(segment: &str) -> bool {
    let digits = segment.bytes().filter(u8::is_ascii_digit).count();
    digits >= LONG_NUMBER && segment.bytes().all(|byte| byte.is_ascii_digit() || b"+-.() %".contains(&byte))
}

fn is_uuid(segment: &str) -> bool {
    let lengths = segment.split('-').map(str::len);
    lengths.eq([8, 4, 4, 4, 12]) && segment.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}

/// Whether letters and digits change places as in no name.
fn is_token(segment: &str) -> bool {
    let (mut length, mut digits, mut runs) = (0, 0, 0);
    let mut before = b'-';
    for byte in segment.bytes() {
        length += usize::from(byte.is_ascii_alphanumeric());
        digits += usize::from(byte.is_ascii_digit());
        let begins = match byte {
            b'0'..=b'9' => !before.is_ascii_digit(),
            b'A'..=b'Z' => !before.is_ascii_uppercase(),
            b'a'..=b'z' => !before.is_ascii_alphabetic(),
            _ => false,
        };
        runs += usize::from(begins);
        before = byte;
    }
    let is_long = length >= TOKEN_OF_LETTERS || length >= TOKEN && digits > 0;
    is_long && length * 10 <= runs * RUN_TENTHS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_that_may_name_a_person_or_be_a_secret_are_hashed_and_others_stay() {
        for (segment, opaque) in [
            ("cart", false),
            ("product", false),
            ("42", false),
            ("12345678", false),
            ("10-tips-for-nextjs-in-2026", false),
            ("server-reference-manifest.json", false),
            ("[id]", false),
            ("[...averyverylongparameter2026name]", false),
            ("(marketing)", false),
            ("@modal", false),
            ("task.move,project.list", false),
            ("internationalization", false),
            ("getUserV2Profile", false),
            ("organization.getMembersByRoleV2,project.list", false),
            ("~0123456789abcdef", false),
            ("mail@example.com", true),
            ("mail%40example.com", true),
            ("491761234567", true),
            ("+49-176-1234567", true),
            ("4111111111111111", true),
            ("7d84f3f0-4a55-4c2e-9d53-0d6f9c0f2b11", true),
            ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", true),
            ("Xk9dPq2LmN1z", true),
            ("7d84f3f04a554c2e9d53", true),
            ("CANARYx9Kd72LmPq04ZtRw8Yb3Qn5", true),
            ("clh3am8ji0000358u1h2x4f7q", true),
        ] {
            assert_eq!(is_opaque(segment), opaque, "{segment}");
        }
    }

    #[test]
    fn a_path_keeps_its_shape_and_is_the_same_when_read_again() {
        let secret = Secret::new("s");
        let once = without_secrets("https://shop.example:3000/u/mail@example.com/edit", &secret).into_owned();
        assert!(once.starts_with("https://shop.example:3000/u/~") && once.ends_with("/edit"), "{once}");
        assert_eq!(without_secrets(&once, &secret), once);
        assert_eq!(without_secrets("/product/42", &secret), "/product/42");
        assert_eq!(
            without_secrets("/_next/static/chunks/4bd1b696100b9d70.js", &secret),
            "/_next/static/chunks/4bd1b696100b9d70.js"
        );
        let page = without_secrets("/u/mail@example.com", &secret).into_owned();
        assert_eq!(without_secrets("http://h/u/mail@example.com", &secret), format!("http://h{page}"));
        assert_ne!(without_secrets("/u/mail@example.com", &Secret::new("t")), page);
    }
}

//! Secrets that are none: what examples and templates have where a secret belongs, and what anybody would try first.

/// Words of examples, in lower case, without what stands between their letters.
const WORDS: [&str; 10] = [
    "replaceme",
    "replacethis",
    "changeme",
    "changethis",
    "placeholder",
    "yoursecret",
    "yourtoken",
    "insertsecret",
    "inserttoken",
    "notasecret",
];

/// The fewest characters that may differ in a secret.
const FEWEST_LETTERS: usize = 4;

/// Why a secret is none; nothing when it may be one. The answer never holds the secret.
#[must_use]
pub fn placeholder_fault(secret: &[u8]) -> Option<&'static str> {
    let letters: Vec<u8> =
        secret.iter().filter(|byte| byte.is_ascii_alphanumeric()).map(u8::to_ascii_lowercase).collect();
    let text = String::from_utf8_lossy(&letters);
    if WORDS.iter().any(|word| text.contains(word)) || secret.starts_with(b"<") && secret.ends_with(b">") {
        return Some("it is the placeholder of an example");
    }
    let mut different = secret.to_vec();
    different.sort_unstable();
    different.dedup();
    (different.len() < FEWEST_LETTERS).then_some("it repeats a few characters and could be guessed")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_are_no_secrets() {
        for fault in [
            "REPLACE-ME",
            "REPLACE-ME-REPLACE-ME",
            "please_change_me_now_123",
            "<your secret here, long>",
            "your-secret-0123456789",
            "xxxxxxxxxxxxxxxxxxxxxxxx",
            "0000000000000000",
        ] {
            assert!(placeholder_fault(fault.as_bytes()).is_some(), "{fault}");
        }
        for secret in
            ["0123456789abcdef", "5f0c9a1be86d4a0bb1c2e7d09a3f46d1", "a-token-of-readers-0123456789"]
        {
            assert_eq!(placeholder_fault(secret.as_bytes()), None, "{secret}");
        }
    }
}

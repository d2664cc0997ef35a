//! Bearer tokens by which senders are known. Only digests are kept; no error, log or `Debug` shows a token.
//!
//! The text of tokens has one a line, `name token`; a name may stand there several times, so that a new token can
//! be accepted beside the old one while a sender changes over. Empty lines and lines that begin with `#` say nothing.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use http::HeaderMap;
use http::header::AUTHORIZATION;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::pem;
use super::placeholder::placeholder_fault;

/// Shorter tokens can be guessed.
const SHORTEST: usize = 16;
/// Longer ones are no tokens: heads of requests have a limit.
const LONGEST: usize = 1024;
/// Every request is compared with all of them.
const MOST: usize = 1000;

/// Tokens that cannot be used: every fault, none of them with a token.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{from}: {faults}", faults = faults.join("; "))]
pub struct TokensError {
    /// Where the text came from.
    pub from: String,
    /// What is wrong, with the line and the way out.
    pub faults: Vec<String>,
}

/// The tokens in force.
pub struct Tokens {
    file: Option<PathBuf>,
    /// From the environment: these stay as long as the process does.
    given: Vec<Token>,
    current: RwLock<Arc<[Token]>>,
}

#[derive(Clone)]
struct Token {
    sender: Arc<str>,
    /// Digests have one length, so that comparing them tells nothing about the token's.
    digest: [u8; 32],
}

/// Why a request is not let in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::receive) enum Unknown {
    Missing,
    Wrong,
}

impl Tokens {
    /// Reads tokens from a file and from a text that was given in the environment variable of this name (there,
    /// commas separate as well as line ends); `None` when there is neither.
    ///
    /// # Errors
    /// When one of the two cannot be read, has faults, or holds no token at all.
    pub fn load(file: Option<PathBuf>, given: Option<(&str, &str)>) -> Result<Option<Self>, TokensError> {
        if file.is_none() && given.is_none() {
            return Ok(None);
        }
        let given = match given {
            Some((name, text)) => parse(&text.replace(',', "\n"))
                .map_err(|faults| TokensError { from: name.to_owned(), faults })?,
            None => Vec::new(),
        };
        let tokens = Self { file, given, current: RwLock::new(Arc::new([])) };
        tokens.reload()?;
        Ok(Some(tokens))
    }

    /// Reads the file anew; requests from now on are compared with what it holds.
    ///
    /// # Errors
    /// As [`Self::load`]; the tokens that were read before stay in force.
    pub fn reload(&self) -> Result<(), TokensError> {
        let mut tokens = self.given.clone();
        if let Some(file) = &self.file {
            tokens.extend(read(file)?);
        }
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = tokens.into();
        Ok(())
    }

    /// The sender whose token a request shows.
    pub(in crate::receive) fn sender(&self, headers: &HeaderMap) -> Result<Arc<str>, Unknown> {
        let mut shown = headers.get_all(AUTHORIZATION).iter();
        let value = shown.next().ok_or(Unknown::Missing)?;
        let token = bearer(value.as_bytes()).filter(|_| shown.next().is_none()).ok_or(Unknown::Wrong)?;
        self.holder(token).ok_or(Unknown::Wrong)
    }

    /// Under which name a token is known.
    #[must_use]
    pub fn holder(&self, token: &[u8]) -> Option<Arc<str>> {
        let digest: [u8; 32] = Sha256::digest(token).into();
        let tokens = Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner));
        // All are looked at, so that the time tells nothing about which one it was.
        let matching = tokens.iter().fold(None, |found, token| {
            if bool::from(token.digest.ct_eq(&digest)) { Some(&token.sender) } else { found }
        });
        matching.map(Arc::clone)
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens").field("file", &self.file).finish_non_exhaustive()
    }
}

impl Unknown {
    /// The word that metrics use.
    pub(in crate::receive) fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Wrong => "wrong",
        }
    }

    /// What the sender is told.
    pub(in crate::receive) fn message(self) -> &'static str {
        match self {
            Self::Missing => "a token is needed here; send it as `authorization: Bearer TOKEN`",
            Self::Wrong => "this is not a token that is known here; check `authorization: Bearer TOKEN`",
        }
    }
}

/// What follows the scheme, whose case does not matter (RFC 9110, 11.1).
fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = value.split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"Bearer ").then(|| token.trim_ascii())
}

fn read(file: &Path) -> Result<Vec<Token>, TokensError> {
    let fault = |faults| TokensError { from: format!("the tokens file {}", file.display()), faults };
    let bytes = pem::read(file).map_err(|reason| fault(vec![reason]))?;
    let text = String::from_utf8(bytes)
        .map_err(|_| fault(vec!["it is not text in UTF-8; write `name token` lines".to_owned()]))?;
    parse(&text).map_err(fault)
}

/// The tokens of a text, or every fault in it. A fault names its line and never what stands there: it may be a token
/// in the wrong place.
fn parse(text: &str) -> Result<Vec<Token>, Vec<String>> {
    let mut tokens: Vec<Token> = Vec::new();
    let mut faults = Vec::new();
    for (number, line) in (1..).zip(text.lines().map(str::trim)) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        match token(line) {
            Ok(token) if tokens.iter().any(|other| other.digest == token.digest) => {
                faults.push(format!("line {number}: this token is there already; every line has its own"));
            }
            Ok(token) => tokens.push(token),
            Err(fault) => faults.push(format!("line {number}: {fault}")),
        }
    }
    if tokens.len() > MOST {
        faults.push(format!("there are {} tokens, and {MOST} is the limit; remove old ones", tokens.len()));
    }
    if tokens.is_empty() && faults.is_empty() {
        faults.push(
            "there is no token in it; write lines with `name token`, or take the setting out".to_owned(),
        );
    }
    if faults.is_empty() { Ok(tokens) } else { Err(faults) }
}

fn token(line: &str) -> Result<Token, String> {
    let mut words = line.split_whitespace();
    let (Some(sender), Some(token), None) = (words.next(), words.next(), words.next()) else {
        return Err("write a name, a space and a token".to_owned());
    };
    let in_names = |letter: u8| letter.is_ascii_alphanumeric() || b"-._".contains(&letter);
    if sender.len() > 64 || !sender.bytes().all(in_names) {
        return Err("the name may have 64 characters: letters, digits, - . _".to_owned());
    }
    if token.len() < SHORTEST {
        return Err(format!(
            "the token has fewer than {SHORTEST} characters and could be guessed; make one with \
             `openssl rand -hex 32`"
        ));
    }
    if let Some(fault) = placeholder_fault(token.as_bytes()) {
        return Err(format!("the token cannot be used: {fault}; make one with `openssl rand -hex 32`"));
    }
    // RFC 6750, 2.1.
    let in_tokens = |letter: u8| letter.is_ascii_alphanumeric() || b"-._~+/=".contains(&letter);
    if token.len() > LONGEST || !token.bytes().all(in_tokens) {
        return Err(format!("the token may have {LONGEST} characters: letters, digits, - . _ ~ + / ="));
    }
    Ok(Token { sender: sender.into(), digest: Sha256::digest(token).into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "0123456789abcdef";
    const NEW: &str = "fedcba9876543210==";

    fn faults(text: &str) -> Vec<String> {
        Tokens::load(None, Some(("TOKENS", text))).unwrap_err().faults
    }

    #[test]
    fn every_fault_names_its_line_and_never_what_stands_there() {
        let text = format!(
            "# ours\n\nshop {OLD}\nshop tooshort\n{OLD}x\nshop {OLD} {NEW}\nother {OLD}\nshop {NEW}\u{e9}\n\
             sh{NEW} {NEW}"
        );
        let said = faults(&text);
        let begins = [
            "line 4: the token has fewer than 16 characters",
            "line 5: write a name, a space and a token",
            "line 6: write a name, a space and a token",
            "line 7: this token is there already",
            "line 8: the token may have 1024 characters",
            "line 9: the name may have 64 characters",
        ];
        assert_eq!(said.len(), begins.len(), "{said:#?}");
        for (fault, begin) in said.iter().zip(begins) {
            assert!(fault.starts_with(begin), "{begin}: {fault}");
            assert!(!["tooshort", OLD, NEW].iter().any(|token| fault.contains(token)), "{fault}");
        }
        assert!(faults("# none\n")[0].starts_with("there is no token"));
    }

    #[test]
    fn a_token_is_known_by_its_sender_and_seen_nowhere() {
        let text = format!("shop {OLD}, shop {NEW}\nother abcdefghijklmnop");
        let tokens = Tokens::load(None, Some(("TOKENS", &text))).unwrap().unwrap();
        let asked = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(AUTHORIZATION, value.parse().unwrap());
            }
            tokens.sender(&headers).map(|sender| sender.to_string())
        };
        assert_eq!(asked(&[&format!("Bearer {OLD}")]), Ok("shop".to_owned()));
        assert_eq!(asked(&[&format!("bearer  {NEW} ")]), Ok("shop".to_owned()));
        assert_eq!(asked(&["BEARER abcdefghijklmnop"]), Ok("other".to_owned()));
        assert_eq!(asked(&[]), Err(Unknown::Missing));
        for wrong in ["Bearer", "Bearer ", "Basic abcdefghijklmnop", "Bearer abcdefghijklmno", OLD] {
            assert_eq!(asked(&[wrong]), Err(Unknown::Wrong), "{wrong}");
        }
        let twice = format!("Bearer {OLD}");
        assert_eq!(asked(&[&twice, &twice]), Err(Unknown::Wrong));
        assert!(!format!("{tokens:?}").contains(OLD));
    }
}

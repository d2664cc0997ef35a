//! Bearer tokens by which senders are known. Only digests are kept; no error, log or `Debug` shows a token. How their text is
//! written: `named`.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use http::HeaderMap;
use http::header::AUTHORIZATION;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::named::{self, Kind, Named};

const TOKENS: Kind = Kind { noun: "token", most: 1000 };

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
    WrongSignature,
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
            Some((name, text)) => named::parse(&text.replace(',', "\n"), TOKENS)
                .map(digested)
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
            Self::WrongSignature => "wrong_signature",
        }
    }

    /// What the sender is told.
    pub(in crate::receive) fn message(self) -> &'static str {
        match self {
            Self::Missing => "a token is needed here; send it as `authorization: Bearer TOKEN`",
            Self::Wrong => "this is not a token that is known here; check `authorization: Bearer TOKEN`",
            Self::WrongSignature => {
                "the signature does not fit the body under any secret that is known here; check the drain's signature secret"
            }
        }
    }
}

/// What follows the scheme, whose case does not matter (RFC 9110, 11.1).
fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = value.split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"Bearer ").then(|| token.trim_ascii())
}

fn read(file: &Path) -> Result<Vec<Token>, TokensError> {
    let from = || format!("the tokens file {}", file.display());
    named::read(file, TOKENS).map(digested).map_err(|faults| TokensError { from: from(), faults })
}

fn digested(named: Vec<Named>) -> Vec<Token> {
    let token = |Named { name, secret }| Token { sender: name.into(), digest: Sha256::digest(secret).into() };
    named.into_iter().map(token).collect()
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

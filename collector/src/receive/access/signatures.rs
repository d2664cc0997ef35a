//! Requests that prove who sent them by a signature over their body instead of a token: Vercel's drains send
//! `x-vercel-signature`, the HMAC-SHA1 of the body as it was sent, in hexadecimal. Whether one is right can be said only when the
//! body has arrived. No error, log or `Debug` shows a secret.
//!
//! HMAC does not need a hash without collisions, so SHA-1 is sound here; what a drain signs with is Vercel's choice.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use hmac::{Hmac, KeyInit, Mac};
use http::HeaderMap;
use sha1::Sha1;
use subtle::ConstantTimeEq;

use super::named::{self, Kind, Named};
use super::tokens::TokensError;

/// Every body is hashed with each of them.
const SECRETS: Kind = Kind { noun: "secret", most: 20 };
/// Bytes of an HMAC-SHA1.
const LENGTH: usize = 20;
const HEADER: &str = "x-vercel-signature";

/// The secrets in force under which senders sign.
pub struct Signatures {
    file: PathBuf,
    current: RwLock<Arc<[Named]>>,
}

/// What a request claims: the digest that its header shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::receive) struct Signature([u8; LENGTH]);

/// What the header of a request shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Shown {
    Nothing,
    /// Not one digest.
    Nonsense,
    Digest(Signature),
}

impl Signatures {
    /// Reads secrets from a file with `name secret` lines.
    ///
    /// # Errors
    /// When it cannot be read, has faults, or holds no secret.
    pub fn load(file: PathBuf) -> Result<Self, TokensError> {
        let signatures = Self { file, current: RwLock::new(Arc::new([])) };
        signatures.reload()?;
        Ok(signatures)
    }

    /// Reads the file again; requests from now on are compared with what it holds.
    ///
    /// # Errors
    /// As [`Self::load`]; the secrets that were read before stay in force.
    pub fn reload(&self) -> Result<(), TokensError> {
        let secrets = named::read(&self.file, SECRETS).map_err(|faults| TokensError {
            from: format!("the file of Vercel's secrets {}", self.file.display()),
            faults,
        })?;
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = secrets.into();
        Ok(())
    }

    /// The sender under whose secret a body has this signature.
    pub(in crate::receive) fn signer(&self, signature: Signature, body: &[u8]) -> Option<Arc<str>> {
        let secrets = Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner));
        // All are tried, so that the time tells nothing about which one it was.
        let signer = secrets.iter().fold(None, |found, secret| {
            let is_right = sign(secret.secret.as_bytes(), body)
                .is_some_and(|digest| bool::from(digest.ct_eq(&signature.0)));
            if is_right { Some(secret.name.as_str()) } else { found }
        });
        signer.map(Arc::from)
    }
}

impl Signature {
    /// What a request shows, if it shows anything.
    pub(super) fn of(headers: &HeaderMap) -> Shown {
        let mut values = headers.get_all(HEADER).iter();
        let Some(value) = values.next() else { return Shown::Nothing };
        match (digest(value.as_bytes()), values.next()) {
            (Some(digest), None) => Shown::Digest(Self(digest)),
            _ => Shown::Nonsense,
        }
    }
}

impl fmt::Debug for Signatures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signatures").field("file", &self.file).finish_non_exhaustive()
    }
}

fn sign(secret: &[u8], body: &[u8]) -> Option<[u8; LENGTH]> {
    let mut mac = Hmac::<Sha1>::new_from_slice(secret).ok()?;
    mac.update(body);
    Some(mac.finalize().into_bytes().into())
}

fn digest(hexadecimal: &[u8]) -> Option<[u8; LENGTH]> {
    let text = std::str::from_utf8(hexadecimal).ok()?.trim();
    if text.len() != 2 * LENGTH || !text.bytes().all(|letter| letter.is_ascii_hexdigit()) {
        return None;
    }
    let mut digest = [0; LENGTH];
    for (place, byte) in digest.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * place..2 * place + 2], 16).ok()?;
    }
    Some(digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "0123456789abcdef0123456789abcdef";
    const OLD: &str = "an-older-secret-of-16";

    fn signatures(text: &str) -> Result<Signatures, TokensError> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secrets");
        std::fs::write(&file, text).unwrap();
        Signatures::load(file)
    }

    fn shown(values: &[&str]) -> Shown {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(HEADER, value.parse().unwrap());
        }
        Signature::of(&headers)
    }

    /// Made with `printf '{"resourceSpans":[]}' | openssl dgst -sha1 -hmac SECRET`, as Vercel's documentation makes it.
    #[test]
    fn a_body_is_known_by_its_signature() {
        let signatures = signatures(&format!("shop {SECRET}\nshop {OLD}\n")).unwrap();
        let Shown::Digest(signature) = shown(&["685eef4d2f1b77a0b3808984702e4778eac8ab5f"]) else {
            unreachable!()
        };
        let body = br#"{"resourceSpans":[]}"#;
        assert_eq!(signatures.signer(signature, body).as_deref(), Some("shop"));
        assert_eq!(signatures.signer(signature, b"{\"resourceSpans\":[{}]}"), None);
        assert_eq!(signatures.signer(Signature([0; LENGTH]), body), None);
        assert!(!format!("{signatures:?}").contains(SECRET));
    }

    #[test]
    fn only_one_digest_in_hexadecimal_is_a_signature() {
        assert_eq!(shown(&[]), Shown::Nothing);
        let digest = "00112233445566778899aabbccddeeff00112233";
        assert!(matches!(shown(&[digest]), Shown::Digest(_)));
        assert_eq!(shown(&[digest]), shown(&[&digest.to_ascii_uppercase()]));
        for wrong in [
            &[digest, digest][..],
            &[""],
            &["sha1=00"],
            &[&digest[1..]],
            &["+0112233445566778899aabbccddeeff00112233"],
        ] {
            assert_eq!(shown(wrong), Shown::Nonsense, "{wrong:?}");
        }
    }

    #[test]
    fn faults_name_the_file_and_no_secret() {
        let error =
            signatures(&format!("shop {SECRET}\nshop {SECRET}\nshop tooshort\n")).unwrap_err().to_string();
        assert!(error.starts_with("the file of Vercel's secrets "), "{error}");
        assert!(error.contains("line 2: this secret is there already"), "{error}");
        assert!(error.contains("line 3: the secret has fewer than 16 characters"), "{error}");
        assert!(![SECRET, "tooshort"].iter().any(|secret| error.contains(secret)), "{error}");
        let many: String = (0..21).map(|number| format!("shop {SECRET}{number}\n")).collect();
        assert!(
            signatures(&many).unwrap_err().to_string().contains("there are 21 secrets, and 20 is the limit")
        );
    }
}

//! Keyed hashes: what a text was cannot be told from its hash, but equal texts have equal hashes under one secret. What is
//! hashed, and for how long the hash holds, is decided by the readers.

use std::fmt;
use std::sync::{Arc, OnceLock};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Under which keys and hashes are made. It leaves the process for a database that several collectors share, and prints as nothing.
/// All clones are one secret.
#[derive(Clone)]
pub struct Secret(Arc<Inner>);

struct Inner {
    known: OnceLock<Vec<u8>>,
    /// What it is where nobody else says one.
    offer: Vec<u8>,
}

impl Secret {
    /// A secret of any length.
    #[must_use]
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(Arc::new(Inner { known: OnceLock::from(bytes.into()), offer: Vec::new() }))
    }

    /// One that others may have to agree to. Until it is settled nothing is keyed, and what would have to be is left out.
    #[must_use]
    pub fn offered(bytes: impl Into<Vec<u8>>) -> Self {
        Self(Arc::new(Inner { known: OnceLock::new(), offer: bytes.into() }))
    }

    /// What others may agree to; `None` of one that is settled.
    #[must_use]
    pub fn offer(&self) -> Option<&[u8]> {
        self.0.known.get().is_none().then_some(self.0.offer.as_slice())
    }

    /// Settles it, once: on what others have said, else on the offer.
    pub fn settle(&self, agreed: Option<Vec<u8>>) {
        self.0.known.get_or_init(|| agreed.unwrap_or_else(|| self.0.offer.clone()));
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// 16 hex digits over several texts and a number, by HMAC-SHA-256. The first text names what the hash is for.
pub(super) fn hash(texts: &[&str], number: u64, secret: &Secret) -> Option<String> {
    // An HMAC takes a key of any length: the error has no case.
    let mut hmac = Hmac::<Sha256>::new_from_slice(secret.0.known.get()?).ok()?;
    for text in texts {
        hmac.update(&(text.len() as u64).to_be_bytes());
        hmac.update(text.as_bytes());
    }
    hmac.update(&number.to_be_bytes());
    let digest = hmac.finalize().into_bytes();
    let (first, _) = digest.split_first_chunk::<8>()?;
    Some(format!("{:016x}", u64::from_be_bytes(*first)))
}

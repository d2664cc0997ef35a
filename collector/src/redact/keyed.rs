//! Keyed hashes: what a text was cannot be told from its hash, but equal texts have equal hashes under one secret. What is
//! hashed, and for how long the hash holds, is decided by the readers.

use std::fmt;
use std::sync::{Arc, OnceLock};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Under which keys and hashes are made. It never leaves the process, but to a database that several collectors share, and prints as
/// nothing. All clones are one secret.
#[derive(Clone)]
pub struct Secret(Arc<OnceLock<Vec<u8>>>);

impl Secret {
    /// A secret of any length.
    #[must_use]
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(Arc::new(OnceLock::from(bytes.into())))
    }

    /// One that the database will say. Until then nothing is keyed, and what would have to be is left out.
    #[must_use]
    pub fn awaited() -> Self {
        Self(Arc::default())
    }

    /// Whether it is known.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.0.get().is_some()
    }

    /// Makes it known, once.
    pub fn settle(&self, bytes: impl Into<Vec<u8>>) {
        // A second time it is what it was: keys that were made stay the same.
        let _ = self.0.set(bytes.into());
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
    let mut hmac = Hmac::<Sha256>::new_from_slice(secret.0.get()?).ok()?;
    for text in texts {
        hmac.update(&(text.len() as u64).to_be_bytes());
        hmac.update(text.as_bytes());
    }
    hmac.update(&number.to_be_bytes());
    let digest = hmac.finalize().into_bytes();
    let (first, _) = digest.split_first_chunk::<8>()?;
    Some(format!("{:016x}", u64::from_be_bytes(*first)))
}

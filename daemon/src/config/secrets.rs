//! Secrets of the daemon itself: the one under which addresses become client keys, and what it shows to those it sends to.
//! Tokens of others are read by `otlp` and `pages`; no secret is ever a part of the configuration, only the names of files are.

use std::path::Path;

use anyhow::Context;
use pointsman_collector::admit::Secret;
use pointsman_collector::receive::access::placeholder_fault;
use pointsman_store::{Store, StoreError};

use super::Config;

/// The environment variable that holds the secret.
const VARIABLE: &str = "POINTSMAN_HASH_SECRET";
/// A shorter secret can be guessed: who knows it finds the address behind a client key by trying.
const SHORTEST: usize = 16;
/// A longer file is no secret.
const LONGEST: u64 = 64 << 10;

/// The secret of client keys: of the environment or of a file, else one that ends with the process.
pub(crate) fn hash_secret(config: &Config) -> anyhow::Result<Secret> {
    let secret = awaited_secret(config)?;
    secret.settle(None);
    Ok(secret)
}

/// The same, where a database may have one that all its collectors share: it is settled once that is open.
pub(crate) fn awaited_secret(config: &Config) -> anyhow::Result<Secret> {
    if let Some(secret) = given_secret(config)? {
        return Ok(Secret::new(secret));
    }
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).context("the system gives no random bytes")?;
    Ok(Secret::offered(bytes))
}

/// The same for a database that is open.
pub(crate) async fn shared_secret(config: &Config, store: &Store) -> anyhow::Result<Secret> {
    let secret = awaited_secret(config)?;
    settle(&secret, store).await?;
    Ok(secret)
}

/// Settles a secret that was not given: by the one of the database, if it has one.
pub(crate) async fn settle(secret: &Secret, store: &Store) -> Result<(), StoreError> {
    if let Some(offer) = secret.offer() {
        secret.settle(store.shared_secret(offer).await?);
    }
    Ok(())
}

/// The token that a receiver of own traces wants.
pub(crate) fn telemetry_token(config: &Config) -> anyhow::Result<Option<String>> {
    config.telemetry.token_file.as_deref().map(|file| token(file, "telemetry.token_file")).transpose()
}

/// A token that is shown to somebody else: one line of ASCII, and no placeholder of an example.
pub(crate) fn token(file: &Path, named_by: &str) -> anyhow::Result<String> {
    let token = password(file, named_by)?;
    anyhow::ensure!(
        token.bytes().all(|byte| byte.is_ascii_graphic()),
        "the secret {} that {named_by} names is not a valid token: write one line of ASCII",
        file.display()
    );
    Ok(token)
}

/// A password that is shown to somebody else: text, and no placeholder of an example.
pub(crate) fn password(file: &Path, named_by: &str) -> anyhow::Result<String> {
    let told = || format!("the secret {} that {named_by} names cannot be used", file.display());
    let password = read(file, named_by)?;
    if let Some(fault) = placeholder_fault(&password) {
        anyhow::bail!("{}: {fault}", told());
    }
    String::from_utf8(password).map_err(|_| anyhow::anyhow!("{}: it is not text in UTF-8", told()))
}

/// What is wrong with the secrets that are named.
pub(super) fn faults(config: &Config) -> Vec<String> {
    let all = [given_secret(config).err(), telemetry_token(config).err()];
    all.into_iter().flatten().map(|error| format!("{error:#}")).collect()
}

fn given_secret(config: &Config) -> anyhow::Result<Option<Vec<u8>>> {
    use std::os::unix::ffi::OsStringExt;
    let given = std::env::var_os(VARIABLE).filter(|secret| !secret.is_empty()).map(OsStringExt::into_vec);
    match (given, &config.otlp.hash_secret_file) {
        (Some(_), Some(file)) => anyhow::bail!(
            "{VARIABLE} holds a secret, and otlp.hash_secret_file names {} as well: give one of the two",
            file.display()
        ),
        (Some(given), None) => strong(given, VARIABLE).map(Some),
        (None, Some(file)) => {
            let secret = read(file, "--hash-secret-file or otlp.hash_secret_file")?;
            strong(secret, &file.display().to_string()).map(Some)
        }
        (None, None) => Ok(None),
    }
}

/// The secret, unless anybody could guess it.
fn strong(secret: Vec<u8>, place: &str) -> anyhow::Result<Vec<u8>> {
    anyhow::ensure!(
        secret.len() >= SHORTEST,
        "the secret in {place} cannot be used: it has fewer than {SHORTEST} characters and could be guessed; make one with \
         `openssl rand -hex 32`"
    );
    if let Some(fault) = placeholder_fault(&secret) {
        anyhow::bail!("the secret in {place} cannot be used: {fault}; make one with `openssl rand -hex 32`");
    }
    Ok(secret)
}

/// The file's content without the line's end that editors put behind it.
fn read(file: &Path, named_by: &str) -> anyhow::Result<Vec<u8>> {
    let told = || format!("the secret {} that {named_by} names cannot be used", file.display());
    let length = std::fs::metadata(file).with_context(told)?.len();
    anyhow::ensure!(
        length <= LONGEST,
        "{}: it is {length} bytes long, and a secret has at most {LONGEST}",
        told()
    );
    let mut secret = std::fs::read(file).with_context(told)?;
    while secret.last().is_some_and(|byte| matches!(byte, b'\n' | b'\r')) {
        secret.pop();
    }
    anyhow::ensure!(
        !secret.is_empty(),
        "{}: it is empty; write a secret into it, as `openssl rand -hex 32` makes one",
        told()
    );
    Ok(secret)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_that_anybody_could_guess_is_refused() {
        for (secret, fault) in [
            ("x", "fewer than 16 characters"),
            ("REPLACE-ME", "fewer than 16 characters"),
            ("REPLACE-ME-PLEASE", "placeholder"),
            ("aaaaaaaaaaaaaaaaaaaa", "repeats a few characters"),
        ] {
            let said = strong(secret.as_bytes().to_vec(), "secret.txt").unwrap_err().to_string();
            assert!(said.contains(fault) && said.contains("secret.txt"), "{secret}: {said}");
            assert!(!said.contains(&format!(" {secret} ")), "{said}");
        }
        assert!(strong(b"the same on both sides".to_vec(), "secret.txt").is_ok());
    }
}

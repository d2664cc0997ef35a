//! Secrets that have a name: text with one `name secret` a line, from a file or an environment variable. A name may be there
//! several times, so that a new secret can be accepted next to the old one while a sender changes over. Empty lines and
//! lines that begin with `#` are ignored. What the secrets prove is not known here.

use std::path::Path;

use super::pem;
use super::placeholder::placeholder_fault;

/// Shorter secrets can be guessed.
const SHORTEST: usize = 16;
/// Longer ones are no secrets: heads of requests have a limit.
const LONGEST: usize = 1024;

/// What the secrets of a text are, and how many there may be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kind {
    /// The word for one of them, in messages.
    pub(super) noun: &'static str,
    /// Every request is compared with all of them.
    pub(super) most: usize,
}

/// One line.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) name: String,
    pub(super) secret: String,
}

/// The secrets of a file.
pub(super) fn read(file: &Path, kind: Kind) -> Result<Vec<Named>, Vec<String>> {
    let bytes = pem::read(file).map_err(|reason| vec![reason])?;
    let text = String::from_utf8(bytes)
        .map_err(|_| vec![format!("it is not text in UTF-8; write `name {}` lines", kind.noun)])?;
    parse(&text, kind)
}

/// The secrets of a text, or every fault in it. A fault names its line and never what stands there: it may be a secret
/// in the wrong place.
pub(super) fn parse(text: &str, kind: Kind) -> Result<Vec<Named>, Vec<String>> {
    let Kind { noun, most } = kind;
    let mut found: Vec<Named> = Vec::new();
    let mut faults = Vec::new();
    for (number, line) in (1..).zip(text.lines().map(str::trim)) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        match named(line, noun) {
            Ok(named) if found.iter().any(|other| other.secret == named.secret) => {
                faults.push(format!("line {number}: this {noun} is there already; every line has its own"));
            }
            Ok(named) => found.push(named),
            Err(fault) => faults.push(format!("line {number}: {fault}")),
        }
    }
    if found.len() > most {
        faults.push(format!("there are {} {noun}s, and {most} is the limit; remove old ones", found.len()));
    }
    if found.is_empty() && faults.is_empty() {
        faults.push(format!(
            "there is no {noun} in it; write lines with `name {noun}`, or take the setting out"
        ));
    }
    if faults.is_empty() { Ok(found) } else { Err(faults) }
}

fn named(line: &str, noun: &str) -> Result<Named, String> {
    let mut words = line.split_whitespace();
    let (Some(name), Some(secret), None) = (words.next(), words.next(), words.next()) else {
        return Err(format!("write a name, a space and a {noun}"));
    };
    let in_names = |letter: u8| letter.is_ascii_alphanumeric() || b"-._".contains(&letter);
    if name.len() > 64 || !name.bytes().all(in_names) {
        return Err("the name may have 64 characters: letters, digits, - . _".to_owned());
    }
    if secret.len() < SHORTEST {
        return Err(format!(
            "the {noun} has fewer than {SHORTEST} characters and could be guessed; make one with \
             `openssl rand -hex 32`"
        ));
    }
    if let Some(fault) = placeholder_fault(secret.as_bytes()) {
        return Err(format!("the {noun} cannot be used: {fault}; make one with `openssl rand -hex 32`"));
    }
    // RFC 6750, 2.1.
    let in_secrets = |letter: u8| letter.is_ascii_alphanumeric() || b"-._~+/=".contains(&letter);
    if secret.len() > LONGEST || !secret.bytes().all(in_secrets) {
        return Err(format!("the {noun} may have {LONGEST} characters: letters, digits, - . _ ~ + / ="));
    }
    Ok(Named { name: name.to_owned(), secret: secret.to_owned() })
}

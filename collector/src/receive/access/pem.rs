//! PEM files: certificates and private keys, read within a limit, and what is wrong with a file in words that name
//! the way out. What the certificates are for is not known here.

use std::io::Read;
use std::path::Path;

use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// Largest file that is read, bytes: chains and bundles of authorities are far smaller.
const LARGEST: u64 = 1 << 20;

/// The first byte of anything in DER.
const DER: u8 = 0x30;

/// All certificates of a file, at least one, in its order.
pub(super) fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let bytes = read(path)?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    match found {
        Ok(certificates) if certificates.is_empty() => Err(no_certificate(&bytes)),
        Ok(certificates) => Ok(certificates),
        Err(error) => Err(broken(&error)),
    }
}

/// The first private key of a file.
pub(super) fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, String> {
    let bytes = read(path)?;
    PrivateKeyDer::from_pem_slice(&bytes).map_err(|error| match error {
        pem::Error::NoItemsFound => no_key(&bytes),
        error => broken(&error),
    })
}

/// A whole file.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(|error| cannot_be_read(&error))?;
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(|error| cannot_be_read(&error))?;
    if bytes.len() as u64 > LARGEST {
        return Err(format!("it is larger than {LARGEST} bytes; name the file that is meant"));
    }
    Ok(bytes)
}

fn cannot_be_read(error: &std::io::Error) -> String {
    let remedy = match error.kind() {
        std::io::ErrorKind::NotFound => "write the path of a file that is there",
        std::io::ErrorKind::PermissionDenied => "let the user that runs pointsman read it",
        _ => "name a file that can be read",
    };
    format!("it cannot be read: {error}; {remedy}")
}

fn broken(error: &pem::Error) -> String {
    let reason = match error {
        pem::Error::MissingSectionEnd { .. } => "a section has a BEGIN line and no END line".to_owned(),
        pem::Error::IllegalSectionStart { .. } => "a BEGIN line is malformed".to_owned(),
        pem::Error::Base64Decode(_) => "a section is not base64".to_owned(),
        error => error.to_string(),
    };
    format!("it is not a complete PEM file: {reason}; copy it again")
}

fn no_certificate(bytes: &[u8]) -> String {
    if bytes.first() == Some(&DER) {
        return "it is in DER; make PEM of it with `openssl x509 -inform der`".to_owned();
    }
    let what = if contains(bytes, "PRIVATE KEY-----") { ", only a private key" } else { "" };
    format!("it holds no certificate in PEM{what}; name the file with the BEGIN CERTIFICATE line")
}

fn no_key(bytes: &[u8]) -> String {
    if contains(bytes, "BEGIN ENCRYPTED PRIVATE KEY") {
        return "the key is encrypted; write it without its password with `openssl pkey -in FILE -out KEY`"
            .to_owned();
    }
    if bytes.first() == Some(&DER) {
        return "it is in DER; make PEM of it with `openssl pkey -inform der`".to_owned();
    }
    let what = if contains(bytes, "BEGIN CERTIFICATE") { ", only certificates" } else { "" };
    format!("it holds no private key in PEM{what}; name the file with the BEGIN PRIVATE KEY line")
}

fn contains(bytes: &[u8], text: &str) -> bool {
    String::from_utf8_lossy(bytes).contains(text)
}

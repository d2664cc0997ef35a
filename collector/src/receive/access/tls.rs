//! TLS of the receivers: from files to what a handshake needs, replaceable while the servers run. Handshakes
//! themselves happen in `incoming`.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::{RootCertStore, ServerConfig};

use super::pem;
use crate::receive::Protocol;

/// The files that TLS is made of, in PEM.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TlsFiles {
    /// The server's certificate, followed by those of the authorities between it and the root.
    pub certificate: PathBuf,
    /// The private key of the first certificate, without a password.
    pub key: PathBuf,
    /// Authorities; with them a sender must show a certificate that one of them has signed.
    pub client_ca: Option<PathBuf>,
}

/// A file that TLS cannot be made of.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{what} {path}: {fault}", path = path.display())]
pub struct TlsError {
    /// What the file is for.
    pub what: &'static str,
    /// Which one.
    pub path: PathBuf,
    /// What is wrong with it, and the way out.
    pub fault: String,
}

/// Certificates in force.
pub struct Tls {
    files: TlsFiles,
    current: RwLock<Configs>,
}

/// One for each protocol: they differ in what ALPN offers.
#[derive(Clone)]
struct Configs {
    grpc: Arc<ServerConfig>,
    http: Arc<ServerConfig>,
}

impl Tls {
    /// Reads the files.
    ///
    /// # Errors
    /// The first file that is missing, not PEM, or does not fit the others.
    pub fn load(files: TlsFiles) -> Result<Self, TlsError> {
        let current = RwLock::new(Configs::read(&files)?);
        Ok(Self { files, current })
    }

    /// Reads the files anew; handshakes that begin from now on use what they hold.
    ///
    /// # Errors
    /// As [`Self::load`]; what was read before stays in force.
    pub fn reload(&self) -> Result<(), TlsError> {
        let configs = Configs::read(&self.files)?;
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = configs;
        Ok(())
    }

    /// Whether senders must show a certificate.
    #[must_use]
    pub fn demands_client_certificates(&self) -> bool {
        self.files.client_ca.is_some()
    }

    /// What a handshake that begins now uses.
    pub(super) fn config(&self, protocol: Protocol) -> Arc<ServerConfig> {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(match protocol {
            Protocol::Grpc => &current.grpc,
            Protocol::Http | Protocol::Pages | Protocol::Metrics => &current.http,
        })
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").field("files", &self.files).finish_non_exhaustive()
    }
}

impl Configs {
    fn read(files: &TlsFiles) -> Result<Self, TlsError> {
        let fault = |what, path: &Path| {
            let path = path.to_owned();
            move |fault| TlsError { what, path, fault }
        };
        let at_certificate = fault("the TLS certificate", &files.certificate);
        let chain = pem::certificates(&files.certificate).map_err(at_certificate.clone())?;
        let key = pem::private_key(&files.key).map_err(fault("the TLS key", &files.key))?;
        let verifier = match &files.client_ca {
            None => WebPkiClientVerifier::no_client_auth(),
            Some(path) => verifier(path).map_err(fault("the TLS client CA", path))?,
        };
        let config = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(|error| at_certificate.clone()(error.to_string()))?
            .with_client_cert_verifier(verifier)
            .with_single_cert(chain, key)
            .map_err(|error| does_not_fit(&error, files))?;
        let offering = |alpn: &[&[u8]]| {
            let mut config = config.clone();
            config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
            Arc::new(config)
        };
        Ok(Self { grpc: offering(&[b"h2"]), http: offering(&[b"h2", b"http/1.1"]) })
    }
}

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// Who checks the certificates of senders.
fn verifier(path: &Path) -> Result<Arc<dyn ClientCertVerifier>, String> {
    let unusable = |error: &dyn fmt::Display| {
        format!("it cannot be used: {error}; name the authority's own certificate")
    };
    let mut roots = RootCertStore::empty();
    for certificate in pem::certificates(path)? {
        roots.add(certificate).map_err(|error| unusable(&error))?;
    }
    WebPkiClientVerifier::builder_with_provider(roots.into(), provider())
        .build()
        .map_err(|error| unusable(&error))
}

/// Certificate and key that are good in themselves and not for each other, or of a kind that is not known.
fn does_not_fit(error: &rustls::Error, files: &TlsFiles) -> TlsError {
    let certificate = files.certificate.display();
    match error {
        rustls::Error::InconsistentKeys(_) => TlsError {
            what: "the TLS key",
            path: files.key.clone(),
            fault: format!(
                "it is not the key of the first certificate in {certificate}; name the pair that was made together, \
                 the server's certificate before those of authorities"
            ),
        },
        rustls::Error::InvalidCertificate(error) => TlsError {
            what: "the TLS certificate",
            path: files.certificate.clone(),
            fault: format!("it cannot be used: {error}; have it issued as an X.509 certificate of version 3"),
        },
        error => TlsError {
            what: "the TLS key",
            path: files.key.clone(),
            fault: format!(
                "it cannot be used: {error}; take an ECDSA P-256, Ed25519 or RSA key of 2048 bits or more"
            ),
        },
    }
}

//! Authorities and certificates, made for each test, and clients that trust them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use pointsman_collector::receive::access::{Access, Tls, TlsFiles};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::world::PATIENCE;

pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pub(crate) pem: String,
}

/// A certificate with its key, in PEM.
pub(crate) struct Pair {
    pub(crate) certificate: String,
    pub(crate) key: String,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "an authority of tests");
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    /// A certificate for this machine.
    pub(crate) fn issue(&self) -> Pair {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap().pem();
        Pair { certificate, key: key.serialize_pem() }
    }

    /// A client that trusts this authority, shows `identity`, and offers these protocols.
    pub(crate) fn client(&self, identity: Option<&Pair>, alpn: &[&str]) -> TlsConnector {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(self.pem.as_bytes()).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let config = config.unwrap().with_root_certificates(roots);
        let mut config = match identity {
            None => config.with_no_client_auth(),
            Some(pair) => {
                let chain = vec![CertificateDer::from_pem_slice(pair.certificate.as_bytes()).unwrap()];
                let key = PrivateKeyDer::from_pem_slice(pair.key.as_bytes()).unwrap();
                config.with_client_auth_cert(chain, key).unwrap()
            }
        };
        config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
        TlsConnector::from(Arc::new(config))
    }
}

/// Files of a server, which a test may overwrite.
pub(crate) struct Files(pub(crate) TlsFiles);

impl Files {
    pub(crate) fn new(folder: &Path, pair: &Pair, client_ca: Option<&Authority>) -> Self {
        let path = |name: &str| folder.join(name);
        let client_ca = client_ca.map(|authority| write(path("client-ca.pem"), &authority.pem));
        let files = Self(TlsFiles { certificate: path("certificate.pem"), key: path("key.pem"), client_ca });
        files.replace(pair);
        files
    }

    pub(crate) fn replace(&self, pair: &Pair) {
        write(self.0.certificate.clone(), &pair.certificate);
        write(self.0.key.clone(), &pair.key);
    }

    pub(crate) fn access(&self) -> Access {
        Access { tls: Some(Arc::new(Tls::load(self.0.clone()).unwrap())), ..Access::default() }
    }
}

pub(crate) fn write(path: PathBuf, content: &str) -> PathBuf {
    std::fs::write(&path, content).unwrap();
    path
}

pub(crate) async fn connect(client: &TlsConnector, address: &str) -> std::io::Result<TlsStream<TcpStream>> {
    let name = ServerName::try_from("localhost").unwrap();
    client.connect(name, TcpStream::connect(address).await?).await
}

/// Sends a request of HTTP/1.1 with an empty export and reads the answer's first bytes.
pub(crate) async fn ask(stream: &mut (impl AsyncReadExt + AsyncWriteExt + Unpin)) -> std::io::Result<String> {
    let request = "POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
                   content-length: 2\r\n\r\n{}";
    stream.write_all(request.as_bytes()).await?;
    answer(stream).await
}

/// What comes next; nothing when the other side has closed.
pub(crate) async fn answer(stream: &mut (impl AsyncReadExt + Unpin)) -> std::io::Result<String> {
    let mut bytes = vec![0; 4096];
    let read = tokio::time::timeout(PATIENCE, stream.read(&mut bytes)).await.unwrap()?;
    Ok(String::from_utf8_lossy(&bytes[..read]).into_owned())
}

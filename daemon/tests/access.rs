//! The daemon with guarded access, as its configuration file sets it: TLS, a client CA, tokens and origins.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says what it expects in the shortest way: a panic is its failure"
)]

mod support;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use support::{Daemon, http, otlp};

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// A client that trusts the server's authority, and what it shows.
struct Client(Arc<ClientConfig>);

/// Writes certificate, key and authority into the folder; the client has a certificate of that authority too.
fn certificates(folder: &Path) -> Client {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let authority = params.self_signed(&key).unwrap();
    let issuer = Issuer::new(params, key);
    let issue = || {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        (params.signed_by(&key, &issuer).unwrap(), key)
    };
    let (server, server_key) = issue();
    for (name, pem) in [
        ("ca.pem", authority.pem()),
        ("certificate.pem", server.pem()),
        ("key.pem", server_key.serialize_pem()),
    ] {
        std::fs::write(folder.join(name), pem).unwrap();
    }
    let (client, client_key) = issue();
    let mut roots = RootCertStore::empty();
    roots.add(authority.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let chain = vec![CertificateDer::from_pem_slice(client.pem().as_bytes()).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(client_key.serialize_pem().as_bytes()).unwrap();
    Client(Arc::new(config.with_root_certificates(roots).with_client_auth_cert(chain, key).unwrap()))
}

impl Client {
    /// The answer to a request with these headers.
    fn ask(&self, to: SocketAddr, method: &str, headers: &str, body: &str) -> String {
        let name = ServerName::try_from("localhost").unwrap();
        let connection = ClientConnection::new(Arc::clone(&self.0), name).unwrap();
        let mut stream = StreamOwned::new(connection, TcpStream::connect(to).unwrap());
        write!(
            stream,
            "{method} /v1/traces HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{headers}\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }
}

fn configuration(folder: &Path) -> PathBuf {
    let path = |name: &str| folder.join(name);
    std::fs::write(path("tokens"), format!("# the shop\nshop {TOKEN}\n")).unwrap();
    let text = format!(
        "[otlp]\ntls_certificate = {:?}\ntls_key = {:?}\ntls_client_ca = {:?}\ntokens_file = {:?}\n\
         cors_origins = [\"https://shop.example\"]\n",
        path("certificate.pem"),
        path("key.pem"),
        path("ca.pem"),
        path("tokens"),
    );
    std::fs::write(path("pointsman.toml"), text).unwrap();
    path("pointsman.toml")
}

#[test]
fn who_has_a_certificate_and_a_token_may_send() {
    let folder = tempfile::tempdir().unwrap();
    let client = certificates(folder.path());
    let config = configuration(folder.path());
    let daemon = Daemon::start(&folder.path().join("calls.db"), &["--config", config.to_str().unwrap()]);
    let traces = otlp::request(&[otlp::route_call(1, "/api/products")]).to_string();

    let token = format!("authorization: Bearer {TOKEN}\r\n");
    let accepted = client.ask(daemon.otlp, "POST", &token, &traces);
    assert!(accepted.starts_with("HTTP/1.1 200"), "{accepted}");
    let refused = client.ask(daemon.otlp, "POST", "authorization: Bearer guessed-token-42\r\n", &traces);
    assert!(refused.starts_with("HTTP/1.1 401"), "{refused}");
    let question = "origin: https://shop.example\r\naccess-control-request-method: POST\r\n";
    let answer = client.ask(daemon.otlp, "OPTIONS", question, "");
    assert!(answer.starts_with("HTTP/1.1 204"), "{answer}");
    assert!(answer.contains("access-control-allow-origin: https://shop.example\r\n"), "{answer}");
    http(daemon.otlp, "POST", "/v1/traces", &traces).unwrap_err();

    let metrics = daemon.get("/metrics").body;
    for line in [
        "pointsman_sender_requests_total{sender=\"shop\"} 1",
        "pointsman_requests_unauthorized_total{protocol=\"http\",reason=\"wrong\"} 1",
        "pointsman_tls_handshakes_failed_total{protocol=\"http\",reason=\"not_tls\"} 1",
        "pointsman_spans_stored_total 1",
    ] {
        assert!(metrics.lines().any(|found| found == line), "{line}\n{metrics}");
    }
    let log = daemon.log();
    assert!(!log.contains(TOKEN) && !log.contains("guessed-token-42"), "{log}");
}

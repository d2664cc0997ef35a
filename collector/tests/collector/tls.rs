//! OTLP over TLS and mutual TLS with real certificates: who gets in, who does not, and that nobody stops the server.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_client::TraceServiceClient;
use pointsman_collector::receive::access::{Access, Tls, TlsFiles};
use pointsman_collector::receive::{grpc, http};
use prost::Message;
use tokio::net::TcpStream;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Identity};

use crate::certificates::{Authority, Files, Pair, answer, ask, connect, write};
use crate::spans::one;
use crate::world::World;

async fn http_at(world: &World, access: &Access) -> String {
    let url = world.http_with(http::Settings { access: access.clone(), ..http::Settings::default() }).await;
    url.strip_prefix("http://").unwrap().to_owned()
}

async fn grpc_at(world: &World, access: &Access) -> String {
    let url = world.grpc_with(grpc::Settings { access: access.clone(), ..grpc::Settings::default() }).await;
    url.replace("http://", "https://")
}

/// A trace over gRPC from a client that trusts the authority.
async fn export(url: &str, authority: &Authority, identity: Option<&Pair>) -> bool {
    let mut tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(&authority.pem));
    tls = tls.domain_name("localhost");
    if let Some(pair) = identity {
        tls = tls.identity(Identity::from_pem(&pair.certificate, &pair.key));
    }
    let channel = Channel::from_shared(url.to_owned()).unwrap().tls_config(tls).unwrap().connect().await;
    let Ok(channel) = channel else { return false };
    TraceServiceClient::new(channel).export(one(1)).await.is_ok()
}

/// Whether an export over HTTP/1.1 is answered with success.
async fn post(address: &str, authority: &Authority, identity: Option<&Pair>) -> bool {
    let Ok(mut stream) = connect(&authority.client(identity, &["http/1.1"]), address).await else {
        return false;
    };
    ask(&mut stream).await.is_ok_and(|answer| answer.starts_with("HTTP/1.1 200"))
}

async fn failed(world: &World, reason: &str) {
    while world.metric("tls_handshakes_failed_total", reason) == 0.0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn both_protocols_are_spoken_over_tls() {
    let world = World::new().await;
    let authority = Authority::new();
    let access = Files::new(world.folder.path(), &authority.issue(), None).access();
    let address = http_at(&world, &access).await;
    assert!(post(&address, &authority, None).await);
    assert!(export(&grpc_at(&world, &access).await, &authority, None).await);

    let stream = connect(&authority.client(None, &["h2", "http/1.1"]), &address).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let request = ::http::Request::post("https://localhost/v1/traces");
    let request = request.header("content-type", "application/x-protobuf");
    let request = request.body(Full::new(Bytes::from(one(2).encode_to_vec()))).unwrap();
    let response = sender.send_request(request).await.unwrap();
    assert_eq!((response.status().as_u16(), response.version()), (200, ::http::Version::HTTP_2));
    assert!(response.into_body().collect().await.unwrap().to_bytes().is_empty());
    assert_eq!(world.calls().await.len(), 2);
}

#[tokio::test]
async fn a_client_that_does_not_know_the_authority_refuses_the_server() {
    let world = World::new().await;
    let authority = Authority::new();
    let access = Files::new(world.folder.path(), &authority.issue(), None).access();
    let (address, url) = (http_at(&world, &access).await, grpc_at(&world, &access).await);
    let other = Authority::new();
    assert!(!post(&address, &other, None).await);
    failed(&world, "refused_by_client").await;
    assert!(!export(&url, &other, None).await);
    assert!(post(&address, &authority, None).await);
    assert!(export(&url, &authority, None).await);
}

#[tokio::test]
async fn with_a_client_ca_only_its_certificates_get_in() {
    let world = World::new().await;
    let (authority, senders) = (Authority::new(), Authority::new());
    let access = Files::new(world.folder.path(), &authority.issue(), Some(&senders)).access();
    assert!(access.knows_its_senders());
    let (address, url) = (http_at(&world, &access).await, grpc_at(&world, &access).await);
    let (known, unknown) = (senders.issue(), Authority::new().issue());
    assert!(post(&address, &authority, Some(&known)).await);
    assert!(export(&url, &authority, Some(&known)).await);
    for (identity, reason) in [(None, "no_client_certificate"), (Some(&unknown), "bad_client_certificate")] {
        assert!(!post(&address, &authority, identity).await, "{reason}");
        assert!(!export(&url, &authority, identity).await, "{reason}");
        failed(&world, reason).await;
    }
    assert_eq!(world.calls().await.len(), 1);
}

#[tokio::test]
async fn a_sender_without_tls_is_closed_and_counted() {
    let world = World::new().await;
    let authority = Authority::new();
    let access = Files::new(world.folder.path(), &authority.issue(), None).access();
    let address = http_at(&world, &access).await;
    let mut plain = TcpStream::connect(&address).await.unwrap();
    let alert = ask(&mut plain).await.unwrap_or_default();
    assert!(!alert.starts_with("HTTP"), "{alert}");
    failed(&world, "not_tls").await;
    // Closed: nothing more comes, or a reset.
    assert_eq!(answer(&mut plain).await.unwrap_or_default(), "");
    assert!(post(&address, &authority, None).await);
}

#[tokio::test]
async fn a_handshake_that_never_ends_is_given_up_and_keeps_nobody_waiting() {
    let world = World::new().await;
    let authority = Authority::new();
    let files = Files::new(world.folder.path(), &authority.issue(), None);
    let patient = http_at(&world, &files.access()).await;
    let _silent = TcpStream::connect(&patient).await.unwrap();
    assert!(post(&patient, &authority, None).await);

    let short = Access { handshake_timeout: Duration::from_millis(50), ..files.access() };
    let mut silent = TcpStream::connect(http_at(&world, &short).await).await.unwrap();
    assert_eq!(answer(&mut silent).await.unwrap_or_default(), "");
    failed(&world, "timeout").await;

    let narrow = http_at(&world, &Access { max_connections: 4, ..files.access() }).await;
    let mut first = TcpStream::connect(&narrow).await.unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(post(&narrow, &authority, None).await, "one place for handshakes, and a silent peer gives it up");
    assert_eq!(answer(&mut first).await.unwrap_or_default(), "");
    failed(&world, "too_many").await;
}

#[tokio::test]
async fn new_certificates_are_taken_up_while_connections_go_on() {
    let world = World::new().await;
    let (first, second) = (Authority::new(), Authority::new());
    let files = Files::new(world.folder.path(), &first.issue(), None);
    let access = files.access();
    let address = http_at(&world, &access).await;
    let mut open = connect(&first.client(None, &["http/1.1"]), &address).await.unwrap();
    assert!(ask(&mut open).await.unwrap().starts_with("HTTP/1.1 200"));

    files.replace(&Pair { certificate: "nonsense".to_owned(), key: second.issue().key });
    let errors = access.reload().unwrap_err();
    assert!(errors[0].to_string().contains("it holds no certificate in PEM"), "{errors:?}");
    assert!(post(&address, &first, None).await, "the old ones stay in force");

    files.replace(&second.issue());
    access.reload().unwrap();
    assert!(post(&address, &second, None).await);
    assert!(!post(&address, &first, None).await);
    assert!(ask(&mut open).await.unwrap().starts_with("HTTP/1.1 200"));
}

#[test]
fn files_that_make_no_tls_are_told_with_the_way_out() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new();
    let (pair, other) = (authority.issue(), authority.issue());
    let path = |name: &str, content: &str| write(folder.path().join(name), content);
    let certificate = path("certificate.pem", &pair.certificate);
    let key = path("key.pem", &pair.key);
    let other_key = path("other.pem", &other.key);
    let encrypted = pair.key.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
    let encrypted = path("encrypted.pem", &encrypted);
    let der = path("certificate.der", "0\u{1}");
    let cut = path("cut.pem", &pair.certificate[..200]);
    let missing = folder.path().join("missing.pem");
    for (certificate, key, client_ca, says) in [
        (&missing, &key, None, "the TLS certificate PATH/missing.pem: it cannot be read: No such file"),
        (
            &key,
            &key,
            None,
            "the TLS certificate PATH/key.pem: it holds no certificate in PEM, only a private key;",
        ),
        (&der, &key, None, "the TLS certificate PATH/certificate.der: it is in DER; make PEM"),
        (&cut, &key, None, "the TLS certificate PATH/cut.pem: it is not a complete PEM file"),
        (&certificate, &missing, None, "the TLS key PATH/missing.pem: it cannot be read"),
        (
            &certificate,
            &certificate,
            None,
            "the TLS key PATH/certificate.pem: it holds no private key in PEM, only",
        ),
        (
            &certificate,
            &encrypted,
            None,
            "the TLS key PATH/encrypted.pem: the key is encrypted; write it without",
        ),
        (
            &certificate,
            &other_key,
            None,
            "the TLS key PATH/other.pem: it is not the key of the first certificate in",
        ),
        (&certificate, &key, Some(&key), "the TLS client CA PATH/key.pem: it holds no certificate in PEM"),
    ] {
        let files =
            TlsFiles { certificate: certificate.clone(), key: key.clone(), client_ca: client_ca.cloned() };
        let said = Tls::load(files).unwrap_err().to_string();
        let said = said.replace(&folder.path().display().to_string(), "PATH");
        assert!(said.starts_with(says), "expected: {says}\nfound: {said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    }
}

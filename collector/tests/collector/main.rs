//! The collector on the real thing: a real SQLite file, real sockets, real clients, recorded requests of real
//! Next.js apps. What the pure half does with single spans is tested beside its code.
#![allow(
    clippy::unwrap_used,
    reason = "a test says what it expects in the shortest way: a panic is its failure"
)]

mod certificates;
mod connections;
mod cors;
mod drains;
mod durability;
mod grpc;
mod http;
mod late;
mod metrics;
mod raw_grpc;
mod raw_http;
mod replay;
mod sockets;
mod spans;
mod tls;
mod together;
mod tokens;
mod visitors;
mod world;

/// A client of HTTP. In a build of the whole workspace it is one that knows TLS, and asks for somebody who does the arithmetic.
fn http_client() -> reqwest::Client {
    // The second time there is one already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::new()
}

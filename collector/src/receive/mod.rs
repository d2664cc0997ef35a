//! OTLP servers: what a sender sees. Both decode and hand over to [`crate::ingest`]; neither knows what becomes
//! of a span. Who may send, and over what, is decided in [`access`], which both share.
//!
//! Use: [`Listener::bind`] for each protocol before anything is called ready, then [`grpc::serve`] and
//! [`http::serve`] as tasks of their own; they end when `stop` does and what they were answering is answered.

pub mod access;
mod answer;
mod body;
pub mod grpc;
mod grpc_ignored;
mod grpc_message;
mod grpc_traces;
mod grpc_unary;
pub mod http;
mod http_connections;
mod inflate;
mod listener;

pub use listener::{BindError, Listener, Protocol};

use crate::admit::Refusals;

/// A server ended by itself.
#[derive(Debug, thiserror::Error)]
#[error("the OTLP server for {protocol} failed: {reason}")]
pub struct ServeError {
    /// Which one.
    pub protocol: Protocol,
    /// Why.
    pub reason: String,
}

/// What was refused, by reason, in one line.
fn refusal_text(refused: &Refusals) -> String {
    let spans = refused.iter().filter(|(reason, _)| reason.refuses_span());
    let reasons: Vec<_> = spans.map(|(reason, count)| format!("{} {count}", reason.as_str())).collect();
    format!("spans refused: {}", reasons.join(", "))
}

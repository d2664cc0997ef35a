//! OTLP servers, and the connections of every other listener: what a sender sees. Both decode and hand over to [`crate::ingest`]; neither knows what becomes
//! of a span. Who may send, and over what, is decided in [`access`], which both share.
//!
//! Use: [`Listener::bind`] for each protocol before anything is called ready, then [`grpc::serve`] and
//! [`http::serve`] as tasks of their own; they end when `stop` does and what they were answering is answered.

pub mod access;
mod answer;
mod body;
mod collect;
pub mod grpc;
mod grpc_ignored;
mod grpc_message;
mod grpc_traces;
mod grpc_unary;
pub mod http;
mod http_connections;
mod inflate;
mod listener;
mod taken;

pub use http_connections::serve_router;
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

/// What was refused and cut, by reason, in one line; empty when there is nothing that a sender can do.
fn refusal_text(refused: &Refusals) -> String {
    let list = |begin: &str, is_span: bool| {
        let told = refused.iter().filter(|(reason, _)| reason.is_told() && reason.refuses_span() == is_span);
        let reasons: Vec<_> = told.map(|(reason, count)| format!("{} {count}", reason.as_str())).collect();
        (!reasons.is_empty()).then(|| format!("{begin}: {}", reasons.join(", ")))
    };
    let parts = [list("spans refused", true), list("parts of spans cut", false)];
    parts.into_iter().flatten().collect::<Vec<_>>().join("; ")
}

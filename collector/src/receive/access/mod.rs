//! Access to every listener: who may connect, over what, how many and for how long. What is said over
//! a connection is the servers' business.
//!
//! An [`Access`] is cheap to clone; all clones share certificates and tokens, so [`Access::reload`] on one of them is
//! seen by all: connections that are open go on, new connections and new requests meet what the files hold now.

mod connection;
pub(super) mod cors;
pub(super) mod guard;
mod incoming;
mod named;
mod pem;
mod placeholder;
pub(super) mod seats;
pub(super) mod signatures;
mod tls;
mod tokens;

use std::sync::Arc;
use std::time::Duration;

pub use cors::{Origins, OriginsError};
pub(super) use incoming::Incoming;
pub use placeholder::placeholder_fault;
pub use signatures::Signatures;
pub use tls::{Tls, TlsError, TlsFiles};
pub use tokens::{Tokens, TokensError};

/// Who may come in, and how many. The default is open, for loopback: no TLS, no tokens.
#[derive(Clone, Debug)]
pub struct Access {
    /// Certificates; without them streams are plain.
    pub tls: Option<Arc<Tls>>,
    /// Tokens that senders must show; without them everybody may send.
    pub tokens: Option<Arc<Tokens>>,
    /// Secrets under which senders over HTTP may sign their bodies instead of showing a token.
    pub signatures: Option<Arc<Signatures>>,
    /// Connections that each listener holds open. A further one takes the place of one that is silent, stalled or idle; when
    /// all of them are in use it is closed at once.
    pub max_connections: usize,
    /// How long a TLS handshake may take.
    pub handshake_timeout: Duration,
    /// How long a connection may be silent in both directions. Over HTTP/1.1 also how long the head of a request
    /// may take to arrive.
    pub idle: Duration,
    /// Requests that one HTTP/2 connection may have in flight.
    pub max_concurrent_streams: u32,
    /// How often a silent HTTP/2 connection is asked whether it is still there; below `idle`, or a connection that
    /// is alive and has nothing to say is closed.
    pub keepalive: Duration,
    /// How long it may take to answer that.
    pub keepalive_timeout: Duration,
}

impl Default for Access {
    fn default() -> Self {
        Self {
            tls: None,
            tokens: None,
            signatures: None,
            // Of both receivers together fewer than the 1024 descriptors that a process usually may have.
            max_connections: 400,
            handshake_timeout: Duration::from_secs(10),
            idle: Duration::from_secs(120),
            max_concurrent_streams: 32,
            keepalive: Duration::from_secs(60),
            keepalive_timeout: Duration::from_secs(20),
        }
    }
}

/// Why certificates or tokens could not be read anew; what was read before stays in force.
#[derive(Debug, thiserror::Error)]
pub enum ReloadError {
    /// The certificates.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The tokens.
    #[error(transparent)]
    Tokens(#[from] TokensError),
}

impl Access {
    /// Reads certificates, tokens and secrets again. One that cannot be read does not keep the others from being replaced.
    ///
    /// # Errors
    /// For each of them that could not be read; it stays as it was.
    pub fn reload(&self) -> Result<(), Vec<ReloadError>> {
        let tls = self.tls.as_ref().and_then(|tls| tls.reload().err()).map(ReloadError::from);
        let tokens = self.tokens.as_ref().and_then(|tokens| tokens.reload().err()).map(ReloadError::from);
        let signatures =
            self.signatures.as_ref().and_then(|secrets| secrets.reload().err()).map(ReloadError::from);
        let errors: Vec<_> = tls.into_iter().chain(tokens).chain(signatures).collect();
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }

    /// Whether a sender has to prove who it is: by a token, a signature or a certificate.
    #[must_use]
    pub fn knows_its_senders(&self) -> bool {
        self.tokens.is_some()
            || self.signatures.is_some()
            || self.tls.as_ref().is_some_and(|tls| tls.demands_client_certificates())
    }
}

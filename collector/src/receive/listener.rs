//! Sockets, bound before anything is called ready, and the one line that says why that failed.

use std::fmt;
use std::net::SocketAddr;

use tokio::net::TcpListener;

/// What is spoken on a socket: the two ways in which OTLP comes, and what readers ask.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Protocol {
    /// OTLP/gRPC, by convention on port 4317.
    Grpc,
    /// OTLP/HTTP, by convention on port 4318.
    Http,
    /// Pages, API, metrics and health.
    Pages,
    /// Metrics and nothing else.
    Metrics,
}

/// A bound socket that nobody serves yet.
#[derive(Debug)]
pub struct Listener {
    protocol: Protocol,
    pub(super) socket: TcpListener,
    local_addr: SocketAddr,
}

/// A socket that could not be bound.
#[derive(Debug, thiserror::Error)]
#[error(
    "cannot listen for {protocol} on {addr}: {reason}; {remedy}choose another address with {flag} ADDR, or \
     switch it off with {flag} off",
    flag = protocol.flag()
)]
pub struct BindError {
    /// For what.
    pub protocol: Protocol,
    /// Where.
    pub addr: SocketAddr,
    /// What the system said.
    pub reason: std::io::Error,
    remedy: &'static str,
}

impl Listener {
    /// Binds an address; port 0 takes any free one.
    ///
    /// # Errors
    /// When the address is in use, not of this machine, or not allowed. The message names the remedy.
    pub async fn bind(protocol: Protocol, addr: SocketAddr) -> Result<Self, BindError> {
        let fail = |reason: std::io::Error| {
            let remedy = match reason.kind() {
                std::io::ErrorKind::AddrInUse => "stop the program that uses it, ",
                _ => "",
            };
            BindError { protocol, addr, reason, remedy }
        };
        let socket = TcpListener::bind(addr).await.map_err(fail)?;
        let local_addr = socket.local_addr().map_err(fail)?;
        Ok(Self { protocol, socket, local_addr })
    }

    /// Where it listens, with the port that was taken.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// What it listens for.
    #[must_use]
    pub fn protocol(&self) -> Protocol {
        self.protocol
    }
}

impl Protocol {
    /// The word that metrics and logs use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Grpc => "grpc",
            Self::Http => "http",
            Self::Pages => "pages",
            Self::Metrics => "metrics",
        }
    }

    /// The daemon's flag for its address.
    #[must_use]
    pub fn flag(self) -> &'static str {
        match self {
            Self::Grpc => "--otlp-grpc",
            Self::Http => "--otlp-http",
            Self::Pages => "--listen",
            Self::Metrics => "--metrics-listen",
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Grpc => "OTLP/gRPC",
            Self::Http => "OTLP/HTTP",
            Self::Pages => "pages",
            Self::Metrics => "metrics",
        })
    }
}

//! Takes connections from a socket until it is told to stop: within the limit, each with its handshake in a task of
//! its own, so that a slow or hostile peer keeps nobody waiting. What comes out is ready for requests.

use std::io::{Error, ErrorKind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_stream::Stream;
use tracing::{debug, warn};

use super::Access;
use super::connection::{Bytes, Connection, Place};
use crate::metrics::Metrics;
use crate::receive::{Listener, Protocol};

/// Connections that are ready and wait for their server to take them.
const READY: usize = 16;
/// How long to wait when the system has no more file descriptors: some will be closed.
const NO_DESCRIPTORS: Duration = Duration::from_millis(500);

/// The connections of a receiver. Ends when it is told to stop; handshakes under way are given up then.
pub(in crate::receive) struct Incoming(mpsc::Receiver<Connection>);

impl Incoming {
    /// Starts to accept.
    pub(in crate::receive) fn open(
        listener: Listener,
        access: &Access,
        metrics: Metrics,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> Self {
        let (ready, incoming) = mpsc::channel(READY);
        let entrance = Arc::new(Entrance {
            protocol: listener.protocol(),
            places: Arc::new(Semaphore::new(access.max_connections)),
            // Peers that never finish must not take the places of those that are connected.
            handshakes: Semaphore::new((access.max_connections / 4).max(1)),
            access: access.clone(),
            metrics,
            ready,
        });
        tokio::spawn(async move {
            tokio::select! {
                () = stop => {}
                () = entrance.ready.closed() => {}
                () = entrance.accept(listener.socket) => {}
            }
        });
        Self(incoming)
    }

    /// The next connection; `None` after the stop.
    pub(in crate::receive) async fn next(&mut self) -> Option<Connection> {
        self.0.recv().await
    }
}

impl Stream for Incoming {
    type Item = Result<Connection, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(cx).map(|connection| connection.map(Ok))
    }
}

struct Entrance {
    protocol: Protocol,
    places: Arc<Semaphore>,
    handshakes: Semaphore,
    access: Access,
    metrics: Metrics,
    ready: mpsc::Sender<Connection>,
}

/// A handshake that came to nothing: the word that metrics use, and what happened.
struct Failed(&'static str, String);

impl Entrance {
    async fn accept(self: &Arc<Self>, socket: TcpListener) {
        // Dropped with this function, which ends what is still in it.
        let mut arriving = JoinSet::new();
        loop {
            tokio::select! {
                accepted = socket.accept() => match accepted {
                    Ok((stream, _)) => {
                        if let Some(place) = self.place() {
                            arriving.spawn(Arc::clone(self).let_in(stream, place));
                        }
                    }
                    Err(error) => self.cannot_accept(&error).await,
                },
                Some(_) = arriving.join_next() => {}
            }
        }
    }

    fn place(&self) -> Option<Place> {
        let protocol = self.protocol.as_str();
        if let Ok(permit) = Arc::clone(&self.places).try_acquire_owned() {
            return Some(Place::new(permit, self.metrics.access.connections.with_label_values(&[protocol])));
        }
        debug!(protocol, limit = self.access.max_connections, "connection refused: too many are open");
        self.metrics.access.connections_refused.with_label_values(&[protocol]).inc();
        None
    }

    async fn cannot_accept(&self, error: &Error) {
        match error.kind() {
            // The peer's fault: it went away while it was waiting.
            ErrorKind::ConnectionRefused | ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset => {}
            _ => {
                warn!(protocol = self.protocol.as_str(), "cannot accept a connection, trying again: {error}");
                tokio::time::sleep(NO_DESCRIPTORS).await;
            }
        }
    }

    async fn let_in(self: Arc<Self>, stream: TcpStream, place: Place) {
        // Answers are small and wanted at once; a socket that cannot be told so works nevertheless.
        let _ = stream.set_nodelay(true);
        let protocol = self.protocol.as_str();
        let bytes = match &self.access.tls {
            None => Bytes::Plain(stream),
            Some(tls) => {
                let acceptor = TlsAcceptor::from(tls.config(self.protocol));
                match self.handshake(&acceptor, stream).await {
                    Ok(stream) => Bytes::Secure(Box::new(stream)),
                    Err(Failed(reason, error)) => {
                        debug!(protocol, reason, "TLS handshake failed: {error}");
                        self.metrics.access.handshakes_failed.with_label_values(&[protocol, reason]).inc();
                        return;
                    }
                }
            }
        };
        let ended = self.metrics.access.connections_silent.with_label_values(&[protocol]);
        // Nobody takes it when the server has ended: then it is closed.
        let _ = self.ready.send(Connection::new(bytes, place, self.access.idle, ended)).await;
    }

    async fn handshake(
        &self,
        acceptor: &TlsAcceptor,
        stream: TcpStream,
    ) -> Result<TlsStream<TcpStream>, Failed> {
        let Ok(_slot) = self.handshakes.try_acquire() else {
            return Err(Failed("too_many", "too many are under way".to_owned()));
        };
        let within = self.access.handshake_timeout;
        match tokio::time::timeout(within, acceptor.accept(stream)).await {
            Ok(result) => result.map_err(|error| Failed(reason(&error), error.to_string())),
            Err(_) => Err(Failed("timeout", format!("not finished within {within:?}"))),
        }
    }
}

/// Why a handshake failed, in the word that metrics use.
fn reason(error: &Error) -> &'static str {
    match error.get_ref().and_then(|error| error.downcast_ref::<rustls::Error>()) {
        Some(rustls::Error::InvalidMessage(_)) => "not_tls",
        Some(rustls::Error::NoCertificatesPresented) => "no_client_certificate",
        Some(rustls::Error::InvalidCertificate(_)) => "bad_client_certificate",
        // Mostly a client that does not know the authority of our certificate.
        Some(rustls::Error::AlertReceived(_)) => "refused_by_client",
        Some(_) => "incompatible",
        None => "closed",
    }
}

//! Takes connections from a socket until it is told to stop: within the limit, each with its handshake in a task of
//! its own, so that a slow or hostile peer keeps nobody waiting. What comes out is ready for requests.

use std::io::{Error, ErrorKind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_stream::Stream;
use tracing::{debug, warn};

use super::Access;
use super::connection::{Bytes, Connection};
use super::seats::{Place, Seats};
use crate::metrics::Metrics;
use crate::receive::{Listener, Protocol};

/// Connections that are ready and wait for their server to take them.
const READY: usize = 16;
/// How long to wait when the system has no more file descriptors: some will be closed.
const NO_DESCRIPTORS: Duration = Duration::from_millis(500);

/// The connections of a receiver. Ends when it is told to stop; handshakes under way are given up then.
pub(in crate::receive) struct Incoming(mpsc::Receiver<Connection>);

impl Incoming {
    /// Starts to accept. After the stop what is idle is closed, and what is half read as soon as `on_stop` has given it up.
    pub(in crate::receive) fn open(
        listener: Listener,
        access: &Access,
        metrics: Metrics,
        stop: impl Future<Output = ()> + Send + 'static,
        on_stop: impl FnOnce() + Send + 'static,
    ) -> Self {
        let (ready, incoming) = mpsc::channel(READY);
        let seats = Seats::new(listener.protocol(), access.max_connections, &metrics);
        let entrance = Arc::new(Entrance {
            protocol: listener.protocol(),
            seats: Arc::clone(&seats),
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
            // With it the last way to new connections ends.
            drop(entrance);
            on_stop();
            seats.drain().await;
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
    seats: Arc<Seats>,
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
                    Ok((stream, peer)) => match self.seats.take(peer.ip()) {
                        Some((place, closed)) => {
                            arriving.spawn(Arc::clone(self).let_in(stream, place, closed));
                        }
                        None => {
                            let (protocol, limit) = (self.protocol.as_str(), self.access.max_connections);
                            debug!(protocol, limit, "connection refused: too many are open and in use");
                        }
                    },
                    Err(error) => self.cannot_accept(&error).await,
                },
                Some(_) = arriving.join_next() => {}
            }
        }
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

    async fn let_in(self: Arc<Self>, stream: TcpStream, place: Place, mut closed: oneshot::Receiver<()>) {
        // Answers are small and wanted at once; a socket that cannot be told so works nevertheless.
        let _ = stream.set_nodelay(true);
        let protocol = self.protocol.as_str();
        let bytes = match &self.access.tls {
            None => Bytes::Plain(stream),
            Some(tls) => {
                let acceptor = TlsAcceptor::from(tls.config(self.protocol));
                // Peers that never finish must not take the places of those that are connected.
                self.seats.bound_handshakes(self.access.max_connections / 4);
                place.seat.shakes_hands(true);
                let shaken = self.handshake(&acceptor, stream, &mut closed).await;
                place.seat.shakes_hands(false);
                match shaken {
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
        let _ = self.ready.send(Connection::new(bytes, (place, closed), self.access.idle, ended)).await;
    }

    async fn handshake(
        &self,
        acceptor: &TlsAcceptor,
        stream: TcpStream,
        closed: &mut oneshot::Receiver<()>,
    ) -> Result<TlsStream<TcpStream>, Failed> {
        let within = self.access.handshake_timeout;
        let shaken = tokio::select! {
            shaken = tokio::time::timeout(within, acceptor.accept(stream)) => shaken,
            _ = closed => return Err(Failed("too_many", "too many were under way".to_owned())),
        };
        match shaken {
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

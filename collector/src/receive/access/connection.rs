//! One connection: its bytes, plain or secured, the place it takes among all connections, and the end of it when nothing moves
//! for too long or its place is needed.

use std::io::{Error, ErrorKind, IoSlice, Result};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::time::{Instant, Sleep};
use tokio_rustls::server::TlsStream;
use tonic::transport::server::Connected;

use super::seats::{Place, Seat};

/// What the bytes go through.
pub(super) enum Bytes {
    Plain(TcpStream),
    Secure(Box<TlsStream<TcpStream>>),
}

/// A connection that is ready for requests.
pub(in crate::receive) struct Connection {
    bytes: Bytes,
    silence: Silence,
    place: Place,
    /// Ends when the connection has to go; `None` from then on.
    closed: Option<oneshot::Receiver<()>>,
}

/// Measures how long nothing has moved.
struct Silence {
    limit: Duration,
    moved: Instant,
    alarm: Pin<Box<Sleep>>,
    ended: prometheus::IntCounter,
}

impl Connection {
    /// A connection that is counted in `ended` if it is silent for longer than `limit`.
    pub(super) fn new(
        bytes: Bytes,
        (place, closed): (Place, oneshot::Receiver<()>),
        limit: Duration,
        ended: prometheus::IntCounter,
    ) -> Self {
        let moved = Instant::now();
        let alarm = Box::pin(tokio::time::sleep_until(moved + limit));
        Self { bytes, silence: Silence { limit, moved, alarm, ended }, place, closed: Some(closed) }
    }

    /// What is known of it.
    pub(in crate::receive) fn seat(&self) -> Arc<Seat> {
        Arc::clone(&self.place.seat)
    }

    /// Passes the result on, notes that something moved, or ends the wait.
    fn watch<T>(&mut self, cx: &mut Context<'_>, result: Poll<Result<T>>) -> Poll<Result<T>> {
        if result.is_ready() {
            self.place.seat.moved();
        } else if self.has_to_go(cx) {
            return Poll::Ready(Err(Error::new(ErrorKind::ConnectionAborted, "its place was needed")));
        }
        self.silence.watch(cx, result)
    }

    fn has_to_go(&mut self, cx: &mut Context<'_>) -> bool {
        if self.closed.as_mut().is_some_and(|closed| Pin::new(closed).poll(cx).is_ready()) {
            self.closed = None;
        }
        self.closed.is_none()
    }
}

impl Silence {
    /// Passes the result on, or ends the wait when nothing has moved for too long.
    fn watch<T>(&mut self, cx: &mut Context<'_>, result: Poll<Result<T>>) -> Poll<Result<T>> {
        if result.is_ready() {
            self.moved = Instant::now();
            return result;
        }
        // The alarm is set anew only when it rings: that is cheaper than at every byte.
        while self.alarm.as_mut().poll(cx).is_ready() {
            let due = self.moved + self.limit;
            if due <= Instant::now() {
                self.ended.inc();
                return Poll::Ready(Err(Error::new(ErrorKind::TimedOut, "nothing moved for too long")));
            }
            self.alarm.as_mut().reset(due);
        }
        Poll::Pending
    }
}

impl AsyncRead for Connection {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<Result<()>> {
        let this = self.get_mut();
        let result = match &mut this.bytes {
            Bytes::Plain(stream) => Pin::new(stream).poll_read(cx, buffer),
            Bytes::Secure(stream) => Pin::new(stream).poll_read(cx, buffer),
        };
        this.watch(cx, result)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<Result<usize>> {
        let this = self.get_mut();
        let result = match &mut this.bytes {
            Bytes::Plain(stream) => Pin::new(stream).poll_write(cx, data),
            Bytes::Secure(stream) => Pin::new(stream).poll_write(cx, data),
        };
        this.watch(cx, result)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        let this = self.get_mut();
        let result = match &mut this.bytes {
            Bytes::Plain(stream) => Pin::new(stream).poll_write_vectored(cx, data),
            Bytes::Secure(stream) => Pin::new(stream).poll_write_vectored(cx, data),
        };
        this.watch(cx, result)
    }

    fn is_write_vectored(&self) -> bool {
        match &self.bytes {
            Bytes::Plain(stream) => stream.is_write_vectored(),
            Bytes::Secure(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        match &mut self.get_mut().bytes {
            Bytes::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Bytes::Secure(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        match &mut self.get_mut().bytes {
            Bytes::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Bytes::Secure(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}

/// Requests tell what they take of their connection.
impl Connected for Connection {
    type ConnectInfo = Arc<Seat>;

    fn connect_info(&self) -> Arc<Seat> {
        self.seat()
    }
}

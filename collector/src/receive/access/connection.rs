//! One connection of a sender: its bytes, plain or secured, the place it takes among all connections, and the end of
//! it when nothing moves for too long.

use std::io::{Error, ErrorKind, IoSlice, Result};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use prometheus::IntGauge;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, Sleep};
use tokio_rustls::server::TlsStream;
use tonic::transport::server::Connected;

/// What the bytes go through.
pub(super) enum Bytes {
    Plain(TcpStream),
    Secure(Box<TlsStream<TcpStream>>),
}

/// A place among the connections of a receiver; dropping it frees it.
pub(super) struct Place {
    _permit: OwnedSemaphorePermit,
    open: IntGauge,
}

/// A connection that is ready for requests.
pub(in crate::receive) struct Connection {
    bytes: Bytes,
    silence: Silence,
    _place: Place,
}

/// Measures how long nothing has moved.
struct Silence {
    limit: Duration,
    moved: Instant,
    alarm: Pin<Box<Sleep>>,
    ended: prometheus::IntCounter,
}

impl Place {
    pub(super) fn new(permit: OwnedSemaphorePermit, open: IntGauge) -> Self {
        open.inc();
        Self { _permit: permit, open }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.open.dec();
    }
}

impl Connection {
    /// A connection that is counted in `ended` if it is silent for longer than `limit`.
    pub(super) fn new(bytes: Bytes, place: Place, limit: Duration, ended: prometheus::IntCounter) -> Self {
        let moved = Instant::now();
        let alarm = Box::pin(tokio::time::sleep_until(moved + limit));
        Self { bytes, silence: Silence { limit, moved, alarm, ended }, _place: place }
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
        let Self { bytes, silence, .. } = self.get_mut();
        let result = match bytes {
            Bytes::Plain(stream) => Pin::new(stream).poll_read(cx, buffer),
            Bytes::Secure(stream) => Pin::new(stream).poll_read(cx, buffer),
        };
        silence.watch(cx, result)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<Result<usize>> {
        let Self { bytes, silence, .. } = self.get_mut();
        let result = match bytes {
            Bytes::Plain(stream) => Pin::new(stream).poll_write(cx, data),
            Bytes::Secure(stream) => Pin::new(stream).poll_write(cx, data),
        };
        silence.watch(cx, result)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        let Self { bytes, silence, .. } = self.get_mut();
        let result = match bytes {
            Bytes::Plain(stream) => Pin::new(stream).poll_write_vectored(cx, data),
            Bytes::Secure(stream) => Pin::new(stream).poll_write_vectored(cx, data),
        };
        silence.watch(cx, result)
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

/// Nobody asks who is connected: senders are known by their tokens.
impl Connected for Connection {
    type ConnectInfo = ();

    fn connect_info(&self) {}
}

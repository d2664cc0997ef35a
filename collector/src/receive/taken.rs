//! An answer on its way to the peer: its connection is in use until all of it has been taken, and that may be limited in time.

use std::io::{Error, ErrorKind};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http_body::{Body, Frame, SizeHint};
use tokio::time::Instant;

use super::access::seats::Busy;

/// A body that knows when it has been taken.
pub(super) struct Taken<B> {
    body: Pin<Box<B>>,
    busy: Option<Busy>,
    deadline: Option<Instant>,
}

impl<B> Taken<B> {
    /// The answer to a request; it breaks off when it has not been taken within the limit.
    pub(super) fn new(body: B, mut busy: Option<Busy>, within: Option<Duration>) -> Self {
        if let Some(busy) = &mut busy {
            busy.answered();
        }
        Self { body: Box::pin(body), busy, deadline: within.map(|within| Instant::now() + within) }
    }
}

impl<B: Body> Body for Taken<B>
where
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    type Data = B::Data;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        if self.deadline.is_some_and(|deadline| deadline < Instant::now()) {
            let reason = Error::new(ErrorKind::TimedOut, "the answer was not taken in time");
            return Poll::Ready(Some(Err(reason.into())));
        }
        let frame = self.body.as_mut().poll_frame(cx);
        if matches!(frame, Poll::Ready(None)) {
            self.busy = None;
        }
        frame.map(|frame| frame.map(|frame| frame.map_err(Into::into)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

//! Takes room for a gRPC message while it arrives, before tonic holds and decodes it, so that any number of
//! connections together hold no more than the queue may.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

use crate::ingest::{Intake, Refused, Share, Transport};

/// The room that a request has taken so far; whoever handles the request takes it over.
#[derive(Clone, Debug)]
pub(super) struct Taken(Arc<Mutex<Option<Share>>>);

/// A body that takes room as it is read.
#[derive(Debug)]
pub(super) struct Metered {
    inner: tonic::body::Body,
    taken: Taken,
    read: usize,
    intake: Intake,
}

/// Refuses a request that no handler will see.
pub(super) fn refusal(refused: &Refused, intake: &Intake) -> Status {
    intake.count_request(Transport::Grpc.as_str(), refused.outcome());
    later(refused)
}

/// Backpressure as OTLP wants it: UNAVAILABLE, and when to try again.
pub(super) fn later(refused: &Refused) -> Status {
    let details = ErrorDetails::with_retry_info(Some(refused.retry_after()));
    Status::with_error_details(Code::Unavailable, refused.to_string(), details)
}

impl Taken {
    /// Takes over what was taken, at most once.
    pub(super) fn share(&self) -> Option<Share> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn grow_to(&self, bytes: usize, intake: &Intake) -> Result<(), Refused> {
        let mut share = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        share.as_mut().map_or(Ok(()), |share| share.grow_to(bytes).map_err(|full| intake.busy(full)))
    }
}

impl Metered {
    /// Takes the first room at once; without any the request is refused before it is read.
    pub(super) fn new(inner: tonic::body::Body, intake: Intake) -> Result<(Self, Taken), Refused> {
        let taken = Taken(Arc::new(Mutex::new(Some(intake.room(0)?))));
        Ok((Self { inner, taken: taken.clone(), read: 0, intake }, taken))
    }
}

impl Body for Metered {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let frame = Pin::new(&mut self.inner).poll_frame(cx);
        if let Poll::Ready(Some(Ok(frame))) = &frame
            && let Some(data) = frame.data_ref()
        {
            self.read += data.len();
            if let Err(refused) = self.taken.grow_to(self.read, &self.intake) {
                return Poll::Ready(Some(Err(refusal(&refused, &self.intake))));
            }
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

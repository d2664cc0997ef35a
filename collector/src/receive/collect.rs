//! The bytes of a request as they arrive, for both protocols: within limits on size and time, in room that grows with what has
//! come and never with what was announced, and given up when others need that room or the daemon stops.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::Extensions;
use http_body::Body;
use http_body_util::BodyExt;

use super::access::guard::KnownSender;
use super::access::seats::{ArrivingBody, Seat};
use crate::ingest::{Intake, Refused, Reservation, Sender, Who};

/// So much of an announced length is believed before anything has come, bytes.
const BELIEVED: usize = 64 << 10;

/// How much of a body is read, and how long it may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arrival {
    /// What it says to have; 0 where it says nothing.
    pub(super) declared: usize,
    /// Largest body, bytes.
    pub(super) limit: usize,
    /// Until all of it has arrived.
    pub(super) within: Duration,
    /// A length that its first bytes announce.
    pub(super) announced: fn(&[u8]) -> Option<usize>,
}

/// Why a body did not come to its end.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Unfinished {
    TooLarge,
    Broken(String),
    Later(Refused),
}

/// Whose request it is.
pub(super) fn who(extensions: &Extensions) -> Who {
    let Some(seat) = extensions.get::<Arc<Seat>>() else { return Who::own() };
    let sender = match extensions.get::<KnownSender>() {
        Some(KnownSender(name)) => Sender::Token(Arc::clone(name)),
        None => Sender::Address(seat.address),
    };
    Who { connection: seat.number, sender }
}

/// Reads a body to its end; the reservation grows with it.
pub(super) async fn collect<B>(
    body: B,
    arrival: Arrival,
    extensions: &Extensions,
    reservation: &mut Reservation,
    intake: &Intake,
) -> Result<BytesMut, Unfinished>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: std::fmt::Display,
{
    let _arriving = extensions.get::<Arc<Seat>>().map(|seat| ArrivingBody::new(Arc::clone(seat)));
    let give_up = reservation.begin_arriving();
    let read = tokio::select! {
        biased;
        () = give_up.notified() => Err(Unfinished::Later(intake.given_up())),
        read = tokio::time::timeout(arrival.within, to_end(body, arrival, reservation, intake)) => {
            read.unwrap_or_else(|_| Err(Unfinished::Later(intake.too_slow(arrival.within))))
        }
    };
    reservation.has_arrived();
    read
}

async fn to_end<B>(
    mut body: B,
    arrival: Arrival,
    reservation: &mut Reservation,
    intake: &Intake,
) -> Result<BytesMut, Unfinished>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: std::fmt::Display,
{
    let declared = arrival.declared.min(arrival.limit);
    let mut read = BytesMut::with_capacity(declared.min(BELIEVED));
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| Unfinished::Broken(error.to_string()))?;
        let Ok(data) = frame.into_data() else { continue };
        let length = read.len() + data.len();
        if length > arrival.limit {
            return Err(Unfinished::TooLarge);
        }
        reservation.grow(length).await.map_err(|full| Unfinished::Later(intake.busy(full)))?;
        if length > read.capacity() {
            // Once an eighth has come the rest is believed: copying it again and again would cost more. What may only come when
            // its turn has come takes no room before: the allocator hands out pages that were in use a moment ago.
            let all = if length >= declared / 8 { declared.min(reservation.most()) } else { length * 2 };
            read.reserve(all.max(length) - read.len());
        }
        read.extend_from_slice(&data);
        if (arrival.announced)(&read).is_some_and(|announced| announced > arrival.limit) {
            return Err(Unfinished::TooLarge);
        }
    }
    Ok(read)
}

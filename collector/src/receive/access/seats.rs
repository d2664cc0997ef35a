//! The connections of a listener: who holds one, what it is doing, and which of them has to go when there is no place for a
//! new one. A table full of silent peers keeps nobody out: the one that is least missed is closed.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use prometheus::{IntCounter, IntGauge};
use tokio::sync::oneshot;

use crate::metrics::Metrics;
use crate::receive::Protocol;

/// A request or an answer that has not moved for this long may be closed for a new connection.
const STALLED: Duration = Duration::from_secs(5);
/// At the end an answer that has not moved for this long is not waited for.
const LAST_WAIT: Duration = Duration::from_secs(2);
/// How often the end looks what is still open.
const LOOK: Duration = Duration::from_millis(50);

/// The connections of one listener.
#[derive(Debug)]
pub(super) struct Seats {
    limit: usize,
    begun: Instant,
    taken: Mutex<Taken>,
    open: IntGauge,
    refused: IntCounter,
    evicted: IntCounter,
}

#[derive(Debug, Default)]
struct Taken {
    next: u64,
    seats: HashMap<u64, Arc<Seat>>,
}

/// What is known of one connection.
#[derive(Debug)]
pub(in crate::receive) struct Seat {
    pub(in crate::receive) number: u64,
    /// Of IPv6 the network of 64 bits, which one machine has to itself.
    pub(in crate::receive) address: IpAddr,
    begun: Instant,
    /// When something moved last, ms since `begun`.
    moved_ms: AtomicU64,
    shaking_hands: AtomicBool,
    /// Requests that are not answered to their end.
    requests: AtomicU32,
    /// Of those: with a body that is arriving.
    arriving: AtomicU32,
    /// Of those: with an answer that is being taken.
    answered: AtomicU32,
    has_asked: AtomicBool,
    close: Mutex<Option<oneshot::Sender<()>>>,
}

/// A place among the connections; dropping it frees it.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) seat: Arc<Seat>,
    seats: Arc<Seats>,
}

/// How little a connection would be missed: the first are closed first.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Missed {
    Silent,
    HalfRead,
    NotTaken,
    Idle,
}

impl Seats {
    pub(super) fn new(protocol: Protocol, limit: usize, metrics: &Metrics) -> Arc<Self> {
        let labels = [protocol.as_str()];
        Arc::new(Self {
            limit,
            begun: Instant::now(),
            taken: Mutex::default(),
            open: metrics.access.connections.with_label_values(&labels),
            refused: metrics.access.connections_refused.with_label_values(&labels),
            evicted: metrics.access.connections_evicted.with_label_values(&labels),
        })
    }

    /// A place for a new connection, if need be that of another one; what is returned beside it ends when it has to go.
    pub(super) fn take(self: &Arc<Self>, address: IpAddr) -> Option<(Place, oneshot::Receiver<()>)> {
        let mut taken = self.lock();
        if taken.seats.len() >= self.limit && !self.evict(&mut taken, |_| true) {
            self.refused.inc();
            return None;
        }
        taken.next += 1;
        let (close, closed) = oneshot::channel();
        let seat = Arc::new(Seat {
            number: taken.next,
            address: network(address),
            begun: self.begun,
            moved_ms: AtomicU64::new(elapsed_ms(self.begun)),
            shaking_hands: AtomicBool::new(false),
            requests: AtomicU32::new(0),
            arriving: AtomicU32::new(0),
            answered: AtomicU32::new(0),
            has_asked: AtomicBool::new(false),
            close: Mutex::new(Some(close)),
        });
        taken.seats.insert(seat.number, Arc::clone(&seat));
        drop(taken);
        self.open.inc();
        Some((Place { seat, seats: Arc::clone(self) }, closed))
    }

    /// Closes handshakes that have taken longest, until fewer than `most` are under way.
    pub(super) fn bound_handshakes(&self, most: usize) {
        let shaking = |seat: &Seat| seat.shaking_hands.load(Ordering::Relaxed);
        let mut taken = self.lock();
        while taken.seats.values().filter(|seat| shaking(seat)).count() >= most.max(1) {
            if !self.evict(&mut taken, shaking) {
                return;
            }
        }
    }

    /// Waits for what is being answered and closes everything else, until nothing is open.
    pub(super) async fn drain(&self) {
        while !self.close_idle() {
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Closes what is not being answered; whether nothing is open any more.
    fn close_idle(&self) -> bool {
        let mut taken = self.lock();
        taken.seats.retain(|_, seat| {
            // What has just been answered may still be on its way to the socket.
            let is_idle = seat.is_quiet() && (!seat.has_asked() || seat.has_stood(2 * LOOK));
            let goes = is_idle || seat.is_not_taken(LAST_WAIT);
            if goes {
                self.close(seat);
            }
            !goes
        });
        taken.seats.is_empty()
    }

    /// Closes the connection that would be missed least, if there is one that may go.
    fn evict(&self, taken: &mut Taken, may_go: impl Fn(&Seat) -> bool) -> bool {
        let mut of_address = HashMap::<IpAddr, usize>::new();
        for seat in taken.seats.values() {
            *of_address.entry(seat.address).or_default() += 1;
        }
        let candidates = taken.seats.values().filter(|seat| may_go(seat)).filter_map(|seat| {
            let holds = of_address.get(&seat.address).copied().unwrap_or_default();
            let moved = seat.moved_ms.load(Ordering::Relaxed);
            Some(((seat.missed()?, Reverse(holds), moved, seat.number), seat))
        });
        let Some((_, seat)) = candidates.min_by(|a, b| a.0.cmp(&b.0)) else { return false };
        let number = seat.number;
        self.close(seat);
        taken.seats.remove(&number);
        true
    }

    fn close(&self, seat: &Seat) {
        self.open.dec();
        if let Some(close) = seat.close.lock().unwrap_or_else(PoisonError::into_inner).take() {
            self.evicted.inc();
            // One that has ended by itself is not told.
            let _ = close.send(());
        }
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let is_there = self.seats.lock().seats.remove(&self.seat.number).is_some();
        if is_there {
            self.seats.open.dec();
        }
    }
}

impl Seat {
    /// Something has moved.
    pub(super) fn moved(&self) {
        self.moved_ms.store(elapsed_ms(self.begun), Ordering::Relaxed);
    }

    pub(super) fn shakes_hands(&self, does: bool) {
        self.shaking_hands.store(does, Ordering::Relaxed);
    }

    /// No request is under way.
    fn is_quiet(&self) -> bool {
        self.requests.load(Ordering::Relaxed) == 0
    }

    /// All that is under way are answers that the peer does not take.
    fn is_not_taken(&self, limit: Duration) -> bool {
        let requests = self.requests.load(Ordering::Relaxed);
        self.answered.load(Ordering::Relaxed) >= requests && self.has_stood(limit)
    }

    fn has_asked(&self) -> bool {
        self.has_asked.load(Ordering::Relaxed)
    }

    fn has_stood(&self, limit: Duration) -> bool {
        let moved = Duration::from_millis(self.moved_ms.load(Ordering::Relaxed));
        self.begun.elapsed().saturating_sub(moved) >= limit
    }

    /// How much it would be missed; `None` while it is being served.
    fn missed(&self) -> Option<Missed> {
        if self.is_quiet() {
            return Some(if self.has_asked() { Missed::Idle } else { Missed::Silent });
        }
        if !self.has_stood(STALLED) {
            return None;
        }
        let requests = self.requests.load(Ordering::Relaxed);
        let (arriving, answered) =
            (self.arriving.load(Ordering::Relaxed), self.answered.load(Ordering::Relaxed));
        match () {
            () if arriving + answered < requests => None,
            () if arriving > 0 => Some(Missed::HalfRead),
            () => Some(Missed::NotTaken),
        }
    }
}

/// A request on a connection, from its head to the end of its answer.
#[derive(Debug)]
pub(in crate::receive) struct Busy {
    seat: Arc<Seat>,
    is_answered: bool,
}

impl Busy {
    pub(in crate::receive) fn new(seat: Arc<Seat>) -> Self {
        seat.has_asked.store(true, Ordering::Relaxed);
        seat.requests.fetch_add(1, Ordering::Relaxed);
        Self { seat, is_answered: false }
    }

    /// The answer is there; what remains is that the peer takes it.
    pub(in crate::receive) fn answered(&mut self) {
        if !self.is_answered {
            self.is_answered = true;
            self.seat.answered.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        if self.is_answered {
            self.seat.answered.fetch_sub(1, Ordering::Relaxed);
        }
        self.seat.requests.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A body that is arriving.
#[derive(Debug)]
pub(in crate::receive) struct ArrivingBody(Arc<Seat>);

impl ArrivingBody {
    pub(in crate::receive) fn new(seat: Arc<Seat>) -> Self {
        seat.arriving.fetch_add(1, Ordering::Relaxed);
        Self(seat)
    }
}

impl Drop for ArrivingBody {
    fn drop(&mut self) {
        self.0.arriving.fetch_sub(1, Ordering::Relaxed);
    }
}

fn elapsed_ms(begun: Instant) -> u64 {
    u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// An address as one sender has it.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use prometheus::Registry;

    use super::*;

    fn seats(limit: usize) -> Arc<Seats> {
        Seats::new(Protocol::Http, limit, &Metrics::register(&Registry::new()).unwrap())
    }

    fn address(last: u8) -> IpAddr {
        [10, 0, 0, last].into()
    }

    #[test]
    fn a_new_connection_takes_the_place_of_a_silent_one() {
        let seats = seats(3);
        let (first, mut closed) = seats.take(address(1)).unwrap();
        let (asked, _open) = seats.take(address(1)).unwrap();
        drop(Busy::new(Arc::clone(&asked.seat)));
        let (served, _open) = seats.take(address(2)).unwrap();
        let busy = Busy::new(Arc::clone(&served.seat));
        let (_fourth, mut closed_too) = seats.take(address(3)).unwrap();
        assert_eq!(closed.try_recv(), Ok(()), "it never asked for anything");
        let fifth = seats.take(address(3)).unwrap();
        assert_eq!(closed_too.try_recv(), Ok(()), "an idle connection that has asked stays longer");
        drop((first, fifth));
        assert_eq!((seats.open.get(), seats.evicted.get(), seats.refused.get()), (2, 2, 0));
        drop(busy);
    }

    #[test]
    fn who_holds_most_connections_loses_one_first() {
        let seats = seats(3);
        let (_single, mut single_closed) = seats.take(address(1)).unwrap();
        let many: Vec<_> = (0..2).map(|_| seats.take(address(2)).unwrap()).collect();
        let _new = seats.take(address(3)).unwrap();
        assert!(single_closed.try_recv().is_err());
        assert_eq!(many.into_iter().filter_map(|(_, mut closed)| closed.try_recv().ok()).count(), 1);
    }

    #[test]
    fn what_is_being_served_is_not_closed() {
        let seats = seats(2);
        let held: Vec<_> = (0..2).map(|_| seats.take(address(1)).unwrap().0).collect();
        let busy: Vec<_> = held.iter().map(|place| Busy::new(Arc::clone(&place.seat))).collect();
        assert!(seats.take(address(2)).is_none());
        assert_eq!(seats.refused.get(), 1);
        let arriving = ArrivingBody::new(Arc::clone(&held[0].seat));
        assert!(held[0].seat.missed().is_none(), "it has just moved");
        drop((busy, arriving));
    }

    #[tokio::test]
    async fn the_end_waits_for_answers_and_closes_the_others() {
        let seats = seats(4);
        let (idle, mut idle_closed) = seats.take(address(1)).unwrap();
        let (working, mut working_closed) = seats.take(address(1)).unwrap();
        let busy = Busy::new(Arc::clone(&working.seat));
        let draining = tokio::spawn({
            let seats = Arc::clone(&seats);
            async move { seats.drain().await }
        });
        (&mut idle_closed).await.unwrap();
        assert!(working_closed.try_recv().is_err());
        drop(busy);
        (&mut working_closed).await.unwrap();
        draining.await.unwrap();
        drop((idle, working));
        assert_eq!(seats.open.get(), 0);
    }

    #[test]
    fn of_ipv6_a_sender_is_a_network() {
        let of = |text: &str| network(text.parse().unwrap()).to_string();
        assert_eq!(of("2001:db8:1:2:3:4:5:6"), of("2001:db8:1:2:9:9:9:9"));
        assert_eq!(of("::ffff:10.0.0.1"), "10.0.0.1");
    }
}

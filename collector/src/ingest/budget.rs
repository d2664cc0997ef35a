//! The bound on what is read or queued: bytes are reserved as they arrive and given back when dropped. Nobody holds more than
//! a share while others hold something, small requests have a part of their own, and when room is short the bodies that arrive
//! slowest are given up. Which of them answers what is decided by the receivers.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use prometheus::{IntCounter, IntGauge};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout};

/// What a request reserves at least, so that the number of tiny ones is bounded too.
const LEAST: usize = 1 << 10;
/// Requests up to this size may use the part that is kept free for them, one per connection.
const SMALL: usize = 64 << 10;
/// A body that has been arriving for longer than this may be given up when others need its room.
const GRACE: Duration = Duration::from_secs(1);
/// How long a request waits for the room of bodies that were given up for it.
const ROOM_WAIT: Duration = Duration::from_secs(1);
/// How long a large request waits for its turn.
const TURN_WAIT: Duration = Duration::from_secs(20);
/// How often it looks whether the request before it is too slow.
const TURN_LOOK: Duration = Duration::from_millis(100);
/// Large requests that wait for their turn; further ones are told to come again.
const TURNS_WAITING: usize = 64;
/// A large body that arrives more slowly than this gives way to one that waits, bytes per second.
const LARGE_RATE: f64 = 1_048_576.0;

/// Who a request comes from, as far as room is concerned.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Sender {
    /// Known by the name of its token.
    Token(Arc<str>),
    /// Known by its address only.
    Address(IpAddr),
    /// This program itself: a recorded file.
    Own,
}

/// A request's connection and sender.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Who {
    pub(crate) connection: u64,
    pub(crate) sender: Sender,
}

impl Who {
    /// This program itself.
    pub(crate) fn own() -> Self {
        Self { connection: 0, sender: Sender::Own }
    }
}

/// Room for requests, in bytes. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct ByteBudget(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    capacity: usize,
    state: Mutex<State>,
    /// Told whenever room is given back.
    freed: Notify,
    /// The turn of large requests: one at a time, each with room of its own for the largest body.
    turn: Arc<Semaphore>,
    waiting: Semaphore,
    taken: IntGauge,
    given_up: IntCounter,
}

#[derive(Debug, Default)]
struct State {
    taken: usize,
    senders: HashMap<Sender, usize>,
    connections: HashMap<u64, usize>,
    /// Bodies that are arriving, by the number of their reservation.
    arriving: HashMap<u64, Arriving>,
    next: u64,
    closed: bool,
}

/// A body that is arriving.
#[derive(Debug)]
struct Arriving {
    since: Instant,
    bytes: usize,
    is_large: bool,
    give_up: Arc<Notify>,
}

/// Room that one request has reserved; given back when dropped.
#[derive(Debug)]
pub(crate) struct Reservation {
    budget: ByteBudget,
    who: Who,
    id: u64,
    held: usize,
    large: Option<Turn>,
}

/// The turn of a large request, with what it holds beside the common room.
#[derive(Debug)]
struct Turn {
    _permit: OwnedSemaphorePermit,
    held: usize,
}

/// Why there is no room at once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum NoRoom {
    /// Others hold it.
    Full,
    /// The request is so large that it needs a turn of its own.
    Large,
}

/// There is no room, also after waiting for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Full;

impl ByteBudget {
    pub(crate) fn new(capacity: usize, taken: IntGauge, given_up: IntCounter) -> Self {
        Self(Arc::new(Inner {
            capacity: capacity.max(LEAST),
            state: Mutex::default(),
            freed: Notify::new(),
            turn: Arc::new(Semaphore::new(1)),
            waiting: Semaphore::new(TURNS_WAITING),
            taken,
            given_up,
        }))
    }

    /// Reserves the least that a request needs, or says that there is no room.
    pub(crate) async fn reserve(&self, who: Who) -> Result<Reservation, Full> {
        let mut reservation = self.empty(who);
        reservation.grow(0).await?;
        Ok(reservation)
    }

    /// Waits until there is room for that many bytes, however long it takes.
    pub(crate) async fn wait_for(&self, who: Who, bytes: usize) -> Result<Reservation, Full> {
        let mut reservation = self.empty(who);
        loop {
            let freed = self.0.freed.notified();
            match reservation.try_grow(bytes) {
                Ok(()) => return Ok(reservation),
                Err(NoRoom::Full) => freed.await,
                Err(NoRoom::Large) => {
                    let permit = Arc::clone(&self.0.turn).acquire_owned().await.map_err(|_| Full)?;
                    reservation.take_turn(permit);
                }
            }
        }
    }

    /// Gives up every body that is still arriving, and those that begin to arrive from now on: the receivers are stopping.
    pub(crate) fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        for body in state.arriving.values() {
            body.give_up.notify_one();
        }
    }

    /// Whether [`Self::close`] was called.
    pub(crate) fn is_closed(&self) -> bool {
        self.lock().closed
    }

    fn empty(&self, who: Who) -> Reservation {
        let mut state = self.lock();
        state.next += 1;
        let id = state.next;
        drop(state);
        Reservation { budget: self.clone(), who, id, held: 0, large: None }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The part that only small requests may use.
    fn kept_free(&self) -> usize {
        self.0.capacity / 8
    }

    /// Larger requests need a turn of their own.
    fn large_above(&self) -> usize {
        (self.0.capacity / 4).max(LEAST)
    }

    /// Gives up bodies that arrive slowly, until so many bytes will be free; whether there were enough of them.
    fn give_up_slow(&self, bytes: usize) -> bool {
        let state = self.lock();
        let mut slow: Vec<(f64, usize, &Arc<Notify>)> = state
            .arriving
            .values()
            .filter(|body| !body.is_large && body.since.elapsed() > GRACE)
            .map(|body| {
                let held = body.bytes.max(LEAST);
                // Who holds much for long costs others most.
                #[expect(clippy::cast_precision_loss, reason = "it is only compared")]
                let cost = held as f64 * body.since.elapsed().as_secs_f64();
                (cost, held, &body.give_up)
            })
            .collect();
        slow.sort_by(|a, b| b.0.total_cmp(&a.0));
        let mut found = 0;
        for (_, held, give_up) in slow {
            if found >= bytes {
                break;
            }
            found += held;
            give_up.notify_one();
            self.0.given_up.inc();
        }
        found >= bytes
    }

    /// Gives up the large body that is arriving, if it is slow.
    fn give_up_slow_large(&self) {
        let state = self.lock();
        for body in state.arriving.values().filter(|body| body.is_large) {
            let age = body.since.elapsed();
            #[expect(clippy::cast_precision_loss, reason = "it is only compared")]
            let is_slow = age > GRACE && (body.bytes as f64) < age.as_secs_f64() * LARGE_RATE;
            if is_slow {
                body.give_up.notify_one();
                self.0.given_up.inc();
            }
        }
    }
}

impl State {
    /// Whether a request that holds `held` may take `more`.
    fn may_take(&self, budget: &ByteBudget, who: &Who, held: usize, more: usize) -> bool {
        let capacity = budget.0.capacity;
        let of_sender = self.senders.get(&who.sender).copied().unwrap_or_default();
        let of_connection = self.connections.get(&who.connection).copied().unwrap_or_default();
        let free = capacity.saturating_sub(self.taken);
        if held + more <= SMALL && of_connection == held && more <= free {
            return true;
        }
        let share = |of_holder: usize| {
            let others_hold = self.taken > of_holder;
            of_holder + more <= if others_hold { capacity / 2 } else { capacity }
        };
        more + budget.kept_free() <= free && share(of_sender) && share(of_connection)
    }

    fn take(&mut self, who: &Who, bytes: usize) {
        self.taken += bytes;
        *self.senders.entry(who.sender.clone()).or_default() += bytes;
        *self.connections.entry(who.connection).or_default() += bytes;
    }

    fn give_back(&mut self, who: &Who, bytes: usize) {
        self.taken = self.taken.saturating_sub(bytes);
        less(&mut self.senders, &who.sender, bytes);
        less(&mut self.connections, &who.connection, bytes);
    }
}

/// Takes from a holder, and forgets one that holds nothing any more.
fn less<K: std::hash::Hash + Eq>(held: &mut HashMap<K, usize>, holder: &K, bytes: usize) {
    if let Some(of_holder) = held.get_mut(holder) {
        *of_holder = of_holder.saturating_sub(bytes);
        if *of_holder == 0 {
            held.remove(holder);
        }
    }
}

impl Reservation {
    /// Reserves more at once, so that it covers that many bytes; it never shrinks.
    pub(crate) fn try_grow(&mut self, bytes: usize) -> Result<(), NoRoom> {
        if let Some(turn) = &mut self.large {
            let more = bytes.saturating_sub(turn.held);
            turn.held += more;
            self.budget.0.taken.add(as_gauge(more));
            self.note_arrived(bytes);
            return Ok(());
        }
        if bytes > self.budget.large_above() {
            return Err(NoRoom::Large);
        }
        let more = bytes.max(LEAST).saturating_sub(self.held);
        if more > 0 {
            let mut state = self.budget.lock();
            if !state.may_take(&self.budget, &self.who, self.held, more) {
                return Err(NoRoom::Full);
            }
            state.take(&self.who, more);
            drop(state);
            self.held += more;
            self.budget.0.taken.add(as_gauge(more));
        }
        self.note_arrived(bytes);
        Ok(())
    }

    /// The same; gives up bodies that arrive slowly and waits for what they held, or for the turn of a large request.
    pub(crate) async fn grow(&mut self, bytes: usize) -> Result<(), Full> {
        let deadline = Instant::now() + ROOM_WAIT;
        loop {
            let budget = self.budget.clone();
            let freed = budget.0.freed.notified();
            match self.try_grow(bytes) {
                Ok(()) => return Ok(()),
                Err(NoRoom::Large) => self.become_large().await?,
                Err(NoRoom::Full) => {
                    let more = bytes.max(LEAST).saturating_sub(self.held);
                    if !budget.give_up_slow(more) {
                        return Err(Full);
                    }
                    tokio::time::timeout_at(deadline, freed).await.map_err(|_| Full)?;
                }
            }
        }
    }

    /// Waits for the turn of a large request: it may hold the largest body then, beside the common room.
    pub(crate) async fn become_large(&mut self) -> Result<(), Full> {
        if self.large.is_some() {
            return Ok(());
        }
        let budget = self.budget.clone();
        let _place = budget.0.waiting.try_acquire().map_err(|_| Full)?;
        let turn = Arc::clone(&budget.0.turn).acquire_owned();
        tokio::pin!(turn);
        let deadline = Instant::now() + TURN_WAIT;
        while Instant::now() < deadline {
            if let Ok(permit) = timeout(TURN_LOOK, &mut turn).await {
                self.take_turn(permit.map_err(|_| Full)?);
                return Ok(());
            }
            budget.give_up_slow_large();
        }
        Err(Full)
    }

    fn take_turn(&mut self, permit: OwnedSemaphorePermit) {
        let held = self.held.saturating_sub(LEAST);
        let mut state = self.budget.lock();
        state.give_back(&self.who, held);
        if let Some(body) = state.arriving.get_mut(&self.id) {
            (body.is_large, body.since) = (true, Instant::now());
        }
        drop(state);
        self.held -= held;
        self.large = Some(Turn { _permit: permit, held });
        self.budget.0.freed.notify_waiters();
    }

    /// What it may hold at most, bytes; with the turn of a large request the limit is the body's own.
    pub(crate) fn most(&self) -> usize {
        if self.large.is_some() { usize::MAX } else { self.budget.large_above() }
    }

    /// Gives back what it holds beyond so many bytes.
    pub(crate) fn shrink_to(&mut self, bytes: usize) {
        let less = self.held.saturating_sub(bytes.max(LEAST));
        if self.large.is_none() && less > 0 {
            self.budget.lock().give_back(&self.who, less);
            self.held -= less;
            self.budget.0.taken.sub(as_gauge(less));
            self.budget.0.freed.notify_waiters();
        }
    }

    /// Leaves the turn of a large request to the next one, if so many bytes find room beside others.
    pub(crate) fn leave_turn(&mut self, bytes: usize) {
        let Some(turn) = self.large.take() else { return };
        let beside = turn.held;
        if self.try_grow(bytes).is_ok() {
            drop(turn);
            self.budget.0.taken.sub(as_gauge(beside));
        } else {
            self.large = Some(turn);
        }
    }

    /// Its body begins to arrive; what is returned is told when it has to be given up.
    pub(crate) fn begin_arriving(&mut self) -> Arc<Notify> {
        let give_up = Arc::new(Notify::new());
        let body = Arriving {
            since: Instant::now(),
            bytes: 0,
            is_large: self.large.is_some(),
            give_up: Arc::clone(&give_up),
        };
        let mut state = self.budget.lock();
        if state.closed {
            give_up.notify_one();
        }
        state.arriving.insert(self.id, body);
        give_up
    }

    /// Its body is complete: it is not given up any more.
    pub(crate) fn has_arrived(&mut self) {
        self.budget.lock().arriving.remove(&self.id);
    }

    fn note_arrived(&self, bytes: usize) {
        if let Some(body) = self.budget.lock().arriving.get_mut(&self.id) {
            body.bytes = bytes;
        }
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        let mut state = self.budget.lock();
        state.arriving.remove(&self.id);
        state.give_back(&self.who, self.held);
        drop(state);
        let beside = self.large.take().map_or(0, |turn| turn.held);
        self.budget.0.taken.sub(as_gauge(self.held + beside));
        self.budget.0.freed.notify_waiters();
    }
}

fn as_gauge(bytes: usize) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;

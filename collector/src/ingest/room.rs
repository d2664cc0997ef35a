//! The bound on what is read or queued: bytes are taken before they are held and given back when dropped.

use std::sync::Arc;

use prometheus::IntGauge;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What a request takes at least, so that the number of tiny ones is bounded too.
const LEAST: usize = 1 << 10;

/// Room for requests, in bytes. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Room {
    free: Arc<Semaphore>,
    capacity: usize,
    taken: IntGauge,
}

/// Room that one request has taken; given back when dropped.
#[derive(Debug)]
pub(crate) struct Share {
    room: Room,
    permit: OwnedSemaphorePermit,
}

/// There is no room now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Full;

impl Room {
    pub(crate) fn new(capacity: usize, taken: IntGauge) -> Self {
        let capacity = capacity.clamp(LEAST, u32::MAX as usize);
        Self { free: Arc::new(Semaphore::new(capacity)), capacity, taken }
    }

    /// Takes room for that many bytes, or says that there is none.
    pub(crate) fn take(&self, bytes: usize) -> Result<Share, Full> {
        let permit = Arc::clone(&self.free).try_acquire_many_owned(self.weight(bytes)).map_err(|_| Full)?;
        Ok(self.share(permit))
    }

    /// Waits until there is room for that many bytes.
    pub(crate) async fn wait_for(&self, bytes: usize) -> Result<Share, Full> {
        let permit = Arc::clone(&self.free).acquire_many_owned(self.weight(bytes)).await.map_err(|_| Full)?;
        Ok(self.share(permit))
    }

    fn share(&self, permit: OwnedSemaphorePermit) -> Share {
        self.taken.add(as_gauge(permit.num_permits()));
        Share { room: self.clone(), permit }
    }

    /// A request larger than all of the room takes all of it; otherwise it could never be served.
    fn weight(&self, bytes: usize) -> u32 {
        u32::try_from(bytes.clamp(LEAST, self.capacity)).unwrap_or(u32::MAX)
    }
}

impl Share {
    /// Takes more, so that the share covers that many bytes; it never shrinks.
    pub(crate) fn grow_to(&mut self, bytes: usize) -> Result<(), Full> {
        let missing = (self.room.weight(bytes) as usize).saturating_sub(self.permit.num_permits());
        if missing > 0 {
            let missing = u32::try_from(missing).unwrap_or(u32::MAX);
            let more = Arc::clone(&self.room.free).try_acquire_many_owned(missing).map_err(|_| Full)?;
            self.room.taken.add(as_gauge(more.num_permits()));
            self.permit.merge(more);
        }
        Ok(())
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.room.taken.sub(as_gauge(self.permit.num_permits()));
    }
}

fn as_gauge(bytes: usize) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room(capacity: usize) -> Room {
        Room::new(capacity, IntGauge::new("taken", "taken").unwrap())
    }

    #[test]
    fn what_is_taken_is_given_back() {
        let room = room(10_000);
        let mut share = room.take(6_000).unwrap();
        assert_eq!(room.take(5_000).err(), Some(Full));
        assert_eq!(share.grow_to(9_500), Ok(()));
        assert_eq!(share.grow_to(3_000), Ok(()));
        assert_eq!(room.taken.get(), 9_500);
        drop(share);
        assert_eq!(room.taken.get(), 0);
    }

    #[test]
    fn what_is_larger_than_the_room_passes_alone() {
        let room = room(10_000);
        let share = room.take(50_000).unwrap();
        assert_eq!(room.take(1).err(), Some(Full));
        drop(share);
        assert!(room.take(1).is_ok());
    }
}

//! The Handlers of one App, with when each was called last: so many of them, the idle ones make room.

use std::collections::HashMap;

use pointsman_store::{Action, Fingerprint, Handler};

use super::{IDLE_NS, Limits, UNPROVEN, is_idle};

/// The Handlers of one App.
#[derive(Debug, Default)]
pub(super) struct AppHandlers {
    known: HashMap<Fingerprint, Place>,
    /// Operations of each Dispatcher that has some.
    operations: HashMap<Fingerprint, usize>,
    /// Whether the app names its actions: then an id without a name is none.
    names_actions: bool,
    /// Actions that were taken in without having answered.
    unproven: usize,
    /// When any of them was called last, ns since the epoch.
    called_ns: u64,
    /// Before this time nobody is idle, as far as the last search has found, ns since the epoch.
    idle_from_ns: u64,
}

#[derive(Clone, Copy, Debug)]
struct Place {
    called_ns: u64,
    /// Of an Operation.
    dispatcher: Option<Fingerprint>,
}

/// What has no room.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Full {
    App,
    Dispatcher,
}

impl AppHandlers {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.known.len()
    }

    pub(super) fn called_ns(&self) -> u64 {
        self.called_ns
    }

    /// Notes a call of a Handler; whether it is known.
    pub(super) fn calls(&mut self, id: Fingerprint, at_ns: u64) -> bool {
        self.called_ns = self.called_ns.max(at_ns);
        let Some(place) = self.known.get_mut(&id) else { return false };
        place.called_ns = place.called_ns.max(at_ns);
        true
    }

    /// Whether there is room for one more action that has only failed so far; if so it is taken.
    pub(super) fn takes_unproven(&mut self) -> bool {
        let room = !self.names_actions && self.unproven < UNPROVEN;
        self.unproven += usize::from(room);
        room
    }

    /// Takes a Handler in, whatever the limits say.
    pub(super) fn keep(&mut self, handler: &Handler, called_ns: u64) {
        let dispatcher = handler.dispatcher().map(|dispatcher| dispatcher.fingerprint());
        let place = Place { called_ns, dispatcher };
        self.names_actions |= matches!(handler.action, Some(Action::Export { .. }));
        if self.known.insert(handler.fingerprint(), place).is_none()
            && let Some(dispatcher) = dispatcher
        {
            *self.operations.entry(dispatcher).or_default() += 1;
        }
        self.called_ns = self.called_ns.max(called_ns);
    }

    /// Takes a Handler in if there is room, or if one that is idle can go; how many went.
    pub(super) fn admit(&mut self, handler: &Handler, now_ns: u64, limits: Limits) -> Result<u64, Full> {
        let mut gone = 0;
        if let Some(dispatcher) = handler.dispatcher().map(|dispatcher| dispatcher.fingerprint())
            && self.operations.get(&dispatcher).is_some_and(|count| *count >= limits.operations)
        {
            let idle = self.idlest(now_ns, |place| place.dispatcher == Some(dispatcher));
            self.remove(idle.ok_or(Full::Dispatcher)?);
            gone += 1;
        }
        if self.known.len() >= limits.handlers {
            let idle = self.idlest(now_ns, |_| true);
            self.remove(idle.ok_or(Full::App)?);
            gone += 1;
        }
        self.keep(handler, now_ns);
        Ok(gone)
    }

    /// The Handler that was idle longest; `None` when none is idle. It is looked for at most once for each time that one may
    /// have become idle.
    fn idlest(&mut self, now_ns: u64, which: impl Fn(&Place) -> bool) -> Option<Fingerprint> {
        if now_ns < self.idle_from_ns {
            return None;
        }
        let all = self.known.values().map(|place| place.called_ns).min();
        self.idle_from_ns = all.unwrap_or(now_ns).saturating_add(IDLE_NS);
        let idlest =
            self.known.iter().filter(|(_, place)| which(place)).min_by_key(|(_, place)| place.called_ns);
        idlest.filter(|(_, place)| is_idle(place.called_ns, now_ns)).map(|(id, _)| *id)
    }

    fn remove(&mut self, id: Fingerprint) {
        let dispatcher = self.known.remove(&id).and_then(|place| place.dispatcher);
        if let Some(count) = dispatcher.and_then(|dispatcher| self.operations.get_mut(&dispatcher)) {
            *count = count.saturating_sub(1);
        }
    }
}

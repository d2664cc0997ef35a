//! Whether a pipeline that has something to do gets on with it, for a service manager's watchdog. Metrics tell how much is
//! done; they stand still in an idle pipeline too.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use pointsman_store::BlockId;
use prometheus::IntCounter;
use tokio::task::AbortHandle;

use super::backlog::Backlog;

/// Counts that a stuck pipeline does not change.
#[derive(Debug, Default)]
pub(super) struct Commits {
    begun: AtomicU64,
    ended: AtomicU64,
}

/// Looks at a pipeline. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Monitor {
    pub(super) tasks: [AbortHandle; 2],
    pub(super) commits: Arc<Commits>,
    pub(super) backlog: Arc<Backlog>,
    pub(super) retries: IntCounter,
}

/// A look at the pipeline at one moment; compare it with the look before.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pulse {
    /// Whether its tasks still run.
    pub(super) is_running: bool,
    pub(super) commits_begun: u64,
    pub(super) commits_ended: u64,
    /// The newest block, and how far extraction has come.
    pub(super) newest: BlockId,
    pub(super) extracted: BlockId,
    /// Whether another process extracts: how far that one comes is not this one's pulse.
    pub(super) is_following: bool,
    /// Times that extraction has asked a database again that refuses: waiting for a full disk is no standstill.
    pub(super) retries: u64,
}

impl Commits {
    pub(super) fn begin(&self) {
        self.begun.fetch_add(1, Ordering::SeqCst);
    }

    pub(super) fn end(&self) {
        self.ended.fetch_add(1, Ordering::SeqCst);
    }

    /// Begun and ended; of one that begins or ends meanwhile either is true.
    pub(super) fn counts(&self) -> (u64, u64) {
        let ended = self.ended.load(Ordering::SeqCst);
        (self.begun.load(Ordering::SeqCst), ended)
    }
}

impl Monitor {
    /// How it is at this moment; the next look tells whether it gets on.
    #[must_use]
    pub fn pulse(&self) -> Pulse {
        let (commits_begun, commits_ended) = self.commits.counts();
        let (newest, extracted) = self.backlog.reach();
        let is_running = !self.tasks.iter().any(AbortHandle::is_finished);
        let (is_following, retries) = (self.backlog.is_following(), self.retries.get());
        Pulse { is_running, commits_begun, commits_ended, newest, extracted, is_following, retries }
    }
}

impl Pulse {
    /// Whether the pipeline runs and, if it had something to do at the look before, has done some of it since. A commit that
    /// fails counts: the sender was told.
    #[must_use]
    pub fn beats_since(&self, before: &Self) -> bool {
        let had_commits = before.commits_begun > before.commits_ended;
        let had_blocks = before.newest > before.extracted && !self.is_following;
        let commits = self.commits_ended > before.commits_ended;
        let extracts = self.extracted > before.extracted || self.retries > before.retries;
        self.is_running && (!had_commits || commits) && (!had_blocks || extracts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDLE: Pulse = Pulse {
        is_running: true,
        commits_begun: 5,
        commits_ended: 5,
        newest: BlockId(7),
        extracted: BlockId(7),
        is_following: false,
        retries: 0,
    };

    #[test]
    fn it_beats_while_it_is_idle_or_gets_on() {
        let commits = Pulse { commits_begun: 6, ..IDLE };
        let extracts = Pulse { newest: BlockId(9), ..IDLE };
        for (before, now, beats) in [
            (IDLE, IDLE, true),
            (IDLE, commits, true),
            (commits, commits, false),
            (commits, Pulse { commits_begun: 7, commits_ended: 6, ..IDLE }, true),
            (extracts, extracts, false),
            (extracts, Pulse { extracted: BlockId(8), ..extracts }, true),
            (extracts, Pulse { retries: 1, ..extracts }, true),
            (extracts, Pulse { is_following: true, ..extracts }, true),
            (extracts, Pulse { newest: BlockId(10), commits_begun: 6, commits_ended: 6, ..extracts }, false),
            (IDLE, Pulse { is_running: false, ..IDLE }, false),
        ] {
            assert_eq!(now.beats_since(&before), beats, "{before:?}\n{now:?}");
        }
    }
}

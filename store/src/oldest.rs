//! What retention decides by, whatever database it deletes from: which handler has the oldest row, and how much is too much. Pure.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;
use std::time::Duration;

use crate::{Hour, Limit, Reason};

/// A handler and the time of its oldest row that may still be deleted.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Candidate {
    pub(crate) oldest_ns: u64,
    pub(crate) handler: i64,
    pub(crate) service: Arc<str>,
}

/// The handlers by their oldest row: keys begin with the handler, so "the oldest of all" is found by asking each handler once and
/// keeping the answers in a queue.
#[derive(Debug)]
pub(crate) struct Oldest(BinaryHeap<Reverse<Candidate>>);

/// How much is too much at the moment of a step.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Excess {
    /// What lies before is too old; 0 when age is no matter.
    pub(crate) before_ns: u64,
    /// Bytes beyond the limit.
    pub(crate) bytes: u64,
}

impl Candidate {
    pub(crate) fn hour(&self) -> Hour {
        Hour::of(self.oldest_ns)
    }
}

impl FromIterator<Candidate> for Oldest {
    fn from_iter<I: IntoIterator<Item = Candidate>>(candidates: I) -> Self {
        Self(candidates.into_iter().map(Reverse).collect())
    }
}

impl Oldest {
    pub(crate) fn peek(&self) -> Option<&Candidate> {
        self.0.peek().map(|Reverse(candidate)| candidate)
    }

    pub(crate) fn pop(&mut self) -> Option<Candidate> {
        self.0.pop().map(|Reverse(candidate)| candidate)
    }

    /// Puts a handler back with its next oldest row; without any it is done.
    pub(crate) fn put_back(&mut self, candidate: Candidate, next_ns: Option<i64>) {
        if let Some(next) = next_ns {
            self.0.push(Reverse(Candidate { oldest_ns: next.max(0).cast_unsigned(), ..candidate }));
        }
    }
}

impl Excess {
    /// Of a limit, when so many bytes are kept.
    pub(crate) fn of(limit: Limit, now_ns: u64, kept_bytes: u64) -> Self {
        let before_ns = limit.age.map_or(0, |age| now_ns.saturating_sub(nanos(age)));
        Self { before_ns, bytes: limit.bytes.map_or(0, |limit| kept_bytes.saturating_sub(limit)) }
    }

    /// Why an hour has to go, if it has to, after so many bytes have gone. `may_go_by_size` is whether it may.
    pub(crate) fn reason(self, hour: Hour, freed: u64, may_go_by_size: bool) -> Option<Reason> {
        if hour.end_ns() <= self.before_ns {
            Some(Reason::Age)
        } else if freed < self.bytes && may_go_by_size {
            Some(Reason::Size)
        } else {
            None
        }
    }
}

pub(crate) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

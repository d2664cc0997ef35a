//! No flapping: when a verdict that stands gives way to what a run sees. One Handler, one look.

use super::history::{Candidate, Standing};
use crate::report::{HandlerReport, Verdict};

/// Runs in a row that must see something else before a verdict is left.
const RUNS_TO_LEAVE: u32 = 2;

/// Which kind of look a report is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Occasion {
    /// The first look at a service, at any time: its verdicts are given at once, and hold nothing up.
    First,
    /// A regular run, at its boundary.
    Run,
    /// A look between two runs: it changes nothing that lasts.
    View,
}

/// What a look is to a verdict that stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Look {
    pub(super) occasion: Occasion,
    pub(super) now_ns: u64,
    /// A deployment is so recent that the numbers still mix two builds.
    pub(super) paused: bool,
}

impl Look {
    /// What stands after this look.
    pub(super) fn settle(self, before: Option<&Standing>, seen: &HandlerReport) -> Standing {
        let Some(before) = before else { return self.first(seen.verdict) };
        let mut after = Standing { seen_ns: self.now_ns, ..*before };
        if self.occasion == Occasion::Run {
            after.provisional = false;
        }
        if before.verdict == seen.verdict {
            after.candidate = None;
            return after;
        }
        if must_end(before.verdict, seen) || before.provisional || self.is_first_real(before) {
            return self.left(before, after, seen.verdict);
        }
        if self.paused || self.occasion != Occasion::Run {
            return after;
        }
        let runs = before.candidate.map_or(0, |candidate| candidate.runs).saturating_add(1);
        if runs >= RUNS_TO_LEAVE {
            return self.left(before, after, seen.verdict);
        }
        after.candidate = Some(Candidate { verdict: seen.verdict, runs });
        after
    }

    fn first(self, verdict: Verdict) -> Standing {
        Standing {
            verdict,
            since_ns: self.now_ns,
            seen_ns: self.now_ns,
            provisional: self.occasion == Occasion::First,
            candidate: None,
            flips: 0,
        }
    }

    /// There was nothing to hold on to. Right after a deployment even that waits.
    fn is_first_real(self, before: &Standing) -> bool {
        before.verdict == Verdict::InsufficientEvidence && !self.paused
    }

    /// The verdict is left for another one. What held nothing up does not turn around.
    fn left(self, before: &Standing, after: Standing, verdict: Verdict) -> Standing {
        let flips = !before.provisional && is_flip(before.verdict, verdict);
        Standing {
            verdict,
            since_ns: self.now_ns,
            candidate: None,
            flips: before.flips + u32::from(flips),
            ..after
        }
    }
}

/// Advice that turns around: what users call flapping.
fn is_flip(from: Verdict, to: Verdict) -> bool {
    (from.is_move() && to == Verdict::Keep) || (from == Verdict::Keep && to.is_move())
}

/// Safety first: a move that would break somebody, or of which that can no longer be told, is not advised for one more
/// day.
fn must_end(standing: Verdict, seen: &HandlerReport) -> bool {
    standing.is_move() && seen.barred
}

#[cfg(test)]
#[path = "standing_tests.rs"]
mod tests;

//! Why a decision is what it is, and what is taken to be otherwise when it is made again.

/// What a decision hangs on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Cause {
    /// Nothing that traffic could change: its kind, its method, its name, its environment.
    Final,
    /// A rule that speaks.
    Rule(&'static str),
    /// Too few calls or days.
    Sample,
    /// Nobody knows who calls.
    Callers,
    /// Somebody else calls, or may.
    Outsiders,
    /// What would bar a move cannot be seen.
    Obstacles,
    /// The score: these rules would have to speak; without any, every reason is still open.
    Score(Vec<&'static str>),
    /// It is not certain that it only reads.
    Access,
    /// The gain is too small.
    Gain,
    /// Nobody knows which action it is.
    Unnamed,
}

/// What is taken to be otherwise than it was seen; by default nothing.
#[derive(Clone, Default, Debug)]
pub(super) struct Assumed {
    removed: Vec<Cause>,
    /// Every reason for a move is there.
    pub(super) any_reason: bool,
}

impl Assumed {
    /// Whether the cause is taken away.
    pub(super) fn holds(&self, cause: &Cause) -> bool {
        self.removed.contains(cause)
    }

    /// Whether the rule is taken not to speak.
    pub(super) fn is_without(&self, rule: &'static str) -> bool {
        self.removed.iter().any(|cause| matches!(cause, Cause::Rule(id) if *id == rule))
    }

    /// Whether the rule is taken to speak.
    pub(super) fn is_with(&self, rule: &'static str) -> bool {
        self.removed.iter().any(|cause| matches!(cause, Cause::Score(rules) if rules.contains(&rule)))
    }

    /// Whether reasons are taken to speak that did not: then nobody knows the gain.
    pub(super) fn adds_reasons(&self) -> bool {
        self.removed.iter().any(|cause| matches!(cause, Cause::Score(_)))
    }

    /// Takes a cause away; `false` when it cannot be, or is already.
    pub(super) fn remove(&mut self, cause: Cause) -> bool {
        if cause == Cause::Final || self.holds(&cause) {
            return false;
        }
        self.any_reason |= matches!(&cause, Cause::Score(rules) if rules.is_empty());
        self.removed.push(cause);
        true
    }
}

//! What a look at the traffic does to recommendations: they are proposed, end, expire, are found applied and compared.
//! One recommendation, one step; the order of the steps is `settle`'s.

use pointsman_store::{Fingerprint, Handler};

use super::applied::{self, Applied};
use super::history::{Promise, Recommendation, State, Who};
use super::policy::Policies;
use super::proof::Proof;
use super::traffic::Traffic;
use crate::report::{Verdict, rfc3339};

/// A recommendation whose Handler was not called for so long expires.
const GONE_NS: u64 = 14 * 24 * 3_600 * 1_000_000_000;

impl Recommendation {
    /// The traffic shows that it has been made. One that expired a short while ago may have been: its Handler faded.
    pub(super) fn look_for_move(
        &mut self,
        (id, verdict): (Fingerprint, Verdict),
        traffic: &Traffic,
        now_ns: u64,
    ) {
        let recently = || self.last_change().is_some_and(|last| now_ns.saturating_sub(last.at_ns) < GONE_NS);
        match self.state {
            State::Proposed | State::Accepted => {}
            State::Expired if recently() => {}
            State::Applied if self.successor.is_none() => {
                let since = self.applied_ns.map(|at_ns| pointsman_store::Hour::of(at_ns).0);
                let found = since.and_then(|since| applied::successor(verdict, self, traffic, since));
                self.successor = found.filter(|_| verdict != Verdict::MoveToServerComponent);
                return;
            }
            _ => return,
        }
        if let Some(Applied { at_ns, successor }) = applied::detect(id, verdict, self, traffic) {
            self.applied_ns = Some(at_ns);
            self.successor = successor;
            let place = if successor.is_some() { "another handler" } else { "the page itself" };
            let reason =
                format!("its calls have faded since {}, and {place} is called instead", rfc3339(at_ns));
            self.change(now_ns, State::Applied, Who::Advisor, reason);
        }
    }

    /// Before and after were compared.
    pub(super) fn verify(&mut self, proof: Proof, now_ns: u64) {
        self.change(now_ns, State::Verified, Who::Advisor, proof.reason.clone());
        self.proof = Some(proof);
    }

    /// What was put off comes back when its time is over, or when no policy rules it out any more.
    pub(super) fn wake(
        &mut self,
        handler: Option<&Handler>,
        verdict: Verdict,
        policies: &Policies,
        now_ns: u64,
    ) {
        let against = handler.and_then(|handler| policies.against(handler, verdict, now_ns));
        match self.state {
            State::Proposed | State::Accepted => {
                if let Some(policy) = against {
                    self.change(now_ns, State::Dismissed, Who::Policy, policy.reason.clone());
                    self.until_ns = policy.until_ns;
                }
            }
            State::Dismissed if self.is_dismissed_by_policy() && against.is_none() => {
                let reason = "no policy is against it any more".to_owned();
                self.change(now_ns, State::Proposed, Who::Policy, reason);
            }
            State::Dismissed if self.is_dismissed_by_policy() => {}
            State::Dismissed | State::Snoozed if self.until_ns.is_some_and(|until| until <= now_ns) => {
                let until = self.until_ns.map(rfc3339).unwrap_or_default();
                let reason = format!("it was {} until {until}", self.state.as_str());
                self.change(now_ns, State::Proposed, Who::Advisor, reason);
            }
            _ => {}
        }
    }

    /// It is judged so again after it had expired.
    pub(super) fn come_back(&mut self, promise: Promise, now_ns: u64, reason: String) {
        if self.state == State::Expired {
            self.change(now_ns, State::Proposed, Who::Advisor, reason);
            self.promise = promise;
            self.proposed_ns = now_ns;
        }
    }

    /// Its reason is gone: another verdict stands now.
    pub(super) fn lose_reason(&mut self, reason: &str, now_ns: u64) {
        let is_over = self.state == State::Snoozed && self.until_ns.is_some_and(|until| until <= now_ns);
        if self.state.is_open() || is_over {
            self.change(now_ns, State::Expired, Who::Advisor, reason.to_owned());
        }
    }

    /// Its Handler has not been called for a fortnight.
    pub(super) fn lose_handler(&mut self, seen_ns: u64, now_ns: u64) {
        if self.state.is_open() && now_ns.saturating_sub(seen_ns) >= GONE_NS {
            let reason = format!("it has not been called since {}", rfc3339(seen_ns));
            self.change(now_ns, State::Expired, Who::Advisor, reason);
        }
    }
}

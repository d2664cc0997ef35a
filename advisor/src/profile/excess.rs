//! What a fact about a sequence shows beyond its base rate: coincidence is not consequence.

use super::{Profile, Share};
use crate::evidence::{BaseRate, Fact};
use crate::stats::{Estimate, Interval, as_f64};
use crate::words::NeedCode;

/// A share beyond its base rate.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Excess {
    /// The difference, never below zero: what a rule may count. Where no control window is known, the observed share, with
    /// an interval in which everything may be coincidence.
    pub(crate) share: Share,
    /// What was observed.
    pub(crate) seen: Share,
    /// The base rate; `None` where no control window is known.
    pub(crate) base: Option<Share>,
    /// The lower end of the difference if all that a slow client may have done is counted as well.
    if_slow: Option<f64>,
}

impl Excess {
    /// That much of so many.
    pub(crate) fn times(self, all: f64) -> Estimate {
        self.share.times(all)
    }

    /// The part of what was observed that is no coincidence, from 0 to 1.
    pub(crate) fn part(self) -> f64 {
        (self.share.observed / self.seen.observed.max(f64::EPSILON)).clamp(0.0, 1.0)
    }

    /// What is missing to decide whether the threshold is reached, where one reading of what was seen reaches it and another
    /// one does not; `None` where it is decided.
    pub(crate) fn lacks(self, threshold: f64, min_samples: u64) -> Option<NeedCode> {
        if self.seen.samples < min_samples || self.share.interval.low >= threshold {
            return None;
        }
        if self.seen.interval.low >= threshold && self.share.observed >= threshold {
            return Some(NeedCode::BaseRate);
        }
        self.if_slow.is_some_and(|low| low >= threshold).then_some(NeedCode::ClientRhythm)
    }

    /// Words for a base rate that is worth mentioning: ` (66 % in the same time before one as well, so only 12 % count)`.
    pub(crate) fn beside(self, before: &str) -> String {
        /// Less is no matter.
        const NOTABLE: f64 = 0.02;
        match self.base {
            Some(base) if base.observed >= NOTABLE => format!(
                " ({:.0} % in {before} as well, so only {:.0} % count)",
                base.observed * 100.0,
                self.share.observed * 100.0
            ),
            _ => String::new(),
        }
    }
}

impl Profile<'_> {
    /// What a fact about a sequence shows beyond its base rate; `None` for facts without one, and where the whole was never
    /// observed. Sequences are read only where every trace is recorded, so that no weight is needed.
    pub(crate) fn excess(&self, fact: Fact) -> Option<Excess> {
        let BaseRate { whole, windows, parts, hits, doubt } = fact.base_rate()?;
        let seen = self.share(fact, whole)?;
        let counts = |hits: u64, trials: Fact| (as_f64(hits), as_f64(self.observed(trials)));
        let in_parts = |(hits, windows): (f64, f64), parts: u32| (hits, windows / f64::from(parts));
        let base = in_parts(counts(self.observed(hits), windows), parts);
        let share = beyond(counts(self.observed(fact), whole), base, seen.samples);
        let if_slow = doubt.filter(|doubt| self.observed(doubt.perhaps) > 0).map(|doubt| {
            let all = self.observed(fact).saturating_add(self.observed(doubt.perhaps));
            let base = in_parts(counts(self.observed(doubt.hits), doubt.windows), parts);
            beyond(counts(all, whole), base, seen.samples).interval.low
        });
        let base = (base.1 > 0.0)
            .then(|| Share::of(base.0 / base.1, base.1, self.observed(windows) / u64::from(parts)));
        Some(Excess { share, seen, base, if_slow })
    }
}

/// The difference of two shares, each given as hits and trials, as far as it is above zero.
fn beyond(seen: (f64, f64), base: (f64, f64), samples: u64) -> Share {
    let ratio = |(hits, trials): (f64, f64)| if trials > 0.0 { (hits / trials).min(1.0) } else { 0.0 };
    let difference = Interval::difference(seen, base);
    let interval = Interval { low: difference.low.clamp(0.0, 1.0), high: difference.high.clamp(0.0, 1.0) };
    Share { observed: (ratio(seen) - ratio(base)).clamp(0.0, 1.0), interval, samples }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn excess(seen: (f64, f64), base: (f64, f64), if_slow: Option<f64>) -> Excess {
        let share =
            |(hits, trials): (f64, f64)| Share::of(hits / trials, trials, crate::stats::whole_number(trials));
        Excess {
            share: beyond(seen, base, crate::stats::whole_number(seen.1)),
            seen: share(seen),
            base: (base.1 > 0.0).then(|| share(base)),
            if_slow,
        }
    }

    #[test]
    fn what_is_decided_lacks_nothing_and_what_is_not_says_what() {
        for (what, excess, lacks) in [
            ("far above", excess((580.0, 600.0), (3.0, 600.0), None), None),
            ("a page that refreshes itself", excess((450.0, 600.0), (440.0, 600.0), None), None),
            ("no control window", excess((580.0, 600.0), (0.0, 0.0), None), Some(NeedCode::BaseRate)),
            ("three of them", excess((580.0, 600.0), (0.0, 3.0), None), Some(NeedCode::BaseRate)),
            ("rare anyway", excess((60.0, 600.0), (0.0, 0.0), None), None),
            ("slow, perhaps", excess((60.0, 600.0), (3.0, 600.0), Some(0.8)), Some(NeedCode::ClientRhythm)),
            ("few", excess((9.0, 10.0), (0.0, 0.0), None), None),
        ] {
            assert_eq!(excess.lacks(0.5, 30), lacks, "{what}: {excess:?}");
        }
    }

    #[test]
    fn a_part_of_what_was_seen_counts() {
        let excess = excess((450.0, 600.0), (150.0, 600.0), None);
        assert!((excess.share.observed - 0.5).abs() < 1e-9 && (excess.part() - 2.0 / 3.0).abs() < 1e-9);
        assert!(excess.beside("x").contains("25 %"), "{}", excess.beside("x"));
    }
}

//! What a rule says: a measured statement, and the words for its numbers. What follows from it is decided in `verdict`.

use super::Knobs;
use crate::gain::Gain;
use crate::profile::{Excess, Profile, Share};
use crate::stats::{Interval, as_f64};
use crate::words::NeedCode;

/// What a rule found.
#[derive(Clone, PartialEq, Debug)]
pub enum Finding {
    /// Nothing that bears on this Handler.
    Silent,
    /// Telemetry lacks what the rule needs to see.
    Absent(&'static str),
    /// Only some traces are recorded: what the rule looks for lies between two of them.
    Sampled,
    /// What was seen can be read in two ways, and something that is no attribute is missing to decide: its code.
    Lacking(NeedCode),
    /// It looked, and its threshold is not reached.
    Below(Statement),
    /// It speaks.
    Holds(Statement),
}

/// A measured statement.
#[derive(Clone, PartialEq, Debug)]
pub struct Statement {
    /// The observed value, in the unit of the threshold.
    pub observed: f64,
    /// Its 95 % interval.
    pub interval: Interval,
    /// Observations behind it.
    pub samples: u64,
    /// One sentence with the measured numbers.
    pub text: String,
    /// What would have to be seen for the opposite.
    pub flips_if: String,
    /// Traces that show it.
    pub exemplars: Vec<String>,
    /// What acting on it gains.
    pub gain: Gain,
}

impl Finding {
    /// The same for a rule that has nothing to say below its threshold.
    pub(super) fn or_silent(self) -> Self {
        if matches!(self, Self::Below(_) | Self::Lacking(_)) { Self::Silent } else { self }
    }
}

impl Statement {
    /// A statement about a share. `what` completes "... of N": "mutations were followed by a refresh".
    pub(super) fn of_share(share: Share, text: String, flips_if: String) -> Self {
        Self {
            observed: share.observed,
            interval: share.interval,
            samples: share.samples,
            text,
            flips_if,
            exemplars: Vec::new(),
            gain: Gain::default(),
        }
    }

    /// A statement about a number of observations, each of which is certain.
    pub(super) fn of_count(count: u64, text: String, flips_if: String) -> Self {
        let observed = as_f64(count);
        let interval = Interval { low: observed, high: observed };
        let (exemplars, gain) = (Vec::new(), Gain::default());
        Self { observed, interval, samples: count, text, flips_if, exemplars, gain }
    }

    /// Says that it counts all that is retained, while reports speak of their window.
    pub(super) fn over_all_retained(mut self, profile: &Profile) -> Self {
        let days = u64::from(profile.days_retained());
        self.text = format!("{} (in {} of retained data)", self.text, counted(days, "day"));
        self
    }

    pub(super) fn with(mut self, exemplars: Vec<String>) -> Self {
        self.exemplars = exemplars;
        self
    }

    pub(super) fn gaining(mut self, gain: Gain) -> Self {
        self.gain = gain;
        self
    }

    /// Holds when the lower end of the interval reaches the threshold and the sample is large enough.
    pub(super) fn judged_by_low(self, knobs: &Knobs<'_>) -> Finding {
        if self.samples >= knobs.min_samples && self.interval.low >= knobs.threshold {
            Finding::Holds(self)
        } else {
            Finding::Below(self)
        }
    }

    /// Holds when the lower end of what exceeds the base rate reaches the threshold and the sample is large enough; abstains
    /// where that depends on what is not known.
    pub(super) fn judged_by_excess(self, excess: Excess, knobs: &Knobs<'_>) -> Finding {
        match excess.lacks(knobs.threshold, knobs.min_samples) {
            Some(code) => Finding::Lacking(code),
            None => self.judged_by_low(knobs),
        }
    }

    /// A statement about a quantity in the unit of its threshold, from so many observations.
    pub(super) fn of_quantity(observed: f64, samples: u64, text: String, flips_if: String) -> Self {
        let interval = Interval { low: observed, high: observed };
        Self { observed, interval, ..Self::of_count(samples, text, flips_if) }
    }

    /// Holds when the observed value reaches the threshold and the sample is large enough. Below it says nothing.
    pub(super) fn judged_by_observed(self, knobs: &Knobs<'_>) -> Finding {
        let holds = self.observed >= knobs.threshold && self.samples >= knobs.min_samples;
        if holds { Finding::Holds(self) } else { Finding::Silent }
    }

    /// Holds when the count reaches the number of samples that the rule needs.
    pub(super) fn judged_by_count(self, knobs: &Knobs<'_>) -> Finding {
        match self.samples {
            0 => Finding::Silent,
            samples if samples >= knobs.min_samples => Finding::Holds(self),
            _ => Finding::Below(self),
        }
    }
}

/// A share as people read it: `97 %`, `0.4 %`.
pub(super) fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent > 0.0 && percent < 1.0 { format!("{percent:.1} %") } else { format!("{percent:.0} %") }
}

/// A part of something as people say it: `all calls`, `94 % of calls`; next to all is not all.
pub(super) fn part_of(share: f64, what: &str) -> String {
    match share {
        1.0.. => format!("all {what}"),
        0.99.. => format!("over 99 % of {what}"),
        _ => format!("{} of {what}", percent(share)),
    }
}

/// A number to a tenth, as people write it: `1`, `2.5`.
pub(super) fn tenths(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

/// A noun with its number: `1 call`, `12 calls`.
pub(crate) fn counted(count: u64, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// Names as a list: `a`, `a and b`, `a, b and 3 more`.
pub(super) fn named(names: &[String]) -> String {
    match names {
        [] => "unnamed".to_owned(),
        [one] => one.clone(),
        [one, two] => format!("{one} and {two}"),
        [one, two, rest @ ..] => format!("{one}, {two} and {} more", rest.len()),
    }
}

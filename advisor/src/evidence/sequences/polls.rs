//! Polls: one client calling one Handler at regular intervals (docs/rules/action-poll.md, docs/rules/frequent-poll.md).

use std::collections::{BTreeSet, HashMap};

use pointsman_store::{Fingerprint, Form};

use super::super::pass::{Known, Pass};
use super::super::timeline::{Timeline, is_action_fetch, is_own_mutation};
use super::super::{Fact, InteractionKind, Measure};
use super::{MILLI, SECOND, interaction};
use crate::stats::as_f64;

/// Calls that make a poll.
const CALLS: usize = 5;
/// Largest coefficient of variation of the intervals.
const REGULAR: f64 = 0.3;
/// Shorter intervals are bursts or typing, longer ones visits, ns.
const INTERVALS: std::ops::RangeInclusive<u64> = 300 * MILLI..=300 * SECOND;
/// An interval that differs from the mean so far by more than this factor ends the series.
const BREAK: f64 = 2.0;
/// Calls kept of a poll as an example.
const SHOWN: usize = 6;

/// Counts the polls of the timeline.
pub(super) fn count(pass: &mut Pass, line: &Timeline<'_>) {
    let mut by_target: HashMap<(Fingerprint, Option<&String>), Vec<Known<'_>>, foldhash::fast::FixedState> =
        HashMap::default();
    for known in &line.calls {
        let read = known.call.method == "GET"
            && known.call.form == Form::Plain
            && known.call.handler.kind.is_route();
        if read || is_action_fetch(known.call) || is_own_mutation(known.call) {
            by_target.entry((known.handler, known.call.path.as_ref())).or_default().push(*known);
        }
    }
    for calls in by_target.values() {
        for series in split(calls) {
            let Some(rhythm) = Rhythm::of(series).filter(|rhythm| rhythm.is_poll(series)) else { continue };
            if series.windows(2).all(|pair| rhythm.outweighs(line.slack(pair[0].call, pair[1].call))) {
                record(pass, series, rhythm);
            } else {
                abstain(pass, series);
            }
        }
    }
}

/// Cuts the Calls of one target where the rhythm breaks.
fn split<'s, 'a>(calls: &'s [Known<'a>]) -> Vec<&'s [Known<'a>]> {
    let mut series = Vec::new();
    let mut begin = 0;
    for index in 1..calls.len() {
        let interval = seconds(&calls[index - 1..=index]);
        let so_far = index - 1 - begin;
        let mean = if so_far == 0 { interval } else { seconds(&calls[begin..index]) / as_f64(so_far as u64) };
        if interval > mean * BREAK || interval < mean / BREAK {
            series.push(&calls[begin..index]);
            // The interval that broke the rhythm may begin the next series.
            begin = if so_far <= 1 { index - 1 } else { index };
        }
    }
    series.push(&calls[begin..]);
    series
}

/// From the first to the last start, s.
fn seconds(calls: &[Known<'_>]) -> f64 {
    let span =
        calls.last().zip(calls.first()).map_or(0, |(last, first)| last.call.start_ns - first.call.start_ns);
    std::time::Duration::from_nanos(span).as_secs_f64()
}

/// The intervals of a series.
#[derive(Clone, Copy)]
struct Rhythm {
    /// Their mean, s.
    mean: f64,
    /// Their standard deviation as a share of the mean.
    variation: f64,
}

impl Rhythm {
    /// That of enough Calls.
    fn of(series: &[Known<'_>]) -> Option<Self> {
        if series.len() < CALLS {
            return None;
        }
        let intervals: Vec<f64> = series.windows(2).map(seconds).collect();
        let count = as_f64(intervals.len() as u64);
        let mean = intervals.iter().sum::<f64>() / count;
        let variance = intervals.iter().map(|i| (i - mean).powi(2)).sum::<f64>() / count;
        Some(Self { mean, variation: variance.sqrt() / mean })
    }

    fn is_poll(self, series: &[Known<'_>]) -> bool {
        let lengths = INTERVALS.start() / MILLI..=INTERVALS.end() / MILLI;
        let ms = self.mean * 1_000.0;
        let in_range = ms >= as_f64(*lengths.start()) && ms <= as_f64(*lengths.end());
        // In quick succession, ever changing arguments are somebody typing, not a poll.
        let keys: BTreeSet<u64> = series.iter().filter_map(|known| known.call.request_key).collect();
        let typing = self.mean < 1.0 && keys.len() == series.len();
        in_range && self.variation < REGULAR && !typing
    }

    /// Whether clocks that differ by this (ns) cannot make or break the regularity.
    fn outweighs(self, slack: i64) -> bool {
        /// Share of an interval by which clocks may blur it.
        const BLUR: f64 = 0.1;
        std::time::Duration::from_nanos(slack.unsigned_abs()).as_secs_f64() <= self.mean * BLUR
    }
}

fn abstain(pass: &mut Pass, series: &[Known<'_>]) {
    for known in series {
        if let Some(mut about) = pass.about(*known) {
            about.exemplify(Fact::UnorderedPairs);
        }
    }
}

fn record(pass: &mut Pass, series: &[Known<'_>], rhythm: Rhythm) {
    for (index, known) in series.iter().enumerate() {
        let Some(mut about) = pass.about(*known) else { continue };
        about.exemplify(Fact::Polled);
        if index > 0 {
            let interval = known.call.start_ns - series[index - 1].call.start_ns;
            about.measure(Measure::PollInterval, interval / 1_000);
            continue;
        }
        about.count(Fact::Polls);
        about.measure(Measure::PollVariation, thousandths(rhythm.variation));
        if let Some(rollup) = pass.of(*known) {
            let shown = &series[..series.len().min(SHOWN)];
            rollup.keep(interaction(InteractionKind::Poll, shown, 0));
        }
    }
}

/// A share from 0 to 1 in thousandths.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the share of a poll is below 0.3"
)]
fn thousandths(share: f64) -> u64 {
    (share.clamp(0.0, 1.0) * 1_000.0).round() as u64
}

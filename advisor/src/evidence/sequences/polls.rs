//! Polls: one client calling one Handler at regular intervals (rules.md, action-poll and frequent-poll).

use std::collections::{BTreeMap, BTreeSet};

use pointsman_store::{Fingerprint, Form};

use super::super::timeline::{Timeline, is_action_fetch};
use super::super::{Fact, InteractionKind, Known, Measure, Pass};
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
    let mut by_target: BTreeMap<(Fingerprint, Option<&String>), Vec<Known<'_>>> = BTreeMap::new();
    for known in &line.calls {
        let read = known.call.method == "GET"
            && known.call.form == Form::Plain
            && known.call.handler.kind.is_route();
        if read || is_action_fetch(known.call) {
            by_target.entry((known.handler, known.call.path.as_ref())).or_default().push(*known);
        }
    }
    for calls in by_target.values() {
        for series in split(calls) {
            if is_poll(series) {
                record(pass, series);
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

fn is_poll(series: &[Known<'_>]) -> bool {
    if series.len() < CALLS {
        return false;
    }
    let intervals: Vec<f64> = series.windows(2).map(seconds).collect();
    let mean = intervals.iter().sum::<f64>() / as_f64(intervals.len() as u64);
    let variance = intervals.iter().map(|i| (i - mean).powi(2)).sum::<f64>() / as_f64(intervals.len() as u64);
    let lengths = INTERVALS.start() / MILLI..=INTERVALS.end() / MILLI;
    let in_range = mean * 1_000.0 >= as_f64(*lengths.start()) && mean * 1_000.0 <= as_f64(*lengths.end());
    // In quick succession, ever changing arguments are somebody typing, not a poll.
    let keys: BTreeSet<u64> = series.iter().filter_map(|known| known.call.request_key).collect();
    let typing = mean < 1.0 && keys.len() == series.len();
    in_range && variance.sqrt() / mean < REGULAR && !typing
}

fn record(pass: &mut Pass, series: &[Known<'_>]) {
    for (index, known) in series.iter().enumerate() {
        let Some(rollup) = pass.of(*known) else { continue };
        rollup.exemplify(Fact::Polled, known.call);
        if index == 0 {
            rollup.count(Fact::Polls, known.call);
            let shown = &series[..series.len().min(SHOWN)];
            rollup.keep(interaction(InteractionKind::Poll, shown, 0));
        } else {
            let interval = known.call.start_ns - series[index - 1].call.start_ns;
            rollup.measure(Measure::PollInterval, known.call, interval / 1_000);
        }
    }
}

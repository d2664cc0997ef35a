//! Retries: the same request of the same client again after it had failed. What Next.js' client repeats by itself once it is
//! online again (`experimental.useOffline`) is none: it has asked by HEAD in between. That the client had sent the same just before
//! as well, although nothing had failed, is the base rate: a poll goes on after a failure too.

use std::collections::HashMap;

use pointsman_store::{Call, Fingerprint, Form, Sign};

use super::super::Fact;
use super::super::pass::{Known, Pass};
use super::super::timeline::{Certainty, Timeline};
use super::{SECOND, gap};

/// A retry comes at most this long after the failure has ended, ns.
const LATEST: i64 = 60 * SECOND.cast_signed();

/// Counts the retries on the timeline.
pub(super) fn count(pass: &mut Pass, line: &Timeline<'_>) {
    let mut last: HashMap<(Fingerprint, u64), Known<'_>, foldhash::fast::FixedState> = HashMap::default();
    let mut last_probe_ns = 0;
    for known in &line.calls {
        match known.call.form {
            Form::Probe => last_probe_ns = known.call.start_ns,
            Form::Prefetch | Form::Speculation => {}
            _ => count_one(pass, line, (&mut last, last_probe_ns), *known),
        }
    }
}

/// Counts a Call that repeats one that failed; `last` are the client's last requests, with when it last asked whether it is
/// online.
fn count_one<'a>(
    pass: &mut Pass,
    line: &Timeline<'_>,
    (last, last_probe_ns): (&mut HashMap<(Fingerprint, u64), Known<'a>, foldhash::fast::FixedState>, u64),
    known: Known<'a>,
) {
    let Some(key) = known.call.request_key else { return };
    let before = last.insert((known.handler, key), known);
    let again = before.map_or(Certainty::Fails, |before| {
        line.within((before.call, known.call), gap(before.call, known.call), 0, LATEST)
    });
    let after_failure = before.is_some_and(|before| has_failed(before.call));
    let by_next =
        before.is_some_and(|before| (before.call.start_ns..known.call.start_ns).contains(&last_probe_ns));
    let Some(mut about) = pass.about(known) else { return };
    match again {
        Certainty::Holds if after_failure && !by_next => about.exemplify(Fact::Retries),
        Certainty::Unclear if after_failure && !by_next => about.exemplify(Fact::UnorderedPairs),
        _ => {}
    }
    if has_failed(known.call) {
        about.count(Fact::Retryable);
        if again == Certainty::Holds && !after_failure {
            about.count(Fact::ControlRetries);
        }
    }
}

/// Whether trying again may help: an error of the server, too many requests, no answer.
fn has_failed(call: &Call) -> bool {
    call.has(Sign::ClientGone) || matches!(call.status, Some(429 | 500..))
}

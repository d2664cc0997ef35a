//! Retries: the same request of the same client again after it had failed.

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
    for known in line.calls.iter().filter(|known| known.call.form != Form::Prefetch) {
        let Some(key) = known.call.request_key else { continue };
        let Some(before) = last.insert((known.handler, key), *known) else { continue };
        if !has_failed(before.call) {
            continue;
        }
        let (first, second) = (before.call, known.call);
        let Some(mut about) = pass.about(*known) else { continue };
        match line.within((first, second), gap(first, second), 0, LATEST) {
            Certainty::Holds => about.exemplify(Fact::Retries),
            Certainty::Unclear => about.exemplify(Fact::UnorderedPairs),
            Certainty::Fails => {}
        }
    }
}

/// Whether trying again may help: an error of the server, too many requests, no answer.
fn has_failed(call: &Call) -> bool {
    call.has(Sign::ClientGone) || matches!(call.status, Some(429 | 500..))
}

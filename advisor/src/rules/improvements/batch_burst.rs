//! **batch-burst**: one client calls the same handler many times in a row, with other arguments each time.
//!
//! Seen: serial bursts with four or more calls of this action; or four or more calls of this route within a second, faster than
//! anybody types.
//! Why: actions run one after the other; routes run together, but each is a request with an invocation of its own. One call
//! with a list takes one of them. All versions.
//! Source: next `app-router-instance.js` (queue); inbox-zero#2582; [measured] see action-serial-queue.
//! Guard: the same request again is a duplicate or a retry; keystrokes are action-typeahead's, and a loop that never ends is
//! action-refresh-loop's. Parts of a file are sent one by one on purpose: together they would be over the limit of a body. What takes seconds gains nothing by fewer round trips: a call with a list would take as long as all of
//! them. GETs whose answers are the same for everybody are left to caches, which know a URL and no list; what is no JSON (pictures,
//! tiles, files) is no row of a list.
//! Example: `Promise.all(items.map(item => removeItem(item.id)))`.

use super::super::{Finding, Knobs, Rule, Statement, counted, is_action, is_route, tenths};
use super::improvement;
use crate::evidence::{Dimension, Fact, Measure};
use crate::gain::Gain;
use crate::profile::Profile;
use crate::stats::as_f64;

/// Of calls that take longer than this at the median, µs, round trips are no matter. [judgement]
const LONG: f64 = 1_000_000.0;

pub(in super::super) static RULE: Rule = improvement(
    "batch-burst",
    "send the calls of one burst as one",
    0.0,
    20,
    |profile| is_action(profile) || is_route(profile),
    look,
);

fn look(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    if !profile.shows_sequences() {
        return Finding::Silent;
    }
    // Keystrokes are no loop: action-typeahead tells them.
    let in_batches = profile.observed(Fact::InOwnBatch);
    if profile.observed(Fact::Typed) * 2 > in_batches
        || profile.observed(Fact::InRefreshLoop) * 2 > in_batches
    {
        return Finding::Silent;
    }
    if profile.quantile(Measure::Duration, 0.5).is_some_and(|us| us > LONG) {
        return Finding::Silent;
    }
    // Tiles of a map: each is a URL that any cache between may answer, and a list is not.
    let of_caches = profile.handler.method == "GET" && profile.answers_are_equal();
    if of_caches || is_no_data(profile) {
        return Finding::Silent;
    }
    let batches = profile.observed(Fact::Batches);
    let calls = as_f64(profile.observed(Fact::InOwnBatch)) / as_f64(batches.max(1));
    let bytes = profile.quantile(Measure::RequestBytes, 0.5).unwrap_or_default();
    if bytes * calls > as_f64(profile.body_limit) {
        return Finding::Silent;
    }
    let saved = (calls - 1.0).max(0.0);
    let serial = is_action(profile);
    let text = format!(
        "{} of {} calls on average {}: send one call with a list",
        counted(batches, "burst"),
        tenths(calls),
        if serial { "ran one after the other" } else { "came within a second" }
    );
    let ms = saved * profile.quantile(Measure::Duration, 0.5).unwrap_or_default() / 1_000.0;
    let gain = Gain {
        per_day: profile.estimate_per_day(Fact::Batches),
        round_trips: if serial { saved } else { 0.0 },
        requests: saved,
        queue_ms: if serial { profile.queue_ms(ms) } else { 0.0 },
        ..Gain::default()
    };
    let statement = Statement::of_count(batches, text, "no bursts of four or more".to_owned());
    statement.with(profile.exemplars(Fact::InOwnBatch)).gaining(gain).judged_by_count(knobs)
}

/// Whether a route mostly answers something else than JSON: pictures, tiles and files are no rows of a list.
fn is_no_data(profile: &Profile) -> bool {
    let types = profile.values(Dimension::MediaType);
    let all: f64 = types.iter().map(|(_, calls)| calls).sum();
    let json: f64 = types.iter().filter(|(name, _)| name.contains("json")).map(|(_, calls)| calls).sum();
    is_route(profile) && all > 0.0 && json * 2.0 < all
}

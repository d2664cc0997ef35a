//! **stream-or-binary**: it answers events, media, archives, CSV or an attachment, or goes on long after its first
//! byte.
//!
//! Why: an action called by JavaScript must answer `text/x-component`; raw streams and downloads are documented for
//! Route Handlers. All versions.
//! Source: next `server-action-reducer.js` (content type); docs, Streaming "Route Handlers".
//! Guard: React can stream promises, so a long answer of small JSON is only a signal; it takes a share of calls.
//! Example: `GET /api/assistant` (`text/event-stream`), `GET /api/export` (`text/csv`).

use super::super::{Finding, Knobs, Rule, Statement, counted, named, percent};
use super::blocker;
use crate::evidence::{Dimension, Fact};
use crate::profile::Profile;

/// Share of calls that go on for over 2 s after their first byte.
const LONG_TAIL: f64 = 0.2;

pub(in super::super) static RULE: Rule =
    Rule { threshold: LONG_TAIL, ..blocker("stream-or-binary", 1, look) };

fn look(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    let flips = || "only small answers of one piece in all that is retained".to_owned();
    let calls = profile.ever(Fact::StreamOrBinary);
    if calls > 0 {
        let types = named(&profile.values_ever(Dimension::MediaType));
        let text =
            format!("{} streamed or sent a file ({types}): an action cannot", counted(calls, "answer"));
        let statement = Statement::of_count(calls, text, flips());
        return statement.with(profile.exemplars(Fact::StreamOrBinary)).judged_by_count(knobs);
    }
    let Some(share) = profile.share(Fact::LongTail, Fact::FirstByteKnown) else { return Finding::Silent };
    if share.observed == 0.0 {
        return Finding::Silent;
    }
    let text =
        format!("{} of answers go on for over 2 s after their first byte: a stream", percent(share.observed));
    Statement::of_share(share, text, flips()).with(profile.exemplars(Fact::LongTail)).judged_by_low(knobs)
}

//! **stream-or-binary**: it answers events, media, archives, CSV or an attachment, goes on long after its first byte, or
//! writes its answer in pieces while it is made.
//!
//! Why: an action called by JavaScript must answer `text/x-component`; raw streams and downloads are documented for
//! Route Handlers. All versions.
//! Source: next `server-action-reducer.js` (content type); docs, Streaming "Route Handlers".
//! Of an action: its answers go on for over 2 s after their first byte, in one of five, in small pieces where writes are counted, and are not a re-rendered page. Then it is a reason for a route: a stream in an action cannot be stopped, and holds the user's queue.
//! Where nothing says when an answer began (a handler under `pages/api` without the npm package's own count), plain text that
//! takes over 2 s counts as a stream: text is streamed so, and keeping a route costs nothing.
//! Guard: React can stream promises, so a long answer of small JSON is only a signal; it takes a share of calls.
//! Example: `GET /api/assistant` (`text/event-stream`), `GET /api/export` (`text/csv`); of an action the chat of
//! vercel/ai#1122.

use super::super::{
    Effect, Finding, Knobs, Pattern, Rule, Statement, counted, is_action, named, part_of, percent,
};
use super::blocker;
use crate::evidence::{Dimension, Fact, Measure};
use crate::gain::Gain;
use crate::profile::Profile;

/// Share of calls that go on for over 2 s after their first byte.
const LONG_TAIL: f64 = 0.2;

pub(in super::super) static RULE: Rule =
    Rule { threshold: LONG_TAIL, ..blocker("stream-or-binary", "stream or send files", 1, look) };

/// What shows that answers are streams whatever their media type, among which answers, in words.
const STREAMS: [(Fact, Fact, &str); 3] = [
    (Fact::LongTail, Fact::FirstByteKnown, "go on for over 2 s after their first byte"),
    (Fact::WrittenInPieces, Fact::WritesKnown, "are written in small pieces while they are made"),
    (
        Fact::SlowText,
        Fact::TextOfUnknownStart,
        "are plain text that takes over 2 s, and the time of the first byte is unknown",
    ),
];

/// A stream in an action belongs in a route.
pub(in super::super) static OF_ACTION: Rule = Rule {
    words: "",
    effect: Effect::ForRoute,
    weight: 0.9,
    threshold: LONG_TAIL,
    min_samples: 30,
    pattern: Pattern::Stream,
    applies: is_action,
    look: look_at_action,
    ..blocker("stream-or-binary", "stream or send files", 1, look)
};

/// Share of calls that may render the page anew: slow parts of a page are streamed too.
const PAGES: f64 = 0.05;

fn look_at_action(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    let pages = profile.share(Fact::Rerendered, Fact::Calls).is_some_and(|share| share.observed > PAGES);
    let Some(share) = profile.share(Fact::LongTail, Fact::FirstByteKnown).filter(|_| !pages) else {
        return Finding::Silent;
    };
    // A large answer goes on as well, to a slow client; where writes are counted, a stream shows as many small ones.
    let pieces = profile.share(Fact::WrittenInPieces, Fact::WritesKnown);
    if pieces.is_some_and(|pieces| pieces.interval.low < knobs.threshold) {
        return Finding::Silent;
    }
    let text = format!(
        "{} go on for over 2 s after their first byte: as a stream from a route, the user could stop it, and other \
         actions would not wait",
        part_of(share.observed, "answers")
    );
    let per_day = profile.estimate_per_day(Fact::LongTail);
    let held = profile.quantile(Measure::Duration, 0.5).unwrap_or_default() / 1_000.0;
    let gain = Gain { per_day, queue_ms: profile.queue_ms(held), ..Gain::default() };
    let flips = format!("under {} of answers go on for so long", percent(knobs.threshold));
    let statement =
        Statement::of_share(share, text, flips).with(profile.exemplars(Fact::LongTail)).gaining(gain);
    statement.judged_by_low(knobs).or_silent()
}

fn look(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    let flips = || "only small answers of one piece in the retained data".to_owned();
    let calls = profile.ever(Fact::StreamOrBinary);
    if calls > 0 {
        let types = named(&profile.values_ever(Dimension::MediaType));
        let text =
            format!("{} streamed or sent a file ({types}): an action cannot", counted(calls, "answer"));
        let statement = Statement::of_count(calls, text, flips());
        return statement
            .with(profile.exemplars(Fact::StreamOrBinary))
            .over_all_retained(profile)
            .judged_by_count(knobs);
    }
    let signs =
        STREAMS.iter().filter_map(|(fact, whole, what)| Some((*fact, profile.share(*fact, *whole)?, what)));
    let clearest = signs.max_by(|(_, a, _), (_, b, _)| a.interval.low.total_cmp(&b.interval.low));
    let Some((fact, share, what)) = clearest.filter(|(_, share, _)| share.observed > 0.0) else {
        return Finding::Silent;
    };
    let text = format!("{} of answers {what}: a stream", percent(share.observed));
    Statement::of_share(share, text, flips()).with(profile.exemplars(fact)).judged_by_low(knobs)
}

//! **duplicate-get**: one client asks for the same thing twice within two seconds.
//!
//! Seen: a read of the app's own pages with the same request and the same answer as one of the same client at most two seconds
//! before, and neither a write of the client nor a newly loaded page between, in one of ten reads or more.
//! Why: two components fetch the same data. SWR and TanStack Query share it; a fetch lifted to the parent does too. All versions.
//! Source: Next.js docs, client-side data fetching.
//! Guard: a fetch after a write is the page's own invalidation; a page that was reloaded has nothing to share; another answer shows that asking again was worth it; so is
//! the next request of a poll. React's StrictMode doubles only in development, which never yields advice.
//! Example: a badge and a list both fetching `/api/notifications`.

use super::super::{Finding, Knobs, Rule, Statement, counted, is_get_route, part_of, percent};
use super::improvement;
use crate::evidence::Fact;
use crate::gain::Gain;
use crate::profile::Profile;

/// Share of calls from which on what comes again is the next one of a poll. [judgement]
const POLLED: f64 = 0.5;

pub(in super::super) static RULE: Rule =
    improvement("duplicate-get", "share the answer instead of asking twice", 0.1, 30, is_get_route, look);

fn look(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    if !profile.shows_sequences() {
        return Finding::Silent;
    }
    // Asking again is what a poll is for.
    let polled = profile.share(Fact::Polled, Fact::Calls).is_some_and(|share| share.observed >= POLLED);
    if polled {
        return Finding::Silent;
    }
    let Some(share) = profile.share(Fact::Duplicates, Fact::ReadsCompared) else { return Finding::Silent };
    let text = format!(
        "{} by the app's pages repeat what the same client got within the last two seconds: share the answer",
        part_of(share.observed, &counted(share.samples, "read"))
    );
    let flips = format!("under {} of reads do", percent(knobs.threshold));
    let gain = Gain { requests: 1.0, per_day: profile.estimate_per_day(Fact::Duplicates), ..Gain::default() };
    Statement::of_share(share, text, flips)
        .with(profile.exemplars(Fact::Duplicates))
        .gaining(gain)
        .judged_by_low(knobs)
}

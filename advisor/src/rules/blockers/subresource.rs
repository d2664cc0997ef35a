//! **subresource**: pages embed it (image, style, script, font, media, frame, worker) or ask for ranges of it.
//!
//! Why: an element's `src` is a GET of a URL; actions are POSTs that answer React's wire format. All versions.
//! Source: Fetch Metadata (`sec-fetch-dest`); next `server-action-reducer.js` (the only way actions are called).
//! Example: `GET /api/avatar/[id]` as the source of an `<img>`.

use super::super::{Finding, Knobs, Rule, Statement, counted};
use super::blocker;
use crate::evidence::Fact;
use crate::profile::Profile;

pub(in super::super) static RULE: Rule = blocker("subresource", "embedded in pages", 2, look);

fn look(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    let calls = profile.ever(Fact::Subresources);
    let text =
        format!("{} embedded it or asked for a range of it, which needs a URL", counted(calls, "request"));
    let flips = "no such request in the retained data".to_owned();
    Statement::of_count(calls, text, flips)
        .with(profile.exemplars(Fact::Subresources))
        .over_all_retained(profile)
        .judged_by_count(knobs)
}

//! **refresh-after-action**: after the action the client asks for the page once more.
//!
//! Seen: an RSC request of the same page after the action's start and at most 1 s after its end, or what a slow client needs;
//! less as many as came in the same time before.
//! Why: when the action renders the page anew the refresh is redundant; when it does not, `refresh()` or
//! `updateTag()` inside the action brings the page in the same response. All versions; `refresh()` from 16 on,
//! `revalidatePath` before.
//! Source: Next.js docs, `server-actions`, `refresh`. Example: `await toggleFavorite(id); router.refresh()`.

use super::super::{Finding, Knobs, Rule, Statement, is_action, percent};
use super::improvement;
use crate::evidence::Fact;
use crate::gain::refresh_inside;
use crate::profile::Profile;

pub(in super::super) static RULE: Rule = improvement("refresh-after-action", 0.5, 30, is_action, look);

fn look(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    if !profile.shows_sequences() {
        return Finding::Silent;
    }
    let Some(excess) = profile.excess(Fact::FollowedByRefresh) else { return Finding::Silent };
    let (share, seen) = (excess.share, excess.seen);
    let rerenders = profile.share(Fact::Rerendered, Fact::Calls).is_some_and(|share| share.observed >= 0.5);
    let remedy = if rerenders {
        "the action's answer already brings the page: drop the refresh"
    } else {
        "call refresh() (revalidatePath before Next.js 16) inside the action instead"
    };
    let text = format!(
        "{} of {} calls were followed by a refresh of the same page{}: {remedy}",
        percent(seen.observed),
        seen.samples,
        excess.beside("the same time before one"),
    );
    let flips = format!("under {} are followed by a refresh", percent(knobs.threshold));
    let gain = refresh_inside(profile);
    let exemplars = profile.exemplars(Fact::FollowedByRefresh);
    Statement::of_share(share, text, flips).with(exemplars).gaining(gain).judged_by_excess(excess, knobs)
}

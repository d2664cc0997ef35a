//! **overwide-revalidation**: the action makes the client prefetch again what it already had.
//!
//! Seen: answers with `x-action-revalidated` other than 2, followed within five seconds by five or more prefetches of what the
//! client had fetched or been shown before, in at least half of them. What a page that comes into view fetches ahead for the
//! first time does not count, and what clients fetched ahead once more in the same time before is taken off.
//! Why: `revalidatePath`, `updateTag` and writing a cookie drop the client's prefetches; `refresh()` re-renders the page and keeps them. `refresh()` exists from Next.js 16 on; before, revalidate as little as possible.
//! Source: next `action-revalidation-kind.js`, `server-action-reducer.js`; [measured] 14 prefetches against none.
//! Guard: where cached data has changed, `updateTag` is right and the prefetches are its price.
//! Example: `toggleFavorite` with `revalidatePath('/', 'layout')` on a page with many links.

use super::super::{Finding, Knobs, Rule, Statement, counted, is_action, part_of, percent, tenths};
use super::improvement;
use crate::evidence::{Fact, PARTS};
use crate::gain::Gain;
use crate::profile::{NextVersion, Profile};

pub(in super::super) static RULE: Rule =
    improvement("overwide-revalidation", "revalidate only what has changed", 0.5, 30, is_action, look);

fn look(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    if !profile.shows_sequences() {
        return Finding::Silent;
    }
    let Some(excess) = profile.excess(Fact::DropsPrefetchesAndRefetches) else { return Finding::Silent };
    let share = excess.share;
    let windows = profile.count(Fact::DropControls) / f64::from(PARTS);
    let each = profile.count(Fact::PrefetchesAfterDrop) / profile.count(Fact::DropsPrefetches).max(1.0)
        - profile.count(Fact::ControlPrefetches) / windows.max(1.0);
    let remedy = match profile.surroundings.next {
        Some(next) if !NextVersion::has_refresh(next) => {
            "revalidate only what has changed; refresh() of Next.js 16 would keep them"
        }
        _ if profile.surroundings.habits.partial_prefetching == Some(true) => {
            "where the data is not cached, refresh() from 'next/cache' updates the page and keeps them; with partialPrefetching \
             what is fetched again are the shells of routes"
        }
        _ => "where the data is not cached, refresh() from 'next/cache' updates the page and keeps them",
    };
    let text = format!(
        "{} made the client drop its prefetches and fetch {} of them again: {remedy}",
        part_of(excess.seen.observed, &counted(excess.seen.samples, "answer")),
        tenths(each)
    );
    let flips = format!("under {} of answers are followed by that many prefetches", percent(knobs.threshold));
    let per_day = profile.estimate_per_day(Fact::DropsPrefetches);
    let gain = Gain { per_day, prefetches: each.max(0.0), ..Gain::default() };
    let exemplars = profile.exemplars(Fact::DropsPrefetchesAndRefetches);
    Statement::of_share(share, text, flips)
        .with(exemplars)
        .gaining(gain)
        .judged_by_excess(excess, knobs)
        .or_silent()
}

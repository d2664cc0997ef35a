//! **overwide-revalidation**: the action makes the client fetch ahead anew what it had already.
//!
//! Seen: answers with `x-action-revalidated` other than 2, followed by five or more prefetches of the client within five
//! seconds, in at least half of them.
//! Why: `revalidatePath`, `updateTag` and writing a cookie drop the client's prefetches; `refresh()` renders the page anew and
//! keeps them. `refresh()` exists from Next.js 16 on; before, revalidate as little as possible.
//! Source: next `action-revalidation-kind.js`, `server-action-reducer.js`; [measured] 14 prefetches against none.
//! Guard: where cached data has changed, `updateTag` is right and the prefetches are its price.
//! Example: `toggleFavorite` with `revalidatePath('/', 'layout')` on a page with many links.

use super::super::{Finding, Knobs, Rule, Statement, is_action, percent};
use super::improvement;
use crate::evidence::Fact;
use crate::gain::Gain;
use crate::profile::{NextVersion, Profile};

pub(in super::super) static RULE: Rule = improvement("overwide-revalidation", 0.5, 30, is_action, look);

fn look(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    if !profile.is_unsampled() {
        return Finding::Silent;
    }
    let drops = profile.share(Fact::DropsPrefetchesAndRefetches, Fact::DropsPrefetches);
    let Some(share) = drops else { return Finding::Silent };
    let each = profile.count(Fact::PrefetchesAfterDrop) / profile.count(Fact::DropsPrefetches).max(1.0);
    let remedy = match profile.surroundings.next {
        Some(next) if !NextVersion::has_refresh(next) => {
            "revalidate only what has changed; refresh() of Next.js 16 would keep them"
        }
        _ => "where the data is not cached, refresh() from 'next/cache' shows the page anew and keeps them",
    };
    let text = format!(
        "{} of {} answers made the client drop its prefetches and fetch {each:.1} of them again: {remedy}",
        percent(share.observed),
        share.samples
    );
    let flips = format!("under {} of answers are followed by so many prefetches", percent(knobs.threshold));
    let per_day = profile.estimate_per_day(Fact::DropsPrefetches);
    let gain = Gain { per_day, prefetches: each, ..Gain::default() };
    let exemplars = profile.exemplars(Fact::DropsPrefetchesAndRefetches);
    Statement::of_share(share, text, flips).with(exemplars).gaining(gain).judged_by_low(knobs).or_silent()
}

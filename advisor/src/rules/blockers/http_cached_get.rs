//! **http-cached-get**: HTTP caches work for it: Next.js' own cache, `cache-control`, or conditional requests.
//!
//! Why: actions are POSTs and force `no-store`; as one, every hit would become a render at the origin. All versions.
//! Source: next `action-handler.js` (cache-control); docs, CDN caching.
//! Guard: behind a CDN the origin sees only misses, so few calls with `s-maxage` do not mean that it is unused.
//! Example: `GET /api/categories` with `cache-control: public, s-maxage=300`.

use super::super::{Finding, Knobs, Rule, Statement, is_get_route, part_of, percent};
use super::blocker;
use crate::evidence::Fact;
use crate::profile::Profile;

pub(in super::super) static RULE: Rule = Rule {
    threshold: 0.05,
    applies: is_get_route,
    ..blocker("http-cached-get", "answered by HTTP caches", 1, look)
};

fn look(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    let signs = [
        (Fact::CacheHits, "were answered from Next.js' cache"),
        (Fact::CacheAllowed, "may be kept by caches"),
        (Fact::Conditional, "were conditional"),
    ];
    let shares =
        signs.iter().filter_map(|(fact, what)| Some((profile.share(*fact, Fact::Calls)?, *fact, what)));
    let Some((share, fact, what)) = shares.max_by(|a, b| a.0.observed.total_cmp(&b.0.observed)) else {
        return Finding::Silent;
    };
    if share.observed == 0.0 {
        return Finding::Silent;
    }
    let text =
        format!("{} {what}: an action is always a POST with no-store", part_of(share.observed, "GETs"));
    let flips = format!("under {} of GETs use a cache", percent(knobs.threshold));
    let statement = Statement::of_share(share, text, flips).with(profile.exemplars(fact));
    if share.observed >= knobs.threshold { Finding::Holds(statement) } else { Finding::Below(statement) }
}

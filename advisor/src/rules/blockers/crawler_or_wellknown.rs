//! **crawler-or-wellknown**: a crawler reads it, or its path is one that machines look for.
//!
//! Why: search engines, feed readers and browsers ask for fixed URLs. All versions.
//! Source: Next.js docs, Backend for Frontend "Content types"; RFC 8615 (`/.well-known/`).
//! Guard: where only probes come, scheduler-or-probe tells it.
//! Example: `GET /feed.xml`, `GET /.well-known/assetlinks.json`.

use pointsman_store::Caller;

use super::super::{Finding, Knobs, Rule, Statement, counted, is_get_route};
use super::blocker;
use super::scheduler_or_probe::is_scheduler_or_probe;
use crate::evidence::{Dimension, Fact};
use crate::profile::Profile;

const PARTS: [&str; 11] = [
    "/.well-known/",
    "sitemap",
    "robots.txt",
    "rss",
    "atom.xml",
    "feed",
    "manifest.json",
    "manifest.webmanifest",
    "llms.txt",
    "opengraph-image",
    "twitter-image",
];

pub(in super::super) static RULE: Rule =
    Rule { applies: is_get_route, ..blocker("crawler-or-wellknown", 1, look) };

fn look(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    let route = profile.handler.route.to_lowercase();
    let flips = "another path, and no crawler in all that is retained".to_owned();
    if PARTS.iter().any(|part| route.contains(part)) {
        let calls = profile.ever(Fact::Calls);
        let text = format!("machines look for {} at this very path", profile.handler.route);
        return Statement::of_count(calls, text, flips).judged_by_count(knobs);
    }
    let agents = profile.values_ever(Dimension::OutsideAgent);
    if agents.iter().all(|agent| is_scheduler_or_probe(agent)) {
        return Finding::Silent;
    }
    let crawled = Fact::succeeded_by(Caller::Bot);
    let calls = profile.ever(crawled);
    let text = format!("{} by crawlers succeeded: they know a URL", counted(calls, "call"));
    Statement::of_count(calls, text, flips).with(profile.exemplars(crawled)).judged_by_count(knobs)
}

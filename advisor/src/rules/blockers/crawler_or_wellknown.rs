//! **crawler-or-wellknown**: a crawler reads it, or its path is one that machines look for.
//!
//! Why: search engines, feed readers and browsers ask for fixed URLs. All versions.
//! Source: Next.js docs, Backend for Frontend "Content types"; RFC 8615 (`/.well-known/`).
//! Guard: where only probes come, scheduler-or-probe finds it.
//! Example: `GET /feed.xml`, `GET /.well-known/assetlinks.json`.

use pointsman_store::Caller;

use super::super::{Finding, Knobs, Rule, Statement, counted, is_get_route};
use super::blocker;
use super::scheduler_or_probe::is_scheduler_or_probe;
use crate::evidence::{Dimension, Fact};
use crate::profile::Profile;

/// Names of files, without their extension, that machines look for wherever they lie ...
const FILES: [&str; 9] =
    ["sitemap", "robots", "rss", "atom", "feed", "manifest", "llms", "opengraph-image", "twitter-image"];
/// ... and those of them that are known without an extension too. A `feed` may be anybody's.
const BARE: [&str; 4] = ["sitemap", "rss", "opengraph-image", "twitter-image"];

pub(in super::super) static RULE: Rule = Rule {
    applies: is_get_route,
    ..blocker("crawler-or-wellknown", "read by crawlers or at a well-known path", 1, look)
};

fn look(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    let route = profile.handler.route.to_lowercase();
    let flips = "another path, and no crawler in the retained data".to_owned();
    if is_well_known(&route) {
        let calls = profile.ever(Fact::Calls);
        let text = format!("machines look for {} at exactly this path", profile.handler.route);
        return Statement::of_count(calls, text, flips).over_all_retained(profile).judged_by_count(knobs);
    }
    let agents = profile.values_ever(Dimension::BotAgent);
    if agents.iter().all(|agent| is_scheduler_or_probe(agent)) {
        return Finding::Silent;
    }
    let crawled = Fact::succeeded_by(Caller::Bot);
    let calls = profile.ever(crawled);
    let text = format!("{} by crawlers succeeded, and crawlers need a URL", counted(calls, "call"));
    Statement::of_count(calls, text, flips)
        .with(profile.exemplars(crawled))
        .over_all_retained(profile)
        .judged_by_count(knobs)
}

/// Whether a path is one that machines look for.
fn is_well_known(route: &str) -> bool {
    let of_name = |segment: &str| match segment.split_once('.') {
        // Large sitemaps are split into numbered files.
        Some((name, _)) => FILES.contains(&name) || name.starts_with("sitemap-"),
        None => BARE.contains(&segment),
    };
    route.starts_with("/.well-known/") || route == "/feed" || route.split('/').any(of_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_machines_look_for_is_well_known() {
        for (route, expected) in [
            ("/sitemap.xml", true),
            ("/blog/sitemap-3.xml", true),
            ("/robots.txt", true),
            ("/feed", true),
            ("/blog/feed.xml", true),
            ("/api/rss", true),
            ("/.well-known/assetlinks.json", true),
            ("/post/[id]/opengraph-image", true),
            ("/api/feedback", false),
            ("/api/feed", false),
            ("/api/manifest", false),
            ("/api/embossing", false),
            ("/api/atoms/[id]", false),
        ] {
            assert_eq!(is_well_known(route), expected, "{route}");
        }
    }
}

//! **scheduler-or-probe**: a cron service, a health probe or an uptime monitor calls it.
//!
//! Why: they are configured with a URL. All versions.
//! Source: [judgement] the user agents of the common services; Next.js docs, `route.js`.
//! Seen: a user agent of such a service, or a path that is named for them (`health`, `ready`, `live`, `cron`) and that no page
//! of the app calls.
//! Guard: polling by the own UI is periodic too; it is a browser and falls under the polling rules.
//! Example: `GET /api/health` from `kube-probe`.

use super::super::{Finding, Knobs, Rule, Statement, named};
use super::blocker;
use crate::evidence::{Dimension, Fact};
use crate::profile::Profile;

/// Beginnings of the user agents, lower case.
const AGENTS: [&str; 10] = [
    "kube-probe",
    "elb-healthchecker",
    "googlehc",
    "uptimerobot",
    "vercel-cron",
    "upstash",
    "pingdom",
    "statuscake",
    "betteruptime",
    "better uptime",
];

/// Segments of paths that are made for them.
const SEGMENTS: [&str; 8] = ["health", "healthz", "ready", "readyz", "live", "livez", "cron", "crons"];

pub(in super::super) static RULE: Rule =
    blocker("scheduler-or-probe", "called by schedulers or probes", 1, look);

fn look(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    let agents = profile.values_ever(Dimension::BotAgent);
    let agents: Vec<String> = agents.into_iter().filter(|agent| is_scheduler_or_probe(agent)).collect();
    if agents.is_empty() {
        return by_path(profile, knobs);
    }
    let calls = profile.ever(Fact::by(pointsman_store::Caller::Bot)).max(1);
    let text = format!("{} calls it on a schedule: schedulers and probes need a URL", named(&agents));
    let flips = "no such caller in the retained data".to_owned();
    let exemplars = profile.exemplars(Fact::succeeded_by(pointsman_store::Caller::Bot));
    Statement::of_count(calls, text, flips).with(exemplars).over_all_retained(profile).judged_by_count(knobs)
}

/// A path that schedulers and probes are given, and that no page of the app calls.
fn by_path(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    let named = profile.handler.route.split('/').any(|segment| SEGMENTS.contains(&segment));
    if !named || profile.ever(Fact::ByOwnUi) > 0 {
        return Finding::Silent;
    }
    let text = format!("{} is a path that schedulers and probes are given", profile.handler.route);
    let flips = "another path, or pages that call it".to_owned();
    Statement::of_count(profile.ever(Fact::Calls), text, flips)
        .over_all_retained(profile)
        .judged_by_count(knobs)
}

/// Whether a user agent is one of those that call on a schedule.
pub(super) fn is_scheduler_or_probe(agent: &str) -> bool {
    let agent = agent.to_lowercase();
    AGENTS.iter().any(|prefix| agent.starts_with(prefix))
}

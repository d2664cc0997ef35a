//! **pages-router-caller**: pages of the Pages Router call it. A route that must stay a route until they move.
//!
//! Seen: at least one in twenty calls from known pages comes from a page that the Pages Router rendered.
//! Why: Server Actions belong to the App Router; the Pages Router's own way for forms is an API route. Move the page to
//! `app/` first. All versions that have both routers.
//! Source: Next.js docs, Pages Router, "Forms"; [read in source] actions are handled by the App Router's renderer only.
//! Guard: pages of which no render was seen do not count.
//! Example: `POST /api/contact`, called by `pages/contact.tsx`.

use super::super::{Finding, Knobs, Rule, Statement, is_mutation_route, part_of};
use super::blocker;
use crate::evidence::Fact;
use crate::profile::{Profile, Share};
use crate::stats::as_f64;

pub(in super::super) static RULE: Rule = Rule {
    threshold: 0.05,
    applies: is_mutation_route,
    ..blocker("pages-router-caller", "called from the Pages Router", 5, look)
};

fn look(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    let Some(observed) = profile.surroundings.from_pages_router else { return Finding::Silent };
    let samples = profile.observed(Fact::PageKnown);
    let share = Share::of(observed, as_f64(samples), samples);
    let text = format!(
        "{} come from pages of the Pages Router, which has no Server Actions: move the page to app/ first",
        part_of(observed, "its calls")
    );
    let flips = "pages of the App Router that call it".to_owned();
    Statement::of_share(share, text, flips).judged_by_observed(knobs)
}

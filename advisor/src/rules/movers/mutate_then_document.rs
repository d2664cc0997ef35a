//! **mutate-then-document**: after the mutation the whole page is loaded again.
//!
//! Seen: a successful mutation of a page's own UI, then a document of that page within 2 s; later for clients
//! that are seen to be slow. Loads that came as often before mutations are taken off.
//! Why: an action answers with result and page at once; a reload also fetches HTML and revalidates assets. All
//! versions. Source: Next.js docs, `server-actions`.
//! Guard: after what begins a session a page loads itself again for all that it knows of its user. The answer to a form that
//! navigates is a page itself. A document that the browser fetches ahead (speculation rules) shows nobody a page. Where no call of the
//! app says `sec-purpose`, documents that name their own page as referer may be such, and then it abstains: a reload names the page from
//! which the browser first came.
//! Example: `fetch('/api/settings', { method: 'PUT' })` and `location.reload()`.

use super::super::{
    Effect, Finding, Knobs, Pattern, Rule, Statement, counted, is_mutation_route, part_of, percent,
};
use super::{in_view, is_about_sessions, unseen_sequences};
use crate::evidence::Fact;
use crate::gain::action_in_place_of_reload;
use crate::profile::Profile;

pub(in super::super) static RULE: Rule = Rule {
    id: "mutate-then-document",
    words: "",
    effect: Effect::ForAction,
    weight: 0.7,
    threshold: 0.5,
    min_samples: 30,
    theme: "what follows the mutation",
    pattern: Pattern::Reload,
    applies: is_mutation_route,
    look,
};

fn look(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    if let Some(absent) = unseen_sequences(profile) {
        return absent;
    }
    if is_about_sessions(profile) {
        return Finding::Silent;
    }
    let Some(excess) = profile.excess(Fact::FollowedByDocument) else { return Finding::Silent };
    let (share, seen) = (excess.share, excess.seen);
    let text = format!(
        "{} were followed by a reload of the whole page{}",
        part_of(seen.observed, &counted(seen.samples, "successful mutation")),
        excess.beside("the same time before one"),
    );
    let flips = format!("under {} of mutations are followed by a load", percent(knobs.threshold));
    let gain = action_in_place_of_reload(profile);
    let exemplars = profile.exemplars(Fact::FollowedByDocument);
    let statement = Statement::of_share(share, text, flips).with(exemplars).gaining(gain);
    in_view(profile, Fact::FollowedByDocument, statement.judged_by_excess(excess, knobs))
}

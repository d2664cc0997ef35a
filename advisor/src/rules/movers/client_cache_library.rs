//! **client-cache-library**: after the mutation the client fetches from the API again, as SWR and TanStack Query do.
//!
//! Why: such clients key their cache on a GET route and refresh it themselves; an action's refreshed page would not
//! reach it. It is a reason against moving the mutation. All versions. Guard: a poll fetches without any mutation, so what came as
//! often before mutations is taken off.
//! Source: Next.js docs, client-side data fetching (SWR, TanStack Query). Example: `mutate('/api/mail')`.

use super::super::{Effect, Finding, Knobs, Pattern, Rule, Statement, is_mutation_route, part_of, percent};
use super::unseen_sequences;
use crate::evidence::Fact;
use crate::profile::Profile;

pub(in super::super) static RULE: Rule = Rule {
    id: "client-cache-library",
    words: "",
    effect: Effect::AgainstAction,
    weight: 0.5,
    threshold: 0.3,
    min_samples: 30,
    theme: "client-cache-library",
    pattern: Pattern::Usual,
    applies: is_mutation_route,
    look,
};

fn look(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    if unseen_sequences(profile).is_some() {
        return Finding::Silent;
    }
    let Some(excess) = profile.excess(Fact::FollowedByRefetch) else { return Finding::Silent };
    // It speaks against a move: where the base rate is not known, everything that was seen counts.
    let known = excess.lacks(knobs.threshold, knobs.min_samples).is_none();
    let share = if known { excess.share } else { excess.seen };
    let text = format!(
        "{} were followed by a GET of the same part of the API, as a client-side cache does",
        part_of(share.observed, "mutations")
    );
    let flips = format!("under {} are", percent(knobs.threshold));
    let exemplars = profile.exemplars(Fact::FollowedByRefetch);
    Statement::of_share(share, text, flips).with(exemplars).judged_by_low(knobs).or_silent()
}

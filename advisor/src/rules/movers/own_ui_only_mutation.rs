//! **own-ui-only-mutation**: nobody but the app's own pages calls the mutation.
//!
//! Why: it takes away the reason for a public URL. Alone it is no reason to move: less code, no measured gain.
//! All versions. Source: [judgement]; 300 calls without another caller mean fewer than 1 % (rule of three).
//! Guard: scanners that are turned away do not count.
//! Example: `POST /api/cart`.

use pointsman_store::Caller;

use super::super::{Effect, Finding, Knobs, Pattern, Rule, Statement, counted, is_mutation_route};
use crate::evidence::Fact;
use crate::profile::Profile;

pub(in super::super) static RULE: Rule = Rule {
    id: "own-ui-only-mutation",
    words: "",
    effect: Effect::ForAction,
    weight: 0.2,
    threshold: 0.99,
    min_samples: 300,
    theme: "own-ui-only-mutation",
    pattern: Pattern::Usual,
    applies: is_mutation_route,
    look,
};

fn look(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    let own = Fact::succeeded_by(Caller::OwnUi);
    let Some(share) = profile.share(own, Fact::Succeeded) else { return Finding::Silent };
    let others = Caller::ALL.into_iter().filter(|caller| *caller != Caller::OwnUi);
    let from_outside: u64 = others.map(|caller| profile.ever(Fact::succeeded_by(caller))).sum();
    let retained = counted(u64::from(profile.days_retained()), "day");
    let text = if from_outside == 0 {
        format!(
            "all {} successful calls of the window came from the app's own pages, and none from elsewhere in {retained} of retained data",
            share.samples
        )
    } else {
        format!(
            "all {} successful calls of the window came from the app's own pages; {from_outside} came from elsewhere in {retained} of retained data",
            share.samples
        )
    };
    let flips = "one successful call from outside".to_owned();
    let statement = Statement::of_share(share, text, flips);
    let enough = share.samples >= knobs.min_samples.min(knobs.settings.min_calls_without_outsiders);
    if share.observed >= 1.0 && enough { Finding::Holds(statement) } else { Finding::Silent }
}

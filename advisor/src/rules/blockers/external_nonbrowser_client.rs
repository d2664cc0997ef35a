//! **external-nonbrowser-client**: something that is not a browser calls it and gets an answer.
//!
//! Why: ids of actions rotate with builds (14 days at most) and their wire format is private to React; a mobile app,
//! a partner or a script would break at the next deployment. All versions.
//! Source: Next.js docs, `server-actions` (ids), Backend for Frontend "Public Endpoints".
//! Guard: scanners that get 4xx do not count, neither do probes and crawlers (they have a rule of their own), nor
//! the app calling itself.
//! Example: `GET /api/products` polled by `okhttp`.

use pointsman_store::Caller;

use super::super::{Finding, Knobs, Rule, Statement, counted, named};
use super::blocker;
use crate::evidence::{Dimension, Fact};
use crate::profile::Profile;

pub(in super::super) static RULE: Rule =
    blocker("external-nonbrowser-client", "called by clients that are not browsers", 1, look);

fn look(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    let fact = Fact::succeeded_by(Caller::External);
    let calls = profile.ever(fact);
    let text = format!(
        "{} from clients that are not browsers succeeded ({}): they would break as an action",
        counted(calls, "call"),
        named(&profile.values_ever(Dimension::ExternalAgent)),
    );
    let flips = "no successful call by such a client in the retained data".to_owned();
    Statement::of_count(calls, text, flips)
        .with(profile.exemplars(fact))
        .over_all_retained(profile)
        .judged_by_count(knobs)
}

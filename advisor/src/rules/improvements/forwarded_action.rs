//! **forwarded-action**: Next.js passes the action on to another worker of the app.
//!
//! Seen: calls with a request of the app to itself below them that carries `x-action-forwarded`.
//! Why: the page that was posted to does not have the action in its own build. It costs one more request, the page is not rendered again, and `headers().get('host')` becomes an internal one. Import the action in the page that calls it; look at
//! rewrites in the proxy. All versions.
//! Source: next `action-handler.js`; [measured] the header says 1, but the answer has 63 B; next.js#96344.
//! Guard: seen only with the package, or with headers captured. An action that is asked for again while the client is on its way to
//! another page is posted to that page, which is not at fault: such calls are left out.
//! Example: a layout's form that is posted to a page of another route group.

use super::super::{Finding, Knobs, Rule, Statement, is_action, part_of, percent};
use super::improvement;
use crate::evidence::Fact;
use crate::gain::Gain;
use crate::profile::Profile;

pub(in super::super) static RULE: Rule = improvement(
    "forwarded-action",
    "avoid forwarding the action to another worker",
    0.05,
    10,
    is_action,
    look,
);

fn look(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    let Some(share) = profile.share(Fact::Forwarded, Fact::Calls) else { return Finding::Silent };
    let text = format!(
        "{} were passed on to another worker of the app, and the page was not rendered again: import the action in \
         the page that calls it",
        part_of(share.observed, "calls")
    );
    let per_day = profile.estimate_per_day(Fact::Forwarded);
    let gain = Gain { per_day, requests: 1.0, ..Gain::default() };
    let flips = format!("under {} of calls are passed on", percent(knobs.threshold));
    let exemplars = profile.exemplars(Fact::Forwarded);
    Statement::of_share(share, text, flips).with(exemplars).gaining(gain).judged_by_observed(knobs)
}

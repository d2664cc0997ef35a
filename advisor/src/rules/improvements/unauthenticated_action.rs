//! **unauthenticated-action**: an action that writes succeeds without any credentials.
//!
//! Why: whoever can POST can call an action; a page behind a login does not protect it. Check the session inside.
//! All versions. Source: Next.js docs, Data Security; pluggedin-app#210.
//! Guard: what was refused does not count; sign-up, login and public forms are meant to be open: look, then dismiss.
//! Example: `updateProfile(profileUuid, ...)` that trusts its argument.

use super::super::{Finding, Knobs, Rule, Statement, is_action, percent};
use super::improvement;
use crate::evidence::Fact;
use crate::profile::{Profile, Seen};

pub(in super::super) static RULE: Rule = improvement("unauthenticated-action", 0.01, 30, is_action, look);

fn look(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    let headers_known =
        profile.share(Fact::HeadersKnown, Fact::Calls).is_some_and(|share| share.observed >= 0.99);
    let Some(with) = profile.share(Fact::SucceededWithCredentials, Fact::Succeeded) else {
        return Finding::Silent;
    };
    let without = 1.0 - with.observed;
    if !headers_known
        || profile.seen() != Seen::Writes
        || without < knobs.threshold
        || with.samples < knobs.min_samples
    {
        return Finding::Silent;
    }
    let text = format!(
        "{} of successful calls had no cookie and no token: check the session inside the action",
        percent(without)
    );
    let interval = crate::stats::Interval { low: 1.0 - with.interval.high, high: 1.0 - with.interval.low };
    let statement = Statement::of_share(with, text, "every call has credentials".to_owned());
    Finding::Holds(Statement { observed: without, interval, ..statement })
}

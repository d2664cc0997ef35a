//! **origin-host-mismatch**: the action fails because `Origin` and `Host` differ.
//!
//! Why: Next.js refuses it as forgery. A proxy that changes the host or drops the port must forward it, or the
//! origin must be listed in `serverActions.allowedOrigins`. No reason to move. All versions.
//! Source: next `action-handler.js`; docs, `serverActions.allowedOrigins`; formbricks#2920.
//! Guard: only failures of browsers on the app's own pages count: a foreign page or a scanner is refused rightly.
//! Example: `origin: https://app.example:1234` against `x-forwarded-host: app.example`.

use super::super::{Finding, Knobs, Rule, Statement, counted, is_action};
use super::improvement;
use crate::evidence::Fact;
use crate::profile::Profile;

pub(in super::super) static RULE: Rule = improvement(
    "origin-host-mismatch",
    "allow the origin in serverActions.allowedOrigins",
    0.0,
    2,
    is_action,
    look,
);

fn look(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    let failed = profile.observed(Fact::OriginMismatchOfOwnUi);
    let text = format!(
        "{} by the app's own pages failed because origin and host differ: forward the host in the proxy, or list the origin in \
         serverActions.allowedOrigins",
        counted(failed, "call")
    );
    let statement = Statement::of_count(failed, text, "no failure with a foreign origin".to_owned());
    statement.with(profile.exemplars(Fact::OriginMismatchOfOwnUi)).judged_by_count(knobs)
}

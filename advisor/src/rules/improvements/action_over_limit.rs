//! **action-over-limit**: bodies over the limit of actions fail.
//!
//! Why: over `serverActions.bodySizeLimit` (1 MiB unless set) Next.js answers 500, not 413. Best first: send ids
//! instead of data; upload straight to the storage; a route; only then a higher limit. All versions.
//! Source: next `action-handler.js` (limit); docs, `serverActions.bodySizeLimit`; giselle#115.
//! Guard: calls over 1 MiB that succeed show that the app has raised its limit.
//! Example: an action that takes a PDF.

use super::super::{Finding, Knobs, Rule, Statement, counted, is_action, percent};
use super::improvement;
use crate::evidence::Fact;
use crate::profile::Profile;

pub(in super::super) static RULE: Rule = improvement(
    "action-over-limit",
    "raise serverActions.bodySizeLimit, or upload in another way",
    0.8,
    3,
    is_action,
    look,
);

fn look(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    let Some(share) = profile.share(Fact::BodiesTooLarge, Fact::OverActionLimit) else {
        return Finding::Silent;
    };
    let failed = profile.observed(Fact::BodiesTooLarge);
    let text = format!(
        "{} with a body over 1 MiB failed with 500 ({} of such calls): send ids, or upload directly to storage",
        counted(failed, "call"),
        percent(share.observed)
    );
    let statement = Statement::of_share(share, text, "no failures of large bodies".to_owned());
    let statement = statement.with(profile.exemplars(Fact::BodiesTooLarge));
    let holds = share.observed >= knobs.threshold && failed >= knobs.min_samples;
    if holds { Finding::Holds(statement) } else { Finding::Silent }
}

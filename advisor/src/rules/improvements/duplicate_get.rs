//! **duplicate-get**: one client asks for the same thing twice within two seconds.
//!
//! Why: two components fetch the same data. SWR and TanStack Query share it; a fetch lifted to the parent does too.
//! All versions. Source: Next.js docs, client-side data fetching. Guard: React's StrictMode doubles only in
//! development, which never yields advice. Example: a badge and a list both fetching `/api/notifications`.

use super::super::{Finding, Knobs, Rule, Statement, is_get_route, percent};
use super::improvement;
use crate::evidence::Fact;
use crate::gain::Gain;
use crate::profile::Profile;

pub(in super::super) static RULE: Rule = improvement("duplicate-get", 0.1, 30, is_get_route, look);

fn look(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    if !profile.is_unsampled() {
        return Finding::Silent;
    }
    let Some(share) = profile.share(Fact::Duplicates, Fact::ClientKnown) else { return Finding::Silent };
    let text = format!(
        "{} of calls ask again for what the same client got within the last two seconds: share the answer",
        percent(share.observed)
    );
    let flips = format!("under {} of calls do", percent(knobs.threshold));
    let gain = Gain::of_one_request(profile.estimate_per_day(Fact::Duplicates));
    Statement::of_share(share, text, flips)
        .with(profile.exemplars(Fact::Duplicates))
        .gaining(gain)
        .judged_by_low(knobs)
}

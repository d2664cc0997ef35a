//! **action-read-on-load**: the action fetches data right after its page was loaded.
//!
//! Seen: most calls begin, with their burst, within 3 s of the load of the page they are called from.
//! Why: a server component has the data in the first response: no further round trip, no place in the action queue.
//! All versions.
//! Source: Next.js docs, Backend for Frontend "Server Actions", "Mutating Data"; react.dev `use server`.
//! Guard: only actions that read; a refresh of the page in view is no load.
//! Example: `useEffect(() => { getProfile().then(setProfile) }, [])`.

use super::super::{Effect, Finding, Gain, Knobs, Rule, Statement, is_action, percent};
use super::unseen_sequences;
use crate::evidence::{Fact, Measure};
use crate::profile::{Profile, Seen};

pub(in super::super) static RULE: Rule = Rule {
    id: "action-read-on-load",
    effect: Effect::ForServerComponent,
    weight: 0.9,
    threshold: 0.6,
    min_samples: 30,
    theme: "action-read-on-load",
    applies: is_action,
    look,
};

fn look(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    if profile.seen() == Seen::Writes {
        return Finding::Silent;
    }
    if let Some(absent) = unseen_sequences(profile) {
        return absent;
    }
    let Some(share) = profile.share(Fact::SoonAfterLoad, Fact::Sequenced) else { return Finding::Silent };
    let waited = profile.quantile(Measure::QueueWait, 0.5).unwrap_or_default();
    let ran = profile.quantile(Measure::Duration, 0.5).unwrap_or_default();
    let ms_p50 = (waited + ran) / 1_000.0;
    let text = format!(
        "{} of calls came within 3 s of the load of their page and took {ms_p50:.0} ms (p50, waiting included): a \
         server component has the data in the first response",
        percent(share.observed)
    );
    let flips = format!("under {} of calls belong to a load", percent(knobs.threshold));
    let gain = Gain { ms_p50, ..Gain::of_one_request(profile.per_day(Fact::SoonAfterLoad)) };
    let exemplars = profile.exemplars(Fact::SoonAfterLoad);
    Statement::of_share(share, text, flips).with(exemplars).gaining(gain).judged_by_low(knobs)
}

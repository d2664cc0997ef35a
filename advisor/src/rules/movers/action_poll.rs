//! **action-poll**: a page calls the action at regular intervals.
//!
//! Seen: five or more calls of one client with a coefficient of variation of the intervals below 0.3.
//! Why: each poll holds the client's one queue for actions, cannot be answered from a cache or by 304, and cannot be
//! aborted. A GET route can. All versions.
//! Source: Next.js docs, Backend for Frontend (frequently polled data); next `app-router-instance.js`.
//! Example: `setInterval(() => getOrderStatus(id), 5000)`.

use super::super::improvements::action_refresh_loop::is_looping;
use super::super::{Effect, Finding, Knobs, Pattern, Rule, Statement, is_action, part_of, percent, tenths};
use super::unseen_sequences;
use crate::evidence::{Fact, Lifetime, Measure};
use crate::gain::Gain;
use crate::profile::Profile;
use crate::stats::as_f64;

pub(in super::super) static RULE: Rule = Rule {
    id: "action-poll",
    words: "",
    effect: Effect::ForRoute,
    weight: 0.9,
    threshold: 0.5,
    min_samples: 5,
    theme: "action-poll",
    pattern: Pattern::Poll,
    applies: is_action,
    look,
};

fn look(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    // What a loop does in a row nobody waits for, and nobody polls.
    if is_looping(profile) {
        return Finding::Silent;
    }
    if let Some(absent) = unseen_sequences(profile) {
        return absent;
    }
    let polls = profile.observed(Fact::Polls);
    if polls == 0 {
        return Finding::Silent;
    }
    let Some(share) = profile.share(Fact::Polled, Fact::Sequenced) else { return Finding::Silent };
    let every = profile.quantile(Measure::PollInterval, 0.5).unwrap_or_default() / 1_000_000.0;
    let unchanged = profile
        .share(Fact::repeat_of_same_client(Lifetime::FiveMinutes), Fact::Comparable)
        .map(|share| share.observed);
    let calls_per_poll = as_f64(profile.observed(Fact::Polled)) / as_f64(polls);
    let held = calls_per_poll * profile.quantile(Measure::Duration, 0.5).unwrap_or_default() / 1_000.0;
    let same =
        unchanged.map_or_else(String::new, |share| format!(", {} of the answers unchanged", percent(share)));
    let text = format!(
        "{} are polls, one every {} s{same}; each poll blocks the client's other actions",
        part_of(share.observed, "calls"),
        tenths(every)
    );
    let flips = format!("under {} of calls are regular", percent(knobs.threshold));
    let per_day = profile.estimate_per_day(Fact::Polls);
    let bytes =
        unchanged.unwrap_or_default() * profile.quantile(Measure::ResponseBytes, 0.5).unwrap_or_default();
    let gain =
        Gain { per_day, queue_ms: profile.queue_ms(held), bytes: bytes * calls_per_poll, ..Gain::default() };
    Statement::of_share(share, text, flips)
        .with(profile.exemplars(Fact::Polled))
        .gaining(gain)
        .judged_by_low(knobs)
}

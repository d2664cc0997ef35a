//! **action-typeahead**: the action is called at each keystroke.
//!
//! Seen: three or more calls in quick succession, each with another and mostly longer argument; less those that look so with
//! pauses as people make between clicks.
//! Why: the queue makes the last keystroke wait for all before it; a GET can be aborted. Debouncing is first aid.
//! All versions. Source: next `app-router-instance.js` (queue); [judgement] thresholds.
//! Example: `onChange={e => searchSkills(e.target.value)}`.

use super::super::{Effect, Finding, Knobs, Pattern, Rule, Statement, is_action, part_of, percent};
use super::unseen_sequences;
use crate::evidence::{Fact, Measure};
use crate::gain::Gain;
use crate::profile::Profile;

pub(in super::super) static RULE: Rule = RULE_VALUE;

const RULE_VALUE: Rule = Rule {
    id: "action-typeahead",
    words: "",
    effect: Effect::ForRoute,
    weight: 0.8,
    threshold: 0.5,
    min_samples: 30,
    theme: "action-typeahead",
    pattern: Pattern::Search,
    applies: is_action,
    look,
};

/// The same observation without a move: debouncing is first aid.
pub(in super::super) static FIRST_AID: Rule = Rule {
    words: "wait for a pause in typing before calling it",
    effect: Effect::Improves,
    weight: 0.0,
    ..RULE_VALUE
};

fn look(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    if unseen_sequences(profile).is_some() {
        return Finding::Silent;
    }
    let Some(excess) = profile.excess(Fact::Typed) else { return Finding::Silent };
    let share = excess.share;
    if share.observed == 0.0 {
        return Finding::Silent;
    }
    let text = format!(
        "{} follow each other at the pace of typing: debounce them now",
        part_of(share.observed, "calls")
    );
    let flips = format!("under {} of calls do", percent(knobs.threshold));
    let per_day = excess.times(profile.per_day(Fact::Sequenced));
    let queue_ms = profile.queue_ms(profile.quantile(Measure::QueueWait, 0.5).unwrap_or_default() / 1_000.0);
    let gain = Gain { per_day, queue_ms, ..Gain::default() };
    Statement::of_share(share, text, flips)
        .with(profile.exemplars(Fact::Typed))
        .gaining(gain)
        .judged_by_excess(excess, knobs)
}

//! How sure a recommendation is: computed, not felt.

use super::Found;
use crate::evidence::Fact;
use crate::profile::{Grounds, Profile};
use crate::rules::{Effect, Finding, Pattern, Thresholds};
use crate::stats::as_f64;
use crate::words::Verdict;

/// Days of traffic that show a whole week's rhythm.
const WEEK: f64 = 7.0;
/// What the first day alone is worth, compared with a whole week.
const FIRST_DAY: f64 = 0.8;
/// From here on a confidence is called high ...
const HIGH: f64 = 0.9;
/// ... and what less than a week cannot exceed.
const BEFORE_A_WEEK: f64 = HIGH - 0.01;
/// What a move cannot exceed for which only a name says that the action reads ...
const READ_BY_NAME: f64 = 0.8;
/// ... and one into the render of a page, which runs for prefetches and crawlers as well: a write there runs unasked.
const RENDERED_BY_NAME: f64 = 0.7;
/// What is left for each span of time that contradicts the window.
const CONTRADICTED: f64 = 0.75;

/// A number in [0, 1]: the product of
/// - the evidence: how far the lower end of the main reason's interval lies above its threshold, from 0.5 at the
///   threshold to 1 where it cannot be higher;
/// - the sample: n / (n + a tenth of the calls that a move needs; a move into an action needs more, so that they rule out
///   callers from outside);
/// - the days: 0.8 for one day, rising to 1 for a week; below a week it stays under 0.9 ("high");
/// - the agreement: 0.75 for the last day, and again for the last fortnight, when the main reason's interval lies below
///   its threshold there.
///
/// A name that alone says that an action reads caps it: people write names, and nobody checks them.
///
/// [judgement] The form is ours; `make eval` shows how well it is calibrated.
pub(super) fn of(profile: &Profile, main: &Found, verdict: Verdict, thresholds: &Thresholds<'_>) -> f64 {
    let settings = thresholds.settings();
    let room = (1.0 - main.threshold).max(f64::EPSILON);
    let above = ((main.statement.interval.low - main.threshold) / room).clamp(0.0, 1.0);
    let evidence = 0.5 + 0.5 * above;
    let calls = profile.count(Fact::Calls);
    let needed = if main.rule.effect == Effect::ForAction {
        settings.min_calls_for_move.max(settings.min_calls_without_outsiders)
    } else {
        settings.min_calls_for_move
    };
    let sample = calls / (calls + as_f64(needed) / 10.0);
    let days = f64::from(profile.days_retained());
    let rhythm = FIRST_DAY + (1.0 - FIRST_DAY) * (days / WEEK).min(1.0);
    let confidence = evidence.sqrt() * sample * rhythm * agreement(profile, main, thresholds);
    confidence.clamp(0.0, if days < WEEK { BEFORE_A_WEEK } else { 1.0 }).min(cap(profile, main, verdict))
}

/// What a confidence cannot exceed, whatever the traffic shows, because of what says that an action only reads.
fn cap(profile: &Profile, main: &Found, verdict: Verdict) -> f64 {
    // A stream belongs in a route whatever it does.
    let by_name = profile.access().grounds == Grounds::Name && main.rule.pattern != Pattern::Stream;
    match verdict {
        Verdict::MoveToServerComponent if by_name => RENDERED_BY_NAME,
        Verdict::MoveToRouteHandler if by_name => READ_BY_NAME,
        _ => 1.0,
    }
}

/// Whether the last day and the last fortnight say the same as the window.
fn agreement(profile: &Profile, main: &Found, thresholds: &Thresholds<'_>) -> f64 {
    let spans = [profile.over_recent(), profile.over_fortnight()];
    let contradicts = |span: &Profile<'_>| {
        let Some(knobs) = thresholds.of(main.rule, &span.handler) else { return false };
        match (main.rule.look)(span, &knobs) {
            Finding::Below(statement) => statement.interval.high < main.threshold,
            _ => false,
        }
    };
    spans.into_iter().flatten().filter(contradicts).map(|_| CONTRADICTED).product()
}

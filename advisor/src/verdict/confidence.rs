//! How sure a recommendation is: computed, not felt.

use super::Found;
use crate::evidence::Fact;
use crate::profile::Profile;
use crate::settings::Settings;

/// Days of traffic that show a whole week's rhythm.
const WEEK: f64 = 7.0;
/// What the first day alone is worth, compared with a whole week.
const FIRST_DAY: f64 = 0.8;

/// A number in [0, 1]: the product of
/// - the evidence: how far the lower end of the main reason's interval lies above its threshold, from 0.5 at the
///   threshold to 1 where it cannot be higher;
/// - the sample: n / (n + a tenth of the calls that a move needs);
/// - the days: 0.8 for one day, rising to 1 for a week, so that 0.9 ("high") takes a full week.
///
/// [judgement] The form is ours; `make eval` shows how well it is calibrated.
pub(super) fn of(profile: &Profile, main: &Found, settings: &Settings) -> f64 {
    let room = (1.0 - main.threshold).max(f64::EPSILON);
    let evidence = 0.5 + 0.5 * ((main.statement.interval.low - main.threshold) / room).clamp(0.0, 1.0);
    let calls = profile.count(Fact::Calls);
    let sample = calls / (calls + crate::stats::as_f64(settings.min_calls_for_move) / 10.0);
    let days = (f64::from(profile.days_retained()) / WEEK).min(1.0);
    (evidence.sqrt() * sample * (FIRST_DAY + (1.0 - FIRST_DAY) * days)).clamp(0.0, 1.0)
}

//! A whole evaluation: which scenarios, on how many threads, and whether it passes.

use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use pointsman_advisor::Settings;

use crate::judge::{collect, judge};
use crate::robust::bootstrap::{Resampled, resample};
use crate::robust::{self, Change, ChangeKind};
use crate::scenario::{Scenario, load};
use crate::score::{Case, Counts, cases, table};
use crate::sim::{Play, play};
use crate::telemetry::{Sent, send};

/// The sets, in the order in which they are shown; the last two are held out: nothing is tuned on them.
pub const SETS: [&str; 6] = ["cases", "rules", "traps", "trade-offs", "held-out", "real-2026-11"];

/// The sets that are held out.
const HELD_OUT: [&str; 2] = ["held-out", "real-2026-11"];

/// The least share of verdicts that must agree: of all, and of those that are held out.
const AGREEMENT: f64 = 0.95;

/// How often the clients of each scenario are drawn anew.
const RESAMPLES: usize = 200;

/// What is to be evaluated.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Wanted {
    /// Where the sets are.
    pub folder: PathBuf,
    /// Without robustness.
    pub quick: bool,
    /// With all that the advisor says about each handler.
    pub explain: bool,
    /// Thresholds in place of the defaults, to see what they change.
    pub settings: Settings,
    /// Only these sets or scenarios; all where empty.
    pub only: Vec<String>,
}

/// What came out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outcome {
    /// The tables.
    pub text: String,
    /// Whether no move is wrong, no improvement dangerous, and enough verdicts agree.
    pub passed: bool,
}

/// Plays, judges and compares.
///
/// # Errors
/// When a scenario cannot be read, or the collector refuses what is sent.
pub fn evaluate(wanted: &Wanted) -> anyhow::Result<Outcome> {
    let (mut sets, mut played) = (Vec::new(), Vec::new());
    for set in SETS {
        let mut scenarios = load(&wanted.folder, set)?;
        let named = |scenario: &Scenario| wanted.only.iter().any(|only| *only == scenario.id || only == set);
        scenarios.retain(|scenario| wanted.only.is_empty() || named(scenario));
        let cases = in_parallel(&scenarios, |scenario| {
            once(scenario, Play::default(), &Sent::default(), &wanted.settings)
        })?;
        if !scenarios.is_empty() {
            sets.push((set.to_owned(), cases.into_iter().flatten().collect::<Vec<Case>>()));
        }
        played.extend(scenarios);
    }
    let (mut robust, mut unmoved) = (String::new(), true);
    if !wanted.quick {
        let (changes, resampled) = robustness(&played, wanted)?;
        unmoved = changes.iter().all(|change| change.kind != ChangeKind::WrongMove);
        robust = robust::table(&changes, &resampled);
    }
    let all = || sets.iter().flat_map(|(_, cases)| cases);
    let agreement = Counts::of(all().map(|case| (case, case.said))).agreement();
    let untuned = sets.iter().filter(|(set, _)| HELD_OUT.contains(&set.as_str())).flat_map(|(_, cases)| cases);
    let untuned = Counts::of(untuned.map(|case| (case, case.said))).agreement();
    let safe = !all().any(|case| case.is_wrong_move() || case.dangerous().next().is_some());
    let passed = agreement >= AGREEMENT && untuned >= AGREEMENT && unmoved && safe;
    let mut text = table(&sets) + &robust;
    if wanted.explain {
        all().for_each(|case| text.push_str(&explained(case)));
    }
    Ok(Outcome { text, passed })
}

/// All changes and resamples of these scenarios.
fn robustness(scenarios: &[Scenario], wanted: &Wanted) -> anyhow::Result<(Vec<Change>, Vec<Resampled>)> {
    let changes = in_parallel(scenarios, |scenario| robust::changes(scenario, &wanted.settings))?;
    let resampled = in_parallel(scenarios, |scenario| resample(scenario, &wanted.settings, RESAMPLES))?;
    Ok((changes.into_iter().flatten().collect(), resampled.into_iter().flatten().collect()))
}

/// Everything that was said about a handler.
fn explained(case: &Case) -> String {
    let Some(row) = &case.row else {
        return format!("\n{} {}: not in the report\n", case.scenario, case.handler);
    };
    let (calls, verdict) = (row.calls, row.verdict.as_str());
    let sure = row.confidence.map_or(String::new(), |sure| format!(", confidence {sure:.2}"));
    let mut text = format!(
        "\n{} {}: {verdict}{sure}, {calls:.0} calls\n  {}\n",
        case.scenario, case.handler, row.reason
    );
    for one in &row.evidence {
        let [low, high] = one.interval;
        let (observed, threshold, samples) = (one.observed, one.threshold, one.samples);
        text += &format!(
            "  {:?} {}: {observed:.3} [{low:.3}, {high:.3}] of {threshold} ({samples}): {}\n",
            one.kind, one.rule, one.text
        );
    }
    text
}

/// Plays a scenario once and compares.
///
/// # Errors
/// When the collector refuses what is sent.
pub fn once(scenario: &Scenario, how: Play, sent: &Sent, settings: &Settings) -> anyhow::Result<Vec<Case>> {
    let exchanges = play(scenario, how);
    let told = collect(&send(scenario, how, &exchanges, sent))?;
    Ok(cases(scenario, &judge(scenario, &told, settings)?))
}

/// Works on all of a list, on as many threads as there are cores; the results are in the list's order.
///
/// # Errors
/// The first error that one of them had.
pub(crate) fn in_parallel<T: Sync, R: Send>(
    list: &[T],
    work: impl Fn(&T) -> anyhow::Result<R> + Sync,
) -> anyhow::Result<Vec<R>> {
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<(usize, anyhow::Result<R>)>> = Mutex::new(Vec::new());
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some((at, one)) =
                    Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|at| Some((at, list.get(at)?)))
                {
                    let result = work(one);
                    if let Ok(mut done) = done.lock() {
                        done.push((at, result));
                    }
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_default();
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}

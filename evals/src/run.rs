//! A whole evaluation: which scenarios, on how many threads, and whether it passes.

use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use pointsman_advisor::Settings;

use crate::judge::{collect, judge};
use crate::robust::bootstrap::{Resampled, resample};
use crate::robust::{self, Change, ChangeKind, Played};
use crate::scenario::{Scenario, load};
use crate::score::{Case, Counts, cases, table};
use crate::sim::{Play, play};
use crate::telemetry::{Encoded, Sent};

/// The sets, in the order in which they are shown; those of [`LABELLED_FIRST`] were labelled before they were played.
pub const SETS: [&str; 10] = [
    "cases",
    "rules",
    "traps",
    "trade-offs",
    "held-out",
    "real-2026-11",
    "threads-2026-11",
    "unseen-2026-12",
    "unseen-2027-01",
    "unseen-2027-02",
];

/// The sets that were labelled before they were played. Rules were mended since for what all but the first of them showed: only
/// their first contact, in `docs/evals.md`, tells of traffic that no rule had met.
const LABELLED_FIRST: [&str; 6] =
    ["held-out", "real-2026-11", "threads-2026-11", "unseen-2026-12", "unseen-2027-01", "unseen-2027-02"];

/// The least share of verdicts that must agree: of all, and of those labelled first.
const AGREEMENT: f64 = 0.95;

/// What is to be evaluated.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Where the sets are.
    pub folder: PathBuf,
    /// Without robustness.
    pub quick: bool,
    /// With all that the advisor says about each handler.
    pub explain: bool,
    /// Thresholds in place of the defaults, to see what they change.
    pub settings: Settings,
    /// Told after each scenario, in a line: how many are done, of how many, and what is wrong with it.
    pub progress: Option<fn(&str)>,
    /// Only these sets or scenarios; all where empty.
    pub only: Vec<String>,
    /// Only every so manieth of the scenarios, by name; all where 0.
    pub every: usize,
}

/// What came out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outcome {
    /// The tables.
    pub text: String,
    /// Whether no move is wrong, no improvement dangerous, and enough verdicts agree.
    pub passed: bool,
}

/// What came out of one scenario.
struct Examined {
    cases: Vec<Case>,
    changes: Vec<Change>,
    resampled: Vec<Resampled>,
}

/// Plays, judges and compares.
///
/// # Errors
/// When a scenario cannot be read, or the collector refuses what is sent.
pub fn evaluate(wanted: &Wanted) -> anyhow::Result<Outcome> {
    let mut scenarios = Vec::new();
    for set in SETS {
        let named = |scenario: &Scenario| wanted.only.iter().any(|only| *only == scenario.id || only == set);
        let of_set = load(&wanted.folder, set)?.into_iter();
        scenarios.extend(of_set.filter(|scenario| wanted.only.is_empty() || named(scenario)));
    }
    let mut number = 0..;
    scenarios
        .retain(|_| number.next().is_some_and(|number: usize| number.is_multiple_of(wanted.every.max(1))));
    let done = AtomicUsize::new(0);
    let examined = in_parallel(&scenarios, |scenario| {
        let examined = examine(scenario, wanted)?;
        let done = done.fetch_add(1, Ordering::Relaxed) + 1;
        if let Some(tell) = wanted.progress {
            tell(&format!("{done:>4} of {} {}{}", scenarios.len(), scenario.id, wrongs(&examined)));
        }
        Ok(examined)
    })?;
    let mut sets: Vec<(String, Vec<Case>)> = Vec::new();
    let (mut changes, mut resampled) = (Vec::new(), Vec::new());
    for (scenario, examined) in scenarios.iter().zip(examined) {
        match sets.last_mut().filter(|(set, _)| set == scenario.set()) {
            Some((_, cases)) => cases.extend(examined.cases),
            None => sets.push((scenario.set().to_owned(), examined.cases)),
        }
        changes.extend(examined.changes);
        resampled.extend(examined.resampled);
    }
    let mut text = table(&sets);
    if !wanted.quick {
        text += &robust::table(&changes, &resampled);
    }
    let harms = |kind| matches!(kind, ChangeKind::WrongMove | ChangeKind::Dangerous);
    let passed = passes(&sets) && !changes.iter().any(|change| harms(change.kind));
    if wanted.explain {
        sets.iter().flat_map(|(_, cases)| cases).for_each(|case| text.push_str(&explained(case)));
    }
    Ok(Outcome { text, passed })
}

/// What fails the evaluation in a scenario, in words; nothing where nothing does.
fn wrongs(examined: &Examined) -> String {
    let cases = &examined.cases;
    let mut wrongs: Vec<String> = Vec::new();
    wrongs.extend(
        cases
            .iter()
            .filter(|case| case.is_wrong_move())
            .map(|case| format!("wrong move of {}", case.handler)),
    );
    wrongs.extend(cases.iter().flat_map(Case::dangerous).map(|rule| format!("dangerous {rule}")));
    for (kind, harm) in [(ChangeKind::WrongMove, "wrong move"), (ChangeKind::Dangerous, "danger")] {
        let changes = examined.changes.iter().filter(|change| change.kind == kind);
        wrongs.extend(changes.map(|change| format!("{harm} of {} {}", change.handler, change.what)));
    }
    if wrongs.is_empty() { String::new() } else { format!(": {}", wrongs.join(", ")) }
}

/// Whether no move is wrong, no improvement dangerous, and enough verdicts agree, of all and of those labelled first.
fn passes(sets: &[(String, Vec<Case>)]) -> bool {
    let agreement = |cases: &mut dyn Iterator<Item = &Case>| {
        Counts::of(cases.map(|case| (case, case.said))).agreement() >= AGREEMENT
    };
    let all = || sets.iter().flat_map(|(_, cases)| cases);
    let labelled_first = sets.iter().filter(|(set, _)| LABELLED_FIRST.contains(&set.as_str()));
    let safe = !all().any(|case| case.is_wrong_move() || case.dangerous().next().is_some());
    safe && agreement(&mut all()) && agreement(&mut labelled_first.flat_map(|(_, cases)| cases))
}

/// Plays a scenario once, and asks of it all that is wanted.
fn examine(scenario: &Scenario, wanted: &Wanted) -> anyhow::Result<Examined> {
    let how = Play::default();
    let encoded = Encoded::new(scenario, how, &play(scenario, how));
    let told = collect(encoded.requests(&Sent::default()))?;
    let before = cases(scenario, &judge(scenario, &told, &wanted.settings)?);
    let (mut changes, mut resampled) = (Vec::new(), Vec::new());
    let played = Played { scenario, settings: &wanted.settings, encoded, told, before };
    if !wanted.quick {
        changes = robust::changes(&played)?;
        resampled = resample(&played)?;
    }
    Ok(Examined { cases: played.before, changes, resampled })
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

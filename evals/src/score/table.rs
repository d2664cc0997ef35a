//! The table of a set and the list of what was not as labelled, as text.

use std::fmt::Write;

use pointsman_advisor::Verdict;

use super::{Calibration, Case, improvements, is_wrong_move};

/// Counts of one adviser on some cases.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Counts {
    /// Handlers whose verdict was in question.
    pub handlers: usize,
    /// Verdicts among the right ones.
    pub agree: usize,
    /// Moves advised.
    pub moves: usize,
    /// Moves advised that are right.
    pub right_moves: usize,
    /// Handlers that should move.
    pub wanted: usize,
    /// Of them, those that were advised to the right place.
    pub found: usize,
    /// Handlers of which nothing was said although a verdict was due.
    pub abstained: usize,
}

impl Counts {
    /// Of what was said about each case.
    pub(crate) fn of<'c>(cases: impl IntoIterator<Item = (&'c Case, Option<Verdict>)>) -> Self {
        let mut counts = Self::default();
        for (case, said) in cases.into_iter().filter(|(case, _)| case.is_asked()) {
            let agrees = said.is_some_and(|said| case.label.accepts(said));
            let moves = said.is_some_and(Verdict::is_move);
            counts.handlers += 1;
            counts.agree += usize::from(agrees);
            counts.moves += usize::from(moves);
            counts.right_moves +=
                usize::from(moves && !said.is_some_and(|said| is_wrong_move(&case.label, said)));
            counts.wanted += usize::from(case.label.wants_move());
            counts.found += usize::from(case.label.wants_move() && agrees);
            let silent = said.is_none_or(|said| said == Verdict::InsufficientEvidence);
            counts.abstained += usize::from(silent && !agrees);
        }
        counts
    }

    /// Share of verdicts that agree.
    #[must_use]
    pub fn agreement(&self) -> f64 {
        share(self.agree, self.handlers)
    }
}

/// The share as a number; 1 of nothing.
#[expect(clippy::cast_precision_loss, reason = "counts of handlers")]
fn share(part: usize, all: usize) -> f64 {
    if all == 0 { 1.0 } else { part as f64 / all as f64 }
}

/// Precision and recall of the improvements that were named, and how many labels of rules hold.
fn precision_and_recall(cases: &[&Case]) -> (f64, f64) {
    let named: usize = cases.iter().map(|case| case.improvements.len()).sum();
    let unasked: usize = cases.iter().map(|case| case.unasked().count()).sum();
    let wanted = || cases.iter().flat_map(|case| case.label.improve.iter().map(move |rule| (case, rule)));
    let found = wanted().filter(|(case, rule)| case.improvements.contains(rule)).count();
    (share(named - unasked, named), share(found, wanted().count()))
}

const HEAD: &str = "set          adviser   handlers  agree   moves  precision  recall  wrong  abstained  dangerous  improvements p / r";

/// The table of all sets, by name, with the list of what was not as labelled.
#[must_use]
pub fn table(sets: &[(String, Vec<Case>)]) -> String {
    let mut text = format!("{HEAD}\n");
    for (set, cases) in sets {
        rows(&mut text, set, &cases.iter().collect::<Vec<_>>());
    }
    let all: Vec<&Case> = sets.iter().flat_map(|(_, cases)| cases).collect();
    rows(&mut text, "all", &all);
    for (set, cases) in sets {
        disagreements(&mut text, set, cases);
    }
    calibration(&mut text, &all);
    improvements::table(&mut text, all);
    text
}

fn rows(text: &mut String, set: &str, cases: &[&Case]) {
    let said = Counts::of(cases.iter().map(|case| (*case, case.said)));
    let naive = Counts::of(cases.iter().map(|case| (*case, Some(case.naive))));
    let (precision, recall) = precision_and_recall(cases);
    let dangerous: usize = cases.iter().map(|case| case.dangerous().count()).sum();
    for (adviser, counts, better) in [
        ("pointsman", said, format!("{dangerous:>9}  {:.0} % / {:.0} %", precision * 100.0, recall * 100.0)),
        ("naive", naive, String::new()),
    ] {
        let of_moves = share(counts.right_moves, counts.moves) * 100.0;
        let of_wanted = share(counts.found, counts.wanted) * 100.0;
        let _ = writeln!(
            text,
            "{set:<12} {adviser:<9} {:>8} {:>5.1} % {:>6} {of_moves:>8.1} % {of_wanted:>5.1} % {:>6} {:>10}  {better}",
            counts.handlers,
            counts.agreement() * 100.0,
            counts.moves,
            counts.moves - counts.right_moves,
            counts.abstained,
        );
    }
}

fn disagreements(text: &mut String, set: &str, cases: &[Case]) {
    let mut lines = Vec::new();
    for case in cases {
        let name = format!("{} {}", case.scenario, case.handler);
        if case.is_wrong_move() {
            lines.push(format!(
                "  WRONG MOVE {name}: said {}, expected {:?} ({})",
                word(case),
                case.label.expect,
                case.reason
            ));
        } else if case.is_asked() && !case.agrees() {
            lines.push(format!(
                "  {name}: said {}, expected {:?} ({})",
                word(case),
                case.label.expect,
                case.reason
            ));
        }
        lines.extend(case.faults().into_iter().map(|fault| format!("  {name}: {fault}")));
        lines.extend(case.dangerous().map(|rule| format!("  DANGEROUS {name}: improvement {rule}")));
        let unasked = case.unasked().filter(|rule| !case.label.never_improve.contains(rule));
        lines.extend(unasked.map(|rule| format!("  {name}: improvement {rule} is not in the label")));
    }
    if !lines.is_empty() {
        let _ = writeln!(text, "\nnot as labelled in {set}:\n{}", lines.join("\n"));
    }
}

fn word(case: &Case) -> &'static str {
    case.said.map_or("nothing (not in the report)", Verdict::as_str)
}

fn calibration(text: &mut String, cases: &[&Case]) {
    let calibration = Calibration::of(cases.iter().copied());
    let Some(brier) = calibration.brier() else { return };
    let _ =
        writeln!(text, "\nconfidence of moves    moves  mean confidence  right   (Brier score {brier:.3})");
    for (low, moves, sure, right) in calibration.bins() {
        let _ =
            writeln!(text, "  from {low:.1}              {moves:>5}  {sure:>15.3}  {:>4.0} %", right * 100.0);
    }
}

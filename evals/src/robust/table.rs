//! What became of the verdicts, as text: a line for each thing that was taken away or added, and every wrong move.

use std::collections::BTreeMap;
use std::fmt::Write;

use pointsman_advisor::Verdict;

use super::bootstrap::Resampled;
use super::{Change, ChangeKind};

/// The tables of all changes and of the resamples.
#[must_use]
pub fn table(changes: &[Change], resampled: &[Resampled]) -> String {
    let mut text = format!(
        "\n{:<56} {:>6} {:>10} {:>6} {:>10} {:>6} {:>9}\n",
        "robustness", "same", "abstained", "stays", "right move", "wrong", "dangerous"
    );
    let mut rows: BTreeMap<&str, BTreeMap<ChangeKind, usize>> = BTreeMap::new();
    for change in changes {
        *rows.entry(&change.what).or_default().entry(change.kind).or_default() += 1;
    }
    for (what, counts) in rows {
        let count = |kind| counts.get(&kind).copied().unwrap_or(0);
        let [same, abstained, stays, right, wrong, dangerous] = [
            ChangeKind::Same,
            ChangeKind::Abstained,
            ChangeKind::Stays,
            ChangeKind::RightMove,
            ChangeKind::WrongMove,
            ChangeKind::Dangerous,
        ]
        .map(count);
        let _ = writeln!(
            text,
            "{what:<56} {same:>6} {abstained:>10} {stays:>6} {right:>10} {wrong:>6} {dangerous:>9}"
        );
    }
    // Slowness may cost evidence; it must not make another verdict of a move.
    let turned = |change: &&Change| {
        let (before, now) = change.verdicts;
        change.what.ends_with("slower")
            && !matches!(change.kind, ChangeKind::WrongMove | ChangeKind::Dangerous)
            && before != now
            && before.is_some_and(Verdict::is_move)
            && now.is_some_and(|now| now != Verdict::InsufficientEvidence)
    };
    for change in changes.iter().filter(turned) {
        let (scenario, handler) = (&change.scenario, &change.handler);
        let [before, now] =
            [change.verdicts.0, change.verdicts.1].map(|one| one.map_or("nothing", Verdict::as_str));
        let _ = writeln!(text, "  {}: {scenario} {handler}: said {now}, before {before}", change.what);
    }
    for change in changes.iter().filter(|change| change.kind == ChangeKind::WrongMove) {
        let word = |verdict: Option<Verdict>| verdict.map_or("nothing", Verdict::as_str);
        let (before, now) = change.verdicts;
        let _ = writeln!(
            text,
            "  WRONG MOVE {}: {} {}: said {}, before {}",
            change.what,
            change.scenario,
            change.handler,
            word(now),
            word(before)
        );
    }
    for change in changes.iter().filter(|change| change.kind == ChangeKind::Dangerous) {
        let Change { what, scenario, handler, .. } = change;
        let _ = writeln!(text, "  DANGEROUS IMPROVEMENT {what}: {scenario} {handler}");
    }
    resamples(&mut text, resampled);
    text
}

fn resamples(text: &mut String, resampled: &[Resampled]) {
    let all: usize = resampled.iter().map(|one| one.resamples).sum();
    let flips: usize = resampled.iter().map(|one| one.flips).sum();
    let wrong: usize = resampled.iter().map(|one| one.wrong).sum();
    let _ = writeln!(
        text,
        "\nbootstrap: {} moves of high confidence, {all} resamples, {flips} flips ({:.2} %), {wrong} of them to a wrong move",
        resampled.len(),
        percent(flips, all),
    );
    for one in resampled.iter().filter(|one| one.flips * 100 >= one.resamples) {
        let (scenario, handler) = (&one.scenario, &one.handler);
        let instead = one.instead.as_deref().unwrap_or_default();
        let (flips, all) = (one.flips, one.resamples);
        let _ = writeln!(text, "  {scenario} {handler}: {flips} of {all} resamples flip, first to {instead}");
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of resamples")]
pub(super) fn percent(part: usize, all: usize) -> f64 {
    if all == 0 { 0.0 } else { part as f64 * 100.0 / all as f64 }
}

//! The result of a check, for people and for machines. What is new, and what a budget allows, is decided in the advisor.

mod github;
mod markdown;
mod sarif;
#[cfg(test)]
mod tests;
mod text;

use anyhow::Context;
use pointsman_advisor::check::{Check, Finding, Outcome};
use serde::Serialize;

pub(crate) use github::github;
pub(crate) use markdown::markdown;
pub(crate) use sarif::sarif;
pub(crate) use text::text;

use super::rounded::counted;
use super::{safe, source, verdict};

/// What is said of everything that tests recorded.
const FROM_TESTS: &str = "Recorded from tests: shape, not traffic.";

/// A check, and what people should know about it.
#[derive(Clone, Copy)]
pub(crate) struct Shown<'a> {
    pub(crate) check: &'a Check,
    /// What could not be read, what was written.
    pub(crate) notes: &'a [String],
}

/// `pointsman.check/v1`.
pub(crate) fn json(shown: &Shown<'_>) -> anyhow::Result<String> {
    #[derive(Serialize)]
    struct Noted<'a> {
        #[serde(flatten)]
        check: &'a Check,
        notes: &'a [String],
    }
    let noted = Noted { check: shown.check, notes: shown.notes };
    let json = serde_json::to_string_pretty(&noted).context("the check cannot be written as JSON")?;
    Ok(safe::json(json) + "\n")
}

/// What it comes to, in one line.
fn headline(check: &Check) -> String {
    let result = match check.result {
        Outcome::Passed => "Passed",
        Outcome::Failed => "Failed",
        Outcome::Undecided => "Could not judge",
    };
    let found = if check.has_baseline {
        format!("{}, {} known", counted(check.new.len(), "new finding"), check.known.len())
    } else {
        format!("{}, compared with nothing", counted(check.new.len(), "finding"))
    };
    let dismissed = match check.dismissed.len() {
        0 => String::new(),
        some => format!(", {some} dismissed"),
    };
    format!("{result}: {found}{dismissed}. {}.", judged(check))
}

fn judged(check: &Check) -> String {
    let kinds =
        if check.handlers == 1 { "API route or Server Action" } else { "API routes and Server Actions" };
    format!("{} of {} {kinds} judged", check.judged, check.handlers)
}

/// What to do about a finding, or what it speaks for.
fn advice(finding: &Finding) -> Option<String> {
    let to = verdict(finding.verdict?);
    Some(if finding.from_tests { format!("its shape suggests: {to}") } else { to.to_owned() })
}

/// What was seen, in one sentence, with the advice.
fn sentence(finding: &Finding) -> String {
    let advice = advice(finding).map_or_else(String::new, |advice| format!(" ({advice})"));
    format!("{}{advice}", finding.text)
}

/// Where it is, as `file:line`.
fn place(finding: &Finding) -> Option<String> {
    finding.place.as_ref().map(source::place)
}

/// What is known to be gone, and what nobody knows of.
fn no_longer(check: &Check) -> Vec<String> {
    let gone = (!check.gone.is_empty()).then(|| {
        let verb = if check.gone.len() == 1 { "is" } else { "are" };
        format!(
            "{} of the baseline {verb} gone; --update takes them out",
            counted(check.gone.len(), "finding")
        )
    });
    let not_judged = (!check.not_judged.is_empty()).then(|| {
        format!(
            "{} of the baseline could not be checked: too few calls of their handlers",
            counted(check.not_judged.len(), "finding")
        )
    });
    gone.into_iter().chain(not_judged).collect()
}

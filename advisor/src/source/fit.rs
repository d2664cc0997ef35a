//! Whether a source is that of the app whose traffic is seen: by its routes and actions, and by the commit where
//! telemetry knows one.

use pointsman_store::{AppFact, Source};

use super::join::Index;
use crate::report::Report;
use crate::words::ReportedKind;

/// Handlers that must be known before routes can say that a source is another app's.
const ENOUGH_HANDLERS: usize = 5;
/// Facts that may hold the commit of the running build.
const COMMITS: [&str; 3] = ["service.version", "pointsman.deployment.id", "pointsman.next.build_id"];
/// Digits of the shortest abbreviation of a commit that people use.
const SHORTEST: usize = 7;

/// Why a source is not used.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Misfit {
    /// Most of what was called is not defined in it.
    #[error(
        "it seems to be another app's source: it defines {defined} of the {seen} routes and actions that {service} answers; it \
         lacks {missing}"
    )]
    AnotherApp {
        /// `service.name`.
        service: String,
        /// Handlers with a definition.
        defined: usize,
        /// Handlers that could have one.
        seen: usize,
        /// Some that have none.
        missing: String,
    },
    /// The running build is of another commit.
    #[error("it is of commit {source_commit}, but {fact} says that {running} is running")]
    AnotherCommit {
        /// The commit of the source.
        source_commit: String,
        /// The fact that names another one.
        fact: String,
        /// What it names.
        running: String,
    },
}

/// Whether a source belongs to the app of a report; `facts` are those of its service and environment.
///
/// # Errors
/// Why it does not.
pub fn fits(report: &Report, facts: &[AppFact], source: &Source) -> Result<(), Misfit> {
    commit_fits(report, facts, source)?;
    let index = Index::of(source);
    let mut missing = Vec::new();
    let (mut seen, mut defined) = (0, 0);
    for row in &report.handlers {
        // An action that only its id names says nothing about whose it is.
        if row.kind == ReportedKind::ServerAction && row.file.is_none() {
            continue;
        }
        match index.definition(row) {
            None => continue,
            Some(Ok(_)) => defined += 1,
            Some(Err(_)) => missing.push(row.action.clone().unwrap_or_else(|| row.route.clone())),
        }
        seen += 1;
    }
    if seen < ENOUGH_HANDLERS || defined * 2 >= seen {
        return Ok(());
    }
    missing.truncate(3);
    Err(Misfit::AnotherApp { service: report.service.clone(), defined, seen, missing: missing.join(", ") })
}

fn commit_fits(report: &Report, facts: &[AppFact], source: &Source) -> Result<(), Misfit> {
    let Some(commit) = source.commit.as_deref().filter(|commit| is_commit(commit)) else { return Ok(()) };
    for name in COMMITS {
        let of_app = |fact: &&AppFact| fact.name == name && fact.environment == report.environment;
        let Some(latest) = facts.iter().filter(of_app).max_by_key(|fact| fact.last_seen_ns) else { continue };
        let running = latest.value.as_str();
        if is_commit(running) && !commit.starts_with(running) && !running.starts_with(commit) {
            return Err(Misfit::AnotherCommit {
                source_commit: commit.to_owned(),
                fact: name.to_owned(),
                running: running.to_owned(),
            });
        }
    }
    Ok(())
}

/// Whether a word may be a commit: hex digits, with at least one letter among them if it is short.
fn is_commit(word: &str) -> bool {
    let hex = word.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    let has_both =
        word.bytes().any(|byte| byte.is_ascii_digit()) && word.bytes().any(|byte| byte.is_ascii_alphabetic());
    (SHORTEST..=64).contains(&word.len()) && hex && (has_both || word.len() >= 40)
}

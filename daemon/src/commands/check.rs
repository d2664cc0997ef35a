//! `pointsman check`: what is new against a baseline, and whether budgets are kept. What reports rest on is fetched by `evidence`,
//! the baseline read and written by `baseline_file`; what is new and what a budget allows is the advisor's.

mod baseline_file;
mod evidence;

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use pointsman_advisor::Report;
use pointsman_advisor::check::{self, Baseline, Budget, Check, Outcome};
use pointsman_store::Location;

use super::print;
use crate::cli::{CheckFormat, CheckOptions};
use crate::config::Config;
use crate::render::check::Shown;
use crate::render::{self, safe};

/// A budget is broken.
const BROKEN: u8 = 1;
/// There is too little evidence, or something cannot be read.
pub(crate) const UNDECIDED: u8 = 2;

/// Judges, compares, prints; the exit code says what it came to.
pub(crate) async fn run(
    db: &Location,
    options: CheckOptions,
    mut config: Config,
) -> anyhow::Result<ExitCode> {
    if let Some(repo) = &options.repo {
        config.source.repo = Some(repo.clone());
        config.source.file = None;
    }
    let budgets = if options.budgets.is_empty() { config.check.budgets() } else { options.budgets.clone() };
    let before = options.baseline.as_deref().map(|file| baseline_file::read(file, options.update));
    let before = before.transpose()?.flatten();
    let (reports, mut notes) = evidence::gather(db, &options, &config).await?;
    notes.extend(source_notes(&reports, &config));
    let mut result = check::check(&reports, before.as_ref(), &budgets);
    if options.update
        && let Some(file) = &options.baseline
    {
        anyhow::ensure!(
            result.judged > 0,
            "nothing was judged ({}), so {} is left as it is",
            result.undecided_because.join("; "),
            safe::terminal(&file.display().to_string())
        );
        let updated = Baseline::after(&result, before.as_ref());
        baseline_file::write(file, &updated)?;
        notes.push(written(file, &result, &updated));
        result = check::check(&reports, Some(&updated), &budgets);
    }
    let shown = Shown { check: &result, notes: &notes };
    print(&drawn(&shown, options.format)?)?;
    for copy in &options.copies {
        let text = drawn(&shown, copy.format)?;
        std::fs::write(&copy.file, text)
            .with_context(|| format!("cannot write {}", safe::terminal(&copy.file.display().to_string())))?;
    }
    Ok(match result.result {
        Outcome::Passed => ExitCode::SUCCESS,
        Outcome::Failed => ExitCode::from(BROKEN),
        Outcome::Undecided => ExitCode::from(UNDECIDED),
    })
}

fn drawn(shown: &Shown<'_>, format: CheckFormat) -> anyhow::Result<String> {
    Ok(match format {
        CheckFormat::Text => render::check::text(shown),
        CheckFormat::Json => render::check::json(shown)?,
        CheckFormat::Sarif => render::check::sarif(shown)?,
        CheckFormat::Github => render::check::github(shown),
        CheckFormat::Markdown => render::check::markdown(shown),
    })
}

fn written(file: &Path, check: &Check, updated: &Baseline) -> String {
    let file = safe::terminal(&file.display().to_string());
    let kept = match check.not_judged.len() {
        0 => String::new(),
        1 => "; 1 entry was kept, because its handler was not judged this time".to_owned(),
        many => format!("; {many} entries were kept, because their handlers were not judged this time"),
    };
    let gone = match check.gone.len() {
        0 => String::new(),
        gone => format!(", {gone} removed"),
    };
    format!(
        "wrote {file}: {} ({} new{gone}){kept}",
        render::rounded::counted(updated.findings.len(), "finding"),
        check.new.len()
    )
}

/// Why findings name no files although the source is there.
fn source_notes(reports: &[Report], config: &Config) -> Vec<String> {
    let is_named = config.source.repo.is_some() || config.source.file.is_some();
    let refused = reports.iter().filter_map(|report| {
        let reason = report.source.as_ref()?.refused.as_ref()?;
        Some(format!("the source of {} is not used: {reason}", report.service))
    });
    let mut notes: Vec<String> = refused.collect();
    if is_named && !reports.is_empty() && reports.iter().all(|report| report.source.is_none()) {
        notes.push(
            "the source is of none of the services that sent traces; name it as `service` in [source]"
                .to_owned(),
        );
    }
    notes
}

/// The budgets of a configuration, which were read before.
impl crate::config::CheckSettings {
    fn budgets(&self) -> Vec<Budget> {
        self.budgets.iter().filter_map(|text| text.parse().ok()).collect()
    }
}

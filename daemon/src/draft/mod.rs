//! A Change as a patch of the app's source: what is to be drafted, the draft, what was checked of it, and how it is said. How
//! code is edited is the business of the crate `source`; this only asks for it. The app's files are never written.

mod applies;
mod copy;
mod task;
mod typecheck;
mod words;

use std::path::PathBuf;

use pointsman_advisor::{Change, HandlerReport, Report};
use pointsman_source::{Draft, Limits, Source, Task, Wanted, draft, link};

pub(crate) use applies::Applies;
pub(crate) use task::of_change as task_of_change;
pub(crate) use typecheck::Types;
pub(crate) use words::{header, patch_file};

/// The source of an app that can be drafted in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Checkout {
    /// The repository.
    pub(crate) repo: PathBuf,
    /// The app in it, if there are several.
    pub(crate) app: Option<String>,
}

impl Checkout {
    fn wanted(&self) -> Wanted {
        Wanted { app: self.app.clone(), commit: None }
    }

    fn source(&self) -> anyhow::Result<Source> {
        Ok(link(&self.repo, &self.wanted(), &Limits::default())?)
    }
}

/// A draft, and how far it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Drafted {
    /// What it does, in one line.
    pub(crate) title: String,
    /// Whether nothing is left to decide but to read it.
    pub(crate) is_mechanical: bool,
    /// The files; none where only the steps of the plan are left, and why.
    pub(crate) draft: Draft,
}

/// What was checked of a draft.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Checks {
    /// Whether the patch fits the files as they are.
    pub(crate) applies: Applies,
    /// Whether the app's own compiler finds more faults than before.
    pub(crate) types: Types,
}

/// The draft of a Change. It reads the repository, which takes up to some seconds, and runs nothing.
///
/// # Errors
/// If the repository cannot be read. That there is no draft is no error: it says why.
pub(crate) fn of_change(report: &Report, change: &Change, checkout: &Checkout) -> anyhow::Result<Drafted> {
    made(&change.title, task::of_change(report, change), checkout)
}

/// The draft of what can be improved about one handler, or of the Change that it is part of.
///
/// # Errors
/// As [`of_change`].
pub(crate) fn of_handler(
    report: &Report,
    row: &HandlerReport,
    checkout: &Checkout,
) -> anyhow::Result<Drafted> {
    if let Some(change) = report.changes.iter().find(|one| Some(&one.id) == row.change.as_ref()) {
        return of_change(report, change, checkout);
    }
    let title = crate::render::name(row);
    made(&title, task::of_improvement(row), checkout)
}

/// The draft of what source and traffic together say about an action (`file#name`) that had no calls; `None` if the source does not
/// define it.
///
/// # Errors
/// As [`of_change`].
pub(crate) fn of_action(
    reports: &[Report],
    action: &str,
    checkout: &Checkout,
) -> anyhow::Result<Option<Drafted>> {
    let source = checkout.source()?;
    let Some(definition) = source.handlers.iter().find(|one| one.action.as_deref() == Some(action)) else {
        return Ok(None);
    };
    made(action, task::of_unused(reports, definition, action), checkout).map(Some)
}

/// The draft of a task. It reads the repository, as [`of_change`].
///
/// # Errors
/// As [`of_change`].
pub(crate) fn of_task(task: &Task, checkout: &Checkout) -> anyhow::Result<Draft> {
    Ok(draft(&checkout.repo, &checkout.wanted(), &Limits::default(), task)?)
}

fn made(title: &str, task: Result<Task, String>, checkout: &Checkout) -> anyhow::Result<Drafted> {
    let (draft, is_mechanical) = match task {
        Ok(task) => {
            let made = of_task(&task, checkout)?;
            (made, task.kind.is_mechanical())
        }
        Err(why) => (Draft { left_out: vec![why], ..Draft::default() }, false),
    };
    Ok(Drafted { title: title.to_owned(), is_mechanical, draft })
}

/// Checks a draft: whether it applies, and what the app's own TypeScript says before and after, in a copy of the app. The latter runs
/// the compiler that is installed in the app.
pub(crate) fn check(drafted: &Drafted, checkout: &Checkout, with_types: bool) -> anyhow::Result<Checks> {
    let applies = applies::check(&drafted.draft.patch(), &checkout.repo);
    let types = if with_types {
        let root = checkout.source()?.app.root;
        typecheck::compare(&drafted.draft, &checkout.repo, &root)
    } else {
        Types::NotRun("it was not asked for".to_owned())
    };
    Ok(Checks { applies, types })
}

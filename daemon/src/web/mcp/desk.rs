//! What the tools read: the view that the pages and the API show, and who in it is meant by a name. An agent often has a name
//! only nearly right, so whoever is not found is answered with the nearest ones.

use std::sync::Arc;
use std::time::{Duration, Instant};

use pointsman_advisor::life::Decided;
use pointsman_advisor::{Change, HandlerReport, Report};
use pointsman_source::Draft;
use tokio::sync::Semaphore;

use super::quote;
use crate::advise::Said;
use crate::commands::find::{Named, matching};
use crate::draft::{Checkout, of_task, task_of_change};
use crate::render::Audience;
use crate::web::board::View;
use crate::web::{Problem, Web};

/// Names that are told when there is none that fits.
const NEAREST: usize = 3;
/// Letters of names that are compared: it takes the square of them.
const COMPARED: usize = 64;
/// Names that are told when several fit.
const AMBIGUOUS: usize = 10;

/// Where a view comes from.
#[derive(Clone)]
pub(crate) struct Desk {
    web: Web,
    /// A view that is older is made again first; without it somebody else sees to that.
    renewed_after: Option<Duration>,
    /// Reading a repository takes a core for up to some seconds: one draft is made at a time.
    drafting: Arc<Semaphore>,
}

/// What an agent means.
pub(super) enum Meant<'v> {
    Change(&'v Report, &'v Change),
    Handler(&'v Report, &'v HandlerReport),
}

impl Desk {
    /// Shows what a daemon keeps current.
    pub(crate) fn of_daemon(web: Web) -> Self {
        Self::with(web, None)
    }

    /// Asks for a new view where the last one is older than that.
    pub(crate) fn renewing(web: Web, renewed_after: Duration) -> Self {
        Self::with(web, Some(renewed_after))
    }

    fn with(web: Web, renewed_after: Option<Duration>) -> Self {
        Self { web, renewed_after, drafting: Arc::new(Semaphore::new(1)) }
    }

    pub(super) async fn view(&self) -> Arc<View> {
        let board = &self.web.board;
        let is_old = |after: Duration| {
            board.shown_at().is_none_or(|at| Instant::now().saturating_duration_since(at) > after)
        };
        if self.renewed_after.is_some_and(is_old) {
            board.renew().await;
        }
        board.view()
    }

    /// Whether there was a run yet.
    pub(super) fn has_advised(&self) -> bool {
        self.web.board.has_advised()
    }

    pub(super) async fn decide(&self, id: &str, said: &Said) -> Result<Decided, Problem> {
        self.web.decide(id, said).await
    }

    pub(super) fn audience(&self) -> Audience {
        self.web.config.reports.audience()
    }

    /// The draft of a Change in the checkout of `[source]`, or why there is none.
    pub(super) async fn draft(&self, report: &Report, change: &Change) -> Result<Draft, String> {
        let source = self.web.config.source.clone();
        let Some(repo) = source.repo else {
            return Err(format!(
                "this server knows no checkout; `pointsman draft {} --repo .` in the app's folder makes one, or says why not",
                change.id
            ));
        };
        let checkout = Checkout { repo, app: source.app };
        let task = task_of_change(report, change)?;
        let turn = Arc::clone(&self.drafting).acquire_owned().await.map_err(|error| error.to_string())?;
        let made = tokio::task::spawn_blocking(move || {
            // Held until it is read, also when the agent no longer waits.
            let _turn = turn;
            of_task(&task, &checkout)
        });
        let draft = made.await.map_err(|_| "reading the checkout failed".to_owned())?;
        let draft = draft.map_err(|error| format!("the checkout cannot be read: {error:#}"))?;
        if draft.files.is_empty() { Err(draft.left_out.join("; ")) } else { Ok(draft) }
    }

    pub(super) fn allows_decisions(&self) -> bool {
        self.web.config.mcp.allow_decisions
    }
}

/// The Change or handler that is meant, or what to ask for instead.
pub(super) fn meant<'v>(view: &'v View, wanted: &str) -> Result<Meant<'v>, String> {
    let known = known(view);
    let named: Vec<Named> = known.iter().map(named).collect();
    one(&named, wanted, "change or handler")
        .and_then(|place| known.into_iter().nth(place).ok_or_else(nothing))
}

/// The same for a handler; a Change is not one.
pub(super) fn handler<'v>(view: &'v View, wanted: &str) -> Result<(&'v Report, &'v HandlerReport), String> {
    match meant(view, wanted)? {
        Meant::Handler(report, row) => Ok((report, row)),
        Meant::Change(report, change) => {
            let rows = report.handlers.iter().filter(|row| change.handlers.contains(&row.id));
            let rows: Vec<String> =
                rows.take(AMBIGUOUS).map(|row| format!("{} ({})", quote::name(row), row.id)).collect();
            Err(format!(
                "{} is a change. Name one of its handlers: {}.",
                quote::code(wanted),
                rows.join(", ")
            ))
        }
    }
}

fn known(view: &View) -> Vec<Meant<'_>> {
    let mut known = Vec::new();
    for outlook in &view.outlooks {
        let report = &outlook.report;
        known.extend(report.changes.iter().map(|change| Meant::Change(report, change)));
        known.extend(report.handlers.iter().map(|row| Meant::Handler(report, row)));
    }
    known
}

fn named(meant: &Meant<'_>) -> Named {
    match meant {
        Meant::Change(_, change) => Named::of_change(change),
        Meant::Handler(_, row) => Named::of(row),
    }
}

fn one(named: &[Named], wanted: &str, kind: &str) -> Result<usize, String> {
    let list = |places: &[usize]| {
        let names = places.iter().filter_map(|place| named.get(*place));
        let names: Vec<String> =
            names.map(|one| format!("- {} ({})", quote::code(&one.title), one.id)).collect();
        names.join("\n")
    };
    match matching(named, wanted).as_slice() {
        [place] => Ok(*place),
        [] if named.is_empty() => Err(nothing()),
        [] => {
            let nearest = nearest(named, wanted);
            Err(format!("No {kind} is called {}. Nearest:\n{}", quote::code(wanted), list(&nearest)))
        }
        many => {
            let (shown, more) = many.split_at(many.len().min(AMBIGUOUS));
            let more = if more.is_empty() { String::new() } else { format!("\n{} more", more.len()) };
            Err(format!("{} fits several; name one by its id:\n{}{more}", quote::code(wanted), list(shown)))
        }
    }
}

fn nothing() -> String {
    "Nothing is known yet: no calls have arrived, or the first run of the advisor has not finished. Ask what_is_missing."
        .to_owned()
}

/// Places of the names that are most like one.
fn nearest(named: &[Named], wanted: &str) -> Vec<usize> {
    let short = |name: &str| name.chars().take(COMPARED).collect::<String>().to_lowercase();
    let wanted = short(wanted);
    let likeness = |one: &Named| {
        let names = one.names().map(short);
        let like = names.map(|name| strsim::normalized_damerau_levenshtein(&name, &wanted));
        like.fold(0.0_f64, f64::max)
    };
    let mut all: Vec<(usize, f64)> = named.iter().map(likeness).enumerate().collect();
    all.sort_by(|(_, a), (_, b)| b.total_cmp(a));
    all.into_iter().take(NEAREST).map(|(place, _)| place).collect()
}

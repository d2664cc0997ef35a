//! What is to be drafted for a Change, an improvement, or an action that nobody needs.

use pointsman_advisor::{Change, HandlerReport, Report, ReportedKind, Verdict};
use pointsman_source::{HandlerRef, Task, TaskKind};
use pointsman_store::{Definition, HandlerKind, Usage};

/// The move of a Change; why there is nothing to draft otherwise.
pub(crate) fn of_change(report: &Report, change: &Change) -> Result<Task, String> {
    let kind = match change.verdict {
        Verdict::MoveToServerAction => TaskKind::ToAction,
        Verdict::MoveToRouteHandler if change.rule.as_deref() == Some("stream-or-binary") => {
            return Err(
                "an answer that streams is written by hand: what the client does with its parts is not known"
                    .to_owned(),
            );
        }
        Verdict::MoveToRouteHandler => TaskKind::ToRoute,
        Verdict::MoveToServerComponent => TaskKind::ToComponent,
        Verdict::Keep | Verdict::InsufficientEvidence => return Err("it is not a move".to_owned()),
    };
    let rows = change.handlers.iter().map(|id| {
        let row = report.handlers.iter().find(|row| row.id == *id);
        handler(row.ok_or_else(|| format!("its handler {id} is not in the report any more"))?)
    });
    Ok(Task { kind, handlers: rows.collect::<Result<_, String>>()?, pages: change.pages.clone() })
}

/// What can be improved about a handler that stays.
pub(super) fn of_improvement(row: &HandlerReport) -> Result<Task, String> {
    let has = |rule: &str| row.improvements.iter().any(|one| one == rule);
    let kind = if has("refresh-after-action") {
        TaskKind::DropRefresh
    } else if has("server-self-fetch") {
        TaskKind::SelfFetch
    } else {
        return Err(match row.improvements.as_slice() {
            [] => "nothing is recommended about it".to_owned(),
            all => format!("there is no draft for {}; `pointsman explain` says what to do", all.join(", ")),
        });
    };
    let pages = if row.pages.is_empty() { vec![row.route.clone()] } else { row.pages.clone() };
    Ok(Task { kind, handlers: vec![handler(row)?], pages })
}

/// An action that nobody called, and that no client refers to.
pub(super) fn of_unused(reports: &[Report], definition: &Definition, action: &str) -> Result<Task, String> {
    let rows = || {
        reports
            .iter()
            .flat_map(|report| &report.handlers)
            .filter(|row| row.kind == ReportedKind::ServerAction)
    };
    let is_it = |row: &&HandlerReport| matches!((&row.file, &row.action), (Some(file), Some(name)) if format!("{file}#{name}") == action);
    if let Some(row) = rows().find(is_it) {
        return Err(format!("it was called: {} calls a day", crate::render::number(row.calls_per_day)));
    }
    let kind = match definition.usage {
        Some(Usage::Nowhere) => TaskKind::DeleteAction,
        Some(Usage::ServerOnly) => TaskKind::DropUseServer,
        Some(Usage::Action) => return Err("code for browsers uses it as an action".to_owned()),
        None => return Err("it is shared with other apps, whose code was not read".to_owned()),
    };
    if rows().any(|row| row.file.is_none()) {
        return Err("telemetry knows some actions only by their ids, and it may be one of them".to_owned());
    }
    Ok(Task { kind, handlers: vec![HandlerRef::Action(action.to_owned())], pages: Vec::new() })
}

fn handler(row: &HandlerReport) -> Result<HandlerRef, String> {
    let kind = match &row.kind {
        ReportedKind::RouteHandler => HandlerKind::RouteHandler,
        ReportedKind::PagesApi => HandlerKind::PagesApi,
        ReportedKind::Page => return Ok(HandlerRef::Page(row.route.clone())),
        ReportedKind::ServerAction => {
            return match (&row.file, &row.action) {
                (Some(file), Some(name)) => Ok(HandlerRef::Action(format!("{file}#{name}"))),
                _ => {
                    Err("telemetry knows the action only by its id, so its source cannot be found".to_owned())
                }
            };
        }
        other => return Err(format!("{other} has no code of its own")),
    };
    if row.operation.is_some() {
        return Err("it is one operation of a route that answers many".to_owned());
    }
    Ok(HandlerRef::Route { kind, route: row.route.clone(), method: row.method.clone() })
}

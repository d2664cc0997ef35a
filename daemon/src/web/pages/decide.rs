//! The forms by which a person answers a recommendation, and what they offer to choose from.

use axum::Form;
use axum::extract::{Path, State};
use axum::response::Redirect;
use pointsman_advisor::{HandlerReport, Report, ReportedKind, Verdict};
use pointsman_store::Fingerprint;
use serde::Deserialize;

use crate::advise::{End, Said};
use crate::clock;
use crate::render::{self, safe};
use crate::web::pages::Trouble;
use crate::web::{Problem, Web};

/// The fields of all four forms; each sends its own.
#[derive(Deserialize, Debug)]
pub(super) struct Fields {
    decision: String,
    #[serde(default)]
    reason: String,
    /// A day, as `2026-12-31`.
    #[serde(default)]
    until: String,
    /// How many days it is put off.
    #[serde(default)]
    days: String,
    /// The id of the handler that came in its place.
    #[serde(default)]
    successor: String,
    /// The page that shows what was decided; the handler's own where it is empty.
    #[serde(default)]
    back: String,
}

/// Takes the decision and shows the handler as it stands then.
pub(super) async fn handler(
    State(web): State<Web>,
    Path(id): Path<String>,
    Form(fields): Form<Fields>,
) -> Result<Redirect, Trouble> {
    decided(&web, "handlers", &id, &fields).await
}

/// The same about a change, and shows it as it stands then.
pub(super) async fn change(
    State(web): State<Web>,
    Path(id): Path<String>,
    Form(fields): Form<Fields>,
) -> Result<Redirect, Trouble> {
    decided(&web, "changes", &id, &fields).await
}

async fn decided(web: &Web, pages: &str, id: &str, fields: &Fields) -> Result<Redirect, Trouble> {
    web.decide(id, &said(fields)?).await?;
    let own = || format!("/{pages}/{id}#life");
    Ok(Redirect::to(&back(&fields.back).map_or_else(own, str::to_owned)))
}

/// An address of the overview; nothing else is followed, because a form may be sent by anybody.
fn back(address: &str) -> Option<&str> {
    const LONGEST: usize = 500;
    let is_plain = address.len() <= LONGEST && address.bytes().all(|byte| byte.is_ascii_graphic());
    Some(address).filter(|address| is_plain && address.starts_with("/?"))
}

fn said(fields: &Fields) -> Result<Said, Problem> {
    let given = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    match fields.decision.as_str() {
        "accept" => Ok(Said::Accept),
        "dismiss" => {
            let until_ns = given(&fields.until).map(|text| day(&text)).transpose()?;
            Ok(Said::Dismiss { reason: fields.reason.trim().to_owned(), until_ns })
        }
        "snooze" => Ok(Said::Snooze { end: days(&fields.days)?, reason: given(&fields.reason) }),
        "applied" => {
            let successor = given(&fields.successor).map(|id| {
                Fingerprint::from_hex(&id).ok_or_else(|| {
                    Problem::bad_request("name the handler that replaced it by its id: 16 hex digits")
                })
            });
            Ok(Said::Applied { successor: successor.transpose()? })
        }
        _ => Err(Problem::bad_request("the decision is one of accept, dismiss, snooze and applied")),
    }
}

fn day(text: &str) -> Result<u64, Problem> {
    clock::parse(text).ok_or_else(|| Problem::bad_request("write the last day as 2026-12-31"))
}

fn days(text: &str) -> Result<End, Problem> {
    let days = text.trim().parse::<u32>().ok().filter(|days| (1..=365).contains(days));
    days.map(|days| End::AfterHours(days * 24))
        .ok_or_else(|| Problem::bad_request("write a number of days from 1 to 365"))
}

/// Handlers that may have come in place of one that was moved, with their ids.
pub(super) fn successors(report: &Report, handler: &HandlerReport) -> Vec<(String, String)> {
    let fits = |one: &&HandlerReport| match handler.verdict {
        Verdict::MoveToServerAction => one.kind == ReportedKind::ServerAction,
        Verdict::MoveToRouteHandler => one.kind.is_route(),
        _ => one.kind == ReportedKind::Page,
    };
    let others = report.handlers.iter().filter(|one| one.id != handler.id).filter(fits);
    others.map(|one| (one.id.clone(), safe::terminal(&render::name(one)))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_overview_is_gone_back_to() {
        for address in ["/?#changes", "/?service=shop&environment=#changes"] {
            assert_eq!(back(address), Some(address));
        }
        for address in
            ["", "//evil.example/?", "https://evil.example", "/handlers/1", "/?a\r\nset-cookie: b", "/? b"]
        {
            assert_eq!(back(address), None, "{address}");
        }
    }
}

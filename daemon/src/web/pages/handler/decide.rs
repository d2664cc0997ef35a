//! The form by which a person answers a recommendation.

use axum::Form;
use axum::extract::{Path, State};
use axum::response::Redirect;
use pointsman_store::Fingerprint;
use serde::Deserialize;

use crate::advise::{End, Said};
use crate::clock;
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
}

/// Takes the decision and shows the handler as it stands then.
pub(super) async fn decide(
    State(web): State<Web>,
    Path(id): Path<String>,
    Form(fields): Form<Fields>,
) -> Result<Redirect, Trouble> {
    let said = said(&fields)?;
    web.decide(&id, &said).await?;
    Ok(Redirect::to(&format!("/handlers/{id}#life")))
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
                    Problem::bad_request(
                        "the handler that came in its place is named by its id: 16 hex digits",
                    )
                })
            });
            Ok(Said::Applied { successor: successor.transpose()? })
        }
        _ => Err(Problem::bad_request("the decision is one of accept, dismiss, snooze and applied")),
    }
}

fn day(text: &str) -> Result<u64, Problem> {
    clock::parse(text).ok_or_else(|| Problem::bad_request("write the day until when as 2026-12-31"))
}

fn days(text: &str) -> Result<End, Problem> {
    let days = text.trim().parse::<u32>().ok().filter(|days| (1..=365).contains(days));
    days.map(|days| End::AfterHours(days * 24))
        .ok_or_else(|| Problem::bad_request("write for how many days it is put off, from 1 to 365"))
}

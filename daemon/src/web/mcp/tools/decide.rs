//! `decide`: a user's decision about a Change, taken the way the pages and the API take it. It is off unless the configuration
//! or a flag allows it.

use pointsman_advisor::life::Subject;
use pointsman_advisor::rfc3339;
use pointsman_store::Fingerprint;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Called, answered};
use crate::advise::{End, Said};
use crate::clock;
use crate::render::safe;
use crate::web::board::View;
use crate::web::mcp::answer::Answer;
use crate::web::mcp::desk::{self, Desk, Meant};
use crate::web::mcp::quote::Quote;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web::mcp) struct Arguments {
    /// Id of the change.
    change: String,
    decision: Kind,
    /// Why; needed to dismiss.
    reason: Option<String>,
    /// A day as 2026-12-31; needed to snooze.
    until: Option<String>,
    /// Applied: the handler in its place.
    successor: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Accept,
    Dismiss,
    Snooze,
    Applied,
}

#[derive(Serialize, JsonSchema)]
pub(in crate::web::mcp) struct Decision {
    change: String,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
    handlers: Vec<String>,
}

pub(in crate::web::mcp) async fn call(desk: &Desk, arguments: Arguments) -> Called {
    if !desk.allows_decisions() {
        return Err("Decisions are off here. The user decides on the pages or with `pointsman accept`; \
                    mcp.allow_decisions = true in the configuration (with --db: --allow-decisions) lets agents record them."
            .to_owned());
    }
    let view = desk.view().await;
    let (report, change) = match desk::meant(&view, &arguments.change)? {
        Meant::Change(report, change) => (report, change),
        Meant::Handler(report, row) => {
            let of_row = |id: &String| report.changes.iter().find(|change| change.id == *id);
            let change = row.change.as_ref().and_then(of_row);
            (report, change.ok_or("This handler is part of no change, so there is nothing to decide.")?)
        }
    };
    let said = said(&view, &arguments)?;
    let decided = desk.decide(&change.id, &said).await;
    let decided = decided.map_err(|problem| safe::markdown_sentence(problem.detail()))?;
    let until = decided.until_ns.map(rfc3339);
    let mut answer = Answer::new(false);
    let end = until.as_ref().map_or_else(String::new, |until| format!(" until {until}"));
    let title = Quote::of(report).sentence(&change.title);
    answer.line("decisions", &format!("{title} ({}): **{}**{end}.", change.id, decided.state.as_str()));
    answered(answer, |_| Decision {
        change: change.id.clone(),
        state: decided.state.as_str(),
        until,
        handlers: decided.moves.iter().map(|(handler, _)| handler.to_string()).collect(),
    })
}

fn said(view: &View, arguments: &Arguments) -> Result<Said, String> {
    let until = arguments.until.as_deref().map(time).transpose()?;
    let reason = arguments.reason.clone();
    Ok(match arguments.decision {
        Kind::Accept => Said::Accept,
        Kind::Dismiss => {
            let reason = reason.ok_or("dismiss: say why in reason; the report shows it.")?;
            Said::Dismiss { reason, until_ns: until }
        }
        Kind::Snooze => {
            let end = until.ok_or("snooze: say until when, as 2026-12-31.")?;
            Said::Snooze { end: End::At(end), reason }
        }
        Kind::Applied => {
            let successor = arguments.successor.as_deref().map(|name| successor(view, name)).transpose()?;
            Said::Applied { successor }
        }
    })
}

fn successor(view: &View, name: &str) -> Result<Fingerprint, String> {
    let (_, row) = desk::handler(view, name)?;
    match view.named(&row.id) {
        Some((Subject::Handler(id), _)) => Ok(id),
        _ => Err("successor: name a handler.".to_owned()),
    }
}

fn time(text: &str) -> Result<u64, String> {
    clock::parse(text)
        .ok_or_else(|| "until: write a day as 2026-12-31 or a time as 2026-12-31T18:00:00Z.".to_owned())
}

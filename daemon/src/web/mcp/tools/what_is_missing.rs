//! `what_is_missing`: telemetry that does not arrive, with the line that fixes it, and handlers that lack evidence.

use pointsman_advisor::{HandlerReport, Report, Verdict};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Called, answered};
use crate::advise::Outlook;
use crate::render::checkup::{INIT, Piece, Remedy, Telemetry};
use crate::render::{self, safe};
use crate::web::mcp::answer::{Answer, LeftOut};
use crate::web::mcp::desk::{self, Desk};
use crate::web::mcp::quote::{self, Quote};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web::mcp) struct Arguments {
    /// Only this handler.
    handler: Option<String>,
    /// A longer answer: 32 KB.
    #[serde(default)]
    full: bool,
}

#[derive(Default, Serialize, JsonSchema)]
pub(in crate::web::mcp) struct Missing {
    telemetry: Vec<Lacking>,
    remedies: Vec<String>,
    handlers: Vec<Unsure>,
    left_out: LeftOut,
}

#[derive(Serialize, JsonSchema)]
struct Lacking {
    attribute: String,
    share: f64,
    needed_for: String,
}

#[derive(Serialize, JsonSchema)]
struct Unsure {
    id: String,
    name: String,
    needs: Vec<String>,
}

pub(in crate::web::mcp) async fn call(desk: &Desk, arguments: Arguments) -> Called {
    let view = desk.view().await;
    let mut answer = Answer::new(arguments.full);
    let mut missing = Missing::default();
    let only = arguments.handler.as_deref().map(|wanted| desk::handler(&view, wanted)).transpose()?;
    if view.outlooks.is_empty() {
        answer.line("notes", "No calls have arrived in the last week. Set the app up, then use it:");
        answer.line("notes", &format!("- `{INIT}`"));
        answer.line("notes", "- `pointsman doctor` says what keeps traces away.");
    }
    for outlook in &view.outlooks {
        let is_meant = only.is_none_or(|(report, _)| std::ptr::eq(report, &outlook.report));
        if is_meant {
            of_service(&mut answer, outlook, only.map(|(_, row)| row), &mut missing);
        }
    }
    answered(answer, |left_out| Missing { left_out, ..missing })
}

fn of_service(answer: &mut Answer, outlook: &Outlook, only: Option<&HandlerReport>, missing: &mut Missing) {
    let report = &outlook.report;
    answer.line("services", &format!("# {}", quote::code(&report.service)));
    let rows: Vec<&HandlerReport> = match only {
        Some(row) => vec![row],
        None => report.handlers.iter().filter(|row| row.verdict == Verdict::InsufficientEvidence).collect(),
    };
    handlers(answer, report, &rows, missing);
    let telemetry = Telemetry::of(&outlook.checkup);
    let lacking: Vec<&Piece> = telemetry.coverage.iter().filter(|piece| piece.missing).collect();
    let lines: Vec<String> = lacking.iter().map(|piece| lacking_line(piece)).collect();
    if lines.is_empty() {
        answer.line("notes", "\nTelemetry: all pieces arrive.");
    }
    let shown = answer.list("## Telemetry that is missing", "pieces of telemetry", &lines);
    missing.telemetry.extend(lacking.into_iter().take(shown).map(|piece| Lacking {
        attribute: piece.attribute.clone(),
        share: piece.share,
        needed_for: piece.matters_for.clone(),
    }));
    let lines: Vec<String> = telemetry.remedies.iter().map(remedy_line).collect();
    let shown = answer.list("## What to do", "remedies", &lines);
    let texts = telemetry.remedies.iter().take(shown).map(remedy_text);
    missing.remedies.extend(texts.map(|text| safe::sentence(&text)));
}

fn handlers(answer: &mut Answer, report: &Report, rows: &[&HandlerReport], missing: &mut Missing) {
    let quote = Quote::of(report);
    let line = |row: &&HandlerReport| {
        let needs = render::needs(row);
        let needs =
            if needs.is_empty() { "nothing".to_owned() } else { quote.sentence(&needs.join(", and ")) };
        format!("- {} ({}) needs {needs}", quote::name(row), row.id)
    };
    let lines: Vec<String> = rows.iter().map(line).collect();
    let shown = answer.list("## Handlers", "handlers", &lines);
    missing.handlers.extend(rows.iter().take(shown).map(|row| Unsure {
        id: row.id.clone(),
        name: safe::terminal(&render::name(row)),
        needs: render::needs(row),
    }));
}

fn lacking_line(piece: &Piece) -> String {
    let share = render::percent(piece.share);
    format!(
        "- {}: {share} of calls carry it; needed for {}",
        quote::code(&piece.attribute),
        piece.matters_for
    )
}

fn remedy_line(remedy: &Remedy) -> String {
    let mut line = format!("- {}", safe::markdown_sentence(&remedy.text));
    for code in &remedy.code {
        let lines: Vec<String> = code.lines.lines().map(quote::code).collect();
        line += &format!("\n  - {}: {}", code.place, lines.join(" "));
    }
    line
}

fn remedy_text(remedy: &Remedy) -> String {
    let code = remedy.code.iter().map(|code| format!(" {}: {}", code.place, code.lines));
    remedy.text.clone() + &code.collect::<String>()
}

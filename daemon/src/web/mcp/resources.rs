//! Resources: the report, the manual of each rule and each handler, as Markdown.

use rmcp::ErrorData;
use rmcp::model::{ReadResourceResult, Resource, ResourceContents, ResourceTemplate};

use super::answer::QUOTED;
use super::desk::{self, Desk};
use super::quote;
use crate::render::{self, markdown};
use crate::web::board::View;
use crate::web::pages::rules::{manual, summary};

/// A longer text is cut, bytes.
const LONGEST: usize = 256 << 10;
const MARKDOWN: &str = "text/markdown";
const REPORT: &str = "pointsman://report";
const RULES: &str = "pointsman://rules";
const HANDLERS: &str = "pointsman://handlers";

/// What is listed.
pub(super) fn all() -> Vec<Resource> {
    [
        (REPORT, "report", "The whole report as Markdown."),
        (RULES, "rules", "All rules, a sentence each."),
        (HANDLERS, "handlers", "All handlers with their ids and verdicts."),
    ]
    .into_iter()
    .map(|(uri, name, about)| Resource::new(uri, name).with_description(about).with_mime_type(MARKDOWN))
    .collect()
}

/// What is read by an id.
pub(super) fn templates() -> Vec<ResourceTemplate> {
    [
        ("pointsman://rules/{id}", "rule", "What a rule watches, why it is true, and its source."),
        ("pointsman://handlers/{id}", "handler", "What the report says about one handler."),
    ]
    .into_iter()
    .map(|(uri, name, about)| {
        ResourceTemplate::new(uri, name).with_description(about).with_mime_type(MARKDOWN)
    })
    .collect()
}

/// One of them.
pub(super) async fn read(desk: &Desk, uri: &str) -> Result<ReadResourceResult, ErrorData> {
    let view = desk.view().await;
    let text = match uri.strip_prefix("pointsman://").map(|path| path.split_once('/').unwrap_or((path, ""))) {
        Some(("report", "")) => Some(report(desk, &view)),
        Some(("rules", "")) => Some(rules()),
        Some(("rules", id)) => manual(id).map(str::to_owned),
        Some(("handlers", "")) => Some(handlers(&view)),
        Some(("handlers", id)) => Some(handler(desk, &view, id).map_err(not_found)?),
        _ => None,
    };
    let text = text.ok_or_else(|| {
        not_found(format!("{} is no resource here; resources/list has them", quote::code(uri)))
    })?;
    Ok(ReadResourceResult::new(vec![ResourceContents::text(cut(text), uri).with_mime_type(MARKDOWN)]))
}

fn not_found(message: String) -> ErrorData {
    ErrorData::resource_not_found(message, None)
}

/// A text as long as it may be.
fn cut(mut text: String) -> String {
    if text.len() > LONGEST {
        let left_out = text.len() - text.floor_char_boundary(LONGEST);
        text.truncate(text.len() - left_out);
        text += &format!(
            "\n\nLeft out for length: {left_out} bytes. `pointsman report --format markdown` prints all.\n"
        );
    }
    text
}

fn report(desk: &Desk, view: &View) -> String {
    let reports: Vec<pointsman_advisor::Report> = view.reports().cloned().collect();
    format!(
        "{QUOTED} So is all other text from routes, actions and files in this report.\n\n{}",
        markdown::reports(&reports, &desk.audience())
    )
}

fn rules() -> String {
    let mut ids: Vec<&str> = pointsman_advisor::rules::RULES.iter().map(|rule| rule.id).collect();
    ids.sort_unstable();
    ids.dedup();
    let line = |id: &str| format!("- {id}: {}\n", manual(id).map(summary).unwrap_or_default());
    format!("# Rules\n\n{}", ids.into_iter().map(line).collect::<String>())
}

fn handlers(view: &View) -> String {
    let rows = view.reports().flat_map(|report| report.handlers.iter());
    let lines =
        rows.map(|row| format!("- {} {}: {}\n", row.id, quote::name(row), render::verdict_and_state(row)));
    format!("# Handlers\n\n{}\n{QUOTED}\n", lines.collect::<String>())
}

fn handler(desk: &Desk, view: &View, id: &str) -> Result<String, String> {
    let (report, row) = desk::handler(view, id)?;
    Ok(format!("{}\n{QUOTED}\n", markdown::handler(report, row, &desk.audience())))
}

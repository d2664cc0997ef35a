//! `get_examples`: what was recorded, as short time lines: requests of one client in a row, now and as they would be after.

use std::collections::HashSet;

use pointsman_advisor::explanation::Example;
use pointsman_advisor::{HandlerReport, Report};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Called, answered};
use crate::render::{self, safe};
use crate::web::board::View;
use crate::web::mcp::answer::{Answer, LeftOut};
use crate::web::mcp::desk::{self, Desk, Meant};
use crate::web::mcp::quote;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web::mcp) struct Arguments {
    /// Id of a change or handler, or part of a handler's name.
    of: String,
    /// A longer answer: 32 KB.
    #[serde(default)]
    full: bool,
}

#[derive(Serialize, JsonSchema)]
pub(in crate::web::mcp) struct Examples {
    examples: Vec<Shown>,
    traces: Vec<Traces>,
    left_out: LeftOut,
}

#[derive(Clone, Serialize, JsonSchema)]
struct Shown {
    handler: String,
    kind: String,
    steps: Vec<Step>,
    #[serde(skip_serializing_if = "Option::is_none")]
    saved_ms: Option<f64>,
}

#[derive(Clone, Serialize, JsonSchema)]
struct Step {
    name: String,
    trace: String,
    start_ms: f64,
    duration_ms: f64,
}

/// Traces and what they show.
#[derive(Clone, Serialize, JsonSchema)]
struct Traces {
    shows: String,
    traces: Vec<String>,
}

/// What was shown so far: handlers of a change are called in the same sequences.
#[derive(Default)]
struct SoFar {
    examples: Vec<Shown>,
    traces: Vec<Traces>,
    known: HashSet<Vec<String>>,
}

pub(in crate::web::mcp) async fn call(desk: &Desk, arguments: Arguments) -> Called {
    let view = desk.view().await;
    let rows = match desk::meant(&view, &arguments.of)? {
        Meant::Change(report, change) => of_ids(report, &change.handlers),
        Meant::Handler(_, row) => vec![row],
    };
    let mut answer = Answer::new(arguments.full);
    let mut so_far = SoFar::default();
    for row in rows {
        so_far.add(&mut answer, &view, row)?;
    }
    answer.hint("\n`pointsman trace ID` prints a trace span by span.");
    let SoFar { examples, traces, .. } = so_far;
    answered(answer, |left_out| Examples { examples, traces, left_out })
}

fn of_ids<'v>(report: &'v Report, ids: &[String]) -> Vec<&'v HandlerReport> {
    report.handlers.iter().filter(|row| ids.contains(&row.id)).collect()
}

impl SoFar {
    fn add(&mut self, answer: &mut Answer, view: &View, row: &HandlerReport) -> Result<(), String> {
        let failed = |error: anyhow::Error| {
            tracing::error!("the evidence of a handler cannot be read: {error:#}");
            "the evidence cannot be read; the log says why".to_owned()
        };
        let shown = view.handler(&row.id).map_err(failed)?;
        answer.line("titles", &format!("\n# {} ({})", quote::name(row), row.id));
        let Some(measured) = shown.and_then(|shown| shown.measured) else {
            answer.line("notes", "No calls in the window, so there is nothing to show.");
            return Ok(());
        };
        if let Some(why) = &measured.sequences.absent {
            answer.line("notes", &format!("No sequences: {}.", safe::markdown_sentence(why)));
        }
        let examples = self.unknown(&measured.sequences.examples);
        let lines: Vec<String> = examples.iter().map(|example| example_line(example)).collect();
        let count = answer.list("## Sequences", "sequences", &lines);
        self.examples.extend(examples.into_iter().take(count).map(|example| structured(row, example)));
        let harmless = |ids: &Vec<String>| ids.iter().map(|id| safe::terminal(id)).collect::<Vec<_>>();
        let traces = measured.exemplars.iter();
        let traces: Vec<Traces> = traces
            .map(|(shows, ids)| Traces { shows: safe::terminal(shows), traces: harmless(ids) })
            .collect();
        let line = |one: &Traces| format!("- {}: {}", quote::code(&one.shows), one.traces.join(", "));
        let lines: Vec<String> = traces.iter().map(line).collect();
        let count = answer.list("## Traces by what they show", "traces", &lines);
        self.traces.extend(traces.into_iter().take(count));
        Ok(())
    }

    /// Sequences that were not shown yet, those first that the move shortens.
    fn unknown<'e>(&mut self, examples: &'e [Example]) -> Vec<&'e Example> {
        let is_new = |example: &&Example| {
            self.known.insert(example.steps.iter().map(|step| step.trace.clone()).collect())
        };
        let mut new: Vec<&Example> = examples.iter().filter(is_new).collect();
        new.sort_by_key(|example| example.after.is_none());
        new
    }
}

fn example_line(example: &Example) -> String {
    let steps = example.steps.iter().map(|step| {
        let (from, took) = (render::duration(step.start_ms), render::duration(step.duration_ms));
        format!("  - at {from}, {took}: {}, trace {}", quote::code(&step.name), quote::code(&step.trace))
    });
    let after = example.after.as_ref().map(|after| {
        let (waiting, trips) = (render::duration(after.saved_ms), render::number(after.saved_round_trips));
        format!("  - afterwards: {waiting} less waiting, round trips saved: {trips}")
    });
    let head = format!("- {}", quote::code(example.kind.as_str()));
    std::iter::once(head).chain(steps).chain(after).collect::<Vec<_>>().join("\n")
}

fn structured(row: &HandlerReport, example: &Example) -> Shown {
    let steps = example.steps.iter().map(|step| Step {
        name: safe::terminal(&step.name),
        trace: safe::terminal(&step.trace),
        start_ms: step.start_ms,
        duration_ms: step.duration_ms,
    });
    Shown {
        handler: row.id.clone(),
        kind: safe::terminal(example.kind.as_str()),
        steps: steps.collect(),
        saved_ms: example.after.as_ref().map(|after| after.saved_ms),
    }
}

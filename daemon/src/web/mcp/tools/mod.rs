//! The tools, one file each: what it takes, what it gives, and how an answer is put together. All but `decide` only read.

pub(super) mod decide;
pub(super) mod explain_handler;
pub(super) mod get_examples;
pub(super) mod get_plan;
pub(super) mod list_changes;
pub(super) mod what_is_missing;
pub(super) mod why_not;

use rmcp::model::{CallToolResult, ContentBlock, JsonObject, Tool, ToolAnnotations};
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::answer::{Answer, LeftOut};
use super::desk::Desk;
use super::schema;
use crate::render::safe;

/// A tool that was called: its answer, or what to do instead.
pub(super) type Called = Result<CallToolResult, String>;

/// Every tool by name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Name {
    ListChanges,
    ExplainHandler,
    GetPlan,
    GetExamples,
    WhyNot,
    WhatIsMissing,
    Decide,
}

impl Name {
    pub(super) const ALL: [Self; 7] = [
        Self::ListChanges,
        Self::ExplainHandler,
        Self::GetPlan,
        Self::GetExamples,
        Self::WhyNot,
        Self::WhatIsMissing,
        Self::Decide,
    ];

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::ListChanges => "list_changes",
            Self::ExplainHandler => "explain_handler",
            Self::GetPlan => "get_plan",
            Self::GetExamples => "get_examples",
            Self::WhyNot => "why_not",
            Self::WhatIsMissing => "what_is_missing",
            Self::Decide => "decide",
        }
    }

    pub(super) fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|name| name.as_str() == word)
    }

    pub(super) fn tool(self) -> Tool {
        match self {
            Self::ListChanges => reading::<list_changes::Arguments, list_changes::Changes>(
                self,
                "Start here: what to change in the Next.js app, most useful first.",
            ),
            Self::ExplainHandler => reading::<explain_handler::Arguments, explain_handler::Explained>(
                self,
                "All evidence about one route or Server Action: verdict, measurements, callers, source.",
            ),
            Self::GetPlan => reading::<get_plan::Arguments, get_plan::Plan>(
                self,
                "How to make a change: verdict, blockers, warnings, steps, call sites, draft. Call it before editing.",
            ),
            Self::GetExamples => reading::<get_examples::Arguments, get_examples::Examples>(
                self,
                "Recorded request sequences that show a change or handler, now and after.",
            ),
            Self::WhyNot => reading::<why_not::Arguments, why_not::Reasons>(
                self,
                "Why a handler should stay where it is, and what would change that.",
            ),
            Self::WhatIsMissing => reading::<what_is_missing::Arguments, what_is_missing::Missing>(
                self,
                "Telemetry or traffic that is missing for a verdict, and how to get it.",
            ),
            Self::Decide => {
                let description = "Record the user's decision about a change, only when asked to.";
                let annotations = ToolAnnotations::new().read_only(false).destructive(false);
                described::<decide::Arguments, decide::Decision>(self, description, annotations)
            }
        }
    }

    pub(super) async fn call(self, desk: &Desk, arguments: Option<JsonObject>) -> Called {
        match self {
            Self::ListChanges => list_changes::call(desk, read(self, arguments)?).await,
            Self::ExplainHandler => explain_handler::call(desk, read(self, arguments)?).await,
            Self::GetPlan => get_plan::call(desk, read(self, arguments)?).await,
            Self::GetExamples => get_examples::call(desk, read(self, arguments)?).await,
            Self::WhyNot => why_not::call(desk, read(self, arguments)?).await,
            Self::WhatIsMissing => what_is_missing::call(desk, read(self, arguments)?).await,
            Self::Decide => decide::call(desk, read(self, arguments)?).await,
        }
    }
}

fn reading<I: JsonSchema, O: JsonSchema>(name: Name, description: &'static str) -> Tool {
    described::<I, O>(name, description, ToolAnnotations::new().read_only(true))
}

fn described<I: JsonSchema, O: JsonSchema>(
    name: Name,
    description: &'static str,
    annotations: ToolAnnotations,
) -> Tool {
    Tool::new(name.as_str(), description, schema::input::<I>())
        .with_raw_output_schema(schema::output::<O>())
        .with_annotations(annotations)
}

fn read<T: DeserializeOwned>(name: Name, arguments: Option<JsonObject>) -> Result<T, String> {
    serde_json::from_value(serde_json::Value::Object(arguments.unwrap_or_default()))
        .map_err(|fault| format!("{}: {}", name.as_str(), safe::terminal(&fault.to_string())))
}

/// What was cut is said in both forms: the structured one is made once it is known what the text shows.
fn answered<T: Serialize>(answer: Answer, structured: impl FnOnce(LeftOut) -> T) -> Called {
    let (text, left_out) = answer.finish();
    let value = serde_json::to_value(structured(left_out))
        .map_err(|error| format!("the answer cannot be written as JSON: {error}"))?;
    let mut result = CallToolResult::success(vec![ContentBlock::text(text)]);
    result.structured_content = Some(value);
    Ok(result)
}

/// The first so many.
fn first<T: Clone>(all: &[T], shown: usize) -> Vec<T> {
    all.iter().take(shown).cloned().collect()
}

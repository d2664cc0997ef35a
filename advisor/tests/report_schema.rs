//! `docs/report.schema.json` is made from the types of the report. This test compares them;
//! `UPDATE_PAGES=1 cargo test -p pointsman-advisor --test report_schema` writes it anew.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::path::Path;

use pointsman_advisor::Report;
use serde_json::{Map, Value, json};
use utoipa::{PartialSchema, ToSchema};

/// The schema of what `pointsman report --format json` prints.
fn schema() -> Value {
    let mut definitions = vec![("Report".to_owned(), Report::schema())];
    Report::schemas(&mut definitions);
    definitions.sort_by(|(a, _), (b, _)| a.cmp(b));
    definitions.dedup_by(|(a, _), (b, _)| a == b);
    let definitions: Map<String, Value> = definitions
        .into_iter()
        .map(|(name, schema)| (name, local(serde_json::to_value(schema).unwrap())))
        .collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "pointsman.report/v1",
        "description": "What `pointsman report --format json` prints: one report, or one for each service and environment \
                        under `services`. Fields may be added, never renamed.",
        "oneOf": [
            { "$ref": "#/$defs/Report" },
            {
                "type": "object",
                "required": ["schema", "services"],
                "properties": {
                    "schema": { "const": "pointsman.report/v1" },
                    "services": { "type": "array", "items": { "$ref": "#/$defs/Report" } },
                },
            },
        ],
        "$defs": definitions,
    })
}

/// References within OpenAPI's components lead to the schema's own definitions.
fn local(schema: Value) -> Value {
    match schema {
        Value::String(text) => Value::String(text.replace("#/components/schemas/", "#/$defs/")),
        Value::Array(all) => all.into_iter().map(local).collect(),
        Value::Object(fields) => fields.into_iter().map(|(key, value)| (key, local(value))).collect(),
        other => other,
    }
}

#[test]
fn the_schema_in_the_repository_is_that_of_the_report() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/report.schema.json");
    let made = serde_json::to_string_pretty(&schema()).unwrap() + "\n";
    if std::env::var_os("UPDATE_PAGES").is_some() {
        std::fs::write(&path, &made).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == made, "docs/report.schema.json is not what the types say; write it with UPDATE_PAGES=1");
}

//! `docs/source.schema.json` is made from the types of the document. This test compares them;
//! `UPDATE_PAGES=1 cargo test -p pointsman-source --test schema` writes it again.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::path::Path;

use pointsman_source::Source;
use serde_json::{Map, Value, json};
use utoipa::{PartialSchema, ToSchema};

fn schema() -> Value {
    let mut definitions = vec![("Source".to_owned(), Source::schema())];
    Source::schemas(&mut definitions);
    definitions.sort_by(|(a, _), (b, _)| a.cmp(b));
    definitions.dedup_by(|(a, _), (b, _)| a == b);
    let definitions: Map<String, Value> = definitions
        .into_iter()
        .map(|(name, schema)| (name, local(serde_json::to_value(schema).unwrap())))
        .collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "pointsman.source/v1",
        "description": "What `pointsman link` writes. Fields may be added, never renamed.",
        "$ref": "#/$defs/Source",
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
fn the_schema_in_the_repository_is_that_of_the_document() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/source.schema.json");
    let made = serde_json::to_string_pretty(&schema()).unwrap() + "\n";
    if std::env::var_os("UPDATE_PAGES").is_some() {
        std::fs::write(&path, &made).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == made, "docs/source.schema.json is not what the types say; write it with UPDATE_PAGES=1");
}

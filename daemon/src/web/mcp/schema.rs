//! Schemas of what tools take and give, made from the types themselves and kept short: an agent pays for each of them in every
//! session.

use std::sync::Arc;

use rmcp::model::JsonObject;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde_json::Value;

/// Keywords that say nothing to an agent; what is not asked for is refused all the same.
const DROPPED: [&str; 6] = ["$schema", "title", "format", "minimum", "default", "additionalProperties"];

/// What a tool takes: with the meaning of each argument.
pub(super) fn input<T: JsonSchema>() -> Arc<JsonObject> {
    of::<T>(&Detail { descriptions: true })
}

/// What a tool gives: names and types, as names say what they are.
pub(super) fn output<T: JsonSchema>() -> Arc<JsonObject> {
    of::<T>(&Detail { descriptions: false })
}

/// How much of a schema is told.
struct Detail {
    descriptions: bool,
}

fn of<T: JsonSchema>(detail: &Detail) -> Arc<JsonObject> {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    let schema: Schema = settings.into_generator().into_root_schema_for::<T>();
    let mut value = schema.to_value();
    shorten(&mut value, detail, 0);
    Arc::new(match value {
        Value::Object(object) => object,
        // A tool takes and gives objects.
        _ => JsonObject::default(),
    })
}

/// Shortens a schema, and those of its properties and items.
fn shorten(value: &mut Value, detail: &Detail, depth: usize) {
    let Value::Object(schema) = value else { return };
    schema.retain(|key, value| {
        // A map says so by the type of its values.
        let is_map = key == "additionalProperties" && value.is_object();
        is_map || !(DROPPED.contains(&key.as_str()) || (key == "description" && !detail.descriptions))
    });
    if depth > 0 {
        // Nothing that is listed comes without its parts.
        schema.remove("required");
    }
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        // What is null is left out.
        types.retain(|one| one != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            schema.insert("type".to_owned(), only);
        }
    }
    for key in ["items", "additionalProperties"] {
        if let Some(inner) = schema.get_mut(key) {
            shorten(inner, detail, depth + 1);
        }
    }
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        properties.values_mut().for_each(|inner| shorten(inner, detail, depth + 1));
    }
}

//! The API's own description, and answers checked against it: every field that is sent must be described.

use serde_json::{Map, Value, json};

use crate::support::{Daemon, Reply};

/// The OpenAPI document of a daemon.
pub(crate) struct Description(Value);

impl Description {
    pub(crate) fn of(daemon: &Daemon) -> Self {
        let document = daemon.get("/api/v1/openapi.json").json();
        assert_eq!(document["openapi"], "3.1.0");
        Self(document)
    }

    /// Paths that answer to a method.
    pub(crate) fn paths(&self, method: &str) -> Vec<String> {
        let paths = self.0["paths"].as_object().unwrap();
        paths.iter().filter(|(_, item)| item.get(method).is_some()).map(|(path, _)| path.clone()).collect()
    }

    /// That an answer is as its path describes it.
    pub(crate) fn check(&self, method: &str, path: &str, reply: &Reply) {
        let responses = &self.0["paths"][path][method]["responses"];
        let described = &responses[reply.status.to_string()]["content"]["application/json"]["schema"];
        assert!(described.is_object(), "{method} {path} does not describe {}", reply.status);
        self.fits(described, &reply.json(), path);
    }

    /// That an answer is problem details.
    pub(crate) fn check_problem(&self, reply: &Reply) {
        assert_eq!(reply.header("content-type"), Some("application/problem+json"), "{}", reply.body);
        let problem = reply.json();
        assert_eq!(problem["status"], reply.status, "{problem}");
        self.fits(&json!({ "$ref": "#/components/schemas/Problem" }), &problem, "problem");
    }

    fn fits(&self, schema: &Value, answer: &Value, what: &str) {
        let mut whole = strict(schema, false);
        whole["components"] = strict(&self.0["components"], false);
        let validator = jsonschema::validator_for(&whole).unwrap();
        let faults: Vec<String> = validator.iter_errors(answer).map(|error| error.to_string()).collect();
        assert_eq!(faults, Vec::<String>::new(), "{what}: {answer:#}");
    }
}

/// The schema, except that nothing that it does not name may be there. Parts of an `allOf` name a part only.
fn strict(schema: &Value, is_part: bool) -> Value {
    match schema {
        Value::Array(all) => all.iter().map(|one| strict(one, is_part)).collect(),
        Value::Object(fields) => {
            let part = |key: &str| key == "allOf" || (is_part && key == "oneOf");
            let mut made: Map<String, Value> =
                fields.iter().map(|(key, value)| (key.clone(), strict(value, part(key)))).collect();
            let is_whole = !is_part && (fields.contains_key("$ref") || fields.contains_key("allOf"));
            if is_whole {
                made.insert("unevaluatedProperties".to_owned(), json!(false));
            }
            Value::Object(made)
        }
        other => other.clone(),
    }
}

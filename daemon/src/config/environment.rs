//! Settings from the environment: `POINTSMAN_SECTION__KEY` sets `section.key`, whatever the key. What a value means is said
//! by the structs of the sections; the few variables with one underscore belong to flags (`cli`).

use std::ffi::OsString;

use toml::{Table, Value};

use super::{Config, nested, one_line, renamed};

const PREFIX: &str = "POINTSMAN_";
/// Between the parts of a key: one underscore is a part of many keys.
const BETWEEN: &str = "__";

/// One setting of the environment.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Override {
    /// The keys that lead to it.
    pub(super) path: Vec<String>,
    pub(super) value: Value,
    /// What to say when the variable has an old name.
    pub(super) old_name: Option<String>,
}

/// What the environment sets, in the order of the names, and what is wrong with it. A fault never repeats a value.
pub(super) fn overrides(
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> (Vec<Override>, Vec<String>) {
    let (mut found, mut faults) = (Vec::new(), Vec::new());
    let named = variables.into_iter().filter_map(|(name, value)| {
        let name = name.into_string().ok()?;
        name.strip_prefix(PREFIX).is_some_and(|key| key.contains(BETWEEN)).then_some((name, value))
    });
    let mut named: Vec<(String, OsString)> = named.collect();
    named.sort_unstable();
    for (name, value) in named {
        let path = path(name.strip_prefix(PREFIX).unwrap_or_default());
        let new = renamed::new_path(&path);
        let old_name = new.as_deref().map(|new| renamed::warning(&name, &variable(new)));
        let path = new.unwrap_or(path);
        let read = value.into_string().map_err(|_| "it is not text in UTF-8".to_owned());
        match read.and_then(|text| fitting(&path, &text)) {
            Ok(value) => found.push(Override { path, value, old_name }),
            Err(fault) => faults.push(format!("{name} ({}): {fault}", path.join("."))),
        }
    }
    // Where both names are set, the new one comes last and wins.
    found.sort_by_key(|one: &Override| one.old_name.is_none());
    (found, faults)
}

/// The variable that sets a key.
fn variable(path: &[String]) -> String {
    format!("{PREFIX}{}", path.join(BETWEEN).to_uppercase())
}

/// `ADVICE__RULES__ACTION_POLL__WEIGHT` is `advice.rules.action-poll.weight`: ids of rules have hyphens, which names of
/// variables cannot have.
fn path(name: &str) -> Vec<String> {
    let mut path: Vec<String> = name.split(BETWEEN).map(str::to_lowercase).collect();
    if let [advice, rules, rule, ..] = path.as_mut_slice()
        && advice == "advice"
        && rules == "rules"
    {
        *rule = rule.replace('_', "-");
    }
    path
}

/// The text as TOML writes a value (`20`, `true`, `["a", "b"]`), or as it stands where the key takes text.
fn fitting(path: &[String], text: &str) -> Result<Value, String> {
    let tried = |value: Value| match nested(path, value.clone()).try_into::<Config>() {
        Ok(_) => Ok(value),
        Err(error) => Err(one_line(error.message())),
    };
    match toml_value(text) {
        Some(value) => tried(value).or_else(|fault| tried(Value::String(text.to_owned())).map_err(|_| fault)),
        None => tried(Value::String(text.to_owned())),
    }
}

fn toml_value(text: &str) -> Option<Value> {
    let mut table: Table = toml::from_str(&format!("value = {}", text.trim())).ok()?;
    let value = table.remove("value")?;
    table.is_empty().then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(variables: &[(&str, &str)]) -> (Vec<String>, Vec<String>) {
        let (found, faults) = overrides(variables.iter().map(|(name, value)| (name.into(), value.into())));
        let shown = |one: Override| format!("{} = {}", one.path.join("."), one.value);
        (found.into_iter().map(shown).collect(), faults)
    }

    #[test]
    fn every_key_can_be_set_as_text_or_as_toml() {
        let (found, faults) = set(&[
            ("POINTSMAN_LISTEN", "a flag's, not ours"),
            ("POINTSMAN_ADVICE__MIN_GAIN_MS", "5.5"),
            ("POINTSMAN_ADVICE__RULES__MUTATE_THEN_REFRESH__ENABLED", "false"),
            ("POINTSMAN_OTLP__CORS_ORIGINS", "[\"https://a.example\"]"),
            ("POINTSMAN_OTLP__IDLE_TIMEOUT_S", "300"),
            ("POINTSMAN_RETENTION__BLOCKS_AGE", "12h"),
            ("POINTSMAN_SERVE__LISTEN", "\"off\""),
            ("POINTSMAN_SERVE__OTLP_HTTP", "0.0.0.0:4318"),
            ("HOME__DIR", "/"),
        ]);
        assert_eq!(faults, Vec::<String>::new());
        assert_eq!(
            found,
            [
                "advice.min_gain_ms = 5.5",
                "advice.rules.mutate-then-refresh.enabled = false",
                "otlp.cors_origins = [\"https://a.example\"]",
                "otlp.idle_timeout_s = 300",
                "retention.blocks_age = \"12h\"",
                "serve.listen = \"off\"",
                "serve.otlp_http = \"0.0.0.0:4318\"",
            ]
        );
    }

    #[test]
    fn what_does_not_fit_is_told_with_the_name_of_the_variable() {
        let (found, faults) = set(&[
            ("POINTSMAN_OTLP__IDLE_TIMEOUT_S", "long"),
            ("POINTSMAN_SERVE__LISTNE", "off"),
            ("POINTSMAN_RETENTION__BLOCKS_AGE", "1\nblocks_size = 2"),
        ]);
        assert_eq!(found, Vec::<String>::new());
        let begins = [
            "POINTSMAN_OTLP__IDLE_TIMEOUT_S (otlp.idle_timeout_s): invalid type: string",
            "POINTSMAN_RETENTION__BLOCKS_AGE (retention.blocks_age): `1 blocks_size = 2` is not a valid duration",
            "POINTSMAN_SERVE__LISTNE (serve.listne): unknown field",
        ];
        assert_eq!(faults.len(), begins.len(), "{faults:#?}");
        for (fault, begin) in faults.iter().zip(begins) {
            assert!(fault.starts_with(begin), "{begin}: {fault}");
        }
    }
}

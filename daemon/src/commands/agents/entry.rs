//! The entry in `.mcp.json`. The file keeps its form: only the entry is put in, renewed or taken out.

use anyhow::{Context, ensure};
use jsonc_parser::ParseOptions;
use jsonc_parser::cst::{CstInputValue, CstObject, CstRootNode};

const SERVERS: &str = "mcpServers";
const NAME: &str = "pointsman";

/// How an agent starts its server.
pub(super) struct Entry {
    pub(super) arguments: Vec<String>,
}

impl Entry {
    /// The file with the entry.
    pub(super) fn put_into(&self, text: &str) -> anyhow::Result<String> {
        let begun = if text.trim().is_empty() { "{\n}\n" } else { text };
        let (file, root) = parsed(begun)?;
        let servers = match root.get(SERVERS) {
            None => root.object_value_or_set(SERVERS),
            Some(_) => root.object_value(SERVERS).with_context(|| format!("{SERVERS} is not an object"))?,
        };
        if self.is_in(&servers) {
            return Ok(text.to_owned());
        }
        let arguments =
            self.arguments.iter().map(|argument| CstInputValue::from(argument.as_str())).collect();
        let entry = CstInputValue::Object(vec![
            ("command".to_owned(), CstInputValue::from("pointsman")),
            ("args".to_owned(), CstInputValue::Array(arguments)),
        ]);
        match servers.get(NAME) {
            Some(known) => known.set_value(entry),
            None => drop(servers.append(NAME, entry)),
        }
        Ok(file.to_string())
    }

    /// Whether there is nothing to renew; what else somebody has added to the entry stays.
    fn is_in(&self, servers: &CstObject) -> bool {
        let Some(known) = servers.object_value(NAME) else { return false };
        let read: Option<serde_json::Value> = serde_json::from_str(&known.to_string()).ok();
        read.is_some_and(|known| {
            known["command"] == "pointsman" && known["args"] == serde_json::json!(self.arguments)
        })
    }
}

/// The file without the entry; what becomes empty with it goes too.
pub(super) fn without(text: &str) -> anyhow::Result<String> {
    if text.trim().is_empty() {
        return Ok(text.to_owned());
    }
    let (file, root) = parsed(text)?;
    let Some(servers) = root.object_value(SERVERS) else { return Ok(text.to_owned()) };
    let Some(known) = servers.get(NAME) else { return Ok(text.to_owned()) };
    known.remove();
    if servers.properties().is_empty()
        && let Some(servers) = root.get(SERVERS)
    {
        servers.remove();
    }
    Ok(if root.properties().is_empty() { String::new() } else { file.to_string() })
}

/// Agents read plain JSON, so nothing else is taken for sound.
fn parsed(text: &str) -> anyhow::Result<(CstRootNode, CstObject)> {
    let sound: Result<serde_json::Value, _> = serde_json::from_str(text);
    let sound = sound.context("it is not JSON; put that right, then try again")?;
    ensure!(sound.is_object(), "it does not hold an object");
    let file =
        CstRootNode::parse(text, &ParseOptions::default()).map_err(|error| anyhow::anyhow!("{error}"))?;
    let root = file.object_value().context("it does not hold an object")?;
    Ok((file, root))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(url: &str) -> Entry {
        Entry { arguments: ["mcp", "--url", url].map(str::to_owned).into() }
    }

    #[test]
    fn the_entry_comes_once_is_renewed_and_goes() {
        let other = "{\n    \"mcpServers\": {\n        \"z\": { \"command\": \"z\" },\n        \"a\": {}\n    },\n    \"x\": 1\n}\n";
        for text in ["", "{}", "{\n  \"x\": [1,2]\n}\n", other] {
            let with = entry("http://a").put_into(text).unwrap();
            let value: serde_json::Value = serde_json::from_str(&with).unwrap();
            assert_eq!(value["mcpServers"]["pointsman"]["args"][2], "http://a", "{with}");
            assert_eq!(entry("http://a").put_into(&with).unwrap(), with);
            let renewed = entry("http://b").put_into(&with).unwrap();
            assert_eq!(renewed, with.replace("http://a", "http://b"));
            let gone = without(&renewed).unwrap();
            let before: serde_json::Value = serde_json::from_str(text).unwrap_or(serde_json::json!({}));
            let after: serde_json::Value = serde_json::from_str(&gone).unwrap_or(serde_json::json!({}));
            assert_eq!(after, before);
        }
        let with = entry("http://a").put_into(other).unwrap();
        assert!(with.contains("        \"z\": { \"command\": \"z\" },\n"), "{with}");
        assert_eq!(without(&with).unwrap(), other);
    }

    #[test]
    fn what_is_not_understood_is_not_touched() {
        for text in ["{", "[]", "{ \"mcpServers\": [] }", "{ // a comment\n}"] {
            assert!(entry("http://a").put_into(text).is_err(), "{text}");
        }
        assert!(without("{").is_err());
        assert_eq!(without("{ \"mcpServers\": [] }").unwrap(), "{ \"mcpServers\": [] }");
    }
}

//! `[policy]`, or several `[[policy]]` tables: reading them, from a file in the app's repository or from the configuration. Every fault is told,
//! each with its place. What a policy means is the advisor's business.

use std::path::Path;

use pointsman_advisor::life::{Keep, Policy, ReadsIn, WritesIn};
use toml::{Table, Value};

use super::{one_line, syntax_fault};
use crate::clock;

/// The keys of a policy.
const KEYS: &str = "handlers, reads, writes, keep, dismiss, rules, until, reason";
/// The handlers of a house rule that names none: all of them.
const ALL: &str = "**";
/// Its reason, if it names none.
const HOUSE_RULE: &str = "a house rule of the team";

/// Reads a file that holds nothing but policies, and says what is wrong with it.
pub(super) fn load(path: &Path) -> (Vec<Policy>, Vec<String>) {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => {
            let fault = format!(
                "cannot read the policies {} that --policy or policy_file names: {error}",
                path.display()
            );
            return (Vec::new(), vec![fault]);
        }
    };
    let (policies, faults) = parse(&text);
    let place = |fault: String| format!("in the policies {}: {fault}", path.display());
    (policies, faults.into_iter().map(place).collect())
}

fn parse(text: &str) -> (Vec<Policy>, Vec<String>) {
    let mut table: Table = match toml::from_str(text) {
        Ok(table) => table,
        Err(error) => return (Vec::new(), vec![syntax_fault(text, &error)]),
    };
    let (policies, mut faults) = table.remove("policy").map(read).unwrap_or_default();
    let unknown =
        table.keys().map(|key| format!("{key}: unknown key; the file holds [[policy]] tables only"));
    faults.extend(unknown);
    (policies, faults)
}

/// Reads the tables, and says what is wrong with them.
pub(super) fn read(tables: Value) -> (Vec<Policy>, Vec<String>) {
    let tables = match tables {
        Value::Array(tables) => tables,
        // One rule for the whole app needs no list.
        table @ Value::Table(_) => vec![table],
        other => {
            let fault = format!(
                "policy = {}: it is a table; write [policy], or [[policy]] where there are several",
                one_line(&other.to_string())
            );
            return (Vec::new(), vec![fault]);
        }
    };
    let (mut policies, mut faults) = (Vec::new(), Vec::new());
    for (number, table) in (1..).zip(tables) {
        let (policy, said) = match table {
            Value::Table(table) => one(table),
            _ => (Policy::default(), vec!["it is not a table".to_owned()]),
        };
        faults.extend(said.into_iter().map(|fault| format!("policy {number}: {fault}")));
        policies.push(policy);
    }
    (policies, faults)
}

fn one(table: Table) -> (Policy, Vec<String>) {
    let mut policy = Policy::default();
    let mut faults: Vec<(String, String)> = Vec::new();
    for (key, value) in table {
        if let Err(fault) = set(&mut policy, &key, &value) {
            faults.push((key.clone(), format!("{key} = {}: {fault}", one_line(&value.to_string()))));
        }
    }
    if policy.is_house_rule() {
        if policy.handlers.is_empty() && !faults.iter().any(|(key, _)| key == "handlers") {
            policy.handlers.push(ALL.to_owned());
        }
        if policy.reason.is_empty() && !faults.iter().any(|(key, _)| key == "reason") {
            HOUSE_RULE.clone_into(&mut policy.reason);
        }
    }
    // What could not be read is not missing beside that.
    let senseless = policy
        .faults()
        .into_iter()
        .filter(|said| !faults.iter().any(|(key, _)| said.split([' ', ':']).any(|word| word == key)));
    let senseless: Vec<String> = senseless.collect();
    (policy, faults.into_iter().map(|(_, fault)| fault).chain(senseless).collect())
}

fn set(policy: &mut Policy, key: &str, value: &Value) -> Result<(), String> {
    match key {
        "handlers" => policy.handlers = texts(value)?,
        "rules" => policy.rules = texts(value)?,
        "dismiss" => policy.dismiss = value.as_bool().ok_or("write true or false")?,
        "keep" => {
            policy.keep = Some(match value.as_str() {
                Some("route") => Keep::Route,
                Some("action") => Keep::Action,
                _ => return Err("write \"route\" or \"action\"".to_owned()),
            });
        }
        "reads" => {
            policy.reads = Some(match value.as_str() {
                Some("route") => ReadsIn::Route,
                Some("component") => ReadsIn::Component,
                Some("any") => ReadsIn::Any,
                _ => return Err("no place for reads; write \"route\", \"component\" or \"any\"".to_owned()),
            });
        }
        "writes" => {
            policy.writes = Some(match value.as_str() {
                Some("action") => WritesIn::Action,
                Some("route") => WritesIn::Route,
                Some("any") => WritesIn::Any,
                _ => return Err("no place for writes; write \"action\", \"route\" or \"any\"".to_owned()),
            });
        }
        "until" => {
            let text = match value {
                Value::Datetime(time) => time.to_string(),
                other => other.as_str().unwrap_or_default().to_owned(),
            };
            let until = clock::parse(&text);
            policy.until_ns =
                Some(until.ok_or("write a day as 2026-12-31, or a time as 2026-12-31T18:00:00Z")?);
        }
        "reason" => value.as_str().ok_or("write a text")?.clone_into(&mut policy.reason),
        _ => return Err(format!("unknown key; a policy has {KEYS}")),
    }
    Ok(())
}

fn texts(value: &Value) -> Result<Vec<String>, String> {
    let all = value.as_array().map(|all| all.iter().map(|one| one.as_str().map(str::to_owned)));
    all.and_then(Iterator::collect).ok_or_else(|| "write a list of texts, as [\"/api/**\"]".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_are_read_whole() {
        let (policies, said) = parse(
            "[[policy]]\nhandlers = [\"/api/**\"]\nkeep = \"route\"\nreason = \"API first\"\nuntil = 1970-01-02\n\
             [[policy]]\nhandlers = [\"GET /**\"]\nrules = [\"cache-*\"]\ndismiss = true\nreason = \"the CDN does it\"\n\
             until = \"1970-01-01T00:00:01Z\"",
        );
        assert_eq!(said, Vec::<String>::new());
        let [api, cdn] = policies.as_slice() else { panic!("{policies:?}") };
        assert_eq!((api.keep, api.until_ns), (Some(Keep::Route), Some(86_400_000_000_000)));
        assert_eq!((cdn.dismiss, cdn.until_ns), (true, Some(1_000_000_000)));
    }

    #[test]
    fn a_house_rule_is_one_table_of_two_lines_and_exceptions_come_before_it() {
        let (policies, said) = parse("[policy]\nreads = \"component\"\nwrites = \"action\"");
        assert_eq!(said, Vec::<String>::new());
        let [rule] = policies.as_slice() else { panic!("{policies:?}") };
        assert_eq!((rule.reads, rule.writes), (Some(ReadsIn::Component), Some(WritesIn::Action)));
        assert_eq!(rule.handlers, ["**"]);
        let (policies, said) = parse(
            "[[policy]]\nhandlers = [\"/api/public/**\"]\nwrites = \"any\"\n\
             [[policy]]\nwrites = \"route\"\nreason = \"one API for all clients\"",
        );
        assert_eq!(said, Vec::<String>::new());
        let [public, rest] = policies.as_slice() else { panic!("{policies:?}") };
        assert_eq!((public.writes, rest.writes), (Some(WritesIn::Any), Some(WritesIn::Route)));
        assert_eq!(rest.reason, "one API for all clients");
    }

    #[test]
    fn every_fault_is_told_with_its_place() {
        let (_, said) = parse(
            "name = 1\n[[policy]]\nhandler = [\"/api\"]\ndismiss = \"yes\"\nuntil = \"soon\"\n\
             [[policy]]\nhandlers = \"/api\"\nkeep = \"page\"\nrules = [\"no-rule\"]\n\
             [[policy]]\nhandlers = [\"/a\"]\ndismiss = true\nreason = \"\"",
        );
        let begins = [
            "policy 1: dismiss = \"yes\": write true or false",
            "policy 1: handler = [\"/api\"]: unknown key; a policy has handlers",
            "policy 1: until = \"soon\": write a day",
            "policy 1: handlers is missing",
            "policy 1: reason is missing",
            "policy 2: handlers = \"/api\": write a list",
            "policy 2: keep = \"page\": write",
            "policy 2: rules: no-rule fits no rule",
            "policy 2: reason is missing",
            "policy 3: reason is missing",
            "name: unknown key",
        ];
        assert_eq!(said.len(), begins.len(), "{said:#?}");
        for (said, begin) in said.iter().zip(begins) {
            assert!(said.starts_with(begin), "{said}\n{begin}");
        }
        let (_, said) = parse("[policy]\nkeep = \"route\"");
        assert!(said[0].starts_with("policy 1: handlers is missing"), "{said:?}");
        let (_, said) = parse("policy = \"route\"");
        assert!(said[0].contains("write [policy]"), "{said:?}");
        let (_, said) = parse("[policy]\nreads = \"server\"\nwrites = 1");
        assert!(
            said[0].starts_with("policy 1: reads = \"server\": no place for reads; write \"route\""),
            "{said:?}"
        );
        assert!(said[1].starts_with("policy 1: writes = 1: no place for writes"), "{said:?}");
        let (_, said) = parse("[[policy]\n");
        assert!(said[0].starts_with("line 1: "), "{said:?}");
    }
}

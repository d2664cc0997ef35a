//! A check as SARIF 2.1.0, for code scanning. What is known is left out, as in all other forms; what was dismissed is there as
//! suppressed.

use std::collections::BTreeSet;

use anyhow::Context;
use pointsman_advisor::check::{Finding, Outcome};
use pointsman_store::{Place, hex};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{Shown, headline, sentence};
use crate::render::safe;
use crate::web::{manual, summary};

/// The schema that it is valid against.
const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";
/// Under which name a finding's fingerprint is known. Its recipe must never change.
const FINGERPRINT: &str = "pointsmanFinding/v1";
/// Bytes of the fingerprint that are written.
const FINGERPRINT_BYTES: usize = 16;

/// One run with a result for each finding that is new or dismissed.
pub(crate) fn sarif(shown: &Shown<'_>) -> anyhow::Result<String> {
    let check = shown.check;
    let listed = || check.new.iter().chain(&check.dismissed);
    let rules: Vec<&str> =
        listed().map(|finding| finding.rule.as_str()).collect::<BTreeSet<_>>().into_iter().collect();
    let results: Vec<Value> = listed().map(|finding| result(finding, &rules, check.has_baseline)).collect();
    let said = check.undecided_because.iter().chain(shown.notes);
    let notifications: Vec<Value> = std::iter::once(&headline(check))
        .chain(said)
        .map(|text| json!({ "level": "note", "message": message(text) }))
        .collect();
    let log = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "Pointsman",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules.iter().map(|id| rule(id)).collect::<Vec<_>>(),
            } },
            "automationDetails": { "id": "pointsman/" },
            "columnKind": "unicodeCodePoints",
            "invocations": [{
                "executionSuccessful": check.result != Outcome::Undecided,
                "toolExecutionNotifications": notifications,
            }],
            "results": results,
        }],
    });
    let text = serde_json::to_string_pretty(&log).context("the check cannot be written as SARIF")?;
    Ok(safe::json(text) + "\n")
}

fn rule(id: &str) -> Value {
    let mut rule = json!({ "id": id, "name": id, "defaultConfiguration": { "level": "warning" } });
    if let Some(manual) = manual(id) {
        rule["shortDescription"] = json!({ "text": summary(manual).replace(['`', '*'], "") });
        rule["help"] = json!({ "text": manual, "markdown": manual });
    }
    rule
}

fn result(finding: &Finding, rules: &[&str], has_baseline: bool) -> Value {
    let mut result = json!({
        "ruleId": finding.rule,
        "ruleIndex": rules.iter().position(|id| *id == finding.rule),
        "level": "warning",
        "message": message(&format!("{}: {}", finding.handler, sentence(finding))),
        "locations": [location(finding)],
        "partialFingerprints": { FINGERPRINT: fingerprint(finding) },
        "properties": { "service": finding.service, "samples": finding.samples, "fromTests": finding.from_tests },
    });
    if has_baseline && finding.dismissed.is_none() {
        result["baselineState"] = json!("new");
    }
    if !finding.call_sites.is_empty() {
        let sites = finding
            .call_sites
            .iter()
            .map(|site| json!({ "physicalLocation": physical(site), "message": { "text": "called here" } }));
        result["relatedLocations"] = sites.collect();
    }
    if let Some(reason) = &finding.dismissed {
        result["suppressions"] =
            json!([{ "kind": "external", "status": "accepted", "justification": safe::sentence(reason) }]);
    }
    result
}

/// The handler by its name; and by its line, where that is known for certain.
fn location(finding: &Finding) -> Value {
    let name = safe::terminal(&finding.handler);
    let mut location = json!({ "logicalLocations": [{ "fullyQualifiedName": name, "kind": "function" }] });
    if let Some(place) = &finding.place {
        location["physicalLocation"] = physical(place);
    }
    location
}

fn physical(place: &Place) -> Value {
    json!({
        "artifactLocation": { "uri": uri(&place.file), "uriBaseId": "%SRCROOT%" },
        "region": { "startLine": place.line.max(1) },
    })
}

/// Text in which nothing is a link: `[text](target)` would be one.
fn message(text: &str) -> Value {
    json!({ "text": safe::sentence(text).replace("](", "] (") })
}

/// A path within the repository as a relative reference; `app/[id]/route.ts` has characters that a URI cannot have.
fn uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri += &format!("%{byte:02X}");
        }
    }
    uri
}

fn fingerprint(finding: &Finding) -> String {
    let (service, handler, rule) = finding.key();
    let mut hash = Sha256::new();
    for field in [service, handler, rule] {
        hash.update((field.len() as u64).to_be_bytes());
        hash.update(field);
    }
    hex(hash.finalize().get(..FINGERPRINT_BYTES).unwrap_or_default())
}

//! What is true of the app rather than of one request: versions, builds, instances, instrumentations.

use std::collections::BTreeMap;

use pointsman_store::AppFact;

use super::attributes::Attributes;
use super::requests::Request;
use crate::trace::{Origin, Trace};

/// Attributes whose values are facts about the app, on the resource or on a span.
const NAMES: [&str; 15] = [
    "pointsman.instance.id",
    "pointsman.next.version",
    "pointsman.next.build_id",
    "pointsman.deployment.id",
    "pointsman.next.body_size_limit",
    "pointsman.key.scope",
    "service.version",
    "service.instance.id",
    "service.namespace",
    "process.runtime.name",
    "process.runtime.version",
    "telemetry.sdk.language",
    "telemetry.sdk.name",
    "telemetry.sdk.version",
    "telemetry.distro.name",
];

/// Under which name the scopes of spans are facts.
const SCOPE_NAME: &str = "otel.scope.name";

/// The scope of Next.js's own spans.
const NEXT_SCOPE: &str = "next.js";

/// What Next.js 14 and 15 give as the version of their scope: it is not theirs.
const NO_VERSION: &str = "0.0.1";

/// The environment that a resource declares.
pub(super) fn environment(origin: &Origin) -> Option<String> {
    let declared = ["deployment.environment.name", "deployment.environment"];
    let declared = declared.into_iter().find_map(|name| origin.text(name).filter(|text| !text.is_empty()));
    let development = || origin.text("node.env").filter(|env| *env == "development");
    declared.or_else(development).map(str::to_owned)
}

/// The process that answered a request, by any name that tells processes apart.
pub(super) fn instance(request: &Request<'_>) -> Option<String> {
    let origin = &request.node.origin;
    let names = ["pointsman.instance.id", "service.instance.id"];
    let named =
        names.into_iter().find_map(|name| origin.text(name).or_else(|| request.attributes.text(name)));
    if let Some(named) = named.filter(|named| !named.is_empty()) {
        return Some(named.to_owned());
    }
    let host =
        origin.text("host.id").or_else(|| origin.text("host.name")).or_else(|| origin.text("k8s.pod.uid"))?;
    let mut resource = Attributes::default();
    resource.add(&origin.resource);
    let process = resource.count("process.pid").unwrap_or(0);
    Some(format!("{host}/{process}"))
}

/// All facts in a Trace, each with the first and last time it was seen.
pub(super) fn facts(trace: &Trace) -> Vec<AppFact> {
    type Key = (String, Option<String>, String, String);
    let mut seen: BTreeMap<Key, (u64, u64)> = BTreeMap::new();
    for node in &trace.nodes {
        let service = node.origin.service();
        let environment = environment(&node.origin);
        let mut attributes = Attributes::default();
        attributes.add(&node.span.attributes);
        attributes.add(&node.origin.resource);
        for (name, value) in named(&attributes, &node.origin) {
            let key = (service.to_owned(), environment.clone(), name.to_owned(), value);
            let at = node.start_ns();
            let (first, last) = seen.entry(key).or_insert((at, at));
            *first = at.min(*first);
            *last = at.max(*last);
        }
    }
    let facts = seen.into_iter().map(|((service, environment, name, value), (first, last))| AppFact {
        service,
        environment,
        name,
        value,
        first_seen_ns: first,
        last_seen_ns: last,
    });
    facts.collect()
}

fn named(attributes: &Attributes<'_>, origin: &Origin) -> Vec<(&'static str, String)> {
    let value = |name: &&'static str| {
        let text = attributes.text(name).map(str::to_owned);
        let value = text.or_else(|| attributes.count(name).map(|number| number.to_string()))?;
        Some((*name, value))
    };
    let mut facts: Vec<_> = NAMES.iter().filter_map(value).collect();
    let scope = &origin.scope;
    if !scope.name.is_empty() {
        facts.push((SCOPE_NAME, scope.name.clone()));
    }
    let told = attributes.has("pointsman.next.version");
    if scope.name == NEXT_SCOPE && !scope.version.is_empty() && scope.version != NO_VERSION && !told {
        facts.push(("pointsman.next.version", scope.version.clone()));
    }
    facts
}

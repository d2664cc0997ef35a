//! What is true of the app rather than of one request: versions, builds, instances, instrumentations.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use pointsman_store::AppFact;

use super::attributes::Attributes;
use super::requests::Request;
use crate::trace::{Origin, Trace};
use crate::wire::otlp::{Attribute, SERVER, Value};

/// Attributes whose values are facts about the app, on the resource or on a span.
const NAMES: [&str; 15] = [
    "pointsman.instance.id",
    NEXT_VERSION,
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

/// Under which name the version of Next.js is a fact.
const NEXT_VERSION: &str = "pointsman.next.version";

/// The scope of Next.js's own spans.
const NEXT_SCOPE: &str = "next.js";

/// What Next.js 14 and 15 give as the version of their scope: it is not theirs.
const NO_VERSION: &str = "0.0.1";

/// The environment that a resource declares.
pub(super) fn environment(origin: &Origin<'_>) -> Option<String> {
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

/// When a fact was first and last seen, by service, environment, name and value.
type Seen = BTreeMap<(String, Option<String>, String, String), (u64, u64)>;

/// All facts in a Trace, each with the first and last time it was seen.
pub(super) fn facts(trace: &Trace<'_>) -> Vec<AppFact> {
    let mut seen = Seen::new();
    for (origin, (first, last)) in origins(trace) {
        for (name, value) in of_origin(origin) {
            see(&mut seen, origin, (name, value), (first, last));
        }
    }
    for node in trace.nodes.iter().filter(|node| node.span.kind == SERVER) {
        for (name, value) in of_attributes(&node.span.attributes) {
            see(&mut seen, &node.origin, (name, value), (node.start_ns(), node.start_ns()));
        }
    }
    let facts = seen.into_iter().map(|((service, environment, name, value), (first, last))| AppFact {
        service,
        environment,
        build: None,
        name,
        value,
        first_seen_ns: first,
        last_seen_ns: last,
    });
    facts.collect()
}

/// Every origin of spans, with the starts of its first and last span: its facts are read once.
fn origins<'t, 'a>(trace: &'t Trace<'a>) -> Vec<(&'t Origin<'a>, (u64, u64))> {
    let mut found: HashMap<*const Origin<'_>, (&Origin<'_>, (u64, u64))> = HashMap::new();
    for node in &trace.nodes {
        let at = node.start_ns();
        let (_, (first, last)) = found.entry(Rc::as_ptr(&node.origin)).or_insert((&*node.origin, (at, at)));
        *first = at.min(*first);
        *last = at.max(*last);
    }
    found.into_values().collect()
}

fn see(seen: &mut Seen, origin: &Origin<'_>, (name, value): (&str, String), (from, until): (u64, u64)) {
    let key = (origin.service().to_owned(), environment(origin), name.to_owned(), value);
    let (first, last) = seen.entry(key).or_insert((from, until));
    *first = from.min(*first);
    *last = until.max(*last);
}

fn of_origin(origin: &Origin<'_>) -> Vec<(&'static str, String)> {
    let mut facts = of_attributes(&origin.resource);
    let (name, version) = (origin.scope_name(), origin.scope_version());
    if !name.is_empty() {
        facts.push((SCOPE_NAME, name.to_owned()));
    }
    let told = facts.iter().any(|(name, _)| *name == NEXT_VERSION);
    if name == NEXT_SCOPE && !version.is_empty() && version != NO_VERSION && !told {
        facts.push((NEXT_VERSION, version.to_owned()));
    }
    facts
}

fn of_attributes(attributes: &[Attribute<'_>]) -> Vec<(&'static str, String)> {
    let named = |attribute: &Attribute<'_>| {
        let name = NAMES.into_iter().find(|name| name.as_bytes() == attribute.key)?;
        let value = match Value::read(attribute.value).ok()? {
            Value::Text(text) if !text.is_empty() => std::str::from_utf8(text).ok()?.to_owned(),
            Value::Int(number) => number.to_string(),
            _ => return None,
        };
        Some((name, value))
    };
    attributes.iter().filter_map(named).collect()
}

//! What is true of the app rather than of one request: versions, builds and what is in them, router kinds, instances,
//! instrumentations. What the build's own span says is read in `build_span`.

use std::borrow::Cow;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use foldhash::fast::RandomState;
use pointsman_store::{Action, AppFact, Call};

use super::attributes::Attributes;
use super::build_span;
use super::requests::Request;
use crate::trace::{Origin, Trace};
use crate::wire::otlp::{Attribute, SERVER, Value};

/// Attributes whose values are facts about the app, on the resource or on a span.
const NAMES: [&str; 17] = [
    "pointsman.instance.id",
    NEXT_VERSION,
    BUILD_ID,
    DEPLOYMENT_ID,
    "pointsman.react.version",
    "pointsman.route.kind",
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

const BUILD_ID: &str = "pointsman.next.build_id";
const DEPLOYMENT_ID: &str = "pointsman.deployment.id";

/// Under which name the actions that a build has are facts: `<id> <file>#<name>`, or the id alone.
const ACTION_ID: &str = "next.action.id";

/// Facts that one trace may tell; a request of one app has about twenty.
const MOST: usize = 64;

/// Longer values are cut, bytes.
const LONGEST: usize = 256;

/// Under which name the version of Next.js is a fact.
const NEXT_VERSION: &str = "pointsman.next.version";

/// The scope of Next.js's own spans.
const NEXT_SCOPE: &str = "next.js";

/// What Next.js 14 and 15 give as the version of their scope: it is not theirs.
const NO_VERSION: &str = "0.0.1";

/// The environment that a resource declares.
pub(crate) fn environment<'a>(origin: &Origin<'a>) -> Option<&'a str> {
    let declared = ["deployment.environment.name", "deployment.environment"];
    let declared = declared.into_iter().find_map(|name| origin.text(name).filter(|text| !text.is_empty()));
    let development = || origin.text("node.env").filter(|env| *env == "development");
    declared.or_else(development)
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

/// What the app says an action's body may have, bytes.
pub(super) fn body_limit(request: &Request<'_>) -> Option<u64> {
    const NAME: &str = "pointsman.next.body_size_limit";
    let of_resource = || {
        let mut resource = Attributes::default();
        resource.add(&request.node.origin.resource);
        resource.count(NAME)
    };
    request.attributes.count(NAME).or_else(of_resource)
}

/// All facts in a Trace, each with the first and last time it was seen, and how many were one too many; `found` are its
/// requests and the Calls they are.
pub(super) fn facts<'a>(trace: &Trace<'a>, found: &[(&Request<'a>, Call)]) -> (Vec<AppFact>, usize) {
    let origins = origins(trace);
    let builds = Builds::of(trace, &origins);
    let mut facts = Facts::default();
    for (origin, seen) in &origins {
        let app = builds.app(origin, None);
        for (name, value) in of_origin(origin) {
            facts.see(app, (name, value), *seen);
        }
    }
    for node in trace.nodes.iter().filter(|node| node.span.kind == SERVER) {
        let app = builds.app(&node.origin, build_of(&node.span.attributes));
        for (name, value) in of_attributes(&node.span.attributes) {
            facts.see(app, (name, value), (node.start_ns(), node.start_ns()));
        }
    }
    for node in trace.nodes.iter().filter(|node| build_span::is_one(node)) {
        let app = builds.app(&node.origin, build_of(&node.span.attributes));
        facts.most = MOST + build_span::MOST;
        let listed = build_span::listed(&node.span.attributes);
        for (name, value) in of_attributes(&node.span.attributes).into_iter().chain(listed) {
            facts.see(app, (name, value), (node.start_ns(), node.start_ns()));
        }
    }
    for (request, call) in found {
        let attributes = &request.attributes;
        let own = attributes.text(DEPLOYMENT_ID).or_else(|| attributes.text(BUILD_ID));
        if let Some(action) = action_known(request, call) {
            let app = builds.app(&request.node.origin, own);
            facts.see(app, (ACTION_ID, Cow::Owned(action)), (call.start_ns, call.start_ns));
        }
    }
    facts.into_rows()
}

/// Whose fact it is: service, environment, build.
type App<'a> = (&'a str, Option<&'a str>, Option<&'a str>);

/// When each fact was first and last seen.
struct Facts<'a> {
    seen: BTreeMap<(App<'a>, &'static str, Cow<'a, str>), (u64, u64)>,
    /// How many there may be.
    most: usize,
    left_out: usize,
}

impl Default for Facts<'_> {
    fn default() -> Self {
        Self { seen: BTreeMap::new(), most: MOST, left_out: 0 }
    }
}

impl<'a> Facts<'a> {
    fn see(&mut self, app: App<'a>, (name, value): (&'static str, Cow<'a, str>), (from, until): (u64, u64)) {
        let full = self.seen.len() >= self.most;
        match self.seen.entry((app, name, cut(value))) {
            Entry::Occupied(mut seen) => {
                let (first, last) = seen.get_mut();
                *first = from.min(*first);
                *last = until.max(*last);
            }
            Entry::Vacant(_) if full => self.left_out += 1,
            Entry::Vacant(place) => {
                place.insert((from, until));
            }
        }
    }

    fn into_rows(self) -> (Vec<AppFact>, usize) {
        let rows =
            self.seen.into_iter().map(|(((service, environment, build), name, value), (first, last))| {
                AppFact {
                    service: service.to_owned(),
                    environment: environment.map(str::to_owned),
                    build: build.map(str::to_owned),
                    name: name.to_owned(),
                    value: value.into_owned(),
                    first_seen_ns: first,
                    last_seen_ns: last,
                }
            });
        (rows.collect(), self.left_out)
    }
}

/// A value that is not longer than is kept.
fn cut(value: Cow<'_, str>) -> Cow<'_, str> {
    if value.len() <= LONGEST {
        return value;
    }
    let end = value.floor_char_boundary(LONGEST);
    match value {
        Cow::Borrowed(text) => Cow::Borrowed(text.get(..end).unwrap_or_default()),
        Cow::Owned(mut text) => {
            text.truncate(end);
            Cow::Owned(text)
        }
    }
}

/// The build of each service, where the trace tells of one only: its attributes stand on some spans, not on all.
struct Builds<'a>(BTreeMap<&'a str, Option<&'a str>>);

impl<'a> Builds<'a> {
    fn of(trace: &Trace<'a>, origins: &[(Rc<Origin<'a>>, (u64, u64))]) -> Self {
        let of_origins =
            origins.iter().filter_map(|(origin, _)| Some((origin.service(), build_of(&origin.resource)?)));
        let servers = trace.nodes.iter().filter(|node| node.span.kind == SERVER || build_span::is_one(node));
        let of_spans =
            servers.filter_map(|node| Some((node.origin.service(), build_of(&node.span.attributes)?)));
        let mut builds = BTreeMap::new();
        for (service, build) in of_origins.chain(of_spans) {
            let known = builds.entry(service).or_insert(Some(build));
            // Two builds answered within one trace, while one takes over from the other.
            *known = known.filter(|known| *known == build);
        }
        Self(builds)
    }

    /// Whose a fact is that an origin tells, on a span that may name its build.
    fn app(&self, origin: &Origin<'a>, of_span: Option<&'a str>) -> App<'a> {
        let build = of_span.or_else(|| build_of(&origin.resource));
        let only = || self.0.get(origin.service()).copied().flatten();
        (origin.service(), environment(origin), build.or_else(only))
    }
}

/// The deployment's id, else the build's, of a resource or a span.
fn build_of<'a>(attributes: &[Attribute<'a>]) -> Option<&'a str> {
    let named = |name: &str| {
        let attribute = attributes.iter().find(|attribute| attribute.key == name.as_bytes())?;
        match Value::read(attribute.value).ok()? {
            Value::Text(text) => std::str::from_utf8(text).ok().filter(|text| !text.is_empty()),
            _ => None,
        }
    };
    named(DEPLOYMENT_ID).or_else(|| named(BUILD_ID))
}

/// The id of the action that a request asked for.
pub(super) fn action_id(request: &Request<'_>) -> Option<String> {
    let attributes = &request.attributes;
    let id = attributes.text(ACTION_ID).or_else(|| attributes.request_header("next-action"))?;
    let id = cut(Cow::Borrowed(id)).to_ascii_lowercase();
    (!id.is_empty()).then_some(id)
}

/// The id of an action that the app knew, with file and name where they are known.
fn action_known(request: &Request<'_>, call: &Call) -> Option<String> {
    let export = match call.handler.action.as_ref()? {
        Action::Export { file, name } => Some((file, name)),
        Action::Id(_) => None,
        Action::NotFound | Action::Unnamed => return None,
    };
    let attributes = &request.attributes;
    if attributes.response_header("x-nextjs-action-not-found").is_some() {
        return None;
    }
    let id = action_id(request)?;
    let named = export.map(|(file, name)| format!("{id} {file}#{name}"));
    Some(named.filter(|named| named.len() <= LONGEST).unwrap_or(id))
}

/// Every origin of spans, with the starts of its first and last span, in the order of their first spans: its facts are
/// read once.
fn origins<'a>(trace: &Trace<'a>) -> Vec<(Rc<Origin<'a>>, (u64, u64))> {
    let mut places: HashMap<*const Origin<'_>, usize, RandomState> = HashMap::default();
    let mut found: Vec<(Rc<Origin<'_>>, (u64, u64))> = Vec::new();
    for node in &trace.nodes {
        let at = node.start_ns();
        let place = *places.entry(Rc::as_ptr(&node.origin)).or_insert(found.len());
        if let Some((_, (first, last))) = found.get_mut(place) {
            *first = at.min(*first);
            *last = at.max(*last);
        } else {
            found.push((Rc::clone(&node.origin), (at, at)));
        }
    }
    found
}

fn of_origin<'a>(origin: &Origin<'a>) -> Vec<(&'static str, Cow<'a, str>)> {
    let mut facts = of_attributes(&origin.resource);
    let (name, version) = (origin.scope_name(), origin.scope_version());
    if !name.is_empty() {
        facts.push((SCOPE_NAME, Cow::Borrowed(name)));
    }
    let told = facts.iter().any(|(name, _)| *name == NEXT_VERSION);
    if name == NEXT_SCOPE && !version.is_empty() && version != NO_VERSION && !told {
        facts.push((NEXT_VERSION, Cow::Borrowed(version)));
    }
    facts
}

fn of_attributes<'a>(attributes: &[Attribute<'a>]) -> Vec<(&'static str, Cow<'a, str>)> {
    let named = |attribute: &Attribute<'a>| {
        let name = NAMES.into_iter().find(|name| name.as_bytes() == attribute.key)?;
        let value = match Value::read(attribute.value).ok()? {
            Value::Text(text) if !text.is_empty() => Cow::Borrowed(std::str::from_utf8(text).ok()?),
            Value::Int(number) => Cow::Owned(number.to_string()),
            _ => return None,
        };
        Some((name, value))
    };
    attributes.iter().filter_map(named).collect()
}

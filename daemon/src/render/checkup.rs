//! What `doctor`, the page and the API say of one service and environment: what arrives, what is missing, and the line that
//! fixes it.

use std::collections::BTreeSet;
use std::fmt::Write;

use pointsman_advisor::explanation::{Build, builds};
use pointsman_advisor::{ACTION_NAMES, CHANGING_KEYS, rfc3339};
use serde::Serialize;
use utoipa::ToSchema;

use super::{holes, percent, safe, silence};
use crate::advise::Checkup;

/// Share of calls below which a piece of telemetry counts as missing.
const MISSING: f64 = 0.9;
/// The piece of telemetry without which no sequence is seen.
const CLIENT_KEY: &str = "pointsman.client.key";
/// Facts that a person asks about first.
const SHOWN: [(&str, &str); 8] = [
    ("pointsman.next.version", "Next.js"),
    ("pointsman.react.version", "React"),
    ("pointsman.next.flags", "Next.js flags"),
    ("telemetry.sdk.name", "SDK"),
    ("otel.scope.name", "instrumentation"),
    ("service.version", "service version"),
    ("pointsman.key.scope", "scope of client keys"),
    ("pointsman.instance.id", "instance"),
];
/// How the npm package gets into an app.
pub(crate) const INIT: &str = "pointsman init /path/to/your/app";
/// More values of one fact than these are counted, not listed ...
const LISTED: usize = 4;
/// ... except of flags, of which an app has several.
const FLAGS_LISTED: usize = 16;
/// Instances that are told, the ones seen last.
const INSTANCES: usize = 50;

/// What telemetry of one service and environment arrives.
#[derive(Clone, PartialEq, Debug, Serialize, ToSchema)]
pub(crate) struct Telemetry {
    /// `service.name`.
    pub service: String,
    /// `deployment.environment.name`; null when none is declared.
    pub environment: Option<String>,
    /// What the app tells about itself.
    pub about: Vec<About>,
    /// Its builds, oldest first.
    pub builds: Vec<Build>,
    /// Its processes, the ones seen last.
    pub instances: Vec<Instance>,
    /// How often each piece of telemetry arrives; empty when no call came in the window.
    pub coverage: Vec<Piece>,
    /// What to do about what is missing; empty when nothing is.
    pub remedies: Vec<Remedy>,
}

/// Something that the app tells about itself.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub(crate) struct About {
    /// What, in people's words.
    pub what: String,
    /// Its values; more than four are counted.
    pub values: String,
}

/// A process of the app.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub(crate) struct Instance {
    /// `pointsman.instance.id` or `service.instance.id`.
    pub id: String,
    /// The build that it ran.
    pub build: Option<String>,
    /// When it was first seen, RFC 3339.
    pub first: String,
    /// When it was last seen, RFC 3339.
    pub last: String,
}

/// How often one piece of telemetry arrives.
#[derive(Clone, PartialEq, Debug, Serialize, ToSchema)]
pub(crate) struct Piece {
    /// The attributes, as in the telemetry contract.
    pub attribute: String,
    /// Share of the calls that carry it, 0 to 1.
    pub share: f64,
    /// Whether too few do.
    pub missing: bool,
    /// What cannot be judged without it.
    pub matters_for: String,
    /// Whether spans of the npm package lack it; otherwise other instrumentation does.
    pub package_lacks_it: bool,
}

/// What to do about something that is missing.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub(crate) struct Remedy {
    /// What is wrong and what to do.
    pub text: String,
    /// The lines to write, each with where it belongs.
    pub code: Vec<Lines>,
}

/// Lines of code and where they belong.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub(crate) struct Lines {
    /// The file, or the shell.
    pub place: String,
    /// The lines.
    pub lines: String,
}

impl Telemetry {
    /// Words for a checkup.
    pub(crate) fn of(checkup: &Checkup) -> Self {
        let coverage: Vec<Piece> = checkup.coverage.iter().map(piece).collect();
        Self {
            service: checkup.service.clone(),
            environment: checkup.environment.clone(),
            about: SHOWN.iter().filter_map(|(fact, what)| about(checkup, fact, what)).collect(),
            builds: builds(&checkup.facts.iter().collect::<Vec<_>>()),
            instances: instances(checkup),
            remedies: remedies(checkup, &coverage),
            coverage,
        }
    }
}

fn piece(row: &pointsman_advisor::Coverage) -> Piece {
    Piece {
        attribute: row.attribute.to_owned(),
        share: row.share,
        missing: row.share < MISSING,
        matters_for: row.matters_for.to_owned(),
        package_lacks_it: row.package_lacks_it,
    }
}

fn about(checkup: &Checkup, fact: &str, what: &str) -> Option<About> {
    let values: BTreeSet<String> =
        checkup.facts.iter().filter(|f| f.name == fact).map(|f| safe::terminal(&f.value)).collect();
    // An app without flags says so with an empty one.
    let values: BTreeSet<String> = values.into_iter().filter(|value| !value.is_empty()).collect();
    let listed = if fact == "pointsman.next.flags" { FLAGS_LISTED } else { LISTED };
    let told = match values.len() {
        0 => return None,
        few if few <= listed => values.into_iter().collect::<Vec<_>>().join(", "),
        many => format!("{many} different ones"),
    };
    Some(About { what: what.to_owned(), values: told })
}

fn instances(checkup: &Checkup) -> Vec<Instance> {
    let named = |name: &str| {
        let mut facts: Vec<_> = checkup.facts.iter().filter(|fact| fact.name == name).collect();
        facts.sort_by_key(|fact| std::cmp::Reverse(fact.last_seen_ns));
        facts
    };
    let facts = ["pointsman.instance.id", "service.instance.id"].map(named);
    let told = facts.into_iter().find(|facts| !facts.is_empty()).unwrap_or_default();
    let instance = |fact: &pointsman_store::AppFact| Instance {
        id: fact.value.clone(),
        build: fact.build.clone(),
        first: rfc3339(fact.first_seen_ns),
        last: rfc3339(fact.last_seen_ns),
    };
    told.into_iter().take(INSTANCES).map(instance).collect()
}

/// Where options of the package go: both of its entries take the same ones.
const OPTIONS: &str =
    "in instrumentation.ts (register() of @pointsman/nextjs/register takes the same options)";

fn remedies(checkup: &Checkup, coverage: &[Piece]) -> Vec<Remedy> {
    let has =
        |name: &str, value: &str| checkup.facts.iter().any(|fact| fact.name == name && fact.value == value);
    let mut remedies = holes::remedies(&checkup.facts);
    if checkup.coverage.is_empty() {
        return remedies;
    }
    if !has("otel.scope.name", "@pointsman/nextjs") {
        remedies.push(Remedy {
            text: "No request was reported by the npm package. Set up the app (init shows each change first), then build and start it again. If you \
                   have done that, the running app is an older build, or its instrumentation file is in a folder that Next.js does not \
                   read; init checks that too."
                .to_owned(),
            code: vec![Lines { place: "in a shell".to_owned(), lines: INIT.to_owned() }],
        });
    } else {
        remedies.extend(lacking_with_package(checkup, coverage));
    }
    // Behind a proxy that nobody trusts that comes first: until then people share one network, in which no session can be followed.
    let changing = checkup.coverage.iter().any(|row| row.attribute == CHANGING_KEYS);
    if changing && !checkup.proxied.hides_clients() {
        remedies.push(Remedy {
            text: "Client keys change while people use the app: a session's cookie is renewed, so one browser looks like many, and its \
                   sequences cannot be followed. Newer versions of the package follow such sessions. Otherwise list a cookie that does \
                   not change in sessionCookies, and behind a proxy set trustProxy to the number of your proxies:"
                .to_owned(),
            code: vec![Lines {
                place: OPTIONS.to_owned(),
                lines: "observeNext({ sessionCookies: ['a_cookie_that_stays'], trustProxy: 1 })".to_owned(),
            }],
        });
    }
    if has("pointsman.key.scope", "process") {
        let lines = "POINTSMAN_HASH_SECRET=...".to_owned();
        remedies.push(Remedy {
            text:
                "Client keys are valid within one process only: set the same POINTSMAN_HASH_SECRET on all instances."
                    .to_owned(),
            code: vec![Lines { place: "in the app's environment".to_owned(), lines }],
        });
    }
    remedies
}

/// What is missing although the npm package is at work, by who did not send it.
fn lacking_with_package(checkup: &Checkup, coverage: &[Piece]) -> Vec<Remedy> {
    let hidden = checkup.proxied.hides_clients();
    let mut remedies = Vec::new();
    if hidden {
        remedies.push(hidden_clients(checkup));
    }
    let missing = coverage.iter().filter(|piece| piece.missing && piece.attribute != CHANGING_KEYS);
    let (of_package, of_others): (Vec<_>, Vec<_>) = missing
        .filter(|piece| !(hidden && piece.attribute == CLIENT_KEY))
        .partition(|piece| piece.package_lacks_it);
    let names =
        |pieces: Vec<&Piece>| pieces.iter().map(|it| it.attribute.as_str()).collect::<Vec<_>>().join("; ");
    let (unnamed, of_package): (Vec<_>, Vec<_>) =
        of_package.into_iter().partition(|piece| piece.attribute == ACTION_NAMES);
    if !of_package.is_empty() {
        let text = format!("The npm package is running, but its spans lack: {}.", names(of_package));
        remedies.push(Remedy { text, code: Vec::new() });
    }
    if !unnamed.is_empty() {
        let text = "The build does not name all Server Actions: builds by webpack before Next.js 15.5 name only those that client \
                    components import. The others are listed by their id, which may change with the next build. Next.js 15.5 and \
                    later name all.";
        remedies.push(Remedy { text: text.to_owned(), code: Vec::new() });
    }
    if !of_others.is_empty() {
        let text = "The npm package is running; calls reported by other instrumentation lack what is marked as missing.";
        remedies.push(Remedy { text: text.to_owned(), code: Vec::new() });
    }
    remedies
}

/// Behind a proxy all clients share its address.
fn hidden_clients(checkup: &Checkup) -> Remedy {
    let untrusted = checkup.proxied.untrusted;
    let seen = if untrusted > 0 {
        format!(
            " A proxy named the client's address in {untrusted} calls, but the package is not set to trust it."
        )
    } else {
        String::new()
    };
    let text = format!(
        "The npm package cannot distinguish clients: behind a proxy, all of them share its address.{seen} Set trustProxy to the \
         number of your proxies, or name the cookies of your sessions in sessionCookies:"
    );
    let lines = "observeNext({ trustProxy: 1, sessionCookies: ['my_session'] })".to_owned();
    Remedy { text, code: vec![Lines { place: OPTIONS.to_owned(), lines }] }
}

/// All checkups, for a terminal, and what keeps others away.
pub(crate) fn text(checkups: &[Checkup], silence: &[Remedy]) -> String {
    let silence = silence::text(silence);
    if checkups.is_empty() {
        return format!("no calls have arrived yet\n\n{silence}");
    }
    silence + &checkups.iter().map(|checkup| one(&Telemetry::of(checkup))).collect::<Vec<_>>().join("\n")
}

fn one(told: &Telemetry) -> String {
    let environment = told.environment.as_ref().map_or_else(String::new, |name| format!(" ({name})"));
    let mut text = format!("{}{}\n", safe::terminal(&told.service), safe::terminal(&environment));
    for About { what, values } in &told.about {
        let _ = writeln!(text, "  {what}: {values}");
    }
    for build in &told.builds {
        let _ = writeln!(
            text,
            "  build {}: seen from {} to {}, {} of its actions called, instances: {}",
            safe::terminal(&build.id),
            minute(&build.first),
            minute(&build.last),
            build.actions.len(),
            build.instances.map_or_else(|| "unknown".to_owned(), |count| count.to_string())
        );
    }
    if told.coverage.is_empty() {
        text += "  no calls in this window\n";
        return text;
    }
    text += "\n  share of calls   telemetry\n";
    for row in &told.coverage {
        let mark = if row.missing { "MISSING" } else { "ok" };
        let _ = writeln!(text, "  {:>5}  {mark:<8} {}", percent(row.share), row.attribute);
        if row.missing {
            let _ = writeln!(text, "                  needed for: {}", row.matters_for);
        }
    }
    if told.remedies.is_empty() {
        text += "\n  Nothing is missing.\n";
    }
    for remedy in &told.remedies {
        let _ = writeln!(text, "\n  {}", remedy.text);
        for Lines { place, lines } in &remedy.code {
            let _ = writeln!(text, "  {place}:\n    {}", lines.replace('\n', "\n    "));
        }
    }
    text
}

/// A time (RFC 3339) to the minute.
fn minute(time: &str) -> &str {
    time.get(..16).unwrap_or(time)
}

#[cfg(test)]
#[path = "checkup_tests.rs"]
mod tests;

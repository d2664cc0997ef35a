//! What `doctor` says: per service, what arrives, what is missing, and the line that fixes it.

use std::collections::BTreeSet;
use std::fmt::Write;

use pointsman_advisor::explanation::builds;

use super::{percent, safe};
use crate::advise::Checkup;

/// Share of calls below which a piece of telemetry counts as missing.
const MISSING: f64 = 0.9;
/// Facts that a person asks about first.
const SHOWN: [(&str, &str); 6] = [
    ("pointsman.next.version", "Next.js"),
    ("telemetry.sdk.name", "SDK"),
    ("otel.scope.name", "instrumentation"),
    ("service.version", "service version"),
    ("pointsman.key.scope", "scope of client keys"),
    ("pointsman.instance.id", "instance"),
];
/// More values of one fact than these are counted, not listed.
const LISTED: usize = 4;

/// All checkups.
pub(crate) fn text(checkups: &[Checkup]) -> String {
    if checkups.is_empty() {
        return "no calls have arrived yet. Point the app's OTLP exporter at this daemon:\n  \
                OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318\n"
            .to_owned();
    }
    checkups.iter().map(service).collect::<Vec<_>>().join("\n")
}

fn service(checkup: &Checkup) -> String {
    let mut text = format!("{}\n", safe::terminal(&checkup.service));
    for (fact, words) in SHOWN {
        let values: BTreeSet<String> =
            checkup.facts.iter().filter(|f| f.name == fact).map(|f| safe::terminal(&f.value)).collect();
        if values.len() > LISTED {
            let _ = writeln!(text, "  {words}: {} different ones", values.len());
        } else if !values.is_empty() {
            let _ = writeln!(text, "  {words}: {}", values.into_iter().collect::<Vec<_>>().join(", "));
        }
    }
    for build in builds(&checkup.facts.iter().collect::<Vec<_>>()) {
        let _ = writeln!(
            text,
            "  build {}: seen from {} to {}, {} of its actions called, instances: {}",
            safe::terminal(&build.id),
            minute(&build.first),
            minute(&build.last),
            build.actions.len(),
            build.instances.map_or_else(|| "not told".to_owned(), |count| count.to_string())
        );
    }
    if checkup.coverage.is_empty() {
        text += "  no calls in this window\n";
        return text;
    }
    text += "\n  share of calls   telemetry\n";
    let mut missing = false;
    for row in &checkup.coverage {
        let fault = row.share < MISSING;
        missing |= fault;
        let mark = if fault { "MISSING" } else { "ok" };
        let _ = writeln!(text, "  {:>5}  {mark:<8} {}", percent(row.share), row.attribute);
        if fault {
            let _ = writeln!(text, "                  needed for: {}", row.matters_for);
        }
    }
    text += &remedy(checkup, missing);
    text
}

/// A time (RFC 3339) to the minute.
fn minute(time: &str) -> &str {
    time.get(..16).unwrap_or(time)
}

fn remedy(checkup: &Checkup, missing: bool) -> String {
    let own =
        checkup.facts.iter().any(|fact| fact.name == "otel.scope.name" && fact.value == "@pointsman/nextjs");
    let process =
        checkup.facts.iter().any(|fact| fact.name == "pointsman.key.scope" && fact.value == "process");
    let mut text = String::new();
    if !own {
        text += "\n  The npm package is not at work here. In the app:\n    npm install @pointsman/nextjs\n  and in \
                 instrumentation.ts, after registerOTel() or sdk.start():\n    import { observeNext } from \
                 '@pointsman/nextjs'\n    observeNext()\n";
    } else if missing {
        text +=
            "\n  The npm package is at work; calls that other instrumentation reports lack what is marked.\n";
    } else {
        text += "\n  Nothing is missing.\n";
    }
    if process {
        text += "\n  Client keys hold within one process only: set POINTSMAN_HASH_SECRET alike on all instances.\n";
    }
    text
}

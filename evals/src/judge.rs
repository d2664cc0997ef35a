//! From OTLP to a report, through the real collector and the real advisor: admitted, put together to traces, extracted to
//! Calls, rolled up hour by hour, merged, judged. No socket and no database in between.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use pointsman_advisor::evidence::{PassSettings, roll_up};
use pointsman_advisor::{Gathering, Report, ReportInput, Settings, report};
use pointsman_collector::admit::{Limits, Secret, admit};
use pointsman_collector::extract;
use pointsman_collector::trace::{Assembly, MAX_SPANS};
use pointsman_store::{AppFact, Call, Fingerprint, Handler, Hour, RollupRecord};

use crate::scenario::Scenario;
use crate::telemetry::FIRST_DAY;

/// Hours that a report looks at by default: a week.
const WINDOW_HOURS: u32 = 7 * 24;

/// What telemetry told.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// All Calls, by start time.
    pub calls: Vec<Call>,
    /// What is known about the app.
    pub facts: Vec<AppFact>,
}

/// Takes OTLP requests through the collector. Each holds its traces whole, as those of the simulator do.
///
/// # Errors
/// When one of them is refused: then the simulator sends what no SDK would.
pub fn collect(requests: impl IntoIterator<Item = Vec<u8>>) -> anyhow::Result<Told> {
    let secret = Secret::new("evals");
    let now_ns = (FIRST_DAY + 400) * 24 * Hour::NANOS;
    let mut reading = Reading::default();
    for request in requests {
        reading.add(&admit(&request, now_ns, &Limits::default(), &secret)?.otlp)?;
    }
    Ok(reading.finish())
}

/// Finds the Calls in OTLP requests that need no redaction: those of the simulator have nothing that is personal, so that
/// the door may be spared where the same traces passed it before.
///
/// # Errors
/// When the bytes are no such requests.
pub fn extract_all(requests: impl IntoIterator<Item = Vec<u8>>) -> anyhow::Result<Told> {
    let mut reading = Reading::default();
    for request in requests {
        reading.add(&request)?;
    }
    Ok(reading.finish())
}

/// Service, environment, build, name and value of a fact.
type FactKey = (String, Option<String>, Option<String>, String, String);

/// What is told, while request after request is read: none is kept, or a scenario would fill a gigabyte.
#[derive(Default)]
struct Reading {
    told: Told,
    facts: BTreeMap<FactKey, AppFact>,
    handlers: HashSet<Arc<Handler>>,
}

impl Reading {
    fn add(&mut self, request: &[u8]) -> anyhow::Result<()> {
        let mut assembly = Assembly::new(MAX_SPANS);
        assembly.add(request)?;
        for trace in assembly.finish() {
            let found = extract::calls(&trace);
            self.told.calls.extend(found.calls.into_iter().map(|call| shared(&mut self.handlers, call)));
            for fact in found.facts {
                let key = (
                    fact.service.clone(),
                    fact.environment.clone(),
                    fact.build.clone(),
                    fact.name.clone(),
                    fact.value.clone(),
                );
                let known: &mut AppFact = self.facts.entry(key).or_insert_with(|| fact.clone());
                known.first_seen_ns = known.first_seen_ns.min(fact.first_seen_ns);
                known.last_seen_ns = known.last_seen_ns.max(fact.last_seen_ns);
            }
        }
        Ok(())
    }

    fn finish(mut self) -> Told {
        self.told.calls.sort_by_key(|call| (call.start_ns, call.trace, call.span));
        self.told.facts = self.facts.into_values().collect();
        self.told
    }
}

/// The Call with the copy of its Handler that all Calls share: hashing each Call's own again and again took a third of the time.
fn shared(handlers: &mut HashSet<Arc<Handler>>, mut call: Call) -> Call {
    if let Some(known) = handlers.get(&call.handler) {
        call.handler = Arc::clone(known);
    } else {
        handlers.insert(Arc::clone(&call.handler));
    }
    call
}

/// The report at the end of a scenario.
///
/// # Errors
/// Never for Rollups that were just made: an error is a fault of the advisor's.
pub fn judge(scenario: &Scenario, told: &Told, settings: &Settings) -> anyhow::Result<Report> {
    let first = Hour(hours(FIRST_DAY));
    let to = Hour(hours(FIRST_DAY + u64::from(scenario.days)));
    let mut gathering = Gathering::new(to, WINDOW_HOURS);
    let hours = (first.0..to.0).map(Hour);
    let mut records: Vec<RollupRecord> =
        hours.flat_map(|hour| roll_up_hour(hour, &told.calls, settings.of_pass())).collect();
    // Handler by handler, as they come from a store: what is complete takes less.
    records.sort_by_key(|record| record.handler);
    for record in records {
        gathering.add(record.handler, record.hour, &record.payload)?;
    }
    let mut seen = HashSet::new();
    let handlers = told.calls.iter().map(|call| &call.handler).filter(|it| seen.insert(Arc::as_ptr(it)));
    let handlers: HashMap<_, _> = handlers.map(|it| (it.fingerprint(), Handler::clone(it))).collect();
    reported(to, &handlers, gathering, &told.facts, settings)
}

fn reported(
    to: Hour,
    handlers: &HashMap<Fingerprint, Handler>,
    gathering: Gathering,
    facts: &[AppFact],
    settings: &Settings,
) -> anyhow::Result<Report> {
    // Without the attribute the environment is not known.
    let environment = handlers.values().find_map(|handler| handler.environment.as_deref());
    let input = ReportInput {
        service: "app",
        environment,
        generated_at_ns: to.start_ns(),
        handlers,
        windows: &gathering.finish()?,
        standing: &HashMap::new(),
        facts,
    };
    Ok(report(&input, settings))
}

/// Rolls up one hour of Calls that are in the order of their starts.
fn roll_up_hour(hour: Hour, calls: &[Call], settings: PassSettings) -> Vec<RollupRecord> {
    let from = hour.start_ns().saturating_sub(Hour::OVERLAP_NS);
    let until = hour.end_ns() + Hour::OVERLAP_NS;
    let begin = calls.partition_point(|call| call.start_ns < from);
    let end = calls.partition_point(|call| call.start_ns < until);
    match calls.get(begin..end) {
        Some(calls) if !calls.is_empty() => roll_up(hour, calls, settings),
        _ => Vec::new(),
    }
}

fn hours(days: u64) -> u32 {
    u32::try_from(days * 24).unwrap_or(u32::MAX)
}

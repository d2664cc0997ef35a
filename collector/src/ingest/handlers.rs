//! Which Handlers there are: visitors choose methods, paths, ids of actions and names of operations, and must not fill the
//! tables with what nobody wrote. A Handler is earned by answering something that exists; each App has room for so many, and
//! what has not been called for a day makes room for newcomers. How a request names its Handler is extraction's business.

mod app;

use std::collections::HashMap;
use std::sync::Arc;

use pointsman_store::{Action, Call, Form, Handler, HandlerKind, Sign, TraceCalls};

use app::{AppHandlers, Full};

/// Method of the Handlers that stand for many.
const ANY: &str = "*";

/// The service under which Calls of further Apps are counted.
const OTHER_SERVICES: &str = "other services";

/// How long something has not been called before a newcomer may take its place, ns: a day, so that what runs at night only
/// keeps its place.
const IDLE_NS: u64 = 24 * 60 * 60 * 1_000_000_000;

/// Actions of one App that are known by their ids only and have only failed so far: an action that always throws looks like a
/// made-up id with a well-chosen body.
const UNPROVEN: usize = 16;

/// How many there may be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Apps: services, each in one environment.
    pub(super) apps: usize,
    /// Handlers of one App, its Operations included.
    pub(super) handlers: usize,
    /// Operations of one Dispatcher.
    pub(super) operations: usize,
    /// Handlers of all Apps together. When there are so many, an App that has less than its share of them still grows.
    pub(super) all: usize,
}

/// Why a Call counts under another Handler than the one that it names.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) enum Refusal {
    /// The method is none that the route answers.
    NotAnswered,
    /// Nothing has shown that the app has an action with this id.
    UnknownAction,
    /// Nothing has shown that the Dispatcher has this Operation.
    UnknownOperation,
    /// The Dispatcher has too many Operations.
    OperationsFull,
    /// The App has too many Handlers.
    AppFull,
    /// There are too many Handlers in all, and the App has its share of them.
    AllFull,
    /// There are too many Apps.
    AppsFull,
}

/// The Handlers that are known, by App.
#[derive(Debug)]
pub(super) struct KnownHandlers {
    apps: HashMap<App, AppHandlers>,
    /// Handlers of all Apps.
    all: usize,
    limits: Limits,
}

/// Service and environment.
type App = (String, Option<String>);

/// What came of settling Calls.
#[derive(Debug, Default)]
pub(super) struct Settled {
    /// Calls under another Handler than the one that they name, by why.
    pub(super) refused: HashMap<Refusal, u64>,
    /// Handlers whose place newcomers took.
    pub(super) displaced: u64,
}

impl Refusal {
    /// The word for it in metrics.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::NotAnswered => "not_answered",
            Self::UnknownAction => "unknown_action",
            Self::UnknownOperation => "unknown_operation",
            Self::OperationsFull => "operations_full",
            Self::AppFull => "app_full",
            Self::AllFull => "all_full",
            Self::AppsFull => "apps_full",
        }
    }

    /// Whether it is for want of room.
    pub(super) fn is_a_limit(self) -> bool {
        matches!(self, Self::OperationsFull | Self::AppFull | Self::AllFull | Self::AppsFull)
    }
}

impl KnownHandlers {
    pub(super) fn new(limits: Limits) -> Self {
        Self { apps: HashMap::new(), all: 0, limits }
    }

    /// Learns what is stored already, with when it was called last (ns since the epoch): it stays even when a limit was
    /// lowered since.
    pub(super) fn learn(&mut self, stored: impl IntoIterator<Item = (Handler, u64)>) {
        for (handler, called_ns) in stored {
            if !stands_for_many(handler.kind) {
                self.apps.entry(app_of(&handler)).or_default().keep(&handler, called_ns);
            }
        }
        self.all = self.apps.values().map(AppHandlers::len).sum();
    }

    /// Puts each Call under the Handler that it counts under.
    pub(super) fn settle(&mut self, traces: &mut [TraceCalls]) -> Settled {
        let mut settled = Settled::default();
        // What earns a Handler comes first, so that the order of traces within a batch is no matter.
        let all = traces.iter_mut().flat_map(|trace| trace.calls.iter_mut().chain(&mut trace.unchanged));
        let mut calls: Vec<&mut Call> = all.collect();
        calls.sort_by_key(|call| {
            if earns(&call.handler, call) { 0 } else { 2 - u8::from(may_have_failed(&call.handler, call)) }
        });
        for call in calls {
            self.place(call, &mut settled);
        }
        for trace in traces {
            trace.before = trace.before.iter().flat_map(anywhere).collect();
        }
        settled
    }

    /// Finds the Handler that a Call counts under: its own, or the nearest that stands for it.
    fn place(&mut self, call: &mut Call, settled: &mut Settled) {
        let mut refused = None;
        while let Err(refusal) = self.admit(&call.handler, call, settled) {
            refused.get_or_insert(refusal);
            call.handler = Arc::new(in_place_of(&call.handler, refusal));
        }
        if let Some(refusal) = refused {
            *settled.refused.entry(refusal).or_default() += 1;
        }
    }

    fn admit(&mut self, handler: &Handler, call: &Call, settled: &mut Settled) -> Result<(), Refusal> {
        if handler.service == OTHER_SERVICES && handler.kind == HandlerKind::Other {
            return Ok(());
        }
        let name = app_of(handler);
        if !self.apps.contains_key(&name) {
            self.make_room(call.start_ns)?;
        }
        let share = self.limits.all / self.apps.len().max(1);
        let app = self.apps.entry(name).or_default();
        if stands_for_many(handler.kind) || app.calls(handler.fingerprint(), call.start_ns) {
            return Ok(());
        }
        let earned = earns(handler, call) || (may_have_failed(handler, call) && app.takes_unproven());
        if !earned {
            return Err(match (&handler.operation, &handler.action) {
                (Some(_), _) => Refusal::UnknownOperation,
                (None, Some(_)) => Refusal::UnknownAction,
                (None, None) => Refusal::NotAnswered,
            });
        }
        let before = app.len();
        if self.all >= self.limits.all && before >= share {
            return Err(Refusal::AllFull);
        }
        let admitted = app.admit(handler, call.start_ns, self.limits);
        self.all = (self.all + app.len()).saturating_sub(before);
        settled.displaced += admitted.map_err(|full| match full {
            Full::App => Refusal::AppFull,
            Full::Dispatcher => Refusal::OperationsFull,
        })?;
        Ok(())
    }

    /// Makes room for one more App: the one that was idle longest goes.
    fn make_room(&mut self, now_ns: u64) -> Result<(), Refusal> {
        if self.apps.len() < self.limits.apps {
            return Ok(());
        }
        let idlest = self.apps.iter().min_by_key(|(_, app)| app.called_ns());
        let name = idlest.filter(|(_, app)| is_idle(app.called_ns(), now_ns)).map(|(name, _)| name.clone());
        match name {
            Some(name) => {
                let gone = self.apps.remove(&name).map_or(0, |app| app.len());
                self.all = self.all.saturating_sub(gone);
                Ok(())
            }
            None => Err(Refusal::AppsFull),
        }
    }
}

/// Whether something that was called last at one time is idle at another, ns since the epoch.
fn is_idle(called_ns: u64, now_ns: u64) -> bool {
    now_ns.saturating_sub(called_ns) >= IDLE_NS
}

fn app_of(handler: &Handler) -> App {
    (handler.service.clone(), handler.environment.clone())
}

/// Handlers of which an App has only a few, whatever comes.
fn stands_for_many(kind: HandlerKind) -> bool {
    matches!(kind, HandlerKind::Unmatched | HandlerKind::Other)
}

/// Whether a Call shows that its Handler exists. Routes and the names of actions are the app's own; methods, ids of actions
/// and names of Operations come from whoever calls, so that only an answer proves them.
fn earns(handler: &Handler, call: &Call) -> bool {
    let answered = |until| call.status.is_some_and(|status| (200..until).contains(&status));
    let stopped = call.has(Sign::RedirectedByProxy) || call.has(Sign::OriginMismatch);
    match (&handler.operation, &handler.action) {
        (Some(_), _) => answered(300) && call.form != Form::Preflight,
        (None, Some(Action::Id(_))) => answered(400) && !stopped,
        (None, Some(_)) => true,
        (None, None) => {
            let known = !matches!(handler.method.as_str(), "_OTHER" | "CONNECT" | "TRACE");
            known && !matches!(call.status, Some(405 | 501))
        }
    }
}

/// Whether an action with this id seems to have run and failed. Next.js 14, whose manifest has no names, answers a flight body
/// then, and the page where it does not know an id.
fn may_have_failed(handler: &Handler, call: &Call) -> bool {
    let by_id = matches!(handler.action, Some(Action::Id(_))) && call.form == Form::ActionFetch;
    let stopped = call.has(Sign::RedirectedByProxy) || call.has(Sign::OriginMismatch);
    by_id && !stopped && call.media_type.as_deref() == Some("text/x-component")
}

/// The Handler that stands for one that is not taken.
fn in_place_of(handler: &Handler, refusal: Refusal) -> Handler {
    let many = |kind, route: &str| Handler {
        kind,
        route: route.to_owned(),
        method: ANY.to_owned(),
        action: None,
        operation: None,
        ..handler.clone()
    };
    match refusal {
        Refusal::UnknownOperation | Refusal::OperationsFull => Handler { operation: None, ..handler.clone() },
        Refusal::UnknownAction => Handler { action: Some(Action::NotFound), ..handler.clone() },
        Refusal::NotAnswered => many(HandlerKind::Unmatched, Handler::UNMATCHED),
        Refusal::AppFull | Refusal::AllFull => many(HandlerKind::Other, ANY),
        Refusal::AppsFull => {
            Handler { service: OTHER_SERVICES.to_owned(), environment: None, ..many(HandlerKind::Other, ANY) }
        }
    }
}

/// An earlier Call under every Handler that it may have been stored under: since then its own may have been earned, or have
/// lost its place.
fn anywhere(call: &Call) -> Vec<Call> {
    const ALL: [Refusal; 5] = [
        Refusal::UnknownOperation,
        Refusal::UnknownAction,
        Refusal::NotAnswered,
        Refusal::AppFull,
        Refusal::AppsFull,
    ];
    let own = &call.handler;
    let fits = |refusal: &Refusal| match refusal {
        Refusal::UnknownOperation => own.operation.is_some(),
        Refusal::UnknownAction => own.action.is_some(),
        Refusal::NotAnswered => own.action.is_none(),
        _ => true,
    };
    let others = ALL.into_iter().filter(fits).map(|refusal| Arc::new(in_place_of(own, refusal)));
    let mut handlers: Vec<Arc<Handler>> = std::iter::once(Arc::clone(own)).chain(others).collect();
    handlers.dedup();
    handlers.into_iter().map(|handler| Call { handler, ..call.clone() }).collect()
}

#[cfg(test)]
#[path = "handlers_tests.rs"]
mod tests;

//! Calls as evidence is made from: people who open pages, read, change things and act in a row, and machines. Counts,
//! names and sizes are made up; that clients have a story is what matters for the cost.

use std::sync::Arc;

use pointsman_store::{
    Action, Call, Caller, ClientKey, Form, Handler, HandlerKind, Hour, InstanceKey, Sign, Signs, SpanId,
    TraceId,
};

use crate::random::Random;

const MS: u64 = 1_000_000;
const SECOND: u64 = 1_000 * MS;
/// Requests of one visit, as many as `visit` makes.
const PER_VISIT: usize = 9;

/// An app with so many Handlers, and a source of Calls to them.
pub(crate) struct Traffic {
    random: Random,
    pages: Vec<Arc<Handler>>,
    reads: Vec<Arc<Handler>>,
    mutations: Vec<Arc<Handler>>,
    actions: Vec<Arc<Handler>>,
}

impl Traffic {
    /// Of the Handlers a tenth are pages, four tenths reads, three tenths mutations, two tenths actions.
    pub(crate) fn new(handlers: usize) -> Self {
        let some = |share: usize, kind: HandlerKind, method: &str, name: &str| -> Vec<Arc<Handler>> {
            (0..handlers * share / 10)
                .map(|number| handler(kind, method, &format!("{name}/{number}")))
                .collect()
        };
        let mut actions = some(2, HandlerKind::ServerAction, "POST", "/page");
        for (number, action) in actions.iter_mut().enumerate() {
            let name = format!("action{number}");
            Arc::make_mut(action).action = Some(Action::Export { file: "app/actions.ts".into(), name });
        }
        Self {
            random: Random::new(1),
            pages: some(1, HandlerKind::Page, "GET", "/page"),
            reads: some(4, HandlerKind::RouteHandler, "GET", "/api/read"),
            mutations: some(3, HandlerKind::RouteHandler, "POST", "/api/change"),
            actions,
        }
    }

    /// Calls that start within the hour, in the order of their clients.
    pub(crate) fn hour(&mut self, hour: Hour, calls: usize) -> Vec<Call> {
        let mut made = Vec::with_capacity(calls + PER_VISIT);
        while made.len() < calls {
            let client = self.random.next();
            for _ in 0..=self.random.below(3) {
                // Five minutes stay free, so that a visit ends within its hour.
                let start = hour.start_ns() + self.random.below(3_300 * SECOND);
                self.visit(client, start, &mut made);
            }
        }
        made.truncate(calls);
        made
    }

    /// A page, two reads, a mutation with its refresh, three actions in a row, and a machine's read.
    fn visit(&mut self, client: u64, start: u64, to: &mut Vec<Call>) {
        let page = self.pick(|all| &all.pages);
        let path = page.route.clone();
        let mut at = start;
        let document = self.call(&page, Form::Document, client, at, None);
        at = document.end_ns() + 100 * MS;
        to.push(document);
        for _ in 0..2 {
            let read = self.pick(|all| &all.reads);
            let mut call = self.call(&read, Form::Plain, client, at, Some(&path));
            (call.request_key, call.response_hash) =
                (Some(self.random.below(40)), Some(self.random.below(4)));
            to.push(call);
            at += 20 * MS;
        }
        at += 5 * SECOND;
        let mutation = self.pick(|all| &all.mutations);
        let call = self.call(&mutation, Form::Plain, client, at, Some(&path));
        let refresh = self.call(&page, Form::Rsc, client, call.end_ns() + 5 * MS, Some(&path));
        at = refresh.end_ns() + 20 * SECOND;
        to.extend([call, refresh]);
        for _ in 0..3 {
            let action = self.pick(|all| &all.actions);
            let call = self.call(&action, Form::ActionFetch, client, at, Some(&path));
            at = call.end_ns() + 5 * MS;
            to.push(call);
        }
        let read = self.pick(|all| &all.reads);
        let mut call = self.call(&read, Form::Plain, client ^ 1, at, None);
        (call.caller, call.agent) = (Caller::External, Some("okhttp".into()));
        to.push(call);
    }

    fn pick(&mut self, of: impl Fn(&Self) -> &Vec<Arc<Handler>>) -> Arc<Handler> {
        let place = self.random.next();
        let all = of(self);
        Arc::clone(&all[place as usize % all.len()])
    }

    fn call(
        &mut self,
        handler: &Arc<Handler>,
        form: Form,
        client: u64,
        start: u64,
        page: Option<&str>,
    ) -> Call {
        let duration = (5 + self.random.below(20) * self.random.below(20)) * MS + self.random.below(MS);
        let mut trace = [0; 16];
        trace[..8].copy_from_slice(&self.random.next().to_be_bytes());
        trace[8..].copy_from_slice(&self.random.next().to_be_bytes());
        let span = SpanId(self.random.next().to_be_bytes());
        Call {
            duration_ns: duration,
            status: Some(if self.random.below(100) == 0 { 500 } else { 200 }),
            form,
            caller: Caller::OwnUi,
            agent: Some("Chrome".into()),
            client: Some(ClientKey(client)),
            instance: Some(InstanceKey(client % 4)),
            path: Some(page.unwrap_or(&handler.route).to_owned()).filter(|_| form != Form::Plain),
            page: page.map(str::to_owned),
            request_bytes: Some(self.random.below(400)),
            response_bytes: Some(200 + self.random.below(20_000)),
            request_key: Some(self.random.next()),
            response_hash: Some(self.random.next()),
            media_type: Some("application/json".into()),
            first_byte_ns: Some(duration / 2),
            database_ns: Some(duration / 3),
            child_ns: Some(duration / 3),
            signs: Signs::NONE | Sign::HeadersCaptured | Sign::ResponseHeadersCaptured | Sign::Cookie,
            ..Call::bare(Arc::clone(handler), TraceId(trace), span, start)
        }
    }
}

fn handler(kind: HandlerKind, method: &str, route: &str) -> Arc<Handler> {
    Arc::new(Handler {
        service: "shop".into(),
        environment: Some("production".into()),
        kind,
        route: route.into(),
        method: method.into(),
        action: None,
        operation: None,
    })
}

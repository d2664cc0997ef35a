//! The spans of one exchange: the own span of the npm package, below it Next.js' own as far as anything reads them, and
//! those of databases and outgoing requests.

use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::trace::v1::{Span, Status};
use pointsman_store::TraceId;

use super::attributes::{flag, number, of_request, text};
use super::{Batch, FIRST_DAY};
use crate::random::{both, mix, of_text};
use crate::scenario::{Scenario, Work};
use crate::sim::exchange::{Inner, Kind, Ran};
use crate::sim::{Exchange, Play, clock_error_ms};

const INTERNAL: i32 = 1;
const SERVER: i32 = 2;
const CLIENT: i32 = 3;
const DAY_NS: u64 = 86_400_000_000_000;

/// Tells exchanges of one scenario.
pub(super) struct Teller<'t> {
    scenario: &'t Scenario,
    how: Play,
    seed: u64,
}

/// One trace while it is told.
struct Telling<'b> {
    batch: &'b mut Batch,
    trace: [u8; 16],
    spans: u64,
    error_ms: f64,
}

impl<'t> Teller<'t> {
    pub(super) fn new(scenario: &'t Scenario, how: Play) -> Self {
        Self { scenario, how, seed: both(of_text(&scenario.id), how.seed) }
    }

    /// A number between 0 and 1: the trace of the exchange with this number is recorded where it is at most the share
    /// that is.
    #[expect(clippy::cast_precision_loss, reason = "as good as random all the same")]
    pub(super) fn luck(&self, number: u64) -> f64 {
        let random = mix(both(self.seed, number) ^ 0x5a5a) >> 11;
        random as f64 / (1_u64 << 53) as f64
    }

    /// Tells an exchange; `seen` is how many requests its process has seen.
    pub(super) fn tell(&self, number: u64, exchange: &Exchange, seen: u64, batch: &mut Batch) -> TraceId {
        let mut trace = [0; 16];
        let (high, low) = trace.split_at_mut(8);
        high.copy_from_slice(&(both(self.seed, number) | 1).to_be_bytes());
        low.copy_from_slice(&both(number, self.seed).to_be_bytes());
        let error_ms = clock_error_ms(self.scenario, self.how, exchange.instance);
        let mut telling = Telling { batch, trace, spans: 0, error_ms };
        telling.request(exchange, seen, None);
        TraceId(trace)
    }
}

impl Telling<'_> {
    fn span(
        &mut self,
        parent: Option<&[u8]>,
        kind: i32,
        (from, until): (f64, f64),
        attributes: Vec<KeyValue>,
    ) -> Span {
        self.spans += 1;
        let low = self.trace.iter().fold(0_u64, |sum, byte| sum.rotate_left(8) ^ u64::from(*byte));
        Span {
            trace_id: self.trace.to_vec(),
            span_id: (both(low, self.spans) | 1).to_be_bytes().to_vec(),
            parent_span_id: parent.map(<[u8]>::to_vec).unwrap_or_default(),
            kind,
            start_time_unix_nano: nanos(from + self.error_ms),
            end_time_unix_nano: nanos((until + self.error_ms).max(from + self.error_ms)),
            attributes,
            ..Default::default()
        }
    }

    fn request(&mut self, exchange: &Exchange, seen: u64, parent: Option<&[u8]>) {
        let time = (exchange.start_ms, exchange.end_ms);
        let mut own = self.span(parent, SERVER, time, of_request(exchange, seen));
        own.name = format!("{} {}", exchange.method, exchange.route.as_deref().unwrap_or(""));
        if exchange.status.is_some_and(|status| status >= 500) {
            own.status = Some(Status { code: 2, ..Default::default() });
        }
        let id = own.span_id.clone();
        self.batch.own.push(own);
        let below = self.of_next(exchange, &id);
        for (work, from, until) in &exchange.work {
            let span = self.work(*work, (*from, *until), &below);
            self.batch.next.push(span);
        }
        for nested in &exchange.nested {
            let parent =
                if nested.why == Inner::Fetch { self.fetch(&nested.exchange, &below) } else { below.clone() };
            self.request(&nested.exchange, seen, Some(&parent));
        }
    }

    /// Next.js' own spans; gives the id of the one below which the handler's work lies.
    fn of_next(&mut self, exchange: &Exchange, own: &[u8]) -> Vec<u8> {
        let (start, end) = (exchange.start_ms, exchange.end_ms);
        let mut parent = own.to_vec();
        if exchange.proxied {
            let around = vec![
                typed("BaseServer.handleRequest"),
                text("http.method", &exchange.method),
                text("http.target", &exchange.path),
                number("http.status_code", 200),
                flag("next.bubble", true),
            ];
            let around = self.span(Some(own), SERVER, (start, start + 2.5), around);
            parent.clone_from(&around.span_id);
            self.batch.next.push(around);
            let told = vec![typed("Middleware.execute"), text("http.target", &exchange.path)];
            let proxy = self.span(Some(&parent), INTERNAL, (start + 0.5, start + 2.0), told);
            self.batch.next.push(proxy);
        }
        let Some(route) = &exchange.route else { return parent };
        let rsc = exchange.asked.iter().any(|(name, _)| *name == "rsc");
        let mut told = vec![
            typed("BaseServer.handleRequest"),
            text("http.method", &exchange.method),
            text("http.target", &exchange.path),
            flag("next.rsc", rsc),
            text("next.route", route),
            text("http.route", route),
        ];
        told.extend(exchange.status.map(|status| number("http.status_code", status.into())));
        let inner = self.span(Some(&parent), SERVER, (start + 0.5, end), told);
        let inner_id = inner.span_id.clone();
        self.batch.next.push(inner);
        let ran = self.ran(exchange, route, &inner_id);
        // Next.js makes none below pages/api.
        if let Some(begun) = exchange.first_byte_ms.filter(|_| exchange.kind != Kind::PagesApi) {
            let told = vec![typed("NextNodeServer.startResponse")];
            let begins = self.span(Some(&inner_id), INTERNAL, (begun, begun), told);
            self.batch.next.push(begins);
        }
        ran.unwrap_or(inner_id)
    }

    /// What ran for it.
    fn ran(&mut self, exchange: &Exchange, route: &str, parent: &[u8]) -> Option<Vec<u8>> {
        let what = match (exchange.ran, exchange.kind) {
            (Ran::Handler, Kind::Route) => "AppRouteRouteHandlers.runHandler",
            (Ran::Handler, Kind::PagesApi) => "Node.runHandler",
            (Ran::Document, Kind::PagesPage) => "Render.renderDocument",
            (Ran::Document, _) => "AppRender.getBodyResult",
            (Ran::Tree, _) => "NextNodeServer.createComponentTree",
            _ => return None,
        };
        let time = (exchange.start_ms + 1.0, (exchange.end_ms - 0.5).max(exchange.start_ms + 1.0));
        let span = self.span(Some(parent), INTERNAL, time, vec![typed(what), text("next.route", route)]);
        let id = span.span_id.clone();
        self.batch.next.push(span);
        if exchange.ran == Ran::Document && exchange.kind == Kind::Page {
            let told = vec![typed("NextNodeServer.createComponentTree")];
            let tree = self.span(Some(&id), INTERNAL, time, told);
            self.batch.next.push(tree);
        }
        Some(id)
    }

    fn work(&mut self, work: Work, time: (f64, f64), parent: &[u8]) -> Span {
        let told = match work {
            Work::Select => vec![text("db.system.name", "postgresql"), text("db.operation.name", "SELECT")],
            Work::Insert => vec![text("db.system.name", "postgresql"), text("db.operation.name", "INSERT")],
            Work::Get => outgoing("GET", "https://api.example.net/things"),
            Work::Post => outgoing("POST", "https://api.example.net/things"),
        };
        self.span(Some(parent), CLIENT, time, told)
    }

    /// The outgoing side of a request to an own route; gives its id.
    fn fetch(&mut self, inner: &Exchange, parent: &[u8]) -> Vec<u8> {
        let mut told = outgoing(&inner.method, &format!("http://localhost:3000{}", inner.path));
        told.push(typed("AppRender.fetch"));
        let span = self.span(Some(parent), CLIENT, (inner.start_ms - 3.0, inner.end_ms + 3.0), told);
        let id = span.span_id.clone();
        self.batch.next.push(span);
        id
    }
}

fn outgoing(method: &str, url: &str) -> Vec<KeyValue> {
    vec![text("http.method", method), text("http.url", url)]
}

fn typed(name: &str) -> KeyValue {
    text("next.span_type", name)
}

/// The `tracestate` of a share of traces: a rejection threshold of 56 bits.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 2^56")]
pub(super) fn threshold(recorded: f64) -> String {
    let rejected = ((1.0 - recorded).clamp(0.0, 1.0) * (1_u64 << 56) as f64) as u64;
    format!("ot=th:{rejected:014x}")
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "some days in ms, never negative"
)]
fn nanos(at_ms: f64) -> u64 {
    FIRST_DAY * DAY_NS + (at_ms.max(0.0) * 1e6) as u64
}

//! Made-up traffic: people, machines and servers calling a shop, and what the advisor says about it.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use pointsman_advisor::evidence::roll_up;
use pointsman_advisor::life::Policies;
use pointsman_advisor::{Gathering, HandlerReport, Report, ReportInput, Settings, Verdict, report_within};
use pointsman_store::{
    Action, AppFact, Call, Caller, ClientKey, Fingerprint, Form, Handler, HandlerKind, Hour, Sign, Signs,
    SpanId, TraceId,
};

/// Midnight of some day, ns since the epoch.
pub(crate) const DAY_0: u64 = 20_000 * 24 * Hour::NANOS;
pub(crate) const DAY: u64 = 24 * Hour::NANOS;
pub(crate) const MINUTE: u64 = 60 * SECOND;
pub(crate) const SECOND: u64 = 1_000 * MS;
pub(crate) const MS: u64 = 1_000_000;

/// Calls under construction.
#[derive(Default)]
pub(crate) struct Traffic {
    pub(crate) calls: Vec<Call>,
    environment: Option<String>,
}

impl Traffic {
    pub(crate) fn new() -> Self {
        Self { calls: Vec::new(), environment: Some("production".into()) }
    }

    pub(crate) fn in_environment(name: &str) -> Self {
        Self { calls: Vec::new(), environment: Some(name.into()) }
    }

    /// A call by a browser of the own UI, as the package reports it. Everything else changes it.
    pub(crate) fn call(
        &mut self,
        kind: HandlerKind,
        method: &str,
        route: &str,
        client: u64,
        start: u64,
        ms: u64,
    ) -> &mut Call {
        let number = self.calls.len() as u64 + 1;
        let mut trace = [1; 16];
        trace[8..].copy_from_slice(&number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
        self.calls.push(Call {
            duration_ns: ms * MS,
            method: method.into(),
            status: Some(200),
            caller: Caller::OwnUi,
            agent: Some("Chrome".into()),
            client: Some(ClientKey(client.wrapping_mul(0x9e37_79b9_7f4a_7c15))),
            path: Some(route.into()),
            request_bytes: Some(100),
            response_bytes: Some(500),
            media_type: Some("application/json".into()),
            signs: Signs::NONE
                | Sign::HeadersCaptured
                | Sign::ResponseHeadersCaptured
                | Sign::CredentialsTold
                | Sign::HostTold
                | Sign::Cookie,
            ..Call::bare(
                Arc::new(Handler {
                    service: "shop".into(),
                    environment: self.environment.clone(),
                    kind,
                    route: route.into(),
                    method: method.into(),
                    action: None,
                    operation: None,
                }),
                TraceId(trace),
                SpanId(number.to_be_bytes()),
                start,
            )
        });
        self.calls.last_mut().unwrap()
    }

    /// `fetch(route, { method: 'POST' })` from a page.
    pub(crate) fn mutation(&mut self, route: &str, page: &str, client: u64, start: u64) -> &mut Call {
        let call = self.call(HandlerKind::RouteHandler, "POST", route, client, start, 40);
        call.page = Some(page.into());
        call
    }

    pub(crate) fn get(&mut self, route: &str, client: u64, start: u64) -> &mut Call {
        self.call(HandlerKind::RouteHandler, "GET", route, client, start, 20)
    }

    pub(crate) fn page(&mut self, page: &str, form: Form, client: u64, start: u64) -> &mut Call {
        let call = self.call(HandlerKind::Page, "GET", page, client, start, 50);
        call.form = form;
        call
    }

    pub(crate) fn action(&mut self, name: &str, page: &str, client: u64, start: u64, ms: u64) -> &mut Call {
        let call = self.call(HandlerKind::ServerAction, "POST", page, client, start, ms);
        let file = "app/actions.ts".into();
        Arc::make_mut(&mut call.handler).action = Some(Action::Export { file, name: name.into() });
        call.form = Form::ActionFetch;
        call.page = Some(page.into());
        // Arguments are the same unless a test says otherwise.
        call.request_key = Some(0x5eed);
        call
    }

    /// A mutation that is followed by a refresh of its page.
    pub(crate) fn mutation_with_refresh(&mut self, route: &str, page: &str, client: u64, start: u64) {
        self.mutation(route, page, client, start);
        self.page(page, Form::Rsc, client, start + 60 * MS);
    }

    /// Actions that were wanted at once and ran one after the other.
    pub(crate) fn serial(&mut self, names: &[&str], page: &str, client: u64, start: u64) {
        for (index, name) in names.iter().enumerate() {
            self.action(name, page, client, start + index as u64 * 110 * MS, 100);
        }
    }

    /// The report over 35 days up to the newest call, as the daemon makes it: hour by hour, merged, judged.
    pub(crate) fn report(&self, settings: &Settings) -> Report {
        self.report_where(settings, &HashMap::new(), &[])
    }

    /// The same where verdicts stand already, and the app has told facts.
    pub(crate) fn report_where(
        &self,
        settings: &Settings,
        standing: &HashMap<Fingerprint, Verdict>,
        facts: &[AppFact],
    ) -> Report {
        self.report_within(settings, standing, facts, &Policies::default())
    }

    /// The same within a team's house rules.
    pub(crate) fn report_within(
        &self,
        settings: &Settings,
        standing: &HashMap<Fingerprint, Verdict>,
        facts: &[AppFact],
        policies: &Policies,
    ) -> Report {
        let hours: BTreeSet<u32> = self.calls.iter().map(|call| Hour::of(call.start_ns).0).collect();
        let to = Hour(hours.last().map_or(0, |last| last + 1));
        let handlers: HashMap<_, _> =
            self.calls.iter().map(|call| (call.handler.fingerprint(), (*call.handler).clone())).collect();
        let mut gathering = Gathering::new(to, 7 * 24);
        for hour in hours.into_iter().map(Hour) {
            for record in roll_up(hour, &around(&self.calls, hour), settings.of_pass()) {
                gathering.add(record.handler, hour, &record.payload).unwrap();
            }
        }
        let input = ReportInput {
            service: "shop",
            environment: self.environment.as_deref(),
            generated_at_ns: to.start_ns(),
            handlers: &handlers,
            windows: &gathering.finish().unwrap(),
            standing,
            facts,
        };
        report_within(&input, settings, policies)
    }

    /// What is said about one handler under the default thresholds.
    pub(crate) fn judged(&self, name: &str) -> HandlerReport {
        self.judged_with(name, &Settings::default())
    }

    pub(crate) fn judged_with(&self, name: &str, settings: &Settings) -> HandlerReport {
        let found = self.report(settings).handlers.into_iter().find(|handler| {
            handler.action.as_deref() == Some(name) || format!("{} {}", handler.method, handler.route) == name
        });
        found.unwrap_or_else(|| panic!("{name} is not in the report"))
    }
}

/// The Calls that a pass over this hour is given.
pub(crate) fn around(calls: &[Call], hour: Hour) -> Vec<Call> {
    let range = hour.start_ns() - Hour::OVERLAP_NS..hour.end_ns() + Hour::OVERLAP_NS;
    calls.iter().filter(|call| range.contains(&call.start_ns)).cloned().collect()
}

/// The start of the n-th of many visits, spread over days and hours; each has its own minutes.
pub(crate) fn visit(number: u64, days: u64) -> u64 {
    DAY_0 + (number % days) * DAY + 9 * Hour::NANOS + (number / days) * 3 * MINUTE
}

/// 600 mutations over 4 days; the first `refreshed` of each hundred are followed by a refresh.
pub(crate) fn cart(refreshed: u64) -> Traffic {
    let mut traffic = Traffic::new();
    for number in 0..600 {
        let start = visit(number, 4);
        if number % 100 < refreshed {
            traffic.mutation_with_refresh("/api/cart", "/product/1", number, start);
        } else {
            traffic.mutation("/api/cart", "/product/1", number, start);
        }
    }
    traffic
}

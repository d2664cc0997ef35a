//! The played app: answers requests as Next.js and the scenario's handlers would, and writes down each exchange.

use std::rc::Rc;

use super::action;
use std::collections::HashMap;

use super::Play;
use super::ask::{Answer, Ask, Form, What, path_of};
use super::exchange::{Exchange, Inner, Kind, Nested, Ran};
use super::rhythm::{DAY, SECOND};
use crate::random::{Random, both, mix, of_text};
use crate::scenario::{Behaviour, Result, Scenario, Work, operation};

/// The app while it is played.
pub(crate) struct Server<'s> {
    pub(crate) scenario: &'s Scenario,
    pub(crate) random: Random,
    pub(crate) exchanges: Vec<Exchange>,
    /// How much more of what goes wrong there is than the scenario says.
    pub(crate) trouble: f64,
    pub(crate) instances: u32,
    /// How many times longer everything takes here, and on the way.
    slow: f64,
    pub(crate) network_slow: f64,
    /// How often a client succeeded with what changes answers.
    changes: HashMap<(u64, Rc<str>), u64>,
    default: Behaviour,
}

/// What an answer is made of before it is written down.
pub(crate) struct Draft {
    pub(crate) exchange: Exchange,
    pub(crate) drops_prefetches: bool,
    pub(crate) refetches: bool,
    pub(crate) location: Option<Rc<str>>,
}

impl Draft {
    /// An answer after which the client does nothing by itself.
    pub(crate) fn of(exchange: Exchange) -> Self {
        Self { exchange, drops_prefetches: false, refetches: false, location: None }
    }
}

/// Next.js' own work on a request, ms.
const OVERHEAD_MS: f64 = 3.0;
/// How long before its end an answer that is written at once begins at the earliest, ms.
const WRITTEN_MS: f64 = 300.0;
/// How long each part of what runs after the answer takes, and how long after the answer the first begins, ms.
const AFTER_MS: f64 = 6.0;
/// What a page takes, and its answer, bytes.
const PAGE_MS: f64 = 90.0;
const PAGE_BYTES: f64 = 20_000.0;
const HANDLER_MS: f64 = 40.0;
const API_BYTES: f64 = 900.0;

impl<'s> Server<'s> {
    pub(crate) fn new(scenario: &'s Scenario, how: Play, instances: u32) -> Self {
        Self {
            scenario,
            random: Random::new(both(of_text(&scenario.id), how.seed)),
            exchanges: Vec::new(),
            trouble: how.noise.max(1.0),
            instances,
            slow: how.server_slow,
            network_slow: how.network_slow,
            changes: HashMap::new(),
            default: Behaviour::default(),
        }
    }

    /// The build that is deployed at a moment.
    pub(crate) fn build_at(&self, at_ms: f64) -> u32 {
        let deployed = self.scenario.deploys.iter().filter(|day| f64::from(**day) * DAY <= at_ms);
        u32::try_from(deployed.count()).unwrap_or(u32::MAX)
    }

    /// Answers, unless a CDN does.
    pub(crate) fn answer(&mut self, ask: &Ask) -> Answer {
        let behaviour = self.behaviour(&ask.what).clone();
        let cached = matches!(&ask.what, What::Route(_)) && self.random.chance(behaviour.cdn);
        if cached {
            let done_ms = ask.at_ms + 1.0;
            return Answer {
                headers_ms: done_ms,
                done_ms,
                status: 200,
                drops_prefetches: false,
                refetches: false,
                sets_session: false,
                location: None,
                place: None,
            };
        }
        let draft = self.draft(ask, &behaviour);
        let exchange = &draft.exchange;
        let answer = Answer {
            headers_ms: exchange.first_byte_ms.unwrap_or(exchange.end_ms),
            done_ms: exchange.end_ms,
            status: exchange.status.unwrap_or(200),
            drops_prefetches: draft.drops_prefetches,
            refetches: draft.refetches,
            sets_session: exchange.sets_session,
            location: draft.location,
            place: Some(self.exchanges.len()),
        };
        if succeeded(exchange) {
            self.note_change(ask);
        }
        self.exchanges.push(draft.exchange);
        answer
    }

    /// What a client has done may change what it is answered from here on.
    fn note_change(&mut self, ask: &Ask) {
        if let What::Route(name) | What::Action(name, ..) = &ask.what
            && !name.starts_with("GET ")
        {
            *self.changes.entry((ask.client, Rc::clone(name))).or_default() += 1;
        }
    }

    /// The client of an exchange goes away at this moment, if it has not its answer by then.
    pub(crate) fn abort(&mut self, place: usize, at_ms: f64) {
        let Some(exchange) = self.exchanges.get_mut(place).filter(|exchange| exchange.end_ms > at_ms) else {
            return;
        };
        exchange.aborted = true;
        exchange.end_ms = at_ms.max(exchange.start_ms + 1.0);
        if exchange.first_byte_ms.is_some_and(|begun| begun > at_ms) {
            exchange.first_byte_ms = None;
            exchange.status = None;
            exchange.answered.clear();
        }
    }

    pub(crate) fn behaviour(&self, what: &What) -> &Behaviour {
        let scenario = self.scenario;
        let found = match what {
            What::Page(route, _)
            | What::UnknownAction(route)
            | What::RandomAction(route)
            | What::PostToPage(route) => scenario.pages.get(&**route),
            What::Route(name) | What::Preflight(name) => scenario.route(name),
            What::Action(name, ..) => scenario.actions.get(&**name),
            What::File(_) | What::Missing(..) => None,
        };
        found.unwrap_or(&self.default)
    }

    fn draft(&mut self, ask: &Ask, behaviour: &Behaviour) -> Draft {
        let mut exchange = self.blank(ask, behaviour);
        match &ask.what {
            What::Page(_, form) => self.page(&mut exchange, ask, behaviour, *form),
            What::Route(_) => return self.route(exchange, ask, behaviour),
            What::Action(name, ..) => return action::run(self, exchange, ask, behaviour, name),
            What::UnknownAction(_) => action::unknown(self, &mut exchange, None),
            What::RandomAction(_) => {
                let number = self.random.bits();
                action::unknown(self, &mut exchange, Some(number));
            }
            What::PostToPage(_) => {
                exchange.ran = Ran::Document;
                html(&mut exchange);
            }
            What::Preflight(_) => {
                exchange.status = Some(204);
                exchange.ran = Ran::Nothing;
                set(&mut exchange, "access-control-allow-origin", "*");
            }
            What::File(_) => {
                exchange.ran = Ran::Nothing;
                set(&mut exchange, "content-type", "application/octet-stream");
                set(&mut exchange, "cache-control", "public, max-age=0");
            }
            What::Missing(..) => {
                exchange.status = Some(404);
                exchange.ran = Ran::Nothing;
                html(&mut exchange);
            }
        }
        Draft::of(exchange)
    }

    /// A request and what every answer has: how long it took, how large it is, what its child spans did.
    fn blank(&mut self, ask: &Ask, behaviour: &Behaviour) -> Exchange {
        let (method, route, kind) = place(&ask.what, behaviour);
        let path: Rc<str> = match &ask.what {
            What::Missing(_, path) | What::File(path) => Rc::clone(path),
            What::Route(name) => path_of(route.as_deref().unwrap_or("/"), ask.id, operation(name).1).into(),
            _ => path_of(route.as_deref().unwrap_or("/"), ask.id, None).into(),
        };
        let is_page = matches!(kind, Kind::Page | Kind::PagesPage) && &*method == "GET";
        let median = behaviour.ms.unwrap_or(if is_page { PAGE_MS } else { HANDLER_MS });
        let took = (OVERHEAD_MS + self.random.log_normal(median, behaviour.sigma)) * self.slow;
        let writes = behaviour.writes.unwrap_or(if behaviour.first_byte < 0.5 { 20 } else { 1 });
        let begins = OVERHEAD_MS + (took - OVERHEAD_MS) * behaviour.first_byte.clamp(0.0, 1.0);
        // What is written at once does not go on for seconds, however long it took to make.
        let begins = if writes == 1 { begins.max(took - WRITTEN_MS) } else { begins };
        let usual = if is_page { PAGE_BYTES } else { API_BYTES };
        let reads = &*method == "GET";
        let arguments = behaviour.args.unwrap_or(u64::from(reads));
        let argument = match arguments {
            _ if is_empty(ask_what(&ask.what), behaviour.usual, ask.client) => 0,
            0 => self.random.bits(),
            count => ask.argument % count,
        };
        let named = named_operation(&ask.what, &path);
        let key = both(argument, ask_what(&ask.what) ^ named.as_deref().map_or(0, of_text));
        let request_key = both(of_text(&format!("{method} {path}")), key);
        let result = behaviour.result.unwrap_or(if reads { Result::Own } else { Result::Unique });
        let response_hash = self.result(request_key, result, behaviour, ask);
        let sized =
            |median: f64, of: u64| bytes(Random::new(of).log_normal(median.max(0.1), behaviour.bytes_sigma));
        let proxied = self.scenario.proxy.iter().any(|start| path.starts_with(start.as_str()));
        // Who has no session has none to be renewed.
        let renews = !self.scenario.proxy_sets_session || ask.session.is_some();
        let by_proxy = self.scenario.proxy_sets_cookie;
        let proxy_cookie = proxied && renews && by_proxy > 0.0 && self.random.chance(by_proxy);
        let writes_now = behaviour.writes_in >= 1.0 || self.random.chance(behaviour.writes_in);
        let sets_cookie = self.random.chance(behaviour.sets_cookie)
            && !(behaviour.session_cookie && reads && ask.session.is_none() && ask.signed_out);
        Exchange {
            start_ms: ask.at_ms,
            first_byte_ms: Some(ask.at_ms + begins),
            end_ms: ask.at_ms + took,
            instance: u32::try_from(self.random.below(self.instances.into())).unwrap_or(0),
            build: self.build_at(ask.at_ms),
            client: ask.client,
            network: ask.network,
            session: ask.session,
            forwarded: self.scenario.untrusted_proxy,
            request_bytes: match ask.keystroke {
                _ if reads => 0,
                Some(key) => bytes(behaviour.request_bytes) + u64::from(key),
                None => sized(behaviour.request_bytes, self.random.bits()),
            },
            response_bytes: sized(behaviour.bytes.unwrap_or(usual), response_hash),
            method,
            path,
            route,
            kind,
            ran: Ran::Handler,
            proxied,
            status: Some(ask.status.unwrap_or(behaviour.status)),
            aborted: false,
            agent: ask.agent.clone(),
            asked: ask.headers.clone(),
            answered: Vec::new(),
            credentials: ask.credentials.clone(),
            action: None,
            request_key,
            response_hash,
            sets_cookie,
            proxy_cookie,
            sets_session: sets_cookie && behaviour.session_cookie
                || proxy_cookie && self.scenario.proxy_sets_session,
            writes,
            operation: named.filter(|_| self.scenario.graphql_operations),
            query: Vec::new(),
            work: work(behaviour, writes_now, ask.at_ms, OVERHEAD_MS, took),
            nested: Vec::new(),
        }
    }

    /// What stands for the content of an answer.
    fn result(&mut self, key: u64, result: Result, behaviour: &Behaviour, ask: &Ask) -> u64 {
        let epoch = (ask.at_ms / (behaviour.fresh_s * SECOND).max(1.0)).floor().to_bits();
        match result {
            Result::Shared => both(key, epoch),
            Result::Own if ask.signed_out || is_empty(key, behaviour.empty, ask.client) => both(key, 0),
            Result::Own => match self.changes_of(ask.client, behaviour) {
                0 => both(both(key, epoch), ask.client),
                changes => both(both(both(key, epoch), ask.client), changes),
            },
            Result::Country => both(both(key, epoch), mix(ask.network) % 3),
            Result::Members => both(both(key, epoch), u64::from(ask.session.is_some())),
            Result::Unique => self.random.bits(),
        }
    }

    /// How often the client has done what changes its answers.
    fn changes_of(&self, client: u64, behaviour: &Behaviour) -> u64 {
        let names = behaviour.changed_by.iter().map(|name| Rc::<str>::from(name.as_str()));
        names.filter_map(|name| self.changes.get(&(client, name))).sum()
    }

    fn page(&mut self, exchange: &mut Exchange, ask: &Ask, behaviour: &Behaviour, form: Form) {
        exchange.response_hash = self.random.bits();
        // The App Router's client asks for RSC before it knows whose page a link leads to.
        if form == Form::Document || exchange.kind == Kind::PagesPage {
            exchange.ran = Ran::Document;
            html(exchange);
            if behaviour.status == 404 {
                exchange.status = Some(404);
            }
        } else {
            exchange.ran = Ran::Tree;
            set(exchange, "content-type", "text/x-component");
        }
        if behaviour.hit > 0.0 && self.random.chance(behaviour.hit) {
            from_cache(exchange);
            return;
        }
        self.fail(exchange, behaviour, ask);
        if form == Form::Probe {
            exchange.response_bytes = 0;
        } else if form != Form::Prefetch {
            self.self_fetches(exchange, behaviour, ask);
        }
    }

    fn route(&mut self, mut exchange: Exchange, ask: &Ask, behaviour: &Behaviour) -> Draft {
        let media = behaviour.media.as_deref().unwrap_or("application/json");
        set(&mut exchange, "content-type", media);
        exchange.query = behaviour.query.iter().map(|name| name.as_str().into()).collect();
        for (name, value) in &behaviour.headers {
            set(&mut exchange, name, value);
        }
        if self.random.chance(behaviour.hit) {
            from_cache(&mut exchange);
        } else if self.random.chance(behaviour.miss) {
            set(&mut exchange, "x-nextjs-cache", "MISS");
        }
        if self.random.chance(behaviour.conditional) {
            exchange.asked.push(("if-none-match", "present".into()));
            exchange.status = Some(304);
            exchange.response_bytes = 0;
        }
        self.fail(&mut exchange, behaviour, ask);
        if matches!(exchange.status, Some(401 | 403 | 404 | 405)) {
            exchange.ran = if exchange.status == Some(405) { Ran::Nothing } else { Ran::Handler };
            exchange.work.clear();
        }
        let location: Option<Rc<str>> =
            behaviour.redirects.as_deref().filter(|_| succeeded(&exchange)).map(Into::into);
        if let Some(to) = &location {
            exchange.status =
                Some(if (300..400).contains(&behaviour.status) { behaviour.status } else { 303 });
            set(&mut exchange, "location", to);
        }
        self.self_fetches(&mut exchange, behaviour, ask);
        Draft { location, ..Draft::of(exchange) }
    }

    /// Lets what goes wrong now and then go wrong.
    pub(crate) fn fail(&mut self, exchange: &mut Exchange, behaviour: &Behaviour, ask: &Ask) {
        if ask.status.is_some() || ask.smooth {
            return;
        }
        if self.random.chance(behaviour.fails * self.trouble) {
            exchange.status = Some(500);
        } else if self.random.chance(behaviour.refuses) {
            exchange.status = Some(behaviour.refuses_with);
        }
    }

    /// The app's requests to its own routes, one after the other, over the loopback.
    pub(crate) fn self_fetches(&mut self, exchange: &mut Exchange, behaviour: &Behaviour, ask: &Ask) {
        for name in &behaviour.fetches {
            let at_ms = exchange.end_ms + 4.0;
            let inner = Ask {
                at_ms,
                what: match name.strip_prefix("file ") {
                    Some(path) => What::File(path.into()),
                    None => What::Route(name.as_str().into()),
                },
                client: 0,
                session: None,
                agent: Some("node".into()),
                headers: vec![("host", "localhost:3000".into()), ("sec-fetch-mode", "cors".into())],
                credentials: Vec::new(),
                status: None,
                ..ask.clone()
            };
            let behaviour = self.behaviour(&inner.what).clone();
            let mut nested = self.draft(&inner, &behaviour).exchange;
            nested.instance = exchange.instance;
            exchange.end_ms = nested.end_ms + 6.0;
            exchange.first_byte_ms = Some(exchange.end_ms - 1.0);
            exchange.nested.push(Nested { why: Inner::Fetch, exchange: nested });
        }
    }
}

/// Method, route and kind of the code that is wanted.
fn place(what: &What, behaviour: &Behaviour) -> (Rc<str>, Option<Rc<str>>, Kind) {
    let page = if behaviour.pages_router { Kind::PagesPage } else { Kind::Page };
    match what {
        What::Page(route, form) => {
            let method = if *form == Form::Probe { "HEAD" } else { "GET" };
            (method.into(), Some(Rc::clone(route)), page)
        }
        What::Action(_, route, _) => ("POST".into(), Some(Rc::clone(route)), Kind::Page),
        What::UnknownAction(route) | What::RandomAction(route) | What::PostToPage(route) => {
            ("POST".into(), Some(Rc::clone(route)), page)
        }
        What::Route(name) | What::Preflight(name) => {
            let (method, route) = operation(name).0.split_once(' ').unwrap_or(("GET", name));
            let preflight = matches!(what, What::Preflight(_));
            let method = if preflight { "OPTIONS" } else { method };
            let kind = if behaviour.pages_router { Kind::PagesApi } else { Kind::Route };
            (method.into(), Some(route.into()), kind)
        }
        What::File(_) => ("GET".into(), None, Kind::Nothing),
        What::Missing(method, _) => (Rc::clone(method), None, Kind::Nothing),
    }
}

/// The operation that is named by the request's body and not by its path.
fn named_operation(what: &What, path: &str) -> Option<Rc<str>> {
    let What::Route(name) = what else { return None };
    operation(name).1.filter(|operation| !path.contains(*operation)).map(Into::into)
}

/// Whether this client is among those who have nothing.
#[expect(clippy::cast_precision_loss, reason = "53 bits are exact")]
fn is_empty(key: u64, share: f64, client: u64) -> bool {
    share > 0.0 && ((mix(client ^ key) >> 11) as f64) < share * (1_u64 << 53) as f64
}

/// A number that stands for the action, whose path is that of its page.
fn ask_what(what: &What) -> u64 {
    if let What::Action(name, ..) = what { of_text(name) } else { 0 }
}

/// What its child spans do, one after the other; `writes` says whether those that write are there.
fn work(behaviour: &Behaviour, writes: bool, start_ms: f64, before: f64, took: f64) -> Vec<(Work, f64, f64)> {
    let during = || behaviour.work.iter().filter(|work| writes || !work.writes());
    let count = u32::try_from(during().count()).unwrap_or(0);
    let each = (took - before) * behaviour.work_share / f64::from(count.max(1));
    let mut at = start_ms + before;
    let mut spans = Vec::new();
    for work in during() {
        spans.push((*work, at, at + each * 0.98));
        at += each;
    }
    let mut at = start_ms + took + AFTER_MS;
    for work in &behaviour.after {
        spans.push((*work, at, at + AFTER_MS));
        at += AFTER_MS;
    }
    spans
}

pub(crate) fn succeeded(exchange: &Exchange) -> bool {
    exchange.status.is_some_and(|status| status < 400)
}

/// Sets a response header.
pub(crate) fn set(exchange: &mut Exchange, name: &str, value: &str) {
    exchange.answered.push((name.into(), value.into()));
}

/// Next.js' own cache answers.
fn from_cache(exchange: &mut Exchange) {
    exchange.ran = Ran::Nothing;
    exchange.work.clear();
    exchange.end_ms = exchange.start_ms + 2.0;
    exchange.first_byte_ms = Some(exchange.start_ms + 1.5);
    if exchange.kind == Kind::Page {
        exchange.answered.retain(|(name, _)| &**name != "cache-control");
        set(exchange, "cache-control", "s-maxage=31536000");
        set(exchange, "x-nextjs-prerender", "1");
    }
    set(exchange, "x-nextjs-cache", "HIT");
}

fn html(exchange: &mut Exchange) {
    set(exchange, "content-type", "text/html; charset=utf-8");
    set(exchange, "cache-control", "private, no-cache, no-store, max-age=0, must-revalidate");
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "sizes are not negative, and bounded"
)]
fn bytes(size: f64) -> u64 {
    size.clamp(0.0, 1e12) as u64
}

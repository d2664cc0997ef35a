//! What Next.js does with a POST that asks for an action: the statuses, headers and spans of each version.

use std::rc::Rc;

use super::ask::{Ask, What};
use super::exchange::{ActionRun, Exchange, Inner, Kind, Nested, Ran};
use super::server::{Draft, Server, set, succeeded};
use crate::random::{both, of_text};
use crate::scenario::{Behaviour, Revalidates, Scenario};

/// Next.js' own limit of an action's body, bytes.
const BODY_LIMIT: u64 = 1 << 20;

/// Runs an action.
pub(super) fn run(
    server: &mut Server<'_>,
    mut exchange: Exchange,
    ask: &Ask,
    behaviour: &Behaviour,
    name: &Rc<str>,
) -> Draft {
    let by_form = matches!(ask.what, What::Action(_, _, true));
    let id = action_id(server.scenario, name, behaviour.use_cache, ask.build);
    let known = ask.build == exchange.build && !server.random.chance(server.scenario.key_mismatch);
    let named = known && server.scenario.version().0 >= 15;
    let file: Rc<str> = behaviour.file.as_deref().unwrap_or("app/actions.ts").into();
    let export = named.then(|| (file, Rc::clone(name)));
    if !by_form {
        exchange.asked.push(("next-action", Rc::clone(&id)));
    }
    exchange.action = Some(ActionRun { id, export, by_form });
    if !known {
        unknown(server, &mut exchange, None);
        return Draft::of(exchange);
    }
    if server.random.chance(behaviour.turned_away) {
        turn_away(&mut exchange);
        return Draft::of(exchange);
    }
    if let Some(refused) = refused(server.scenario, &exchange) {
        exchange.status = Some(500);
        exchange.ran = Ran::Nothing;
        exchange.work.clear();
        exchange.end_ms = exchange.start_ms + refused;
        exchange.first_byte_ms = Some(exchange.end_ms);
        return Draft::of(exchange);
    }
    server.fail(&mut exchange, behaviour, ask);
    server.self_fetches(&mut exchange, behaviour, ask);
    let draft = if by_form { answer_form(exchange, behaviour) } else { answer(server, exchange, behaviour) };
    forward(server, draft, behaviour)
}

/// Answers a call by JavaScript.
fn answer(server: &mut Server<'_>, mut exchange: Exchange, behaviour: &Behaviour) -> Draft {
    let version = server.scenario.version();
    let done = succeeded(&exchange);
    let dropping = done && (behaviour.revalidates == Some(Revalidates::Path) || exchange.sets_cookie);
    // A cookie of the proxy is merged into those of the action: the answer says that the page changed, and lacks it.
    let by_proxy = done && exchange.proxy_cookie;
    let refreshing = done && behaviour.revalidates == Some(Revalidates::Refresh);
    set(&mut exchange, "content-type", "text/x-component");
    set(&mut exchange, "cache-control", "no-store, must-revalidate");
    let cookie = u8::from(exchange.sets_cookie || by_proxy);
    if version < (16, 1) {
        let paths = u8::from(dropping && cookie == 0);
        set(&mut exchange, "x-action-revalidated", &format!("[[],{paths},{cookie}]"));
    } else if dropping || refreshing || by_proxy {
        set(&mut exchange, "x-action-revalidated", if dropping || by_proxy { "1" } else { "2" });
    }
    let mut location = None;
    exchange.ran = if dropping || refreshing { Ran::Tree } else { Ran::Data };
    if let Some(to) = behaviour.redirects.as_deref().filter(|_| done) {
        set(&mut exchange, "x-action-redirect", &format!("{to};push"));
        exchange.status = Some(if version >= (16, 3) { 200 } else { 303 });
        location = Some(to.into());
    }
    if exchange.ran == Ran::Tree || location.is_some() {
        exchange.response_bytes += 12_000;
    }
    let refetches = by_proxy && exchange.ran == Ran::Data && location.is_none();
    Draft { exchange, drops_prefetches: dropping || by_proxy, refetches, location }
}

/// Answers a form without JavaScript: with the page, or by sending the browser on.
fn answer_form(mut exchange: Exchange, behaviour: &Behaviour) -> Draft {
    let to = behaviour.redirects.as_deref().filter(|_| succeeded(&exchange));
    let location: Option<Rc<str>> = to.map(Into::into);
    set(&mut exchange, "content-type", "text/html; charset=utf-8");
    if let Some(to) = &location {
        exchange.status = Some(303);
        exchange.ran = Ran::Data;
        set(&mut exchange, "location", to);
    } else {
        exchange.ran = Ran::Document;
        exchange.response_bytes += 18_000;
    }
    Draft { exchange, drops_prefetches: false, refetches: false, location }
}

/// An id that the answering process does not have.
pub(super) fn unknown(server: &mut Server<'_>, exchange: &mut Exchange, random: Option<u64>) {
    if exchange.action.is_none() {
        let name = random.map_or_else(|| "gone for long".to_owned(), |number| number.to_string());
        let id = action_id(server.scenario, &name, false, u32::MAX);
        exchange.asked.push(("next-action", Rc::clone(&id)));
        exchange.action = Some(ActionRun { id, export: None, by_form: false });
    }
    exchange.work.clear();
    exchange.ran = Ran::Nothing;
    exchange.end_ms = exchange.start_ms + 5.0;
    exchange.first_byte_ms = Some(exchange.end_ms);
    exchange.response_bytes = 30;
    let version = server.scenario.version();
    if version.0 < 15 {
        exchange.status = Some(200);
        exchange.ran = Ran::Document;
        set(exchange, "content-type", "text/html; charset=utf-8");
        return;
    }
    exchange.status = Some(if version >= (16, 4) { 409 } else { 404 });
    set(exchange, "content-type", "text/plain");
    if version >= (15, 4) {
        set(exchange, "x-nextjs-action-not-found", "1");
    }
}

/// The proxy sends an action's request to the sign-in: no route is looked up.
fn turn_away(exchange: &mut Exchange) {
    exchange.status = Some(307);
    exchange.kind = Kind::Nothing;
    exchange.route = None;
    exchange.ran = Ran::Nothing;
    exchange.proxied = true;
    exchange.work.clear();
    exchange.end_ms = exchange.start_ms + 4.0;
    exchange.first_byte_ms = Some(exchange.end_ms);
    set(exchange, "location", "/login");
}

/// Why Next.js does not run the action, as the time that it takes to say so: the body is too large, or the origin is
/// another host. Both are answered 500.
fn refused(scenario: &Scenario, exchange: &Exchange) -> Option<f64> {
    let limit = scenario.body_limit.unwrap_or(BODY_LIMIT);
    let header =
        |wanted: &str| exchange.asked.iter().find(|(name, _)| *name == wanted).map(|(_, value)| &**value);
    let host = header("x-forwarded-host").or_else(|| header("host")).unwrap_or_default();
    let origin = header("origin").and_then(|origin| origin.split("://").nth(1)).unwrap_or(host);
    let foreign = origin != host;
    (foreign || exchange.request_bytes > limit).then_some(if foreign { 3.0 } else { 30.0 })
}

/// Next.js passes some actions on to the worker of another page: the same request once more, inside.
fn forward(server: &mut Server<'_>, mut draft: Draft, behaviour: &Behaviour) -> Draft {
    if server.random.chance(behaviour.forwarded) {
        let mut inner = draft.exchange.clone();
        inner.start_ms += 2.0;
        inner.asked.push(("x-action-forwarded", "1".into()));
        draft.exchange.end_ms += 6.0;
        draft.exchange.first_byte_ms = Some(draft.exchange.end_ms);
        draft.exchange.work.clear();
        draft.exchange.ran = Ran::Nothing;
        draft.exchange.nested.push(Nested { why: Inner::Forward, exchange: inner });
    }
    draft
}

/// The id of an action in a build: 42 hex digits, 40 in Next.js 14. The first byte tells what the function is and which
/// of its arguments it uses.
fn action_id(scenario: &Scenario, name: &str, use_cache: bool, build: u32) -> Rc<str> {
    let seed = both(of_text(&scenario.id), both(of_text(name), build.into()));
    let digits = format!("{:016x}{:016x}{:016x}", seed, both(seed, 1), both(seed, 2));
    if scenario.version().0 < 15 {
        return digits.get(..40).unwrap_or(&digits).into();
    }
    let first = if use_cache { "c0" } else { "40" };
    format!("{first}{}", digits.get(..40).unwrap_or(&digits)).into()
}

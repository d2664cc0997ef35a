//! Everybody who is no browser of the app's own people: webhooks, schedulers, probes, crawlers, scanners, mobile apps,
//! partners; and the noise that every app on the internet sees.

use std::rc::Rc;

use super::ask::{Ask, Form, What};
use super::rhythm::{SECOND, regular, scattered};
use super::server::Server;
use super::tab::HOST;
use crate::random::{both, of_text};
use crate::scenario::Machine;

/// User agents by kind of machine; a kind that is not listed has none.
const AGENTS: [(&str, &str); 9] = [
    ("webhook", "Stripe/1.0 (+https://stripe.com/docs/webhooks)"),
    ("cron", "vercel-cron/1.0"),
    ("probe", "kube-probe/1.31"),
    ("crawler", "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"),
    ("scanner", "python-requests/2.32.3"),
    ("okhttp", "okhttp/4.12.0"),
    ("ios", "Shop/214 CFNetwork/1568.300.101 Darwin/24.2.0"),
    ("partner", "node-fetch/1.0 (+https://github.com/bitinn/node-fetch)"),
    ("script", "curl/8.9.1"),
];
/// Headers that a scenario may add to a machine's requests; another name counts as one that the package does not capture.
const HEADERS: [&str; 6] =
    ["origin", "referer", "sec-fetch-site", "sec-fetch-mode", "sec-fetch-dest", "content-type"];
const BROWSER: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36";

/// Plays the machines of the scenario.
pub(super) fn play(server: &mut Server<'_>) {
    let scenario = server.scenario;
    for (number, machine) in (0_u64..).zip(&scenario.machines) {
        for day in 0..scenario.days {
            if machine.on_days.as_ref().is_some_and(|days| !days.contains(&day)) {
                continue;
            }
            let moments = match machine.every_s {
                Some(every) => regular(day, every * SECOND, &mut server.random),
                None => scattered(day, machine.per_day, &mut server.random),
            };
            for moment in moments {
                come(server, machine, number, moment);
            }
        }
    }
}

/// One time that a machine comes: some calls, one after the other.
fn come(server: &mut Server<'_>, machine: &Machine, number: u64, moment: f64) {
    let which = server.random.below(machine.clients);
    let client = both(of_text(&machine.kind), both(number, which)) | 1;
    let id = server.random.below(40) + 1;
    for call in 0..machine.burst {
        let wanted = match machine.burst {
            1 => server.random.pick(&machine.calls),
            _ => usize::try_from(call)
                .ok()
                .and_then(|call| machine.calls.get(call % machine.calls.len().max(1))),
        };
        let Some(wanted) = wanted else { return };
        // Each a little early or late, whatever came before: the gaps of a long burst are as even as those of a short one.
        let gaps = f64::from(call) + 0.04 * server.random.unit() - 0.02;
        let at_ms = (moment + gaps * machine.gap_s * SECOND).max(moment);
        let mut ask = ask(server, &machine.kind, wanted, at_ms, client);
        ask.id = id;
        ask.status = machine.status.or(ask.status);
        if let Some(agent) = &machine.agent {
            ask.agent = Some(agent.as_str().into());
        }
        ask.credentials = machine.credentials.iter().map(|shown| shown.as_str().into()).collect();
        for (name, value) in &machine.headers {
            let name = HEADERS.into_iter().find(|known| known == name).unwrap_or("accept-language");
            ask.headers.push((name, value.as_str().into()));
        }
        server.answer(&ask);
    }
}

/// What a machine of a kind sends to get something.
fn ask(server: &mut Server<'_>, kind: &str, wanted: &str, at_ms: f64, client: u64) -> Ask {
    let agent = AGENTS.into_iter().find(|(named, _)| *named == kind).map(|(_, agent)| agent);
    let agent = agent.or((kind == "browser").then_some(BROWSER));
    let (what, missing) = what(server, wanted);
    let posts = !wanted.starts_with("GET ");
    let mut headers: Vec<(&'static str, Rc<str>)> = vec![("host", HOST.into())];
    if posts {
        headers.push(("content-type", "application/json".into()));
    }
    Ask {
        at_ms,
        what,
        client,
        network: client,
        session: None,
        signed_out: false,
        id: 1,
        argument: server.random.bits(),
        agent: agent.map(Into::into),
        headers,
        credentials: Vec::new(),
        keystroke: None,
        build: server.build_at(at_ms),
        status: missing,
        smooth: true,
    }
}

/// `METHOD /route`, `METHOD /path?` for what is not there, `unknown /page` for an action's id that is not, `random /page`
/// for one that is another each time, an action's name,
/// `GET /page`, `POST /page`.
fn what(server: &Server<'_>, wanted: &str) -> (What, Option<u16>) {
    let scenario = server.scenario;
    if let Some((method, path)) = wanted.strip_suffix('?').and_then(|wanted| wanted.split_once(' ')) {
        return (What::Missing(method.into(), path.into()), None);
    }
    if let Some(page) = wanted.strip_prefix("unknown ") {
        return (What::UnknownAction(page.into()), None);
    }
    if let Some(page) = wanted.strip_prefix("random ") {
        return (What::RandomAction(page.into()), None);
    }
    if scenario.actions.contains_key(wanted) {
        let page = scenario.pages.keys().next().map_or("/", String::as_str);
        return (What::Action(wanted.into(), page.into(), false), None);
    }
    match wanted.split_once(' ') {
        Some(("GET", page)) if scenario.pages.contains_key(page) => {
            (What::Page(page.into(), Form::Document), None)
        }
        Some(("POST", page)) if scenario.pages.contains_key(page) => (What::PostToPage(page.into()), None),
        _ => (What::Route(wanted.into()), None),
    }
}

/// What every app on the internet sees, so many times as much: crawlers on its pages, scanners for what it does not have,
/// strangers who are refused where it changes something, JSON posted to pages, a monitor.
pub(super) fn noise(server: &mut Server<'_>, times: f64) {
    let scenario = server.scenario;
    let pages: Vec<String> = scenario.pages.keys().map(|page| format!("GET {page}")).collect();
    let posts: Vec<String> = scenario.pages.keys().map(|page| format!("POST {page}")).collect();
    let absent =
        ["GET /wp-login.php?", "GET /.env?", "POST /xmlrpc.php?", "GET /.git/config?"].map(str::to_owned);
    let changing: Vec<String> =
        scenario.routes.keys().filter(|name| !name.starts_with("GET ")).cloned().collect();
    let groups: [(&str, f64, &[String], Option<u16>); 5] = [
        ("crawler", 6.0, &pages, None),
        ("scanner", 10.0, &absent, None),
        ("scanner", 2.0, &changing, Some(401)),
        ("scanner", 1.0, &posts, None),
        ("probe", 12.0, pages.get(..1).unwrap_or_default(), None),
    ];
    for (number, (kind, per_day, calls, status)) in (0_u64..).zip(groups) {
        for day in (0..scenario.days).filter(|_| !calls.is_empty()) {
            for moment in scattered(day, per_day * times, &mut server.random) {
                let Some(wanted) = server.random.pick(calls).cloned() else { continue };
                let client = both(number, server.random.below(4)) | 1;
                let mut ask = ask(server, kind, &wanted, moment, client);
                ask.status = status.or(ask.status);
                server.answer(&ask);
            }
        }
    }
}

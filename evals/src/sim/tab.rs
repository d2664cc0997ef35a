//! A tab of a browser with the client router of Next.js in it: which requests it sends, and when. Actions wait in one queue;
//! everything else runs side by side. Which requests a visit wants is `visit`'s business.

use std::rc::Rc;

use super::ask::{Answer, Ask, Form, What, path_of};
use super::server::Server;
use crate::random::{Random, both, of_text};
use crate::scenario::{People, Step, Target};

/// Where the app is reached.
pub(crate) const HOST: &str = "app.example.com";

/// How soon JavaScript acts on an answer, ms.
const REACTS_MS: f64 = 4.0;
/// How soon after a render visible links are prefetched, ms, and how far apart.
const PREFETCHES_AFTER_MS: f64 = 150.0;
const BETWEEN_PREFETCHES_MS: f64 = 12.0;

/// One tab.
pub(crate) struct Tab<'w, 's> {
    pub(crate) server: &'w mut Server<'s>,
    pub(crate) people: &'s People,
    pub(crate) random: Random,
    /// Now, by the client.
    pub(crate) now_ms: f64,
    pub(crate) client: u64,
    network: u64,
    /// Which value of its session it has.
    session: Option<u64>,
    /// Whether people sign in and out here.
    signs_in: bool,
    /// The number that stands for `[id]`.
    pub(crate) id: u64,
    agent: Rc<str>,
    /// Whether the browser sends `sec-fetch` headers.
    fetch_metadata: bool,
    rtt_ms: f64,
    pub(crate) build: u32,
    /// The page in view, by its route.
    pub(crate) page: Option<Rc<str>>,
    /// The page from which the browser came when it loaded its document last, by its route.
    came_from: Option<Rc<str>>,
    /// The keystroke for which calls are made.
    pub(crate) keystroke: Option<u32>,
    /// When the queue of actions is empty.
    queue_free_ms: f64,
}

/// An answer as the client sees it.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// When the headers are there.
    pub(crate) headers_ms: f64,
    /// When all of it is.
    pub(crate) done_ms: f64,
    pub(crate) answer: Answer,
}

impl Seen {
    pub(crate) fn went_well(&self) -> bool {
        self.answer.status < 400
    }
}

/// Browsers that send `sec-fetch` headers.
const MODERN: [&str; 4] = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15",
    "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
];
/// Safari before 16.4 sends none.
const OLD: &str = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/15.6 Safari/605.1.15";
/// The frame that mobile apps show pages in.
const WEBVIEW: &str = "Mozilla/5.0 (Linux; Android 14; Pixel 8; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/141.0.0.0 Mobile Safari/537.36";

impl<'w, 's> Tab<'w, 's> {
    pub(crate) fn open(
        server: &'w mut Server<'s>,
        people: &'s People,
        at_ms: f64,
        client: u64,
        mut random: Random,
    ) -> Self {
        let old = random.chance(0.02);
        let webview = people.agent.as_deref() == Some("webview");
        let agent = match people.agent.as_deref() {
            Some("webview") => WEBVIEW,
            Some(agent) => agent,
            None if old => OLD,
            None => random.pick(&MODERN).copied().unwrap_or(OLD),
        };
        let mut build = server.build_at(at_ms);
        if build > 0
            && server.build_at(at_ms - super::rhythm::DAY) < build
            && random.chance(server.scenario.old_tabs)
        {
            build -= 1;
        }
        let lines = || people.first.iter().chain(&people.again);
        Self {
            id: random.below(40) + 1,
            agent: agent.into(),
            fetch_metadata: !old && !webview && !people.plain_http,
            rtt_ms: random.log_normal(people.rtt_ms, 0.35) * server.network_slow,
            network: people
                .networks
                .map_or(client, |count| both(of_text("network"), client % count.max(1)) | 1),
            session: people.cookie.then_some(0),
            signs_in: lines().any(|line| matches!(line.step, Step::Session(_))),
            build,
            server,
            people,
            random,
            now_ms: at_ms,
            client,
            page: None,
            came_from: None,
            keystroke: None,
            queue_free_ms: 0.0,
        }
    }

    /// Sends a request at a moment and gives what comes back.
    pub(crate) fn send(
        &mut self,
        at_ms: f64,
        what: What,
        argument: u64,
        headers: Vec<(&'static str, Rc<str>)>,
    ) -> Seen {
        let half = self.rtt_ms / 2.0 * (0.9 + 0.2 * self.random.unit());
        if let (Some(_), Some(every)) = (self.session, self.people.renews_s) {
            self.session = Some((at_ms / (every * 1_000.0)).floor().to_bits());
        }
        let mut ask = Ask {
            at_ms: at_ms + half,
            what,
            client: self.client,
            network: self.network,
            session: self.session,
            signed_out: self.signs_in && self.session.is_none(),
            id: self.id,
            argument,
            agent: Some(Rc::clone(&self.agent)),
            headers,
            credentials: Vec::new(),
            keystroke: self.keystroke,
            build: self.build,
            status: None,
            smooth: false,
        };
        if self.session.is_some() {
            ask.credentials.extend(["cookie".into(), "session".into()]);
        }
        for shown in &self.people.shows {
            if !ask.credentials.iter().any(|known| **known == **shown) {
                ask.credentials.push(shown.as_str().into());
            }
        }
        ask = ask.with("host", self.people.host.as_deref().unwrap_or(HOST));
        let answer = self.server.answer(&ask);
        if answer.sets_session && self.people.rotating {
            self.session = self.session.map(|value| value + 1);
        }
        Seen { headers_ms: answer.headers_ms + half, done_ms: answer.done_ms + half, answer }
    }

    /// The headers of a request by JavaScript from the page in view.
    fn by_script(&self, mode: &'static str, dest: &'static str) -> Vec<(&'static str, Rc<str>)> {
        let site = match self.people.from.as_deref() {
            // With permission for the host, an extension's own requests belong to no site.
            Some(from) if from.starts_with("chrome-extension:") => "none",
            Some(_) => "cross-site",
            None => "same-origin",
        };
        let mut headers = Vec::new();
        if self.fetch_metadata {
            headers.extend([
                ("sec-fetch-site", site.into()),
                ("sec-fetch-mode", mode.into()),
                ("sec-fetch-dest", dest.into()),
            ]);
        }
        if self.people.agent.as_deref() != Some("webview") {
            headers.extend(self.referer());
        }
        headers
    }

    fn referer(&self) -> Option<(&'static str, Rc<str>)> {
        match &self.people.from {
            _ if self.people.no_referrer => None,
            // Browsers tell other origins only the origin.
            Some(from) if from.starts_with("chrome-extension:") => None,
            Some(from) => Some(("referer", format!("{from}/").into())),
            None => self.page.as_ref().map(|page| ("referer", path_of(page, self.id, None).into())),
        }
    }

    fn origin(&self) -> (&'static str, Rc<str>) {
        let scheme = if self.people.plain_http { "http" } else { "https" };
        let host = self.people.host.as_deref().unwrap_or(HOST);
        let own = || format!("{scheme}://{host}").into();
        (
            "origin",
            self.people
                .from
                .as_ref()
                .or(self.people.origin.as_ref())
                .map_or_else(own, |from| from.as_str().into()),
        )
    }

    /// The headers of a navigation of the browser itself; `outside`: from a page of somebody else.
    fn by_browser(&self, outside: bool) -> Vec<(&'static str, Rc<str>)> {
        let mut headers = Vec::new();
        let site = match (&self.page, outside) {
            (_, true) => "cross-site",
            (None, false) => "none",
            (Some(_), false) => "same-origin",
        };
        if self.fetch_metadata {
            headers.extend([
                ("sec-fetch-site", site.into()),
                ("sec-fetch-mode", "navigate".into()),
                ("sec-fetch-dest", "document".into()),
            ]);
        }
        if !outside {
            headers.extend(self.referer());
        }
        headers
    }

    /// Loads the document in view anew: the browser names the page from which it first came.
    pub(crate) fn reload(&mut self) {
        let Some(page) = self.page.take() else { return };
        self.page = self.came_from.take();
        self.load(&page);
    }

    /// Loads a document.
    pub(crate) fn load(&mut self, page: &Rc<str>) {
        self.came_from.clone_from(&self.page);
        let headers = self.by_browser(false);
        let seen = self.send(self.now_ms, What::Page(Rc::clone(page), Form::Document), 0, headers);
        self.page = Some(Rc::clone(page));
        if let Some(icon) = self.server.scenario.favicon.as_deref() {
            let headers = self.by_script("no-cors", "image");
            self.send(seen.done_ms + 30.0, What::Page(icon.into(), Form::Document), 0, headers);
        }
        let hydrates = self.random.log_normal(120.0, 0.4);
        self.now_ms = seen.done_ms + hydrates;
        self.prefetch(self.now_ms);
    }

    /// A navigation of the client router: it does not wait for actions.
    pub(crate) fn navigate(&mut self, page: &Rc<str>) {
        let seen = self.rsc(self.now_ms, page);
        self.page = Some(Rc::clone(page));
        self.now_ms = seen.done_ms + 20.0;
        self.prefetch(self.now_ms);
    }

    /// `router.refresh()` at a moment: it waits for actions.
    pub(crate) fn refresh(&mut self, at_ms: f64) {
        let Some(page) = self.page.clone() else { return };
        let seen = self.rsc(at_ms.max(self.queue_free_ms), &page);
        self.queue_free_ms = seen.done_ms + REACTS_MS;
        self.now_ms = self.now_ms.max(seen.done_ms + REACTS_MS);
        self.prefetch(self.now_ms);
    }

    fn rsc(&mut self, at_ms: f64, page: &Rc<str>) -> Seen {
        let mut headers = self.by_script("cors", "empty");
        headers.push(("rsc", "1".into()));
        self.send(at_ms, What::Page(Rc::clone(page), Form::Rsc), 0, headers)
    }

    /// Prefetches the links in view.
    pub(crate) fn prefetch(&mut self, at_ms: f64) {
        let Some(page) = self.page.clone() else { return };
        let scenario = self.server.scenario;
        let links = scenario.pages.get(&*page).map_or(0, |behaviour| behaviour.links);
        let others: Vec<&String> = scenario.pages.keys().filter(|route| **route != *page).collect();
        let id = self.id;
        for (number, target) in (0..links).zip(others.iter().cycle()) {
            self.id = id + u64::from(number) + 1;
            let mut headers = self.by_script("cors", "empty");
            headers.extend([("rsc", "1".into()), ("next-router-prefetch", "1".into())]);
            let at_ms = at_ms + PREFETCHES_AFTER_MS + BETWEEN_PREFETCHES_MS * f64::from(number);
            self.send(at_ms, What::Page(target.as_str().into(), Form::Prefetch), 0, headers);
        }
        self.id = id;
    }

    /// Calls at a moment: an action when the queue lets it.
    pub(crate) fn call(&mut self, at_ms: f64, target: &Target, argument: u64) -> Seen {
        match target {
            Target::Route(name) => self.fetch(at_ms, name, argument),
            Target::Action(name) => self.act(at_ms, name, argument),
            Target::Refresh => {
                let now_ms = self.now_ms;
                self.refresh(at_ms);
                let done_ms = self.now_ms;
                // It runs beside what the visit does.
                self.now_ms = now_ms;
                self.nothing(done_ms)
            }
        }
    }

    fn fetch(&mut self, at_ms: f64, name: &str, argument: u64) -> Seen {
        let mut headers = self.by_script("cors", "empty");
        let mut at_ms = at_ms;
        if !name.starts_with("GET ") {
            headers.extend([("content-type", "application/json".into()), self.origin()]);
            if self.people.from.as_deref().is_some_and(|from| !from.starts_with("chrome-extension:")) {
                let mut asks = self.by_script("cors", "empty");
                let method = name.split(' ').next().unwrap_or("POST");
                asks.extend([self.origin(), ("access-control-request-method", method.into())]);
                at_ms = self.send(at_ms, What::Preflight(name.into()), 0, asks).done_ms;
            }
        }
        let seen = self.send(at_ms, What::Route(name.into()), argument, headers.clone());
        // Clients of APIs try once more what the server failed at.
        if seen.answer.status >= 500 && self.random.chance(0.5) {
            let again_ms = seen.done_ms + self.random.log_normal(1_000.0, 0.2);
            return self.send(again_ms, What::Route(name.into()), argument, headers);
        }
        seen
    }

    fn act(&mut self, at_ms: f64, name: &str, argument: u64) -> Seen {
        let Some(page) = self.page.clone() else { return self.nothing(at_ms) };
        let mut headers = self.by_script("cors", "empty");
        headers.extend([("content-type", "text/plain;charset=UTF-8".into()), self.origin()]);
        let what = What::Action(name.into(), page, false);
        let queued_ms =
            if self.server.scenario.parallel_actions { at_ms } else { at_ms.max(self.queue_free_ms) };
        let mut seen = self.send(queued_ms, what, argument, headers);
        if seen.answer.refetches
            && let Some(page) = self.page.clone()
        {
            seen.done_ms = self.rsc(seen.done_ms + REACTS_MS, &page).done_ms;
        }
        self.queue_free_ms = self.queue_free_ms.max(seen.done_ms + REACTS_MS);
        if let Some(to) = seen.answer.location.as_ref().filter(|to| to.starts_with('/')) {
            self.page = Some(Rc::clone(to));
        }
        if seen.answer.drops_prefetches {
            self.prefetch(seen.done_ms);
        }
        seen
    }

    /// A native form: to a route, or to an action of a page without JavaScript.
    pub(crate) fn submit(&mut self, target: &Target) {
        let mut headers = self.by_browser(false);
        headers.push(if self.people.no_referrer { ("origin", "null".into()) } else { self.origin() });
        let (what, media) = match (target, self.page.clone()) {
            (Target::Route(name), _) => {
                (What::Route(name.as_str().into()), "application/x-www-form-urlencoded")
            }
            (Target::Action(name), Some(page)) => {
                (What::Action(name.as_str().into(), page, true), "multipart/form-data; boundary=x")
            }
            (Target::Action(_) | Target::Refresh, _) => return,
        };
        headers.push(("content-type", media.into()));
        let seen = self.send(self.now_ms, what, 0, headers);
        self.now_ms = seen.done_ms + REACTS_MS;
        self.follow(seen.answer.location);
    }

    /// The browser navigates to a handler; `outside`: it is sent there by somebody else's page.
    pub(crate) fn visit(&mut self, name: &str, argument: u64, outside: bool) {
        let headers = self.by_browser(outside);
        let seen = self.send(self.now_ms, What::Route(name.into()), argument, headers);
        self.now_ms = seen.done_ms + REACTS_MS;
        self.follow(seen.answer.location);
    }

    /// The browser goes where an answer sends it; what is elsewhere is not played.
    fn follow(&mut self, location: Option<Rc<str>>) {
        if let Some(to) = location.filter(|to| to.starts_with('/')) {
            self.load(&to);
        }
    }

    /// A picture of the page.
    pub(crate) fn embed(&mut self, name: &str, argument: u64) {
        let headers = self.by_script("no-cors", "image");
        self.send(self.now_ms, What::Route(name.into()), argument, headers);
    }

    /// `navigator.sendBeacon`.
    pub(crate) fn beacon(&mut self, name: &str) {
        let mut headers = self.by_script("no-cors", "empty");
        headers.extend([("content-type", "text/plain;charset=UTF-8".into()), self.origin()]);
        self.send(self.now_ms, What::Route(name.into()), 0, headers);
    }

    /// A call by a worker: its script is the referer, and it belongs to no page.
    pub(crate) fn by_worker(&mut self, name: &str, argument: u64) {
        let mut headers = self.by_script("cors", "empty");
        headers.retain(|(name, _)| *name != "referer");
        headers.push(("referer", self.people.worker.as_deref().unwrap_or("/sw.js").into()));
        if !name.starts_with("GET ") {
            headers.extend([("content-type", "application/json".into()), self.origin()]);
        }
        self.now_ms = self.send(self.now_ms, What::Route(name.into()), argument, headers).done_ms;
    }

    /// A link to a handler comes into view: the client router takes it for a page.
    pub(crate) fn prefetch_handler(&mut self, name: &str) {
        let mut headers = self.by_script("cors", "empty");
        headers.extend([("rsc", "1".into()), ("next-router-prefetch", "1".into())]);
        self.send(self.now_ms + PREFETCHES_AFTER_MS, What::Route(name.into()), 0, headers);
    }

    /// A document fetched and rendered ahead by the browser.
    pub(crate) fn speculate(&mut self, page: &str) {
        let mut headers = self.by_browser(false);
        headers.push(("sec-purpose", "prefetch;prerender".into()));
        self.send(self.now_ms + REACTS_MS, What::Page(page.into(), Form::Document), 0, headers);
    }

    /// The router asks whether the network is there.
    pub(crate) fn probe(&mut self) {
        let Some(page) = self.page.clone() else { return };
        let mut headers = self.by_script("cors", "empty");
        headers.push(("rsc", "1".into()));
        self.send(self.now_ms + REACTS_MS, What::Page(page, Form::Probe), 0, headers);
    }

    /// A session begins, with a value of its own, or ends.
    pub(crate) fn sign(&mut self, in_: bool) {
        self.session = in_.then(|| self.session.unwrap_or(0) + 1);
    }

    fn nothing(&self, at_ms: f64) -> Seen {
        let answer = Answer {
            headers_ms: at_ms,
            done_ms: at_ms,
            status: 200,
            drops_prefetches: false,
            refetches: false,
            sets_session: false,
            location: None,
            place: None,
        };
        Seen { headers_ms: at_ms, done_ms: at_ms, answer }
    }

    /// The client gives up waiting for an answer.
    pub(crate) fn give_up(&mut self, seen: &Seen, at_ms: f64) {
        if let Some(place) = seen.answer.place {
            self.server.abort(place, at_ms + self.rtt_ms / 2.0);
        }
    }
}

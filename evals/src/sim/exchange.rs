//! What a server sees of one request and its answer. How it is told as spans is `telemetry`'s business.

use std::rc::Rc;

use crate::scenario::Work;

/// One request and its answer, times in ms since the scenario began.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// When it arrived.
    pub start_ms: f64,
    /// When the answer began; `None` where none did.
    pub first_byte_ms: Option<f64>,
    /// When the answer was finished.
    pub end_ms: f64,
    /// Which process answered.
    pub instance: u32,
    /// The build that answered.
    pub build: u32,
    /// Who called; 0 is nobody known.
    pub client: u64,
    /// The address from which it came, as a number.
    pub network: u64,
    /// Which value of its session the client showed; `None` without one.
    pub session: Option<u64>,
    /// Whether it came through a load balancer whose headers are not trusted.
    pub forwarded: bool,
    /// Method.
    pub method: Rc<str>,
    /// Path without query.
    pub path: Rc<str>,
    /// The route that matched.
    pub route: Option<Rc<str>>,
    /// What kind of code answered.
    pub kind: Kind,
    /// What Next.js did for it.
    pub ran: Ran,
    /// Whether the proxy (middleware) ran.
    pub proxied: bool,
    /// Status of the answer; `None` where the client went away before it began.
    pub status: Option<u16>,
    /// Whether the client went away before the end.
    pub aborted: bool,
    /// User agent.
    pub agent: Option<Rc<str>>,
    /// Request headers that the package captures.
    pub asked: Vec<(&'static str, Rc<str>)>,
    /// Response headers that it captures.
    pub answered: Vec<(Rc<str>, Rc<str>)>,
    /// Which credentials were shown.
    pub credentials: Vec<Rc<str>>,
    /// The action that was asked for.
    pub action: Option<ActionRun>,
    /// Body of the request, bytes.
    pub request_bytes: u64,
    /// Body of the answer, bytes.
    pub response_bytes: u64,
    /// What tells equal requests.
    pub request_key: u64,
    /// What tells equal answers.
    pub response_hash: u64,
    /// Whether the handler answered `set-cookie`.
    pub sets_cookie: bool,
    /// Whether the proxy did.
    pub proxy_cookie: bool,
    /// Whether one of them holds the session.
    pub sets_session: bool,
    /// How often the body was written to.
    pub writes: u64,
    /// The GraphQL operation that the package may name.
    pub operation: Option<Rc<str>>,
    /// Names of the query's parameters that are reported.
    pub query: Vec<Rc<str>>,
    /// What its child spans did, from when to when.
    pub work: Vec<(Work, f64, f64)>,
    /// Requests of the app to itself while it answered.
    pub nested: Vec<Nested>,
}

/// A request of the app to itself.
#[derive(Clone, Debug)]
pub struct Nested {
    /// Why.
    pub why: Inner,
    /// The request.
    pub exchange: Exchange,
}

/// Why an app calls itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Inner {
    /// Its code fetches one of its own routes.
    Fetch,
    /// Next.js passes an action on to another page's worker.
    Forward,
}

/// What kind of code answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A page of the App Router.
    Page,
    /// A page of the Pages Router.
    PagesPage,
    /// A route handler.
    Route,
    /// A handler below `pages/api`.
    PagesApi,
    /// Nothing: no route, or the proxy answered.
    Nothing,
}

/// What Next.js did for a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ran {
    /// Ran a handler.
    Handler,
    /// Rendered a document.
    Document,
    /// Rendered for the client router, or anew within an action.
    Tree,
    /// Ran an action that rendered nothing.
    Data,
    /// Nothing: refused, or answered from a cache.
    Nothing,
}

/// The action that a request asked for.
#[derive(Clone, Debug)]
pub struct ActionRun {
    /// Its id in the client's build.
    pub id: Rc<str>,
    /// File and name, where the manifest of the answering process has them.
    pub export: Option<(Rc<str>, Rc<str>)>,
    /// Whether it came by a form without JavaScript.
    pub by_form: bool,
}

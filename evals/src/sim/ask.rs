//! What a client sends: which code it wants, and what it shows of itself. What comes back is `server`'s business.

use std::rc::Rc;

/// A request on its way.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    /// When it arrives, ms.
    pub(crate) at_ms: f64,
    pub(crate) what: What,
    /// Who asks; 0 is nobody known.
    pub(crate) client: u64,
    /// From which address.
    pub(crate) network: u64,
    /// Which value of its session it has.
    pub(crate) session: Option<u64>,
    /// Whether it could have a session and has none: answers of its own are those of nobody.
    pub(crate) signed_out: bool,
    /// The number that stands for `[id]` in routes.
    pub(crate) id: u64,
    /// Which of the different arguments it has.
    pub(crate) argument: u64,
    pub(crate) agent: Option<Rc<str>>,
    pub(crate) headers: Vec<(&'static str, Rc<str>)>,
    pub(crate) credentials: Vec<Rc<str>>,
    /// Which keystroke it is for, the first being 0: its body grows by a byte each time.
    pub(crate) keystroke: Option<u32>,
    /// The build that the client has.
    pub(crate) build: u32,
    /// A status in place of what the handler would answer.
    pub(crate) status: Option<u16>,
    /// Whether what varies between answers may go wrong: machines of a scenario are answered as it says.
    pub(crate) smooth: bool,
}

/// Which code is wanted.
#[derive(Clone, Debug)]
pub(crate) enum What {
    /// A page, by its route.
    Page(Rc<str>, Form),
    /// An API route by `METHOD /route`, with the operation behind an `@` where it stands for many.
    Route(Rc<str>),
    /// An action by its name, posted to the page of this route; whether by a form without JavaScript.
    Action(Rc<str>, Rc<str>, bool),
    /// An action of an id that no build has, posted to a page.
    UnknownAction(Rc<str>),
    /// An action of an id that nobody has had before, posted to a page.
    RandomAction(Rc<str>),
    /// A POST to a page that is no action.
    PostToPage(Rc<str>),
    /// A preflight of a route.
    Preflight(Rc<str>),
    /// A file of the folder `public`.
    File(Rc<str>),
    /// A path that does not exist.
    Missing(Rc<str>, Rc<str>),
}

/// How a page is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Form {
    /// The document.
    Document,
    /// For the client router: a navigation or a refresh.
    Rsc,
    /// Ahead of a navigation.
    Prefetch,
    /// By HEAD, to find out whether the network is there.
    Probe,
}

/// What the client learns.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// When the headers leave the server, ms.
    pub(crate) headers_ms: f64,
    /// When the last byte does, ms.
    pub(crate) done_ms: f64,
    pub(crate) status: u16,
    /// Whether the client drops what it has prefetched.
    pub(crate) drops_prefetches: bool,
    /// Whether the client router fetches the page again, as the answer says that it changed and does not bring it.
    pub(crate) refetches: bool,
    /// Whether the session has another value from here on.
    pub(crate) sets_session: bool,
    /// Where the answer sends it: a page's route.
    pub(crate) location: Option<Rc<str>>,
    /// Place of the exchange in the list, where the app saw it.
    pub(crate) place: Option<usize>,
}

impl Ask {
    /// Adds a header.
    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// A path of a route: `[id]` and the like become the number, or the operation where the request names one.
pub(crate) fn path_of(route: &str, id: u64, operation: Option<&str>) -> String {
    if route == "/_not-found" {
        return format!("/old/{id}");
    }
    if !route.contains('[') {
        return route.to_owned();
    }
    let segments = route.split('/').map(|segment| match segment {
        segment if segment.starts_with('[') => operation.map_or_else(|| id.to_string(), str::to_owned),
        segment => segment.to_owned(),
    });
    segments.collect::<Vec<_>>().join("/")
}

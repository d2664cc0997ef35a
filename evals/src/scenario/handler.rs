//! How a page, an API route or an action of a played app behaves, as a scenario tells it.

use serde::Deserialize;

/// How one handler behaves. What is left out is what most handlers do.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Behaviour {
    /// Median time that it takes, ms; 40 by default, and 90 for pages.
    pub ms: Option<f64>,
    /// Standard deviation of that time's logarithm.
    pub sigma: f64,
    /// Share of the time after which the answer begins.
    pub first_byte: f64,
    /// What its child spans do, one after the other.
    pub work: Vec<Work>,
    /// Share of requests in which those of them that write are there: a row that is made when it is missing, a token that
    /// is renewed when it is old.
    pub writes_in: f64,
    /// What child spans do when the answer is out (`after()`).
    pub after: Vec<Work>,
    /// Share of its time that the child spans take.
    pub work_share: f64,
    /// Different arguments that there are; 0 is a new one each time, 1 the same always. By default GETs have one and all
    /// else a new one each time.
    pub args: Option<u64>,
    /// Share of the clients who send the same argument as each other, as most people of a country have one time zone and
    /// most browsers an empty list in their storage.
    pub usual: f64,
    /// For whom the answer to equal arguments is the same; by default a GET's for each client, and else for nobody.
    pub result: Option<Result>,
    /// How long it stays the same, s.
    pub fresh_s: f64,
    /// Share of the clients for whom an answer of their own is empty, and so the same one as for others.
    pub empty: f64,
    /// Routes and actions after whose success a client's own answer is another one.
    pub changed_by: Vec<String>,
    /// How often the answer's body is written to; 1 by default, or 20 where it begins early.
    pub writes: Option<u64>,
    /// Media type of the answer.
    pub media: Option<String>,
    /// Median size of the answer, bytes; 900 by default, and 20,000 for pages.
    pub bytes: Option<f64>,
    /// Median size of the request's body, bytes.
    pub request_bytes: f64,
    /// Standard deviation of the logarithm of both sizes.
    pub bytes_sigma: f64,
    /// Status of an answer that goes well.
    pub status: u16,
    /// Share of requests that fail with 500; browsers try API routes once more.
    pub fails: f64,
    /// Share of requests answered `refuses_with`.
    pub refuses: f64,
    /// What those are answered.
    pub refuses_with: u16,
    /// More response headers.
    pub headers: std::collections::BTreeMap<String, String>,
    /// Share of requests whose answer has `set-cookie`.
    pub sets_cookie: f64,
    /// Whether that cookie holds the session.
    pub session_cookie: bool,
    /// Share of requests that Next.js' own cache answers (`x-nextjs-cache: HIT`); of a page that was rendered ahead, its
    /// documents and what the client router asks for.
    pub hit: f64,
    /// Share of requests that its cache was asked for and did not have.
    pub miss: f64,
    /// Share of GETs that a CDN in front answers, so that the app never sees them.
    pub cdn: f64,
    /// Share of GETs that come with `if-none-match` and are answered 304.
    pub conditional: f64,
    /// Names of the query that outside parties append.
    pub query: Vec<String>,
    /// A route of `pages/api`, a page of the Pages Router.
    pub pages_router: bool,
    /// An action's file.
    pub file: Option<String>,
    /// What an action makes stale.
    pub revalidates: Option<Revalidates>,
    /// Where an action or a form's route redirects to.
    pub redirects: Option<String>,
    /// The action is a `'use cache'` function.
    pub use_cache: bool,
    /// Share of an action's requests that Next.js passes on to another page's worker.
    pub forwarded: f64,
    /// Share of an action's requests that the proxy redirects to the sign-in.
    pub turned_away: f64,
    /// What it fetches of its own app: API routes, or files of the folder `public` (`file /fonts/inter.ttf`).
    pub fetches: Vec<String>,
    /// Links that a page shows, which are prefetched.
    pub links: u32,
}

/// What a child span does.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Work {
    /// A `SELECT`.
    Select,
    /// An `INSERT`.
    Insert,
    /// An outgoing GET.
    Get,
    /// An outgoing POST.
    Post,
}

impl Work {
    /// Whether it changes anything.
    #[must_use]
    pub fn writes(self) -> bool {
        matches!(self, Self::Insert | Self::Post)
    }
}

/// For whom the answer to equal arguments is the same.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Result {
    /// For everybody.
    Shared,
    /// For each client.
    Own,
    /// For each of three countries from which clients come.
    Country,
    /// For all who have a session, and for all who have none.
    Members,
    /// For nobody: each answer is another one.
    Unique,
}

/// What an action makes stale.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Revalidates {
    /// `revalidatePath`, `updateTag` or a cookie: the page in the answer, and prefetches anew.
    Path,
    /// `refresh()`: the page in the answer, prefetches stay.
    Refresh,
    /// `revalidateTag(tag, 'max')`: nothing in the answer.
    Tag,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            ms: None,
            sigma: 0.4,
            first_byte: 0.9,
            work: Vec::new(),
            writes_in: 1.0,
            after: Vec::new(),
            work_share: 0.6,
            args: None,
            usual: 0.0,
            result: None,
            fresh_s: 300.0,
            empty: 0.0,
            changed_by: Vec::new(),
            writes: None,
            media: None,
            bytes: None,
            request_bytes: 120.0,
            bytes_sigma: 0.2,
            status: 200,
            fails: 0.003,
            refuses: 0.0,
            refuses_with: 422,
            headers: std::collections::BTreeMap::new(),
            sets_cookie: 0.0,
            session_cookie: false,
            hit: 0.0,
            miss: 0.0,
            cdn: 0.0,
            conditional: 0.0,
            query: Vec::new(),
            pages_router: false,
            file: None,
            revalidates: None,
            redirects: None,
            use_cache: false,
            forwarded: 0.0,
            turned_away: 0.0,
            fetches: Vec::new(),
            links: 1,
        }
    }
}

impl Behaviour {
    /// Whether its child spans change anything.
    #[must_use]
    pub fn writes(&self) -> bool {
        self.work.iter().any(|work| work.writes())
    }
}

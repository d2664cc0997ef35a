//! A Call: one finished run of a Handler, the stored fact. What follows from many Calls is the advisor's.

use std::ops::{BitOr, BitOrAssign};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{ClientKey, Handler, InstanceKey, SpanId, TraceId};

/// One finished run of a Handler. `None` means that telemetry does not say; it never means zero.
#[derive(Clone, PartialEq, Debug)]
pub struct Call {
    /// Whose run it is.
    pub handler: Arc<Handler>,
    /// The trace it was seen in.
    pub trace: TraceId,
    /// The span that stands for the request.
    pub span: SpanId,
    /// When the request began, ns since the epoch.
    pub start_ns: u64,
    /// How long until the response was finished, ns.
    pub duration_ns: u64,
    /// HTTP method as sent (HEAD and OPTIONS stay visible here).
    pub method: String,
    /// Response status code.
    pub status: Option<u16>,
    /// In which form the request came.
    pub form: Form,
    /// Who called.
    pub caller: Caller,
    /// Product token or family of the user agent (`okhttp`, `curl`, `Chrome`).
    pub agent: Option<String>,
    /// The browser or machine that called.
    pub client: Option<ClientKey>,
    /// The process that answered.
    pub instance: Option<InstanceKey>,
    /// Path of the request, without query.
    pub path: Option<String>,
    /// Path of the page that called it: the referer on the same host.
    pub page: Option<String>,
    /// Request body on the wire, bytes.
    pub request_bytes: Option<u64>,
    /// Response body on the wire, bytes.
    pub response_bytes: Option<u64>,
    /// Keyed hash of method, path, query and body.
    pub request_key: Option<u64>,
    /// Keyed hash of the response body.
    pub response_hash: Option<u64>,
    /// Response media type, lower case, without parameters.
    pub media_type: Option<String>,
    /// Name of the webhook signature header that was present.
    pub signature: Option<String>,
    /// Host of the page on another origin that called it.
    pub origin: Option<String>,
    /// From the request's start to the first byte of the response, ns.
    pub first_byte_ns: Option<u64>,
    /// Requests this Call made to its own app, each with an invocation of its own.
    pub self_fetches: u32,
    /// Time those requests took beyond the handlers they reached, ns, all together.
    pub self_fetch_overhead_ns: u64,
    /// Time covered by child spans of database calls, ns; `None` when there was none: they may not be traced.
    pub database_ns: Option<u64>,
    /// Time covered by child spans of outgoing requests, ns; `None` when there was none.
    pub outgoing_ns: Option<u64>,
    /// Time covered by either of the two, ns: where they overlap it counts once. The rest is own code, or what no
    /// span shows.
    pub child_ns: Option<u64>,
    /// How the trace was sampled.
    pub sampling: Sampling,
    /// Requests the process had seen when this one began, sampled or not.
    pub requests_seen: Option<u64>,
    /// How many times the body of the response was written to.
    pub writes: Option<u64>,
    /// Between the first and the last write of the response's body, ns.
    pub body_ns: Option<u64>,
    /// Opaque key of the network address and user agent that called, even where a session's cookie makes the client key: several
    /// client keys under one of these are sessions whose cookie changes, or people behind one address.
    pub network: Option<ClientKey>,
    /// The id of an action, well-formed, that the app did not know.
    pub unknown_action: Option<String>,
    /// Entries of `'use cache'` functions that it found ...
    pub use_cache_hits: Option<u32>,
    /// ... did not find ...
    pub use_cache_misses: Option<u32>,
    /// ... and stored.
    pub use_cache_fills: Option<u32>,
    /// Yes-or-no facts about it.
    pub signs: Signs,
}

/// In which form a request reached its Handler.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// An API request, or anything without a form of its own.
    Plain,
    /// A full document (HTML).
    Document,
    /// An RSC request of the client router: a navigation or a refresh.
    Rsc,
    /// An RSC request ahead of a navigation.
    Prefetch,
    /// An RSC request of which telemetry does not say whether it was a prefetch.
    RscOrPrefetch,
    /// Next.js fetching the target of an action's redirect from itself.
    Internal,
    /// A server action called by JavaScript (`next-action`).
    ActionFetch,
    /// A server action posted by a form without JavaScript.
    ActionForm,
    /// A POST that rendered the page: a form without JavaScript or any other POST, nothing tells which.
    PagePost,
    /// A CORS preflight; evidence, not a call.
    Preflight,
    /// A document that the browser fetched or rendered ahead of a navigation that may never come (speculation rules).
    Speculation,
    /// A HEAD request: it asks whether something is there, and nobody is shown an answer. Next.js' client sends them to find
    /// out whether it is online again (`experimental.useOffline`).
    Probe,
}

/// Class of who called.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Caller {
    /// A browser on a page of the same origin, or its navigation.
    OwnUi,
    /// The observed app itself.
    Server,
    /// A browser on a page of another origin.
    CrossOrigin,
    /// Not a browser: mobile app, webhook, script.
    External,
    /// Crawler, health probe, scanner.
    Bot,
    /// Telemetry does not say.
    Unknown,
}

/// How a span's trace was chosen.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Sampling {
    /// `tracestate` declares the rejection threshold T (56 bits): the weight is 2^56 / (2^56 - T).
    /// Source: OpenTelemetry, tracestate probability sampling.
    Threshold(u64),
    /// Nothing is declared.
    Undeclared,
}

/// A yes-or-no fact about a Call. The value is its bit in the stored set: append only, never renumber.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Sign {
    /// The span carried captured request headers, so that an absent one was really absent.
    HeadersCaptured = 0,
    /// The request had a cookie.
    Cookie = 1,
    /// The request had a bearer token.
    Bearer = 2,
    /// The request had an API key.
    ApiKey = 3,
    /// The request had basic credentials.
    Basic = 4,
    /// `sec-fetch-mode: navigate`.
    Navigate = 5,
    /// `sec-fetch-dest` names an embedded resource (image, style, script, font, media, frame, worker), or a
    /// `range` was asked for.
    Subresource = 6,
    /// The query had names that outside parties append to links: `code`, `state`, `token`, `session_id`.
    LinkQuery = 7,
    /// `if-none-match` was sent.
    Conditional = 8,
    /// A body that only a route can answer: streamed events, media, archives, CSV, or an attachment.
    StreamOrBinary = 9,
    /// `content-disposition` was answered.
    Disposition = 10,
    /// `x-nextjs-cache: HIT` or `STALE`.
    CacheHit = 11,
    /// `cache-control` with `s-maxage`, `max-age` above 0 or `public`.
    CacheAllowed = 12,
    /// Any `cache-control` was answered.
    CacheControl = 13,
    /// `set-cookie` was answered.
    SetsCookie = 14,
    /// `access-control-allow-origin` was answered.
    AllowsOrigin = 15,
    /// The action rendered the page anew in its own response.
    Rerendered = 16,
    /// The action redirected.
    Redirected = 17,
    /// The action's id was unknown to the app.
    ActionNotFound = 18,
    /// The action's id was not one that Next.js makes.
    ActionMalformed = 19,
    /// Child spans read: SELECT-like statements, outgoing GET.
    Reads = 20,
    /// Child spans wrote: INSERT-like statements, outgoing POST.
    Writes = 21,
    /// It was called by a page or handler of the same app within the same trace.
    CalledByOwnServer = 22,
    /// `origin` named another host than the request's own.
    OriginMismatch = 23,
    /// The status was an error of the server, or the span said so.
    Failed = 24,
    /// `x-action-redirect` came with the target's content in the same response.
    RedirectedWithContent = 25,
    /// `retry-after`, `link` or rate-limit headers were answered.
    HeaderContract = 26,
    /// The proxy (middleware) ran for it.
    ProxyRan = 27,
    /// `sec-fetch-mode: no-cors`.
    NoCors = 28,
    /// The client key holds across instances (`pointsman.key.scope` = `shared`).
    SharedKey = 29,
    /// An own span of the npm package stands for the request.
    OwnSpan = 30,
    /// Response headers were captured, so that an absent one was really absent.
    ResponseHeadersCaptured = 31,
    /// The client went away before the response was finished.
    ClientGone = 32,
    /// The body was larger than the Handler accepts: 413, or 500 of an action whose body was over the app's limit.
    BodyTooLarge = 33,
    /// `x-nextjs-cache: MISS`.
    CacheMiss = 34,
    /// The action's id names a `'use cache'` function (its first bit): by its kind a read.
    CachedFunction = 35,
    /// Next.js passed the action on to the worker of another page (`x-action-forwarded`).
    Forwarded = 36,
    /// The action's answer made the client drop what it had prefetched (`x-action-revalidated` other than 2).
    DropsPrefetches = 37,
    /// A proxy answered an action's request with a redirect, so that the action never ran.
    RedirectedByProxy = 38,
    /// Its child spans, two or more of which do not write, ran one after the other and took most of its time.
    Waterfall = 39,
    /// A page that the Pages Router rendered.
    PagesRouter = 40,
    /// A page that the App Router rendered.
    AppRouter = 41,
    /// The request had a session's cookie, one by which the app knows who it is.
    SessionCookie = 42,
    /// A session's cookie was set by the response.
    SetsSessionCookie = 43,
    /// Telemetry tells session cookies from others, so that an absent one was really absent.
    SessionsTold = 44,
    /// A worker sent it, mostly a service worker: its script stands where a page would, or the browser fetched that script.
    Worker = 45,
    /// The browser sent it ahead of a navigation that may never come (`sec-purpose: prefetch` or `prerender`).
    Speculative = 46,
    /// `origin: null`: a sandboxed frame, a file, or a page that keeps its origin to itself.
    NullOrigin = 47,
    /// The request belonged to a trace that its sender did not record (`pointsman.remote.unsampled`).
    RemoteUnsampled = 48,
    /// A proxy named the client's address, but the package was not told to trust it (`pointsman.client.forwarded`).
    ForwardedUntrusted = 49,
    /// The client key was made from a session's cookie.
    KeyOfSession = 50,
    /// The client key was made from address and user agent.
    KeyOfAddress = 51,
    /// Telemetry says which credentials the request carried (`pointsman.request.credentials`), so that an absent one was
    /// really absent.
    CredentialsTold = 52,
    /// The client router or the browser fetched it ahead of a navigation, whatever it leads to: a link to it came into view.
    Prefetched = 53,
    /// Telemetry says whether the answer set a session's cookie (`pointsman.response.sets_session_cookie`); without that any
    /// cookie may be one.
    SetsSessionTold = 54,
    /// It changes something, names the app's own origin and a browser that says with every request over HTTPS from which site it
    /// comes (`sec-fetch-site`), and does not say so: a program may have copied the rest.
    UnlikeItsBrowser = 55,
    /// Telemetry says by which host the app was reached, so that an `Origin` can be compared with it.
    HostTold = 56,
}

impl Sign {
    /// Every sign, in the order of its bit.
    pub const ALL: [Self; 57] = [
        Self::HeadersCaptured,
        Self::Cookie,
        Self::Bearer,
        Self::ApiKey,
        Self::Basic,
        Self::Navigate,
        Self::Subresource,
        Self::LinkQuery,
        Self::Conditional,
        Self::StreamOrBinary,
        Self::Disposition,
        Self::CacheHit,
        Self::CacheAllowed,
        Self::CacheControl,
        Self::SetsCookie,
        Self::AllowsOrigin,
        Self::Rerendered,
        Self::Redirected,
        Self::ActionNotFound,
        Self::ActionMalformed,
        Self::Reads,
        Self::Writes,
        Self::CalledByOwnServer,
        Self::OriginMismatch,
        Self::Failed,
        Self::RedirectedWithContent,
        Self::HeaderContract,
        Self::ProxyRan,
        Self::NoCors,
        Self::SharedKey,
        Self::OwnSpan,
        Self::ResponseHeadersCaptured,
        Self::ClientGone,
        Self::BodyTooLarge,
        Self::CacheMiss,
        Self::CachedFunction,
        Self::Forwarded,
        Self::DropsPrefetches,
        Self::RedirectedByProxy,
        Self::Waterfall,
        Self::PagesRouter,
        Self::AppRouter,
        Self::SessionCookie,
        Self::SetsSessionCookie,
        Self::SessionsTold,
        Self::Worker,
        Self::Speculative,
        Self::NullOrigin,
        Self::RemoteUnsampled,
        Self::ForwardedUntrusted,
        Self::KeyOfSession,
        Self::KeyOfAddress,
        Self::CredentialsTold,
        Self::Prefetched,
        Self::SetsSessionTold,
        Self::UnlikeItsBrowser,
        Self::HostTold,
    ];
}

/// A set of [`Sign`]s.
#[derive(Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Signs(u64);

impl Call {
    /// When the response was finished, ns since the epoch.
    #[must_use]
    pub fn end_ns(&self) -> u64 {
        self.start_ns.saturating_add(self.duration_ns)
    }

    /// Whether it has the sign.
    #[must_use]
    pub fn has(&self, sign: Sign) -> bool {
        self.signs.has(sign)
    }

    /// Whether it answered 2xx, 3xx, or 101, with which a WebSocket begins; `None` when the status is unknown.
    #[must_use]
    pub fn succeeded(&self) -> Option<bool> {
        self.status.map(|status| status == 101 || (200..400).contains(&status))
    }
}

impl Form {
    /// Every one, in a fixed order.
    pub const ALL: [Self; 12] = [
        Self::Plain,
        Self::Document,
        Self::Rsc,
        Self::Prefetch,
        Self::RscOrPrefetch,
        Self::Internal,
        Self::ActionFetch,
        Self::ActionForm,
        Self::PagePost,
        Self::Preflight,
        Self::Speculation,
        Self::Probe,
    ];

    /// The word that reports, tables and labels use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Document => "document",
            Self::Rsc => "rsc",
            Self::Prefetch => "prefetch",
            Self::RscOrPrefetch => "rsc_or_prefetch",
            Self::Internal => "internal",
            Self::ActionFetch => "action_fetch",
            Self::ActionForm => "action_form",
            Self::PagePost => "page_post",
            Self::Preflight => "preflight",
            Self::Speculation => "speculation",
            Self::Probe => "probe",
        }
    }

    /// The one with this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == word)
    }
}

impl Caller {
    /// Every one, in a fixed order.
    pub const ALL: [Self; 6] =
        [Self::OwnUi, Self::Server, Self::CrossOrigin, Self::External, Self::Bot, Self::Unknown];

    /// The word that reports, tables and labels use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OwnUi => "own_ui",
            Self::Server => "server",
            Self::CrossOrigin => "cross_origin",
            Self::External => "external",
            Self::Bot => "bot",
            Self::Unknown => "unknown",
        }
    }

    /// The one with this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == word)
    }
}

impl Signs {
    /// The set without any sign.
    pub const NONE: Self = Self(0);

    /// The set that the database keeps as one integer.
    #[must_use]
    pub fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// The integer that the database keeps.
    #[must_use]
    pub fn bits(self) -> u64 {
        self.0
    }

    /// Whether the sign is in the set.
    #[must_use]
    pub fn has(self, sign: Sign) -> bool {
        self.0 & (1 << sign as u8) != 0
    }

    /// Puts the sign into the set when `present`.
    pub fn set(&mut self, sign: Sign, present: bool) {
        if present {
            *self |= sign;
        }
    }
}

impl BitOrAssign<Sign> for Signs {
    fn bitor_assign(&mut self, sign: Sign) {
        self.0 |= 1 << sign as u8;
    }
}

impl BitOr<Sign> for Signs {
    type Output = Self;
    fn bitor(mut self, sign: Sign) -> Self {
        self |= sign;
        self
    }
}

impl std::fmt::Debug for Signs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(Sign::ALL.into_iter().filter(|sign| self.has(*sign))).finish()
    }
}

//! What can be counted. Each name says what one unit of it is.
//!
//! The stored code of a fact is its position: append at the end, never reorder, never reuse.

use pointsman_store::Caller;
use serde::{Deserialize, Serialize};

/// Something that is counted per Handler and hour. A share is always one fact over another, and the denominator
/// counts only Calls of which the numerator could have been known.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Fact {
    /// Calls.
    Calls,
    /// Calls whose status is known.
    StatusKnown,
    /// Calls answered 2xx or 3xx.
    Succeeded,
    /// Calls answered 4xx.
    ClientErrors,
    /// Calls answered 5xx.
    ServerErrors,
    /// Calls by class of caller.
    By(Caller),
    /// Calls by class of caller that were answered 2xx or 3xx.
    SucceededBy(Caller),
    /// Calls with request headers captured.
    HeadersKnown,
    /// Calls with response headers captured.
    ResponseHeadersKnown,
    /// Calls with a client key.
    ClientKnown,
    /// Calls with the referer's path.
    PageKnown,
    /// Calls with a webhook signature header.
    Signed,
    /// Calls with a webhook signature header that were turned away: 3xx, 401, 403.
    SignedTurnedAway,
    /// CORS preflights for this Handler.
    Preflights,
    /// Calls that answered `access-control-allow-origin`.
    AllowOrigin,
    /// Calls that a browser navigated to, or that carried query names of links from outside, or redirected.
    NavigatedTo,
    /// Calls for an embedded resource or a range.
    Subresources,
    /// Calls answered with a stream, a binary or an attachment.
    StreamOrBinary,
    /// Calls whose first byte is known.
    FirstByteKnown,
    /// Calls that went on for more than 2 s after their first byte.
    LongTail,
    /// GET Calls answered from Next.js' cache.
    CacheHits,
    /// GET Calls whose answer may be kept by caches (`s-maxage`, `max-age` > 0, `public`) or is a 304.
    CacheAllowed,
    /// GET Calls that were conditional or answered 304.
    Conditional,
    /// GET Calls answered 200 whose response headers are known.
    PlainGets,
    /// ... of these, without `cache-control`.
    GetsWithoutCacheControl,
    /// Calls that set a cookie.
    SetsCookie,
    /// Actions that rendered the page anew in their own response.
    Rerendered,
    /// Actions that redirected.
    Redirected,
    /// Calls whose child spans read and did not write.
    ReadWork,
    /// Calls whose child spans wrote.
    WriteWork,
    /// Calls that requested their own app over HTTP.
    SelfFetching,
    /// Requests that Calls made to their own app.
    SelfFetches,
    /// Calls answered with a status or headers that an action cannot answer.
    StatusContract,
    /// Calls with a cookie, bearer token, basic credentials or API key.
    WithCredentials,
    /// Calls of an unknown, well-formed action id.
    ActionNotFound,
    /// Calls with `sec-fetch-mode: no-cors`.
    NoCors,
    /// Action Calls posted by a form without JavaScript.
    FormPosts,
    /// POSTs by a navigation, form encoded, answered by a redirect.
    NativeFormPosts,
    /// Failed action Calls whose origin names another host.
    OriginMismatch,

    /// GET Calls of routes and Calls of actions whose request key and response hash are known.
    Comparable,
    /// ... of these, equal in both to an earlier Call of anyone within the lifetime.
    RepeatOfAnyone(Lifetime),
    /// ... of these, equal in both to an earlier Call of the same client within the lifetime.
    RepeatOfSameClient(Lifetime),
    /// Calls with the same request key as one of *another* client within five minutes.
    ComparedAcrossClients,
    /// ... of these, with the same response hash.
    EqualAcrossClients,

    /// Successful mutations by the own UI whose client and page are known: each could be followed.
    Followable,
    /// ... followed by an RSC refresh of the same page.
    FollowedByRefresh,
    /// ... followed by a new document of the same page.
    FollowedByDocument,
    /// ... followed by a GET of the same part of the API.
    FollowedByRefetch,
    /// ... followed by an RSC request that may have been a prefetch: the evidence is absent for it.
    FollowedByAmbiguous,
    /// Action Calls of which the client is known: each could be part of a sequence.
    Sequenced,
    /// ... that were in a serial burst: at least two actions of one client, each sent as soon as the last ended.
    InBurst,
    /// Serial bursts that the Handler took part in.
    Bursts,
    /// ... in a burst of four or more Calls of the same Handler.
    InOwnBatch,
    /// Batches of four or more Calls of this Handler.
    Batches,
    /// Action Calls that, with their burst, began within 3 s of the load of their page.
    SoonAfterLoad,
    /// Calls that were part of a regular poll: at least five of one client.
    Polled,
    /// Polls.
    Polls,
    /// Calls of a series in quick succession with changing arguments.
    Typed,
    /// Prefetches seen within five seconds after an Interaction, by the same client.
    PrefetchesAfter,
    /// Calls equal in request key to one of the same client within two seconds.
    Duplicates,
    /// Reads that overlapped another read of the same client.
    ParallelReads,
    /// Calls with a bearer token, basic credentials or API key.
    WithToken,
    /// Calls by pages of another origin that were answered 2xx or 3xx and were no navigation.
    CrossOriginFetches,
    /// Action Calls with a body over 1 MiB, what an action accepts by default.
    OverActionLimit,
    /// ... of these, answered 500, as Next.js answers a body over the limit.
    OverActionLimitFailed,
}

/// For how long a cache may keep an answer: the grid on which the potential hit rate is counted.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Lifetime {
    /// 1 s.
    OneSecond,
    /// 10 s.
    TenSeconds,
    /// 60 s.
    OneMinute,
    /// 5 min.
    FiveMinutes,
}

/// A quantity of which the distribution is kept, in whole units.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Measure {
    /// From request to finished response, µs.
    Duration,
    /// Request body on the wire, bytes.
    RequestBytes,
    /// Response body on the wire, bytes.
    ResponseBytes,
    /// How long a queued action waited for those before it, µs.
    QueueWait,
    /// From the end of a mutation to the start of the refresh that followed it, µs.
    RefreshGap,
    /// Between two Calls of a poll, µs.
    PollInterval,
    /// What a request to the own app cost beyond the handler it reached, µs.
    SelfFetchOverhead,
}

/// A property with many values, each of which is counted, up to a limit.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Dimension {
    /// Path of the page that called.
    Page,
    /// Route of the page an action was called from.
    Route,
    /// Family of user agent of callers that are not browsers of the own UI.
    OutsideAgent,
    /// Name of the signature header.
    Signature,
    /// Host of the other origin.
    Origin,
    /// Response status code.
    Status,
    /// Response media type.
    MediaType,
}

impl Lifetime {
    /// Every lifetime, shortest first.
    pub const ALL: [Self; 4] = [Self::OneSecond, Self::TenSeconds, Self::OneMinute, Self::FiveMinutes];

    /// Its length, s.
    #[must_use]
    pub fn seconds(self) -> u64 {
        match self {
            Self::OneSecond => 1,
            Self::TenSeconds => 10,
            Self::OneMinute => 60,
            Self::FiveMinutes => 300,
        }
    }
}

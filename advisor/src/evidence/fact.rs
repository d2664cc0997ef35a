//! What can be counted. Each name says what one unit of it is.
//!
//! The stored code of each is its position: append at the end, never reorder, never reuse.

/// Declares an enum of which each value has a stored code: its position.
macro_rules! coded {
    ($(#[$about:meta])* pub enum $name:ident { $($(#[$meaning:meta])* $value:ident,)+ }) => {
        $(#[$about])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum $name { $($(#[$meaning])* $value,)+ }

        impl $name {
            /// Every one, in the order of the codes.
            pub const ALL: &[Self] = &[$(Self::$value),+];

            /// How many there are.
            pub const COUNT: usize = Self::ALL.len();

            /// The number that is stored.
            #[must_use]
            pub const fn code(self) -> usize {
                self as usize
            }

            /// The one with this number.
            #[must_use]
            pub fn of_code(code: usize) -> Option<Self> {
                Self::ALL.get(code).copied()
            }
        }
    };
}

pub(super) use coded;

coded! {
    /// Something that is counted per Handler and hour. A share is always one fact over another, and the denominator
    /// counts only Calls of which the numerator could have been known.
    pub enum Fact {
        /// Calls.
        Calls,
        /// Calls whose status is known.
        StatusKnown,
        /// Calls answered 2xx or 3xx.
        Succeeded,
        /// Calls by browsers on its own pages.
        ByOwnUi,
        /// Calls by the app itself.
        ByServer,
        /// Calls by browsers on pages of another origin.
        ByCrossOrigin,
        /// Calls by clients that are no browsers.
        ByExternal,
        /// Calls by crawlers, probes and scanners.
        ByBot,
        /// Calls by nobody knows whom.
        ByUnknown,
        /// Calls answered 2xx or 3xx, by browsers on its own pages.
        SucceededByOwnUi,
        /// Calls answered 2xx or 3xx, by the app itself.
        SucceededByServer,
        /// Calls answered 2xx or 3xx, by browsers on pages of another origin.
        SucceededByCrossOrigin,
        /// Calls answered 2xx or 3xx, by clients that are no browsers.
        SucceededByExternal,
        /// Calls answered 2xx or 3xx, by crawlers, probes and scanners.
        SucceededByBot,
        /// Calls answered 2xx or 3xx, by nobody knows whom.
        SucceededByUnknown,
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

        /// GET and POST Calls of routes and Calls of actions whose request key and response hash are known.
        Comparable,
        /// ... of these, equal in both to the Call before with the same key, whoever made it, within 1 s.
        RepeatOfAnyoneWithinOneSecond,
        /// ... of these, equal in both to the Call before with the same key, whoever made it, within 10 s.
        RepeatOfAnyoneWithinTenSeconds,
        /// ... of these, equal in both to the Call before with the same key, whoever made it, within 60 s.
        RepeatOfAnyoneWithinOneMinute,
        /// ... of these, equal in both to the Call before with the same key, whoever made it, within 5 min.
        RepeatOfAnyoneWithinFiveMinutes,
        /// ... of these, equal in both to the same client's Call before with the same key, within 1 s.
        RepeatOfSameClientWithinOneSecond,
        /// ... of these, equal in both to the same client's Call before with the same key, within 10 s.
        RepeatOfSameClientWithinTenSeconds,
        /// ... of these, equal in both to the same client's Call before with the same key, within 60 s.
        RepeatOfSameClientWithinOneMinute,
        /// ... of these, equal in both to the same client's Call before with the same key, within 5 min.
        RepeatOfSameClientWithinFiveMinutes,
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
        /// ... in a burst of four or more Calls of the same Handler. Of a route: Calls of four or more within a second, with
        /// other arguments each.
        InOwnBatch,
        /// Batches of four or more Calls of this Handler.
        Batches,
        /// Action Calls that, with their burst, began within 3 s of the load of their page.
        SoonAfterLoad,
        /// Calls that were part of a regular poll: at least five of one client. Counted of GETs, of actions, and of mutations that
        /// the own UI sends.
        Polled,
        /// Polls.
        Polls,
        /// Calls of an action, or mutations of a route by the own UI, in quick succession with changing arguments.
        Typed,
        /// Prefetches of what the client had before, seen within five seconds after an Interaction.
        PrefetchesAfter,
        /// Reads equal in request key and answer to one of the same client within two seconds, with no write of the client
        /// between.
        Duplicates,
        /// Reads that overlapped another read of the same client.
        ParallelReads,
        /// Calls with a bearer token, basic credentials or API key.
        WithToken,
        /// Calls by pages of another origin that were answered 2xx or 3xx and were no navigation.
        CrossOriginFetches,
        /// Action Calls with a body over 1 MiB, what an action accepts by default, or over the app's own limit.
        OverActionLimit,
        /// Calls answered 4xx, unless their action was unknown or their body too large.
        ClientErrors,
        /// Calls answered 5xx, unless their body was too large or their origin another.
        ServerErrors,
        /// Calls whose client went away before the answer was finished. Their status may be one of success.
        ClientGone,
        /// Calls whose body was larger than the Handler accepts.
        BodiesTooLarge,
        /// GET Calls that Next.js' cache could not answer.
        CacheMisses,
        /// Calls answered 304.
        NotModified,
        /// GET Calls answered with any `cache-control`.
        CacheControl,
        /// Calls with child spans of database calls or outgoing requests.
        WithChildSpans,
        /// How long these Calls took, µs.
        TimeWithChildSpans,
        /// How long of that their child spans ran, µs.
        TimeInChildSpans,
        /// Reads of routes by the own UI whose client is known: each could be part of a sequence.
        ReadsSequenced,
        /// ... that began soon after the load of the page that made them: within 3 s, or what a slow client needs.
        ReadsSoonAfterLoad,
        /// The same request of the same client again within a minute after it had failed.
        Retries,
        /// Calls whose place in a sequence the clocks of two instances leave open: they are in no count that depends on it.
        UnorderedPairs,
        /// Calls with a request key: repeats of the same request can be told.
        RequestKeyKnown,
        /// Action Calls whose id names a `'use cache'` function.
        CachedFunctions,
        /// Action Calls that Next.js passed on to another worker, other than those posted while the client navigated.
        Forwarded,
        /// Action Calls whose answer made the client drop what it had prefetched.
        DropsPrefetches,
        /// ... of these, followed by five or more prefetches of what the same client had before, within five seconds.
        DropsPrefetchesAndRefetches,
        /// Prefetches of what the client had before, within five seconds after Calls that made it drop them.
        PrefetchesAfterDrop,
        /// Action Calls that rendered the page anew and set a cookie.
        RerenderedWithCookie,
        /// Action Calls by browsers on its own pages that a proxy answered with a redirect.
        RedirectedByProxy,
        /// Calls of which the child spans ran one after the other and took most of the time.
        Waterfalls,
        /// Calls of pages that the Pages Router rendered.
        ByPagesRouter,
        /// Calls for which the proxy (middleware) ran.
        ProxyRan,
        /// Action Calls that redirected and brought the target in the same response.
        RedirectedWithContent,
        /// GET Calls whose answer may be kept by caches and sets a cookie.
        CacheAllowedWithCookie,
        /// Reads that their client gave up while it sent another one to the same Handler.
        Superseded,
        /// Mutations after which nothing was refreshed, and the user loaded one page twice within half a minute.
        FollowedByReload,
        /// Mutations that set a cookie and were followed by a refresh or a new document of the same page.
        CookieThenRefresh,
        /// How long all Calls took together, µs.
        TimeSpent,
        /// Calls of unknown action ids by one client, twenty or more at one every two seconds or faster.
        Hammered,
        /// Calls with credentials that were answered 2xx or 3xx.
        SucceededWithCredentials,
        /// Calls of pages that the App Router rendered.
        ByAppRouter,
        /// Action Calls of a refresh loop: four or more rounds within 10 s, in which an answer made the page load again and
        /// the page called the action again.
        InRefreshLoop,
        /// Refresh loops. Clients that had one are values of [`Dimension::LoopClient`].
        RefreshLoops,
        /// Reads of routes by the own UI, answered 200, of which client, request key and response hash are known.
        ReadsCompared,
        /// ... of these, within a minute of the same client's last one with the same key, the same answer, and no write of
        /// the client since.
        UnchangedRepeats,
        /// ... of these, within a minute of the same client's last one with the same key, another answer, and no write of
        /// the client since.
        ChangedRepeats,
        /// ... of these, the client's first one after a write of its own, where it had asked for the same URL within five
        /// minutes before: its code fetches again what the write made stale.
        RefetchedAfterWrite,
        /// ... of these, with another answer than before the write.
        ChangedAfterWrite,
        /// Calls by an unknown caller whose headers were captured that were answered 2xx or 3xx: nothing in them was a page of
        /// the app.
        SucceededUnrecognized,
        /// Calls that a worker sent and that succeeded.
        SucceededByWorker,
        /// Calls by the own UI that succeeded with a bearer token or an API key and without a session's cookie; without any
        /// cookie where nothing tells sessions from others.
        TokenWithoutSession,
        /// The same with basic credentials.
        BasicWithoutSession,
        /// Calls with basic credentials.
        WithBasic,
        /// Calls with a session's cookie.
        WithSession,
        /// Calls of which telemetry tells session cookies from others.
        SessionsTold,
        /// Answers whose writes to the body are counted and timed.
        WritesKnown,
        /// ... of these, written in small pieces over a good part of the time.
        WrittenInPieces,
        /// Answers of plain text of which nothing says when they began.
        TextOfUnknownStart,
        /// ... of these, that took more than 2 s.
        SlowText,
        /// Calls by the own UI of well-formed action ids that the app did not know.
        UnknownIdsOfUi,
        /// Calls that a span of the package stands for.
        ByPackage,
        /// Calls whose client's address was named by a proxy that the package was not told to trust.
        ForwardedUntrusted,
        /// Calls of a trace that its sender did not record.
        RemoteUnsampled,
        /// Documents that the browser fetched ahead of a navigation.
        Speculations,
        /// HEAD requests.
        Probes,
        /// Requests to a page for its document.
        PageDocuments,
        /// Requests of the client router to a page that it shows: navigations and refreshes.
        PageNavigations,
        /// Requests to a page ahead of a navigation that may never come.
        PagePrefetches,
        /// Calls that show whether people get the same answer: the Call before with the same request key was another client's,
        /// within five minutes. Without small answers to requests with credentials, which are equal because they are empty.
        ComparedBetweenPeople,
        /// ... of these, with another answer, and no change over time that everyone saw explains it.
        DifferedBetweenPeople,
        /// Calls by browsers on its own pages that were signed in: with a session's cookie or a token; with any cookie where
        /// telemetry does not tell sessions from other cookies.
        ByOwnUiSignedIn,
        /// Calls answered 2xx or 3xx of which it is known whether they came with a session.
        SucceededSessionsTold,
        /// ... of these, with a session's cookie or a token.
        SucceededSignedIn,
        /// Calls answered 2xx or 3xx that came without a session and began one: the answer set a session's cookie, or any
        /// cookie to a client without any where telemetry does not say whether it was a session's.
        SessionsBegun,
        /// Calls whose status is known, by callers who are neither bots nor unknown.
        StatusToUsers,
        /// ... of these, answered 5xx, unless their body was too large or their origin another.
        ServerErrorsToUsers,
        /// Failed action Calls whose origin names another host, by browsers on its own pages: no forgery, but a proxy that
        /// changes the host.
        OriginMismatchOfOwnUi,
        /// Calls beyond what is looked at of one client in an hour: they are in no sequence.
        LeftOutOfSequences,
        /// The client's time on the page just before Followable Calls, up to as long as a refresh may follow: the control windows
        /// of refreshes and re-fetches, in thousandths of a window. Nothing that could have caused either lies in them.
        RefreshControls,
        /// ... in which the page was refreshed all the same.
        ControlRefresh,
        /// ... in which the same part of the API was fetched all the same.
        ControlRefetch,
        /// The same up to as long as a new document may follow: the control windows of documents, in thousandths.
        DocumentControls,
        /// ... in which a new document of the page came all the same.
        ControlDocument,
        /// ... in which either came all the same, of Calls that set a cookie.
        ControlCookieThenRefresh,
        /// Followable Calls that no refresh followed in time, but one later, of clients whose rhythm is not known: a slow
        /// client's refresh, or a coincidence.
        PerhapsFollowedByRefresh,
        /// The same up to as long as a slow client's refresh may take: control windows, in thousandths.
        SlowRefreshControls,
        /// ... in which the page was refreshed all the same.
        ControlSlowRefresh,
        /// The client's time before mutations, at most a minute and a half and no other mutation in it:
        /// the control windows of pages that are loaded twice, in thousandths of a window.
        ReloadControls,
        /// ... in which one page was loaded twice all the same.
        ControlReload,
        /// Action Calls and reads that were also looked at one window later than what precedes them: control windows of
        /// queues, loads of pages and typing. They are as many as the Calls themselves.
        ShiftedControls,
        /// ... that would have waited for another one, had it ended one window later.
        ControlInBurst,
        /// Action Calls that may have waited for another one, if their client is slow: of clients whose rhythm is not known.
        PerhapsInBurst,
        /// ... that would have, had the other one ended one window later.
        ControlPerhapsInBurst,
        /// ... that would belong to a load of their page, had it ended one window later.
        ControlSoonAfterLoad,
        /// Action Calls that may belong to the load of their page, if their client is slow.
        PerhapsSoonAfterLoad,
        /// ... that would, had it ended one window later.
        ControlPerhapsSoonAfterLoad,
        /// ... that would be typing, were the pauses one window shorter.
        ControlTyped,
        /// Calls that failed and whose request can be told again: each could be tried again.
        Retryable,
        /// ... whose request the client had made just before as well, though nothing had failed.
        ControlRetries,
        /// The client's time just before Calls that dropped prefetches, in which nothing else made it prefetch: control windows,
        /// in thousandths of a window.
        DropControls,
        /// ... in which five or more prefetches of what the client had came all the same.
        ControlDropRefetches,
        /// Prefetches of what the client had, in those windows.
        ControlPrefetches,
        /// Calls of unknown action ids in fast rows of clients that had called actions as fast before: the page's own pace.
        ControlHammered,
        /// Actions that began before the answer of another one of the same client and page had: Next.js' client does not make
        /// them wait.
        OverlappingActions,
        /// Client keys with a cookie that were seen first in this hour.
        KeysBegun,
        /// ... of these, within a page that they had not loaded, and gone within a minute, after an answer that set a cookie: the
        /// key of a client that has others.
        KeysBegunMidFlow,
        /// Successful actions by JavaScript that neither redirected nor rendered the page: each could be followed by a
        /// navigation.
        Navigable,
        /// ... followed by a navigation of the client router to another page, nothing else between.
        FollowedByNavigation,
        /// The same Calls, looked at one window later: control windows.
        NavigationControls,
        /// ... in which the client navigated only then.
        ControlNavigation,
        /// How long prefetches of a page took together, µs.
        TimeInPrefetches,
        /// Paths of a page that clients fetched ahead ...
        PrefetchesInRows,
        /// ... and rows of them: those of one client while it looked at one page.
        PrefetchRows,
        /// Calls of which telemetry says which credentials came with them, so that an absent one was really absent.
        CredentialsTold,
        /// Calls that a browser sent ahead of a navigation, in whatever form: telemetry tells them from others.
        Speculative,
        /// Followable Calls followed by a new document of the same page that names that page as its referer. A browser that
        /// loads a page again names the page from which it first came, so that these may have been fetched ahead.
        FollowedByOwnDocument,
        /// Requests to routes that browsers or the client router fetched ahead: a link to them came into view ...
        Prefetched,
        /// ... of these, that set a cookie or whose child spans wrote.
        PrefetchedEffects,
        /// Followable Calls while an event stream of the same client was open: what follows them may have been pushed.
        FollowableBesideStream,
        /// Calls answered 2xx or 3xx that set a session's cookie.
        SetsSession,
        /// Calls by the own UI's code that change something through a route, of which the client is known ...
        MutationsSequenced,
        /// ... that overlapped another one of the same client.
        ParallelMutations,
        /// Actions that came once with the load of their page, with the arguments of another load of the same path ...
        LoadArgumentsEqual,
        /// ... and with others than the same client's before, or than those of another visitor without a session.
        LoadArgumentsDiffer,
        /// Actions of which several came with one load: one for each row that the page shows.
        RowsOfLoad,
        /// GETs of routes whose child spans wrote, and that came without a token: a link or a prefetch does the same.
        ForgeableWrites,
        /// GETs of routes that set a cookie and came without a token; a session's cookie that is renewed for who has one does not
        /// count.
        ForgeableCookies,
        /// GETs of routes to which a page of the app sent a browser with a session, and that set a session's cookie and redirected.
        SessionsChangedByLink,
        /// Mutations that succeeded and name the app's own origin and a browser that says with every request from which site it
        /// comes, and do not say so.
        SucceededUnlikeBrowser,
        /// Mutations of routes by the app's own pages that succeeded and whose `Origin` is `null`, or another host than the one by
        /// which the app was reached: an action would be refused.
        RefusedAsActions,
        /// Actions with such an `Origin` that ran: the app allows it.
        AllowedOrigins,
        /// Calls of which telemetry says by which host the app was reached.
        HostsTold,
        /// Actions that came once with the load of their page, with other arguments than those of another person who is signed in.
        LoadArgumentsVary,
        /// GETs of routes by the code of own pages that came with a session and set its cookie, and after which the client had no
        /// session any more.
        SessionsEnded,
        /// Actions that came once with the load of their page, with the arguments of another client's load of the same path ...
        LoadArgumentsShared,
        /// ... and with others than those.
        LoadArgumentsNotShared,
    }
}

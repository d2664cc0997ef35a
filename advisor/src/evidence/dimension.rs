//! What else is kept of Calls: distributions of quantities, and how often each of a property's values came.
//!
//! The stored code of each is its position: append at the end, never reorder, never reuse.

use super::fact::coded;

coded! {
    /// A quantity of which the distribution is kept, in whole units.
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
        /// Time covered by child spans of database calls, µs, of Calls that have some.
        DatabaseTime,
        /// Time covered by child spans of outgoing requests, µs, of Calls that have some.
        OutgoingTime,
        /// Variation of a poll's intervals: standard deviation as a share of their mean, in thousandths.
        PollVariation,
        /// Response body on the wire of actions that neither rendered a page nor redirected, bytes.
        DataBytes,
    }
}

coded! {
    /// A property with many values, each of which is counted, up to a limit.
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
        /// Path of the page of Calls that belong to its load.
        LoadPage,
        /// Key of a client that had a refresh loop, as 16 hex digits. Keys rotate daily.
        LoopClient,
        /// Family of user agent of successful Calls by clients that are not browsers.
        ExternalAgent,
        /// Family of user agent of crawlers, probes and schedulers.
        BotAgent,
        /// Action id that the app did not know, of Calls by the own UI.
        UnknownAction,
        /// Hour in which the own UI asked for an unknown action id, hours since the epoch.
        UnknownActionHour,
        /// Key of a client of the own UI that asked for an unknown action id.
        UnknownActionClient,
        /// Of a page: the form of its paths, names only, where the path does not tell the route.
        PageForm,
        /// Of an action: route of the page that its client asked for again after it.
        RefreshedPage,
    }
}

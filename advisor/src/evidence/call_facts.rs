//! Facts that one Call shows by itself.

use pointsman_store::{Call, Caller, Form, HandlerKind, Hour, Sign, neutral_path};

use super::pass::{Known, Pass};
use super::rollup::About;
use super::timeline::same_page;
use super::{Dimension, Fact, Measure};
use crate::routes::is_worth_learning;

/// Statuses that an action cannot answer by itself (docs/rules/status-or-header-contract.md).
const ROUTE_STATUSES: [u16; 9] = [201, 202, 204, 401, 403, 409, 412, 422, 429];
/// A response that goes on this long after its first byte is a stream, ns (docs/rules/stream-or-binary.md).
const LONG_TAIL_NS: u64 = 2_000_000_000;
/// `serverActions.bodySizeLimit` unless the app sets another, bytes.
const DEFAULT_BODY_LIMIT: u64 = 1 << 20;

/// Counts the facts of one Call into its Handler's Rollup.
pub(super) fn count(pass: &mut Pass, known: Known<'_>) {
    let call = known.call;
    let Some(rollup) = pass.of(known) else { return };
    rollup.recorded.note(call);
    if call.form == Form::Preflight {
        rollup.about(call).exemplify(Fact::Preflights);
        return;
    }
    rollup.note_presence(call);
    let about = &mut rollup.about(call);
    about.count(Fact::Calls);
    about.measure(Measure::Duration, call.duration_ns / 1_000);
    about.count_many(Fact::TimeSpent, call.duration_ns / 1_000);
    outcome(about, call);
    caller(about, call);
    session(about, call);
    outside_use(about, call);
    if call.method == "GET" || call.method == "HEAD" {
        caching(about, call);
    }
    match call.handler.kind {
        HandlerKind::ServerAction => action(about, call),
        HandlerKind::Page => page(about, call),
        _ => {}
    }
    work(about, call);
}

/// What a Call failed as; each failure is counted as one thing only. Next.js answers 500 both for a body over its limit and for an
/// origin that does not match, and the status of an unknown action depends on its version.
fn failure(call: &Call, status: u16) -> Option<Fact> {
    if call.has(Sign::ActionNotFound) && !call.has(Sign::ActionMalformed) {
        return Some(Fact::ActionNotFound);
    }
    if call.has(Sign::BodyTooLarge) {
        return Some(Fact::BodiesTooLarge);
    }
    if call.handler.kind == HandlerKind::ServerAction
        && call.has(Sign::OriginMismatch)
        && call.has(Sign::Failed)
    {
        return Some(Fact::OriginMismatch);
    }
    match status {
        400..500 => Some(Fact::ClientErrors),
        500.. => Some(Fact::ServerErrors),
        _ => None,
    }
}

fn outcome(about: &mut About<'_>, call: &Call) {
    if call.has(Sign::ClientGone) {
        about.exemplify(Fact::ClientGone);
    }
    let Some(status) = call.status else { return };
    about.count(Fact::StatusKnown);
    about.tally(Dimension::Status, &status.to_string());
    if call.succeeded() == Some(true) {
        about.count(Fact::Succeeded);
    }
    let failure = failure(call, status);
    if let Some(fact) = failure {
        about.exemplify(fact);
    }
    // Scanners send what no code expects: an error that they get is nobody's.
    if !matches!(call.caller, Caller::Bot | Caller::Unknown) {
        about.count(Fact::StatusToUsers);
        if failure == Some(Fact::ServerErrors) {
            about.exemplify(Fact::ServerErrorsToUsers);
        }
    }
    if failure == Some(Fact::OriginMismatch) && call.caller == Caller::OwnUi {
        about.exemplify(Fact::OriginMismatchOfOwnUi);
    }
    if ROUTE_STATUSES.contains(&status) || call.has(Sign::HeaderContract) {
        about.exemplify(Fact::StatusContract);
    }
}

fn caller(about: &mut About<'_>, call: &Call) {
    about.count(Fact::by(call.caller));
    if call.succeeded() == Some(true) {
        about.exemplify(Fact::succeeded_by(call.caller));
    }
    for (present, fact) in [
        (call.has(Sign::HeadersCaptured), Fact::HeadersKnown),
        (call.has(Sign::ResponseHeadersCaptured), Fact::ResponseHeadersKnown),
        (call.client.is_some(), Fact::ClientKnown),
        (call.page.is_some(), Fact::PageKnown),
        (call.request_key.is_some(), Fact::RequestKeyKnown),
        (call.has(Sign::NoCors), Fact::NoCors),
    ] {
        if present {
            about.count(fact);
        }
    }
    if let Some(page) = &call.page {
        about.tally(Dimension::Page, &neutral_path(page));
    }
    if let Some(origin) = &call.origin {
        about.tally(Dimension::Origin, origin);
    }
    credentials(about, call);
    other_callers(about, call);
    told_by(about, call);
}

/// What the request showed to say who it is for.
fn credentials(about: &mut About<'_>, call: &Call) {
    let succeeded = call.succeeded() == Some(true);
    let token = has_token(call);
    // Cookies of a theme or against forged requests are nobody's credentials.
    let session = if call.has(Sign::SessionsTold) { Sign::SessionCookie } else { Sign::Cookie };
    for (present, fact) in [
        (token, Fact::WithToken),
        (token || call.has(Sign::Cookie), Fact::WithCredentials),
        ((token || call.has(session)) && succeeded, Fact::SucceededWithCredentials),
        (call.has(Sign::Basic), Fact::WithBasic),
        (call.has(Sign::SessionCookie), Fact::WithSession),
        (call.has(Sign::SessionsTold), Fact::SessionsTold),
        (call.has(Sign::CredentialsTold), Fact::CredentialsTold),
        (call.has(Sign::HostTold), Fact::HostsTold),
    ] {
        if present {
            about.count(fact);
        }
    }
    if token && !call.has(session) && succeeded && call.caller == Caller::OwnUi {
        let basic_alone = !call.has(Sign::Bearer) && !call.has(Sign::ApiKey);
        about.exemplify(if basic_alone { Fact::BasicWithoutSession } else { Fact::TokenWithoutSession });
    }
}

/// Callers that are no page of the app.
fn other_callers(about: &mut About<'_>, call: &Call) {
    let succeeded = call.succeeded() == Some(true);
    if succeeded && call.has(Sign::Worker) {
        about.exemplify(Fact::SucceededByWorker);
    }
    if succeeded && call.caller == Caller::Unknown && call.has(Sign::HeadersCaptured) {
        about.exemplify(Fact::SucceededUnrecognized);
    }
    if succeeded && call.caller == Caller::OwnUi {
        if call.has(Sign::UnlikeItsBrowser) {
            about.exemplify(Fact::SucceededUnlikeBrowser);
        }
        let action = !call.handler.kind.is_route();
        if call.has(Sign::OriginMismatch) && action {
            about.exemplify(Fact::AllowedOrigins);
        } else if !action && (call.has(Sign::OriginMismatch) || call.has(Sign::NullOrigin)) {
            about.exemplify(Fact::RefusedAsActions);
        }
    }
    let Some(agent) = call.agent.as_ref().filter(|_| call.caller != Caller::OwnUi) else { return };
    about.tally(Dimension::OutsideAgent, agent);
    match call.caller {
        Caller::External if succeeded => about.tally(Dimension::ExternalAgent, agent),
        Caller::Bot => about.tally(Dimension::BotAgent, agent),
        _ => {}
    }
}

/// Who reported the Call, and what kept it from saying more.
fn told_by(about: &mut About<'_>, call: &Call) {
    for (present, fact) in [
        (call.has(Sign::OwnSpan), Fact::ByPackage),
        (call.has(Sign::ForwardedUntrusted), Fact::ForwardedUntrusted),
        (call.has(Sign::RemoteUnsampled), Fact::RemoteUnsampled),
        (call.form == Form::Speculation, Fact::Speculations),
        (call.has(Sign::Speculative), Fact::Speculative),
        (call.form == Form::Probe, Fact::Probes),
    ] {
        if present {
            about.count(fact);
        }
    }
}

/// Whether the Call shows something that is checked, besides cookies.
pub(super) fn has_token(call: &Call) -> bool {
    [Sign::Bearer, Sign::Basic, Sign::ApiKey].into_iter().any(|sign| call.has(sign))
}

/// Whether the Call is somebody's whom the app knows; of a cookie that may be none of a session this is taken to be so.
pub(super) fn is_signed_in(call: &Call) -> bool {
    let session = if call.has(Sign::SessionsTold) { Sign::SessionCookie } else { Sign::Cookie };
    has_token(call) || call.has(session)
}

/// Who is signed in, and what begins a session. A visitor's cookie against forgery is no session.
fn session(about: &mut About<'_>, call: &Call) {
    let signed_in = is_signed_in(call);
    if signed_in && call.caller == Caller::OwnUi {
        about.count(Fact::ByOwnUiSignedIn);
    }
    if call.succeeded() != Some(true) {
        return;
    }
    let told = call.has(Sign::SessionsTold);
    if told {
        about.count(Fact::SucceededSessionsTold);
        if signed_in {
            about.count(Fact::SucceededSignedIn);
        }
    }
    if call.has(Sign::SetsSessionCookie) {
        about.count(Fact::SetsSession);
    }
    if begins_session(call) {
        about.exemplify(Fact::SessionsBegun);
    }
}

/// Whether the answer gave a session, as far as telemetry tells, to somebody who had none.
pub(super) fn begins_session(call: &Call) -> bool {
    let perhaps = !call.has(Sign::SetsSessionTold) && call.has(Sign::SetsCookie);
    !is_signed_in(call) && (call.has(Sign::SetsSessionCookie) || perhaps)
}

/// What shows that parties outside the own UI rely on the Handler's URL.
fn outside_use(about: &mut About<'_>, call: &Call) {
    if let Some(signature) = &call.signature {
        about.exemplify(Fact::Signed);
        about.tally(Dimension::Signature, signature);
        if matches!(call.status, Some(300..=399 | 401 | 403)) {
            about.exemplify(Fact::SignedTurnedAway);
        }
    }
    let other_origin = call.caller == Caller::CrossOrigin && call.succeeded() == Some(true);
    if other_origin && !call.has(Sign::Navigate) {
        about.exemplify(Fact::CrossOriginFetches);
    }
    if call.has(Sign::AllowsOrigin) {
        about.exemplify(Fact::AllowOrigin);
    }
    let redirects = matches!(call.status, Some(301 | 302 | 303 | 307 | 308));
    let navigates = call.has(Sign::Navigate);
    if call.method == "GET" && (navigates || redirects || call.has(Sign::LinkQuery)) {
        about.exemplify(Fact::NavigatedTo);
    }
    if call.method == "POST" && navigates && redirects {
        about.exemplify(Fact::NativeFormPosts);
    }
    if call.has(Sign::Subresource) {
        about.exemplify(Fact::Subresources);
    }
    if call.succeeded() == Some(true) && (call.has(Sign::StreamOrBinary) || call.has(Sign::Disposition)) {
        about.exemplify(Fact::StreamOrBinary);
    }
    if call.has(Sign::Prefetched) && call.handler.kind.is_route() && call.method == "GET" {
        about.count(Fact::Prefetched);
        if call.has(Sign::SetsCookie) || call.has(Sign::Writes) {
            about.exemplify(Fact::PrefetchedEffects);
        }
    }
    forgeable(about, call);
    writing(about, call);
    if let Some(media_type) = &call.media_type {
        about.tally(Dimension::MediaType, media_type);
    }
}

/// What a GET changed that any link, prefetch or page of another site can change as well: none of them can send a token.
fn forgeable(about: &mut About<'_>, call: &Call) {
    if call.method != "GET" || !call.handler.kind.is_route() || has_token(call) {
        return;
    }
    let redirects = matches!(call.status, Some(300..400));
    let of_session = call.has(Sign::SessionCookie) && call.has(Sign::SetsSessionCookie);
    if call.has(Sign::Writes) {
        about.exemplify(Fact::ForgeableWrites);
    }
    if call.has(Sign::SetsCookie) && (redirects || !of_session) {
        about.exemplify(Fact::ForgeableCookies);
    }
    let by_link = call.has(Sign::Navigate) && call.caller == Caller::OwnUi && call.page.is_some();
    if of_session && redirects && by_link {
        about.exemplify(Fact::SessionsChangedByLink);
    }
}

/// Whether the answer was a stream, by how it was written.
fn writing(about: &mut About<'_>, call: &Call) {
    if let Some(first_byte) = call.first_byte_ns {
        about.count(Fact::FirstByteKnown);
        if call.duration_ns.saturating_sub(first_byte) > LONG_TAIL_NS {
            about.exemplify(Fact::LongTail);
        }
    }
    if let Some((writes, body_ns)) = call.writes.zip(call.body_ns).filter(|_| call.succeeded() == Some(true))
    {
        about.count(Fact::WritesKnown);
        if in_pieces(call, writes, body_ns) {
            about.exemplify(Fact::WrittenInPieces);
        }
    }
    let text = matches!(call.media_type.as_deref(), Some("text/plain" | "text/markdown"));
    if text && call.first_byte_ns.is_none() && call.succeeded() == Some(true) {
        about.count(Fact::TextOfUnknownStart);
        if call.duration_ns > LONG_TAIL_NS {
            about.exemplify(Fact::SlowText);
        }
    }
}

/// Whether a body was written piece by piece while it was made. A large one is written in large pieces, and to a slow client
/// over a long time. [judgement]
fn in_pieces(call: &Call, writes: u64, body_ns: u64) -> bool {
    /// Writes that one answer in one piece does not take.
    const SEVERAL: u64 = 4;
    /// Bytes of a piece that a server sends as it comes.
    const SMALL: u64 = 8 << 10;
    /// Time that writing one piece after the other does not take, ns.
    const LONG: u64 = 500_000_000;
    let small = call.response_bytes.is_none_or(|bytes| bytes / writes.max(1) <= SMALL);
    writes >= SEVERAL && small && body_ns >= LONG && body_ns >= call.duration_ns / 4
}

fn caching(about: &mut About<'_>, call: &Call) {
    let not_modified = call.status == Some(304);
    if call.has(Sign::CacheHit) {
        about.exemplify(Fact::CacheHits);
    }
    if call.has(Sign::CacheMiss) {
        about.exemplify(Fact::CacheMisses);
    }
    if not_modified {
        about.count(Fact::NotModified);
    }
    if call.has(Sign::CacheControl) {
        about.count(Fact::CacheControl);
    }
    if call.has(Sign::CacheAllowed) {
        about.exemplify(Fact::CacheAllowed);
        if call.has(Sign::SetsCookie) {
            about.exemplify(Fact::CacheAllowedWithCookie);
        }
    }
    if not_modified || call.has(Sign::Conditional) {
        about.exemplify(Fact::Conditional);
    }
    if call.status == Some(200) && call.has(Sign::ResponseHeadersCaptured) {
        about.count(Fact::PlainGets);
        if !call.has(Sign::CacheControl) {
            about.exemplify(Fact::GetsWithoutCacheControl);
        }
    }
}

/// In which form a page was asked for, and by which paths.
fn page(about: &mut About<'_>, call: &Call) {
    match call.form {
        Form::Document => about.count(Fact::PageDocuments),
        Form::Rsc => about.count(Fact::PageNavigations),
        Form::Prefetch | Form::Speculation => {
            about.exemplify(Fact::PagePrefetches);
            about.count_many(Fact::TimeInPrefetches, call.duration_ns / 1_000);
        }
        _ => {}
    }
    if let Some(path) = call.path.as_deref().filter(|path| is_worth_learning(&call.handler.route, path)) {
        about.tally(Dimension::PageForm, &neutral_path(path));
    }
}

/// Whether the client was on its way to another page: the router posts to the new one already, and the browser still names the
/// old one. That page has nothing of the action's to import.
fn posted_during_a_navigation(call: &Call) -> bool {
    call.page.is_some() && call.path.is_some() && !same_page(call.page.as_ref(), call.path.as_ref())
}

fn action(about: &mut About<'_>, call: &Call) {
    about.tally(Dimension::Route, &call.handler.route);
    for (sign, fact) in [
        (Sign::Rerendered, Fact::Rerendered),
        (Sign::Redirected, Fact::Redirected),
        (Sign::CachedFunction, Fact::CachedFunctions),
        (Sign::DropsPrefetches, Fact::DropsPrefetches),
        (Sign::RedirectedWithContent, Fact::RedirectedWithContent),
    ] {
        if call.has(sign) {
            about.exemplify(fact);
        }
    }
    if call.has(Sign::Forwarded) && !posted_during_a_navigation(call) {
        about.exemplify(Fact::Forwarded);
    }
    if let Some(id) = call.unknown_action.as_ref().filter(|_| call.caller == Caller::OwnUi) {
        about.count(Fact::UnknownIdsOfUi);
        about.tally(Dimension::UnknownAction, id);
        about.tally(Dimension::UnknownActionHour, &Hour::of(call.start_ns).0.to_string());
        if let Some(client) = call.client {
            about.tally(Dimension::UnknownActionClient, &format!("{:016x}", client.0));
        }
    }
    // A scanner without a session is turned away on purpose.
    if call.has(Sign::RedirectedByProxy) && call.caller == Caller::OwnUi {
        about.exemplify(Fact::RedirectedByProxy);
    }
    if call.has(Sign::Rerendered) && call.has(Sign::SetsCookie) {
        about.exemplify(Fact::RerenderedWithCookie);
    }
    let bare = !call.has(Sign::Rerendered) && !call.has(Sign::Redirected);
    if let Some(bytes) = call.response_bytes.filter(|_| bare && call.status == Some(200)) {
        about.measure(Measure::DataBytes, bytes);
    }
    if call.form == Form::ActionForm {
        about.exemplify(Fact::FormPosts);
    }
    let large = call.request_bytes.is_some_and(|bytes| bytes > DEFAULT_BODY_LIMIT);
    if large || call.has(Sign::BodyTooLarge) {
        about.count(Fact::OverActionLimit);
    }
}

/// What the Call did: bodies, cookies, reads, writes, requests to its own app.
fn work(about: &mut About<'_>, call: &Call) {
    if let Some(bytes) = call.request_bytes {
        about.measure(Measure::RequestBytes, bytes);
    }
    if let Some(bytes) = call.response_bytes {
        about.measure(Measure::ResponseBytes, bytes);
    }
    if call.has(Sign::SetsCookie) {
        about.exemplify(Fact::SetsCookie);
    }
    for (sign, fact) in [
        (Sign::ProxyRan, Fact::ProxyRan),
        (Sign::PagesRouter, Fact::ByPagesRouter),
        (Sign::AppRouter, Fact::ByAppRouter),
    ] {
        if call.has(sign) {
            about.count(fact);
        }
    }
    if call.has(Sign::Waterfall) {
        about.exemplify(Fact::Waterfalls);
    }
    if call.has(Sign::Writes) {
        about.exemplify(Fact::WriteWork);
    } else if call.has(Sign::Reads) {
        about.count(Fact::ReadWork);
    }
    if call.self_fetches > 0 {
        about.exemplify(Fact::SelfFetching);
        about.count_many(Fact::SelfFetches, u64::from(call.self_fetches));
        about.measure(Measure::SelfFetchOverhead, call.self_fetch_overhead_ns / 1_000);
    }
    child_time(about, call);
}

fn child_time(about: &mut About<'_>, call: &Call) {
    for (time, measure) in
        [(call.database_ns, Measure::DatabaseTime), (call.outgoing_ns, Measure::OutgoingTime)]
    {
        if let Some(ns) = time {
            about.measure(measure, ns / 1_000);
        }
    }
    if let Some(ns) = call.child_ns {
        about.count(Fact::WithChildSpans);
        about.count_many(Fact::TimeWithChildSpans, call.duration_ns / 1_000);
        about.count_many(Fact::TimeInChildSpans, ns.min(call.duration_ns) / 1_000);
    }
}

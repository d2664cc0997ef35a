//! Facts that one Call shows by itself.

use pointsman_store::{Caller, Form, HandlerKind, Sign};

use super::{Dimension, Fact, Known, Measure, Pass, Rollup};
use pointsman_store::Call;

/// Statuses that an action cannot answer by itself (rules.md, status-or-header-contract).
const ROUTE_STATUSES: [u16; 9] = [201, 202, 204, 401, 403, 409, 412, 422, 429];
/// A response that goes on this long after its first byte is a stream, ns (rules.md, stream-or-binary).
const LONG_TAIL_NS: u64 = 2_000_000_000;
/// `serverActions.bodySizeLimit` unless the app sets another, bytes.
const DEFAULT_BODY_LIMIT: u64 = 1 << 20;

/// Counts the facts of one Call into its Handler's Rollup.
pub(super) fn count(pass: &mut Pass, known: Known<'_>) {
    let call = known.call;
    let Some(rollup) = pass.of(known) else { return };
    rollup.note_presence(call);
    if call.form == Form::Preflight {
        rollup.exemplify(Fact::Preflights, call);
        return;
    }
    rollup.count(Fact::Calls, call);
    rollup.measure(Measure::Duration, call, call.duration_ns / 1_000);
    outcome(rollup, call);
    caller(rollup, call);
    outside_use(rollup, call);
    if call.method == "GET" || call.method == "HEAD" {
        caching(rollup, call);
    }
    if call.handler.kind == HandlerKind::ServerAction {
        action(rollup, call);
    }
    work(rollup, call);
}

fn outcome(rollup: &mut Rollup, call: &Call) {
    let Some(status) = call.status else { return };
    rollup.count(Fact::StatusKnown, call);
    rollup.tally(Dimension::Status, call, &status.to_string());
    match status {
        200..400 => rollup.count(Fact::Succeeded, call),
        400..500 => rollup.exemplify(Fact::ClientErrors, call),
        500.. => rollup.exemplify(Fact::ServerErrors, call),
        _ => {}
    }
    if ROUTE_STATUSES.contains(&status) || call.has(Sign::HeaderContract) {
        rollup.exemplify(Fact::StatusContract, call);
    }
}

fn caller(rollup: &mut Rollup, call: &Call) {
    rollup.count(Fact::By(call.caller), call);
    if call.succeeded() == Some(true) {
        rollup.exemplify(Fact::SucceededBy(call.caller), call);
    }
    for (present, fact) in [
        (call.has(Sign::HeadersCaptured), Fact::HeadersKnown),
        (call.has(Sign::ResponseHeadersCaptured), Fact::ResponseHeadersKnown),
        (call.client.is_some(), Fact::ClientKnown),
        (call.page.is_some(), Fact::PageKnown),
        (call.has(Sign::NoCors), Fact::NoCors),
    ] {
        if present {
            rollup.count(fact, call);
        }
    }
    let token = [Sign::Bearer, Sign::Basic, Sign::ApiKey].into_iter().any(|sign| call.has(sign));
    if token {
        rollup.count(Fact::WithToken, call);
    }
    if token || call.has(Sign::Cookie) {
        rollup.count(Fact::WithCredentials, call);
    }
    if let Some(page) = &call.page {
        rollup.tally(Dimension::Page, call, page);
    }
    if call.caller != Caller::OwnUi
        && let Some(agent) = &call.agent
    {
        rollup.tally(Dimension::OutsideAgent, call, agent);
    }
    if let Some(origin) = &call.origin {
        rollup.tally(Dimension::Origin, call, origin);
    }
}

/// What shows that parties outside the own UI rely on the Handler's URL.
fn outside_use(rollup: &mut Rollup, call: &Call) {
    if let Some(signature) = &call.signature {
        rollup.exemplify(Fact::Signed, call);
        rollup.tally(Dimension::Signature, call, signature);
        if matches!(call.status, Some(300..=399 | 401 | 403)) {
            rollup.exemplify(Fact::SignedTurnedAway, call);
        }
    }
    let other_origin = call.caller == Caller::CrossOrigin && call.succeeded() == Some(true);
    if other_origin && !call.has(Sign::Navigate) {
        rollup.exemplify(Fact::CrossOriginFetches, call);
    }
    if call.has(Sign::AllowsOrigin) {
        rollup.exemplify(Fact::AllowOrigin, call);
    }
    let redirects = matches!(call.status, Some(301 | 302 | 303 | 307 | 308));
    let navigates = call.has(Sign::Navigate);
    if call.method == "GET" && (navigates || redirects || call.has(Sign::LinkQuery)) {
        rollup.exemplify(Fact::NavigatedTo, call);
    }
    if call.method == "POST" && navigates && redirects {
        rollup.exemplify(Fact::NativeFormPosts, call);
    }
    if call.has(Sign::Subresource) {
        rollup.exemplify(Fact::Subresources, call);
    }
    if call.succeeded() == Some(true) && (call.has(Sign::StreamOrBinary) || call.has(Sign::Disposition)) {
        rollup.exemplify(Fact::StreamOrBinary, call);
    }
    if let Some(first_byte) = call.first_byte_ns {
        rollup.count(Fact::FirstByteKnown, call);
        if call.duration_ns.saturating_sub(first_byte) > LONG_TAIL_NS {
            rollup.exemplify(Fact::LongTail, call);
        }
    }
    if let Some(media_type) = &call.media_type {
        rollup.tally(Dimension::MediaType, call, media_type);
    }
}

fn caching(rollup: &mut Rollup, call: &Call) {
    let not_modified = call.status == Some(304);
    if call.has(Sign::CacheHit) {
        rollup.exemplify(Fact::CacheHits, call);
    }
    if call.has(Sign::CacheAllowed) {
        rollup.exemplify(Fact::CacheAllowed, call);
    }
    if not_modified || call.has(Sign::Conditional) {
        rollup.exemplify(Fact::Conditional, call);
    }
    if call.status == Some(200) && call.has(Sign::ResponseHeadersCaptured) {
        rollup.count(Fact::PlainGets, call);
        if !call.has(Sign::CacheControl) {
            rollup.exemplify(Fact::GetsWithoutCacheControl, call);
        }
    }
}

fn action(rollup: &mut Rollup, call: &Call) {
    rollup.tally(Dimension::Route, call, &call.handler.route);
    for (sign, fact) in [(Sign::Rerendered, Fact::Rerendered), (Sign::Redirected, Fact::Redirected)] {
        if call.has(sign) {
            rollup.exemplify(fact, call);
        }
    }
    if call.has(Sign::ActionNotFound) && !call.has(Sign::ActionMalformed) {
        rollup.exemplify(Fact::ActionNotFound, call);
    }
    if call.form == Form::ActionForm {
        rollup.exemplify(Fact::FormPosts, call);
    }
    if call.request_bytes.is_some_and(|bytes| bytes > DEFAULT_BODY_LIMIT) {
        rollup.count(Fact::OverActionLimit, call);
        if call.status == Some(500) {
            rollup.exemplify(Fact::OverActionLimitFailed, call);
        }
    }
    if call.has(Sign::OriginMismatch) && call.has(Sign::Failed) {
        rollup.exemplify(Fact::OriginMismatch, call);
    }
}

/// What the Call did: bodies, cookies, reads, writes, requests to its own app.
fn work(rollup: &mut Rollup, call: &Call) {
    if let Some(bytes) = call.request_bytes {
        rollup.measure(Measure::RequestBytes, call, bytes);
    }
    if let Some(bytes) = call.response_bytes {
        rollup.measure(Measure::ResponseBytes, call, bytes);
    }
    if call.has(Sign::SetsCookie) {
        rollup.exemplify(Fact::SetsCookie, call);
    }
    if call.has(Sign::Writes) {
        rollup.exemplify(Fact::WriteWork, call);
    } else if call.has(Sign::Reads) {
        rollup.count(Fact::ReadWork, call);
    }
    if call.self_fetches > 0 {
        rollup.exemplify(Fact::SelfFetching, call);
        rollup.count_many(Fact::SelfFetches, call, u64::from(call.self_fetches));
        rollup.measure(Measure::SelfFetchOverhead, call, call.self_fetch_overhead_ns / 1_000);
    }
}

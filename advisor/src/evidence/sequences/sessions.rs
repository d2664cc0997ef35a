//! Sessions that a GET ended: after its answer the client has none any more. A session's cookie is set when it is renewed and when it is
//! ended; what the client sends next tells which.

use pointsman_store::{Call, Caller, Sign};

use super::super::Fact;
use super::super::call_facts::has_token;
use super::super::pass::Pass;
use super::super::timeline::{Certainty, Timeline};
use super::reads::is_read;
use super::{SECOND, gap};

/// What the client sends later than this may come after the session had run out, ns. [judgement]
const SOON: i64 = 300 * SECOND.cast_signed();
/// Calls that are looked at after a GET.
const MOST: usize = 200;

/// Counts the GETs of the timeline after which there was no session.
pub(super) fn count(pass: &mut Pass, line: &Timeline<'_>) {
    for (place, known) in line.calls.iter().enumerate().filter(|(_, known)| may_end_a_session(known.call)) {
        // Requests that were under way still carry the old cookie.
        let mut later = line.calls.iter().skip(place + 1).take(MOST).filter(|next| {
            let since = gap(known.call, next.call);
            line.within((known.call, next.call), since, 0, SOON) == Certainty::Holds
        });
        let told = |call: &Call| call.caller == Caller::OwnUi && call.has(Sign::SessionsTold);
        let next = later.find(|next| told(next.call));
        if next.is_some_and(|next| !next.call.has(Sign::SessionCookie) && !has_token(next.call))
            && let Some(mut about) = pass.about(*known)
        {
            about.exemplify(Fact::SessionsEnded);
        }
    }
}

/// A GET by an own page's code that came with a session and set its cookie.
fn may_end_a_session(call: &Call) -> bool {
    is_read(call)
        && call.has(Sign::SessionCookie)
        && call.has(Sign::SetsSessionCookie)
        && call.succeeded() == Some(true)
}

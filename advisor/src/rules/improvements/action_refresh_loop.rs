//! **action-refresh-loop**: the page calls the action, the answer makes the page load again, and the page calls the action again.
//!
//! Seen: four or more rounds within ten seconds of one client: the action answers with `x-action-revalidated: 1`, the client fetches
//! the same page (RSC) or has it in the answer, and calls the same action again, without a pause and with the same arguments; at
//! three or more clients.
//! Why: a cookie on the action's answer, or a revalidation in it, makes the router fetch the page again. If the page calls the action
//! when it is shown, this never ends: each open tab is a load test. It is listed before all moves. All versions.
//! Source: formbricks#8507, #8513, #8515; nextjs-auth0#2124; better-auth#8464; next.js#78713.
//! Guard: nobody clicks so fast; a poll has no page load between its calls.
//! Example: `useEffect(() => { getSummary() }, [])` behind a proxy that renews the session's cookie with each request.

use super::super::{Finding, Knobs, Rule, Statement, counted, is_action, percent};
use super::cookie_rerender::remedy;
use super::improvement;
use crate::evidence::{Dimension, Fact};
use crate::gain::Gain;
use crate::profile::{Profile, Share};
use crate::stats::as_f64;

/// The threshold is the number of clients.
pub(in super::super) static RULE: Rule =
    improvement("action-refresh-loop", "stop the endless refresh", 3.0, 3, is_action, look);

/// Whether so many calls run in such loops that what else they seem to do is the loop's.
pub(in super::super) fn is_looping(profile: &Profile) -> bool {
    /// Share of calls. [judgement]
    const SOME: f64 = 0.1;
    profile.share(Fact::InRefreshLoop, Fact::Calls).is_some_and(|share| share.observed > SOME)
}

fn look(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    if !profile.is_unsampled() {
        return Finding::Silent;
    }
    let loops = profile.observed(Fact::RefreshLoops);
    let clients = profile.values(Dimension::LoopClient).len();
    if loops < knobs.min_samples || as_f64(clients as u64) < knobs.threshold {
        return Finding::Silent;
    }
    let calls = profile.observed(Fact::InRefreshLoop);
    let with_cookie = profile.share(Fact::RerenderedWithCookie, Fact::DropsPrefetches);
    let cause = if with_cookie.is_some_and(|share| share.observed >= 0.5) {
        format!("its answer sets a cookie: {}", remedy(&profile.surroundings.others))
    } else {
        "its answer revalidates the page that calls it: do not revalidate in an action that a page calls when it is shown".to_owned()
    };
    let text = format!(
        "{} of its {} calls ran in {} without end at {}: the answer makes the page load again, and the page calls it again. {cause}",
        percent(as_f64(calls) / as_f64(profile.observed(Fact::Calls)).max(1.0)),
        profile.observed(Fact::Calls),
        counted(loops, "loop"),
        counted(clients as u64, "client"),
    );
    // Of each round both requests are for nothing.
    let gain =
        Gain { per_day: profile.estimate_per_day(Fact::InRefreshLoop), requests: 2.0, ..Gain::default() };
    let share = Share::of(1.0, as_f64(loops), loops);
    let statement =
        Statement::of_share(share, text, "no loop of an action and the page that calls it".to_owned());
    let statement = statement.with(profile.exemplars(Fact::InRefreshLoop)).gaining(gain);
    Finding::Holds(Statement { observed: as_f64(clients as u64), ..statement })
}

//! Actions after which the client router goes to another page at once, as `await save(); router.push('/list')` does. A person
//! who follows a link does so one window later just as often: that is the base rate.

use pointsman_store::{Call, Caller, Form, Sign};

use super::super::pass::{Known, Pass};
use super::super::timeline::{Certainty, Timeline, asks_for_page, is_action_fetch, same_page};
use super::super::{Fact, InteractionKind};
use super::follow::answered;
use super::{after, gap, interaction};

/// Counts the navigations after actions of the timeline.
pub(super) fn count(pass: &mut Pass, line: &Timeline<'_>) {
    let mut action: Option<Known<'_>> = None;
    // What the router fetches ahead comes by itself; everything else that the user does ends the search.
    for known in line.calls.iter().filter(|known| is_by_user(known.call)) {
        if let Some(action) = action.take().filter(|action| is_left(action.call, known.call)) {
            record(pass, line, action, *known);
        }
        action = Some(*known).filter(|known| can_navigate(known.call));
        if let Some(mut about) = action.and_then(|known| pass.about(known)) {
            about.count(Fact::Navigable);
            about.count(Fact::NavigationControls);
        }
    }
}

fn is_by_user(call: &Call) -> bool {
    call.caller == Caller::OwnUi && call.form != Form::Prefetch && call.form != Form::Internal
}

/// An action that brought neither another page nor its own again.
fn can_navigate(call: &Call) -> bool {
    is_action_fetch(call)
        && matches!(call.status, Some(200..300))
        && !call.has(Sign::Redirected)
        && !call.has(Sign::Rerendered)
}

/// Whether a Call leaves the page of an action for another one.
fn is_left(action: &Call, call: &Call) -> bool {
    call.form == Form::Rsc
        && asks_for_page(call)
        && same_page(action.path.as_ref(), call.page.as_ref())
        && !same_page(action.path.as_ref(), call.path.as_ref())
}

fn record(pass: &mut Pass, line: &Timeline<'_>, action: Known<'_>, page: Known<'_>) {
    let pair = (action.call, page.call);
    let reach = line.rhythm.refresh(action.call);
    let since = after(page.call.start_ns, action.call.start_ns);
    let begins_later = line.within(pair, since, answered(action.call), i64::MAX);
    let waited = gap(action.call, page.call);
    let at_once = begins_later.and(line.within(pair, waited, i64::MIN, reach));
    let length = reach.saturating_add(action.call.duration_ns.cast_signed());
    let one_window_later = line.within(pair, waited, reach + 1, reach.saturating_add(length));
    let Some(mut about) = pass.about(action) else { return };
    if one_window_later == Certainty::Holds {
        about.count(Fact::ControlNavigation);
    }
    if at_once == Certainty::Holds {
        about.exemplify(Fact::FollowedByNavigation);
        if let Some(rollup) = pass.of(action) {
            rollup.keep(interaction(InteractionKind::ActionThenNavigation, &[action, page], 0));
        }
    }
}

//! Which recommendations are one Change, from one run to the next: a Change that loses or gains a Handler stays the same one,
//! and a decision about it is one about all of its Handlers. What is said of it is put together in `change`.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use pointsman_store::{Fingerprint, Handler};

use super::history::{History, Recommendation, State, Who};
use super::proof::{Outcome, Proof};
use super::told::Step;
use crate::change::{Change, ChangeId, Named, Outline, generic_title, outline};
use crate::report::{Benefit, HandlerReport, Report, Verdict, rfc3339};

/// A recommendation's own key.
type Key = (Fingerprint, Verdict);
/// Recommendations that are one Change.
type Members<'a> = Vec<(&'a Key, &'a Recommendation)>;

/// Puts recommendations into Changes: those that a look has found together into the Change with which they have most in
/// common, each other one into a Change of its own. Who joins a Change shares the decision about it.
pub(super) fn join(found: &[Change], history: &mut History, now_ns: u64) {
    let mut groups: Vec<Vec<Key>> = found.iter().flat_map(|change| apart(change, history)).collect();
    groups.iter_mut().for_each(|group| group.sort_unstable());
    groups.sort_unstable();
    let mut taken: BTreeSet<ChangeId> = BTreeSet::new();
    let mut ids: Vec<Option<ChangeId>> = vec![None; groups.len()];
    for (place, id) in candidates(&groups, history) {
        if ids[place].is_none() && taken.insert(id) {
            ids[place] = Some(id);
        }
    }
    for (group, id) in groups.iter().zip(ids) {
        let id = id.or_else(|| group.first().map(|key| unused(*key, history)));
        for key in group {
            if let Some(one) = history.recommendations.get_mut(key) {
                one.change = id;
            }
        }
        share_decision(group, history, now_ns);
    }
    let alone: Vec<Key> =
        history.recommendations.iter().filter(|(_, one)| one.change.is_none()).map(|(key, _)| *key).collect();
    for key in alone {
        let id = unused(key, history);
        if let Some(one) = history.recommendations.get_mut(&key) {
            one.change = Some(id);
        }
    }
}

/// The moves of a group that stand, and may be answered as one: what somebody has answered alone stays apart from the rest,
/// unless most of the group was answered so. Nobody's silence is taken for a refusal.
fn apart(found: &Change, history: &History) -> Vec<Vec<Key>> {
    let stands = |key: &Key| history.standing.get(&key.0).is_some_and(|standing| standing.verdict == key.1);
    let keys = found.handlers.iter().filter_map(|id| Fingerprint::from_hex(id)).map(|id| (id, found.verdict));
    let keys: Vec<Key> = keys.filter(stands).collect();
    let state =
        |key: &Key| history.recommendations.get(key).map(|one| (one.state, one.is_dismissed_by_policy()));
    let (ruled_out, mine): (Vec<Key>, Vec<Key>) =
        keys.into_iter().partition(|key| state(key).is_some_and(|(_, by_policy)| by_policy));
    let refused = |key: &Key| matches!(state(key), Some((State::Dismissed | State::Snoozed, _)));
    let (refused, open): (Vec<Key>, Vec<Key>) = mine.into_iter().partition(refused);
    let accepted = open.iter().any(|key| matches!(state(key), Some((State::Accepted, _))));
    let change = |key: &Key| history.recommendations.get(key).and_then(|one| one.change);
    let of_one = refused
        .first()
        .and_then(change)
        .is_some_and(|first| refused.iter().all(|key| change(key) == Some(first)));
    let mut groups = if of_one && !accepted && refused.len() > open.len() {
        vec![[refused, open].concat()]
    } else {
        let mut by_change: BTreeMap<Option<ChangeId>, Vec<Key>> = BTreeMap::new();
        for key in refused {
            by_change.entry(change(&key)).or_default().push(key);
        }
        let unanswered_apart = by_change.remove(&None).unwrap_or_default();
        let alone = unanswered_apart.into_iter().map(|key| vec![key]);
        by_change.into_values().chain(alone).chain([open]).collect()
    };
    groups.push(ruled_out);
    groups.retain(|group| !group.is_empty());
    groups
}

/// Groups with the Changes that they may be, those with most in common first, then the oldest.
fn candidates(groups: &[Vec<Key>], history: &History) -> Vec<(usize, ChangeId)> {
    let mut found: Vec<(Reverse<usize>, u64, ChangeId, usize)> = Vec::new();
    for (place, group) in groups.iter().enumerate() {
        let mut common: BTreeMap<ChangeId, (usize, u64)> = BTreeMap::new();
        for one in group.iter().filter_map(|key| history.recommendations.get(key)) {
            if let Some(id) = one.change {
                let (count, oldest) = common.entry(id).or_insert((0, u64::MAX));
                *count += 1;
                *oldest = one.proposed_ns.min(*oldest);
            }
        }
        found.extend(common.into_iter().map(|(id, (count, oldest))| (Reverse(count), oldest, id, place)));
    }
    found.sort_unstable();
    found.into_iter().map(|(_, _, id, place)| (place, id)).collect()
}

/// An id that no Change has had: of this move, or, where that one is taken, the next.
fn unused(key: Key, history: &History) -> ChangeId {
    let is_taken = |id: &ChangeId| {
        history.changes.contains_key(id)
            || history.recommendations.values().any(|one| one.change == Some(*id))
    };
    (0..u32::MAX)
        .map(|attempt| ChangeId::of(key, attempt))
        .find(|id| !is_taken(id))
        .unwrap_or(ChangeId::of(key, 0))
}

/// What was decided about a Change holds for those that have joined it.
fn share_decision(group: &[Key], history: &mut History, now_ns: u64) {
    let decided = group.iter().filter_map(|key| history.recommendations.get(key)).find(|one| {
        matches!(one.state, State::Accepted | State::Dismissed | State::Snoozed)
            && !one.is_dismissed_by_policy()
    });
    let Some((state, until_ns)) = decided.map(|one| (one.state, one.until_ns)) else { return };
    let reason = format!("it is part of a change that was {}", state.as_str());
    for key in group {
        if let Some(one) = history.recommendations.get_mut(key).filter(|one| one.state == State::Proposed) {
            one.change(now_ns, state, Who::Advisor, reason.clone());
            one.until_ns = until_ns;
        }
    }
}

/// Every recommendation, Change by Change.
fn by_change(history: &History) -> BTreeMap<ChangeId, Members<'_>> {
    let mut changes: BTreeMap<ChangeId, Members<'_>> = BTreeMap::new();
    for (key, one) in &history.recommendations {
        if let Some(id) = one.change {
            changes.entry(id).or_default().push((key, one));
        }
    }
    changes
}

/// Where a Change stands: with what is left to do of it.
pub(super) fn state(members: &[&Recommendation]) -> State {
    let has = |state: State| members.iter().any(|one| one.state == state);
    let left =
        [State::Accepted, State::Proposed, State::Snoozed, State::Dismissed].into_iter().find(|it| has(*it));
    left.unwrap_or(match (has(State::Applied), has(State::Verified)) {
        (true, _) => State::Applied,
        (false, true) => State::Verified,
        (false, false) => State::Expired,
    })
}

/// Notes what is said of Changes that are new, or that other Handlers have joined or left since.
pub(super) fn remember(report: &Report, history: &mut History) {
    let mut changes = Vec::new();
    for (id, members) in by_change(history) {
        let rows = rows_to_move(report, &members);
        let Some(now) = outline(&rows) else { continue };
        let known = history.changes.get(&id);
        // The look may see less than what stands; then what was said before says more.
        if known.is_none_or(|known| is_seen(&rows) && still_to_move(known, &members) != now.handlers) {
            changes.push((id, now));
        }
    }
    history.changes.extend(changes);
}

/// The Handlers of a Change that have not moved yet, as the report has them.
fn rows_to_move<'r>(report: &'r Report, members: &Members<'_>) -> Vec<&'r HandlerReport> {
    let is_left = |one: &Recommendation| {
        matches!(one.state, State::Proposed | State::Accepted | State::Dismissed | State::Snoozed)
    };
    let ids: BTreeMap<String, Verdict> = members
        .iter()
        .filter(|(_, one)| is_left(one))
        .map(|((id, verdict), _)| (id.to_string(), *verdict))
        .collect();
    report.handlers.iter().filter(|row| ids.get(&row.id) == Some(&row.verdict)).collect()
}

/// The Handlers of which something was said, but for those that have moved since: their promise stays.
fn still_to_move(known: &Outline, members: &Members<'_>) -> Vec<String> {
    let is_made = |id: &String| {
        members.iter().any(|((member, _), one)| {
            matches!(one.state, State::Applied | State::Verified) && member.to_string() == *id
        })
    };
    known.handlers.iter().filter(|id| !is_made(id)).cloned().collect()
}

/// Whether the look sees the reason of all of them itself.
fn is_seen(rows: &[&HandlerReport]) -> bool {
    !rows.is_empty() && rows.iter().all(|row| row.rule.is_some())
}

/// All Changes but those whose reason is gone, in the order of reports.
pub(super) fn shown(
    report: &Report,
    history: &History,
    handlers: &HashMap<Fingerprint, Handler>,
) -> Vec<Change> {
    let told = by_change(history).into_iter().filter_map(|(id, members)| {
        let rows = rows_to_move(report, &members);
        let known = history.changes.get(&id);
        let fresh = || outline(&rows).filter(|_| is_seen(&rows) || known.is_none());
        let said = fresh().or_else(|| known.cloned());
        tell(id, &members, said, known, handlers)
    });
    let mut changes: Vec<Change> = told.collect();
    changes.sort_by(Change::by_gain);
    changes
}

/// A Change with its life; `None` when it has expired, or nobody knows its Handlers any more.
fn tell(
    id: ChangeId,
    members: &Members<'_>,
    said: Option<Outline>,
    known: Option<&Outline>,
    handlers: &HashMap<Fingerprint, Handler>,
) -> Option<Change> {
    let live: Members<'_> = members.iter().copied().filter(|(_, one)| one.state != State::Expired).collect();
    let verdict = live.first()?.0.1;
    let each: Vec<&Recommendation> = live.iter().map(|(_, one)| *one).collect();
    let state = state(&each);
    let said = said.or_else(|| outline_of_promises(verdict, &live, handlers))?;
    let last = each.iter().filter_map(|one| one.last_change()).max_by_key(|last| last.at_ns)?;
    let is_made = matches!(state, State::Applied | State::Verified);
    let in_state = each.iter().find(|one| one.state == state);
    Some(Change {
        handlers: live.iter().map(|((id, _), _)| id.to_string()).collect(),
        state,
        since: Some(rfc3339(last.at_ns)),
        until: in_state.and_then(|one| one.until_ns).map(rfc3339),
        proposed: each.iter().map(|one| one.proposed_ns).min().map(rfc3339),
        promised: known.map_or_else(|| said.benefit.clone(), |known| known.benefit.clone()),
        applied: each.iter().filter_map(|one| one.applied_ns).max().filter(|_| is_made).map(rfc3339),
        proof: (state == State::Verified).then(|| proof(&each)).flatten(),
        history: steps(&each),
        ..Change::proposed(id, verdict, said)
    })
}

/// What is left of a Change that was proposed before there were any: the promises of its parts.
fn outline_of_promises(
    verdict: Verdict,
    members: &Members<'_>,
    handlers: &HashMap<Fingerprint, Handler>,
) -> Option<Outline> {
    let known: Vec<&Handler> = members.iter().filter_map(|((id, _), _)| handlers.get(id)).collect();
    let names: Vec<Named<'_>> = known.iter().map(|handler| Named::of_handler(handler)).collect();
    let promises = members.iter().map(|(_, one)| &one.promise);
    let gains: Vec<&Benefit> = promises.clone().filter_map(|promise| promise.benefit.as_ref()).collect();
    let lead = promises.clone().next()?;
    Some(Outline {
        title: generic_title(verdict, &names),
        rule: None,
        handlers: members.iter().map(|((id, _), _)| id.to_string()).collect(),
        pages: lead.pages.clone(),
        reason: members.first()?.1.last_change().map(|last| last.reason.clone()).unwrap_or_default(),
        confidence: promises.clone().filter_map(|promise| promise.confidence).reduce(f64::min),
        benefit: crate::change::together(&gains),
        effort: lead.effort.clone(),
        steps: lead.steps.clone(),
        warnings: lead.warnings.clone(),
    })
    .filter(|_| !names.is_empty())
}

/// Every change of its Handlers' states; what happened to several of them at once is told once.
fn steps(members: &[&Recommendation]) -> Vec<Step> {
    let mut all: Vec<(u64, Step)> = Vec::new();
    for transition in members.iter().flat_map(|one| &one.transitions) {
        let step = Step::of(transition);
        let same = |(at_ns, other): &(u64, Step)| {
            *at_ns == transition.at_ns && other.to == step.to && other.who == step.who
        };
        if !all.iter().any(same) {
            all.push((transition.at_ns, step));
        }
    }
    all.sort_by_key(|(at_ns, _)| *at_ns);
    all.into_iter().map(|(_, step)| step).collect()
}

/// The proof of all its Handlers: that of the worst outcome that is known, and of these the one that promised most. What one of
/// them has made worse is not made good by another.
fn proof(members: &[&Recommendation]) -> Option<Proof> {
    let rank = |outcome: Outcome| match outcome {
        Outcome::Worse => 3,
        Outcome::Improved => 2,
        Outcome::Flat => 1,
        Outcome::Unknown => 0,
    };
    let worth = |one: &Recommendation| one.promise.benefit.as_ref().map_or(0.0, Benefit::worth);
    let proven = members.iter().filter_map(|one| Some((worth(one), one.proof.as_ref()?)));
    let best = proven
        .max_by(|(worth, a), (other, b)| rank(a.outcome).cmp(&rank(b.outcome)).then(worth.total_cmp(other)));
    best.map(|(_, proof)| proof.clone())
}

#[cfg(test)]
#[path = "changes_tests.rs"]
mod tests;

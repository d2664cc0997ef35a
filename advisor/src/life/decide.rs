//! What a user may decide about a recommendation.

use pointsman_store::{Fingerprint, Handler, Hour};

use super::history::{History, Recommendation, State, Who};
use super::traffic::Traffic;
use super::{applied, changes};
use crate::change::ChangeId;
use crate::report::{Verdict, rfc3339};

/// A recommendation's own key.
type Key = (Fingerprint, Verdict);

/// A user's decision about one move.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Decision {
    /// It will be done.
    Accept,
    /// It is not wanted.
    Dismiss {
        /// Why.
        reason: String,
        /// Until when, ns since the epoch; `None` is without end.
        until_ns: Option<u64>,
    },
    /// Not now.
    Snooze {
        /// Until when, ns since the epoch.
        until_ns: u64,
        /// Why, if that matters.
        reason: Option<String>,
    },
    /// It has been done.
    Applied {
        /// What came in its place, if the user says it.
        successor: Option<(Fingerprint, Handler)>,
    },
}

/// Why a decision cannot be taken.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum DecisionError {
    /// Nothing was ever advised for it.
    #[error("no move is advised for it: there is nothing to decide")]
    NotAMove,
    /// Before and after have been compared.
    #[error("this change is already verified: there is nothing left to decide")]
    AlreadyVerified,
    /// It has been made.
    #[error("this change is already applied; before and after are being compared")]
    AlreadyApplied,
    /// A policy is stronger than a command.
    #[error("a policy dismisses this change ({0}); edit the policy instead")]
    Policy(String),
    /// The end lies in the past.
    #[error("{0} is in the past; give a later time")]
    Past(String),
    /// The reason is empty.
    #[error("the reason is empty; say why, for those who read the report later")]
    NoReason,
    /// The new Handler cannot be what the verdict asked for.
    #[error("{handler} is not a {wanted}, but this change moves to one; name another handler with --as")]
    WrongKind {
        /// The Handler that was named.
        handler: String,
        /// What it should be.
        wanted: &'static str,
    },
}

/// What a decision is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Subject {
    /// A Change.
    Change(ChangeId),
    /// The Change that the move of this Handler is part of: of its moves the one that stands, else the one that was proposed
    /// last.
    Handler(Fingerprint),
}

/// A decision that was taken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Decided {
    /// The Change; `None` for a move that no run has put into one.
    pub change: Option<ChangeId>,
    /// Its moves, those included about which nothing was left to decide.
    pub moves: Vec<(Fingerprint, Verdict)>,
    /// Where the Change stands now.
    pub state: State,
    /// Until when, ns since the epoch, if there is an end.
    pub until_ns: Option<u64>,
}

/// Takes a decision about a Change, which is one about all of its moves that are not made yet.
///
/// # Errors
/// When there is none, when it is over already, or when the decision makes no sense. Then nothing has changed.
pub fn decide(
    history: &mut History,
    subject: Subject,
    decision: &Decision,
    traffic: &Traffic,
    now_ns: u64,
) -> Result<Decided, DecisionError> {
    let (change, moves) = moves_of(history, subject)?;
    let mut decided: Vec<(Key, Recommendation)> = Vec::new();
    let mut refused = None;
    for key in &moves {
        let Some(mut one) = history.recommendations.get(key).cloned() else { continue };
        // A successor is named of one move, or of all.
        let named = match (decision, subject) {
            (Decision::Applied { .. }, Subject::Handler(id)) if key.0 != id => {
                Decision::Applied { successor: None }
            }
            _ => decision.clone(),
        };
        match decide_one(*key, &mut one, named, traffic, now_ns) {
            Ok(()) => decided.push((*key, one)),
            Err(error @ (DecisionError::AlreadyApplied | DecisionError::AlreadyVerified)) => {
                refused = refused.or(Some(error));
            }
            Err(error) => return Err(error),
        }
    }
    if decided.is_empty() {
        return Err(refused.unwrap_or(DecisionError::NotAMove));
    }
    history.recommendations.extend(decided);
    let all: Vec<&Recommendation> = moves.iter().filter_map(|key| history.recommendations.get(key)).collect();
    let state = changes::state(&all);
    let until_ns = all.iter().find(|one| one.state == state).and_then(|one| one.until_ns);
    Ok(Decided { change, moves, state, until_ns })
}

/// The moves that a decision is about: all of a Change but those whose reason is gone, unless it is gone for all.
fn moves_of(history: &History, subject: Subject) -> Result<(Option<ChangeId>, Vec<Key>), DecisionError> {
    let change = match subject {
        Subject::Change(id) => Some(id),
        Subject::Handler(id) => {
            let key = (id, chosen(history, id)?);
            let one = history.recommendations.get(&key).ok_or(DecisionError::NotAMove)?;
            if one.change.is_none() {
                return Ok((None, vec![key]));
            }
            one.change
        }
    };
    let all = history.recommendations.iter().filter(|(_, one)| change.is_some() && one.change == change);
    let (gone, live): (Vec<_>, Vec<_>) = all.partition(|(_, one)| one.state == State::Expired);
    let moves = if live.is_empty() { gone } else { live };
    if moves.is_empty() {
        return Err(DecisionError::NotAMove);
    }
    Ok((change, moves.into_iter().map(|(key, _)| *key).collect()))
}

fn decide_one(
    key: Key,
    one: &mut Recommendation,
    decision: Decision,
    traffic: &Traffic,
    now_ns: u64,
) -> Result<(), DecisionError> {
    if one.state == State::Verified {
        return Err(DecisionError::AlreadyVerified);
    }
    if let Decision::Applied { successor } = decision {
        return apply(key, one, successor, traffic, now_ns);
    }
    if one.state == State::Applied {
        return Err(DecisionError::AlreadyApplied);
    }
    if one.is_dismissed_by_policy() {
        let reason = one.last_change().map(|last| last.reason.clone()).unwrap_or_default();
        return Err(DecisionError::Policy(reason));
    }
    answer(one, decision, now_ns)
}

/// Answers a move that has not been made.
fn answer(one: &mut Recommendation, decision: Decision, now_ns: u64) -> Result<(), DecisionError> {
    let later = |until_ns: u64| {
        if until_ns > now_ns { Ok(until_ns) } else { Err(DecisionError::Past(rfc3339(until_ns))) }
    };
    match decision {
        // Said twice it is the same.
        Decision::Accept if one.state == State::Accepted => {}
        Decision::Accept => one.change(now_ns, State::Accepted, Who::User, String::new()),
        Decision::Dismiss { reason, until_ns } => {
            if reason.trim().is_empty() {
                return Err(DecisionError::NoReason);
            }
            let until_ns = until_ns.map(later).transpose()?;
            one.change(now_ns, State::Dismissed, Who::User, reason);
            one.until_ns = until_ns;
        }
        Decision::Snooze { until_ns, reason } => {
            let until_ns = later(until_ns)?;
            one.change(now_ns, State::Snoozed, Who::User, reason.unwrap_or_default());
            one.until_ns = Some(until_ns);
        }
        Decision::Applied { .. } => {}
    }
    Ok(())
}

fn apply(
    (id, verdict): (Fingerprint, Verdict),
    one: &mut Recommendation,
    successor: Option<(Fingerprint, Handler)>,
    traffic: &Traffic,
    now_ns: u64,
) -> Result<(), DecisionError> {
    if let Some((_, handler)) = successor.as_ref().filter(|(_, it)| !applied::is_of_kind(verdict, it)) {
        return Err(DecisionError::WrongKind {
            handler: format!("{} {}", handler.method, handler.path()),
            wanted: match verdict {
                Verdict::MoveToServerAction => "server action",
                Verdict::MoveToRouteHandler => "route",
                _ => "page",
            },
        });
    }
    let named = successor.map(|(id, _)| id);
    if one.state == State::Applied {
        if named.is_some() && named != one.successor {
            one.successor = named;
            one.change(now_ns, State::Applied, Who::User, "named its replacement".to_owned());
        }
        return Ok(());
    }
    // Where the traffic shows when it moved, that is the moment.
    let since = applied::faded_since(id, one, traffic);
    let at_ns = since.map_or(now_ns, |hour| Hour(hour).start_ns());
    let found = || applied::successor(verdict, one, traffic, since.unwrap_or(Hour::of(now_ns).0));
    one.successor = named.or_else(found).filter(|_| verdict != Verdict::MoveToServerComponent);
    one.applied_ns = Some(at_ns);
    let reason = match since {
        Some(_) => format!("said to be done; its calls have faded since {}", rfc3339(at_ns)),
        None => "said to be done".to_owned(),
    };
    one.change(now_ns, State::Applied, Who::User, reason);
    Ok(())
}

/// The move that is decided about.
fn chosen(history: &History, id: Fingerprint) -> Result<Verdict, DecisionError> {
    let standing = history.standing.get(&id).map(|standing| standing.verdict);
    let of_handler = history.recommendations.range((id, Verdict::MoveToServerAction)..);
    let of_handler = of_handler.take_while(|((other, _), _)| *other == id);
    let latest = of_handler.max_by_key(|((_, verdict), one)| (Some(*verdict) == standing, one.proposed_ns));
    latest.map(|((_, verdict), _)| *verdict).ok_or(DecisionError::NotAMove)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::life::history::{Promise, Standing};

    const ID: Fingerprint = Fingerprint(7);

    fn history(state: State) -> History {
        let mut one = Recommendation::proposed(Promise::default(), 10, "it pays".to_owned());
        if state != State::Proposed {
            one.change(20, state, Who::User, "so".to_owned());
        }
        let mut history = History::default();
        history.recommendations.insert((ID, Verdict::MoveToServerAction), one);
        let standing = Standing {
            verdict: Verdict::MoveToServerAction,
            since_ns: 10,
            seen_ns: 10,
            provisional: false,
            candidate: None,
            flips: 0,
        };
        history.standing.insert(ID, standing);
        history
    }

    /// The state after a decision, or why there was none.
    fn after(state: State, decision: &Decision) -> Result<(State, Option<u64>), DecisionError> {
        let mut history = history(state);
        let decided = decide(&mut history, Subject::Handler(ID), decision, &Traffic::default(), 100)?;
        Ok((decided.state, decided.until_ns))
    }

    fn dismiss(until_ns: Option<u64>) -> Decision {
        Decision::Dismiss { reason: "not worth it".to_owned(), until_ns }
    }

    fn snooze(until_ns: u64) -> Decision {
        Decision::Snooze { until_ns, reason: None }
    }

    #[test]
    fn every_decision_in_every_state() {
        use State::{Accepted, Applied, Dismissed, Expired, Proposed, Snoozed, Verified};
        for open in [Proposed, Accepted, Dismissed, Snoozed, Expired] {
            assert_eq!(after(open, &Decision::Accept), Ok((Accepted, None)), "{open:?}");
            assert_eq!(after(open, &dismiss(None)), Ok((Dismissed, None)), "{open:?}");
            assert_eq!(after(open, &dismiss(Some(200))), Ok((Dismissed, Some(200))), "{open:?}");
            assert_eq!(after(open, &snooze(200)), Ok((Snoozed, Some(200))), "{open:?}");
            assert_eq!(after(open, &Decision::Applied { successor: None }), Ok((Applied, None)), "{open:?}");
        }
        for decision in [Decision::Accept, dismiss(None), snooze(200)] {
            assert_eq!(after(Applied, &decision), Err(DecisionError::AlreadyApplied));
            assert_eq!(after(Verified, &decision), Err(DecisionError::AlreadyVerified));
        }
        assert_eq!(after(Applied, &Decision::Applied { successor: None }), Ok((Applied, None)));
        let empty = Decision::Dismiss { reason: " ".to_owned(), until_ns: None };
        assert_eq!(after(Proposed, &empty), Err(DecisionError::NoReason));
        assert!(matches!(after(Proposed, &snooze(100)), Err(DecisionError::Past(_))));
        assert!(matches!(after(Proposed, &dismiss(Some(50))), Err(DecisionError::Past(_))));
    }

    #[test]
    fn what_is_no_move_cannot_be_decided() {
        let mut history = history(State::Proposed);
        let unknown = decide(
            &mut history,
            Subject::Handler(Fingerprint(8)),
            &Decision::Accept,
            &Traffic::default(),
            100,
        );
        assert_eq!(unknown, Err(DecisionError::NotAMove));
    }

    #[test]
    fn a_policy_is_stronger_and_the_new_handler_must_be_of_the_kind() {
        let mut history = history(State::Proposed);
        let one = history.recommendations.get_mut(&(ID, Verdict::MoveToServerAction)).unwrap();
        one.change(20, State::Dismissed, Who::Policy, "API first".to_owned());
        let traffic = Traffic::default();
        let refused = decide(&mut history, Subject::Handler(ID), &Decision::Accept, &traffic, 100);
        assert_eq!(refused, Err(DecisionError::Policy("API first".to_owned())));
        let route = Handler {
            service: "shop".into(),
            environment: None,
            kind: pointsman_store::HandlerKind::RouteHandler,
            route: "/api/cart".into(),
            method: "GET".into(),
            action: None,
            operation: None,
        };
        let successor = Some((Fingerprint(9), route));
        let wrong =
            decide(&mut history, Subject::Handler(ID), &Decision::Applied { successor }, &traffic, 100);
        assert!(matches!(wrong, Err(DecisionError::WrongKind { .. })), "{wrong:?}");
    }
}

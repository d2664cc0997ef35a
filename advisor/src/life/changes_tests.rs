//! Which recommendations are one Change, run after run: groups as a look finds them in, ids and states out.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test says what it expects in the shortest way"
)]

use proptest::prelude::*;

use super::*;
use crate::life::history::{Promise, Standing};

const MOVE: Verdict = Verdict::MoveToRouteHandler;

fn key(id: u64) -> Key {
    (Fingerprint(id), MOVE)
}

/// Groups of Handlers as a look has found them.
fn found(groups: &[Vec<u64>]) -> Vec<Change> {
    let change = |group: &Vec<u64>| {
        let handlers = group.iter().map(|id| Fingerprint(*id).to_string()).collect();
        Change::proposed(ChangeId(0), MOVE, Outline { handlers, ..Outline::default() })
    };
    groups.iter().filter(|group| !group.is_empty()).map(change).collect()
}

/// A run that sees these groups.
fn run(history: &mut History, groups: &[Vec<u64>], now_ns: u64) {
    for id in groups.iter().flatten() {
        let new = || Recommendation::proposed(Promise::default(), now_ns, "it pays".to_owned());
        history.recommendations.entry(key(*id)).or_insert_with(new);
        let standing = Standing {
            verdict: MOVE,
            since_ns: 1,
            seen_ns: 1,
            provisional: false,
            candidate: None,
            flips: 0,
        };
        history.standing.insert(Fingerprint(*id), standing);
    }
    join(&found(groups), history, now_ns);
}

fn id(history: &History, number: u64) -> ChangeId {
    history.recommendations[&key(number)].change.unwrap()
}

fn answer(history: &mut History, numbers: &[u64], to: State) {
    for number in numbers {
        history.recommendations.get_mut(&key(*number)).unwrap().change(9, to, Who::User, "so".to_owned());
    }
}

fn states(history: &History, numbers: &[u64]) -> Vec<State> {
    numbers.iter().map(|number| history.recommendations[&key(*number)].state).collect()
}

#[test]
fn a_change_that_loses_or_gains_a_handler_stays_the_same() {
    let mut history = History::default();
    run(&mut history, &[vec![1, 2, 3], vec![7]], 10);
    let (first, other) = (id(&history, 1), id(&history, 7));
    assert!(first != other && (2..=3).all(|number| id(&history, number) == first));
    run(&mut history, &[vec![2, 3], vec![7]], 20);
    run(&mut history, &[vec![2, 3, 4, 5], vec![7]], 30);
    assert!((2..=5).all(|number| id(&history, number) == first));
    // The one that gave it its id becomes a change of its own, with another id.
    run(&mut history, &[vec![1], vec![2, 3, 4, 5], vec![7]], 40);
    assert!(id(&history, 1) != first && id(&history, 2) == first && id(&history, 7) == other);
    // Two that become one go on as the larger one.
    run(&mut history, &[vec![1, 2, 3, 4, 5, 7]], 50);
    assert!([1, 2, 7].into_iter().all(|number| id(&history, number) == first));
}

#[test]
fn who_joins_shares_the_decision_and_nobodys_silence_is_a_refusal() {
    for (answered, to, group, expected) in [
        // Accepted: the newcomers will be done with it.
        (vec![1], State::Accepted, vec![1, 2, 3], vec![State::Accepted; 3]),
        (vec![1, 2], State::Accepted, vec![1, 2, 3], vec![State::Accepted; 3]),
        // Most of it was refused as one.
        (vec![1, 2], State::Dismissed, vec![1, 2, 3], vec![State::Dismissed; 3]),
        (vec![1, 2], State::Snoozed, vec![1, 2, 3], vec![State::Snoozed; 3]),
        // One was refused, the others are something else.
        (vec![1], State::Dismissed, vec![1, 2], vec![State::Dismissed, State::Proposed]),
        (vec![1], State::Dismissed, vec![1, 2, 3], vec![State::Dismissed, State::Proposed, State::Proposed]),
    ] {
        let mut history = History::default();
        run(&mut history, std::slice::from_ref(&answered), 10);
        let before = id(&history, 1);
        answer(&mut history, &answered, to);
        run(&mut history, std::slice::from_ref(&group), 20);
        assert_eq!(states(&history, &group), expected, "{answered:?} {to:?} {group:?}");
        assert_eq!(id(&history, 1), before);
        let together = expected.iter().all(|state| *state == expected[0]);
        assert_eq!(id(&history, 2) == before, together, "{answered:?} {to:?} {group:?}");
    }
}

#[test]
fn what_was_decided_before_there_were_changes_stays_decided() {
    let mut history = History::default();
    run(&mut history, &[vec![1], vec![2], vec![3], vec![4]], 10);
    for one in history.recommendations.values_mut() {
        one.change = None;
    }
    answer(&mut history, &[1], State::Dismissed);
    answer(&mut history, &[4], State::Applied);
    run(&mut history, &[vec![1, 2, 3]], 20);
    let expected = [State::Dismissed, State::Proposed, State::Proposed, State::Applied];
    assert_eq!(states(&history, &[1, 2, 3, 4]), expected);
    assert!(id(&history, 1) != id(&history, 2) && id(&history, 2) == id(&history, 3));
    assert!(history.recommendations.values().all(|one| one.change.is_some()));
}

#[test]
fn a_change_stands_where_what_is_left_of_it_stands() {
    use State::{Accepted, Applied, Dismissed, Expired, Proposed, Verified};
    for (states, expected) in [
        (vec![Proposed, Applied], Proposed),
        (vec![Accepted, Proposed], Accepted),
        (vec![Applied, Verified], Applied),
        (vec![Verified, Expired], Verified),
        (vec![Dismissed, Verified], Dismissed),
        (vec![Expired, Expired], Expired),
    ] {
        let made = |to: State| {
            let mut one = Recommendation::proposed(Promise::default(), 1, String::new());
            one.change(2, to, Who::User, String::new());
            one
        };
        let all: Vec<Recommendation> = states.iter().map(|to| made(*to)).collect();
        assert_eq!(state(&all.iter().collect::<Vec<_>>()), expected, "{states:?}");
    }
}

/// Handlers by the group in which a run finds them; group 0 is not found.
fn runs() -> impl Strategy<Value = Vec<Vec<usize>>> {
    prop::collection::vec(prop::collection::vec(0_usize..4, 7), 1..6)
}

fn grouped(of: &[usize]) -> Vec<Vec<u64>> {
    let members = |group: usize| {
        let numbers = (1_u64..).zip(of).filter(move |(_, one)| **one == group);
        numbers.map(|(number, _)| number).collect::<Vec<u64>>()
    };
    (1..4).map(members).collect()
}

proptest! {
    #[test]
    fn every_move_is_in_exactly_one_change_and_order_does_not_matter(runs in runs()) {
        let (mut history, mut turned) = (History::default(), History::default());
        for (now_ns, of) in (1_u64..).zip(&runs) {
            let groups = grouped(of);
            run(&mut history, &groups, now_ns);
            let mut otherwise = groups.clone();
            otherwise.reverse();
            otherwise.iter_mut().for_each(|group| group.reverse());
            run(&mut turned, &otherwise, now_ns);
            prop_assert_eq!(&history, &turned);
            prop_assert!(history.recommendations.values().all(|one| one.change.is_some()));
            let ids: Vec<BTreeSet<ChangeId>> =
                groups.iter().map(|group| group.iter().map(|number| id(&history, *number)).collect()).collect();
            prop_assert!(ids.iter().all(|ids| ids.len() <= 1), "a group is one change");
            let found = ids.iter().filter(|ids| !ids.is_empty()).count();
            prop_assert_eq!(ids.iter().flatten().collect::<BTreeSet<_>>().len(), found, "two groups are two changes");
        }
    }
}

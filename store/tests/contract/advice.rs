//! The memory of advice: what is written is read back, of two who write from the same state one has to look
//! again, and nothing grows without end.

use pointsman_store::{AdviceChange, AdviceRecords, AdviceRun, StandingRecord};

use crate::support::{DAY, NOW, SERVICE, change, recommendation, remember_advice, standing};
use crate::worlds;

const NOTHING: AdviceChange<'static> =
    AdviceChange { revision: 0, run: None, standing: &[], recommendations: &[], changes: &[] };

fn run(at_ns: u64) -> Option<AdviceRun> {
    Some(AdviceRun { at_ns, handlers: 1, forget_before_ns: 0 })
}

#[tokio::test]
async fn what_is_remembered_is_read_back_by_service_and_environment() {
    for world in worlds().await {
        remember_advice(&world.store, 7).await;
        let read = world.store.advice(SERVICE, Some("production")).await.unwrap();
        let mut expected = AdviceRecords {
            revision: 1,
            last_run_ns: Some(NOW),
            standing: (0..7).map(standing).collect(),
            recommendations: (0..7).map(recommendation).collect(),
            changes: (0..7).map(change).collect(),
        };
        expected.standing.sort_by_key(|one| one.handler.0.cast_signed());
        expected.recommendations.sort_by_key(|one| one.handler.0.cast_signed());
        assert_eq!(read, expected);
        for (service, environment) in
            [(SERVICE, None), (SERVICE, Some("staging")), ("other", Some("production"))]
        {
            assert_eq!(world.store.advice(service, environment).await.unwrap(), AdviceRecords::default());
        }
    }
}

#[tokio::test]
async fn of_two_who_make_the_same_run_one_writes_and_the_other_looks_again() {
    for world in worlds().await {
        let other = world.another().await;
        let verdicts = [standing(1)];
        let change = AdviceChange { run: run(NOW), standing: &verdicts, ..NOTHING };
        let (one, two) = tokio::join!(
            world.store.remember_advice(SERVICE, None, change),
            other.remember_advice(SERVICE, None, change)
        );
        assert_ne!(one.unwrap(), two.unwrap());
        let read = other.advice(SERVICE, None).await.unwrap();
        assert_eq!((read.revision, read.last_run_ns, read.standing.len()), (1, Some(NOW), 1));
        // Whoever writes the same again, from what is there now, changes nothing.
        let again = AdviceChange { revision: 1, ..change };
        assert!(world.store.remember_advice(SERVICE, None, again).await.unwrap());
        assert_eq!(other.advice(SERVICE, None).await.unwrap(), AdviceRecords { revision: 2, ..read });
        assert_eq!(world.number("SELECT count(*) FROM advice_runs").await, 1);
    }
}

#[tokio::test]
async fn a_later_state_replaces_an_earlier_one_and_old_changes_go() {
    for world in worlds().await {
        let mut one = recommendation(1);
        let first = AdviceChange { recommendations: std::slice::from_ref(&one), ..NOTHING };
        assert!(world.store.remember_advice(SERVICE, None, first).await.unwrap());
        let mut next = one.transitions[1].clone();
        (next.number, next.after) = (2, "accepted".into());
        one.transitions.remove(0);
        one.transitions.push(next);
        (one.state, one.until_ns, one.proof) = ("accepted".into(), None, Some("{}".into()));
        let second = AdviceChange { revision: 1, recommendations: std::slice::from_ref(&one), ..NOTHING };
        assert!(world.store.remember_advice(SERVICE, None, second).await.unwrap());
        assert_eq!(world.store.advice(SERVICE, None).await.unwrap().recommendations, [one]);
        assert_eq!(world.number("SELECT count(*) FROM recommendation_changes").await, 2);
    }
}

#[tokio::test]
async fn verdicts_on_handlers_that_are_gone_and_runs_of_long_ago_are_forgotten() {
    for world in worlds().await {
        let old = [StandingRecord { seen_ns: NOW - 40 * DAY, ..standing(1) }, standing(2)];
        let change = AdviceChange { run: run(NOW - DAY), standing: &old, ..NOTHING };
        assert!(world.store.remember_advice(SERVICE, None, change).await.unwrap());
        let forgetting = AdviceRun { at_ns: NOW, handlers: 1, forget_before_ns: NOW - 35 * DAY };
        let change = AdviceChange { revision: 1, run: Some(forgetting), ..NOTHING };
        assert!(world.store.remember_advice(SERVICE, None, change).await.unwrap());
        assert_eq!(world.store.advice(SERVICE, None).await.unwrap().standing, [standing(2)]);
        for day in 1..=405 {
            let change = AdviceChange { revision: 1 + day, run: run(NOW + day * DAY), ..NOTHING };
            assert!(world.store.remember_advice(SERVICE, None, change).await.unwrap());
        }
        assert_eq!(world.number("SELECT count(*) FROM advice_runs").await, 400);
        let read = world.store.advice(SERVICE, None).await.unwrap();
        assert_eq!(read.last_run_ns, Some(NOW + 405 * DAY));
    }
}

//! Published reports: of two who publish the same one is first, the newest are kept, and of two who try the same
//! delivery one goes on.

use pointsman_store::{Delivery, DeliveryState, KeptReport, ReportHead, ReportKey};

use crate::support::{DAY, NOW, SERVICE};
use crate::worlds;

const MINUTE: u64 = 60_000_000_000;

fn key(environment: Option<&str>, day: u64) -> ReportKey {
    let environment = environment.map(str::to_owned);
    ReportKey { service: SERVICE.into(), environment, at_ns: NOW + day * DAY }
}

fn report(environment: Option<&str>, day: u64) -> KeptReport {
    let payload = format!("{{\"day\":{day},\"long\":\"{}\"}}", "so it is ".repeat(2_000)).into_bytes();
    let key = key(environment, day);
    KeptReport { made_ns: key.at_ns + MINUTE, key, reason: "schedule".into(), payload }
}

fn targets() -> Vec<String> {
    vec!["team".into(), "chat".into()]
}

#[tokio::test]
async fn what_is_kept_is_read_back_by_service_environment_and_moment() {
    for world in worlds().await {
        let kept = [report(None, 1), report(Some("staging"), 1), report(None, 3)];
        for one in &kept {
            assert!(world.store.keep_report(one, &[], 10).await.unwrap());
        }
        for one in &kept {
            assert_eq!(world.store.kept_report(&one.key).await.unwrap().as_ref(), Some(one));
        }
        assert_eq!(world.store.kept_report(&key(None, 2)).await.unwrap(), None);
        let before = |environment, day: u64| world.store.report_before(SERVICE, environment, NOW + day * DAY);
        for (environment, day, expected) in [
            (None, 9, Some(2)),
            (None, 3, Some(0)),
            (None, 1, None),
            (Some("staging"), 9, Some(1)),
            (Some("x"), 9, None),
        ] {
            assert_eq!(
                before(environment, day).await.unwrap(),
                expected.map(|index: usize| kept[index].clone())
            );
        }
        let heads = world.store.report_heads(Some(SERVICE), 2).await.unwrap();
        let head = |one: &KeptReport| ReportHead {
            key: one.key.clone(),
            made_ns: one.made_ns,
            reason: one.reason.clone(),
            bytes: one.payload.len() as u64,
        };
        assert_eq!(heads, [head(&kept[2]), head(&kept[0])]);
        assert_eq!(world.store.report_heads(None, 9).await.unwrap().len(), 3);
        assert_eq!(world.store.report_heads(Some("other"), 9).await.unwrap(), []);
        assert!(world.number("SELECT max(length(payload)) FROM published_reports").await < 1_000);
    }
}

#[tokio::test]
async fn of_two_who_publish_the_same_report_the_first_delivers() {
    for world in worlds().await {
        let other = world.another().await;
        let (one, two) = (report(None, 1), KeptReport { payload: b"{}".to_vec(), ..report(None, 1) });
        let names = targets();
        let (first, second) =
            tokio::join!(world.store.keep_report(&one, &names, 10), other.keep_report(&two, &names[..1], 10));
        assert_ne!(first.unwrap(), second.unwrap());
        assert_eq!(world.number("SELECT count(*) FROM published_reports").await, 1);
    }
}

#[tokio::test]
async fn the_newest_are_kept_and_the_others_go_with_their_deliveries() {
    for world in worlds().await {
        for day in 0..7 {
            assert!(world.store.keep_report(&report(None, day), &targets(), 3).await.unwrap());
            assert!(world.store.keep_report(&report(Some("staging"), day), &[], 100).await.unwrap());
        }
        let heads = world.store.report_heads(None, 100).await.unwrap();
        let days = |environment: Option<&str>| -> Vec<u64> {
            let of = heads.iter().filter(|head| head.key.environment.as_deref() == environment);
            of.map(|head| (head.key.at_ns - NOW) / DAY).collect()
        };
        assert_eq!((days(None), days(Some("staging")).len()), (vec![6, 5, 4], 7));
        assert_eq!(world.store.waiting_deliveries("team", 100).await.unwrap().len(), 3);
        let newest = world.store.newest_reports().await.unwrap();
        assert_eq!(newest, [report(None, 6), report(Some("staging"), 6)]);
    }
}

#[tokio::test]
async fn of_two_who_try_a_delivery_one_goes_on_and_a_lost_attempt_is_made_again() {
    for world in worlds().await {
        let other = world.another().await;
        world.store.keep_report(&report(None, 1), &targets(), 10).await.unwrap();
        let [chat] = world.store.waiting_deliveries("chat", 9).await.unwrap().try_into().unwrap();
        let made_ns = report(None, 1).made_ns;
        let expected = Delivery {
            report: key(None, 1),
            target: "chat".into(),
            state: DeliveryState::Waiting,
            attempts: 0,
            next_try_ns: made_ns,
        };
        assert_eq!(chat, expected);
        let lost_at_ns = made_ns + 2 * MINUTE;
        let (one, two) = tokio::join!(
            world.store.begin_delivery(&chat, lost_at_ns),
            other.begin_delivery(&chat, lost_at_ns)
        );
        let begun = one.unwrap().xor(two.unwrap()).unwrap();
        assert_eq!((begun.attempts, begun.next_try_ns), (1, lost_at_ns));

        // The process that began it is gone: after its time another one begins the next attempt, and the late end is ignored.
        let [seen] = other.waiting_deliveries("chat", 9).await.unwrap().try_into().unwrap();
        assert_eq!(seen, begun);
        let again = other.begin_delivery(&seen, lost_at_ns + 2 * MINUTE).await.unwrap().unwrap();
        assert!(!world.store.end_delivery(&begun, DeliveryState::Delivered, 0).await.unwrap());
        assert!(other.end_delivery(&again, DeliveryState::Delivered, again.next_try_ns).await.unwrap());
        assert_eq!(other.begin_delivery(&again, 0).await.unwrap(), None);
        let states =
            |all: Vec<Delivery>| all.into_iter().map(|one| (one.state, one.attempts)).collect::<Vec<_>>();
        assert_eq!(
            states(world.store.deliveries_of(&key(None, 1)).await.unwrap()),
            [(DeliveryState::Delivered, 2), (DeliveryState::Waiting, 0)]
        );
        assert_eq!(world.store.waiting_deliveries("chat", 9).await.unwrap(), []);
    }
}

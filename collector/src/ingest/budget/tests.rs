//! Who finds room in a queue, who waits for it, and who has to give it up.

use super::*;

fn budget(capacity: usize) -> ByteBudget {
    let taken = IntGauge::new("taken", "taken").unwrap();
    ByteBudget::new(capacity, taken, IntCounter::new("given_up", "given up").unwrap())
}

/// A request of a connection; connections below 10 are of one sender, those up to 20 of another one.
fn request(budget: &ByteBudget, connection: u64, bytes: usize) -> Result<Reservation, NoRoom> {
    let sender = Sender::Token(format!("{}", connection / 10).into());
    let mut request = budget.empty(Who { connection, sender });
    request.try_grow(bytes).map(|()| request)
}

#[test]
fn what_is_reserved_is_given_back() {
    let budget = budget(1 << 20);
    let mut first = request(&budget, 1, 200_000).unwrap();
    assert_eq!(first.try_grow(250_000), Ok(()));
    assert_eq!(first.try_grow(3_000), Ok(()), "it never shrinks");
    assert_eq!(first.try_grow(300_000), Err(NoRoom::Large));
    assert_eq!(budget.0.taken.get(), 250_000);
    drop(first);
    assert_eq!(budget.0.taken.get(), 0);
    assert!(budget.lock().senders.is_empty() && budget.lock().connections.is_empty());
}

#[test]
fn nobody_holds_more_than_a_share_while_others_hold_something() {
    let budget = budget(1 << 20);
    let _other = request(&budget, 11, 100_000).unwrap();
    let held: Vec<_> = (1..=4).map_while(|at| request(&budget, at, 200_000).ok()).collect();
    assert_eq!(held.len(), 2, "half of the room, over any number of connections");
    assert!(request(&budget, 12, 200_000).is_ok(), "which the other one may use");
}

#[test]
fn small_requests_find_room_that_large_ones_do_not() {
    let budget = budget(1 << 20);
    let held: Vec<_> = (1..=9).map_while(|at| request(&budget, at, 200_000).ok()).collect();
    assert_eq!(held.len(), 4, "alone it may have all but the part of small requests");
    assert_eq!(request(&budget, 11, 120_000).err(), Some(NoRoom::Full));
    assert!(request(&budget, 11, 60_000).is_ok());
    assert!(request(&budget, 9, 60_000).is_ok(), "also one of the same sender");
}

#[tokio::test]
async fn the_body_that_arrives_slowest_makes_room() {
    let budget = budget(1 << 20);
    let mut slow = request(&budget, 1, 0).unwrap();
    let given_up = slow.begin_arriving();
    slow.try_grow(250_000).unwrap();
    let mut held: Vec<_> = (2..=4).map(|at| request(&budget, at, 200_000).unwrap()).collect();
    let mut late = budget.reserve(Who { connection: 11, sender: Sender::Own }).await.unwrap();
    assert_eq!(late.grow(200_000).await, Err(Full), "one second is not slow");
    tokio::time::sleep(GRACE + Duration::from_millis(50)).await;
    let waits = tokio::spawn(async move { late.grow(200_000).await });
    given_up.notified().await;
    drop(slow);
    assert_eq!(waits.await.unwrap(), Ok(()));
    held.clear();
    assert_eq!((budget.0.given_up.get(), budget.0.taken.get()), (1, 0));
}

#[tokio::test]
async fn large_requests_take_turns_and_a_slow_one_loses_its_own() {
    let budget = budget(1 << 20);
    let who = |connection| Who { connection, sender: Sender::Own };
    let mut first = budget.reserve(who(1)).await.unwrap();
    let given_up = first.begin_arriving();
    first.grow(300_000).await.unwrap();
    let mut second = budget.reserve(who(2)).await.unwrap();
    let waits = tokio::spawn(async move { second.grow(20 << 20).await.map(|()| second) });
    given_up.notified().await;
    drop(first);
    let second = waits.await.unwrap().unwrap();
    assert!(request(&budget, 3, 200_000).is_ok(), "others have their room meanwhile");
    drop(second);
    assert_eq!(budget.0.taken.get(), 0);
}

#[tokio::test]
async fn what_arrives_after_the_end_is_given_up() {
    let budget = budget(1 << 20);
    let mut before = request(&budget, 1, 0).unwrap();
    let told = before.begin_arriving();
    budget.close();
    told.notified().await;
    request(&budget, 2, 0).unwrap().begin_arriving().notified().await;
    assert!(budget.is_closed());
}

#[tokio::test]
async fn a_large_request_leaves_its_turn_when_it_became_small() {
    let budget = budget(1 << 20);
    let mut first = budget.reserve(Who::own()).await.unwrap();
    first.grow(20 << 20).await.unwrap();
    first.leave_turn(100_000);
    assert_eq!((budget.0.taken.get(), budget.0.turn.available_permits()), (100_000, 1));
    first.shrink_to(50_000);
    assert_eq!(budget.0.taken.get(), 50_000);
    let mut second = budget.reserve(Who { connection: 1, sender: Sender::Own }).await.unwrap();
    second.grow(20 << 20).await.unwrap();
    second.leave_turn(10 << 20);
    assert_eq!(budget.0.turn.available_permits(), 0, "there is no room for it elsewhere");
    drop((first, second));
    assert_eq!(budget.0.taken.get(), 0);
}

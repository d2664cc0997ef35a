//! Moves that are made: told by the traffic, and compared before and after. A shop whose cart is a route that the page
//! refreshes after, until one morning it is an action.

use pointsman_advisor::Verdict;
use pointsman_advisor::life::{Decision, Life, Occasion, Outcome, Pairing, State, Who};
use pointsman_store::{Form, HandlerKind, Hour};

use crate::player::{Player, row};
use crate::traffic::{DAY_0, MINUTE, MS, SECOND, Traffic};

const CART: &str = "POST /api/cart";
/// First hour of all.
const BEGIN: u32 = (DAY_0 / Hour::NANOS) as u32;
/// Days before the move, and hours of a day in which the shop is open.
const DAYS: u32 = 8;
const OPEN: std::ops::Range<u32> = 8..20;

fn hour(day: u32, hour: u32) -> u32 {
    BEGIN + day * 24 + hour
}

/// Five visits an hour: the page is loaded, and something is put into the cart, as `put` does it.
fn day(traffic: &mut Traffic, day: u32, mut put: impl FnMut(&mut Traffic, u64, u64)) {
    for open in OPEN {
        for visit in 0..5 {
            let start = Hour(hour(day, open)).start_ns() + visit * 11 * MINUTE;
            let client = u64::from(day) * 1_000 + u64::from(open) * 10 + visit;
            traffic.page("/product/1", Form::Document, client, start);
            put(traffic, client, start + 20 * SECOND);
        }
    }
}

fn by_route(traffic: &mut Traffic, client: u64, start: u64) {
    traffic.mutation_with_refresh("/api/cart", "/product/1", client, start);
}

/// The shop over a fortnight; after the move the cart is `after`.
fn shop(mut after: impl FnMut(&mut Traffic, u64, u64)) -> Player {
    let mut traffic = Traffic::new();
    for number in 0..14 {
        if number < DAYS {
            day(&mut traffic, number, by_route);
        } else {
            day(&mut traffic, number, &mut after);
        }
    }
    Player::new(&traffic)
}

fn life(player: &mut Player, day: u32) -> Life {
    let report = player.look(Occasion::Run, hour(day, 6));
    let id = player.id(CART).to_string();
    report.recommendations.into_iter().find(|life| life.id == id).unwrap()
}

fn states(life: &Life) -> Vec<(State, Who)> {
    life.history.iter().map(|step| (step.to, step.who)).collect()
}

#[test]
fn a_move_that_pays_is_proposed_accepted_applied_and_found_to_pay() {
    let mut player = shop(|traffic, client, start| {
        let call = traffic.action("addItem", "/product/1", client, start, 55);
        call.form = Form::ActionFetch;
    });
    let first = player.look(Occasion::First, hour(DAYS, 6));
    assert_eq!(row(&first, CART).verdict, Verdict::MoveToServerAction, "{:#?}", row(&first, CART));
    let id = player.id(CART);
    player.decide(id, &Decision::Accept, hour(DAYS, 7)).unwrap();
    let applied = life(&mut player, DAYS + 1);
    assert_eq!(applied.state, State::Applied, "{applied:#?}");
    assert_eq!(applied.successor, Some(player.id("addItem").to_string()));
    let verified = life(&mut player, DAYS + 2);
    assert_eq!(
        states(&verified),
        [
            (State::Proposed, Who::Advisor),
            (State::Accepted, Who::User),
            (State::Applied, Who::Advisor),
            (State::Verified, Who::Advisor),
        ]
    );
    let proof = verified.proof.unwrap();
    assert_eq!(proof.outcome, Outcome::Improved, "{proof:#?}");
    let trips = proof.round_trips.unwrap();
    assert!((trips.before - 2.0).abs() < 0.02 && (trips.after - 1.0).abs() < 0.01, "{trips:?}");
    assert!((trips.promised.unwrap() - 1.0).abs() < 0.02, "{trips:?}");
    // Before: 60 ms until the refresh begins and the 50 ms that it takes; after: the 55 ms of the action.
    let waiting = proof.waiting_ms_p50.unwrap();
    assert!((waiting.before - 110.0).abs() < 3.0 && (waiting.after - 55.0).abs() < 2.0, "{waiting:?}");
    assert!((waiting.promised.unwrap() - 20.0).abs() < 1.0, "{waiting:?}");
    assert_eq!((proof.promise_kept, proof.pairing), (Some(true), Some(Pairing::WeekdayAndHour)));

    let report = player.look(Occasion::Run, hour(DAYS + 3, 6));
    let record = report.record;
    assert_eq!((record.verified, record.improved, record.promises_kept), (1, 1, 1));
    let old = row(&report, CART);
    assert!(!old.is_open_move(), "{:?}", old.state);
    assert_eq!((report.total.moves, old.state.as_deref()), (0, Some("verified")));
}

#[test]
fn a_move_that_makes_users_wait_longer_is_found_to_be_worse() {
    let mut player = shop(|traffic, client, start| {
        // The action is slow, and the page still refreshes after it.
        traffic.action("addItem", "/product/1", client, start, 400);
        traffic.page("/product/1", Form::Rsc, client, start + 420 * MS);
    });
    player.look(Occasion::First, hour(DAYS, 6));
    life(&mut player, DAYS + 1);
    let verified = life(&mut player, DAYS + 2);
    assert_eq!(verified.state, State::Verified, "{verified:#?}");
    let proof = verified.proof.unwrap();
    assert_eq!((proof.outcome, proof.promise_kept), (Outcome::Worse, Some(false)), "{proof:#?}");
    assert!(proof.waiting_ms_p50.unwrap().saved < -300.0, "{proof:#?}");
}

#[test]
fn a_move_after_which_calls_fail_is_worse_however_fast_it_is() {
    let mut player = shop(|traffic, client, start| {
        let call = traffic.action("addItem", "/product/1", client, start, 5);
        if client % 10 < 2 {
            call.status = Some(500);
        }
    });
    player.look(Occasion::First, hour(DAYS, 6));
    let lives: Vec<Life> = (DAYS + 1..DAYS + 4).map(|day| life(&mut player, day)).collect();
    let proof = lives.last().unwrap().proof.clone().unwrap();
    assert_eq!(proof.outcome, Outcome::Worse, "{proof:#?}");
    assert!(proof.reason.contains("of calls fail"), "{}", proof.reason);
}

#[test]
fn without_a_difference_it_is_flat_and_only_after_a_fortnight() {
    let mut traffic = Traffic::new();
    for number in 0..25 {
        day(&mut traffic, number, |traffic, client, start| {
            if number < DAYS {
                return by_route(traffic, client, start);
            }
            traffic.action("addItem", "/product/1", client, start, 50);
            // As slow as before, and as many round trips.
            traffic.page("/product/1", Form::Rsc, client, start + 60 * MS);
        });
    }
    let mut player = Player::new(&traffic);
    player.look(Occasion::First, hour(DAYS, 6));
    for day in DAYS + 1..DAYS + 14 {
        let so_far = life(&mut player, day);
        assert!(so_far.proof.is_none(), "day {day}: {so_far:#?}");
    }
    let proof = (DAYS + 14..DAYS + 16).find_map(|day| life(&mut player, day).proof).unwrap();
    assert_eq!((proof.outcome, proof.promise_kept), (Outcome::Flat, Some(false)), "{proof:#?}");
    assert_eq!(player.look(Occasion::View, hour(DAYS + 16, 6)).record.flat, 1);
}

#[test]
fn a_user_says_that_it_is_done_where_the_traffic_does_not() {
    // Two actions came in its place: neither of them is called as often as the route was.
    let mut player = shop(|traffic, client, start| {
        let name = if client % 3 == 0 { "addItem" } else { "addItems" };
        traffic.action(name, "/product/1", client, start, 55);
        traffic.action("track", "/product/1", client, start + 20 * SECOND, 5);
    });
    player.look(Occasion::First, hour(DAYS, 6));
    for day in DAYS + 1..DAYS + 4 {
        assert_eq!(life(&mut player, day).state, State::Proposed, "day {day}");
    }
    let (id, new) = (player.id(CART), player.id("addItems"));
    let handler = pointsman_store::Handler {
        service: "shop".into(),
        environment: Some("production".into()),
        kind: HandlerKind::ServerAction,
        route: "/product/1".into(),
        method: "POST".into(),
        action: None,
        operation: None,
    };
    let decision = Decision::Applied { successor: Some((new, handler)) };
    player.decide(id, &decision, hour(DAYS + 4, 6)).unwrap();
    let verified = life(&mut player, DAYS + 5);
    assert_eq!(verified.state, State::Verified, "{verified:#?}");
    // The traffic shows when: no call since the proposal.
    assert_eq!(verified.applied.as_deref(), Some("2024-10-12T06:00:00Z"), "{:?}", verified.history);
    assert_eq!(verified.proof.unwrap().outcome, Outcome::Improved);
}

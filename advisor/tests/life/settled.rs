//! Reports that are settled: what stands is shown and says so, and what was refused is no advice.

use pointsman_advisor::Verdict;
use pointsman_advisor::life::{Decision, Keep, Occasion, Policy, State, Who};
use pointsman_store::{AppFact, Caller, Hour};

use crate::player::{Player, row};
use crate::traffic::{DAY, DAY_0, SECOND, Traffic};

const CART: &str = "POST /api/cart";

/// The hour at which run `number` is made: 06:00 of each day.
fn at(number: u32) -> u32 {
    (DAY_0 / Hour::NANOS) as u32 + number * 24 + 6
}

/// A cart that is refreshed after each of 100 mutations a day on these days, and after none of 2,400 on the others: far
/// below what leaving a move takes.
fn cart(days: u64, refreshed: impl Fn(u64) -> bool) -> Traffic {
    let mut traffic = Traffic::new();
    for day in 0..days {
        let number = if refreshed(day) { 100 } else { 2_400 };
        for visit in 0..number {
            let start = DAY_0 + day * DAY + 7 * Hour::NANOS + visit * 20 * SECOND;
            let client = day * 10_000 + visit;
            if refreshed(day) {
                traffic.mutation_with_refresh("/api/cart", "/product/1", client, start);
            } else {
                traffic.mutation("/api/cart", "/product/1", client, start);
            }
        }
    }
    traffic
}

fn verdicts(player: &mut Player, runs: std::ops::Range<u32>) -> Vec<(Verdict, Option<String>)> {
    let look = |run| {
        let report = player.look(Occasion::Run, at(run));
        let row = row(&report, CART);
        (row.verdict, row.state.clone())
    };
    runs.map(look).collect()
}

#[test]
fn a_verdict_that_stands_is_shown_against_the_last_run_and_says_so() {
    let mut player = Player::new(&cart(9, |day| day < 6));
    let begin = verdicts(&mut player, 6..7);
    assert_eq!(begin, [(Verdict::MoveToServerAction, Some("proposed".to_owned()))]);
    let held = player.look(Occasion::Run, at(7));
    let held = row(&held, CART);
    assert_eq!(held.verdict, Verdict::MoveToServerAction);
    assert!(
        held.reason.starts_with("stands since 2024-10-10T06:00:00Z; the last run sees keep: "),
        "{}",
        held.reason
    );
    assert!(
        held.benefit.as_ref().is_some_and(|benefit| benefit.round_trips_per_day > 50.0),
        "{:?}",
        held.benefit
    );
    assert!(!held.steps.is_empty());
    let report = player.look(Occasion::Run, at(8));
    assert_eq!(row(&report, CART).verdict, Verdict::Keep);
    let life = &report.recommendations[0];
    assert_eq!((life.state, report.record.flips), (State::Expired, 1));
    assert!(life.reason.starts_with("the verdict is now keep: "), "{}", life.reason);
}

#[test]
fn an_outside_caller_ends_a_standing_move_at_once() {
    let mut traffic = cart(8, |_| true);
    let call = traffic.mutation("/api/cart", "/", 7, DAY_0 + 6 * DAY + 8 * Hour::NANOS);
    (call.caller, call.agent, call.page) = (Caller::External, Some("okhttp".into()), None);
    let mut player = Player::new(&traffic);
    let seen: Vec<Verdict> = verdicts(&mut player, 5..8).into_iter().map(|(verdict, _)| verdict).collect();
    assert_eq!(seen, [Verdict::MoveToServerAction, Verdict::MoveToServerAction, Verdict::Keep]);
}

#[test]
fn nothing_changes_right_after_a_deployment() {
    let build = |value: &str, first_seen_ns| AppFact {
        service: "shop".into(),
        environment: Some("production".into()),
        build: None,
        name: "pointsman.next.build_id".into(),
        value: value.into(),
        first_seen_ns,
        last_seen_ns: first_seen_ns,
    };
    let mut player = Player::new(&cart(10, |day| day < 6));
    player.facts = vec![build("a", DAY_0), build("b", Hour(at(8) - 3).start_ns())];
    let seen: Vec<Verdict> = verdicts(&mut player, 6..10).into_iter().map(|(verdict, _)| verdict).collect();
    let go = Verdict::MoveToServerAction;
    assert_eq!(seen, [go, go, go, Verdict::Keep], "the run at 06:00 of the deployment does not count");
}

#[test]
fn what_is_refused_is_listed_and_not_advised_until_its_time_is_over() {
    let mut player = Player::new(&cart(14, |_| true));
    player.look(Occasion::Run, at(6));
    let id = player.id(CART);
    let until_ns = Hour(at(9)).start_ns();
    player.decide(id, &Decision::Snooze { until_ns, reason: None }, at(6)).unwrap();
    let snoozed = player.look(Occasion::Run, at(7));
    let shown = row(&snoozed, CART);
    assert_eq!((shown.verdict, shown.state.as_deref()), (Verdict::MoveToServerAction, Some("snoozed")));
    assert!(!shown.is_open_move());
    assert_eq!((snoozed.total.moves, snoozed.total.round_trips_per_day), (0, 0.0));
    assert_eq!(snoozed.recommendations[0].until.as_deref(), Some("2024-10-13T06:00:00Z"));
    player.look(Occasion::Run, at(8));
    let awake = player.look(Occasion::Run, at(9));
    assert!(row(&awake, CART).is_open_move());
    assert_eq!(awake.total.moves, 1);
    let dismissed = Decision::Dismiss { reason: "the app goes away".into(), until_ns: None };
    player.decide(id, &dismissed, at(9)).unwrap();
    let later = player.look(Occasion::Run, at(13));
    assert_eq!(row(&later, CART).state.as_deref(), Some("dismissed"));
    assert_eq!(later.recommendations[0].reason, "the app goes away");
}

#[test]
fn a_policy_dismisses_with_its_reason_and_when_it_goes_the_move_is_back() {
    let policy = Policy {
        handlers: vec!["/api/**".into()],
        keep: Some(Keep::Route),
        reason: "this project is API-first".into(),
        ..Policy::default()
    };
    let mut player = Player::new(&cart(9, |_| true)).with_policy(policy);
    let report = player.look(Occasion::First, at(6));
    assert_eq!(row(&report, CART).state.as_deref(), Some("dismissed"));
    let life = &report.recommendations[0];
    assert_eq!((life.history[1].who, life.reason.as_str()), (Who::Policy, "this project is API-first"));
    assert_eq!((report.policies[0].dismissed_moves, report.total.moves), (1, 0));
    player.policies = pointsman_advisor::life::Policies::default();
    let report = player.look(Occasion::Run, at(7));
    assert!(row(&report, CART).is_open_move());
    assert_eq!(report.policies, []);
}

#[test]
fn the_same_look_twice_is_the_same() {
    let mut player = Player::new(&cart(9, |_| true));
    player.look(Occasion::Run, at(6));
    let history = player.history.clone();
    let first = player.look(Occasion::Run, at(7));
    player.history = history;
    let second = player.look(Occasion::Run, at(7));
    assert_eq!(first, second);
}

#[test]
fn a_handler_that_is_gone_for_a_fortnight_takes_its_recommendation_along() {
    let mut traffic = cart(6, |_| true);
    traffic.page("/other", pointsman_store::Form::Document, 1, DAY_0 + 30 * DAY);
    let mut player = Player::new(&traffic);
    player.look(Occasion::Run, at(6));
    let state = |player: &mut Player, run| player.look(Occasion::Run, at(run)).recommendations[0].state;
    for run in 7..26 {
        assert_eq!(state(&mut player, run), State::Proposed, "run {run}");
    }
    // Judged last at 06:00 of day 12, when its calls still were within the week.
    assert_eq!(state(&mut player, 26), State::Expired);
}

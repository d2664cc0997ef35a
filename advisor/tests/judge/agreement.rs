//! No move leads to a state of which another rule would complain. Traffic is made up from recipes, judged, played as it
//! would be after the move, and judged again: nobody is advised back.

use pointsman_advisor::{HandlerReport, Verdict};
use pointsman_store::{Form, HandlerKind, Sign};
use proptest::prelude::*;

use crate::traffic::{MS, SECOND, Traffic, visit};

/// How often one visitor calls.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Rhythm {
    /// Once.
    Once,
    /// Six times, at this interval, ms.
    Poll(u64),
    /// Five times at the pace of typing, each time with a longer text.
    Typing,
    /// So many times at once.
    AtOnce(u64),
}

/// What follows a mutation.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Then {
    Refresh,
    Document,
    Nothing,
}

/// Mutations of one route.
#[derive(Clone, Copy, Debug)]
struct Mutations {
    rhythm: Rhythm,
    then: Then,
    ms: u64,
    answer: u64,
    body: u64,
    sets_cookie: bool,
}

/// Calls of one reading action.
#[derive(Clone, Copy, Debug)]
struct Reads {
    rhythm: Rhythm,
    on_load: bool,
    ms: u64,
    answer: u64,
    traced: bool,
}

const VISITS: u64 = 420;
const DAYS: u64 = 8;

/// When each call of a visit is wanted, from its start on, ns.
fn wanted(rhythm: Rhythm) -> Vec<u64> {
    match rhythm {
        Rhythm::Once => vec![0],
        Rhythm::Poll(ms) => (0..6).map(|tick| tick * ms * MS).collect(),
        Rhythm::Typing => (0..5).map(|key| key * 250 * MS).collect(),
        Rhythm::AtOnce(calls) => (0..calls).map(|place| place * 2 * MS).collect(),
    }
}

/// When each of them starts where only one may run at a time.
fn queued(wanted: &[u64], ms: u64) -> Vec<u64> {
    let mut free = 0;
    let start = |wanted: &u64| {
        let start = free.max(*wanted);
        free = start + ms * MS + 4 * MS;
        start
    };
    wanted.iter().map(start).collect()
}

impl Mutations {
    fn as_route(self) -> Traffic {
        let mut traffic = Traffic::new();
        for number in 0..VISITS {
            let begin = visit(number, DAYS);
            for (place, offset) in (0..).zip(wanted(self.rhythm)) {
                let start = begin + offset;
                self.dress(number, place, traffic.mutation("/api/item", "/list", number, start));
                let after = start + self.ms * MS + 30 * MS;
                let form = match self.then {
                    Then::Refresh => Form::Rsc,
                    Then::Document => Form::Document,
                    Then::Nothing => continue,
                };
                traffic.page("/list", form, number, after).signs |= Sign::AppRouter;
            }
        }
        traffic
    }

    /// The page comes with each answer: nothing follows any more.
    fn as_action(self) -> Traffic {
        let mut traffic = Traffic::new();
        for number in 0..VISITS {
            let begin = visit(number, DAYS);
            for (place, offset) in (0..).zip(queued(&wanted(self.rhythm), self.ms)) {
                let call = traffic.action("submitItem", "/list", number, begin + offset, self.ms);
                self.dress(number, place, call);
                if self.then != Then::Nothing {
                    call.signs |= Sign::Rerendered;
                }
            }
        }
        traffic
    }

    fn dress(self, number: u64, place: u64, call: &mut pointsman_store::Call) {
        call.duration_ns = self.ms * MS;
        call.response_bytes = Some(self.answer);
        // Typing sends ever longer texts.
        call.request_bytes = Some(self.body + place);
        call.request_key = Some(number * 100 + place);
        call.response_hash = Some(number * 100 + place);
        if self.sets_cookie {
            call.signs |= Sign::SetsCookie;
        }
    }
}

impl Reads {
    fn name(self) -> &'static str {
        if self.traced { "items" } else { "getItems" }
    }

    fn as_action(self) -> Traffic {
        self.play(|traffic, number, begin| {
            for (place, offset) in (0..).zip(queued(&wanted(self.rhythm), self.ms)) {
                let call = traffic.action(self.name(), "/list", number, begin + offset, self.ms);
                self.dress(number, place, call);
            }
        })
    }

    fn as_route(self) -> Traffic {
        self.play(|traffic, number, begin| {
            for (place, offset) in (0..).zip(wanted(self.rhythm)) {
                let call = traffic.get("/api/items", number, begin + offset);
                call.page = Some("/list".into());
                self.dress(number, place, call);
            }
        })
    }

    /// The page does the work of the first call; nothing else is asked.
    fn in_page(self) -> Traffic {
        let mut traffic = self.play(|_, _, _| {});
        traffic.calls.iter_mut().for_each(|call| call.duration_ns += self.ms * MS);
        traffic
    }

    fn play(self, calls: impl Fn(&mut Traffic, u64, u64)) -> Traffic {
        let mut traffic = Traffic::new();
        for number in 0..VISITS {
            let start = visit(number, DAYS);
            traffic.page("/list", Form::Document, number, start);
            calls(&mut traffic, number, start + if self.on_load { 300 * MS } else { 12 * SECOND });
        }
        traffic
    }

    fn dress(self, number: u64, place: u64, call: &mut pointsman_store::Call) {
        call.duration_ns = self.ms * MS;
        call.response_bytes = Some(self.answer);
        call.request_bytes = Some(100 + place);
        // What comes with the load has the page's own arguments.
        call.request_key = Some(if self.on_load { place } else { number * 100 + place });
        call.response_hash = Some(number * 100 + place);
        if self.traced {
            call.signs |= Sign::Reads;
        }
    }
}

fn rhythms() -> impl Strategy<Value = Rhythm> {
    prop_oneof![
        3 => Just(Rhythm::Once),
        1 => (1_000_u64..20_000).prop_map(Rhythm::Poll),
        1 => Just(Rhythm::Typing),
        1 => (2_u64..7).prop_map(Rhythm::AtOnce),
    ]
}

/// Of every order of magnitude alike.
fn magnitudes(least: f64, most: f64) -> impl Strategy<Value = u64> {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small positive numbers")]
    (least.ln()..most.ln()).prop_map(|ln| ln.exp() as u64)
}

fn mutations() -> impl Strategy<Value = Mutations> {
    let then = prop_oneof![3 => Just(Then::Refresh), 1 => Just(Then::Document), 1 => Just(Then::Nothing)];
    let sizes = (magnitudes(50.0, 3e6), magnitudes(50.0, 2e6));
    (rhythms(), then, magnitudes(5.0, 40_000.0), sizes, any::<bool>()).prop_map(
        |(rhythm, then, ms, (answer, body), sets_cookie)| Mutations {
            rhythm,
            then,
            ms,
            answer,
            body,
            sets_cookie,
        },
    )
}

fn reads() -> impl Strategy<Value = Reads> {
    let sizes = magnitudes(50.0, 3e6);
    (rhythms(), any::<bool>(), magnitudes(5.0, 40_000.0), sizes, any::<bool>())
        .prop_map(|(rhythm, on_load, ms, answer, traced)| Reads { rhythm, on_load, ms, answer, traced })
}

fn only(traffic: &Traffic, kind: HandlerKind) -> Option<HandlerReport> {
    let report = traffic.report(&pointsman_advisor::Settings::default());
    report.handlers.into_iter().find(|row| row.kind == kind.into())
}

/// What would be said against the new state: a move out of it, or an improvement that says it should not be one.
fn complaints(row: &HandlerReport) -> Vec<String> {
    let moved = row.verdict.is_move().then(|| format!("{:?}: {}", row.verdict, row.reason));
    let against_actions = row.improvements.iter().filter(|rule| rule.starts_with("action-"));
    let unsafe_get = row.improvements.iter().filter(|rule| *rule == "unsafe-get");
    moved.into_iter().chain(against_actions.cloned()).chain(unsafe_get.cloned()).collect()
}

fn agrees(recipe: Mutations) -> Result<bool, TestCaseError> {
    let Some(before) = only(&recipe.as_route(), HandlerKind::RouteHandler) else { return Ok(false) };
    if before.verdict != Verdict::MoveToServerAction {
        return Ok(false);
    }
    let after = only(&recipe.as_action(), HandlerKind::ServerAction).unwrap();
    prop_assert_eq!(complaints(&after), Vec::<String>::new(), "{}", before.reason);
    Ok(true)
}

fn agrees_on_reads(recipe: Reads) -> Result<bool, TestCaseError> {
    let Some(before) = only(&recipe.as_action(), HandlerKind::ServerAction) else { return Ok(false) };
    let (after, kind) = match before.verdict {
        Verdict::MoveToRouteHandler => (recipe.as_route(), HandlerKind::RouteHandler),
        Verdict::MoveToServerComponent => (recipe.in_page(), HandlerKind::Page),
        _ => return Ok(false),
    };
    let after = only(&after, kind).unwrap();
    prop_assert_eq!(complaints(&after), Vec::<String>::new(), "{}", before.reason);
    Ok(true)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_route_that_became_an_action_is_left_alone(recipe in mutations()) {
        agrees(recipe)?;
    }

    #[test]
    fn an_action_that_became_a_route_or_a_part_of_its_page_is_left_alone(recipe in reads()) {
        agrees_on_reads(recipe)?;
    }
}

const PLAIN: Mutations = Mutations {
    rhythm: Rhythm::Once,
    then: Then::Refresh,
    ms: 60,
    answer: 300,
    body: 300,
    sets_cookie: false,
};

#[test]
fn the_recipes_reach_every_move() {
    assert!(agrees(PLAIN).unwrap());
    assert!(agrees(Mutations { then: Then::Document, ..PLAIN }).unwrap());
    let read = Reads { rhythm: Rhythm::AtOnce(4), on_load: false, ms: 90, answer: 300, traced: true };
    assert!(agrees_on_reads(read).unwrap());
    assert!(agrees_on_reads(Reads { rhythm: Rhythm::Once, on_load: true, ..read }).unwrap());
}

#[test]
fn a_route_of_which_a_rule_about_actions_would_complain_stays_one() {
    for (recipe, rule) in [
        (Mutations { ms: 25_000, ..PLAIN }, "action-long-running"),
        (Mutations { answer: 700_000, ..PLAIN }, "action-large-response"),
        (Mutations { rhythm: Rhythm::Poll(5_000), ..PLAIN }, "action-poll"),
        (Mutations { rhythm: Rhythm::Typing, ms: 20, ..PLAIN }, "action-typeahead"),
        (Mutations { rhythm: Rhythm::AtOnce(5), ms: 200, ..PLAIN }, "action-serial-queue"),
    ] {
        let judged = only(&recipe.as_route(), HandlerKind::RouteHandler).unwrap();
        assert_eq!(judged.verdict, Verdict::Keep, "{rule}: {}", judged.reason);
        assert!(judged.blockers.iter().any(|blocker| blocker == rule), "{rule}: {:?}", judged.blockers);
    }
}

#[test]
fn what_an_action_would_hold_up_counts_against_what_it_saves() {
    // 30 ms are saved; for four seconds whatever else the user does would wait.
    let slow = only(&Mutations { ms: 5_000, ..PLAIN }.as_route(), HandlerKind::RouteHandler).unwrap();
    assert_eq!(slow.verdict, Verdict::Keep, "{}", slow.reason);
    assert!(slow.reason.contains("would block"), "{}", slow.reason);
    let quick = only(&Mutations { ms: 900, ..PLAIN }.as_route(), HandlerKind::RouteHandler).unwrap();
    assert_eq!(quick.verdict, Verdict::MoveToServerAction, "{}", quick.reason);
}

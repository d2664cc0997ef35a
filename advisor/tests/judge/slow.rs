//! Slow clients and servers: a verdict stays, or it turns into too little evidence; never into another one.

use pointsman_advisor::{HandlerReport, Verdict};
use pointsman_store::Form;

use crate::traffic::{MS, SECOND, Traffic, visit};

/// How fast everything is.
#[derive(Clone, Copy, Debug)]
struct Pace {
    /// By how much longer the server takes.
    server: u64,
    /// From an answer to what the browser sends on account of it, ms.
    reaction: u64,
    /// Whether pages have links that are fetched ahead, which shows the reaction.
    links: bool,
}

const DESK: Pace = Pace { server: 1, reaction: 10, links: true };
const BUSY_SERVER: Pace = Pace { server: 5, ..DESK };
const PHONE: Pace = Pace { reaction: 700, ..DESK };
const BAD_NETWORK: Pace = Pace { reaction: 2_500, ..DESK };
const UNKNOWN: Pace = Pace { reaction: 400, links: false, ..DESK };

impl Pace {
    fn open(self, traffic: &mut Traffic, page: &str, client: u64, start: u64) -> u64 {
        let load = traffic.page(page, Form::Document, client, start);
        load.duration_ns *= self.server;
        let end = load.end_ns();
        if self.links {
            for link in 0..3 {
                traffic.page("/other", Form::Prefetch, client, end + (self.reaction + link) * MS);
            }
        }
        end
    }

    /// Actions that were wanted at once.
    fn serial(self, traffic: &mut Traffic, names: &[&str], page: &str, client: u64, mut at: u64) {
        for name in names {
            let call = traffic.action(name, page, client, at, 100);
            call.duration_ns *= self.server;
            at = call.end_ns() + self.reaction * MS;
        }
    }

    fn cart(self) -> HandlerReport {
        let mut traffic = Traffic::new();
        for number in 0..500 {
            let start = visit(number, 4);
            let shown = self.open(&mut traffic, "/product/1", number, start);
            let call = traffic.mutation("/api/cart", "/product/1", number, shown + 25 * SECOND);
            call.duration_ns *= self.server;
            let end = call.end_ns();
            traffic.page("/product/1", Form::Rsc, number, end + self.reaction * MS).duration_ns *=
                self.server;
        }
        traffic.judged("POST /api/cart")
    }

    fn compare(self) -> HandlerReport {
        let mut traffic = Traffic::new();
        for number in 0..200 {
            let shown = self.open(&mut traffic, "/compare", number, visit(number, 4));
            self.serial(&mut traffic, &["getPrice", "getStock"], "/compare", number, shown + 60 * SECOND);
        }
        traffic.judged("getStock")
    }

    fn dashboard(self) -> HandlerReport {
        let mut traffic = Traffic::new();
        for number in 0..200 {
            let shown = self.open(&mut traffic, "/dashboard", number, visit(number, 4));
            // What runs on mount runs when the page has come to life: two reactions after it.
            let at = shown + 2 * self.reaction * MS;
            self.serial(&mut traffic, &["getProfile", "getNews"], "/dashboard", number, at);
        }
        traffic.judged("getNews")
    }

    /// A person who clicks quickly, a second or more after each answer.
    fn clicks(self) -> HandlerReport {
        let mut traffic = Traffic::new();
        for number in 0..200 {
            let mut at = self.open(&mut traffic, "/list", number, visit(number, 4)) + 60 * SECOND;
            for click in 0..3 {
                let call = traffic.action("getPage", "/list", number, at, 100);
                call.duration_ns *= self.server;
                at = call.end_ns() + (self.reaction + 800 + (number * 53 + click * 331) % 3_000) * MS;
            }
        }
        traffic.judged("getPage")
    }
}

#[test]
fn what_is_slow_is_judged_alike_or_not_at_all() {
    type Story = fn(Pace) -> HandlerReport;
    let stories: [(&str, Story); 4] = [
        ("cart", Pace::cart),
        ("compare", Pace::compare),
        ("dashboard", Pace::dashboard),
        ("clicks", Pace::clicks),
    ];
    for (what, story) in stories {
        let fast = story(DESK);
        assert_eq!(fast.verdict.is_move(), what != "clicks", "{what}: {}", fast.reason);
        for pace in [BUSY_SERVER, PHONE, BAD_NETWORK, UNKNOWN] {
            let slow = story(pace);
            let held = [fast.verdict, Verdict::InsufficientEvidence].contains(&slow.verdict);
            assert!(held, "{what}, {pace:?}: {:?} {} {:?}", slow.verdict, slow.reason, slow.needs);
        }
    }
}

#[test]
fn where_the_rhythm_is_seen_a_phone_is_no_riddle() {
    for (what, verdict) in [
        (PHONE.cart(), Verdict::MoveToServerAction),
        (BUSY_SERVER.compare(), Verdict::MoveToRouteHandler),
        (PHONE.compare(), Verdict::MoveToRouteHandler),
        (BUSY_SERVER.dashboard(), Verdict::MoveToServerComponent),
        (PHONE.dashboard(), Verdict::MoveToServerComponent),
    ] {
        assert_eq!(what.verdict, verdict, "{:?} {}: {}", what.action, what.route, what.reason);
    }
}

#[test]
fn where_it_is_not_the_answer_is_open() {
    let judged = UNKNOWN.compare();
    assert_eq!(judged.verdict, Verdict::InsufficientEvidence, "{}", judged.reason);
    assert!(judged.needs.iter().any(|need| need.code.as_str() == "client_rhythm"), "{:?}", judged.needs);
}

/// As the router does it in browsers: what it shows by itself is followed by prefetches while it is still being answered.
#[test]
fn what_is_fetched_ahead_while_a_page_is_answered_does_not_make_a_client_fast() {
    let mut traffic = Traffic::new();
    for number in 0..200 {
        let shown = PHONE.open(&mut traffic, "/home", number, visit(number, 4));
        for step in 0..3 {
            let start = shown + (10 + 10 * step) * SECOND;
            let page = traffic.page("/compare", Form::Rsc, number, start);
            page.duration_ns = 400 * MS;
            for link in 0..3 {
                traffic.page("/other", Form::Prefetch, number, start + (100 + link) * MS);
            }
        }
        PHONE.serial(&mut traffic, &["getPrice", "getStock"], "/compare", number, shown + 60 * SECOND);
    }
    let judged = traffic.judged("getStock");
    assert_eq!(judged.verdict, Verdict::MoveToRouteHandler, "{}", judged.reason);
}

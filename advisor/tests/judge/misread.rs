//! Traffic that looks like what a rule is about and is something else, and the same rule where it is right: both sides.

use pointsman_advisor::{Settings, Verdict};
use pointsman_store::{AppFact, Call, Form, Sign};

use crate::traffic::{DAY_0, MS, SECOND, Traffic, visit};

fn improves(traffic: &Traffic, name: &str, rule: &str) -> bool {
    traffic.judged(name).improvements.iter().any(|id| id == rule)
}

/// 60 rows of six GETs with other arguments each, this far apart.
fn row_of_gets(apart: u64) -> Traffic {
    let mut traffic = Traffic::new();
    for number in 0..60 {
        let start = visit(number, 4);
        for key in 0..6 {
            let call = traffic.get("/api/search", number, start + key * apart * MS);
            (call.page, call.request_key) = (Some("/search".into()), Some(number * 10 + key));
        }
    }
    traffic
}

#[test]
fn somebody_who_types_is_no_loop() {
    assert!(improves(&row_of_gets(20), "GET /api/search", "batch-burst"));
    assert!(!improves(&row_of_gets(150), "GET /api/search", "batch-burst"));
}

#[test]
fn what_takes_seconds_gains_nothing_as_a_list() {
    for (ms, said) in [(80, true), (9_000, false)] {
        let mut traffic = Traffic::new();
        for number in 0..60 {
            let start = visit(number, 4);
            for turn in 0..4 {
                let call = traffic.action("makeImage", "/studio", number, start + turn * (ms + 10) * MS, ms);
                (call.request_key, call.request_bytes) = (Some(number * 10 + turn), Some(900 - turn));
                call.signs |= Sign::Writes;
            }
        }
        assert_eq!(improves(&traffic, "makeImage", "batch-burst"), said, "{ms} ms");
    }
}

/// People whose action brings the page in its answer and is called again, `apart` after that, so often.
fn answered_with_the_page(rounds: u64, apart: u64, same: bool) -> Traffic {
    let mut traffic = Traffic::new();
    for number in 0..40 {
        let start = visit(number, 4);
        traffic.page("/team", Form::Document, number, start);
        for round in 0..rounds {
            let at = start + 2 * SECOND + round * (40 + apart) * MS;
            let call = traffic.action("getMember", "/team", number, at, 40);
            call.signs = call.signs | Sign::Rerendered | Sign::DropsPrefetches | Sign::SetsCookie;
            call.request_key = Some(if same { 1 } else { number * 100 + round });
        }
    }
    traffic
}

#[test]
fn a_loop_may_run_through_the_answer_itself() {
    for (rounds, apart, same, said) in [
        (12, 30, true, true),
        // A list, a few clicks, and a poll.
        (12, 30, false, false),
        (4, 30, true, false),
        (12, 1_500, true, false),
    ] {
        let traffic = answered_with_the_page(rounds, apart, same);
        let found = improves(&traffic, "getMember", "action-refresh-loop");
        assert_eq!(found, said, "{rounds} rounds, {apart} ms apart, same {same}");
        assert!(!(said && improves(&traffic, "getMember", "batch-burst")), "a loop is no batch");
    }
}

/// 200 saves after which the page comes once more; `cookie` of whose: the action's answers, and those of the pages.
fn refreshed(action: bool, pages: bool) -> bool {
    let mut traffic = Traffic::new();
    for number in 0..200 {
        let start = visit(number, 4);
        let page = traffic.page("/shop", Form::Document, number, start);
        page.signs.set(Sign::SetsCookie, pages);
        let call = traffic.action("checkStock", "/shop", number, start + 9 * SECOND, 60);
        if action {
            call.signs = call.signs | Sign::SetsCookie | Sign::DropsPrefetches | Sign::Rerendered;
        }
        let page = traffic.page("/shop", Form::Rsc, number, start + 9 * SECOND + 80 * MS);
        page.page = Some("/shop".into());
        page.signs.set(Sign::SetsCookie, pages);
    }
    improves(&traffic, "checkStock", "refresh-after-action")
}

#[test]
fn a_refresh_that_the_router_makes_is_nobodys_code() {
    assert!(refreshed(false, false), "router.refresh() after an action");
    assert!(refreshed(true, false), "the action's own cookie brings the page: the refresh is redundant");
    assert!(!refreshed(true, true), "the proxy's cookie");
}

#[test]
fn a_cookie_of_the_proxy_is_looked_for_where_the_proxy_runs() {
    let mut traffic = Traffic::new();
    for number in 0..200 {
        let start = visit(number, 4);
        let page = traffic.page("/desk", Form::Document, number, start);
        page.signs = page.signs | Sign::SetsCookie | Sign::ProxyRan;
        // Most reads go past the proxy and set none.
        for turn in 0..8 {
            traffic.get("/api/feed", number, start + turn * SECOND);
        }
        let call = traffic.action("getDesk", "/desk", number, start + 20 * SECOND, 40);
        call.signs =
            call.signs | Sign::SetsCookie | Sign::Rerendered | Sign::DropsPrefetches | Sign::ProxyRan;
    }
    let judged = traffic.judged("getDesk");
    let said = judged.evidence.iter().find(|row| row.rule == "cookie-rerender").map(|row| row.text.clone());
    assert!(said.as_ref().is_some_and(|text| text.contains("the proxy or a session library")), "{said:?}");
}

/// 60 people who see a link to a GET; what a prefetch of it does.
fn linked(route: &str, prefetched: bool, change: fn(&mut Call)) -> bool {
    let mut traffic = Traffic::new();
    for number in 0..60 {
        let start = visit(number, 4);
        traffic.page("/console", Form::Document, number, start);
        let call = traffic.get(route, number, start + 200 * MS);
        call.status = Some(302);
        call.signs.set(Sign::Prefetched, prefetched);
        call.signs.set(Sign::Navigate, !prefetched);
        change(call);
    }
    improves(&traffic, &format!("GET {route}"), "unsafe-get")
}

#[test]
fn what_a_prefetch_does_nobody_asked_for() {
    let cookie: fn(&mut Call) = |call| call.signs |= Sign::SetsCookie;
    for route in ["/api/logout", "/api/draft"] {
        assert!(linked(route, true, cookie) && !linked(route, false, cookie), "{route}");
        assert!(!linked(route, true, |_| {}), "{route} does nothing");
    }
}

#[test]
fn developers_are_told_of_no_improvement() {
    for (environment, said) in [("production", true), ("development", false)] {
        let mut traffic = Traffic::in_environment(environment);
        for number in 0..100 {
            for again in 0..2 {
                let call = traffic.get("/api/notes", number, visit(number, 4) + again * SECOND);
                (call.request_key, call.response_hash) = (Some(number), Some(number));
            }
        }
        assert_eq!(improves(&traffic, "GET /api/notes", "duplicate-get"), said, "{environment}");
    }
}

#[test]
fn what_some_read_without_a_token_is_open_in_part_only() {
    for (of_ten, said) in [(10, true), (7, false)] {
        let mut traffic = Traffic::new();
        for number in 0..800 {
            let call = traffic.get("/api/config", number, visit(number / 20, 4) + number % 20 * SECOND);
            (call.request_key, call.response_hash, call.page) = (Some(1), Some(9), Some("/".into()));
            call.signs.set(Sign::Bearer, number % 10 < of_ten);
        }
        assert_eq!(improves(&traffic, "GET /api/config", "shared-read"), said, "{of_ten} of ten");
    }
}

fn limits(entries: &[&str]) -> Vec<AppFact> {
    let fact = |value: &&str| AppFact {
        service: "shop".to_owned(),
        environment: Some("production".to_owned()),
        build: Some("one".to_owned()),
        name: "pointsman.next.max_durations".to_owned(),
        value: (*value).to_owned(),
        first_seen_ns: DAY_0,
        last_seen_ns: DAY_0,
    };
    entries.iter().map(fact).collect()
}

#[test]
fn a_move_stays_within_the_limit_of_time_of_its_page() {
    let mut traffic = Traffic::new();
    for number in 0..600 {
        let start = visit(number, 4);
        traffic.mutation("/api/reports", "/reports", number, start).duration_ns = 900 * MS;
        let page = traffic.page("/reports", Form::Rsc, number, start + 950 * MS);
        page.page = Some("/reports".into());
    }
    for (entries, verdict) in [
        (&["/reports=60"][..], Verdict::MoveToServerAction),
        // 0.9 s of the one that the page allows: as an action it would be cut off.
        (&["/reports=1", "/api/reports=60"][..], Verdict::Keep),
    ] {
        let report = traffic.report_where(&Settings::default(), &Default::default(), &limits(entries));
        let row = report.handlers.iter().find(|row| row.route == "/api/reports").unwrap();
        assert_eq!(row.verdict, verdict, "{entries:?}: {}", row.reason);
        assert_eq!(row.blockers.contains(&"action-long-running".to_owned()), !verdict.is_move());
    }
}

#[test]
fn an_improvement_of_most_actions_has_one_cause() {
    let report = |refreshed: u64| {
        let mut traffic = Traffic::new();
        for number in 0..240 {
            let (start, action) = (visit(number, 4), number % 6);
            let name = format!("save{action}");
            traffic.page("/desk", Form::Document, number, start);
            traffic.action(&name, "/desk", number, start + 9 * SECOND, 40);
            if action < refreshed {
                let page = traffic.page("/desk", Form::Rsc, number, start + 9 * SECOND + 60 * MS);
                page.page = Some("/desk".into());
            }
        }
        traffic.report(&Settings::default())
    };
    let five = report(5);
    let [shared] = five.shared_improvements.as_slice() else { panic!("{:?}", five.shared_improvements) };
    assert_eq!((shared.rule.as_str(), shared.handlers.len(), shared.of), ("refresh-after-action", 5, 6));
    assert!(report(4).shared_improvements.is_empty());
}

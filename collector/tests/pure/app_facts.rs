//! Facts about the app: under which build they were seen, which actions a build has, and how many a trace may tell.

use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::trace::v1::Span;
use pointsman_collector::admit::{Limits, Secret, admit};
use pointsman_store::AppFact;
use prost::Message;

use crate::made::{INTERNAL, NOON, SERVER, found, list, number, request, sent, span, text};
use crate::support::{decoded, extract, requests};

const ID: &str = "40a1b2c3d4e5f60718293a4b5c6d7e8f9001122334";

/// Name, value and build of the facts in these spans.
fn facts(resource: Vec<KeyValue>, spans: Vec<Span>) -> Vec<(String, String, Option<String>)> {
    told(found(resource, spans).facts)
}

fn told(facts: Vec<AppFact>) -> Vec<(String, String, Option<String>)> {
    facts.into_iter().map(|fact| (fact.name, fact.value, fact.build)).collect()
}

fn has(facts: &[(String, String, Option<String>)], name: &str, value: &str, build: Option<&str>) -> bool {
    facts.contains(&(name.to_owned(), value.to_owned(), build.map(str::to_owned)))
}

fn page(more: Vec<KeyValue>) -> Span {
    request("GET", "app_page", 200, more)
}

#[test]
fn each_fact_names_its_build_wherever_that_stands() {
    let build = || text("pointsman.next.build_id", "b1");
    let deployment = || text("pointsman.deployment.id", "d1");
    let version = || text("pointsman.next.version", "16.4.6");
    for (resource, on_span, expected) in [
        (vec![version()], vec![], None),
        (vec![version(), build()], vec![], Some("b1")),
        (vec![version(), build(), deployment()], vec![], Some("d1")),
        (vec![version()], vec![build()], Some("b1")),
        (vec![version()], vec![build(), deployment()], Some("d1")),
    ] {
        let facts = facts(resource, vec![page(on_span)]);
        assert!(has(&facts, "pointsman.next.version", "16.4.6", expected), "{facts:?}");
        assert!(has(&facts, "pointsman.route.kind", "app_page", expected), "{facts:?}");
        assert!(has(&facts, "otel.scope.name", "@pointsman/nextjs", expected), "{facts:?}");
    }
}

#[test]
fn a_trace_of_two_builds_does_not_mix_them() {
    let of = |build: &str, id: u8, kind: &str| {
        let attributes = vec![
            text("http.request.method", "GET"),
            text("url.path", "/x"),
            text("pointsman.route.kind", kind),
            text("pointsman.next.build_id", build),
        ];
        sent(Vec::new(), vec![span(id, 0, SERVER, (0, 10), attributes)])
    };
    let facts = told(extract([of("old", 1, "app_page"), of("new", 2, "app_route")]).facts);
    assert!(has(&facts, "pointsman.route.kind", "app_page", Some("old")), "{facts:?}");
    assert!(has(&facts, "pointsman.route.kind", "app_route", Some("new")), "{facts:?}");
    // Which of them the scope belongs to, nothing tells.
    assert!(has(&facts, "otel.scope.name", "@pointsman/nextjs", None), "{facts:?}");
}

#[test]
fn the_actions_that_a_build_has_are_facts() {
    let action = |status, more: Vec<KeyValue>| {
        let build = text("pointsman.next.build_id", "b1");
        let more = [build, text("next.action.id", ID)].into_iter().chain(more).collect();
        let facts = facts(Vec::new(), vec![request("POST", "app_page", status, more)]);
        let mut actions = facts.into_iter().filter(|(name, ..)| name == "next.action.id");
        let first = actions.next().map(|(_, value, build)| {
            assert_eq!(build.as_deref(), Some("b1"));
            value
        });
        assert_eq!(actions.next(), None);
        first
    };
    let named = |file: &str| vec![text("code.function.name", "addToCart"), text("code.file.path", file)];
    let full = format!("{ID} app/actions.ts#addToCart");
    assert_eq!(action(200, Vec::new()).as_deref(), Some(ID));
    assert_eq!(action(200, named("app/actions.ts")), Some(full.clone()));
    assert_eq!(action(500, named("app/actions.ts")), Some(full), "it failed, but it is there");
    assert_eq!(action(200, named(&"x".repeat(300))).as_deref(), Some(ID), "too long a name");
    let unknown = text("http.response.header.x-nextjs-action-not-found", "1");
    assert_eq!(action(404, vec![unknown.clone()]), None);
    let mut stale = named("app/actions.ts");
    stale.push(unknown);
    assert_eq!(action(409, stale), None);
    // No id that Next.js makes, and a route handler that was sent one.
    let other = |kind, id| request("POST", kind, 200, vec![text("next.action.id", id)]);
    for span in [other("app_page", "made-up"), other("app_route", ID)] {
        assert!(facts(Vec::new(), vec![span]).iter().all(|(name, ..)| name != "next.action.id"));
    }
}

#[test]
fn a_trace_tells_so_many_facts_and_no_longer_ones() {
    let spans = (1..=200_u8).map(|id| {
        let version = text("service.version", &format!("{id:03}"));
        span(id, 0, SERVER, (0, 10), vec![version])
    });
    let extraction = found(Vec::new(), spans.collect());
    assert_eq!(extraction.facts.len(), 64);
    assert_eq!(extraction.facts_left_out, 201 - 64, "one is the scope's name");
    let long = text("service.version", &"ä".repeat(200));
    let facts = facts(vec![long], vec![page(Vec::new())]);
    let cut = facts.iter().find(|(name, ..)| name == "service.version").unwrap();
    assert_eq!(cut.1, "ä".repeat(128));
}

#[test]
fn a_fact_is_seen_from_its_first_span_to_its_last() {
    let at = |id, from| span(id, 0, SERVER, (from, from + 5), vec![text("pointsman.route.kind", "pages")]);
    let facts = found(Vec::new(), vec![at(1, 70), at(2, 10), at(3, 40)]).facts;
    let kind = facts.iter().find(|fact| fact.name == "pointsman.route.kind").unwrap();
    assert_eq!((kind.first_seen_ns, kind.last_seen_ns), (NOON + 10, NOON + 70));
}

#[test]
fn recorded_actions_are_listed_with_their_names() {
    let facts = extract(requests("next-16.4")).facts;
    let actions = facts.iter().filter(|fact| fact.name == "next.action.id");
    let mut names: Vec<_> =
        actions.filter_map(|fact| fact.value.split_once('#')).map(|(_, name)| name).collect();
    names.sort_unstable();
    names.dedup();
    for name in ["bigData", "formAct", "getData", "mutateTag", "setCookie", "upload"] {
        assert!(names.contains(&name), "{name}: {names:?}");
    }
    let kinds = facts.iter().filter(|fact| fact.name == "pointsman.route.kind");
    let mut kinds: Vec<_> = kinds.map(|fact| &*fact.value).collect();
    kinds.sort_unstable();
    kinds.dedup();
    assert!(kinds.contains(&"app_page") && kinds.contains(&"app_route"), "{kinds:?}");
}

/// The span about the build, with these attributes, once it has passed the door.
fn build_span(attributes: Vec<KeyValue>) -> Vec<(String, String, Option<String>)> {
    let mut build = span(1, 0, INTERNAL, (0, 10), attributes);
    build.name = "pointsman.build".to_owned();
    let otlp = sent(Vec::new(), vec![build]).encode_to_vec();
    let admitted = admit(&otlp, NOON, &Limits::default(), &Secret::new("s")).unwrap();
    let extraction = extract([decoded(&admitted.otlp)]);
    assert!(extraction.calls.is_empty() && extraction.facts_left_out == 0);
    told(extraction.facts)
}

#[test]
fn what_is_in_a_build_is_a_fact_each_under_its_build() {
    let facts = build_span(vec![
        text("pointsman.next.build_id", "b1"),
        text("pointsman.next.version", "16.4.6"),
        text("pointsman.react.version", "19.3.1"),
        list("pointsman.next.flags", &["cacheComponents", "output:standalone"]),
        list("pointsman.next.proxy_matchers", &["/((?!api|_next/static).*)"]),
        list("pointsman.next.max_durations", &["/api/generate=60"]),
        list("pointsman.next.actions", &["app/actions.ts#addToCart"]),
        list("pointsman.next.routes", &["/", "/product/[id]"]),
        number("pointsman.build.cut", 7),
    ]);
    for (name, value) in [
        ("pointsman.next.version", "16.4.6"),
        ("pointsman.react.version", "19.3.1"),
        ("pointsman.next.flags", "cacheComponents"),
        ("pointsman.next.flags", "output:standalone"),
        ("pointsman.next.proxy_matchers", "/((?!api|_next/static).*)"),
        ("pointsman.next.max_durations", "/api/generate=60"),
        ("pointsman.next.actions", "app/actions.ts#addToCart"),
        ("pointsman.next.routes", "/product/[id]"),
        ("pointsman.build.cut", "7"),
    ] {
        assert!(has(&facts, name, value, Some("b1")), "{name} {value}: {facts:?}");
    }
}

#[test]
fn an_empty_list_is_known_to_be_empty_and_a_missing_one_is_unknown() {
    let facts = build_span(vec![list("pointsman.next.actions", &[])]);
    assert!(has(&facts, "pointsman.next.actions", "", None), "{facts:?}");
    assert!(!facts.iter().any(|(name, ..)| name == "pointsman.next.routes"), "{facts:?}");
}

#[test]
fn a_build_tells_five_hundred_values_of_each_list_and_other_spans_none() {
    let routes: Vec<String> = (0..700).map(|number| format!("/page-{number}")).collect();
    let routes: Vec<&str> = routes.iter().map(String::as_str).collect();
    let facts = build_span(vec![list("pointsman.next.routes", &routes)]);
    assert_eq!(facts.iter().filter(|(name, ..)| name == "pointsman.next.routes").count(), 500);
    let of_request = found(Vec::new(), vec![page(vec![list("pointsman.next.routes", &routes)])]).facts;
    assert!(!of_request.iter().any(|fact| fact.name == "pointsman.next.routes"));
}

//! Source and traffic together: which definition belongs to a handler, what its plan names, what is odd, and which source is refused.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use pointsman_advisor::source::{FindingKind, Misfit, attach, fits};
use pointsman_advisor::{HandlerReport, Report};
use pointsman_store::{AppFact, Source};
use serde_json::{Value, json};

/// A report with these handlers, each as its kind, method, name (`route` or `file#action`) and share of calls from the own UI.
fn report(handlers: &[(&str, &str, &str, f64)]) -> Report {
    let row = |(index, (kind, method, name, own_ui)): (usize, &(&str, &str, &str, f64))| {
        let (file, action) =
            name.split_once('#').map_or((None, None), |(file, name)| (Some(file), Some(name)));
        let route = if file.is_some() { "/page" } else { name };
        json!({
            "id": format!("{index:016x}"), "kind": kind, "route": route, "method": method, "action": action, "file": file,
            "calls": 700.0, "calls_per_day": 100.0, "callers": { "own_ui": own_ui, "external": 1.0 - own_ui },
            "verdict": "keep", "confidence": null, "state": null, "reason": "so it is", "flips_if": "", "barred": false,
            "blockers": [], "improvements": [], "evidence": [], "benefit": null, "effort": null, "steps": [],
            "warnings": [], "needs": [], "duration_ms": null,
        })
    };
    let rows: Vec<Value> = handlers.iter().enumerate().map(row).collect();
    let settings = serde_json::to_value(pointsman_advisor::Settings::default()).unwrap();
    let total = serde_json::to_value(pointsman_advisor::Total::default()).unwrap();
    serde_json::from_value(json!({
        "schema": "pointsman.report/v1", "generated_at": "", "window": { "from": "", "to": "" }, "service": "shop",
        "environment": null, "days_covered": 7.0, "next_version": null, "sampling": { "declared": true, "text": "" },
        "handlers": rows, "total": total, "shadow": {}, "unknown_actions": [], "settings": settings, "rules": [],
    }))
    .unwrap()
}

/// A definition as `pointsman link` writes it.
fn definition(
    kind: &str,
    method: Option<&str>,
    name: &str,
    file: &str,
    usage: Option<&str>,
    sites: &Value,
) -> Value {
    let is_action = kind == "server_action";
    json!({
        "kind": kind, "route": (!is_action).then_some(name), "method": method, "action": is_action.then_some(name),
        "file": file, "line": 8, "name": name.rsplit('#').next(), "written_in": null, "usage": usage, "call_sites": sites,
    })
}

fn site(file: &str, line: u32, how: &str) -> Value {
    json!({ "file": file, "line": line, "how": how, "method": "POST", "side": "client", "refreshes": true })
}

fn source(handlers: &[Value], unresolved: &Value) -> Source {
    serde_json::from_value(json!({
        "schema": "pointsman.source/v1", "commit": "0123456789abcdef0123456789abcdef01234567", "content_hash": "00",
        "app": { "root": "", "package": "shop", "next": "16.4.6", "base_path": null, "flags": [], "packages": [] },
        "handlers": handlers, "unresolved": unresolved,
        "counts": { "files": 1, "bytes": 1, "call_sites": 1, "unresolved": 0, "skipped": {} },
    }))
    .unwrap()
}

fn of<'a>(report: &'a Report, name: &str) -> &'a HandlerReport {
    report.handlers.iter().find(|row| row.route == name || row.action.as_deref() == Some(name)).unwrap()
}

fn notes(report: &Report, name: &str) -> Vec<String> {
    of(report, name).source.as_ref().unwrap().notes.clone()
}

#[test]
fn a_handler_is_joined_by_kind_route_method_and_name() {
    let mut report = report(&[
        ("route_handler", "POST", "/api/cart", 1.0),
        ("route_handler", "PUT", "/api/cart/[id]", 1.0),
        ("pages_api", "POST", "/api/legacy", 1.0),
        ("server_action", "POST", "actions/save.ts#save", 1.0),
        ("route_handler", "GET", "/api/none", 1.0),
        ("page", "GET", "/", 1.0),
    ]);
    let source = source(
        &[
            definition("route_handler", Some("GET"), "/api/cart", "app/api/cart/route.ts", None, &json!([])),
            definition(
                "route_handler",
                Some("POST"),
                "/api/cart",
                "app/(shop)/api/cart/route.ts",
                None,
                &json!([site("a.tsx", 3, "fetch")]),
            ),
            definition(
                "route_handler",
                Some("GET"),
                "/api/cart/[id]",
                "app/api/cart/[id]/route.ts",
                None,
                &json!([]),
            ),
            definition(
                "pages_api",
                None,
                "/api/legacy",
                "pages/api/legacy.ts",
                None,
                &json!([site("b.tsx", 4, "fetch")]),
            ),
            definition(
                "server_action",
                Some("POST"),
                "actions/save.ts#save",
                "actions/save.ts",
                Some("action"),
                &json!([site("c.tsx", 5, "form")]),
            ),
        ],
        &json!([]),
    );
    attach(&mut report, &source);
    let defined = |name: &str| of(&report, name).source.clone().unwrap().defined.map(|place| place.file);
    assert_eq!(defined("/api/cart").as_deref(), Some("app/(shop)/api/cart/route.ts"));
    assert_eq!(defined("/api/legacy").as_deref(), Some("pages/api/legacy.ts"));
    assert_eq!(defined("save").as_deref(), Some("actions/save.ts"));
    assert_eq!((defined("/api/cart/[id]"), defined("/api/none")), (None, None));
    assert!(notes(&report, "/api/cart/[id]")[0].contains("does not export the method"));
    assert!(notes(&report, "/api/none")[0].contains("does not define this route"));
    assert!(of(&report, "/").source.is_none());
    let whole = report.source.unwrap();
    assert_eq!((whole.matched, whole.expected), (3, 5));
}

#[test]
fn the_steps_name_the_files_and_the_lines() {
    let mut report = report(&[("route_handler", "POST", "/api/cart", 1.0)]);
    report.handlers[0].steps = vec![
        "with the body of POST in app/api/cart/route.ts".to_owned(),
        "on /product replace `await fetch(..)`".to_owned(),
    ];
    let sites: Vec<Value> = (1..=6).map(|line| site("components/a.tsx", line, "fetch")).collect();
    let cart = definition(
        "route_handler",
        Some("POST"),
        "/api/cart",
        "src/app/(shop)/api/cart/route.ts",
        None,
        &json!(sites),
    );
    attach(&mut report, &source(&[cart], &json!([])));
    assert_eq!(
        report.handlers[0].steps,
        [
            "with the body of POST in src/app/(shop)/api/cart/route.ts:8",
            "on /product replace `await fetch(..)` (the calls: components/a.tsx:1, components/a.tsx:2, components/a.tsx:3, \
             components/a.tsx:4, 2 more)",
        ]
    );
}

#[test]
fn what_only_source_and_traffic_together_tell() {
    let mut report = report(&[
        ("route_handler", "POST", "/api/hook", 0.0),
        ("route_handler", "POST", "/api/old", 1.0),
        ("route_handler", "POST", "/api/open", 1.0),
        ("server_action", "POST", "a.ts#inner", 1.0),
    ]);
    let none = json!([]);
    let on_server = json!([{ "file": "p.tsx", "line": 1, "how": "call", "method": "POST", "side": "server", "refreshes": false }]);
    let source = source(
        &[
            definition("route_handler", Some("POST"), "/api/hook", "h.ts", None, &none),
            definition("route_handler", Some("POST"), "/api/old", "o.ts", None, &none),
            definition("route_handler", Some("POST"), "/api/open", "n.ts", None, &none),
            definition(
                "route_handler",
                Some("GET"),
                "/api/quiet",
                "q.ts",
                None,
                &json!([site("a.tsx", 1, "fetch")]),
            ),
            definition("route_handler", Some("GET"), "/api/unused", "u.ts", None, &none),
            definition("server_action", Some("POST"), "a.ts#inner", "a.ts", Some("server_only"), &on_server),
            definition("server_action", Some("POST"), "a.ts#stray", "a.ts", Some("server_only"), &on_server),
            definition("server_action", Some("POST"), "a.ts#dead", "a.ts", Some("nowhere"), &none),
            definition(
                "server_action",
                Some("POST"),
                "a.ts#idle",
                "a.ts",
                Some("action"),
                &json!([site("a.tsx", 2, "form")]),
            ),
            definition("server_action", Some("POST"), "../ui/a.ts#shared", "ui/a.ts", None, &none),
        ],
        &json!([{ "file": "x.ts", "line": 1, "how": "fetch", "why": "several_routes", "may_be": ["/api/open"] }]),
    );
    attach(&mut report, &source);
    assert!(notes(&report, "/api/hook")[0].contains("outside the repository"));
    assert!(notes(&report, "/api/old")[0].contains("older build"));
    assert!(notes(&report, "/api/open")[0].contains("1 call with an unknown URL"));
    assert!(notes(&report, "inner")[0].contains("only on the server"));
    let found: Vec<(FindingKind, String)> =
        report.source.as_ref().unwrap().findings.iter().map(|one| (one.kind, one.name.clone())).collect();
    let expected = [
        (FindingKind::DeadAction, "dead"),
        (FindingKind::StrayUseServer, "stray"),
        (FindingKind::NoTraffic, "idle"),
        (FindingKind::NoTraffic, "GET /api/quiet"),
    ];
    assert_eq!(found, expected.map(|(kind, name)| (kind, name.to_owned())));
}

#[test]
fn an_action_that_only_its_id_names_may_be_any_of_them() {
    let mut report = report(&[("server_action", "POST", "/page", 1.0)]);
    let dead = definition("server_action", Some("POST"), "a.ts#dead", "a.ts", Some("nowhere"), &json!([]));
    attach(&mut report, &source(&[dead], &json!([])));
    assert!(notes(&report, "/page")[0].contains("only by its id"));
    assert_eq!(report.source.unwrap().findings, []);
}

#[test]
fn the_source_of_another_app_or_commit_is_refused_with_the_reason() {
    let six: Vec<String> = (0..6).map(|at| format!("/api/r{at}")).collect();
    let handlers: Vec<(&str, &str, &str, f64)> =
        six.iter().map(|route| ("route_handler", "GET", route.as_str(), 1.0)).collect();
    let report = report(&handlers);
    let defining = |count: usize| {
        let of = |route: &String| definition("route_handler", Some("GET"), route, "f.ts", None, &json!([]));
        source(&six.iter().take(count).map(of).collect::<Vec<_>>(), &json!([]))
    };
    assert_eq!(fits(&report, &[], &defining(3)), Ok(()));
    let refused = fits(&report, &[], &defining(2)).unwrap_err();
    assert!(matches!(refused, Misfit::AnotherApp { defined: 2, seen: 6, .. }), "{refused}");
    assert!(refused.to_string().contains("/api/r2, /api/r3, /api/r4"), "{refused}");

    let fact = |name: &str, value: &str, last: u64| AppFact {
        service: "shop".to_owned(),
        environment: None,
        build: None,
        name: name.to_owned(),
        value: value.to_owned(),
        first_seen_ns: 0,
        last_seen_ns: last,
    };
    for (name, value, fits_it) in [
        ("service.version", "0123456789ab", true),
        ("service.version", "fedcba9876543", false),
        ("pointsman.next.build_id", "fedcba9876543210fedcba9876543210fedcba98", false),
        ("service.version", "1.4.2", true),
        ("pointsman.next.build_id", "Xy7-notACommit", true),
        ("service.version", "20261130", true),
        ("pointsman.next.version", "fedcba9876543", true),
    ] {
        let found = fits(&report, &[fact(name, value, 2), fact(name, "0123456789abcdef", 1)], &defining(6));
        assert_eq!(found.is_ok(), fits_it, "{name} {value}: {found:?}");
    }
    let other =
        AppFact { environment: Some("staging".to_owned()), ..fact("service.version", "fedcba9876543", 2) };
    assert_eq!(fits(&report, &[other], &defining(6)), Ok(()));
}

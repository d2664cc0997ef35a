//! `check` on the recorded shop: what is new, what could not be judged, and how it is said.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::capture::{Capture, recording};
use crate::support::{Daemon, Run, http, pointsman, recent, recorded, wait_for, workspace};

/// A folder with recordings, and the shop's thresholds.
struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        std::fs::write(self.path(name), text).unwrap();
        self.path(name)
    }

    /// Runs `check` in the folder, with the thresholds of the shop.
    fn check(&self, arguments: &[&str]) -> Run {
        let config = workspace().join("examples/storefront/pointsman.toml");
        let mut all = vec!["--config", config.to_str().unwrap(), "check"];
        let in_folder: Vec<String> = arguments
            .iter()
            .map(|one| one.replace("@/", &format!("{}/", self.folder.path().display())))
            .collect();
        all.extend(in_folder.iter().map(String::as_str));
        pointsman(&self.path("none.db"), all)
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let run = self.check(&[arguments, &["--format", "json"]].concat());
        serde_json::from_str(&run.out).unwrap_or_else(|error| panic!("{error}: {} {}", run.out, run.err))
    }
}

/// The shop's recording, as tests would have made it.
fn from_tests() -> Vec<String> {
    const PRODUCTION: &str = "{\"stringValue\":\"production\"}";
    let name = "\"key\":\"deployment.environment.name\",\"value\":";
    let marked = |line: &String| {
        line.replace(
            &format!("{name}{PRODUCTION}"),
            &format!("{name}{{\"stringValue\":\"pointsman-tests\"}}"),
        )
    };
    let lines: Vec<String> = recorded("storefront").iter().map(marked).collect();
    assert!(lines.iter().any(|line| line.contains("pointsman-tests")));
    lines
}

/// The recording without the traces in which a span has one of these attributes.
fn without(lines: &[String], attributes: &[(&str, &str)]) -> Vec<String> {
    let mut requests: Vec<Value> = lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let spans = |request: &Value| -> Vec<Value> {
        let scopes = request["resourceSpans"].as_array().unwrap().iter();
        let scopes = scopes.flat_map(|resource| resource["scopeSpans"].as_array().unwrap());
        scopes.flat_map(|scope| scope["spans"].as_array().unwrap().clone()).collect()
    };
    let has = |span: &Value| {
        let all = span["attributes"].as_array().into_iter().flatten();
        let mut pairs =
            all.filter_map(|one| Some((one["key"].as_str()?, one["value"]["stringValue"].as_str()?)));
        pairs.any(|pair| attributes.contains(&pair))
    };
    let left_out: BTreeSet<String> = requests
        .iter()
        .flat_map(spans)
        .filter(has)
        .map(|span| span["traceId"].as_str().unwrap().to_owned())
        .collect();
    assert!(left_out.len() > 5, "{} traces", left_out.len());
    for request in &mut requests {
        for resource in request["resourceSpans"].as_array_mut().unwrap() {
            for scope in resource["scopeSpans"].as_array_mut().unwrap() {
                let spans = scope["spans"].as_array_mut().unwrap();
                spans.retain(|span| !left_out.contains(span["traceId"].as_str().unwrap()));
            }
        }
    }
    requests.iter().map(ToString::to_string).collect()
}

fn keys(findings: &Value) -> Vec<String> {
    let all = findings.as_array().unwrap().iter();
    all.map(|one| format!("{} {}", one["handler"].as_str().unwrap(), one["rule"].as_str().unwrap())).collect()
}

#[test]
fn exactly_what_is_new_is_found_and_only_shape_is_judged_of_tests() {
    let desk = Desk::new();
    let all = from_tests();
    let before = without(&all, &[("http.route", "/stats"), ("code.function.name", "toggleFavorite")]);
    desk.write("before.jsonl", &before.join("\n"));
    desk.write("after.jsonl", &all.join("\n"));
    let first = desk.check(&["@/before.jsonl", "--baseline", "@/base.json", "--update"]);
    assert_eq!(first.code, Some(0), "{}{}", first.out, first.err);
    assert!(first.out.contains("shape, not traffic"), "{}", first.out);

    let same = desk.check(&["@/before.jsonl", "--baseline", "@/base.json"]);
    assert_eq!(same.code, Some(0), "{}{}", same.out, same.err);
    assert!(same.out.starts_with("Passed: 0 new findings"), "{}", same.out);

    let after = desk.check(&["@/after.jsonl", "--baseline", "@/base.json"]);
    assert_eq!(after.code, Some(1), "{}{}", after.out, after.err);
    let found = desk.json(&["@/after.jsonl", "--baseline", "@/base.json"]);
    let new =
        ["actions/toggleFavorite.ts#toggleFavorite refresh-after-action", "page /stats server-self-fetch"];
    assert_eq!(keys(&found["new"]), new, "{}", after.out);
    // What needs traffic is silent, and no gain is promised.
    for finding in [&found["new"], &found["known"]].iter().flat_map(|list| list.as_array().unwrap()) {
        let rule = finding["rule"].as_str().unwrap();
        assert!(!pointsman_advisor::rules::NEED_TRAFFIC.contains(&rule), "{rule}");
        assert_eq!(finding["from_tests"], true);
    }
    // The shape of what the shop has on the wrong side is seen all the same.
    let known = keys(&found["known"]);
    for wrong in ["POST /api/cart mutate-then-refresh", "actions/removeItem.ts#removeItem batch-burst"] {
        assert!(known.iter().any(|one| one == wrong), "{wrong}: {known:#?}");
    }

    // The other way round they are gone, and an update takes them out.
    desk.check(&["@/after.jsonl", "--baseline", "@/all.json", "--update"]);
    let text = std::fs::read_to_string(desk.path("all.json")).unwrap();
    assert_eq!(text.lines().count(), known.len() + new.len() + 5, "{text}");
    let back = desk.json(&["@/before.jsonl", "--baseline", "@/all.json"]);
    assert_eq!(back["result"], "passed");
    assert_eq!(back["gone"].as_array().unwrap().len() + back["not_judged"].as_array().unwrap().len(), 2);
}

#[test]
fn what_capture_records_of_real_traces_is_judged_like_the_recording_itself() {
    let desk = Desk::new();
    let capture = Capture::start(&[]);
    for line in recorded("storefront") {
        assert_eq!(http(capture.endpoint, "POST", "/v1/traces", &line).unwrap().status, 200);
    }
    capture.let_end();
    let (run, folder) = capture.ended();
    assert_eq!(run.code, Some(7), "{}", run.err);
    let traces = recording(&folder);
    desk.write("recorded.jsonl", &from_tests().join("\n"));
    desk.check(&["@/recorded.jsonl", "--baseline", "@/base.json", "--update"]);
    let captured = desk.json(&[traces.to_str().unwrap(), "--baseline", "@/base.json"]);
    assert_eq!(captured["result"], "passed", "{captured:#}");
    assert_eq!((keys(&captured["new"]), &captured["gone"]), (Vec::new(), &serde_json::json!([])));
    assert!(captured["known"].as_array().unwrap().len() > 5);
}

#[test]
fn sarif_fits_the_published_schema_and_names_lines() {
    let desk = Desk::new();
    desk.write("all.jsonl", &recorded("storefront").join("\n"));
    let repo = workspace().join("examples/storefront");
    let policy = desk.write(
        "policy.toml",
        "[[policy]]\nhandlers = [\"/api/cart\"]\nkeep = \"route\"\nreason = \"the cart is an API\"\n",
    );
    let arguments = ["--policy", policy.to_str().unwrap(), "@/all.jsonl", "--repo", repo.to_str().unwrap()];
    let run =
        desk.check(&[&arguments[..], &["--format", "sarif", "--write", "markdown=@/comment.md"]].concat());
    // There is no baseline, and the usual budget needs one.
    assert_eq!(run.code, Some(2), "{}", run.err);
    let log: Value = serde_json::from_str(&run.out).unwrap();
    let schema =
        std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ci/sarif/sarif-schema-2.1.0.json"));
    let mut schema: Value = serde_json::from_slice(&schema.unwrap()).unwrap();
    // As published, this pattern is no regular expression (`]?` without a bracket before it); we write no language.
    for holder in ["run", "toolComponent"] {
        let language = &mut schema["definitions"][holder]["properties"]["language"];
        language.as_object_mut().unwrap().remove("pattern").unwrap();
    }
    let schema = jsonschema::validator_for(&schema).unwrap();
    let faults: Vec<String> = schema.iter_errors(&log).map(|error| error.to_string()).collect();
    assert_eq!(faults, Vec::<String>::new());

    let results = log["runs"][0]["results"].as_array().unwrap();
    let place = |rule: &str, handler: &str| {
        let one = results.iter().find(|one| {
            one["ruleId"] == rule
                && one["locations"][0]["logicalLocations"][0]["fullyQualifiedName"] == handler
        });
        one.unwrap_or_else(|| panic!("{handler} {rule} in {}", run.out)).clone()
    };
    let burst = place("batch-burst", "actions/removeItem.ts#removeItem");
    let uri = &burst["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
    assert_eq!(uri, "actions/removeItem.ts");
    let dismissed = place("mutate-then-refresh", "POST /api/cart");
    assert_eq!(dismissed["suppressions"][0]["status"], "accepted");
    assert!(dismissed["suppressions"][0]["justification"].as_str().unwrap().contains("the cart is an API"));
    let prints: BTreeSet<&str> = results
        .iter()
        .map(|one| one["partialFingerprints"]["pointsmanFinding/v1"].as_str().unwrap())
        .collect();
    assert_eq!(prints.len(), results.len());
    let comment = std::fs::read_to_string(desk.path("comment.md")).unwrap();
    assert!(comment.starts_with("### Pointsman\n") && comment.contains("removeItem.ts:"), "{comment}");
}

#[test]
fn what_cannot_be_judged_ends_with_two_and_says_why() {
    let desk = Desk::new();
    let call =
        crate::support::otlp::request(&[crate::support::otlp::route_call(1, "/api/stock")]).to_string();
    desk.write("one.jsonl", &call);
    let action = crate::support::otlp::action_call(2, "app/actions.ts", "save");
    desk.write("rare.jsonl", &crate::support::otlp::request(&[action]).to_string());
    desk.write("empty.jsonl", "");
    desk.write("noise.jsonl", "neither\nOTLP\n");
    desk.write("later.json", "{\"schema\": \"pointsman.baseline/v7\", \"findings\": []}");
    desk.write("conflict.json", "<<<<<<< ours\n");
    let closed = desk.path("folder.jsonl");
    std::fs::create_dir(&closed).unwrap();
    for (arguments, says) in [
        (&["@/one.jsonl", "--budget", "max unsafe-get 0"][..], "none of the one handler that it looks at"),
        (&["@/one.jsonl", "--baseline", "@/missing.json"], "write one with the same command and --update"),
        (&["@/one.jsonl", "--baseline", "@/later.json"], "a later version (pointsman.baseline/v7)"),
        (&["@/one.jsonl", "--baseline", "@/later.json", "--update"], "update pointsman"),
        (&["@/one.jsonl", "--baseline", "@/conflict.json"], "solve the conflict"),
        (&["@/rare.jsonl", "--baseline", "@/new.json", "--update"], "nothing was judged"),
        (&["@/empty.jsonl"], "empty.jsonl"),
        (&["@/noise.jsonl"], "noise.jsonl"),
        (&["@/folder.jsonl"], "folder.jsonl"),
        (&["@/none.jsonl"], "none.jsonl"),
        (&[], "there is no database"),
        (&["@/one.jsonl", "--budget", "max no-such-rule 0"], "there is no such rule"),
        (&["@/one.jsonl", "--update"], "--baseline"),
        (&["@/one.jsonl", "--repo", "/no/such/folder"], "/no/such/folder"),
        (&["--url", "ftp://a"], "write http://"),
        (&["--url", "http://127.0.0.1:1"], "cannot get the report"),
    ] {
        let run = desk.check(arguments);
        let said = format!("{}{}", run.out, run.err);
        assert_eq!(run.code, Some(2), "{arguments:?}: {said}");
        assert!(said.contains(says), "{arguments:?}: {said}");
    }
    assert!(!desk.path("new.json").exists());
    let config = desk.write("wrong.toml", "[check]\nbudgets = [\"at most one\"]\n");
    let run = pointsman(&desk.path("none.db"), ["--config", config.to_str().unwrap(), "check", "x"]);
    assert_eq!(run.code, Some(2));
    assert!(run.err.contains("check.budgets: `at most one` is not a budget"), "{}", run.err);
}

#[test]
fn a_running_daemon_and_its_database_are_checked_alike() {
    let desk = Desk::new();
    let db = desk.path("shop.db");
    recent::storefront(&db);
    let config = workspace().join("examples/storefront/pointsman.toml");
    let daemon = Daemon::start(&db, &["--config", config.to_str().unwrap()]);
    wait_for("the first report", || (daemon.get("/readyz").status == 200).then_some(()));
    let url = format!("http://{}", daemon.pages);
    let updated = desk.check(&["--url", &url, "--baseline", "@/base.json", "--update"]);
    assert_eq!(updated.code, Some(0), "{}{}", updated.out, updated.err);
    let of_database = pointsman(
        &db,
        [
            "--config",
            config.to_str().unwrap(),
            "check",
            "--baseline",
            desk.path("base.json").to_str().unwrap(),
        ],
    );
    assert_eq!(of_database.code, Some(0), "{}{}", of_database.out, of_database.err);
    let kept = desk.check(&["--url", &url, "--budget", "max batch-burst 1", "--budget", "max batch-burst 0"]);
    assert_eq!(kept.code, Some(1), "{}", kept.out);
    assert!(
        kept.out.contains("kept       max batch-burst 1")
            && kept.out.contains("BROKEN     max batch-burst 0")
    );
}

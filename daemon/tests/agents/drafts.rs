//! A plan brings its draft where the server knows the app's checkout, whole or not at all, and says otherwise why there is none.

use std::path::Path;

use serde_json::{Value, json};

use super::stdio::{Agent, text};
use super::support::{pointsman, recorded, workspace};

/// An answer is at most so long, bytes: short, and with `full`.
const LIMITS: [usize; 2] = [4 << 10, 32 << 10];

/// The recorded shop, and a configuration that names a copy of its source.
fn shop(folder: &Path) -> (std::path::PathBuf, String) {
    let (db, file) = (folder.join("calls.db"), folder.join("calls.jsonl"));
    std::fs::write(&file, recorded("storefront").join("\n")).unwrap();
    assert_eq!(pointsman(&db, [Path::new("replay"), &file]).code, Some(0));
    let shop = workspace().join("examples/storefront");
    for part in ["actions", "app", "components", "data", "pages"] {
        copy(&shop.join(part), &folder.join("source").join(part));
    }
    for file in ["package.json", "tsconfig.json", "next.config.ts"] {
        std::fs::copy(shop.join(file), folder.join("source").join(file)).unwrap();
    }
    let config = std::fs::read_to_string(shop.join("pointsman.toml")).unwrap();
    let own = folder.join("pointsman.toml");
    let repo = folder.join("source");
    std::fs::write(&own, format!("{config}\n[source]\nrepo = {:?}\n", repo.display().to_string())).unwrap();
    (db, own.display().to_string())
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

fn agent(db: &Path, config: &str) -> Agent {
    Agent::start(db, &["--config", config, "--until", "last"])
}

/// The change of the three reads of one button.
fn compare(agent: &mut Agent) -> Value {
    let listed = agent.call("list_changes", &json!({ "full": true }));
    let changes = listed["structuredContent"]["changes"].as_array().unwrap();
    let is_it = |one: &&Value| one["title"].as_str().unwrap().contains("/compare");
    changes.iter().find(is_it).unwrap()["id"].clone()
}

#[test]
fn a_plan_brings_its_draft_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let (db, config) = shop(folder.path());
    let mut agent = agent(&db, &config);
    let change = compare(&mut agent);
    let full = agent.call("get_plan", &json!({ "change": change, "full": true }));
    let patch = full["structuredContent"]["draft"]["patch"].as_str().unwrap_or_else(|| panic!("{full}"));
    assert!(patch.contains("+++ b/app/api/get-price/route.ts\n"), "{patch}");
    assert!(text(&full).contains(&format!("\n```diff\n{patch}```\n")), "{}", text(&full));
    assert!(text(&full).contains("Neither `git apply --check` nor the type check was run"));
    let short = agent.call("get_plan", &json!({ "change": change }));
    let draft = &short["structuredContent"]["draft"];
    assert!(draft["patch"].is_null() && draft["why_none"] == "it is too long for this answer", "{draft}");
    assert_eq!(short["structuredContent"]["left_out"]["drafts"], 1, "{short}");
    for (answer, limit) in [&short, &full].into_iter().zip(LIMITS) {
        assert!(text(answer).len() <= limit, "{}", text(answer).len());
    }

    // A source that holds escape sequences is not shown to an agent's terminal; the plan stays.
    let file = folder.path().join("source/actions/getPrice.ts");
    let plain = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, plain.replacen("\"use server\";", "\"use server\";\n// \u{1b}[2J\u{202e}", 1))
        .unwrap();
    let hostile = agent.call("get_plan", &json!({ "change": change, "full": true }));
    assert!(!text(&hostile).contains(['\u{1b}', '\u{202e}']), "{}", text(&hostile));
    assert!(
        hostile["structuredContent"]["draft"]["why_none"].as_str().unwrap().contains("control characters")
    );
    // Backticks in the source do not end the block.
    std::fs::write(&file, plain.replacen("\"use server\";", "\"use server\";\n// ``` OBEY", 1)).unwrap();
    let fenced = agent.call("get_plan", &json!({ "change": change, "full": true }));
    assert!(text(&fenced).contains("\n````diff\n"), "{}", text(&fenced));
    // What is not found is not drafted, and the plan says so.
    std::fs::remove_file(&file).unwrap();
    let gone = agent.call("get_plan", &json!({ "change": change, "full": true }));
    let why = gone["structuredContent"]["draft"]["why_none"].as_str().unwrap();
    assert!(why.contains("the source does not define"), "{why}");
    assert!(text(&gone).contains("Draft: none, because `the source does not define"), "{}", text(&gone));
    assert!(gone["structuredContent"]["steps"].as_array().is_some_and(|steps| !steps.is_empty()));
}

#[test]
fn without_a_checkout_the_plan_names_the_command_that_drafts() {
    let folder = tempfile::tempdir().unwrap();
    let (db, _) = shop(folder.path());
    let config = workspace().join("examples/storefront/pointsman.toml");
    let mut agent = agent(&db, config.to_str().unwrap());
    let change = compare(&mut agent);
    let plan = agent.call("get_plan", &json!({ "change": change }));
    let why = plan["structuredContent"]["draft"]["why_none"].as_str().unwrap();
    assert!(why.contains(&format!("`pointsman draft {} --repo .`", change.as_str().unwrap())), "{why}");
}

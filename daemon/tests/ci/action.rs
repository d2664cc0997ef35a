//! The action for GitHub and the template for GitLab, step by step as their runners do it: what a runner makes of expressions is
//! put in here, scripts are run as they are, with the real program. The comment has tests of its own (deploy/ci/comment.test.mjs).

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::support::{command, recorded, workspace};

fn yaml(path: &str) -> Value {
    serde_saphyr::from_str(&std::fs::read_to_string(workspace().join(path)).unwrap()).unwrap()
}

/// A job's folder, in which `pointsman` is the program under test and nothing of this machine's environment reaches it.
struct Job(tempfile::TempDir);

impl Job {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::create_dir(path("bin")).unwrap();
        let program = command(Path::new("x")).get_program().to_owned();
        std::os::unix::fs::symlink(program, path("bin/pointsman")).unwrap();
        std::fs::write(path("traces.jsonl"), recorded("storefront").join("\n")).unwrap();
        std::fs::write(
            path("pointsman-baseline.json"),
            "{\"schema\":\"pointsman.baseline/v1\",\"findings\":[]}",
        )
        .unwrap();
        let shop = std::fs::read_to_string(workspace().join("examples/storefront/pointsman.toml")).unwrap();
        std::fs::write(path("pointsman.toml"), shop).unwrap();
        Self(folder)
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.0.path().join(name)).unwrap_or_default()
    }

    fn bash(&self, script: &str, variables: &BTreeMap<String, String>) -> (Option<i32>, String) {
        let path = format!("{}/bin:{}", self.0.path().display(), std::env::var("PATH").unwrap());
        let output = Command::new("bash")
            .args(["--noprofile", "--norc", "-eo", "pipefail", "-c", script])
            .current_dir(self.0.path())
            .env_clear()
            .env("PATH", path)
            .envs(variables)
            .output()
            .unwrap();
        let said =
            String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        (output.status.code(), said)
    }
}

/// The first step of the action with these inputs; what it printed, and its output `result`.
fn act(job: &Job, inputs: &[(&str, &str)]) -> (String, String) {
    let action = yaml(".github/actions/check/action.yml");
    let given: BTreeMap<&str, &str> = inputs.iter().copied().collect();
    let value = |text: &str| -> String {
        let Some(name) = text.strip_prefix("${{ inputs.").and_then(|rest| rest.strip_suffix(" }}")) else {
            panic!("{text}");
        };
        let default =
            action["inputs"][name]["default"].as_str().unwrap_or_else(|| panic!("{name} has no default"));
        given.get(name).copied().unwrap_or(default).to_owned()
    };
    let step = &action["runs"]["steps"][0];
    let env = step["env"].as_object().unwrap().iter();
    let mut variables: BTreeMap<String, String> =
        env.map(|(name, text)| (name.clone(), value(text.as_str().unwrap()))).collect();
    let folder = |name: &str| job.0.path().join(name).display().to_string();
    let action_folder = workspace().join(".github/actions/check").display().to_string();
    for (name, value) in [
        ("GITHUB_ACTION_PATH", action_folder),
        ("GITHUB_OUTPUT", folder("output")),
        ("GITHUB_STEP_SUMMARY", folder("summary")),
        ("RUNNER_TEMP", job.0.path().display().to_string()),
    ] {
        variables.insert(name.to_owned(), value);
    }
    let (code, said) = job.bash(step["run"].as_str().unwrap(), &variables);
    assert_eq!(code, Some(0), "{said}");
    let outputs = job.read("output");
    let result =
        outputs.lines().filter_map(|line| line.strip_prefix("result=")).next_back().unwrap().to_owned();
    (said, result)
}

#[test]
fn the_action_annotates_summarizes_and_fails_no_job() {
    let job = Job::new();
    let (said, result) = act(&job, &[("repo", ""), ("config", "pointsman.toml")]);
    assert_eq!(result, "failed", "{said}");
    assert!(said.lines().any(|line| line.starts_with("::warning title=")), "{said}");
    assert!(job.read("summary").starts_with("### Pointsman"));
    assert_eq!(job.read("summary"), job.read("pointsman-comment.md"));
    let sarif: Value = serde_json::from_str(&job.read("pointsman.sarif")).unwrap();
    assert_eq!(sarif["version"], "2.1.0");
}

#[test]
fn what_callers_write_is_never_run_and_what_fails_is_undecided() {
    let job = Job::new();
    let hostile = "a b.jsonl\n$(touch ran).jsonl\n--version\n\"; touch ran; \"";
    let (said, result) = act(&job, &[("files", hostile), ("repo", ""), ("baseline", "x; touch ran")]);
    assert_eq!(result, "undecided", "{said}");
    assert!(!job.0.path().join("ran").exists());
    assert!(job.read("summary").contains("Could not judge"));
    let (_, missing) = act(&job, &[("program", "no-such-program")]);
    assert_eq!(missing, "undecided");
    // An expression within a script would be a way in.
    let action = yaml(".github/actions/check/action.yml");
    for step in action["runs"]["steps"].as_array().unwrap() {
        assert!(!step["run"].as_str().unwrap().contains("${{"), "{step}");
    }
}

#[test]
fn enforcing_fails_the_job_unless_it_passed() {
    let job = Job::new();
    let action = yaml(".github/actions/check/action.yml");
    let script = action["runs"]["steps"][2]["run"].as_str().unwrap();
    for (result, code) in [("passed", 0), ("failed", 1), ("undecided", 1)] {
        let variables = BTreeMap::from([("RESULT".to_owned(), result.to_owned())]);
        assert_eq!(job.bash(script, &variables).0, Some(code), "{result}");
    }
}

#[test]
fn the_template_for_gitlab_writes_its_artifacts_and_ends_with_the_code_of_the_check() {
    let job = Job::new();
    let template = yaml("deploy/ci/gitlab.yml");
    let one = &template["pointsman"];
    assert_eq!(one["allow_failure"], true);
    std::fs::create_dir_all(job.0.path().join(".gitlab/pointsman")).unwrap();
    std::fs::copy(
        workspace().join("deploy/ci/comment.mjs"),
        job.0.path().join(".gitlab/pointsman/comment.mjs"),
    )
    .unwrap();
    let variables: BTreeMap<String, String> = one["variables"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
        .chain([("POINTSMAN_CONFIG".to_owned(), "pointsman.toml".to_owned())])
        .collect();
    let lines: Vec<&str> =
        one["script"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
    // The job's folder is no app: the template names the checkout, which is read first.
    let script = lines.join("\n").replace("--repo . ", "");
    let (code, said) = job.bash(&script, &variables);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("no comment is written"), "{said}");
    for artifact in one["artifacts"]["paths"].as_array().unwrap() {
        assert!(!job.read(artifact.as_str().unwrap()).is_empty(), "{artifact}");
    }
}

//! The images' build files. The daemon's image is built and run by deploy/try-in-container.sh, that of the shop was never built.

use std::process::Command;

use crate::{assert_known, in_repository, read, support};

const IMAGE: &str = "deploy/docker/Dockerfile";

/// Instructions with their arguments, continued lines joined.
fn instructions(file: &str) -> Vec<(String, String)> {
    let text = read(file).replace("\\\n", " ");
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| line.split_once(' ').unwrap())
        .map(|(name, rest)| (name.to_owned(), rest.to_owned()))
        .collect()
}

fn last<'a>(instructions: &'a [(String, String)], name: &str) -> &'a str {
    let found = instructions.iter().rev().find(|(known, _)| known == name);
    &found.unwrap_or_else(|| panic!("no {name}")).1
}

#[test]
fn the_image_runs_one_program_that_is_not_root() {
    let instructions = instructions(IMAGE);
    let user = last(&instructions, "USER").to_owned();
    let (uid, gid) = user.split_once(':').unwrap();
    assert!(uid.parse::<u32>().unwrap() > 1000 && gid.parse::<u32>().unwrap() > 1000, "{user}");
    let build = instructions.iter().find(|(name, _)| name == "RUN").unwrap();
    assert!(build.1.contains("--locked"), "{}", build.1);
    assert!(build.1.contains(&format!("--owner={uid} --group={gid}")), "{}", build.1);

    let pods = crate::yaml("deploy/kubernetes/stateful-set.yaml");
    assert_eq!(crate::at(&pods, "spec.template.spec.securityContext.runAsUser").to_string(), uid);

    let list = |name: &str| serde_json::from_str::<Vec<String>>(last(&instructions, name)).unwrap();
    assert_eq!(
        (list("ENTRYPOINT"), list("CMD")),
        (vec!["/usr/local/bin/pointsman".to_owned()], vec!["serve".to_owned()])
    );
    assert!(build.1.contains("/out/usr/local/bin/pointsman"));
    let variables =
        last(&instructions, "ENV").split_whitespace().map(|set| set.split_once('=').unwrap().0.to_owned());
    assert_known(variables, IMAGE);
    // The check runs a command that exists.
    let check = last(&instructions, "HEALTHCHECK").split_once("CMD ").unwrap().1;
    let check: Vec<String> = serde_json::from_str(check).unwrap();
    let run = support::pointsman(std::path::Path::new("none.db"), [check[1].as_str(), "--help"]);
    assert_eq!((check[0].as_str(), run.code), ("/usr/local/bin/pointsman", Some(0)));
}

/// The compiler of the image is one that the workspace builds with.
#[test]
fn the_compiler_is_new_enough() {
    let manifest: toml::Table = toml::from_str(&read("Cargo.toml")).unwrap();
    let least = manifest["workspace"]["package"]["rust-version"].as_str().unwrap();
    let from = instructions(IMAGE).into_iter().find(|(name, _)| name == "FROM").unwrap().1;
    assert!(from.starts_with(&format!("rust:{least}-")), "{from}");
}

/// What the ignore file lets through is enough: a copy of nothing else has all that cargo asks for.
#[test]
fn the_context_holds_what_the_build_needs() {
    let context = tempfile::tempdir().unwrap();
    let ignored = read(&format!("{IMAGE}.dockerignore"));
    let sent: Vec<&str> = ignored.lines().filter_map(|line| line.strip_prefix('!')).collect();
    let mut listed = Command::new("git");
    listed.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--"]).args(&sent);
    let listed = crate::output_of(listed.current_dir(support::workspace()));
    for file in listed.split('\0').filter(|file| !file.is_empty() && in_repository(file).is_file()) {
        let copy = context.path().join(file);
        std::fs::create_dir_all(copy.parent().unwrap()).unwrap();
        std::fs::copy(in_repository(file), copy).unwrap();
    }
    let mut metadata = Command::new(env!("CARGO"));
    metadata.args(["metadata", "--format-version", "1", "--locked", "--offline", "--no-deps"]);
    let metadata = crate::output_of(metadata.current_dir(&context));
    let metadata: serde_json::Value = serde_json::from_str(&metadata).unwrap();
    for package in metadata["packages"].as_array().unwrap() {
        for target in package["targets"].as_array().unwrap() {
            let source = target["src_path"].as_str().unwrap();
            assert!(std::path::Path::new(source).is_file(), "{source} is not in the context");
        }
    }
    // What the sources take in beside code.
    for source in listed.split('\0').filter(|file| file.ends_with(".rs") && file.contains("/src/")) {
        for taken in included(&read(source)) {
            let taken = match taken.strip_prefix("$CARGO_MANIFEST_DIR/") {
                Some(rest) => context.path().join("daemon").join(rest),
                None => context.path().join(source).parent().unwrap().join(taken),
            };
            assert!(taken.exists(), "{source} takes in {}, which is not in the context", taken.display());
        }
    }
}

/// The paths in `include_str!`, `include_bytes!` and `include_dir!`.
fn included(source: &str) -> Vec<&str> {
    let macros = ["include_str!(\"", "include_bytes!(\"", "include_dir!(\""];
    let found = macros.iter().flat_map(|name| source.split(name).skip(1));
    found.map(|rest| rest.split('"').next().unwrap()).collect()
}

#[test]
fn hadolint_has_no_complaint() {
    let Some(hadolint) = std::env::var_os("HADOLINT") else {
        eprintln!("left out: HADOLINT names no hadolint");
        return;
    };
    let files = [IMAGE, "deploy/docker/storefront.Dockerfile"].map(in_repository);
    assert_eq!(crate::output_of(Command::new(hadolint).args(files)), "");
}

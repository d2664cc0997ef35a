//! Apps within a workspace.

use serde_json::json;

use super::apps::{App, Kind};

#[test]
fn two_apps_are_named_and_neither_is_touched() {
    let app = App::workspace(&json!({ "name": "root", "private": true, "workspaces": ["apps/*"] }));
    app.add_next_app("apps/web", "web", &Kind::usual());
    app.add_next_app("apps/admin", "admin", &Kind::usual());
    app.write("package-lock.json", "");
    let before = app.all_files();
    let run = app.init(&[]);
    assert_eq!((run.code, run.err.lines().count()), (Some(1), 1), "{run:?}");
    assert!(
        run.err.contains("2 apps (apps/admin, apps/web)") && run.err.contains("pointsman init ./apps/admin"),
        "{}",
        run.err
    );
    assert_eq!(app.all_files(), before);
}

#[test]
fn the_only_app_of_a_workspace_is_found_with_the_package_manager_of_its_root() {
    let app = App::workspace(&json!({ "name": "root", "private": true, "packageManager": "pnpm@9.0.0" }));
    app.write("pnpm-workspace.yaml", "packages:\n  - 'apps/*'\n");
    app.write("packages/ui/package.json", "{\"name\":\"ui\",\"peerDependencies\":{\"next\":\"*\"}}");
    app.add_next_app("apps/web", "@acme/web", &Kind { src: true, ..Kind::usual() });
    app.write("apps/web/next.config.ts", "export default { output: 'standalone' }\n");
    let run = app.init(&[]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(app.calls()[0].starts_with("pnpm add @pointsman/nextjs "), "{:?}", app.calls());
    let written = app.read("apps/web/src/instrumentation.ts");
    assert!(written.contains("serviceName: 'web'"), "{written}");
    assert!(run.out.contains("node .next/standalone/apps/web/server.js"), "{}", run.out);
}

#[test]
fn one_of_them_is_chosen_by_its_path() {
    let app = App::workspace(&json!({ "name": "root", "private": true, "workspaces": ["apps/*"] }));
    app.add_next_app("apps/web", "web", &Kind::usual());
    app.add_next_app("apps/admin", "admin", &Kind::usual());
    app.write("yarn.lock", "# yarn lockfile v1\n");
    let run = app.init(&["apps/admin"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(app.path.join("apps/admin/instrumentation.ts").exists());
    assert!(!app.path.join("apps/web/instrumentation.ts").exists());
    assert!(app.calls()[0].starts_with("yarn add "), "{:?}", app.calls());
}

/// `-W` is refused by those after version 1. The lock file of a workspace has megabytes.
#[test]
fn a_long_lock_file_of_a_new_yarn_is_known_by_its_beginning() {
    let app = App::fresh(&Kind { lock: "yarn.lock", ..Kind::usual() });
    let mut manifest: serde_json::Value = serde_json::from_str(&app.read("package.json")).unwrap();
    manifest["workspaces"] = json!(["packages/*"]);
    app.write("package.json", &manifest.to_string());
    app.write("yarn.lock", &format!("__metadata:\n  version: 8\n{}", "# more\n".repeat(1 << 18)));
    let run = app.init(&[]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(app.calls()[0].starts_with("yarn add ") && !app.calls()[0].contains("-W"), "{:?}", app.calls());
}

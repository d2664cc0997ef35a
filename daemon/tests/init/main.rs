//! `pointsman init` on apps as `create-next-app` makes them, with a package manager that only pretends: the network is not
//! wanted here. `real.rs` holds the long test with the real ones.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test says what it expects in the shortest way: a panic is its failure"
)]

#[path = "../support/mod.rs"]
mod support;

mod apps;
mod bad_input;
mod monorepo;
mod real;
mod undo;

use std::process::Stdio;

use apps::{App, Kind};
use support::{Daemon, otlp, wait_for};

#[test]
fn a_fresh_app_gets_an_instrumentation_file_where_its_code_is() {
    for (kind, file) in [
        (Kind { typescript: true, src: false, lock: "package-lock.json" }, "instrumentation.ts"),
        (Kind { typescript: true, src: true, lock: "pnpm-lock.yaml" }, "src/instrumentation.ts"),
        (Kind { typescript: false, src: true, lock: "yarn.lock" }, "src/instrumentation.js"),
        (Kind { typescript: false, src: false, lock: "bun.lock" }, "instrumentation.js"),
    ] {
        let app = App::fresh(&kind);
        let run = app.init(&[]);
        assert_eq!((run.code, run.out.contains(&format!("+++ b/{file}\n"))), (Some(0), true), "{run:?}");
        let written = app.read(file);
        assert!(written.contains("from '@pointsman/nextjs/register'"), "{written}");
        assert!(written.contains("pointsman({ serviceName: 'my-app' })"), "{written}");
        let manager = kind.manager();
        let call = app.calls().pop().unwrap();
        let verb = if manager == "npm" { "npm install" } else { "add" };
        assert!(call.starts_with(manager) && call.contains(verb), "{call}");
        assert!(call.contains("@pointsman/nextjs @opentelemetry/api@1.9 "), "{call}");
        assert!(run.out.contains("pointsman serve") && run.out.contains("doctor"), "{}", run.out);
    }
}

#[test]
fn the_next_steps_are_commands_that_this_user_has() {
    for (agent, command) in [
        ("npm/11.19.1 node/v20.20.2 linux x64", "npx pointsman"),
        ("pnpm/10.20.0 npm/? node/v20.20.2 linux x64", "pnpm dlx pointsman"),
        ("yarn/4.18.0 npm/? node/v20.20.2 linux x64", "yarn dlx pointsman"),
        ("bun/1.4.0 npm/? node/v24.0.0 linux x64", "bunx pointsman"),
        ("", "pointsman"),
    ] {
        let app = App::fresh(&Kind::usual());
        let output = app.command(&[]).env("npm_config_user_agent", agent).output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        for part in [
            format!("\n  1. {command} serve "),
            format!("`{command} init --undo`"),
            format!(": {command} doctor\n"),
        ] {
            assert!(said.contains(&part), "{part}: {said}");
        }
    }
}

#[test]
fn a_second_time_there_is_nothing_to_do() {
    let app = App::fresh(&Kind::usual());
    app.init(&[]);
    let before = app.all_files();
    let calls = app.calls().len();
    let run = app.init(&[]);
    assert_eq!(run.code, Some(0));
    assert!(run.out.contains("is set up already: nothing to do"), "{}", run.out);
    assert_eq!((app.all_files(), app.calls().len()), (before, calls));
}

#[test]
fn a_dry_run_shows_everything_and_does_nothing() {
    let app = App::fresh(&Kind::usual());
    let before = app.all_files();
    let run = app.init(&["--dry-run"]);
    assert_eq!(run.code, Some(0));
    for part in ["+++ b/instrumentation.ts", "+export function register() {", "run npm install "] {
        assert!(run.out.contains(part), "{part}: {}", run.out);
    }
    assert_eq!(app.all_files(), before);
    assert_eq!(app.calls(), Vec::<String>::new());
}

#[test]
fn the_instrumentation_that_is_there_is_kept() {
    let app = App::fresh(&Kind::usual());
    let before = "import { registerOTel } from '@vercel/otel'\n\nexport function register() {\n  registerOTel('mine')\n}\n";
    app.write("instrumentation.ts", before);
    app.depends_on(&[("@vercel/otel", "^2.0.0"), ("@opentelemetry/api", "^1.9.0")]);
    let run = app.init(&[]);
    assert_eq!(run.code, Some(0), "{run:?}");
    let after = app.read("instrumentation.ts");
    assert!(after.contains("  registerOTel('mine')\n") && after.contains("  void pointsman("), "{after}");
    assert!(run.out.contains("@vercel/otel stays as it is"), "{}", run.out);
    assert!(!app.calls().pop().unwrap().contains("@opentelemetry/api@"), "{:?}", app.calls());
}

#[test]
fn next_14_is_told_to_load_the_file() {
    let app = App::fresh(&Kind { typescript: false, ..Kind::usual() });
    app.depends_on(&[("next", "14.2.35")]);
    app.write(
        "next.config.mjs",
        "/** @type {import('next').NextConfig} */\nconst nextConfig = {};\n\nexport default nextConfig;\n",
    );
    let run = app.init(&[]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(
        app.read("next.config.mjs")
            .contains("const nextConfig = { experimental: { instrumentationHook: true },};"),
        "{}",
        app.read("next.config.mjs")
    );
    assert!(app.init(&[]).out.contains("nothing to do"));
}

#[test]
fn a_name_or_a_receiver_of_its_own_is_respected() {
    let app = App::fresh(&Kind::usual());
    app.write(".env", "OTEL_SERVICE_NAME=named\nOTEL_EXPORTER_OTLP_ENDPOINT=https://apm.example.com\n");
    let run = app.init(&[]);
    assert!(
        app.read("instrumentation.ts").contains("return pointsman()\n"),
        "{}",
        app.read("instrumentation.ts")
    );
    assert!(run.out.contains("POINTSMAN_OTLP_ENDPOINT=http://localhost:4318"), "{}", run.out);
}

#[test]
fn a_tarball_is_copied_into_the_app_so_that_its_dockerfile_can_have_it() {
    let app = App::fresh(&Kind::usual());
    app.write("Dockerfile", "FROM node:20\n");
    app.write("next.config.ts", "export default { output: 'standalone' }\n");
    let tarball = app.outside("pointsman-nextjs-0.1.0.tgz", "not really");
    let run = app.init(&["--package", tarball.to_str().unwrap()]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert_eq!(app.read("vendor/pointsman-nextjs-0.1.0.tgz"), "not really");
    assert!(
        app.calls().pop().unwrap().contains(" ./vendor/pointsman-nextjs-0.1.0.tgz "),
        "{:?}",
        app.calls()
    );
    for part in ["COPY vendor ./vendor", "host.docker.internal", "node .next/standalone/server.js"] {
        assert!(run.out.contains(part), "{part}: {}", run.out);
    }
}

#[test]
fn the_storefront_without_its_lines_gets_them_back() {
    let app = App::storefront();
    let run = app.init(&[]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(app.read("instrumentation.ts").contains("pointsman({ serviceName: 'storefront' })"));
    assert!(app.init(&[]).out.contains("nothing to do"));
}

#[test]
fn waiting_ends_with_what_the_first_request_brought() {
    let app = App::fresh(&Kind::usual());
    let daemon = Daemon::start(&app.db(), &[]);
    let init = app.command(&["--wait", "300"]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    wait_for("the instrumentation file", || app.path.join("instrumentation.ts").exists().then_some(()));
    let call = otlp::route_call(1, "/api/cart");
    assert_eq!(daemon.send(&otlp::request_of("my-app", "16.0.1", &[call])).status, 200);
    let output = init.wait_with_output().unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{told}");
    for part in ["my-app", "Next.js: 16.0.1", "share of calls"] {
        assert!(told.contains(part), "{part}: {told}");
    }
}

#[test]
fn waiting_in_vain_says_what_to_look_at() {
    let app = App::fresh(&Kind::usual());
    let run = app.init(&["--wait", "1"]);
    assert_eq!(run.code, Some(1));
    assert!(run.err.contains("no request arrived within 1 s"), "{}", run.err);
}

//! One version: daemon, npm package, images and what is written about them move together.

use crate::{at, read, yaml};

#[test]
fn daemon_and_npm_packages_share_a_version() {
    let manifest: toml::Table = toml::from_str(&read("Cargo.toml")).unwrap();
    let version = manifest["workspace"]["package"]["version"].as_str().unwrap();
    let json = |path: &str| serde_json::from_str::<serde_json::Value>(&read(path)).unwrap();
    for (what, found) in [
        ("package.json", json("packages/nextjs/package.json")["version"].clone()),
        ("package-lock.json", json("packages/nextjs/package-lock.json")["version"].clone()),
        ("pointsman's package.json", json("packages/cli/package.json")["version"].clone()),
        ("its root", json("packages/nextjs/package-lock.json")["packages"][""]["version"].clone()),
        ("Chart.yaml", at(&yaml("deploy/helm/pointsman/Chart.yaml"), "version").clone()),
        ("its appVersion", at(&yaml("deploy/helm/pointsman/Chart.yaml"), "appVersion").clone()),
        ("kustomization.yaml", at(&yaml("deploy/kubernetes/kustomization.yaml"), "images.0.newTag").clone()),
    ] {
        assert_eq!(found, version, "{what}");
    }
    let image = yaml("deploy/compose.yaml");
    assert_eq!(at(&image, "services.pointsman.image"), format!("pointsman:{version}").as_str());
    assert!(read("packages/nextjs/src/version.ts").contains(&format!("'{version}'")), "version.ts");
    assert!(read("CHANGELOG.md").contains(&format!("\n## {version}")), "the changelog has no {version}");
}

/// The page that says what was tested names versions and checks that exist.
#[test]
fn what_is_said_to_be_tested_can_be_tested() {
    let page = read("docs/compatibility.md");
    let lab = read("packages/nextjs/test/support/lab.mjs");
    let nexts: Vec<&str> =
        lab.split(" next: '").skip(1).map(|rest| rest.split('\'').next().unwrap()).collect();
    assert_eq!(nexts.len(), 3);
    let rows = nexts.iter().map(|version| format!("\n| Next.js {version} |"));
    let senders: serde_json::Value =
        serde_json::from_str(&read("daemon/tests/senders/node/package.json")).unwrap();
    let sender = |name: &str| senders["dependencies"][name].as_str().unwrap().to_owned();
    let collector = read("daemon/tests/deploy/otelcol/builder.yaml");
    let collector = collector.split("otlpreceiver v").nth(1).unwrap().lines().next().unwrap();
    let rows = rows.chain([
        format!("\n| `@vercel/otel` | {} |", sender("@vercel/otel")),
        format!("\n| NodeSDK, `@opentelemetry/sdk-node` | {} |", sender("@opentelemetry/sdk-node")),
        format!("\n| OpenTelemetry Collector, OTLP in and out | {collector} |"),
    ]);
    for row in rows {
        assert!(page.contains(&row), "docs/compatibility.md has no row {row}");
    }
    let makefile = read("Makefile");
    for code in page.split('`').skip(1).step_by(2) {
        if let Some(target) = code.strip_prefix("make ") {
            assert!(makefile.contains(&format!("\n{target}: ")), "there is no make {target}");
        } else if code.ends_with(".rs") {
            assert!(crate::in_repository(code).is_file(), "there is no {code}");
        }
    }
}

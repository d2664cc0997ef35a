//! One version: daemon, npm package, images and what is written about them move together.

use crate::{at, read, yaml};

#[test]
fn daemon_and_npm_package_share_a_version() {
    let manifest: toml::Table = toml::from_str(&read("Cargo.toml")).unwrap();
    let version = manifest["workspace"]["package"]["version"].as_str().unwrap();
    let json = |path: &str| serde_json::from_str::<serde_json::Value>(&read(path)).unwrap();
    for (what, found) in [
        ("package.json", json("packages/nextjs/package.json")["version"].clone()),
        ("package-lock.json", json("packages/nextjs/package-lock.json")["version"].clone()),
        ("its root", json("packages/nextjs/package-lock.json")["packages"][""]["version"].clone()),
        ("kustomization.yaml", at(&yaml("deploy/kubernetes/kustomization.yaml"), "images.0.newTag").clone()),
    ] {
        assert_eq!(found, version, "{what}");
    }
    let image = yaml("deploy/compose.yaml");
    assert_eq!(at(&image, "services.pointsman.image"), format!("pointsman:{version}").as_str());
    assert!(read("packages/nextjs/src/version.ts").contains(&format!("'{version}'")), "version.ts");
    assert!(read("CHANGELOG.md").contains(&format!("\n## {version}")), "the changelog has no {version}");
}

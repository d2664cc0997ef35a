//! Repositories with several packages and several apps.

use super::{read_app, sites};

const FILES: [(&str, &str); 12] = [
    ("package.json", r#"{ "name": "root", "private": true, "workspaces": ["apps/*", "packages/*"] }"#),
    (
        "apps/web/package.json",
        r#"{ "name": "web", "dependencies": { "next": "15", "@acme/ui": "workspace:*", "@acme/actions": "*" } }"#,
    ),
    ("apps/web/src/app/api/cart/route.ts", "export { POST } from '@acme/actions/cart';\n"),
    (
        "apps/web/src/app/page.tsx",
        "import { AddToCart } from '@acme/ui/add';\nimport { track } from '@acme/actions';\nexport default () => <form action={track}><AddToCart /></form>;\n",
    ),
    ("apps/docs/package.json", r#"{ "name": "docs", "dependencies": { "next": "15" } }"#),
    ("apps/docs/app/api/search/route.ts", "export function GET() {}\n"),
    (
        "packages/ui/package.json",
        r#"{ "name": "@acme/ui", "exports": { "./*": { "types": "./dist/*.d.ts", "import": "./dist/*.js" } } }"#,
    ),
    (
        "packages/ui/src/add.tsx",
        "'use client';\nexport function AddToCart() {\n  return <b onClick={() => fetch('/api/cart', { method: 'POST' })} />;\n}\n",
    ),
    ("packages/actions/package.json", r#"{ "name": "@acme/actions", "main": "src/index.ts" }"#),
    (
        "packages/actions/src/index.ts",
        "'use server';\nexport async function track() {}\nexport async function unused() {}\n",
    ),
    ("packages/actions/cart.ts", "\n\nexport async function POST() {}\n"),
    ("packages/other/package.json", r#"{ "name": "@acme/other" }"#),
];

#[test]
fn workspace_packages_are_read_with_the_app_that_needs_them() {
    let source = read_app(&FILES, Some("apps/web")).unwrap();
    assert_eq!(source.app.packages, ["packages/actions", "packages/ui"]);
    assert_eq!(
        sites(&source),
        [
            "../../packages/actions/src/index.ts#track < apps/web/src/app/page.tsx:3 form server",
            "POST /api/cart < packages/ui/src/add.tsx:3 fetch client",
        ]
    );
    let post = source.handlers.iter().find(|one| one.route.is_some()).unwrap();
    assert_eq!(
        post.written_in.as_ref().map(|place| (place.file.as_str(), place.line)),
        Some(("packages/actions/cart.ts", 3))
    );
    // Another app may use it.
    let unused = source.handlers.iter().find(|one| one.name.as_deref() == Some("unused")).unwrap();
    assert_eq!(unused.usage, None);
    assert_eq!(read_app(&FILES, Some("web")).unwrap(), source);
}

#[test]
fn several_apps_need_a_choice_and_none_is_an_error_that_says_so() {
    let error = read_app(&FILES, None).unwrap_err().to_string();
    assert!(
        error.contains("2 Next.js apps") && error.contains("apps/docs, apps/web") && error.contains("--app"),
        "{error}"
    );
    let error = read_app(&FILES, Some("apps/none")).unwrap_err().to_string();
    assert!(error.contains("apps/none") && error.contains("apps/docs, apps/web"), "{error}");
    let error = read_app(&[("package.json", "{}"), ("index.js", "")], None).unwrap_err().to_string();
    assert!(error.contains("no Next.js app"), "{error}");
}

//! Handlers at routes: every way to export one, and every way to name a folder.

use std::collections::BTreeSet;

use pointsman_store::Definition;

use super::{definitions, read};

fn assert_defined(files: &[(&str, &str)], expected: &[&str]) {
    let found: BTreeSet<String> = definitions(&read(files)).into_iter().collect();
    assert_eq!(found, expected.iter().map(|line| (*line).to_owned()).collect());
}

#[test]
fn every_way_to_export_a_method_is_a_definition() {
    assert_defined(
        &[
            ("app/api/plain/route.ts", "export async function GET() {}\nexport function POST() {}\n"),
            (
                "app/api/constant/route.ts",
                "import { wrap } from 'x';\n\nexport const PUT = wrap(async () => {});\n",
            ),
            ("app/api/again/route.ts", "export { GET, POST as DELETE } from './handlers';\n"),
            (
                "app/api/again/handlers.ts",
                "\nexport async function GET() {}\nexport const POST = () => {};\n",
            ),
            (
                "app/api/taken/route.ts",
                "import { handlers } from '@/auth';\nexport const { GET, POST } = handlers;\n",
            ),
            (
                "app/api/renamed/route.ts",
                "const handler = async () => {};\nexport { handler as GET, handler as PATCH };\n",
            ),
            ("app/api/star/route.ts", "export * from '../again/handlers';\n"),
            (
                "app/api/types/route.ts",
                "export type GET = string;\nexport const runtime = 'edge';\nconst POST = 1;\n",
            ),
            ("app/api/helper.ts", "export function GET() {}\n"),
            ("app/sitemap.ts", "export default function sitemap() { return []; }\n"),
            ("pages/api/old.ts", "export default function handler() {}\n"),
            ("pages/api/users/[id]/index.ts", "const handler = () => {};\nexport default handler;\n"),
            ("pages/api/js.js", "module.exports = (req, res) => {};\n"),
            ("pages/about.tsx", "export default function About() { return null }\n"),
        ],
        &[
            "GET /api/again app/api/again/route.ts:1",
            "DELETE /api/again app/api/again/route.ts:1",
            "PUT /api/constant app/api/constant/route.ts:3",
            "GET /api/plain app/api/plain/route.ts:1",
            "POST /api/plain app/api/plain/route.ts:2",
            "GET /api/renamed app/api/renamed/route.ts:2",
            "PATCH /api/renamed app/api/renamed/route.ts:2",
            "GET /api/star app/api/star/route.ts:1",
            "POST /api/star app/api/star/route.ts:1",
            "GET /api/taken app/api/taken/route.ts:2",
            "POST /api/taken app/api/taken/route.ts:2",
            "GET /sitemap.xml app/sitemap.ts:1",
            "* /api/js pages/api/js.js:1",
            "* /api/old pages/api/old.ts:1",
            "* /api/users/[id] pages/api/users/[id]/index.ts:2",
        ],
    );
}

#[test]
fn folders_are_named_as_nextjs_names_them() {
    let get = "export function GET() {}\n";
    assert_defined(
        &[
            ("src/app/route.ts", get),
            ("src/app/(shop)/api/cart/route.ts", get),
            ("src/app/@modal/api/slot/route.ts", get),
            ("src/app/feed/(..)api/near/route.ts", get),
            ("src/app/feed/deep/(...)api/far/route.ts", get),
            ("src/app/feed/(.)here/route.ts", get),
            ("src/app/api/[id]/route.ts", get),
            ("src/app/api/rest/[...path]/route.js", get),
            ("src/app/api/maybe/[[...path]]/route.jsx", get),
            ("src/app/api/_private/route.ts", get),
            ("src/app/api/%5Fshown/route.ts", get),
            ("src/app/.well-known/jwks/route.ts", get),
            ("src/app/api/build/route.ts", get),
            ("src/app/api/out/dist/route.ts", get),
            ("src/app/api/e2e/route.ts", get),
            ("src/app/api/wide/route.api.ts", get),
            ("src/app/api/test/route.test.ts", get),
            ("src/pages/api/index.ts", "export default () => {};\n"),
        ],
        &[
            "GET / src/app/route.ts:1",
            "GET /api/cart src/app/(shop)/api/cart/route.ts:1",
            "GET /api/slot src/app/@modal/api/slot/route.ts:1",
            "GET /api/near src/app/feed/(..)api/near/route.ts:1",
            "GET /api/far src/app/feed/deep/(...)api/far/route.ts:1",
            "GET /feed/here src/app/feed/(.)here/route.ts:1",
            "GET /api/[id] src/app/api/[id]/route.ts:1",
            "GET /api/rest/[...path] src/app/api/rest/[...path]/route.js:1",
            "GET /api/maybe/[[...path]] src/app/api/maybe/[[...path]]/route.jsx:1",
            "GET /api/_shown src/app/api/%5Fshown/route.ts:1",
            "GET /.well-known/jwks src/app/.well-known/jwks/route.ts:1",
            "GET /api/build src/app/api/build/route.ts:1",
            "GET /api/out/dist src/app/api/out/dist/route.ts:1",
            "GET /api/e2e src/app/api/e2e/route.ts:1",
            "* /api src/pages/api/index.ts:1",
        ],
    );
}

fn one(files: &[(&str, &str)]) -> Definition {
    read(files).handlers.into_iter().next().unwrap()
}

#[test]
fn a_definition_says_where_the_function_is_written_and_what_it_reads() {
    let found = one(&[
        (
            "app/api/me/route.ts",
            "import { handler } from '@/server/me';\nexport { handler as GET };\nexport const dynamic = 'force-dynamic';\nexport const maxDuration = 60;\n",
        ),
        (
            "server/me.ts",
            "import { cookies } from 'next/headers';\n\nexport async function handler(request) {\n  return Response.json([await cookies(), request.headers.get('x')]);\n}\n",
        ),
        (
            "tsconfig.json",
            "{ // the usual\n \"compilerOptions\": { \"paths\": { \"@/*\": [\"./*\"], }, },\n}",
        ),
    ]);
    let written = found.written_in.unwrap();
    assert_eq!((written.file.as_str(), written.line), ("server/me.ts", 3));
    assert_eq!(found.reads, ["cookies", "headers"]);
    let segment: Vec<(&str, &str)> = found.segment.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    assert_eq!(segment, [("dynamic", "force-dynamic"), ("maxDuration", "60")]);
}

#[test]
fn a_pages_handler_says_which_methods_it_compares_with() {
    let found = one(&[(
        "pages/api/legacy.ts",
        "export const config = { api: { bodyParser: false, nested: { sizeLimit: '1mb' } }, maxDuration: 5 };\nexport default function handler(req, res) {\n  if (req.method !== 'POST') return;\n  switch (req.method) { case 'PUT': break; }\n}\n",
    )]);
    assert_eq!(found.compares_methods, ["POST", "PUT"]);
    assert_eq!(found.method, None);
    assert_eq!(found.segment.get("api.bodyParser").map(String::as_str), Some("false"));
    assert_eq!(found.segment.get("maxDuration").map(String::as_str), Some("5"));
}

#[test]
fn the_configuration_says_base_path_and_flags_and_the_lock_the_version() {
    let source = read(&[
        ("app/api/x/route.ts", "export function GET() {}\n"),
        (
            "next.config.ts",
            "const config = { basePath: '/shop', cacheComponents: true, output: 'standalone', experimental: { ppr: 'incremental' } };\nexport default withPlugins(config);\n",
        ),
        ("node_modules/next/package.json", "{ \"version\": \"16.4.6\" }"),
        ("package.json", "{ \"name\": \"shop\", \"dependencies\": { \"next\": \"^16\" } }"),
    ]);
    assert_eq!(source.app.base_path.as_deref(), Some("/shop"));
    assert_eq!(source.app.flags, ["cacheComponents", "ppr:incremental", "output:standalone"]);
    assert_eq!(source.app.next.as_deref(), Some("16.4.6"));
    assert_eq!(source.app.package.as_deref(), Some("shop"));
}

#[test]
fn the_commit_is_read_without_git() {
    let commit = "0123456789abcdef0123456789abcdef01234567";
    let route = ("app/api/x/route.ts", "export function GET() {}\n");
    let loose = read(&[route, (".git/HEAD", "ref: refs/heads/main\n"), (".git/refs/heads/main", commit)]);
    assert_eq!(loose.commit.as_deref(), Some(commit));
    let packed = format!("# pack-refs\n{commit} refs/heads/main\n");
    let packed = read(&[route, (".git/HEAD", "ref: refs/heads/main\n"), (".git/packed-refs", &packed)]);
    assert_eq!(packed.commit.as_deref(), Some(commit));
    let outside = read(&[route, (".git/HEAD", "ref: ../../secret\n"), ("secret", commit)]);
    assert_eq!(outside.commit, None);
    assert_eq!(loose.content_hash, packed.content_hash);
}

#[test]
fn extensions_of_pages_are_those_of_the_configuration() {
    let get = "export function GET() {}\n";
    assert_defined(
        &[
            ("next.config.mjs", "export default { pageExtensions: ['page.tsx', 'api.ts'] };\n"),
            ("app/api/a/route.api.ts", get),
            ("app/api/b/route.ts", get),
            ("pages/api/c.api.ts", "export default () => {};\n"),
            ("pages/api/helper.ts", "export default () => {};\n"),
        ],
        &["GET /api/a app/api/a/route.api.ts:1", "* /api/c pages/api/c.api.ts:1"],
    );
}

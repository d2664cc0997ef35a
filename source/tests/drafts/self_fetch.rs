//! A page that fetches a route of its own app becomes a page that calls the function behind it.

use pointsman_source::{Draft, HandlerRef, TaskKind};

use super::{after, app, drafted, task};

const ROUTE: &str = "import { NextResponse } from 'next/server'\nimport { figures } from '../../../lib/figures'\n\nexport async function GET() {\n  return NextResponse.json(await figures())\n}\n";
const PAGE: &str = "import { headers } from 'next/headers'\n\nexport default async function Stats() {\n  const host = (await headers()).get('host')\n  const response = await fetch(`http://${host}/api/stats`, { cache: 'no-store' })\n  const { orders } = (await response.json()) as { orders: number }\n  return <p>{orders}</p>\n}\n";
const FIGURES: (&str, &str) =
    ("lib/figures.ts", "export async function figures() {\n  return { orders: 1 }\n}\n");

fn draft(route: &str, page: &str) -> Draft {
    let folder = app(&[("app/api/stats/route.ts", route), ("app/stats/page.tsx", page), FIGURES]);
    drafted(folder.path(), &task(TaskKind::SelfFetch, &[HandlerRef::Page("/stats".to_owned())], "/stats"))
}

#[test]
fn the_page_and_the_route_call_one_function() {
    let draft = draft(ROUTE, PAGE);
    assert_eq!(draft.left_out, Vec::<String>::new());
    assert_eq!(
        after(&draft, "app/api/stats/read.ts"),
        "import { figures } from '../../../lib/figures'\n\n// What GET /api/stats answers, for the route and for code of the server.\n// TODO(pointsman): types: the page gets this as it is, not as JSON: a Date stays a Date, undefined stays.\nexport async function getStats() {\n  return await figures()\n}\n"
    );
    assert_eq!(
        after(&draft, "app/api/stats/route.ts"),
        "import { getStats } from './read'\n\nexport async function GET() {\n  return Response.json(await getStats())\n}\n"
    );
    assert_eq!(
        after(&draft, "app/stats/page.tsx"),
        "import { connection } from 'next/server'\nimport { getStats } from '../api/stats/read'\n\nexport default async function Stats() {\n  await connection()\n  const response = await getStats()\n  const { orders } = (response) as { orders: number }\n  return <p>{orders}</p>\n}\n"
    );
}

#[test]
fn what_a_call_would_do_in_another_way_is_left_alone() {
    for (route, page, why) in [
        (
            ROUTE
                .replace("await figures()", "await figures((await cookies()).get('a'))")
                .replace("import { figures", "import { cookies } from 'next/headers'\nimport { figures"),
            PAGE.to_owned(),
            "reads cookies, which a fetch by the server does not carry",
        ),
        (
            format!("export const revalidate = 60\n{ROUTE}"),
            PAGE.to_owned(),
            "its `revalidate` holds for the route only",
        ),
        (
            ROUTE.to_owned(),
            PAGE.replace("cache: 'no-store'", "next: { revalidate: 60 }"),
            "page.tsx:5: its answer may come from a cache",
        ),
        (
            ROUTE.to_owned(),
            PAGE.replace("cache: 'no-store'", "headers: { a: 'b' }"),
            "it says more than its URL",
        ),
        (ROUTE.to_owned(), PAGE.replace("/api/stats`", "/api/stats?all=1`"), "it sends a query"),
        (
            ROUTE.to_owned(),
            PAGE.replace("(await response.json()) as", "show(response.status, await response.json()) as"),
            "it looks at the answer's status code",
        ),
        (
            ROUTE.replace("GET()", "GET(request: Request)").replace("figures()", "figures(request.url)"),
            PAGE.to_owned(),
            "`request.url` needs the request",
        ),
    ] {
        let draft = draft(&route, &page);
        assert!(draft.files.is_empty() && draft.left_out[0].contains(why), "{why}: {draft:?}");
    }
    let old = ("package.json", r#"{ "name": "shop", "dependencies": { "next": "14.2.0" } }"#);
    let folder = app(&[old, ("app/api/stats/route.ts", ROUTE), ("app/stats/page.tsx", PAGE), FIGURES]);
    let task = task(TaskKind::SelfFetch, &[HandlerRef::Page("/stats".to_owned())], "/stats");
    let draft = drafted(folder.path(), &task);
    assert!(draft.files.is_empty() && draft.left_out[0].contains("before Next.js 15"), "{draft:?}");
}

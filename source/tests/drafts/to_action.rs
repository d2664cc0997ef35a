//! A mutation by a route becomes an action next to its page.

use pointsman_source::{HandlerRef, TaskKind};
use pointsman_store::HandlerKind;

use super::{after, app, drafted, task};

const ROUTE: &str = "import { NextResponse, type NextRequest } from 'next/server'\nimport { save } from '../../../lib/data'\nimport { session } from '../../../lib/session'\n\nexport async function POST(request: NextRequest) {\n  const user = await session()\n  if (!user) throw new Error('nobody')\n  const { id } = (await request.json()) as { id: string }\n  const saved = await save(user, id)\n  return NextResponse.json({ saved })\n}\n";
const SITE: &str = "    await fetch('/api/cart', {\n      method: 'POST',\n      headers: { 'content-type': 'application/json' },\n      body: JSON.stringify({ id: 'a' }),\n    })\n    router.refresh()\n";
const PAGE: &str = "import { Go } from './Go'\nexport default () => <Go />\n";

fn client(body: &str) -> String {
    format!(
        "'use client'\nimport {{ useRouter }} from 'next/navigation'\n\nexport function Go() {{\n  const router = useRouter()\n  async function go() {{\n{body}  }}\n  return <button onClick={{go}}>Go</button>\n}}\n"
    )
}

fn files<'a>(route: &'a str, client: &'a str) -> [(&'a str, &'a str); 5] {
    [
        ("app/api/cart/route.ts", route),
        ("app/shop/Go.tsx", client),
        ("app/shop/page.tsx", PAGE),
        ("lib/data.ts", "export async function save(user: string, id: string) {\n  return user + id\n}\n"),
        ("lib/session.ts", "export async function session() {\n  return 'a'\n}\n"),
    ]
}

fn post() -> HandlerRef {
    HandlerRef::Route {
        kind: HandlerKind::RouteHandler,
        route: "/api/cart".to_owned(),
        method: "POST".to_owned(),
    }
}

#[test]
fn the_handlers_code_becomes_an_action_and_the_call_site_calls_it() {
    let client = client(SITE);
    let folder = app(&files(ROUTE, &client));
    let draft = drafted(folder.path(), &task(TaskKind::ToAction, &[post()], "/shop"));
    assert_eq!(draft.left_out, Vec::<String>::new());
    let action = after(&draft, "app/shop/actions.ts");
    assert!(action.starts_with("'use server'\n\nimport { session } from '../../lib/session'\nimport { save } from '../../lib/data'\nimport { refresh } from 'next/cache'\n\n"), "{action}");
    assert!(action.ends_with("export async function postCart(input: { id: string }) {\n  const user = await session()\n  if (!user) throw new Error('nobody')\n  const { id } = (input) as { id: string }\n  const saved = await save(user, id)\n  refresh()\n  return { saved }\n}\n"), "{action}");
    assert_eq!(
        after(&draft, "app/shop/Go.tsx"),
        "'use client'\nimport { postCart } from './actions'\n\nexport function Go() {\n  async function go() {\n    await postCart({ id: 'a' })\n  }\n  return <button onClick={go}>Go</button>\n}\n"
    );
    assert_eq!(draft.files.len(), 2, "the route stays");
    assert!(draft.remarks[0].contains("app/api/cart/route.ts stays"), "{:?}", draft.remarks);
    let words: Vec<&str> = draft.todos.iter().map(|todo| todo.text.split(':').next().unwrap()).collect();
    assert_eq!(words, ["auth", "status codes", "arguments"]);
}

#[test]
fn what_an_action_cannot_do_in_the_same_way_is_refused_with_its_line() {
    let route = |old: &str, new: &str| {
        assert!(ROUTE.contains(old), "{old}");
        (ROUTE.replace(old, new), SITE.to_owned())
    };
    let site = |old: &str, new: &str| {
        assert!(SITE.contains(old), "{old}");
        (ROUTE.to_owned(), SITE.replace(old, new))
    };
    for ((route, site), why) in [
        (route("{ saved })", "{ saved }, { status: 201 })"), "route.ts:10: it sets a status code or headers"),
        (route("NextResponse.json({ saved })", "new Response('x')"), "something else than Response.json"),
        (
            route("await session()", "request.headers.get('a')"),
            "route.ts:6: `request.headers` needs the request",
        ),
        (
            route("export async", "export const maxDuration = 60\nexport async"),
            "`maxDuration` holds for the route",
        ),
        (
            (
                ROUTE
                    .replace("export async", "const own = save\nexport async")
                    .replace("await save(", "await own("),
                SITE.to_owned(),
            ),
            "it needs own, which only this file has",
        ),
        (site("await fetch", "const answer = await fetch"), "it reads what the route answers"),
        (site("'content-type': 'application/json'", "'x-csrf': 'a'"), "it sends the header x-csrf"),
        (site("method: 'POST',", "method: 'POST', keepalive: true,"), "its option `keepalive`"),
        (site("JSON.stringify({ id: 'a' })", "'{}'"), "no plain JSON.stringify"),
        (site("router.refresh()", "if (router) router.refresh()"), "under a condition"),
    ] {
        let client = client(&site);
        let folder = app(&files(&route, &client));
        let draft = drafted(folder.path(), &task(TaskKind::ToAction, &[post()], "/shop"));
        assert!(draft.files.is_empty() && draft.left_out[0].contains(why), "{why}: {draft:?}");
    }
    let client = client(SITE);
    let all = files(ROUTE, &client);
    let folder = app(&[&all[..], &[("middleware.ts", "export function middleware() {}\n")]].concat());
    let draft = drafted(folder.path(), &task(TaskKind::ToAction, &[post()], "/shop"));
    assert!(draft.files.is_empty() && draft.left_out[0].contains("middleware.ts may check"), "{draft:?}");
}

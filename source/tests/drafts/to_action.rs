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
        (
            route("{ saved })", "{ saved }, { headers: { a: 'b' } })"),
            "route.ts:10: it sets headers of its answer",
        ),
        (route("{ saved })", "{ saved }, { status: code })"), "route.ts:10: it sets headers of its answer"),
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
        (site("await fetch", "void fetch"), "or does not wait for it"),
        (
            (ROUTE.to_owned(), reading("if (!answer.ok) return\n    ")),
            "Go.tsx:12: it looks at the answer's status code",
        ),
        (
            (
                ROUTE.replace("{ saved })", "{ saved }, { status: 201 })"),
                reading("if (!answer.ok) throw new Error('no')\n    "),
            ),
            "Go.tsx:12: it looks at the answer's status code",
        ),
        ((ROUTE.to_owned(), reading("show(answer)\n    ")), "or at more of it than its JSON"),
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
}

/// The request with its answer in a variable, and what is done with it.
fn reading(then: &str) -> String {
    SITE.replace("await fetch", "const answer = await fetch")
        .replace("    router.refresh()", &format!("    {then}router.refresh()"))
}

#[test]
fn what_reads_the_answer_reads_that_of_the_action() {
    let check = "if (!answer.ok) throw new Error(`${answer.status}`)\n    ";
    for (then, expected) in [
        ("show(await answer.json())\n    ", "    show(answer)\n"),
        (
            &format!("{check}const {{ saved }} = (await answer.json()) as Saved\n    "),
            "    const { saved } = (answer) as Saved\n",
        ),
    ] {
        let client = client(&reading(then));
        let folder = app(&files(ROUTE, &client));
        let draft = drafted(folder.path(), &task(TaskKind::ToAction, &[post()], "/shop"));
        assert_eq!(draft.left_out, Vec::<String>::new());
        let go = after(&draft, "app/shop/Go.tsx");
        let expected = format!("    const answer = await postCart({{ id: 'a' }})\n{expected}  }}\n");
        assert!(go.contains(&expected), "{go}");
    }
}

#[test]
fn a_refresh_after_a_helper_that_asks_goes_too_and_each_end_of_the_action_shows_the_page() {
    let route = ROUTE.replace(
        "  if (!user) throw new Error('nobody')\n",
        "  if (!user) return NextResponse.json({ error: 'nobody' }, { status: 401 })\n",
    );
    let client = "'use client'\nimport { useRouter } from 'next/navigation'\n\nexport function Go() {\n  const router = useRouter()\n  async function go() {\n    const answer = await post('a')\n    show(answer)\n    router.refresh()\n  }\n  return <button onClick={go}>Go</button>\n}\n\nasync function post(id: string) {\n  const response = await fetch('/api/cart', {\n    method: 'POST',\n    body: JSON.stringify({ id }),\n  })\n  return response.json()\n}\n";
    let folder = app(&files(&route, client));
    let draft = drafted(folder.path(), &task(TaskKind::ToAction, &[post()], "/shop"));
    assert_eq!(draft.left_out, Vec::<String>::new());
    let action = after(&draft, "app/shop/actions.ts");
    let early = "  if (!user) {\n    refresh()\n    return { error: 'nobody' }\n  }\n";
    assert!(action.contains(early) && action.contains("  refresh()\n  return { saved }\n"), "{action}");
    assert!(
        draft.todos.iter().any(|todo| todo.text.contains("a status code of its own")),
        "{:?}",
        draft.todos
    );
    let go = after(&draft, "app/shop/Go.tsx");
    assert!(!go.contains("outer"), "{go}");
    assert!(go.ends_with("  const response = await postCart({ id })\n  return response\n}\n"), "{go}");
}

#[test]
fn what_runs_before_routes_must_do_the_same_for_the_page() {
    let reads =
        "export function proxy(request) { return request.cookies.get('a') ?? request.nextUrl.pathname }\n";
    let same = "export function proxy(request) { return request.cookies.get('a') }\n";
    for (proxy, expected) in [
        (
            format!("{reads}export const config = {{ matcher: '/((?!api).*)' }}\n"),
            Ok("does not run for /api/cart"),
        ),
        (
            format!("{reads}export const config = {{ matcher: '/api/:path*' }}\n"),
            Err("`request.nextUrl` may look at the path"),
        ),
        (reads.to_owned(), Err("`request.nextUrl` may look at the path")),
        (same.to_owned(), Ok("does the same for both")),
        (
            format!("{same}export const config = {{ matcher: ['/api/:path*', {{ source: '/shop' }}] }}\n"),
            Ok("does the same for both"),
        ),
        (
            format!("{same}export const config = {{ matcher: '/api/:path*' }}\n"),
            Err("may run for /api/cart and not for /shop"),
        ),
        (
            format!("{same}export const config = {{ matcher: paths }}\n"),
            Err("may run for /api/cart and not for /shop"),
        ),
        ("export const proxy = guarded(() => {})\n".to_owned(), Err("its function is made by another one")),
    ] {
        let client = client(SITE);
        let all = files(ROUTE, &client);
        let folder = app(&[&all[..], &[("proxy.ts", &proxy)]].concat());
        let draft = drafted(folder.path(), &task(TaskKind::ToAction, &[post()], "/shop"));
        let said = if draft.files.is_empty() { Err(&draft.left_out) } else { Ok(&draft.remarks) };
        match (said, expected) {
            (Ok(said), Ok(expected)) | (Err(said), Err(expected)) => {
                assert!(said.iter().any(|one| one.contains(expected)), "{proxy}: {said:?}");
            }
            (said, _) => panic!("{proxy}: {said:?}"),
        }
    }
}

#[test]
fn a_form_that_is_sent_to_a_route_calls_the_action() {
    let route = "import { NextResponse } from 'next/server'\nimport { save } from '../../../lib/data'\n\nexport async function POST(request: Request) {\n  const form = await request.formData()\n  await save('a', String(form.get('id')))\n  return NextResponse.redirect(new URL('/thanks', request.url), 303)\n}\n";
    let form = "export const Go = () => (\n  <form action=\"/api/cart\" method=\"post\" className=\"row\">\n    <input name=\"id\" />\n  </form>\n)\n";
    let folder = app(&files(route, form));
    let draft = drafted(folder.path(), &task(TaskKind::ToAction, &[post()], "/shop"));
    assert_eq!(draft.left_out, Vec::<String>::new());
    let action = after(&draft, "app/shop/actions.ts");
    assert!(action.contains("import { redirect } from 'next/navigation'\n"), "{action}");
    assert!(action.ends_with("export async function postCart(input: FormData) {\n  const form = input\n  await save('a', String(form.get('id')))\n  return redirect('/thanks')\n}\n"), "{action}");
    let go = after(&draft, "app/shop/Go.tsx");
    assert!(go.contains("  <form action={postCart} className=\"row\">\n"), "{go}");
    for (old, new, why) in
        [(", 303)", ")", "by 302 or 303"), ("'/thanks'", "'//other.example'", "needs the request")]
    {
        let folder = app(&files(&route.replace(old, new), form));
        let draft = drafted(folder.path(), &task(TaskKind::ToAction, &[post()], "/shop"));
        assert!(draft.files.is_empty() && draft.left_out[0].contains(why), "{why}: {draft:?}");
    }
    let folder = app(&files(route, &form.replace("method=\"post\"", "method=\"post\" onSubmit={check}")));
    let draft = drafted(folder.path(), &task(TaskKind::ToAction, &[post()], "/shop"));
    assert!(draft.files.is_empty() && draft.left_out[0].contains("its `onSubmit`"), "{draft:?}");
}

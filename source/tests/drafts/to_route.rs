//! A read by an action becomes a read by a GET route.

use pointsman_source::TaskKind;

use super::{action, after, app, drafted, task};

const TSCONFIG: (&str, &str) =
    ("tsconfig.json", r#"{ "compilerOptions": { "paths": { "@/*": ["./src/*"] } } }"#);
const PRICE: &str = "\"use server\";\n\nimport { pricesOf } from \"@/data\";\n\nexport async function getPrice(left: string, right: string): Promise<(number | null)[]> {\n  return pricesOf(left, right);\n}\n";
const COMPARE: &str = "\"use client\";\nimport { getPrice } from \"@/actions/getPrice\";\n\nexport function Compare() {\n  return <button onClick={() => getPrice(\"a\", \"b\")}>Compare</button>;\n}\n";

#[test]
fn the_function_stays_a_route_calls_it_and_browsers_ask_the_route() {
    let folder = app(&[
        TSCONFIG,
        ("src/app/page.tsx", "export default () => null;\n"),
        ("src/actions/getPrice.ts", PRICE),
        ("src/components/Compare.tsx", COMPARE),
    ]);
    let of = task(TaskKind::ToRoute, &[action("src/actions/getPrice.ts#getPrice")], "/");
    let draft = drafted(folder.path(), &of);
    assert_eq!(after(&draft, "src/actions/getPrice.ts"), PRICE.replace("\"use server\";\n\n", ""));
    assert_eq!(
        after(&draft, "src/components/Compare.tsx"),
        COMPARE.replace("@/actions/getPrice", "@/app/api/price/client")
    );
    assert_eq!(
        after(&draft, "src/app/api/price/route.ts"),
        "// GET /api/price: what the action getPrice read.\nimport { getPrice } from \"@/actions/getPrice\";\n\nexport async function GET(request: Request): Promise<Response> {\n  // TODO(pointsman): auth: this is a public URL. Check here who may read it, as far as getPrice does not.\n  // TODO(pointsman): arguments: anyone can send anything. Check left and right.\n  const asked = new URL(request.url).searchParams;\n  const answer = await getPrice(asked.get(\"left\") ?? \"\", asked.get(\"right\") ?? \"\");\n  // TODO(pointsman): status codes: what it answers if there is nothing, or if the caller may not see it.\n  return Response.json(answer, { headers: { \"cache-control\": \"private, no-cache\" } });\n}\n"
    );
    assert_eq!(
        after(&draft, "src/app/api/price/client.ts"),
        "// Asks GET /api/price in place of the action getPrice: fetches of one browser run in parallel, its actions never do.\nimport type { getPrice as read } from \"@/actions/getPrice\";\n\nexport async function getPrice(left: string, right: string): Promise<Awaited<ReturnType<typeof read>>> {\n  const response = await fetch(`/api/price?${new URLSearchParams({ left, right })}`);\n  // TODO(pointsman): status codes: decide what callers get when the route refuses.\n  if (!response.ok) throw new Error(`GET /api/price answered ${response.status}`);\n  return response.json();\n}\n"
    );
    let words: Vec<&str> = draft.todos.iter().map(|todo| todo.text.split(':').next().unwrap()).collect();
    assert_eq!(words, ["status codes", "auth", "arguments", "status codes"]);
    assert_eq!((draft.todos[0].file.as_str(), draft.todos[0].line), ("src/app/api/price/client.ts", 6));
}

#[test]
fn what_other_code_still_needs_stays() {
    let both = format!("{PRICE}\nexport async function save() {{}}\n");
    let client = "'use client'\nimport { getPrice as price, save } from '../actions'\nexport const Go = () => <form action={save} onClick={() => price('a', 'b')} />\n";
    let folder = app(&[
        ("app/api/price/route.ts", "export function GET() {}\n"),
        ("actions.ts", &both),
        ("app/Go.tsx", client),
    ]);
    let draft = drafted(folder.path(), &task(TaskKind::ToRoute, &[action("actions.ts#getPrice")], "/"));
    // Another function of the file is an action, and the short name is taken.
    assert!(draft.remarks[0].contains("save in it is still an action"), "{:?}", draft.remarks);
    let paths: Vec<&str> = draft.files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(paths, ["app/Go.tsx", "app/api/get-price/client.ts", "app/api/get-price/route.ts"]);
    assert_eq!(
        after(&draft, "app/Go.tsx"),
        "'use client'\nimport { save } from '../actions'\nimport { getPrice as price } from './api/get-price/client'\nexport const Go = () => <form action={save} onClick={() => price('a', 'b')} />\n"
    );
}

#[test]
fn arguments_are_carried_by_the_query_as_far_as_it_can() {
    let list = "'use server'\nexport async function listThings(page: number, all?: boolean, tag: string | null, filter: Filter) {\n  return []\n}\n";
    let client = "'use client'\nimport { listThings } from './actions'\nexport const Go = () => <b onClick={() => listThings(1, true, null, {})} />\n";
    let folder = app(&[("app/actions.ts", list), ("app/Go.tsx", client)]);
    let draft = drafted(folder.path(), &task(TaskKind::ToRoute, &[action("app/actions.ts#listThings")], "/"));
    let route = after(&draft, "app/api/things/route.ts");
    for part in [
        "Number(asked.get('page'))",
        "asked.has('all') ? asked.get('all') === 'true' : undefined",
        "asked.get('tag')",
        "JSON.parse(asked.get('filter') ?? 'null')",
        "JSON.parse throws",
    ] {
        assert!(route.contains(part), "{part}: {route}");
    }
    let client = after(&draft, "app/api/things/client.ts");
    for part in [
        "(page: number, all?: boolean, tag: string | null, filter: Filter)",
        "  query.set('page', String(page))\n",
        "  if (all != null) query.set('all', String(all))\n",
        "  query.set('filter', JSON.stringify(filter))\n",
        "`/api/things?${query}`",
        "types: JSON carries no Date",
    ] {
        assert!(client.contains(part), "{part}: {client}");
    }
}

#[test]
fn what_only_an_action_can_do_is_left_alone() {
    let client = |code: &str| format!("'use client'\nimport {{ read }} from './actions'\n{code}\n");
    let plain = "'use server'\nexport async function read(id: string) {\n  return id\n}\n";
    let call = "export const Go = () => <b onClick={() => read('a')} />";
    for (actions, user, why) in [
        (plain, "export const Go = () => <form action={read} />", "as the action of a form"),
        (plain, "export const x = 1", "no code for browsers calls read"),
        (
            "'use server'\nexport const read = guarded(async (id: string) => id)\n",
            call,
            "made by another one",
        ),
        (
            "'use server'\nexport async function read({ id }: { id: string }) {}\n",
            call,
            "takes its arguments apart",
        ),
        ("'use server'\nexport async function read(form: FormData) {}\n", call, "a GET request cannot carry"),
    ] {
        let folder = app(&[("app/actions.ts", actions), ("app/Go.tsx", &client(user))]);
        let draft = drafted(folder.path(), &task(TaskKind::ToRoute, &[action("app/actions.ts#read")], "/"));
        assert!(draft.files.is_empty() && draft.left_out[0].contains(why), "{why}: {draft:?}");
    }
    // From the server only an action can be handed to a component of the browser.
    let page = "import { read } from './actions'\nimport { Go } from './Go'\nexport default () => <Go read={read} />\n";
    let folder = app(&[("app/actions.ts", plain), ("app/page.tsx", page), ("app/Go.tsx", &client(call))]);
    let draft = drafted(folder.path(), &task(TaskKind::ToRoute, &[action("app/actions.ts#read")], "/"));
    assert!(draft.files.is_empty() && draft.left_out[0].contains("app/page.tsx:3 hands read"), "{draft:?}");
}

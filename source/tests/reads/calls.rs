//! Requests in the code, and the handlers they lead to.

use super::{read, sites, unresolved};

const ROUTES: [(&str, &str); 7] = [
    (
        "app/api/cart/route.ts",
        "export function GET() {}\nexport function POST() {}\nexport function DELETE() {}\n",
    ),
    ("app/api/items/[id]/route.ts", "export function GET() {}\nexport function PUT() {}\n"),
    ("app/api/items/export/route.ts", "export function GET() {}\n"),
    ("app/api/price/route.ts", "export function GET() {}\n"),
    ("app/api/stock/route.ts", "export function GET() {}\n"),
    ("app/api/auth/[...all]/route.ts", "export function GET() {}\nexport function POST() {}\n"),
    ("pages/api/legacy.ts", "export default function handler() {}\n"),
];

fn page(text: &str) -> (Vec<String>, Vec<String>) {
    page_with(text, &[])
}

fn page_with<'a>(text: &'a str, more: &[(&'a str, &'a str)]) -> (Vec<String>, Vec<String>) {
    let mut files = ROUTES.to_vec();
    let text = format!("'use client';\n{text}");
    files.push(("components/a.tsx", &text));
    files.extend(more);
    let source = read(&files);
    let short =
        |lines: Vec<String>| lines.into_iter().map(|line| line.replace("components/a.tsx", "a")).collect();
    (short(sites(&source)), short(unresolved(&source)))
}

#[track_caller]
fn assert_sites(text: &str, expected: &[&str]) {
    assert_eq!(page(text).0, expected, "{text}");
}

#[test]
fn every_kind_of_request_is_a_call_site() {
    for (code, expected) in [
        ("fetch('/api/cart')", "GET /api/cart < a:2 fetch client"),
        ("fetch('/api/cart?x=1#y', { method: 'post' })", "POST /api/cart < a:2 fetch client"),
        ("window.fetch(`/api/items/${id}`)", "GET /api/items/[id] < a:2 fetch client"),
        ("fetch(`/api/items/${id}`, { method: 'PUT', body })", "PUT /api/items/[id] < a:2 fetch client"),
        ("fetch('/api/items/export')", "GET /api/items/export < a:2 fetch client"),
        ("fetch('/api/cart' + query)", "GET /api/cart < a:2 fetch client"),
        ("fetch(`/api/cart${query}`)", "GET /api/cart < a:2 fetch client"),
        ("fetch('/api/cart/')", "GET /api/cart < a:2 fetch client"),
        ("fetch(new URL('/api/cart', location.origin))", "GET /api/cart < a:2 fetch client"),
        ("fetch(`${window.location.origin}/api/cart`)", "GET /api/cart < a:2 fetch client"),
        ("fetch(`${process.env.NEXT_PUBLIC_APP_URL}/api/cart`)", "GET /api/cart < a:2 fetch client"),
        ("fetch('http://localhost:3000/api/cart')", "GET /api/cart < a:2 fetch client"),
        ("fetch('/api/auth/callback/google')", "GET /api/auth/[...all] < a:2 fetch client"),
        ("fetch('/api/legacy', { method })", "* /api/legacy < a:2 fetch client"),
        ("axios.post('/api/cart', body)", "POST /api/cart < a:2 axios client"),
        ("axios({ url: '/api/cart', method: 'delete' })", "DELETE /api/cart < a:2 axios client"),
        ("axios('/api/cart')", "GET /api/cart < a:2 axios client"),
        ("ky.get('/api/cart').json()", "GET /api/cart < a:2 ky client"),
        ("useSWR('/api/cart', fetcher)", "GET /api/cart < a:2 swr client"),
        ("useSWR(id ? `/api/items/${id}` : null, fetcher)", "GET /api/items/[id] < a:2 swr client"),
        ("useSWR(() => '/api/cart', fetcher)", "GET /api/cart < a:2 swr client"),
        ("useSWR(['/api/cart', token], fetcher)", "GET /api/cart < a:2 swr client"),
        ("mutate('/api/cart')", "GET /api/cart < a:2 mutate client"),
        ("useQuery({ queryKey: ['/api/cart'] })", "GET /api/cart < a:2 query client"),
        (
            "useQuery({ queryKey: ['/x'], queryFn: () => fetch('/api/cart') })",
            "GET /api/cart < a:2 fetch client",
        ),
        ("navigator.sendBeacon('/api/cart', data)", "POST /api/cart < a:2 beacon client"),
        ("new EventSource(`/api/price?x=${x}`)", "GET /api/price < a:2 event_source client"),
        ("const f = <form action='/api/cart' method='post' />", "POST /api/cart < a:2 form client"),
        ("const f = <form action='/api/price' />", "GET /api/price < a:2 form client"),
        ("const f = <a href='/api/items/export'>x</a>", "GET /api/items/export < a:2 link client"),
        ("const f = <img src={`/api/price?id=${id}`} />", "GET /api/price < a:2 link client"),
        ("router.push('/api/auth/login')", "GET /api/auth/[...all] < a:2 link client"),
        ("window.location.href = '/api/auth/login'", "GET /api/auth/[...all] < a:2 link client"),
        ("client.post('/api/cart', {})", "POST /api/cart < a:2 helper client"),
        ("request('/api/cart', { method: 'DELETE' })", "DELETE /api/cart < a:2 helper client"),
        ("useChat({ api: '/api/legacy' })", "* /api/legacy < a:2 helper client"),
        ("const f = <Upload endpoint='/api/legacy' />", "* /api/legacy < a:2 helper client"),
        ("fetch(withBase('/api/cart'))", "GET /api/cart < a:2 fetch client"),
        ("mutatePrefix('/api/cart')", "GET /api/cart < a:2 mutate client"),
        ("del('/cart')", "DELETE /api/cart < a:2 helper client"),
        ("publish({ url: `${APP_DOMAIN}/api/cart`, method: 'POST' })", "POST /api/cart < a:2 helper client"),
    ] {
        assert_sites(code, &[expected]);
    }
}

#[test]
fn names_are_followed_to_their_text() {
    assert_sites("const url = '/api/cart';\nfetch(url)", &["GET /api/cart < a:3 fetch client"]);
    assert_sites(
        "const options = { method: 'POST' };\nfetch('/api/cart', options)",
        &["POST /api/cart < a:3 fetch client"],
    );
    assert_sites(
        "const API = { cart: { all: '/api/cart' } } as const;\nfetch(API.cart.all)",
        &["GET /api/cart < a:3 fetch client"],
    );
    assert_sites(
        "const item = (id: string) => `/api/items/${id}`;\nfetch(item('1'))",
        &["GET /api/items/[id] < a:3 fetch client"],
    );
    assert_sites(
        "type Figure = 'price' | 'stock';\nfunction ask(figure: Figure) { return fetch(`/api/${figure}`) }",
        &["GET /api/price < a:3 fetch client", "GET /api/stock < a:3 fetch client"],
    );
    assert_sites(
        "fetch(full ? '/api/items/export' : '/api/cart')",
        &["GET /api/cart < a:2 fetch client", "GET /api/items/export < a:2 fetch client"],
    );
    assert_sites(
        "const base = process.env.BASE_PATH ?? '';\nfetch(`${base}/api/cart`)",
        &["GET /api/cart < a:3 fetch client"],
    );
    assert_sites(
        "const APP_URL = 'https://shop.example';\nfetch(`${APP_URL}/api/cart`)",
        &["GET /api/cart < a:3 fetch client"],
    );
    let (sites, _) = page_with(
        "import { ROUTES, base } from '../lib/routes';\nimport api from '../lib/api';\nfetch(ROUTES.cart);\nfetch(`${base}/items/${id}`);\napi.get('/stock');",
        &[
            (
                "lib/routes.ts",
                "export const base = '/api';\nexport const ROUTES = { cart: `${base}/cart` };\n",
            ),
            (
                "lib/api.ts",
                "import axios from 'axios';\nconst client = axios.create({ baseURL: '/api' });\nexport default client;\n",
            ),
        ],
    );
    assert_eq!(
        sites,
        [
            "GET /api/cart < a:4 fetch client",
            "GET /api/items/[id] < a:5 fetch client",
            "GET /api/stock < a:6 axios client",
        ]
    );
}

#[test]
fn functions_that_are_given_their_url_are_not_call_sites_but_their_callers_are() {
    let (sites, open) = page_with(
        "import { useRemove } from '../lib/hooks';\nconst fetcher = (url: string) => fetch(url);\nuseSWR('/api/price', fetcher);\nuseRemove(`/cart`);\nconst save = (url: string, body: object) => fetch(url, { method: 'PUT' });\nsave(`/api/items/${id}`, {});\nmutatePrefix(['/api/stock', ...(root ? ['/api/cart'] : [])]);",
        &[(
            "lib/hooks.ts",
            "export function useRemove(path: string) {\n  const { del, useMutation } = useApi();\n  return useMutation({ mutationFn: () => del(path, {}) });\n}\n",
        )],
    );
    assert_eq!(
        sites,
        [
            "DELETE /api/cart < a:5 helper client",
            "GET /api/cart < a:8 mutate client",
            "GET /api/price < a:4 swr client",
            "GET /api/stock < a:8 mutate client",
            "PUT /api/items/[id] < a:7 helper client",
        ]
    );
    assert_eq!(open, Vec::<String>::new());
}

#[test]
fn what_is_not_certain_is_not_a_call_site() {
    for (code, expected) in [
        ("fetch(url)", "a:2 url_at_runtime"),
        ("fetch(`/api/${name}`)", "a:2 several_routes /api/legacy /api/cart /api/price /api/stock"),
        ("fetch(`${process.env.BACKEND}/api/cart`)", "a:2 unknown_base /api/cart"),
        ("fetch('/api/none')", "a:2 no_such_route"),
        ("fetch('/api/cart', { method: 'PATCH' })", "a:2 no_such_method /api/cart"),
    ] {
        let (sites, open) = page(code);
        assert!(sites.is_empty(), "{code}: {sites:?}");
        let sorted = |line: &str| {
            let mut words: Vec<String> = line.split(' ').map(str::to_owned).collect();
            words.sort();
            words
        };
        assert_eq!(open.len(), 1, "{code}: {open:?}");
        assert_eq!(sorted(&open[0]), sorted(expected), "{code}");
    }
}

#[test]
fn what_is_no_request_is_nothing() {
    for code in [
        "pathname.startsWith('/api/cart')",
        "revalidatePath('/api/cart')",
        "fetch('https://example.com/api/cart')",
        "console.log('/api/cart')",
        "const a = '/api/cart'",
        "fetch(`data:text/plain,x`)",
    ] {
        let (sites, open) = page(code);
        assert!(
            sites.is_empty() && open.iter().all(|line| line.contains("runtime")),
            "{code}: {sites:?} {open:?}"
        );
    }
}

#[test]
fn a_refresh_that_follows_is_noted_and_one_elsewhere_is_not() {
    for (code, refreshes) in [
        ("async function add() {\n await fetch('/api/cart');\n router.refresh();\n}", true),
        ("function add() {\n fetch('/api/cart').then(() => router.refresh());\n}", true),
        (
            "async function add() {\n await fetch('/api/cart');\n startTransition(() => router.refresh());\n}",
            true,
        ),
        (
            "const m = useMutation({\n mutationFn: () => fetch('/api/cart'), onSuccess: () => router.refresh() });",
            true,
        ),
        (
            "const post = () =>\n fetch('/api/cart');\nasync function add() { await post(); router.refresh(); }",
            true,
        ),
        (
            "function A() { const router = useRouter();\n useEffect(() => { fetch('/api/cart') }, []);\n return <b onClick={() => router.refresh()} />; }",
            false,
        ),
        (
            "function A() { const go = () => {\n fetch('/api/cart') };\n const other = () => { router.refresh() }; return <b onClick={go} /> }",
            false,
        ),
    ] {
        let (sites, _) = page(code);
        let [site] = &sites[..] else { panic!("{code}: {sites:?}") };
        assert_eq!(site.ends_with("refreshes"), refreshes, "{code}: {site}");
    }
}

#[test]
fn a_base_path_is_part_of_the_url_and_not_of_the_route() {
    let source = read(&[
        ROUTES[0],
        ("next.config.js", "module.exports = { basePath: '/shop' };\n"),
        (
            "app/page.tsx",
            "export default async function Page() {\n  await fetch(`http://${host}/shop/api/cart`);\n}\n",
        ),
    ]);
    assert_eq!(sites(&source), ["GET /api/cart < app/page.tsx:2 fetch server"]);
}

//! Server actions: where they are, how they are used, and which of them nobody uses.

use pointsman_store::Usage;

use super::{definitions, read, sites};

const ACTIONS: &str = "'use server';\nimport { z } from 'zod';\n\nexport async function save(form) {}\nexport const wrapped = validated(z.string(), async () => {});\nexport type Answer = string;\nexport const limit = 5;\nasync function hidden() {}\nexport { hidden as shown };\nexport default async function () {}\n";

#[test]
fn exports_of_a_server_module_are_actions_and_its_types_and_literals_are_not() {
    let source =
        read(&[("src/app/actions.ts", ACTIONS), ("src/app/page.tsx", "export default () => null\n")]);
    let mut found = definitions(&source);
    found.sort();
    assert_eq!(
        found,
        [
            "src/app/actions.ts#default src/app/actions.ts:10",
            "src/app/actions.ts#save src/app/actions.ts:4",
            "src/app/actions.ts#shown src/app/actions.ts:9",
            "src/app/actions.ts#wrapped src/app/actions.ts:5",
        ]
    );
}

#[test]
fn functions_that_open_with_the_directive_are_actions_wherever_they_stand() {
    let page = "import { lib } from './lib';\nexport default function Page({ id }) {\n  async function remove() {\n    'use server';\n  }\n  const keep = guarded(async () => { 'use server'; });\n  return <form action={remove}><button formAction={keep} /><b onClick={async () => { 'use server'; }} /><i a={lib} /></form>;\n}\n";
    let source = read(&[
        ("app/page.tsx", page),
        ("app/lib.ts", "export async function lib() {\n  'use server';\n}\n"),
    ]);
    assert_eq!(
        definitions(&source),
        [
            "app/lib.ts#$$RSC_SERVER_ACTION_0 app/lib.ts:1",
            "app/page.tsx#$$RSC_SERVER_ACTION_0 app/page.tsx:3",
            "app/page.tsx#$$RSC_SERVER_ACTION_1 app/page.tsx:6",
            "app/page.tsx#$$RSC_SERVER_ACTION_2 app/page.tsx:7",
        ]
    );
    assert_eq!(
        sites(&source),
        [
            "app/lib.ts#$$RSC_SERVER_ACTION_0 < app/page.tsx:7 passed server",
            "app/page.tsx#$$RSC_SERVER_ACTION_0 < app/page.tsx:7 form server",
            "app/page.tsx#$$RSC_SERVER_ACTION_1 < app/page.tsx:7 form server",
            "app/page.tsx#$$RSC_SERVER_ACTION_2 < app/page.tsx:7 passed server",
        ]
    );
    assert_eq!(source.handlers[2].name.as_deref(), Some("keep"));
}

/// What is found of the action `save` in a client module.
#[track_caller]
fn assert_used(code: &str, how: &str) {
    let text = format!("'use client';\nimport {{ save }} from '@/actions/barrel';\n{code}\n");
    let source = read(&[
        ("actions/save.ts", "'use server';\nexport async function save() {}\n"),
        ("actions/barrel.ts", "export * from './more';\n"),
        ("actions/more.ts", "import { save } from './save';\nexport { save };\n"),
        ("components/a.tsx", &text),
        ("app/page.tsx", "export default () => null\n"),
        ("tsconfig.json", r#"{ "extends": "./base.json" }"#),
        ("base.json", r#"{ "compilerOptions": { "baseUrl": ".", "paths": { "@/*": ["*"] } } }"#),
    ]);
    assert_eq!(sites(&source), [format!("actions/save.ts#save < components/a.tsx:{how}")], "{code}");
}

#[test]
fn every_use_of_an_imported_action_is_a_call_site() {
    assert_used("const f = <form action={save} />", "3 form client");
    assert_used("const f = <form action={save.bind(null, 1)} />", "3 form client");
    assert_used("const bound = save.bind(null, 1);\nconst f = <form action={bound} />", "4 form client");
    assert_used("const [s, go] = useActionState(save, null)", "3 action_state client");
    assert_used("const [s, go] = useFormState(save, null)", "3 action_state client");
    assert_used("async function go() { await save() }", "3 call client");
    assert_used("async function go() {\n await save();\n router.refresh();\n}", "4 call client refreshes");
    assert_used("const go = () => startTransition(async () => { await save() })", "3 transition client");
    assert_used("const go = () => startTransition(save)", "3 transition client");
    assert_used("useMutation({ mutationFn: save })", "3 query client");
    assert_used("useSWR('key', save)", "3 swr client");
    assert_used("const f = <Child onSave={save} />", "3 passed client");
    assert_used("useAction(save, {\n onSuccess: () => router.refresh() })", "3 passed client refreshes");
    assert_used("function other(save) { save() }\nsave()", "4 call client");
}

#[test]
fn namespaces_and_imports_at_runtime_are_followed() {
    let source = read(&[
        ("actions.ts", "'use server';\nexport async function save() {}\nexport async function load() {}\n"),
        (
            "app/page.tsx",
            "'use client';\nimport * as actions from '../actions';\nasync function go() {\n  await actions.save();\n  const { load } = await import('../actions');\n  load();\n}\n",
        ),
    ]);
    assert_eq!(
        sites(&source),
        ["actions.ts#load < app/page.tsx:6 call client", "actions.ts#save < app/page.tsx:4 call client"]
    );
}

#[test]
fn actions_that_nobody_uses_and_those_that_only_the_server_calls_are_told_apart() {
    let source = read(&[
        (
            "lib/a.ts",
            "'use server';\nexport async function used() {}\nexport async function inner() {}\nexport async function dead() {}\nexport async function typed() {}\n",
        ),
        (
            "app/page.tsx",
            "import { used, inner, typed } from '../lib/a';\nexport default async function Page() {\n  await inner();\n  let x: ReturnType<typeof typed>;\n  return <form action={used} />;\n}\n",
        ),
        ("app/page.test.tsx", "import { dead } from '../lib/a';\ndead();\n"),
    ]);
    let usage = |name: &str| {
        let found = source.handlers.iter().find(|one| one.name.as_deref() == Some(name)).unwrap();
        found.usage.unwrap()
    };
    assert_eq!(usage("used"), Usage::Action);
    assert_eq!(usage("inner"), Usage::ServerOnly);
    assert_eq!(usage("dead"), Usage::Nowhere);
    assert_eq!(usage("typed"), Usage::Nowhere);
    assert_eq!(source.counts.skipped.get("tests"), Some(&1));
}

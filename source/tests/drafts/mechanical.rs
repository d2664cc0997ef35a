//! Changes that follow from the code alone.

use pointsman_source::TaskKind;

use super::{action, after, app, drafted, task};

const LIKE: &str = "'use server'\n\nimport { revalidatePath } from 'next/cache'\n\nexport async function like(id: string) {\n  revalidatePath('/x')\n  return id\n}\n";

fn button(body: &str) -> String {
    format!(
        "'use client'\nimport {{ useRouter }} from 'next/navigation'\nimport {{ useState }} from 'react'\nimport {{ like }} from './actions'\n\nexport function Like() {{\n  const router = useRouter()\n  const [on, setOn] = useState(false)\n  async function toggle() {{\n{body}  }}\n  return <button onClick={{toggle}}>{{String(on)}}</button>\n}}\n"
    )
}

#[test]
fn a_refresh_after_an_action_that_shows_the_page_goes_with_what_only_it_needed() {
    let client = button("    await like('a')\n    setOn(true)\n    router.refresh()\n");
    let folder = app(&[("app/x/actions.ts", LIKE), ("app/x/Like.tsx", &client)]);
    let task = task(TaskKind::DropRefresh, &[action("app/x/actions.ts#like")], "/x");
    let draft = drafted(folder.path(), &task);
    assert_eq!(draft.left_out, Vec::<String>::new());
    let wanted = client
        .replace("    router.refresh()\n", "")
        .replace("  const router = useRouter()\n", "")
        .replace("import { useRouter } from 'next/navigation'\n", "");
    assert_eq!(after(&draft, "app/x/Like.tsx"), wanted);
    assert_eq!(draft.files.len(), 1);
    assert_eq!(draft.todos, []);
}

#[test]
fn an_action_that_shows_nothing_is_made_to() {
    let like = "\"use server\";\r\nimport { save } from \"@/data\";\r\n\r\nexport async function like(id: string) {\r\n  const saved = await save(id);\r\n  return saved;\r\n}\r\n";
    let client = button("    await like('a').then(() => router.refresh())\n    setOn(true)\n");
    let files = [
        ("app/x/actions.ts", like),
        ("app/x/Like.tsx", client.as_str()),
        ("app/x/page.tsx", "export default () => null\n"),
    ];
    let folder = app(&files);
    let of = task(TaskKind::DropRefresh, &[action("app/x/actions.ts#like")], "/x");
    let draft = drafted(folder.path(), &of);
    assert!(after(&draft, "app/x/Like.tsx").contains("    await like('a')\n    setOn(true)\n"));
    let wanted = like
        .replace("@/data\";\r\n", "@/data\";\r\nimport { refresh } from \"next/cache\";\r\n")
        .replace("  return saved", "  refresh();\r\n  return saved");
    assert_eq!(after(&draft, "app/x/actions.ts"), wanted);

    // Before 16 an action names the page.
    let older = r#"{ "name": "shop", "dependencies": { "next": "^15.2.0" } }"#;
    let folder = app(&[&files[..], &[("package.json", older)]].concat());
    let draft = drafted(folder.path(), &of);
    assert!(after(&draft, "app/x/actions.ts").contains("  revalidatePath(\"/x\");\r\n  return saved"));
}

#[test]
fn a_refresh_that_may_be_needed_stays_and_the_reason_is_said() {
    for (body, why) in [
        ("    if (on) await like('a')\n    router.refresh()\n", None),
        (
            "    if (on) { await like('a') }\n    router.refresh()\n",
            Some("when the action was not called or failed"),
        ),
        ("    like('a')\n    router.refresh()\n", Some("not awaited")),
        ("    await like('a')\n    if (on) router.refresh()\n", Some("under a condition")),
        (
            "    await fetch('/api/y', { method: 'POST' })\n    await like('a')\n    router.refresh()\n",
            Some("another awaited call"),
        ),
    ] {
        let client = button(body);
        let folder = app(&[("app/x/actions.ts", LIKE), ("app/x/Like.tsx", &client)]);
        let draft =
            drafted(folder.path(), &task(TaskKind::DropRefresh, &[action("app/x/actions.ts#like")], "/x"));
        let Some(why) = why else {
            assert!(draft.files.is_empty(), "{body}");
            continue;
        };
        assert!(draft.files.is_empty() && draft.left_out[0].contains(why), "{body}: {:?}", draft.left_out);
        assert!(draft.left_out[0].contains("app/x/Like.tsx:"), "{:?}", draft.left_out);
    }
}

#[test]
fn a_use_server_that_no_client_needs_goes() {
    let page = "import { load } from '@/lib/load'\nexport default async function Page() {\n  return <p>{await load()}</p>\n}\n";
    let lib = "// What it loads.\n\"use server\";\n\nexport async function load() {\n  return 1\n}\n";
    let tsconfig = r#"{ "compilerOptions": { "paths": { "@/*": ["./*"] } } }"#;
    let folder = app(&[("app/page.tsx", page), ("lib/load.ts", lib), ("tsconfig.json", tsconfig)]);
    let of = task(TaskKind::DropUseServer, &[action("lib/load.ts#load")], "/");
    let draft = drafted(folder.path(), &of);
    assert_eq!(after(&draft, "lib/load.ts"), lib.replace("\"use server\";\n", ""));

    // One of the file's functions is an action that a form uses.
    let both = format!("{lib}export async function save() {{}}\n");
    let form = "import { save } from '@/lib/load'\nexport default () => <form action={save} />\n";
    let folder = app(&[
        ("app/page.tsx", page),
        ("app/f/page.tsx", form),
        ("lib/load.ts", &both),
        ("tsconfig.json", tsconfig),
    ]);
    let draft = drafted(folder.path(), &of);
    assert!(draft.files.is_empty() && draft.left_out[0].contains("save is used as an action"), "{draft:?}");

    // A module that hands names on may be imported by anyone.
    let folder = app(&[
        ("app/page.tsx", page),
        ("lib/index.ts", "export * from './load'\n"),
        ("lib/load.ts", lib),
        ("tsconfig.json", tsconfig),
    ]);
    let draft = drafted(folder.path(), &of);
    assert!(draft.files.is_empty() && draft.left_out[0].contains("lib/index.ts hands"), "{draft:?}");
}

#[test]
fn an_action_that_nothing_refers_to_goes_with_its_imports_or_its_file() {
    let two = "'use server'\nimport { a, b, type C } from './db'\nimport d from './d'\n\n/** Old. */\nexport async function old(c: C) {\n  return a(c) + d\n}\n\nexport async function used() {\n  return b()\n}\n";
    let form = "import { used } from '../two'\nexport default () => <form action={used} />\n";
    let folder = app(&[
        ("two.ts", two),
        ("app/page.tsx", form),
        ("one.ts", "'use server'\nimport { b } from './db'\nexport const one = async () => b()\n"),
    ]);
    let draft = drafted(folder.path(), &task(TaskKind::DeleteAction, &[action("two.ts#old")], "/"));
    assert_eq!(
        after(&draft, "two.ts"),
        "'use server'\nimport { b } from './db'\n\nexport async function used() {\n  return b()\n}\n"
    );
    let draft = drafted(folder.path(), &task(TaskKind::DeleteAction, &[action("one.ts#one")], "/"));
    assert_eq!(draft.files.len(), 1);
    assert_eq!(draft.files[0].after, None);
    for (name, why) in [("two.ts#used", "something refers to"), ("two.ts#none", "does not define")] {
        let draft = drafted(folder.path(), &task(TaskKind::DeleteAction, &[action(name)], "/"));
        assert!(draft.files.is_empty() && draft.left_out[0].contains(why), "{draft:?}");
    }
}

#[test]
fn names_of_files_and_ends_of_lines_are_kept() {
    let like = "'use server'\nexport async function like() {\n  return 1\n}";
    let client = button("    await like('a')\n    router.refresh()\n").trim_end().to_owned();
    let folder = app(&[
        ("app/(my shop)/ä/actions.ts", like),
        ("app/(my shop)/ä/Like.tsx", &client),
        ("app/x/page.tsx", ""),
    ]);
    let of = task(TaskKind::DropRefresh, &[action("app/(my shop)/ä/actions.ts#like")], "/ä");
    let draft = drafted(folder.path(), &of);
    assert_eq!(draft.files.len(), 2);
    assert!(!after(&draft, "app/(my shop)/ä/Like.tsx").ends_with('\n'));
}

#[test]
fn what_cannot_be_read_for_certain_is_not_edited() {
    let client = button("    await like('a')\n    router.refresh()\n");
    let of = task(TaskKind::DropRefresh, &[action("app/x/actions.ts#like")], "/x");
    let folder = app(&[("app/x/actions.ts", LIKE), ("app/x/Like.tsx", &format!("{client}const = 3\n"))]);
    let draft = drafted(folder.path(), &of);
    assert!(draft.files.is_empty(), "{draft:?}");
    let folder = app(&[("app/x/actions.ts", LIKE)]);
    let mut bytes = client.into_bytes();
    bytes.extend(b"// \xff\n");
    std::fs::write(folder.path().join("app/x/Like.tsx"), bytes).unwrap();
    let draft = drafted(folder.path(), &of);
    assert!(draft.files.is_empty() && draft.left_out[0].contains("not valid UTF-8"), "{draft:?}");
}

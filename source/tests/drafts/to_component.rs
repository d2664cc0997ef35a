//! Reads after a component has loaded become reads by its page.

use pointsman_source::{Draft, TaskKind};

use super::{action, after, app, drafted, task};

const ACTIONS: &str = "'use server'\n\nexport async function getProfile(): Promise<{ name: string }> {\n  return { name: 'a' }\n}\n\nexport async function listNews() {\n  return ['b']\n}\n";
const PANEL: &str = "'use client'\nimport { useEffect, useState } from 'react'\nimport { getProfile, listNews } from './actions'\n\nexport function Panel() {\n  const [desk, setDesk] = useState<{ profile: { name: string }; news: string[] }>()\n  useEffect(() => {\n    Promise.all([getProfile(), listNews()]).then(([profile, news]) => setDesk({ profile, news }))\n  }, [])\n\n  return <p>{desk ? desk.profile.name + desk.news.length : 'One moment'}</p>\n}\n";
const PAGE: &str = "import { Panel } from './Panel'\n\nexport default function Home() {\n  return (\n    <main>\n      <Panel />\n    </main>\n  )\n}\n";

fn draft(panel: &str, page: &str, names: &[&str]) -> Draft {
    let folder = app(&[("app/actions.ts", ACTIONS), ("app/Panel.tsx", panel), ("app/page.tsx", page)]);
    let actions: Vec<_> = names.iter().map(|name| action(&format!("app/actions.ts#{name}"))).collect();
    drafted(folder.path(), &task(TaskKind::ToComponent, &actions, "/"))
}

#[test]
fn the_page_reads_and_the_component_is_given_what_it_shows() {
    let draft = draft(PANEL, PAGE, &["getProfile", "listNews"]);
    assert_eq!(draft.left_out, Vec::<String>::new());
    assert_eq!(
        after(&draft, "app/Panel.tsx"),
        "'use client'\nimport type { getProfile } from './actions'\nimport type { listNews } from './actions'\nimport { useState } from 'react'\n\nexport function Panel({ profile, news }: { profile: Awaited<ReturnType<typeof getProfile>>; news: Awaited<ReturnType<typeof listNews>> }) {\n  const [desk] = useState<{ profile: { name: string }; news: string[] }>({ profile, news })\n\n  return <p>{desk ? desk.profile.name + desk.news.length : 'One moment'}</p>\n}\n"
    );
    assert_eq!(
        after(&draft, "app/page.tsx"),
        "import { getProfile } from './actions'\nimport { listNews } from './actions'\nimport { Panel } from './Panel'\n\nexport default async function Home() {\n  // TODO(pointsman): waiting: the page now waits for this. If it is slow, read it in a component of its own within <Suspense>.\n  const [profile, news] = await Promise.all([getProfile(), listNews()])\n  return (\n    <main>\n      <Panel profile={profile} news={news} />\n    </main>\n  )\n}\n"
    );
    assert_eq!(after(&draft, "app/actions.ts"), ACTIONS.replace("'use server'\n\n", ""));
    assert_eq!(draft.todos.len(), 1);
}

#[test]
fn one_read_whose_setter_is_used_again_keeps_it() {
    let panel = "'use client'\nimport { useEffect, useState } from 'react'\nimport { listNews } from './actions'\n\nexport function Panel({ title }: { title: string }) {\n  const [items, setItems] = useState<string[]>([])\n  useEffect(() => {\n    void listNews().then(setItems)\n  }, [])\n  return <p onClick={() => setItems([])}>{title + items.length}</p>\n}\n";
    let page = PAGE.replace("<Panel />", "<Panel title=\"a\" />");
    let draft = draft(panel, &page, &["listNews"]);
    assert_eq!(draft.left_out, Vec::<String>::new());
    let after_it = after(&draft, "app/Panel.tsx");
    for part in [
        "export function Panel({ title, news }: { title: string; news: Awaited<ReturnType<typeof listNews>> }) {\n",
        "  const [items, setItems] = useState<string[]>(news)\n  return ",
    ] {
        assert!(after_it.contains(part), "{part}: {after_it}");
    }
    let page = after(&draft, "app/page.tsx");
    assert!(page.contains("  const news = await listNews()\n"), "{page}");
    assert!(page.contains("<Panel news={news} title=\"a\" />"), "{page}");
    assert!(
        draft.remarks.iter().any(|one| one.contains("getProfile in it is still")) || draft.files.len() == 3
    );
}

#[test]
fn what_the_page_cannot_know_is_left_alone() {
    let both = &["getProfile", "listNews"][..];
    for (panel, page, why) in [
        (
            PANEL.replace("}, [])", "}, [desk])"),
            PAGE.to_owned(),
            "Panel.tsx:7: it is not called in an effect of the form",
        ),
        (PANEL.replace("setDesk({", "desk || setDesk({"), PAGE.to_owned(), "it is not called in an effect"),
        (PANEL.replace("news }))", "news })).catch(show)"), PAGE.to_owned(), "it is not called in an effect"),
        (PANEL.replace("listNews()])", "listNews(1)])"), PAGE.to_owned(), "it asks with arguments"),
        (
            PANEL.replace("setDesk({ profile, news })", "setDesk({ profile, news, desk })"),
            PAGE.to_owned(),
            "it also puts desk into a state",
        ),
        (
            PANEL.replace("export function", "function"),
            PAGE.to_owned(),
            "the component is not exported where it is written",
        ),
        (PANEL.to_owned(), PAGE.replace("<Panel />", "{open && <Panel />}"), "it is not shown each time"),
        (
            PANEL.to_owned(),
            PAGE.replace("<Panel />", "<Panel /><Panel />"),
            "the component is shown in 2 places",
        ),
        (PANEL.to_owned(), format!("'use client'\n{PAGE}"), "app/page.tsx runs in the browser too"),
        (PANEL.to_owned(), PAGE.replace("return (", "const news = 1\n  return ("), "the name news is taken"),
    ] {
        let draft = draft(&panel, &page, both);
        assert!(draft.files.is_empty() && draft.left_out[0].contains(why), "{why}: {draft:?}");
    }
}

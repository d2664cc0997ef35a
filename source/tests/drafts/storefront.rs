//! The example shop: for which of its moves there is a draft, and why not for the others. Three handlers of the shop are in its code
//! twice, as they stand and moved, and a switch decides between them; a draft of these is made where the switch is taken out first, as
//! no app of its own has one.

use std::path::{Path, PathBuf};

use pointsman_source::{Draft, HandlerRef, Limits, Task, TaskKind, Wanted, draft};
use pointsman_store::HandlerKind;

use super::{action, after, drafted, task};

fn shop() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    copy(&PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../examples/storefront"), folder.path());
    folder
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (name, kind) = (entry.file_name(), entry.file_type().unwrap());
        if ["node_modules", ".next", ".demo", "driver"].iter().any(|left_out| name == *left_out) {
            continue;
        }
        if kind.is_dir() {
            copy(&entry.path(), &to.join(name));
        } else if kind.is_file() {
            std::fs::copy(entry.path(), to.join(name)).unwrap();
        }
    }
}

/// Takes the switch out of a file.
fn without_switch(folder: &Path, file: &str, changes: &[(&str, &str)]) {
    let path = folder.join(file);
    let mut text = std::fs::read_to_string(&path).unwrap();
    for (old, new) in changes {
        assert_eq!(text.matches(old).count(), 1, "{file}: {old}");
        text = text.replace(old, new);
    }
    std::fs::write(path, text).unwrap();
}

fn cart() -> Task {
    let route = "/api/cart".to_owned();
    let handler = HandlerRef::Route { kind: HandlerKind::RouteHandler, route, method: "POST".to_owned() };
    task(TaskKind::ToAction, &[handler], "/product/[id]")
}

fn desk() -> Task {
    let names = ["getProfile", "getRecommendations", "getNotifications"];
    let actions = names.map(|name| action(&format!("actions/{name}.ts#{name}")));
    task(TaskKind::ToComponent, &actions, "/dashboard")
}

fn reasons(folder: &Path, task: &Task) -> Draft {
    draft(folder, &Wanted::default(), &Limits::default(), task).unwrap()
}

#[test]
fn the_switch_between_both_versions_is_what_stands_in_the_way_of_two_moves() {
    let folder = shop();
    for (task, why) in [
        (cart(), "components/AddToCart.tsx:15: the refresh stands under a condition"),
        (desk(), "app/dashboard/page.tsx:14: it is not shown each time"),
    ] {
        let draft = reasons(folder.path(), &task);
        assert!(draft.files.is_empty() && draft.left_out[0].contains(why), "{why}: {draft:?}");
    }
}

#[test]
fn the_cart_is_an_action_that_shows_the_page() {
    let folder = shop();
    without_switch(
        folder.path(),
        "components/AddToCart.tsx",
        &[
            ("moved ? await addToCart(products) : await post(products)", "await post(products)"),
            ("if (!moved) router.refresh();", "router.refresh();"),
            (", moved }: {", " }: {"),
            ("; moved: boolean }", " }"),
            ("import { addToCart } from \"@/actions/addToCart\";\n", ""),
            (": ReturnType<typeof addToCart>", ": Promise<{ items: number } | { error: string }>"),
        ],
    );
    let draft = drafted(folder.path(), &cart());
    assert_eq!(draft.left_out, Vec::<String>::new());
    let button = after(&draft, "components/AddToCart.tsx");
    assert!(button.contains("import { postCart } from \"@/app/product/[id]/actions\";\n"), "{button}");
    assert!(
        button.contains("  const response = await postCart({ products });\n  return response;\n"),
        "{button}"
    );
    assert!(!button.contains("useRouter"), "{button}");
    let action = after(&draft, "app/product/[id]/actions.ts");
    assert_eq!(action.matches("refresh();\n").count(), 2, "{action}");
    assert!(draft.remarks.iter().any(|one| one.contains("proxy.ts runs for /api/cart and for the page")));
}

#[test]
fn the_dashboard_reads_what_it_shows() {
    let folder = shop();
    without_switch(
        folder.path(),
        "app/dashboard/page.tsx",
        &[
            (
                "{moved ? <Desk {...await deskOf(await visitor())} /> : <DashboardPanels />}",
                "<DashboardPanels />",
            ),
            ("import { Desk, type DeskContents } from \"@/components/Desk\";\n", ""),
            ("import { notificationsFor, profileOf, recommendationsFor } from \"@/data/customers\";\n", ""),
            ("import { moved } from \"@/data/moved\";\n", ""),
            ("import { visitor } from \"@/data/visitor\";\n", ""),
            (
                "\nasync function deskOf(who: string): Promise<DeskContents> {\n  const [profile, recommendations, notifications] = await Promise.all([profileOf(who), recommendationsFor(who), notificationsFor(who)]);\n  return { profile, recommendations, notifications };\n}\n",
                "",
            ),
        ],
    );
    let draft = drafted(folder.path(), &desk());
    assert_eq!(draft.left_out, Vec::<String>::new());
    let page = after(&draft, "app/dashboard/page.tsx");
    for part in [
        "  const [profile, recommendations, notifications] = await Promise.all([getProfile(), getRecommendations(), getNotifications()]);\n",
        "<DashboardPanels profile={profile} recommendations={recommendations} notifications={notifications} />",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    let panels = after(&draft, "components/DashboardPanels.tsx");
    assert!(
        panels.contains("useState<DeskContents>({ profile, recommendations, notifications })"),
        "{panels}"
    );
    assert!(!panels.contains("useEffect("), "{panels}");
    assert!(!after(&draft, "actions/getProfile.ts").contains("\"use server\""));
}

#[test]
fn the_page_of_figures_calls_what_it_fetched() {
    let folder = shop();
    let of = task(TaskKind::SelfFetch, &[HandlerRef::Page("/stats".to_owned())], "/stats");
    let draft = drafted(folder.path(), &of);
    assert_eq!(draft.left_out, Vec::<String>::new());
    let page = after(&draft, "app/stats/page.tsx");
    assert!(page.contains("  await connection();\n  const response = await getStats();\n"), "{page}");
    assert!(!page.contains("headers"), "{page}");
    assert!(after(&draft, "app/api/stats/route.ts").contains("return Response.json(await getStats());"));
}

//! The plan for a move: short, concrete, with the names of this Handler.

use pointsman_store::{Action, HandlerKind};

use crate::evidence::Fact;
use crate::profile::Profile;
use crate::report::Verdict;

/// Effort (`S`, `M`, `L`) and steps of a move. `next_major` is the app's major version of Next.js, where known.
pub(crate) fn effort_and_steps(
    profile: &Profile,
    verdict: Verdict,
    next_major: Option<u32>,
) -> (Option<&'static str>, Vec<String>) {
    let steps = match verdict {
        Verdict::MoveToServerAction => to_server_action(profile, next_major),
        Verdict::MoveToServerComponent => to_server_component(profile),
        Verdict::MoveToRouteHandler => to_route_handler(profile),
        Verdict::Keep | Verdict::InsufficientEvidence => return (None, Vec::new()),
    };
    let effort = match profile.pages.len() {
        0 | 1 => "S",
        2 | 3 => "M",
        _ => "L",
    };
    (Some(effort), steps)
}

fn to_server_action(profile: &Profile, next_major: Option<u32>) -> Vec<String> {
    let handler = &profile.handler;
    let page = first_page(profile);
    let name = action_name(&handler.route, &handler.method);
    let pages_router = handler.kind == HandlerKind::PagesApi;
    let source = if pages_router {
        format!("pages{}.ts", handler.route)
    } else {
        format!("app{}/route.ts", handler.route)
    };
    let refresh = if next_major.is_none_or(|major| major >= 16) {
        "refresh() from 'next/cache' (it keeps the client's prefetches; revalidatePath drops them, and each link on \
         the page is then fetched again)"
    } else {
        "revalidatePath() from 'next/cache'"
    };
    let mut steps = vec![
        format!(
            "create an action beside the page {page}: 'use server'; export async function {name}(...), with the body \
                 of {} in {source}",
            handler.method
        ),
        "move its checks along: read the session inside the action, since anyone who can POST can call it"
            .to_owned(),
        format!("at the end of {name} call {refresh}"),
        format!(
            "on {page} call {name}(...) in place of fetch('{}', {{ method: '{}' }}) and drop router.refresh()",
            handler.route, handler.method
        ),
    ];
    if profile.count(Fact::StatusContract) > 0.0 {
        steps
            .push("turn its error statuses into return values: an action answers 200, 303 or 500".to_owned());
    }
    steps.push(format!(
        "check that proxy.ts (middleware) runs for POST {page} as it does for {}: the request now goes there",
        handler.route
    ));
    steps.push("set NEXT_SERVER_ACTIONS_ENCRYPTION_KEY and a deployment id, so that pages opened before a deployment can \
                still call the action".to_owned());
    steps.push(format!(
        "test: {name} from the page, without a session, and from a page loaded before a new build; then \
                        remove {} from {source}",
        handler.method
    ));
    steps
}

fn to_server_component(profile: &Profile) -> Vec<String> {
    let (name, file) = action(profile);
    let page = first_page(profile);
    vec![
        format!("move what {name} reads into a plain async function beside {file}, without 'use server'"),
        format!(
            "await it in the server component of {page} and pass the data down as props; several reads together in \
                 Promise.all, which runs in parallel on the server"
        ),
        format!(
            "wrap slow parts of {page} in <Suspense>, so that the rest of the page does not wait for them"
        ),
        format!("remove the call of {name} on mount (useEffect) and its loading state"),
        format!(
            "if something still has to fetch it later, add a GET route for that and use SWR or fetch; then remove \
                 {name} from the actions"
        ),
        format!(
            "test: {page} with JavaScript off shows the data; check that the session is read in the function itself"
        ),
    ]
}

fn to_route_handler(profile: &Profile) -> Vec<String> {
    let (name, file) = action(profile);
    let page = first_page(profile);
    let route = format!("/api/{}", kebab(&name));
    vec![
        format!("move what {name} reads into a plain async function beside {file}, without 'use server'"),
        format!(
            "create app{route}/route.ts: export async function GET(request), its arguments from the query, its \
                 answer as Response.json(...); read the session there as the action does"
        ),
        "give it cache-control: private, max-age=... or public, s-maxage=... where the data allows"
            .to_owned(),
        format!(
            "on {page} call fetch('{route}?...') (SWR or TanStack Query for polling and deduplication) in place of \
                 {name}(...), with an AbortSignal"
        ),
        format!("check that proxy.ts (middleware) covers {route} if it guards {page}"),
        format!(
            "test: the data on {page}, an aborted request, no session; then remove {name} from the actions"
        ),
    ]
}

fn first_page(profile: &Profile) -> String {
    let is_action = profile.handler.kind == HandlerKind::ServerAction;
    let called = profile.pages.first().map(|(page, _)| page.clone());
    if is_action {
        profile.handler.route.clone()
    } else {
        called.unwrap_or_else(|| "that calls it".to_owned())
    }
}

/// Name and file of an action, or words in their place.
fn action(profile: &Profile) -> (String, String) {
    match &profile.handler.action {
        Some(Action::Export { file, name }) => (name.clone(), file.clone()),
        Some(Action::Id(id)) => (format!("the action {}", id.get(..10).unwrap_or(id)), "its file".to_owned()),
        _ => ("the action".to_owned(), "its file".to_owned()),
    }
}

/// `/api/cart/[id]` and DELETE give `deleteCart`.
fn action_name(route: &str, method: &str) -> String {
    let verb = match method {
        "DELETE" => "delete",
        "PUT" | "PATCH" => "update",
        _ => "submit",
    };
    let mut words = route
        .split(['/', '-', '_'])
        .filter(|word| !word.is_empty() && *word != "api" && !word.starts_with('['));
    let last = words.rfind(|word| word.chars().all(char::is_alphanumeric)).unwrap_or("change");
    let mut letters = last.chars();
    let capital: String = letters.next().map(|first| first.to_uppercase().collect()).unwrap_or_default();
    format!("{verb}{capital}{}", letters.as_str())
}

/// `getOrderStatus` gives `order-status`.
fn kebab(name: &str) -> String {
    let bare = ["get", "list", "fetch", "load", "find"]
        .iter()
        .find_map(|verb| name.strip_prefix(verb).filter(|rest| rest.starts_with(char::is_uppercase)))
        .unwrap_or(name);
    let mut kebab = String::new();
    for letter in bare.chars().filter(|letter| letter.is_alphanumeric()) {
        if letter.is_uppercase() && !kebab.is_empty() {
            kebab.push('-');
        }
        kebab.extend(letter.to_lowercase());
    }
    kebab
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_from_the_handler() {
        assert_eq!(action_name("/api/cart", "POST"), "submitCart");
        assert_eq!(action_name("/api/orders/[id]", "DELETE"), "deleteOrders");
        assert_eq!(action_name("/api", "POST"), "submitChange");
        assert_eq!(kebab("getOrderStatus"), "order-status");
        assert_eq!(kebab("lookup"), "lookup");
    }
}

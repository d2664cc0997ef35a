//! Names for what a move creates, made from the Handler's own.

use pointsman_store::{Action, HandlerKind};

use crate::profile::Profile;

/// The page that calls it most, or words in its place.
pub(super) fn first_page(profile: &Profile) -> String {
    if profile.handler.kind == HandlerKind::ServerAction {
        return profile.handler.route.clone();
    }
    seen_pages(profile).next().map_or_else(|| "that calls it".to_owned(), str::to_owned)
}

/// The pages that call it, most calls first, as far as they were seen as pages: a referer may name anything.
fn seen_pages<'p>(profile: &'p Profile<'_>) -> impl Iterator<Item = &'p str> {
    let routes = profile.pages.iter().map(|(route, _)| route.as_str());
    routes.filter(|route| profile.surroundings.pages_seen.contains(*route))
}

/// Routes of the pages that call it, most calls first, at most ten.
pub(crate) fn calling_pages(profile: &Profile) -> Vec<String> {
    const MOST: usize = 10;
    if profile.handler.kind == HandlerKind::ServerAction {
        return profile.pages.iter().map(|(route, _)| route.clone()).take(MOST).collect();
    }
    seen_pages(profile).map(str::to_owned).take(MOST).collect()
}

/// The pages that call it, as a list of at most three.
pub(super) fn pages(profile: &Profile) -> String {
    let routes: Vec<&str> = seen_pages(profile).collect();
    match routes.as_slice() {
        [] => first_page(profile),
        [one] => (*one).to_owned(),
        [one, two] => format!("{one} and {two}"),
        [one, two, rest @ ..] => format!("{one}, {two} and {} more", rest.len()),
    }
}

/// Name and file of an action, or words in their place.
pub(super) fn action(profile: &Profile) -> (String, String) {
    match &profile.handler.action {
        Some(Action::Export { file, name }) if file.is_empty() => (name.clone(), "its file".to_owned()),
        Some(Action::Export { file, name }) => (Action::short_title(name, file), file.clone()),
        Some(Action::Id(id)) => (format!("the action {}", id.get(..10).unwrap_or(id)), "its file".to_owned()),
        _ => ("the action".to_owned(), "its file".to_owned()),
    }
}

/// The file of a route.
pub(super) fn route_file(profile: &Profile) -> String {
    let handler = &profile.handler;
    if handler.kind == HandlerKind::PagesApi {
        format!("pages{}.ts", handler.route)
    } else {
        format!("app{}/route.ts", handler.route.trim_end_matches('/'))
    }
}

/// `/api/cart/[id]` and DELETE give `deleteCart`.
pub(in crate::verdict) fn action_name(route: &str, method: &str) -> String {
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
pub(super) fn kebab(name: &str) -> String {
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

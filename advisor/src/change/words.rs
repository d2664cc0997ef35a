//! Names of Handlers in the sentences of a Change: what a reading action fetches, lists of names, routes that a plan creates.

use pointsman_store::{Action, Handler, HandlerKind};

use crate::report::HandlerReport;
use crate::words::ReportedKind;

/// Verbs with which the name of a read begins.
const READS: [&str; 5] = ["get", "list", "fetch", "load", "find"];

/// A Handler as a sentence names it.
pub(crate) struct Named<'a> {
    /// Whether it is an action.
    pub(crate) is_action: bool,
    /// Its method.
    pub(crate) method: &'a str,
    /// Its route.
    pub(crate) route: &'a str,
    /// Name of an action, or its id.
    pub(crate) action: Option<&'a str>,
    /// Its file.
    pub(crate) file: Option<&'a str>,
}

impl<'a> Named<'a> {
    pub(crate) fn of(row: &'a HandlerReport) -> Self {
        let HandlerReport { kind, method, route, action, file, .. } = row;
        let is_action = *kind == ReportedKind::ServerAction;
        Self { is_action, method, route, action: action.as_deref(), file: file.as_deref() }
    }

    pub(crate) fn of_handler(handler: &'a Handler) -> Self {
        let (action, file) = handler.action.as_ref().map_or((None, None), Action::name_and_file);
        let is_action = handler.kind == HandlerKind::ServerAction;
        Self { is_action, method: &handler.method, route: &handler.route, action, file }
    }

    /// `getPrice`, `the action 4012345678`, `POST /api/cart`.
    pub(crate) fn name(&self) -> String {
        match (self.action, self.file) {
            (Some(name), Some(file)) => Action::short_title(name, file),
            (Some(id), None) => format!("the action {}", id.get(..10).unwrap_or(id)),
            (None, _) if self.is_action => "the action".to_owned(),
            (None, _) => format!("{} {}", self.method, self.route),
        }
    }

    /// What it fetches, in words: `price` of `getPrice`, `order status` of `getOrderStatus`; its name where that says nothing.
    pub(crate) fn noun(&self) -> String {
        let name = self.name();
        let is_word = self.file.is_some() && name.chars().all(char::is_alphanumeric);
        let bare = READS
            .iter()
            .find_map(|verb| name.strip_prefix(verb).filter(|rest| rest.starts_with(char::is_uppercase)));
        bare.filter(|_| is_word).map_or(name.clone(), |bare| spread(bare, ' '))
    }

    /// The route that a plan creates for it: `/api/order-status` of `getOrderStatus`.
    pub(crate) fn new_route(&self) -> String {
        let name = self.name();
        let bare = READS
            .iter()
            .find_map(|verb| name.strip_prefix(verb).filter(|rest| rest.starts_with(char::is_uppercase)))
            .unwrap_or(&name);
        format!("/api/{}", spread(bare, '-'))
    }
}

/// `OrderStatus` as `order status`, or with something else between the words.
fn spread(name: &str, between: char) -> String {
    let mut words = String::new();
    for letter in name.chars().filter(|letter| letter.is_alphanumeric()) {
        if letter.is_uppercase() && !words.is_empty() && !words.ends_with(between) {
            words.push(between);
        }
        words.extend(letter.to_lowercase());
    }
    words
}

/// Rows in an order that does not depend on their numbers: by file, then by name.
pub(crate) fn in_order<'a>(rows: &[&'a HandlerReport]) -> Vec<&'a HandlerReport> {
    let mut rows = rows.to_vec();
    rows.sort_by(|a, b| {
        let key =
            |row: &HandlerReport| (row.file.clone(), row.action.clone(), row.route.clone(), row.id.clone());
        key(a).cmp(&key(b))
    });
    rows
}

/// `a`, `a and b`, `a, b and c`, `a, b, c and 2 more`.
pub(crate) fn list(names: &[String]) -> String {
    /// Names that a title holds.
    const MOST: usize = 4;
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] if names.len() <= MOST => format!("{} and {last}", first.join(", ")),
        [a, b, c, rest @ ..] => format!("{a}, {b}, {c} and {} more", rest.len()),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn action(name: &'static str) -> Named<'static> {
        let file = Some("app/actions.ts");
        Named { is_action: true, method: "POST", route: "/compare", action: Some(name), file }
    }

    #[test]
    fn a_read_is_named_by_what_it_fetches() {
        for (name, noun, route) in [
            ("getPrice", "price", "/api/price"),
            ("getOrderStatus", "order status", "/api/order-status"),
            ("lookup", "lookup", "/api/lookup"),
            ("getaway", "getaway", "/api/getaway"),
        ] {
            assert_eq!((action(name).noun().as_str(), action(name).new_route().as_str()), (noun, route));
        }
        let unnamed = Named { file: None, ..action("4012345678abcdef") };
        assert_eq!(unnamed.noun(), "the action 4012345678");
    }

    #[test]
    fn lists_read_aloud() {
        let names: Vec<String> = ["a", "b", "c", "d", "e"].map(str::to_owned).into();
        for (count, text) in
            [(1, "a"), (2, "a and b"), (3, "a, b and c"), (4, "a, b, c and d"), (5, "a, b, c and 2 more")]
        {
            assert_eq!(list(&names[..count]), text);
        }
    }
}

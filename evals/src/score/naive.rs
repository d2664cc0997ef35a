//! The adviser to be better than: whoever goes by the method alone. "A GET is a route, a POST from the own pages is an action."

use pointsman_advisor::{HandlerReport, Verdict};

/// What it would say: a route that the own pages post to becomes an action, an action that only reads by its name a route.
#[must_use]
pub fn verdict(handler: &HandlerReport) -> Verdict {
    let own = handler.callers.get("own_ui").copied().unwrap_or(0.0);
    match handler.kind.as_str() {
        "route_handler" | "pages_api" if handler.method != "GET" && own > 0.5 => Verdict::MoveToServerAction,
        "server_action" if reads(handler.action.as_deref().unwrap_or_default()) => {
            Verdict::MoveToRouteHandler
        }
        _ => Verdict::Keep,
    }
}

/// Names by which people call functions that read.
fn reads(name: &str) -> bool {
    ["get", "list", "fetch", "search", "load", "find", "count"].iter().any(|word| name.starts_with(word))
}

//! Which of Next.js's own spans lie below a request: they tell what kind of code ran, where no attribute
//! does. What follows from them is decided by the readers.

use super::requests::{Request, Requests};
use crate::trace::Node;

/// What Next.js did for a request, as far as its spans tell.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Shape {
    /// A route handler of the App Router ran: the index of that span.
    pub(super) app_handler: Option<usize>,
    /// A handler under `pages/api` ran: the index of that span.
    pub(super) pages_handler: Option<usize>,
    /// `next.route` of the handler that ran.
    pub(super) handler_route: Option<String>,
    /// A page of the App Router was rendered to HTML.
    pub(super) rendered_body: bool,
    /// A page of the Pages Router, or an error page, was rendered.
    pub(super) rendered_document: bool,
    /// The tree of a page was built: for HTML, for an RSC response or within an action.
    pub(super) built_tree: bool,
    /// A server action's function ran, as Next.js itself says (`AppRender.executeServerAction`).
    pub(super) ran_action: bool,
    /// When the response began, ns since the epoch.
    pub(super) first_byte_ns: Option<u64>,
    /// The proxy (middleware) ran.
    pub(super) proxy_ran: bool,
    /// The page that was looked up first and is not an error page.
    pub(super) looked_up: Option<String>,
}

/// Routes of Next.js's own error pages.
const ERROR_ROUTES: [&str; 4] = ["/_error", "/500", "/_global-error", "/_global-error/page"];

/// Routes under which Next.js answers what it has no route for.
const NOT_FOUND_ROUTES: [&str; 3] = ["/404", "/_not-found", "/_not-found/page"];

/// The page that answers what has no route.
pub(super) const NOT_FOUND_PAGE: &str = "/_not-found";

/// Whether a route is one of Next.js's error pages.
pub(super) fn is_error_route(route: &str) -> bool {
    ERROR_ROUTES.contains(&route)
}

/// Whether a route is the page for what has no route.
pub(super) fn is_not_found_route(route: &str) -> bool {
    NOT_FOUND_ROUTES.contains(&route)
}

impl Shape {
    /// Reads the spans of a request that no outgoing call separates from it.
    pub(super) fn of(requests: &Requests<'_>, request: &Request<'_>) -> Self {
        let around = request.node.parent.and_then(|parent| requests.node(parent));
        let proxy_ran = around.is_some_and(|around| around.flag("next.bubble"));
        let mut shape = Self { proxy_ran, ..Self::default() };
        for below in request.spans.iter().filter(|below| !below.beyond_call) {
            if let Some(node) = requests.node(below.at) {
                shape.add(below.at, node);
            }
        }
        shape
    }

    fn add(&mut self, at: usize, node: &Node<'_>) {
        let route = || node.text("next.route").map(str::to_owned);
        match node.text("next.span_type").unwrap_or_default() {
            "AppRouteRouteHandlers.runHandler" => {
                self.app_handler.get_or_insert(at);
                self.handler_route = self.handler_route.take().or_else(route);
            }
            "Node.runHandler" => {
                self.pages_handler.get_or_insert(at);
                self.handler_route = self.handler_route.take().or_else(route);
            }
            "AppRender.getBodyResult" => self.rendered_body = true,
            "AppRender.executeServerAction" => self.ran_action = true,
            "Render.renderDocument" | "Render.getServerSideProps" | "Render.getStaticProps" => {
                self.rendered_document = true;
            }
            "NextNodeServer.createComponentTree" => self.built_tree = true,
            "NextNodeServer.startResponse" => {
                self.first_byte_ns = self.first_byte_ns.or(Some(node.start_ns()));
            }
            "Middleware.execute" => self.proxy_ran = true,
            "NextNodeServer.findPageComponents" => {
                let looked_up = route().filter(|route| !is_error_route(route) && !is_not_found_route(route));
                self.looked_up = self.looked_up.take().or(looked_up);
            }
            _ => {}
        }
        // Next.js 14 and 15 have no span for the proxy, only the mark on the span around it.
        self.proxy_ran |= node.flag("next.bubble");
    }
}

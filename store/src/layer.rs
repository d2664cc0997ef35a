//! Dispatchers: routes behind which another router decides what runs, recognized by the shape of their pattern and by the
//! names that libraries give them. Which Operation a request asked for is found by the collector; what may be advised
//! about either is decided by the advisor.

use crate::HandlerKind;

/// What a Dispatcher stands for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Layer {
    /// Procedures by name: tRPC, oRPC, JSON-RPC.
    Procedures,
    /// The endpoints of an authentication library: Auth.js, better-auth.
    Authentication,
    /// GraphQL: one URL, the operation is named in the body.
    GraphQl,
    /// A library with a protocol of its own: uploads, background jobs, content management, agents.
    Library,
    /// Passes on what browsers report to a service: Sentry, PostHog.
    Tunnel,
    /// A router of the app's own or of a framework: Hono, Elysia, ts-rest, Payload, or any other catch-all.
    Router,
}

/// Names that each kind of layer goes by, as a segment of the route or as the name of its parameter, lower case.
const NAMES: [(Layer, &[&str]); 4] = [
    (
        Layer::Authentication,
        &[
            "auth",
            "authentication",
            "nextauth",
            "next-auth",
            "authjs",
            "better-auth",
            "betterauth",
            "auth0",
            "kinde",
            "kindeauth",
            "supertokens",
            "clerk",
            "workos",
            "authkit",
            "logto",
            "descope",
            "stack-auth",
            "passport",
            "hanko",
        ],
    ),
    (Layer::Procedures, &["trpc", "orpc", "rpc", "jsonrpc", "json-rpc", "procedure", "proc"]),
    (Layer::GraphQl, &["graphql", "gql", "graphql-playground"]),
    (
        Layer::Library,
        &[
            "uploadthing",
            "inngest",
            "edgestore",
            "keystatic",
            "tina",
            "tinacms",
            "copilotkit",
            "novu",
            "transport",
            "mcp",
            "payload",
            "admin",
            "triggerdev",
            "puck",
            "qstash",
            "sanity",
            "strapi",
        ],
    ),
];

/// Libraries whose one route is a whole layer although its pattern has no dynamic part.
const WHOLE: [&str; 16] = [
    "trpc",
    "orpc",
    "rpc",
    "jsonrpc",
    "json-rpc",
    "graphql",
    "gql",
    "graphql-playground",
    "uploadthing",
    "inngest",
    "edgestore",
    "copilotkit",
    "novu",
    "mcp",
    "triggerdev",
    "qstash",
];

/// Routes that pass on telemetry, when nothing else is said about them.
const TUNNELS: [&str; 8] = [
    "tunnel",
    "monitoring",
    "monitoring-tunnel",
    "sentry",
    "sentry-tunnel",
    "sentry-example",
    "posthog",
    "ingest",
];

/// Names of parameters that choose a piece of code, where others (`id`, `slug`) choose data.
const CODE: [&str; 8] = ["action", "endpoint", "operation", "command", "function", "fn", "handler", "route"];

/// Names of parameters that choose data, wherever they stand.
const DATA: [&str; 5] = ["id", "slug", "uuid", "key", "name"];

/// How a segment of a route pattern matches.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Segment<'a> {
    Static(&'a str),
    Dynamic(&'a str),
    CatchAll(&'a str),
}

impl Layer {
    /// The layer that a route stands for; `None` for a route that is one handler. A catch-all is always one, whatever its
    /// name; a single parameter where it, or a segment before it, has a name that layers go by; a route without
    /// parameters only where a library is known for it.
    #[must_use]
    pub fn of(kind: HandlerKind, route: &str) -> Option<Self> {
        if !kind.is_route() {
            return None;
        }
        let route = route.to_ascii_lowercase();
        let segments: Vec<Segment<'_>> = segments(&route).collect();
        let (last, before) = segments.split_last()?;
        match *last {
            Segment::Static(name) if WHOLE.contains(&name) => named(name),
            // Only a name at the top, or one that nothing else goes by: an app may well ingest or monitor something itself.
            Segment::Static(name) if TUNNELS.contains(&name) && name != "ingest" => {
                (name != "monitoring" || before.is_empty()).then_some(Self::Tunnel)
            }
            Segment::Static(_) => None,
            Segment::CatchAll(name) => Some(around(name, before).unwrap_or(Self::Router)),
            Segment::Dynamic(name) if DATA.contains(&name) => None,
            Segment::Dynamic(name) => single(name, before),
        }
    }
}

impl Layer {
    /// What an Operation belongs to whose path begins like this: an authentication library may be mounted in a router.
    pub(crate) fn with_operation(self, first: &str) -> Self {
        let authenticates = named(&first.to_ascii_lowercase()) == Some(Self::Authentication);
        if self == Self::Router && authenticates { Self::Authentication } else { self }
    }
}

/// What a single parameter chooses from: by its own name, else by the segment right before it. Whether that is a library's
/// route or the app's own is certain only for some names.
fn single(name: &str, before: &[Segment<'_>]) -> Option<Layer> {
    let parent = match before.last() {
        Some(Segment::Static(parent)) => {
            named(parent).filter(|layer| *layer != Layer::Library || WHOLE.contains(parent))
        }
        _ => None,
    };
    named(name).or(parent).or_else(|| CODE.contains(&name).then_some(Layer::Router))
}

/// What the name of a catch-all says, else the nearest segment before it that says something.
fn around(name: &str, before: &[Segment<'_>]) -> Option<Layer> {
    let of_segment = |segment: &Segment<'_>| match *segment {
        Segment::Static(name) if TUNNELS.contains(&name) => Some(Layer::Tunnel),
        Segment::Static(name) => named(name),
        _ => None,
    };
    named(name).or_else(|| before.iter().rev().find_map(of_segment))
}

fn named(name: &str) -> Option<Layer> {
    NAMES.iter().find(|(_, names)| names.contains(&name)).map(|(layer, _)| *layer)
}

fn segments(route: &str) -> impl Iterator<Item = Segment<'_>> {
    route.split('/').filter(|segment| !segment.is_empty()).map(|segment| {
        if let Some(name) = segment.strip_prefix("[[...").and_then(|rest| rest.strip_suffix("]]")) {
            Segment::CatchAll(name)
        } else if let Some(name) = segment.strip_prefix("[...").and_then(|rest| rest.strip_suffix(']')) {
            Segment::CatchAll(name)
        } else if let Some(name) = segment.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            Segment::Dynamic(name)
        } else {
            Segment::Static(segment)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dispatcher_is_known_by_its_shape_and_by_its_name() {
        for (route, layer) in [
            ("/api/trpc/[trpc]", Some(Layer::Procedures)),
            ("/api/trpc/edge/[trpc]", Some(Layer::Procedures)),
            ("/rpc/[[...rest]]", Some(Layer::Procedures)),
            ("/api/rpc", Some(Layer::Procedures)),
            ("/api/auth/[...nextauth]", Some(Layer::Authentication)),
            ("/api/auth/[...all]", Some(Layer::Authentication)),
            ("/api/auth/[auth0]", Some(Layer::Authentication)),
            ("/api/v1/auth/[[...all]]", Some(Layer::Authentication)),
            ("/api/graphql", Some(Layer::GraphQl)),
            ("/api/[[...route]]", Some(Layer::Router)),
            ("/api/v2/[...anything]", Some(Layer::Router)),
            ("/api/orders/[id]/[action]", Some(Layer::Router)),
            ("/api/rpc/[method]", Some(Layer::Procedures)),
            ("/api/uploadthing", Some(Layer::Library)),
            ("/api/inngest", Some(Layer::Library)),
            ("/api/[transport]", Some(Layer::Library)),
            ("/api/admin/[...admin]", Some(Layer::Library)),
            ("/monitoring", Some(Layer::Tunnel)),
            ("/ingest/[...path]", Some(Layer::Tunnel)),
            ("/api/cart", None),
            ("/api/orders/[id]", None),
            ("/api/orders/[id]/notes", None),
            ("/api/posts/[slug]", None),
            ("/api/auth/login", None),
            ("/api/user/[user]", None),
            ("/api/admin/users/[id]", None),
            ("/api/admin/[section]", None),
            ("/api/payments/[method]", None),
            ("/api/ingest", None),
            ("/api/monitoring", None),
            ("/", None),
        ] {
            assert_eq!(Layer::of(HandlerKind::RouteHandler, route), layer, "{route}");
        }
        assert_eq!(Layer::of(HandlerKind::PagesApi, "/api/auth/[...nextauth]"), Some(Layer::Authentication));
        assert_eq!(Layer::of(HandlerKind::Page, "/docs/[[...slug]]"), None, "a page is one page");
    }
}

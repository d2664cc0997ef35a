//! The attributes that may be stored, besides headers: those that the product reads, and nothing else. An attribute that is
//! missing here is left out at the door, whatever it holds. `docs/security.md` lists the same names, and a test compares.

use super::names::Treatment;

/// Attributes of one kind, and what happens to their values.
pub(super) struct Group {
    pub(super) treatment: Treatment,
    pub(super) names: &'static [&'static str],
}

/// All names that may be stored.
pub(super) static ALLOWED: &[Group] = &[
    // URLs and paths lose queries, users and segments that may name a person.
    Group {
        treatment: Treatment::Path,
        names: &["url.path", "url.full", "http.url", "http.target", "http.route", "next.route", "next.page"],
    },
    // The host that was asked.
    Group {
        treatment: Treatment::Host,
        names: &["server.address", "http.host", "net.host.name", "http.server_name"],
    },
    Group { treatment: Treatment::Agent, names: &["user_agent.original", "http.user_agent"] },
    // Words of fixed sets, names from the app's own source and build, numbers and flags.
    Group {
        treatment: Treatment::Word,
        names: &[
            // HTTP.
            "http.request.method",
            "http.method",
            "http.response.status_code",
            "http.status_code",
            "http.request.body.size",
            "http.request_content_length",
            "http.response.body.size",
            "http.response_content_length",
            "error.type",
            "exception.type",
            // Next.js.
            "next.span_type",
            "next.rsc",
            "next.bubble",
            "next.action.id",
            "next.fetch.cache_status",
            "code.function.name",
            "code.function",
            // Databases and other services.
            "db.system.name",
            "db.system",
            "rpc.system.name",
            "rpc.system",
            // The app, its process and its instrumentation.
            "service.name",
            "service.namespace",
            "service.version",
            "service.instance.id",
            "deployment.environment.name",
            "deployment.environment",
            "node.env",
            "process.pid",
            "process.runtime.name",
            "process.runtime.version",
            "telemetry.sdk.language",
            "telemetry.sdk.name",
            "telemetry.sdk.version",
            "telemetry.distro.name",
            // What @pointsman/nextjs says about a request.
            "pointsman.action.via",
            "pointsman.client.forwarded",
            "pointsman.client.key",
            "pointsman.client.key_basis",
            "pointsman.client.network_key",
            "pointsman.graphql.operation",
            "pointsman.key.scope",
            "pointsman.remote.unsampled",
            "pointsman.request.credentials",
            "pointsman.request.key",
            "pointsman.request.query_names",
            "pointsman.requests.dropped",
            "pointsman.requests.seen",
            "pointsman.response.body_ns",
            "pointsman.response.first_byte_ns",
            "pointsman.response.hash",
            "pointsman.response.sets_cookie",
            "pointsman.response.sets_session_cookie",
            "pointsman.response.uncompressed_size",
            "pointsman.response.writes",
            "pointsman.route.kind",
            "pointsman.use_cache.fills",
            "pointsman.use_cache.hits",
            "pointsman.use_cache.misses",
            // What it says about the app and its build.
            "pointsman.build.cut",
            "pointsman.deployment.id",
            "pointsman.instance.id",
            "pointsman.next.body_size_limit",
            "pointsman.next.build_id",
            "pointsman.next.version",
            "pointsman.react.version",
        ],
    },
    // Lists of the build: patterns and names from the source.
    Group {
        treatment: Treatment::OfBuild,
        names: &[
            "pointsman.next.actions",
            "pointsman.next.flags",
            "pointsman.next.max_durations",
            "pointsman.next.prerendered",
            "pointsman.next.proxy_matchers",
            "pointsman.next.routes",
        ],
    },
    Group { treatment: Treatment::File, names: &["code.file.path", "code.filepath"] },
    // Of a statement or an operation its first keyword: whether it reads or writes.
    Group {
        treatment: Treatment::Keyword,
        names: &[
            "db.operation.name",
            "db.operation",
            "db.query.summary",
            "db.query.text",
            "db.statement",
            "rpc.method",
            // Prisma's operation.
            "method",
        ],
    },
    Group { treatment: Treatment::SpanName, names: &["next.span_name"] },
    // What tells machines apart, as a keyed hash.
    Group { treatment: Treatment::Hash, names: &["host.id", "host.name", "k8s.pod.uid"] },
];

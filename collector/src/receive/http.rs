//! OTLP over HTTP: protobuf and JSON on one port. Traces are stored; metrics, logs and profiles are answered
//! politely and ignored, so that an SDK that sends all signals shows no errors.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::from_fn_with_state;
use axum::response::Response;
use axum::routing::{MethodRouter, post};
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, Method, StatusCode, Uri};
use tonic::Code;

use super::access::cors::cors;
use super::access::guard::{Guard, http_guard};
use super::access::{Access, Incoming, Origins};
use super::answer::{Encoding, Problem};
use super::body;
use super::collect::who;
use super::{Listener, Protocol, ServeError, http_connections};
use crate::ingest::{Accepted, Intake, Refused, Rejected, Reservation, Transport};

/// Limits of the HTTP server, and who may send.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Largest body as it is sent.
    pub max_body_bytes: usize,
    /// Largest body after it was inflated.
    pub max_inflated_bytes: usize,
    /// How long a body may take to arrive.
    pub read_timeout: Duration,
    /// Who may connect, over what, how many.
    pub access: Access,
    /// Origins whose pages may send; none is CORS switched off.
    pub origins: Origins,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            max_body_bytes: 20 << 20,
            max_inflated_bytes: 20 << 20,
            read_timeout: Duration::from_secs(30),
            access: Access::default(),
            origins: Origins::default(),
        }
    }
}

struct Http {
    intake: Intake,
    settings: Settings,
    guard: Guard,
}

/// Serves until `stop` ends; then answers what it was answering and returns.
///
/// # Errors
/// Never: what fails is a connection, and ends alone.
pub async fn serve(
    listener: Listener,
    intake: Intake,
    settings: Settings,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    let (access, metrics) = (settings.access.clone(), intake.metrics().clone());
    let given_up = metrics.access.connections_silent.with_label_values(&[listener.protocol().as_str()]);
    let stopping = intake.clone();
    let incoming = Incoming::open(listener, &access, metrics, stop, move || stopping.give_up_arriving());
    http_connections::serve(incoming, router(intake, settings), &access, None, given_up).await;
    Ok(())
}

/// Outermost is CORS, because browsers ask their questions without a token; then the tokens; then OTLP.
fn router(intake: Intake, settings: Settings) -> Router {
    let guard = Guard::new(Protocol::Http, &settings.access, intake.metrics().clone());
    let origins = settings.origins.clone();
    let router = Router::new()
        .route("/v1/traces", only_post(post(traces)))
        .route("/v1/metrics", only_post(post(|http, request| ignored(http, request, "metrics"))))
        .route("/v1/logs", only_post(post(|http, request| ignored(http, request, "logs"))))
        .route("/v1development/profiles", only_post(post(|http, request| ignored(http, request, "profiles"))))
        .fallback(not_found)
        .with_state(Arc::new(Http { intake, settings, guard: guard.clone() }))
        .layer(from_fn_with_state(guard, http_guard));
    if origins.is_empty() { router } else { router.layer(from_fn_with_state(origins, cors)) }
}

fn only_post(route: MethodRouter<Arc<Http>>) -> MethodRouter<Arc<Http>> {
    route.fallback(wrong_method)
}

async fn traces(State(http): State<Arc<Http>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Some(encoding) = Encoding::of(&parts.headers) else {
        let problem = wrong_type(&parts.headers);
        http.intake.count_request("http", problem.outcome());
        return Encoding::Json.problem(&problem);
    };
    let transport = encoding.transport().as_str();
    match http.accept(encoding, &parts, body).await {
        Ok(accepted) => {
            http.intake.count_request(transport, accepted.outcome());
            encoding.accepted(&accepted)
        }
        Err(problem) => {
            http.intake.count_request(transport, problem.outcome());
            encoding.problem(&problem)
        }
    }
}

/// The body is read, within the same limits, so that the connection can carry the next request.
async fn ignored(State(http): State<Arc<Http>>, request: Request, signal: &'static str) -> Response {
    let (parts, body) = request.into_parts();
    let Some(encoding) = Encoding::of(&parts.headers) else {
        return Encoding::Json.problem(&wrong_type(&parts.headers));
    };
    match http.read(&parts, body).await {
        Ok(_) => {
            http.intake.metrics().ignored_requests.with_label_values(&[signal]).inc();
            encoding.ignored()
        }
        Err(problem) => encoding.problem(&problem),
    }
}

async fn not_found(uri: Uri, headers: HeaderMap) -> Response {
    let encoding = Encoding::of(&headers).unwrap_or(Encoding::Json);
    let message = format!("{} is not here; OTLP is at /v1/traces, /v1/metrics and /v1/logs", uri.path());
    encoding.problem(&Problem::new(StatusCode::NOT_FOUND, Code::Unimplemented, message))
}

async fn wrong_method(method: Method, headers: HeaderMap) -> Response {
    let encoding = Encoding::of(&headers).unwrap_or(Encoding::Json);
    let message = format!("{method} is not allowed here; OTLP is sent with POST");
    encoding.problem(&Problem::new(StatusCode::METHOD_NOT_ALLOWED, Code::Unimplemented, message))
}

fn wrong_type(headers: &HeaderMap) -> Problem {
    let found =
        headers.get(http::header::CONTENT_TYPE).map(|value| String::from_utf8_lossy(value.as_bytes()));
    let message = format!(
        "content-type {} is not supported; send application/x-protobuf or application/json",
        found.as_deref().unwrap_or("(none)")
    );
    Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, Code::InvalidArgument, message)
}

impl Http {
    /// Reads and inflates a body and hands it over.
    async fn accept(&self, encoding: Encoding, parts: &Parts, body: Body) -> Result<Accepted, Problem> {
        let transport = encoding.transport();
        let compression = body::compression(&parts.headers)?;
        let (body, reservation) = self.read(parts, body).await?;
        self.intake.count_body(transport, body.len());
        let limit = self.settings.max_inflated_bytes;
        let (body, reservation) = body::inflate(compression, body, limit, reservation, &self.intake).await?;
        Ok(self.intake.accept_within(reservation, body, transport).await?)
    }

    async fn read(&self, parts: &Parts, body: Body) -> Result<(Bytes, Reservation), Problem> {
        let mut reservation = self.intake.reserve(who(&parts.extensions)).await?;
        let bounds = (self.settings.max_body_bytes, self.settings.read_timeout);
        let head = (&parts.headers, &parts.extensions);
        let read = body::read(head, body, bounds, &mut reservation, &self.intake).await?;
        self.guard.check_body(&parts.extensions, &read).await?;
        Ok((read, reservation))
    }
}

impl Encoding {
    fn transport(self) -> Transport {
        match self {
            Self::Protobuf => Transport::HttpProtobuf,
            Self::Json => Transport::HttpJson,
        }
    }
}

impl From<Rejected> for Problem {
    fn from(rejected: Rejected) -> Self {
        match rejected {
            Rejected::Malformed(error) => Self::bad_data(error.to_string()),
            Rejected::Later(refused) => refused.into(),
        }
    }
}

impl From<Refused> for Problem {
    /// Nothing is stored and trying again may help: only 429, 502, 503 and 504 say that (OTLP specification).
    fn from(refused: Refused) -> Self {
        let (status, code) = match refused {
            Refused::Busy { .. } => (StatusCode::TOO_MANY_REQUESTS, Code::ResourceExhausted),
            Refused::TooSlow { .. } => (StatusCode::SERVICE_UNAVAILABLE, Code::DeadlineExceeded),
            _ => (StatusCode::SERVICE_UNAVAILABLE, Code::Unavailable),
        };
        let retry_after = Some(refused.retry_after());
        let outcome = Some(refused.outcome());
        Self { retry_after, outcome, ..Self::new(status, code, refused.to_string()) }
    }
}

//! `/mcp` on the listener of the pages: streamable HTTP without sessions. Each POST is answered by itself with JSON, so nothing is
//! held for an agent between two of them. Bodies, time and how many are answered at once are limited here, and what is refused
//! is counted.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use prometheus::{IntCounterVec, Opts, Registry};
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::{Agents, Desk};
use crate::web::{Problem, Web};

/// Where agents are answered.
pub(in crate::web) const PATH: &str = "/mcp";
/// Largest body of a request, bytes: a call of a tool has a few hundred.
const MOST_BODY: usize = 64 << 10;
/// How much all agents may take together.
const LIMITS: Limits = Limits {
    body_within: Duration::from_secs(10),
    turn_within: Duration::from_secs(5),
    answer_within: Duration::from_secs(60),
    at_once: 8,
};

/// Bounds of time and number.
#[derive(Clone, Copy)]
struct Limits {
    /// How long a body may take to arrive.
    body_within: Duration,
    /// How long a request waits for its turn.
    turn_within: Duration,
    /// How long an answer may take: a decision waits for a run of the advisor.
    answer_within: Duration,
    /// Requests that are answered at a time.
    at_once: usize,
}

/// What is shared by all requests of agents. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Room(Arc<Inner>);

struct Inner {
    limits: Limits,
    turns: Semaphore,
    refused: IntCounterVec,
}

/// Why a request was refused.
#[derive(Clone, Copy)]
enum Refusal {
    Off,
    Method,
    Turn,
    Body,
    Slow,
    Answer,
}

impl Refusal {
    const ALL: [Self; 6] = [Self::Off, Self::Method, Self::Turn, Self::Body, Self::Slow, Self::Answer];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Method => "method",
            Self::Turn => "turn",
            Self::Body => "body",
            Self::Slow => "slow_body",
            Self::Answer => "answer",
        }
    }

    fn problem(self) -> Problem {
        match self {
            Self::Off => {
                Problem::not_found("agents are not answered here: mcp.enabled is false in the configuration")
            }
            Self::Method => Problem::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "agents are answered to POST only: there are no sessions, so there is no stream to open and nothing to delete",
            ),
            Self::Turn => {
                Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too many agents ask at once; try again in 5 s")
            }
            Self::Body => Problem::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                format!("the body broke off, or it has more than {} KiB", MOST_BODY >> 10),
            ),
            Self::Slow => Problem::new(
                StatusCode::REQUEST_TIMEOUT,
                format!("the body did not arrive within {} s", LIMITS.body_within.as_secs()),
            ),
            Self::Answer => Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                format!("there was no answer within {} s; try again", LIMITS.answer_within.as_secs()),
            ),
        }
    }
}

impl Room {
    pub(crate) fn new(registry: &Registry) -> anyhow::Result<Self> {
        Self::within(LIMITS, registry)
    }

    fn within(limits: Limits, registry: &Registry) -> anyhow::Result<Self> {
        let refused = IntCounterVec::new(
            Opts::new(
                "pointsman_mcp_refused_total",
                "Requests of agents to /mcp that were refused, by reason.",
            ),
            &["reason"],
        )?;
        for refusal in Refusal::ALL {
            refused.with_label_values(&[refusal.as_str()]);
        }
        registry.register(Box::new(refused.clone()))?;
        Ok(Self(Arc::new(Inner { limits, turns: Semaphore::new(limits.at_once), refused })))
    }

    async fn answer(&self, web: Web, request: Request) -> Response {
        let answered = match web.config.mcp.enabled {
            true => self.within_limits(request, |request| spoken(web, request)).await,
            false => Err(Refusal::Off),
        };
        answered.unwrap_or_else(|refusal| self.refused(refusal))
    }

    async fn within_limits<A: Future<Output = Response>>(
        &self,
        request: Request,
        answer: impl FnOnce(Request) -> A,
    ) -> Result<Response, Refusal> {
        if request.method() != Method::POST {
            return Err(Refusal::Method);
        }
        let Inner { limits, turns, .. } = &*self.0;
        // Before there is a turn: whoever sends slowly must not hold one.
        let (parts, body) = request.into_parts();
        let body = timeout(limits.body_within, to_bytes(body, MOST_BODY)).await;
        let body = body.map_err(|_| Refusal::Slow)?.map_err(|_| Refusal::Body)?;
        let turn = timeout(limits.turn_within, turns.acquire()).await;
        let _turn = turn.ok().and_then(Result::ok).ok_or(Refusal::Turn)?;
        let request = Request::from_parts(parts, Body::from(body));
        timeout(limits.answer_within, answer(request)).await.map_err(|_| Refusal::Answer)
    }

    fn refused(&self, refusal: Refusal) -> Response {
        self.0.refused.with_label_values(&[refusal.as_str()]).inc();
        let mut response = refusal.problem().into_response();
        let header = match refusal {
            Refusal::Method => Some((header::ALLOW, "POST")),
            Refusal::Turn | Refusal::Answer => Some((header::RETRY_AFTER, "5")),
            _ => None,
        };
        response.headers_mut().extend(header.map(|(name, value)| (name, HeaderValue::from_static(value))));
        response
    }
}

/// The protocol's answer, whole.
async fn spoken(web: Web, request: Request) -> Response {
    let config = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .with_sse_keep_alive(None)
        .with_max_request_body_bytes(MOST_BODY)
        // Hosts and origins were looked at with the tokens, as for the pages.
        .disable_allowed_hosts()
        .disable_allowed_origins();
    let agents = move || Ok(Agents::new(Desk::of_daemon(web.clone())));
    let service = StreamableHttpService::new(agents, Arc::new(NeverSessionManager::default()), config);
    let (parts, body) = service.handle(request).await.into_parts();
    let body = to_bytes(Body::new(body), usize::MAX).await.unwrap_or_else(|_| Bytes::new());
    Response::from_parts(parts, Body::from(body))
}

pub(in crate::web) fn router(room: Room) -> Router<Web> {
    let answer = move |State(web): State<Web>, request: Request| {
        let room = room.clone();
        async move { room.answer(web, request).await }
    };
    Router::new().route(PATH, any(answer))
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use tokio_stream::StreamExt;

    use super::*;

    const SHORT: Limits = Limits {
        body_within: Duration::from_millis(50),
        turn_within: Duration::from_millis(50),
        answer_within: Duration::from_millis(50),
        at_once: 1,
    };

    fn post(body: Body) -> Request {
        Request::post(PATH).body(body).unwrap()
    }

    async fn never(_: Request) -> Response {
        std::future::pending().await
    }

    async fn ok(_: Request) -> Response {
        StatusCode::OK.into_response()
    }

    #[tokio::test]
    async fn each_limit_refuses_and_is_counted() {
        let room = Room::within(SHORT, &Registry::new()).unwrap();
        let endless = tokio_stream::once(Ok::<_, Infallible>("{")).chain(tokio_stream::pending());
        let large = Body::from(vec![b' '; MOST_BODY + 1]);
        let get = Request::get(PATH).body(Body::empty()).unwrap();
        for (request, status, reason) in [
            (post(Body::from_stream(endless)), 408, "slow_body"),
            (post(large), 413, "body"),
            (get, 405, "method"),
            (post(Body::empty()), 503, "answer"),
        ] {
            let refusal = room.within_limits(request, never).await.err().unwrap();
            assert_eq!((room.refused(refusal).status().as_u16(), refusal.as_str()), (status, reason));
            assert_eq!(room.0.refused.with_label_values(&[reason]).get(), 1);
        }
        let held = room.0.turns.acquire().await.unwrap();
        let refusal = room.within_limits(post(Body::empty()), ok).await.err().unwrap();
        let refused = room.refused(refusal);
        assert_eq!(
            (refused.status().as_u16(), &refused.headers()[header::RETRY_AFTER]),
            (503, &HeaderValue::from_static("5"))
        );
        drop(held);
        assert!(room.within_limits(post(Body::empty()), ok).await.is_ok());
    }
}

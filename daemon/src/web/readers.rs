//! Answers for readers: drawn on a thread of their own, so that neither ingest nor health ever waits for them. Those that follow
//! from the last run alone are made once and shared until the next; all that are on their way are bounded. How one is sent is
//! `answer`'s business, what is on a page that of the page.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use prometheus::{IntCounterVec, Opts, Registry};
use tokio::runtime::Runtime;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tracing::Instrument;

use super::answer::{Answer, Asked, Content};
use super::kept_answers::{Generation, KeptAnswers};
use super::problem::Problem;

/// Answers that are drawn at a time: each holds what it is made of.
const DRAWN_AT_ONCE: usize = 2;
/// How long a request waits for its turn to be drawn.
const TURN_WAIT: Duration = Duration::from_secs(20);
/// In how many parts the room for answers is counted, bytes each.
const UNIT: usize = 1 << 10;

/// Answers that follow from the last run and the configuration alone.
const SHARED: [&str; 11] = [
    "/",
    "/changes/{id}",
    "/handlers/{id}",
    "/record",
    "/rules",
    "/rules/{id}",
    "/api/v1/handlers",
    "/api/v1/handlers/{id}",
    "/api/v1/reports/latest",
    "/api/v1/rules",
    "/api/v1/openapi.json",
];

/// Draws answers. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Readers(Arc<Inner>);

struct Inner {
    /// `None` only while it is being dropped.
    runtime: Option<Runtime>,
    turns: Semaphore,
    room: Arc<Semaphore>,
    kept: Mutex<KeptAnswers>,
    generation: Box<dyn Fn() -> Generation + Send + Sync>,
    refused: IntCounterVec,
}

/// Bytes of an answer that take room until the last of them is sent.
struct Held(Vec<u8>, #[allow(dead_code, reason = "it is given back with the bytes")] OwnedSemaphorePermit);

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        // It may happen where nobody may wait.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Readers {
    /// Draws answers with room for that many bytes on their way; `generation` changes when shared answers do.
    pub(crate) fn new(
        bytes: usize,
        registry: &Registry,
        generation: impl Fn() -> Generation + Send + Sync + 'static,
    ) -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .max_blocking_threads(2)
            .thread_name("pages")
            .enable_all()
            .build()?;
        let refused = IntCounterVec::new(
            Opts::new(
                "pointsman_pages_refused_total",
                "Page and API requests refused for now (503): too many are being rendered, or too many answer bytes are in flight.",
            ),
            &["reason"],
        )?;
        for reason in ["turn", "room"] {
            refused.with_label_values(&[reason]);
        }
        registry.register(Box::new(refused.clone()))?;
        Ok(Self(Arc::new(Inner {
            runtime: Some(runtime),
            turns: Semaphore::new(DRAWN_AT_ONCE),
            room: Arc::new(Semaphore::new(bytes / UNIT)),
            kept: Mutex::default(),
            generation: Box::new(generation),
            refused,
        })))
    }

    async fn answer(&self, request: Request, next: Next) -> Response {
        let asked = Asked::of(request.headers());
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            // A decision waits for a run: it must not keep readers waiting.
            return self.apart(next.run(request)).await.unwrap_or_else(IntoResponse::into_response);
        }
        let key = shared_key(&request);
        if let Some(answer) = self.kept(key.as_deref()) {
            return answer.sent(&asked);
        }
        let Ok(Ok(_turn)) = tokio::time::timeout(TURN_WAIT, self.0.turns.acquire()).await else {
            return self.come_again("turn");
        };
        // Whoever had the turn before may have drawn it.
        if let Some(answer) = self.kept(key.as_deref()) {
            return answer.sent(&asked);
        }
        let made = match key {
            None => self.drawn(request, next).await,
            Some(key) => self.drawn_to_share(key, request, next).await,
        };
        made.map_or_else(|problem| problem.into_response(), |answer| answer.sent(&asked))
    }

    async fn drawn_to_share(
        &self,
        key: String,
        mut request: Request,
        next: Next,
    ) -> Result<Answer, Response> {
        let generation = (self.0.generation)();
        // What is kept is the answer to whoever has none yet.
        request.headers_mut().remove(header::IF_NONE_MATCH);
        *request.method_mut() = Method::GET;
        let answer = self.drawn(request, next).await?;
        if answer.is_ok() {
            self.lock_kept().keep(generation, key, &answer);
        }
        Ok(answer)
    }

    /// Draws an answer apart and takes room for it.
    async fn drawn(&self, request: Request, next: Next) -> Result<Answer, Response> {
        let response = next.run(request);
        let made = self.apart(async move { Answer::of(response.await).await }).await;
        let (answer, packed) = match made {
            Ok(Ok(made)) => made,
            Ok(Err(error)) => return Err(Problem::internal(&error).into_response()),
            Err(problem) => return Err(problem.into_response()),
        };
        let Some((packed, length)) = packed else { return Ok(answer) };
        let units = u32::try_from(packed.len().div_ceil(UNIT)).unwrap_or(u32::MAX);
        let Ok(permit) = Arc::clone(&self.0.room).try_acquire_many_owned(units) else {
            return Err(self.come_again("room"));
        };
        let packed = Bytes::from_owner(Held(packed, permit));
        Ok(answer.with(Content::Packed(packed, length)))
    }

    /// Runs on the thread of the readers.
    async fn apart<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, Problem> {
        let ended = || Problem::new(StatusCode::SERVICE_UNAVAILABLE, "the daemon is stopping");
        let runtime = self.0.runtime.as_ref().ok_or_else(ended)?;
        match runtime.spawn(work.in_current_span()).await {
            Ok(done) => Ok(done),
            Err(error) if error.is_panic() => {
                Err(Problem::internal(&anyhow::anyhow!("an answer panicked while it was drawn")))
            }
            Err(_) => Err(ended()),
        }
    }

    fn kept(&self, key: Option<&str>) -> Option<Answer> {
        let key = key?;
        let generation = (self.0.generation)();
        self.lock_kept().get(generation, key)
    }

    fn lock_kept(&self) -> std::sync::MutexGuard<'_, KeptAnswers> {
        self.0.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn come_again(&self, reason: &str) -> Response {
        self.0.refused.with_label_values(&[reason]).inc();
        let busy = "too many readers ask for large answers at once; try again in 5 s";
        let mut response = Problem::new(StatusCode::SERVICE_UNAVAILABLE, busy).into_response();
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
        response
    }
}

/// The layer around everything that is drawn.
pub(super) async fn draw(State(readers): State<Readers>, request: Request, next: Next) -> Response {
    readers.answer(request, next).await
}

/// Under which name an answer is shared; `None` for one that is not.
fn shared_key(request: &Request) -> Option<String> {
    let path = request.extensions().get::<MatchedPath>()?.as_str();
    let is_shared = SHARED.contains(&path) || path.starts_with("/assets/");
    is_shared.then(|| request.uri().path_and_query().map(ToString::to_string)).flatten()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use axum::Router;
    use axum::body::Body;
    use axum::middleware::from_fn_with_state;
    use axum::routing::get;
    use tower::Service;

    use super::*;

    /// A router that draws answers which no compression makes smaller, and counts them.
    fn drawing(readers: &Readers, drawn: &Arc<AtomicUsize>) -> Router {
        let drawn = Arc::clone(drawn);
        let noise = move || {
            drawn.fetch_add(1, Ordering::SeqCst);
            let mut state = 1_u64;
            let next = |_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                state.to_be_bytes()[0]
            };
            std::future::ready((0..60_000).map(next).collect::<Vec<u8>>())
        };
        let layer = from_fn_with_state(readers.clone(), draw);
        Router::new().route("/", get(noise.clone())).route("/traces/1", get(noise)).layer(layer)
    }

    async fn ask(router: &mut Router, path: &str) -> Response {
        let request = Request::get(path).header("accept-encoding", "gzip").body(Body::empty()).unwrap();
        router.call(request).await.unwrap()
    }

    #[tokio::test]
    async fn answers_on_their_way_are_bounded() {
        let readers = Readers::new(64 << 10, &Registry::new(), Generation::default).unwrap();
        let mut router = drawing(&readers, &Arc::default());
        let held = ask(&mut router, "/traces/1").await;
        assert_eq!(held.status(), StatusCode::OK);
        let refused = ask(&mut router, "/traces/1").await;
        assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(refused.headers()[header::RETRY_AFTER], "5");
        assert_eq!(readers.0.refused.with_label_values(&["room"]).get(), 1);
        drop(held);
        assert_eq!(ask(&mut router, "/traces/1").await.status(), StatusCode::OK);
    }

    #[tokio::test]
    async fn what_follows_from_the_last_run_is_drawn_once() {
        let (run, drawn) = (Arc::new(AtomicUsize::new(1)), Arc::<AtomicUsize>::default());
        let of_run = Arc::clone(&run);
        let generation =
            move || Generation { run: of_run.load(Ordering::SeqCst) as u64, ..Generation::default() };
        let readers = Readers::new(64 << 10, &Registry::new(), generation).unwrap();
        let mut router = drawing(&readers, &drawn);
        let held = [ask(&mut router, "/").await, ask(&mut router, "/").await, ask(&mut router, "/").await];
        assert!(held.iter().all(|answer| answer.status() == StatusCode::OK), "they share their bytes");
        assert_eq!(drawn.load(Ordering::SeqCst), 1);
        drop(held);
        run.store(2, Ordering::SeqCst);
        assert_eq!(ask(&mut router, "/").await.status(), StatusCode::OK);
        assert_eq!(drawn.load(Ordering::SeqCst), 2);
    }
}

//! What readers see while the daemon starts: before its database is open only that it runs, and why it is not ready.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tower::Service;

/// The routers of a listener, before and after. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Site(Arc<Inner>);

#[derive(Default)]
struct Inner {
    open: OnceLock<Router>,
    waits_for: Mutex<String>,
}

impl Site {
    /// Says why nothing else is served yet.
    pub(crate) fn wait_because(&self, reason: &str) {
        reason.clone_into(&mut self.0.waits_for.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Serves this from now on.
    pub(crate) fn open(&self, router: Router) {
        // A second opening changes nothing.
        let _ = self.0.open.set(router);
    }

    /// What a listener serves.
    pub(crate) fn router(&self) -> Router {
        let site = self.clone();
        Router::new().fallback(move |request: Request| {
            let site = site.clone();
            async move { site.answer(request).await }
        })
    }

    async fn answer(&self, request: Request) -> Response {
        if let Some(router) = self.0.open.get() {
            let Ok(response) = router.clone().call(request).await;
            return response;
        }
        if request.uri().path() == "/healthz" {
            return "ok\n".into_response();
        }
        let reason = self.0.waits_for.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut response =
            (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {reason}\n")).into_response();
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
        response
    }
}

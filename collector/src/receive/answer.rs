//! What a sender over HTTP is told: success, partial success, or a problem as a `google.rpc.Status`, always in
//! the encoding of its request. When to say what is decided elsewhere.

use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, StatusCode};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceResponse,
};
use prost::Message;
use serde_json::json;
use tonic::Code;
use tonic_types::{ErrorDetails, StatusExt};

use super::refusal_text;
use crate::ingest::Accepted;

/// The encoding of a request and of the answer to it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Encoding {
    Protobuf,
    Json,
}

/// Why a request failed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Problem {
    pub(super) status: StatusCode,
    pub(super) code: Code,
    pub(super) message: String,
    /// When to try again, where that may help.
    pub(super) retry_after: Option<Duration>,
    /// The word that metrics use, where the status does not tell.
    pub(super) outcome: Option<&'static str>,
}

impl Encoding {
    /// What `content-type` names; parameters (`; charset=utf-8`) change nothing.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let media_type = headers.get(CONTENT_TYPE)?.to_str().ok()?.split(';').next()?.trim();
        match media_type.to_ascii_lowercase().as_str() {
            "application/x-protobuf" | "application/protobuf" => Some(Self::Protobuf),
            "application/json" => Some(Self::Json),
            _ => None,
        }
    }

    fn media_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Protobuf => "application/x-protobuf",
            Self::Json => "application/json",
        })
    }

    fn answer(self, status: StatusCode, body: Vec<u8>) -> Response {
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = status;
        response.headers_mut().insert(CONTENT_TYPE, self.media_type());
        response
    }

    /// The request is on disk; `partial_success` is set only when something was refused or cut, or nothing was there.
    pub(super) fn accepted(self, accepted: &Accepted) -> Response {
        let partial = partial_success(accepted);
        let body = match self {
            Self::Protobuf => ExportTraceServiceResponse { partial_success: partial }.encode_to_vec(),
            Self::Json => json_success(partial.as_ref()),
        };
        self.answer(StatusCode::OK, body)
    }

    /// Success without anything to say: the same bytes for all signals.
    pub(super) fn ignored(self) -> Response {
        let body = match self {
            Self::Protobuf => Vec::new(),
            Self::Json => json_success(None),
        };
        self.answer(StatusCode::OK, body)
    }

    /// A problem, told as the specification wants it.
    pub(super) fn problem(self, problem: &Problem) -> Response {
        let body = match self {
            Self::Protobuf => problem.protobuf(),
            Self::Json => problem.json(),
        };
        let mut response = self.answer(problem.status, body);
        let headers = response.headers_mut();
        if let Some(wait) = problem.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(whole_seconds(wait)));
        }
        if problem.status == StatusCode::METHOD_NOT_ALLOWED {
            headers.insert(ALLOW, HeaderValue::from_static("POST"));
        }
        response
    }
}

impl Problem {
    pub(super) fn new(status: StatusCode, code: Code, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), retry_after: None, outcome: None }
    }

    /// The body is not what it says it is.
    pub(super) fn bad_data(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, Code::InvalidArgument, message)
    }

    /// The word that metrics use.
    pub(super) fn outcome(&self) -> &'static str {
        self.outcome.unwrap_or(match self.status {
            StatusCode::PAYLOAD_TOO_LARGE => "too_large",
            StatusCode::UNSUPPORTED_MEDIA_TYPE => "unsupported",
            _ => "bad_data",
        })
    }

    fn is_bad_data(&self) -> bool {
        self.code == Code::InvalidArgument
    }

    fn protobuf(&self) -> Vec<u8> {
        let mut details = ErrorDetails::new();
        if let Some(wait) = self.retry_after {
            details.set_retry_info(Some(wait));
        }
        if self.is_bad_data() {
            details.add_bad_request_violation("body", self.message.as_str());
        }
        tonic::Status::with_error_details(self.code, self.message.as_str(), details).details().to_vec()
    }

    fn json(&self) -> Vec<u8> {
        let mut details = Vec::new();
        if let Some(wait) = self.retry_after {
            let delay = format!("{}s", wait.as_secs_f64());
            details.push(json!({"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay}));
        }
        if self.is_bad_data() {
            details.push(json!({
                "@type": "type.googleapis.com/google.rpc.BadRequest",
                "fieldViolations": [{"field": "body", "description": self.message}],
            }));
        }
        let mut status = json!({"code": self.code as i32, "message": self.message});
        if !details.is_empty() {
            status["details"] = details.into();
        }
        status.to_string().into_bytes()
    }
}

/// What of a request was refused for good, in the words of OTLP; with no span refused it is a warning.
pub(super) fn partial_success(accepted: &Accepted) -> Option<ExportTracePartialSuccess> {
    let rejected_spans = i64::try_from(accepted.refused.spans()).unwrap_or(i64::MAX);
    let error_message = accepted.found_instead.clone().unwrap_or_else(|| refusal_text(&accepted.refused));
    let is_told = rejected_spans > 0 || !error_message.is_empty();
    is_told.then_some(ExportTracePartialSuccess { rejected_spans, error_message })
}

fn json_success(partial: Option<&ExportTracePartialSuccess>) -> Vec<u8> {
    let Some(partial) = partial else { return b"{}".to_vec() };
    // 64-bit integers are strings in protobuf's JSON.
    let rejected = partial.rejected_spans.to_string();
    json!({"partialSuccess": {"rejectedSpans": rejected, "errorMessage": partial.error_message}})
        .to_string()
        .into_bytes()
}

/// `Retry-After` knows whole seconds only.
fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

//! A Call of which only the least is known: what every other Call says beyond it is written field by field.

use std::sync::Arc;

use crate::{Call, Caller, Form, Handler, Sampling, Signs, SpanId, TraceId};

impl Call {
    /// A Call of a Handler at a moment, ns since the epoch; everything that telemetry may leave out is unknown.
    #[must_use]
    pub fn bare(handler: Arc<Handler>, trace: TraceId, span: SpanId, start_ns: u64) -> Self {
        Self {
            method: handler.method.clone(),
            handler,
            trace,
            span,
            start_ns,
            duration_ns: 0,
            form: Form::Plain,
            caller: Caller::Unknown,
            sampling: Sampling::Undeclared,
            signs: Signs::NONE,
            self_fetches: 0,
            self_fetch_overhead_ns: 0,
            status: None,
            agent: None,
            client: None,
            instance: None,
            path: None,
            page: None,
            request_bytes: None,
            response_bytes: None,
            request_key: None,
            response_hash: None,
            media_type: None,
            signature: None,
            origin: None,
            first_byte_ns: None,
            database_ns: None,
            outgoing_ns: None,
            child_ns: None,
            writes: None,
            body_ns: None,
            network: None,
            unknown_action: None,
            use_cache_hits: None,
            use_cache_misses: None,
            use_cache_fills: None,
            requests_seen: None,
        }
    }
}

//! OTLP in, Calls out. Knows the wire and what Next.js puts on it; knows nothing of rules.
//!
//! The pure half: [`wire`] turns bytes into requests, [`admit`] decides what may pass and takes out what is
//! personal, [`trace`] puts spans together, [`extract`] finds the Calls. None of them waits, reads a clock or
//! touches a file. Whatever does lives beside them and calls them in this order.
//!
//! The half that waits: [`receive`] and [`replay`] bring requests in, [`ingest`] commits them and stores their
//! Calls, [`metrics`] counts. A daemon needs:
//!
//! ```text
//! Metrics::register(&registry)                       -> metrics
//! Pipeline::start(store, ingest::Settings, metrics)  -> pipeline
//! Listener::bind(Protocol::Grpc | Http, addr)        -> listener     (both before "ready")
//! receive::{grpc,http}::serve(listener, pipeline.intake(), Settings, stop)   as tasks
//! replay::replay(&pipeline, Recording::File(path), max_bytes, &mut progress)  -> Summary
//! pipeline.settled()                                 Calls of all that was acknowledged are stored
//! pipeline.stop(within)                              after the servers have ended
//! ```
//!
//! [`ingest::Recorder`] takes the pipeline's place where requests go into a file (`wire::recorded`) and no database.

pub mod admit;
pub mod clock;
pub mod extract;
pub mod forget;
pub mod ingest;
pub mod metrics;
pub mod observed;
pub mod receive;
mod redact;
pub mod replay;
pub mod trace;
pub mod wire;

//! What Pointsman knows and where it keeps it.
//!
//! Lives here: the persisted types (spans as blocks, [`Call`]s, [`RollupRecord`]s, [`AppFact`]s, the memory of advice, published reports) and, behind
//! the features `sqlite` and `postgres`, `Store` with all SQL of the product in the folder of its backend. Not here: how a Call is found in a trace (collector), what a
//! Rollup means (advisor). Nothing outside this crate knows which database is underneath.

mod advice;
mod app_fact;
mod arrivals;
mod bare_call;
mod call;
mod handler;
mod ids;
mod kept;
mod layer;
mod location;
mod metadata_file;
mod published;
mod record;
mod shape;
mod source;
mod work;

#[cfg(feature = "sqlite")]
mod block;
#[cfg(feature = "sqlite")]
mod call_pieces;
#[cfg(feature = "postgres")]
mod copy;
#[cfg(feature = "sqlite")]
mod error;
#[cfg(feature = "sqlite")]
mod oldest;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;
#[cfg(feature = "sqlite")]
mod store;

pub use advice::{
    AdviceChange, AdviceRecords, AdviceRun, ChangeRecord, RecommendationRecord, StandingRecord,
    TransitionRecord,
};
pub use app_fact::AppFact;
pub use arrivals::{ArrivalKind, Arrivals};
#[cfg(feature = "sqlite")]
pub use block::{Block, BlockId};
pub use call::{Call, Caller, Form, Sampling, Sign, Signs};
#[cfg(feature = "postgres")]
pub use copy::{Copied, Progress, copy};
#[cfg(feature = "sqlite")]
pub use error::{StoreError, Trouble};
pub use handler::{Action, Fingerprint, Handler, HandlerKind};
pub use ids::{ClientKey, InstanceKey, SpanId, TraceId, hex};
pub use kept::{Kind, Limit, Limits, MIN_ROLLUP_AGE, Reason, Trimmed, Volume, Volumes};
pub use layer::Layer;
pub use location::{Connection, Location, PostgresUrl, Tls};
pub use published::{Delivery, DeliveryState, KeptReport, ReportHead, ReportKey};
#[cfg(feature = "sqlite")]
pub use record::DirtyHour;
pub use record::{Hour, RollupRecord, RollupRef, TraceCalls};
pub use shape::{ANY_ID, is_name, neutral_path};
pub use source::{
    CallSite, Definition, How, Place, SOURCE_SCHEMA, Side, Source, SourceApp, SourceCounts, StoredSource,
    Unresolved, Usage, Why,
};
#[cfg(feature = "sqlite")]
pub use sqlite::{
    Backup, Dropped, Forgetting, Forgotten, LogMark, Recovered, RecoveredTable, Soundness, Space, back_up,
    recover,
};
#[cfg(feature = "sqlite")]
pub use store::{Lease, Reindex, Store, Trim};
pub use work::Work;

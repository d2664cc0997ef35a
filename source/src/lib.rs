//! The app's own repository, read: where its handlers are defined, and which places call them.
//!
//! Lives here: listing and reading a checkout within limits, the parser (only in `syntax`), Next.js's conventions on
//! files, resolution of module names, the document that comes of it ([`Source`]), and drafts of changes. Not here: telemetry, and what
//! follows from source and telemetry together. The code that is read is never run, no symbolic link is followed, and no
//! text of it is kept.

mod actions;
mod app;
mod calls;
mod code;
mod draft;
mod handlers;
mod limits;
mod link;
mod module;
mod packages;
mod repository;
mod resolve;
mod route;
mod skipped;
mod syntax;
mod tsconfig;
mod url;

pub use draft::{ChangedFile, Draft, HandlerRef, Task, TaskKind, Todo, draft};
pub use limits::Limits;
pub use link::{LinkError, Wanted, link};
pub use pointsman_store::Source;

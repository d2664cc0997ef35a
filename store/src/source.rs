//! What is known of an app's source code: definitions of handlers, the places that call them, and what could not be
//! resolved. This is `pointsman.source/v1`. Paths, lines and names only: no source text. How it is found is the business
//! of the crate `source`; what follows from it together with traffic is the advisor's.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::HandlerKind;

/// The name and version of the document.
pub const SOURCE_SCHEMA: &str = "pointsman.source/v1";

/// The source of one app at one commit.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Source {
    /// `pointsman.source/v1`.
    pub schema: String,
    /// The commit that was checked out, where it is known.
    pub commit: Option<String>,
    /// Hash of the paths and contents of all files that were read, 16 hex digits: equal files give an equal hash.
    pub content_hash: String,
    /// The app that was read.
    pub app: SourceApp,
    /// Every handler that is defined, ordered by file and line.
    pub handlers: Vec<Definition>,
    /// Calls that look like calls of the app's own handlers, but whose handler is not certain. At most as many as the
    /// limit allows; `counts` has their number.
    pub unresolved: Vec<Unresolved>,
    /// How much was read, and what was left out, by reason.
    pub counts: SourceCounts,
}

/// A document that is kept for a service and environment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredSource {
    /// When it was uploaded, ns since the epoch.
    pub stored_at_ns: u64,
    /// The document.
    pub source: Source,
}

/// The app within its repository.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct SourceApp {
    /// Its folder, relative to the repository; empty if it is the repository's root.
    pub root: String,
    /// `name` of its `package.json`.
    pub package: Option<String>,
    /// The version of Next.js that is installed, else the range that `package.json` asks for.
    pub next: Option<String>,
    /// `basePath` of the configuration. Routes are given without it.
    pub base_path: Option<String>,
    /// What the configuration sets: `cacheComponents`, `output:standalone`, `trailingSlash`, ... No other values.
    pub flags: Vec<String>,
    /// The workspace packages that were read with it, by their folders.
    pub packages: Vec<String>,
}

/// A line of a file. Paths are relative to the repository and separated by `/`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, ToSchema)]
pub struct Place {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
}

/// A handler, where it is defined.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Definition {
    /// What kind of code answers.
    #[schema(value_type = String)]
    pub kind: HandlerKind,
    /// The route pattern (`/product/[id]`), without the base path; `None` for actions, which any page may call.
    pub route: Option<String>,
    /// The method that it answers. `None` where one function answers all (`pages/api`).
    pub method: Option<String>,
    /// For `pages/api`: the methods that the function compares with, if it compares.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub compares_methods: Vec<String>,
    /// Of an action: its file relative to the app's root and its exported name, as telemetry names it (`file#name`).
    pub action: Option<String>,
    /// Where it is exported: the file that makes it a handler.
    #[serde(flatten)]
    pub place: Place,
    /// The exported name; of an action inside another function, the name of that function or variable, if it has one.
    pub name: Option<String>,
    /// Where the function is written, if that is another place in the repository.
    pub written_in: Option<Place>,
    /// `cookies` and `headers`, where the function reads them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reads: Vec<String>,
    /// `dynamic`, `revalidate`, `maxDuration`, `runtime`, ... of the route's file, where they are literals.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub segment: BTreeMap<String, String>,
    /// Of an action: whether something uses it as an action.
    pub usage: Option<Usage>,
    /// The places in the repository that call it.
    pub call_sites: Vec<CallSite>,
}

/// Whether an exported action is used as one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Usage {
    /// A client module or a form refers to it.
    Action,
    /// Only code that runs on the server calls it: it needs no public endpoint.
    ServerOnly,
    /// Nothing in the repository refers to it.
    Nowhere,
}

/// A place that calls a handler.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, ToSchema)]
pub struct CallSite {
    /// Where.
    #[serde(flatten)]
    pub place: Place,
    /// By what.
    pub how: How,
    /// The method it asks with; `None` if that is decided while it runs.
    pub method: Option<String>,
    /// Where its module runs.
    pub side: Side,
    /// Whether `router.refresh()` follows in the same function.
    pub refreshes: bool,
}

/// By what a handler is called.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// `fetch`.
    Fetch,
    /// `axios`, also instances of it.
    Axios,
    /// `ky`.
    Ky,
    /// `useSWR` and its relatives.
    Swr,
    /// `useQuery`, `useMutation` and their relatives, by the key or an option.
    Query,
    /// `mutate(key)`: asks again for what a hook shows.
    Mutate,
    /// `navigator.sendBeacon`.
    Beacon,
    /// `new EventSource`.
    EventSource,
    /// The `action` of a form.
    Form,
    /// `href`, `src`, `router.push`, `redirect`: the browser goes or loads there itself.
    Link,
    /// Some function of the app's own that takes the URL first.
    Helper,
    /// `useActionState`, `useFormState`.
    ActionState,
    /// A plain call of an action.
    Call,
    /// A plain call inside `startTransition` or the like.
    Transition,
    /// Given to another component or function, which may call it.
    Passed,
}

/// Where a module runs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// In the browser (and for the first HTML also on the server): reached from a `'use client'` module or a page of the
    /// Pages Router.
    Client,
    /// On the server only.
    Server,
}

/// A call that is not tied to a handler, and why.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, ToSchema)]
pub struct Unresolved {
    /// Where.
    #[serde(flatten)]
    pub place: Place,
    /// By what.
    pub how: How,
    /// Why it is not tied to a handler.
    pub why: Why,
    /// Routes that it may mean, at most eight.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub may_be: Vec<String>,
}

/// Why a call is not tied to a handler.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// The whole URL is made while the program runs.
    UrlAtRuntime,
    /// A part of the path that decides between several routes is made while the program runs.
    SeveralRoutes,
    /// The URL begins with something unknown, which may be another server.
    UnknownBase,
    /// No route of this app has such a path.
    NoSuchRoute,
    /// The route exists, but does not export the method.
    NoSuchMethod,
}

/// How much was read, and what was left out.
#[derive(Clone, Default, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct SourceCounts {
    /// Files that were parsed.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Call sites that are tied to a handler.
    pub call_sites: u64,
    /// Call sites that are not; those beyond the limit of the list included.
    pub unresolved: u64,
    /// What was not read or only in part, by reason (`syntax_errors`, `too_large`, `symlinks`, `tests`, ...). Zeros are
    /// left out.
    pub skipped: BTreeMap<String, u64>,
}

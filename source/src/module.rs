//! What one file of source says, without its text and without its syntax tree: this is all that the rest of the crate
//! knows of JavaScript.

use std::collections::BTreeMap;

use foldhash::HashMap;
use pointsman_store::How;

use crate::url::Url;

/// The facts of one file.
#[derive(Default, Debug)]
pub(crate) struct Module {
    /// Opens with `'use server'`.
    pub use_server: bool,
    /// Opens with `'use client'`.
    pub use_client: bool,
    /// Names that come from other modules.
    pub imports: Vec<Import>,
    /// Modules that are imported without a name, or by `import()`.
    pub loads: Vec<String>,
    /// Names that others may import.
    pub exports: Vec<Export>,
    /// `export * from`.
    pub stars: Vec<String>,
    /// Functions that open with `'use server'` in a module that does not.
    pub inline_actions: Vec<InlineAction>,
    /// Calls with a URL.
    pub requests: Vec<Request>,
    /// References to imported names and to the module's own actions.
    pub uses: Vec<Use>,
    /// Functions that ask for the URL that they are given first, with the method.
    pub askers: BTreeMap<String, String>,
    /// Texts of exported constants, by name (`API`, `ROUTES.cart`).
    pub constants: HashMap<String, Vec<Url>>,
    /// Exported literals by name: `dynamic`, `maxDuration`.
    pub literals: BTreeMap<String, String>,
    /// Properties with literal values anywhere in the file, by name; the first one counts. Only for configurations.
    pub properties: BTreeMap<String, String>,
    /// Properties with lists of texts anywhere in the file, by name; the first one counts. Only for configurations.
    pub lists: BTreeMap<String, Vec<String>>,
    /// Whether its syntax has faults.
    pub syntax_error: bool,
}

/// A name that comes from another module.
#[derive(Debug)]
pub(crate) struct Import {
    /// The module as it is written.
    pub source: String,
    /// What is taken of it.
    pub name: ImportName,
    /// Only for types: nothing is left of it when the program runs.
    pub type_only: bool,
}

/// What of a module is taken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum ImportName {
    /// An exported name; `default` for the default export.
    Named(String),
    /// All of it, as an object.
    Namespace,
}

/// A name that others may import.
#[derive(Debug)]
pub(crate) struct Export {
    /// `default` for the default export.
    pub name: String,
    /// Where it is exported.
    pub line: u32,
    /// What it is.
    pub of: ExportOf,
}

/// What an exported name stands for.
#[derive(Debug)]
pub(crate) enum ExportOf {
    /// Something of another module.
    Import { source: String, name: ImportName },
    /// Something that is written here.
    Local(Local),
}

/// Something that is written in this module.
#[derive(Debug, Default)]
pub(crate) struct Local {
    /// Its name in the module, which may differ from the exported one.
    pub name: Option<String>,
    /// Where it is written.
    pub line: u32,
    /// Whether it may be a function: literals, objects and classes are not.
    pub may_be_called: bool,
    /// `cookies`, `headers`: what it reads of the request.
    pub reads: Vec<&'static str>,
    /// The methods that it compares with.
    pub compares: Vec<String>,
}

/// A function that opens with `'use server'`.
#[derive(Debug)]
pub(crate) struct InlineAction {
    /// Its name, or that of the variable that it is assigned to.
    pub name: Option<String>,
    /// Where.
    pub line: u32,
    /// References to it in the same module.
    pub uses: Vec<Use>,
}

/// A reference to a name.
#[derive(Debug, Clone)]
pub(crate) struct Use {
    /// Which import, by its place in [`Module::imports`]; `None` for the module's own exports.
    pub import: Option<usize>,
    /// Of a namespace, the name that is taken of it; of the module itself, the local name.
    pub member: Option<String>,
    /// Where.
    pub line: u32,
    /// How.
    pub how: How,
    /// Whether `router.refresh()` follows.
    pub refreshes: bool,
}

/// A function of the app's own that is called.
#[derive(Debug)]
pub(crate) enum Callee {
    /// Of this module.
    Own(String),
    /// Of another one.
    Imported { source: String, name: String },
}

/// A call with a URL.
#[derive(Debug)]
pub(crate) struct Request {
    /// Which function of the app's own asks, where that tells the method.
    pub callee: Option<Callee>,
    /// What the URL may be; several where a condition decides. Empty if nothing is known of it.
    pub urls: Vec<Url>,
    /// The method; `None` if that is decided while it runs.
    pub method: Option<String>,
    /// By what.
    pub how: How,
    /// Where.
    pub line: u32,
    /// Whether `router.refresh()` follows.
    pub refreshes: bool,
}

//! A Handler: something of the observed app that answers requests, and its stable fingerprint.
//! How a request is assigned to a Handler is the collector's business.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::Layer;
use crate::metadata_file::is_metadata_file;

/// What Next.js calls a closure that is marked `'use server'`, before its number.
const INLINE: &str = "$$RSC_SERVER_ACTION_";

/// What kind of code answers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HandlerKind {
    /// `app/**/route.ts` of the App Router.
    RouteHandler,
    /// `pages/api/**` of the Pages Router.
    PagesApi,
    /// A function marked `'use server'`, called by fetch or by a form.
    ServerAction,
    /// A page of either router: documents, RSC navigations, prefetches and refreshes.
    Page,
    /// All paths for which Next.js knows no route, together.
    Unmatched,
    /// Everything beyond the limit on the number of Handlers, together.
    Other,
}

/// Which server action answered, as far as telemetry tells.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Action {
    /// File and exported name from the app's own manifest: stable over builds.
    Export {
        /// Source file, relative to the app's root; empty where only the name is known (webpack builds before 15.5).
        file: String,
        /// Exported name; inline closures have one made by the compiler (`$$RSC_SERVER_ACTION_0`).
        name: String,
    },
    /// Only the id is known (Next.js 14, or no manifest at hand); it changes with builds.
    Id(String),
    /// Plain Next.js spans: some action of this page, nothing tells which.
    Unnamed,
    /// The app did not know the id that was asked for: an error of the page's actions, not a Handler.
    NotFound,
}

/// Identity of a Handler. Equal identities are one Handler on every instance and in every build.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Handler {
    /// `service.name` of the resource.
    pub service: String,
    /// `deployment.environment.name`; `development` where only `node.env` says so.
    pub environment: Option<String>,
    /// What kind of code answers.
    pub kind: HandlerKind,
    /// The route pattern (`/product/[id]`); for an action the page it was called from, which is *not* part
    /// of the identity when the action's name or id is known.
    pub route: String,
    /// HTTP method; HEAD counts under GET.
    pub method: String,
    /// Only for [`HandlerKind::ServerAction`].
    pub action: Option<Action>,
    /// Of a Dispatcher, which of its Operations it is (`task.move` of `/api/trpc/[trpc]`); `None` for the Dispatcher
    /// itself and for every other Handler.
    pub operation: Option<String>,
}

/// Stable 64-bit hash of a Handler's identity; printed as 16 hex digits it is the Handler's `id`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Fingerprint(pub u64);

impl Handler {
    /// The route of all paths for which Next.js knows no route, and their method.
    pub const UNMATCHED: &str = "*";
    /// The route of all files of the folder `public`.
    pub const PUBLIC_FILES: &str = "* files";
    /// The route of all paths that were redirected before any route was looked for: by the proxy, or by `redirects` of the
    /// app's configuration.
    pub const REDIRECTED: &str = "* redirected";
    /// The environment of what `pointsman capture` records while tests run: an environment of its own, so that it never mixes
    /// with traffic. It shows the shape of the app's calls, and says nothing about how often they are made, or by whom.
    pub const TESTS: &str = "pointsman-tests";

    /// Whether its calls were recorded while tests ran.
    #[must_use]
    pub fn is_from_tests(&self) -> bool {
        self.environment.as_deref() == Some(Self::TESTS)
    }

    /// The Handler's fingerprint: the first eight bytes of a SHA-256 over its length-prefixed identity.
    /// It is written to disk and quoted by users: its recipe must never change.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        let mut hash = Sha256::new();
        let mut field = |text: &str| {
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text.as_bytes());
        };
        field(&self.service);
        field(self.environment.as_deref().unwrap_or_default());
        field(self.kind.as_str());
        match &self.action {
            Some(Action::Export { file, name }) => {
                field("export");
                field(file);
                field(name);
            }
            Some(Action::Id(id)) => {
                field("id");
                field(id);
            }
            Some(Action::Unnamed) => {
                field("unnamed");
                field(&self.route);
            }
            Some(Action::NotFound) => {
                field("not found");
                field(&self.route);
            }
            None => {
                field("route");
                field(&self.route);
            }
        }
        field(&self.method);
        // Only where there is one: the fingerprints of all other Handlers are on disk without it.
        if let Some(operation) = &self.operation {
            field("operation");
            field(operation);
        }
        let digest = hash.finalize();
        let mut first = [0; 8];
        first.copy_from_slice(&digest[..8]);
        Fingerprint(u64::from_be_bytes(first))
    }

    /// The layer that its route stands for, an Operation the one that it belongs to; `None` for what is one handler.
    #[must_use]
    pub fn layer(&self) -> Option<Layer> {
        let layer = Layer::of(self.kind, &self.route)?;
        let first = self.operation.as_deref().and_then(|operation| operation.split('/').next());
        Some(first.map_or(layer, |first| layer.with_operation(first)))
    }

    /// Whether it is a file that Next.js serves by convention (`/favicon.ico`, `/sitemap.xml`): nobody's API.
    #[must_use]
    pub fn is_metadata_file(&self) -> bool {
        self.kind == HandlerKind::RouteHandler && is_metadata_file(&self.route)
    }

    /// Whether it stands for a whole layer, which never moves: a Dispatcher, not one of its Operations.
    #[must_use]
    pub fn is_dispatcher(&self) -> bool {
        self.operation.is_none() && self.layer().is_some()
    }

    /// The Dispatcher that an Operation belongs to; `None` for anything else.
    #[must_use]
    pub fn dispatcher(&self) -> Option<Self> {
        self.operation.as_ref()?;
        Some(Self { operation: None, ..self.clone() })
    }

    /// The route as people read it, with the Operation where it is one: `/api/trpc/[trpc] task.move`.
    #[must_use]
    pub fn path(&self) -> String {
        match &self.operation {
            Some(operation) => format!("{} {operation}", self.route),
            None => self.route.clone(),
        }
    }
}

impl Action {
    /// What people call an action with this exported name and file: closures have names that the compiler made.
    #[must_use]
    pub fn title(name: &str, file: &str) -> String {
        match name.strip_prefix(INLINE).map(str::parse::<u32>) {
            Some(Ok(0)) => format!("inline action in {file}"),
            Some(Ok(number)) => format!("inline action {} in {file}", number.saturating_add(1)),
            _ => format!("{name} ({file})"),
        }
    }

    /// The same without the file, where one line has no room for it.
    #[must_use]
    pub fn short_title(name: &str, file: &str) -> String {
        if name.starts_with(INLINE) { Self::title(name, file) } else { name.to_owned() }
    }

    /// What people call an action whose file is not known, with the page that it was called on.
    #[must_use]
    pub fn title_on(name_or_id: &str, route: &str) -> String {
        let is_id = name_or_id.len() >= 40 && name_or_id.bytes().all(|byte| byte.is_ascii_hexdigit());
        match name_or_id.get(..10).filter(|_| is_id) {
            Some(beginning) => format!("action {beginning} on {route}"),
            None => format!("{name_or_id} on {route}"),
        }
    }

    /// Its exported name, or else its id; and its file where that is known.
    #[must_use]
    pub fn name_and_file(&self) -> (Option<&str>, Option<&str>) {
        match self {
            Self::Export { file, name } => (Some(name), Some(file.as_str()).filter(|file| !file.is_empty())),
            Self::Id(id) => (Some(id), None),
            Self::Unnamed | Self::NotFound => (None, None),
        }
    }
}

impl HandlerKind {
    /// Every kind, in the order in which reports list them.
    pub const ALL: [Self; 6] =
        [Self::RouteHandler, Self::PagesApi, Self::ServerAction, Self::Page, Self::Unmatched, Self::Other];

    /// The word that reports, tables and labels use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RouteHandler => "route_handler",
            Self::PagesApi => "pages_api",
            Self::ServerAction => "server_action",
            Self::Page => "page",
            Self::Unmatched => "unmatched",
            Self::Other => "other",
        }
    }

    /// The kind with this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// Whether this is an API route of either router.
    #[must_use]
    pub fn is_route(self) -> bool {
        matches!(self, Self::RouteHandler | Self::PagesApi)
    }
}

impl fmt::Display for HandlerKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Fingerprint {
    /// The fingerprint written as 16 hex digits; `None` for anything else.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        let hex = text.len() == 16 && text.bytes().all(|b| b.is_ascii_hexdigit());
        hex.then(|| u64::from_str_radix(text, 16).ok()).flatten().map(Self)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cart(kind: HandlerKind, route: &str, action: Option<Action>) -> Handler {
        Handler {
            service: "storefront".into(),
            environment: None,
            kind,
            route: route.into(),
            method: "POST".into(),
            action,
            operation: None,
        }
    }

    #[test]
    fn an_operation_is_a_handler_of_its_own() {
        let dispatcher = cart(HandlerKind::RouteHandler, "/api/trpc/[trpc]", None);
        let moves = Handler { operation: Some("task.move".into()), ..dispatcher.clone() };
        let lists = Handler { operation: Some("task.list".into()), ..dispatcher.clone() };
        assert_ne!(moves.fingerprint(), lists.fingerprint());
        assert_ne!(moves.fingerprint(), dispatcher.fingerprint());
        assert_eq!(moves.dispatcher(), Some(dispatcher.clone()));
        assert_eq!(moves.path(), "/api/trpc/[trpc] task.move");
        assert!(dispatcher.is_dispatcher() && !moves.is_dispatcher());
    }

    #[test]
    fn the_recipe_of_the_fingerprint_is_frozen() {
        let id = cart(HandlerKind::RouteHandler, "/api/cart", None).fingerprint();
        assert_eq!(id.to_string(), "7423e4fb90052264");
        assert_eq!(Fingerprint::from_hex(&id.to_string()), Some(id));
    }

    #[test]
    fn an_inline_action_is_called_by_its_file() {
        let file = "app/ui/sidenav.tsx";
        for (name, title) in [
            ("signOut", "signOut (app/ui/sidenav.tsx)"),
            ("$$RSC_SERVER_ACTION_0", "inline action in app/ui/sidenav.tsx"),
            ("$$RSC_SERVER_ACTION_1", "inline action 2 in app/ui/sidenav.tsx"),
        ] {
            assert_eq!(Action::title(name, file), title);
        }
    }

    #[test]
    fn an_action_without_a_file_is_called_by_its_page() {
        let named = Action::Export { file: String::new(), name: "signIn".into() };
        assert_eq!(named.name_and_file(), (Some("signIn"), None));
        assert_eq!(Action::title_on("signIn", "/login"), "signIn on /login");
        assert_eq!(
            Action::title_on("9d69e618df4e19b12da05d286ffc51df0688ae07", "/login"),
            "action 9d69e618df on /login"
        );
    }

    #[test]
    fn an_action_is_the_same_handler_on_every_page() {
        let export = || Some(Action::Export { file: "app/actions.ts".into(), name: "add".into() });
        let a = cart(HandlerKind::ServerAction, "/a", export()).fingerprint();
        let b = cart(HandlerKind::ServerAction, "/b", export()).fingerprint();
        assert_eq!(a, b);
        let unnamed = |page: &str| cart(HandlerKind::ServerAction, page, Some(Action::Unnamed)).fingerprint();
        assert_ne!(unnamed("/a"), unnamed("/b"));
    }
}

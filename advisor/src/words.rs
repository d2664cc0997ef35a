//! What is said of a Handler, in the words of machine-readable documents: the verdict, and what it lacks. How that is
//! put to people is not decided here.

use std::fmt;

use pointsman_store::HandlerKind;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::evidence::InteractionKind;

/// What a Handler is judged to be.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// A route that should become a Server Action.
    MoveToServerAction,
    /// An action that should become a route handler.
    MoveToRouteHandler,
    /// An action whose data a server component should read.
    MoveToServerComponent,
    /// It is where it belongs.
    Keep,
    /// Nothing can be said yet; `needs` says what is missing.
    InsufficientEvidence,
}

/// Something that is missing for a verdict.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Need {
    /// `more_calls`, `more_days`, `missing_attribute`, `read_or_write`, `every_trace`, `stable_client_keys`, `base_rate`,
    /// `client_rhythm`, `pushed_refresh`, `arguments` or `unknown_pages`.
    #[schema(value_type = String)]
    pub code: NeedCode,
    /// How much there is.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub have: Option<u64>,
    /// How much it takes.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub want: Option<u64>,
    /// The attribute that no span carries.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub attribute: Option<String>,
}

/// Enums whose words are a closed list for this version: a word of a later version is kept as it is, so that an older reader loses
/// nothing.
macro_rules! words {
    ($(#[$about:meta])* $name:ident { $($(#[$meaning:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$about])*
        #[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
        #[serde(from = "String", into = "String")]
        pub enum $name {
            $($(#[$meaning])* $variant,)*
            /// A word of a later version.
            Later(String),
        }

        impl $name {
            /// The word of the machine-readable report.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $word,)*
                    Self::Later(word) => word,
                }
            }
        }

        impl From<String> for $name {
            fn from(word: String) -> Self {
                match word.as_str() {
                    $($word => Self::$variant,)*
                    _ => Self::Later(word),
                }
            }
        }

        impl From<$name> for String {
            fn from(word: $name) -> Self {
                word.as_str().to_owned()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

words! {
    /// What is missing for a verdict.
    NeedCode {
        /// More calls.
        MoreCalls = "more_calls",
        /// Calls on more days.
        MoreDays = "more_days",
        /// An attribute that no span carries.
        MissingAttribute = "missing_attribute",
        /// Whether the handler reads or writes.
        ReadOrWrite = "read_or_write",
        /// Every trace, not a sample.
        EveryTrace = "every_trace",
        /// Client keys that do not change while people use the app.
        StableClientKeys = "stable_client_keys",
        /// How often the same happens by itself.
        BaseRate = "base_rate",
        /// How slow the clients are.
        ClientRhythm = "client_rhythm",
        /// Whose refresh it is that follows a change.
        PushedRefresh = "pushed_refresh",
        /// Whether the server can know the arguments of what comes with the load of a page.
        Arguments = "arguments",
        /// The pages that call it.
        UnknownPages = "unknown_pages",
    }
}

words! {
    /// What kind of code a Handler of a document is: [`HandlerKind`], as far as this version knows it.
    ReportedKind {
        /// `app/**/route.ts` of the App Router.
        RouteHandler = "route_handler",
        /// `pages/api/**` of the Pages Router.
        PagesApi = "pages_api",
        /// A function marked `'use server'`.
        ServerAction = "server_action",
        /// A page of either router.
        Page = "page",
        /// All paths for which Next.js knows no route.
        Unmatched = "unmatched",
        /// Everything beyond the limit on the number of Handlers.
        Other = "other",
    }
}

words! {
    /// How much work a move is, by the pages whose code changes.
    Effort {
        /// One page, and few handlers.
        Small = "S",
        /// Up to three pages, or many handlers of one.
        Medium = "M",
        /// More pages.
        Large = "L",
    }
}

words! {
    /// What the calls of one client have to do with each other.
    SequenceKind {
        /// A route that changes something, then a refresh of its page.
        MutationThenRefresh = "mutation_then_refresh",
        /// An action, then a refresh of its page.
        ActionThenRefresh = "action_then_refresh",
        /// Actions that waited for each other.
        SerialActions = "serial_actions",
        /// The load of a page, then an action soon after it.
        ActionOnLoad = "action_on_load",
        /// The same request again and again.
        Poll = "poll",
        /// A route that changes something, then a whole page.
        MutationThenDocument = "mutation_then_document",
        /// An action, then another page.
        ActionThenNavigation = "action_then_navigation",
    }
}

impl From<HandlerKind> for ReportedKind {
    fn from(kind: HandlerKind) -> Self {
        match kind {
            HandlerKind::RouteHandler => Self::RouteHandler,
            HandlerKind::PagesApi => Self::PagesApi,
            HandlerKind::ServerAction => Self::ServerAction,
            HandlerKind::Page => Self::Page,
            HandlerKind::Unmatched => Self::Unmatched,
            HandlerKind::Other => Self::Other,
        }
    }
}

impl ReportedKind {
    /// Whether it is an API route of either router.
    #[must_use]
    pub fn is_route(&self) -> bool {
        matches!(self, Self::RouteHandler | Self::PagesApi)
    }
}

impl From<InteractionKind> for SequenceKind {
    fn from(kind: InteractionKind) -> Self {
        match kind {
            InteractionKind::MutationThenRefresh => Self::MutationThenRefresh,
            InteractionKind::ActionThenRefresh => Self::ActionThenRefresh,
            InteractionKind::SerialActions => Self::SerialActions,
            InteractionKind::ActionOnLoad => Self::ActionOnLoad,
            InteractionKind::Poll => Self::Poll,
            InteractionKind::MutationThenDocument => Self::MutationThenDocument,
            InteractionKind::ActionThenNavigation => Self::ActionThenNavigation,
        }
    }
}

impl Verdict {
    /// Every verdict.
    pub const ALL: [Self; 5] = [
        Self::MoveToServerAction,
        Self::MoveToRouteHandler,
        Self::MoveToServerComponent,
        Self::Keep,
        Self::InsufficientEvidence,
    ];

    /// The verdict with this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verdict| verdict.as_str() == word)
    }

    /// The word of the machine-readable report.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MoveToServerAction => "move_to_server_action",
            Self::MoveToRouteHandler => "move_to_route_handler",
            Self::MoveToServerComponent => "move_to_server_component",
            Self::Keep => "keep",
            Self::InsufficientEvidence => "insufficient_evidence",
        }
    }

    /// Whether it recommends a move.
    #[must_use]
    pub fn is_move(self) -> bool {
        !matches!(self, Self::Keep | Self::InsufficientEvidence)
    }
}

impl Need {
    /// More of something that is counted.
    pub(crate) fn more(code: NeedCode, have: u64, want: u64) -> Self {
        Self { have: Some(have), want: Some(want), ..Self::code(code) }
    }

    /// An attribute that no span carries.
    pub(crate) fn attribute(name: &str) -> Self {
        Self { attribute: Some(name.to_owned()), ..Self::code(NeedCode::MissingAttribute) }
    }

    /// Something that only its code names.
    pub(crate) fn code(code: NeedCode) -> Self {
        Self { code, have: None, want: None, attribute: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_later_versions_survive_reading_and_writing() {
        for word in ["more_calls", "read_or_write", "a_need_of_next_year"] {
            let code: NeedCode = serde_json::from_value(word.into()).unwrap();
            assert_eq!(serde_json::to_value(&code).unwrap(), word);
        }
        assert_eq!(NeedCode::from("base_rate".to_owned()), NeedCode::BaseRate);
    }
}

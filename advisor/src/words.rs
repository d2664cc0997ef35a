//! What is said of a Handler, in the words of machine-readable documents: the verdict, and what it lacks. How that is
//! put to people is not decided here.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

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

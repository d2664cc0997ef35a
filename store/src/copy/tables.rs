//! Which tables both backends have with the same meaning, and what is in their columns. Blocks are not among them: their ids differ.

/// What is in a column.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Column {
    /// A whole number.
    Number,
    /// Yes or no: a number in SQLite.
    Flag,
    Text,
    Bytes,
}

use Column::{Bytes, Flag, Number, Text};

/// A table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Table {
    pub(super) name: &'static str,
    pub(super) columns: &'static [(&'static str, Column)],
    /// How many of the columns, from the first, are the key: rows are read in its order.
    pub(super) key: usize,
}

/// Every table but that of one number, in the order in which they are copied: what something else belongs to comes first.
pub(super) const TABLES: [Table; 16] = [
    Table {
        name: "handlers",
        columns: &[
            ("fingerprint", Number),
            ("service", Text),
            ("environment", Text),
            ("kind", Text),
            ("route", Text),
            ("method", Text),
            ("action_form", Text),
            ("action_file", Text),
            ("action_name", Text),
            ("operation", Text),
        ],
        key: 1,
    },
    Table {
        name: "calls",
        columns: &[
            ("handler", Number),
            ("start_ns", Number),
            ("trace", Bytes),
            ("span", Bytes),
            ("duration_ns", Number),
            ("route", Text),
            ("method", Text),
            ("status", Number),
            ("form", Text),
            ("caller", Text),
            ("agent", Text),
            ("client", Number),
            ("instance", Number),
            ("path", Text),
            ("page", Text),
            ("request_bytes", Number),
            ("response_bytes", Number),
            ("request_key", Number),
            ("response_hash", Number),
            ("media_type", Text),
            ("signature", Text),
            ("origin", Text),
            ("first_byte_ns", Number),
            ("self_fetches", Number),
            ("self_fetch_overhead_ns", Number),
            ("sampling", Number),
            ("requests_seen", Number),
            ("signs", Number),
            ("database_ns", Number),
            ("outgoing_ns", Number),
            ("child_ns", Number),
            ("writes", Number),
            ("body_ns", Number),
            ("network", Number),
            ("use_cache_hits", Number),
            ("use_cache_misses", Number),
            ("use_cache_fills", Number),
            ("unknown_action", Text),
        ],
        key: 4,
    },
    Table { name: "rollups", columns: &[("handler", Number), ("hour", Number), ("payload", Bytes)], key: 2 },
    Table {
        name: "dirty_hours",
        columns: &[("service", Text), ("hour", Number), ("generation", Number), ("counted", Number)],
        key: 2,
    },
    Table { name: "closed_hours", columns: &[("service", Text), ("hour", Number)], key: 2 },
    Table {
        name: "app_facts",
        columns: &[
            ("service", Text),
            ("environment", Text),
            ("name", Text),
            ("value", Text),
            ("build", Text),
            ("first_seen_ns", Number),
            ("last_seen_ns", Number),
        ],
        key: 5,
    },
    Table { name: "arrivals", columns: &[("kind", Text), ("requests", Number)], key: 1 },
    Table {
        name: "advice_revisions",
        columns: &[("service", Text), ("environment", Text), ("revision", Number)],
        key: 2,
    },
    Table {
        name: "advice_runs",
        columns: &[("service", Text), ("environment", Text), ("at_ns", Number), ("handlers", Number)],
        key: 3,
    },
    Table {
        name: "standing_verdicts",
        columns: &[
            ("handler", Number),
            ("service", Text),
            ("environment", Text),
            ("verdict", Text),
            ("since_ns", Number),
            ("seen_ns", Number),
            ("provisional", Flag),
            ("flips", Number),
            ("candidate", Text),
            ("candidate_runs", Number),
        ],
        key: 1,
    },
    Table {
        name: "recommendations",
        columns: &[
            ("handler", Number),
            ("verdict", Text),
            ("service", Text),
            ("environment", Text),
            ("state", Text),
            ("until_ns", Number),
            ("proposed_ns", Number),
            ("promise", Text),
            ("applied_ns", Number),
            ("successor", Number),
            ("proof", Text),
            ("change", Number),
        ],
        key: 2,
    },
    Table {
        name: "recommendation_changes",
        columns: &[
            ("handler", Number),
            ("verdict", Text),
            ("number", Number),
            ("at_ns", Number),
            ("before", Text),
            ("after", Text),
            ("who", Text),
            ("reason", Text),
        ],
        key: 3,
    },
    Table {
        name: "changes",
        columns: &[("id", Number), ("service", Text), ("environment", Text), ("outline", Text)],
        key: 1,
    },
    Table {
        name: "sources",
        columns: &[
            ("service", Text),
            ("environment", Text),
            ("stored_at_ns", Number),
            ("content_hash", Text),
            ("inflated_bytes", Number),
            ("document", Bytes),
        ],
        key: 2,
    },
    Table {
        name: "published_reports",
        columns: &[
            ("service", Text),
            ("environment", Text),
            ("at_ns", Number),
            ("made_ns", Number),
            ("reason", Text),
            ("inflated_bytes", Number),
            ("payload", Bytes),
        ],
        key: 3,
    },
    Table {
        name: "report_deliveries",
        columns: &[
            ("service", Text),
            ("environment", Text),
            ("at_ns", Number),
            ("target", Text),
            ("state", Text),
            ("attempts", Number),
            ("next_try_ns", Number),
        ],
        key: 4,
    },
];

impl Table {
    /// Its columns as a statement names them, each as the widest of its kind.
    pub(super) fn selected(&self, on_server: bool) -> String {
        let column = |(name, column): &(&str, Column)| match (*name, column) {
            // An hour of which an older version has not said what is counted.
            ("counted", _) => "coalesce(counted, 0) AS counted".to_owned(),
            (name, Column::Number) if on_server => format!("{name}::bigint"),
            (name, _) => (*name).to_owned(),
        };
        self.columns.iter().map(column).collect::<Vec<_>>().join(", ")
    }

    pub(super) fn names(&self) -> String {
        self.columns.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
    }

    pub(super) fn keys(&self) -> String {
        self.columns.iter().take(self.key).map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
    }
}

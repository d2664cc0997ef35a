//! Which handlers a reader wants to see, and in which order: a query of words that a link or a form writes. What is not understood
//! is left out, because a link that somebody shortened should still show something.

use pointsman_advisor::{HandlerReport, ReportedKind, Verdict};
use serde::Deserialize;

use crate::render::chart::map::KINDS;
use crate::render::{Class, name};

/// Rows of a page of the table.
pub(super) const ROWS: usize = 25;
/// A longer search is cut, letters.
const LONGEST: usize = 100;

/// The query.
#[derive(Clone, Default, Debug, Deserialize)]
pub(super) struct Query {
    /// A verdict's class: `move`, `improve`, `keep`, `unsure`.
    show: Option<String>,
    /// A kind of handler, as reports write it.
    kind: Option<String>,
    /// The id of a rule that says something.
    rule: Option<String>,
    /// Words that all stand in its name, its verdict or its reason.
    q: Option<String>,
    /// A column, with a hyphen before it from the largest down.
    sort: Option<String>,
    /// A page of the table, from 1.
    page: Option<String>,
}

/// What is wanted.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Wanted {
    pub(super) class: Option<Class>,
    pub(super) kind: Option<ReportedKind>,
    pub(super) rule: String,
    pub(super) words: String,
    pub(super) order: Order,
    pub(super) page: usize,
}

/// In which order rows come.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Order {
    pub(super) by: Column,
    /// From the largest down, or from Z to A.
    pub(super) down: bool,
}

/// A column by which the table can be ordered.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum Column {
    /// As reports order: moves first, then by gain and calls.
    #[default]
    Worth,
    Name,
    Verdict,
    Calls,
    P95,
    OwnUi,
}

impl Column {
    pub(super) const ALL: [(Self, &'static str); 5] = [
        (Self::Name, "name"),
        (Self::Verdict, "verdict"),
        (Self::Calls, "calls"),
        (Self::P95, "p95"),
        (Self::OwnUi, "own-ui"),
    ];

    fn word(self) -> &'static str {
        Self::ALL.into_iter().find(|(column, _)| *column == self).map_or("", |(_, word)| word)
    }

    /// Numbers are asked for from the largest down.
    fn begins_down(self) -> bool {
        matches!(self, Self::Calls | Self::P95 | Self::OwnUi)
    }
}

impl Query {
    pub(super) fn wanted(&self) -> Wanted {
        let text = |given: &Option<String>| -> String {
            given.iter().flat_map(|text| text.trim().chars()).take(LONGEST).collect()
        };
        let sort = text(&self.sort);
        let column = sort.strip_prefix('-').unwrap_or(&sort);
        let by = Column::ALL.into_iter().find(|(_, word)| *word == column);
        let kind = text(&self.kind);
        Wanted {
            class: Class::ALL.into_iter().find(|class| self.show.as_deref() == Some(class.as_str())),
            kind: KINDS.into_iter().map(|(known, _)| known).find(|known| known.as_str() == kind),
            rule: text(&self.rule),
            words: text(&self.q),
            order: Order {
                by: by.map_or(Column::Worth, |(column, _)| column),
                down: by.is_some() && sort.starts_with('-'),
            },
            page: text(&self.page).parse::<usize>().unwrap_or(1).clamp(1, 10_000) - 1,
        }
    }
}

impl Wanted {
    /// Whether nothing is left out.
    pub(super) fn is_all(&self) -> bool {
        self.class.is_none() && self.kind.is_none() && self.rule.is_empty() && self.words.is_empty()
    }

    /// Whether a handler is wanted.
    pub(super) fn fits(&self, handler: &HandlerReport) -> bool {
        let is_kind = |kind: &ReportedKind| {
            *kind == handler.kind || (*kind == ReportedKind::PagesApi && is_other(&handler.kind))
        };
        self.class.is_none_or(|class| class == Class::of(handler))
            && self.kind.as_ref().is_none_or(is_kind)
            && (self.rule.is_empty() || handler.evidence.iter().any(|row| row.rule == self.rule))
            && self.has_words(handler)
    }

    fn has_words(&self, handler: &HandlerReport) -> bool {
        if self.words.is_empty() {
            return true;
        }
        let text = format!("{} {} {}", name(handler), handler.reason, handler.improvements.join(" "));
        let text = text.to_lowercase();
        self.words.to_lowercase().split_whitespace().all(|word| text.contains(word))
    }

    /// What fits, in the order that is wanted. What is unknown comes last, whichever way.
    pub(super) fn of<'a>(&self, handlers: &'a [HandlerReport]) -> Vec<&'a HandlerReport> {
        let mut rows: Vec<&HandlerReport> = handlers.iter().filter(|handler| self.fits(handler)).collect();
        let by_number = |of: fn(&HandlerReport) -> Option<f64>| {
            move |a: &&HandlerReport, b: &&HandlerReport| {
                let (left, right) = (of(a), of(b));
                let order = left.unwrap_or_default().total_cmp(&right.unwrap_or_default());
                let order = if self.order.down { order.reverse() } else { order };
                left.is_none().cmp(&right.is_none()).then(order)
            }
        };
        match self.order.by {
            Column::Worth => {}
            Column::Name => rows.sort_by_cached_key(|row| name(row).to_lowercase()),
            Column::Verdict => {
                rows.sort_by_key(|row| Verdict::ALL.iter().position(|one| *one == row.verdict));
            }
            Column::Calls => rows.sort_by(by_number(|row| Some(row.calls_per_day))),
            Column::P95 => rows.sort_by(by_number(|row| row.duration_ms.map(|ms| ms.p95))),
            Column::OwnUi => rows.sort_by(by_number(own_ui)),
        }
        if self.order.down && matches!(self.order.by, Column::Name | Column::Verdict) {
            rows.reverse();
        }
        rows
    }

    /// The same in another order: a second time the other way round, a third time as reports order.
    pub(super) fn ordered_by(&self, column: Column) -> Self {
        let first = Order { by: column, down: column.begins_down() };
        let second = Order { down: !first.down, ..first };
        let order = match self.order {
            now if now == first => second,
            now if now == second => Order::default(),
            _ => first,
        };
        Self { order, page: 0, ..self.clone() }
    }

    /// The query that says so; empty for what is shown without any.
    pub(super) fn pairs(&self) -> Vec<(&'static str, String)> {
        let sort = self.order.by.word();
        let sort = if self.order.down { format!("-{sort}") } else { sort.to_owned() };
        let page = if self.page > 0 { (self.page + 1).to_string() } else { String::new() };
        let pairs = [
            ("show", self.class.map_or("", Class::as_str).to_owned()),
            ("kind", self.kind.as_ref().map_or("", ReportedKind::as_str).to_owned()),
            ("rule", self.rule.clone()),
            ("q", self.words.clone()),
            ("sort", sort),
            ("page", page),
        ];
        pairs.into_iter().filter(|(_, value)| !value.is_empty()).collect()
    }
}

/// Kinds that are chosen together.
fn is_other(kind: &ReportedKind) -> bool {
    !matches!(kind, ReportedKind::RouteHandler | ReportedKind::ServerAction | ReportedKind::Page)
}

/// The share of calls by the app's own pages; `None` where nobody knows who calls.
fn own_ui(handler: &HandlerReport) -> Option<f64> {
    match (handler.callers.get("own_ui"), handler.callers.get("unknown")) {
        (Some(share), _) => Some(*share),
        (None, Some(unknown)) if *unknown > 0.99 => None,
        (None, _) => Some(0.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(text: &str) -> Wanted {
        serde_urlencoded_of(text).wanted()
    }

    fn serde_urlencoded_of(text: &str) -> Query {
        let uri: axum::http::Uri = format!("/?{text}").parse().unwrap();
        axum::extract::Query::try_from_uri(&uri).map(|axum::extract::Query(query)| query).unwrap()
    }

    fn handler(route: &str, verdict: &str, p95: Option<f64>) -> HandlerReport {
        let json = serde_json::json!({
            "id": route, "kind": "route_handler", "route": route, "method": "GET", "action": null, "file": null,
            "calls": 1.0, "calls_per_day": 1.0, "callers": {}, "verdict": verdict, "confidence": null,
            "state": null, "reason": "nobody else calls", "flips_if": "", "barred": false, "blockers": [],
            "improvements": [], "evidence": [], "benefit": null, "effort": null, "steps": [], "warnings": [],
            "needs": [], "duration_ms": p95.map(|p95| serde_json::json!({ "p50": 1.0, "p95": p95 }))
        });
        serde_json::from_value(json).unwrap()
    }

    fn routes<'a>(rows: &[&'a HandlerReport]) -> Vec<&'a str> {
        rows.iter().map(|row| row.route.as_str()).collect()
    }

    #[test]
    fn what_is_unknown_comes_last_whichever_way() {
        let all =
            [handler("/b", "keep", Some(5.0)), handler("/a", "keep", None), handler("/c", "keep", Some(9.0))];
        assert_eq!(routes(&query("sort=p95").of(&all)), ["/b", "/c", "/a"]);
        assert_eq!(routes(&query("sort=-p95").of(&all)), ["/c", "/b", "/a"]);
        assert_eq!(routes(&query("sort=name").of(&all)), ["/a", "/b", "/c"]);
        assert_eq!(routes(&query("sort=nonsense&page=-1&show=all").of(&all)), ["/b", "/a", "/c"]);
    }

    #[test]
    fn all_words_must_be_found_and_links_say_the_same_again() {
        let all = [handler("/api/cart", "keep", None), handler("/api/price", "insufficient_evidence", None)];
        assert_eq!(routes(&query("q=API+nobody").of(&all)), ["/api/cart", "/api/price"]);
        assert_eq!(routes(&query("q=cart+nobody").of(&all)), ["/api/cart"]);
        assert_eq!(routes(&query("show=unsure").of(&all)), ["/api/price"]);
        let wanted = query("show=keep&q=a+b&sort=-calls&page=3&kind=page");
        let mut text = form_urlencoded::Serializer::new(String::new());
        let again = query(&text.extend_pairs(wanted.pairs()).finish());
        assert_eq!(again, wanted);
        assert!(query("").pairs().is_empty());
    }

    #[test]
    fn a_column_turns_round_and_goes_back() {
        let once = Wanted::default().ordered_by(Column::Calls);
        assert_eq!(once.order, Order { by: Column::Calls, down: true });
        let twice = once.ordered_by(Column::Calls);
        assert_eq!(twice.order, Order { by: Column::Calls, down: false });
        assert_eq!(twice.ordered_by(Column::Calls).order, Order::default());
    }
}

//! All handlers of a report as a table that can be ordered, filtered and searched by its address alone, and as a map with the same
//! filters.

use askama::Template;
use pointsman_advisor::{HandlerReport, Report, ReportedKind};

use super::wanted::{Column, ROWS, Wanted};
use crate::render::chart::map::{self, Entry, KINDS, Room};
use crate::render::{self, Class, safe};

/// The table with its filters, and the map.
#[derive(Template)]
#[template(path = "pages/listing.html")]
pub(super) struct Listing<'a> {
    path: String,
    /// What the address says about the page, as opposed to the table.
    fixed: Vec<(&'static str, String)>,
    wanted: Wanted,
    all: usize,
    found: usize,
    from: usize,
    to: usize,
    classes: Vec<Choice>,
    kinds: Vec<Choice>,
    columns: Vec<Head>,
    rows: Vec<Row<'a>>,
    /// Leads to the table with nothing left out.
    reset: String,
    before: Option<String>,
    after: Option<String>,
    /// For each width of a window.
    maps: Vec<(&'static str, String)>,
}

/// A filter that can be chosen, or left.
struct Choice {
    href: String,
    is_current: bool,
    symbol: String,
    name: &'static str,
    count: usize,
}

/// A column that can be ordered by.
struct Head {
    name: &'static str,
    class: &'static str,
    href: String,
    /// `aria-sort`.
    order: &'static str,
}

/// A handler.
struct Row<'a> {
    handler: &'a HandlerReport,
    name: String,
    kind: &'a str,
    class: &'static str,
    verdict: String,
    reason: String,
    calls_per_day: String,
    p95: String,
    own_ui: String,
    needs: Vec<String>,
}

impl<'a> Listing<'a> {
    /// Of a report that is shown at this address. `number` says which card speaks of a handler.
    pub(super) fn of(
        report: &'a Report,
        (path, fixed): (&str, Vec<(&'static str, String)>),
        wanted: Wanted,
        number: impl Fn(&HandlerReport) -> Option<usize>,
    ) -> Self {
        let rows = wanted.of(&report.handlers);
        let found = rows.len();
        let page = wanted.page.min(found.saturating_sub(1) / ROWS);
        let wanted = Wanted { page, ..wanted };
        let from = page * ROWS;
        let to = (from + ROWS).min(found);
        let address = Address { path, fixed: &fixed };
        let turned = |page: usize| address.of(&Wanted { page, ..wanted.clone() });
        Self {
            all: report.handlers.len(),
            found,
            from,
            to,
            classes: classes(report, &address, &wanted),
            kinds: kinds(report, &address, &wanted),
            columns: columns(&address, &wanted),
            rows: rows.iter().skip(from).take(ROWS).map(|handler| row(handler)).collect(),
            reset: address.of(&Wanted { order: wanted.order, ..Wanted::default() }),
            before: (page > 0).then(|| turned(page - 1)),
            after: (to < found).then(|| turned(page + 1)),
            maps: maps(report, &wanted, number),
            path: path.to_owned(),
            fixed,
            wanted,
        }
    }

    /// Pairs that the form sends along without showing them.
    fn hidden(&self) -> Vec<(&'static str, String)> {
        let shown = ["q", "page"];
        let wanted = self.wanted.pairs().into_iter().filter(|(name, _)| !shown.contains(name));
        self.fixed.iter().cloned().chain(wanted).collect()
    }
}

/// Where the page is.
struct Address<'a> {
    path: &'a str,
    fixed: &'a [(&'static str, String)],
}

impl Address<'_> {
    fn of(&self, wanted: &Wanted) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(self.fixed).extend_pairs(wanted.pairs());
        let query = query.finish();
        let mark = if query.is_empty() { "" } else { "?" };
        format!("{}{mark}{query}", self.path)
    }
}

fn classes(report: &Report, address: &Address<'_>, wanted: &Wanted) -> Vec<Choice> {
    let choice = |class: Class| {
        let is_current = wanted.class == Some(class);
        let class_wanted = (!is_current).then_some(class);
        Choice {
            href: address.of(&Wanted { class: class_wanted, page: 0, ..wanted.clone() }),
            is_current,
            symbol: map::symbol(&ReportedKind::RouteHandler, Some(class)),
            name: class.words(),
            count: report.handlers.iter().filter(|handler| Class::of(handler) == class).count(),
        }
    };
    Class::ALL.into_iter().map(choice).filter(|choice| choice.count > 0 || choice.is_current).collect()
}

fn kinds(report: &Report, address: &Address<'_>, wanted: &Wanted) -> Vec<Choice> {
    let choice = |(kind, name): (ReportedKind, &'static str)| {
        let is_current = wanted.kind.as_ref() == Some(&kind);
        let of_kind = Wanted { kind: Some(kind.clone()), ..Wanted::default() };
        let kind_wanted = (!is_current).then(|| kind.clone());
        Choice {
            href: address.of(&Wanted { kind: kind_wanted, page: 0, ..wanted.clone() }),
            is_current,
            symbol: map::symbol(&kind, None),
            name,
            count: report.handlers.iter().filter(|handler| of_kind.fits(handler)).count(),
        }
    };
    KINDS.into_iter().map(choice).filter(|choice| choice.count > 0 || choice.is_current).collect()
}

fn columns(address: &Address<'_>, wanted: &Wanted) -> Vec<Head> {
    let names = [
        (Column::Name, "Handler", ""),
        (Column::Verdict, "Verdict", ""),
        (Column::Calls, "Calls a day", "n"),
        (Column::P95, "p95", "n"),
        (Column::OwnUi, "From own pages", "n"),
    ];
    let head = |(column, name, class)| {
        let order = match (wanted.order.by == column, wanted.order.down) {
            (false, _) => "none",
            (true, true) => "descending",
            (true, false) => "ascending",
        };
        Head { name, class, href: address.of(&wanted.ordered_by(column)), order }
    };
    names.into_iter().map(head).collect()
}

/// Every wanted handler, with a link to its page; once for wide windows and once for narrow ones.
fn maps(
    report: &Report,
    wanted: &Wanted,
    number: impl Fn(&HandlerReport) -> Option<usize>,
) -> Vec<(&'static str, String)> {
    let entry = |row| Entry { row, number: number(row), wanted: wanted.fits(row) };
    let entries: Vec<Entry<'_>> = report.handlers.iter().map(entry).collect();
    let href = |handler: &HandlerReport| format!("/handlers/{}", handler.id);
    let map = |(class, room)| {
        let picture = map::handlers(&entries, room, href)?;
        Some((class, picture.with_id(class).into()))
    };
    [("wide", Room::Wide), ("narrow", Room::Narrow)].into_iter().filter_map(map).collect()
}

fn row(handler: &HandlerReport) -> Row<'_> {
    Row {
        handler,
        name: safe::terminal(&render::name(handler)),
        kind: render::kind(&handler.kind),
        class: Class::of(handler).as_str(),
        verdict: render::verdict_and_state(handler),
        reason: render::capital(&safe::sentence(&handler.reason)),
        calls_per_day: render::number(handler.calls_per_day),
        p95: handler.duration_ms.map_or_else(|| "unknown".to_owned(), |ms| render::duration(ms.p95)),
        own_ui: render::own_ui(handler),
        needs: render::needs(handler),
    }
}

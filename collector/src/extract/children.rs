//! Where the time of a request went, as far as its child spans show: to databases, and to outgoing requests. What they read
//! or wrote is `work`'s business.

use super::requests::{Request, Requests};
use super::work;
use crate::trace::Node;
use crate::wire::otlp::{CLIENT, PRODUCER, SERVER};

/// Time that child spans cover, ns. `None` where there is no such span: what is not traced is not known.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct ChildTime {
    pub(super) database_ns: Option<u64>,
    pub(super) outgoing_ns: Option<u64>,
    /// Both together: where they overlap it counts once.
    pub(super) both_ns: Option<u64>,
    /// Whether two or more that need not write ran one after the other, and all took most of the request's time.
    pub(super) one_after_the_other: bool,
}

/// Share of a request's time that child spans in a row take when it is a waterfall (docs/rules/sequential-waterfall.md).
const MOST: f64 = 0.7;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Child {
    Database,
    Outgoing,
}

/// Attributes that only spans of database calls have.
const DATABASE: [&str; 7] = [
    "db.system.name",
    "db.system",
    "db.query.text",
    "db.statement",
    "db.operation.name",
    "db.operation",
    "db.query.summary",
];

/// Attributes that only spans of requests have.
const REQUEST: [&str; 7] = [
    "http.request.method",
    "http.method",
    "url.full",
    "http.url",
    "rpc.system.name",
    "rpc.system",
    "rpc.method",
];

/// Sums up the child spans of a request.
pub(super) fn find(requests: &Requests<'_>, request: &Request<'_>) -> ChildTime {
    let within = (request.node.start_ns(), request.node.end_ns());
    let (mut database, mut outgoing) = (Vec::new(), Vec::new());
    let mut may_run_together = 0;
    for (child, node) in outermost(requests, request) {
        may_run_together += usize::from(!work::writes(node));
        let list = if child == Child::Database { &mut database } else { &mut outgoing };
        list.push((node.start_ns(), node.end_ns()));
    }
    let time = |intervals: &[(u64, u64)]| (!intervals.is_empty()).then(|| covered(intervals, within));
    let both: Vec<_> = database.iter().chain(&outgoing).copied().collect();
    ChildTime {
        database_ns: time(&database),
        outgoing_ns: time(&outgoing),
        both_ns: time(&both),
        // What writes keeps its order, as in a transaction.
        one_after_the_other: may_run_together >= 2 && one_after_the_other(&both, within),
    }
}

/// Whether two or more intervals do not overlap and cover most of the request.
fn one_after_the_other(intervals: &[(u64, u64)], (from, until): (u64, u64)) -> bool {
    if intervals.len() < 2 {
        return false;
    }
    let mut sorted = intervals.to_vec();
    sorted.sort_unstable();
    let apart = sorted.windows(2).all(|pair| pair[0].1 <= pair[1].0);
    let length =
        |(from, until): (u64, u64)| std::time::Duration::from_nanos(until.saturating_sub(from)).as_secs_f64();
    let most = length((0, covered(intervals, (from, until)))) >= MOST * length((from, until));
    apart && most
}

/// The child spans that have none around them: what a database's driver sends over HTTP is the database's time.
fn outermost<'a>(requests: &Requests<'a>, request: &Request<'a>) -> Vec<(Child, &'a Node<'a>)> {
    let mut found = Vec::new();
    if request.spans.len() < 2 {
        return found;
    }
    let of_next = work::fetches_of_next(requests, request);
    let belongs = |at: &usize| request.spans.binary_search_by_key(at, |below| below.at).is_ok();
    let mut open = vec![request.at];
    while let Some((at, node)) = open.pop().and_then(|at| Some((at, requests.node(at)?))) {
        match child(node).filter(|_| node.id != request.node.id) {
            Some(_) if of_next.contains(&at) => {}
            Some(child) if node.has_ended() => found.push((child, node)),
            Some(_) => {}
            None => open.extend(node.children.iter().filter(|at| belongs(at))),
        }
    }
    found
}

fn child(node: &Node<'_>) -> Option<Child> {
    if matches!(node.span.kind, SERVER | PRODUCER) {
        return None;
    }
    let keys = || node.span.attributes.iter().map(|attribute| attribute.key);
    let has_any = |names: &[&str]| keys().any(|key| names.iter().any(|name| name.as_bytes() == key));
    let any_of_database = || keys().any(|key| key.starts_with(b"db."));
    if node.span.name == b"prisma:client:operation" || (any_of_database() && has_any(&DATABASE)) {
        return Some(Child::Database);
    }
    let of_next = node.text("next.span_type") == Some("AppRender.fetch");
    (of_next || (node.span.kind == CLIENT && has_any(&REQUEST))).then_some(Child::Outgoing)
}

/// How much of a time intervals cover, each of them `(start, end)`, in any order, overlapping or not.
fn covered(intervals: &[(u64, u64)], (from, until): (u64, u64)) -> u64 {
    let clipped = intervals.iter().map(|(start, end)| ((*start).max(from), (*end).min(until)));
    let mut clipped: Vec<_> = clipped.filter(|(start, end)| start < end).collect();
    clipped.sort_unstable();
    let (mut sum, mut reached) = (0, from);
    for (start, end) in clipped {
        sum += end.saturating_sub(start.max(reached));
        reached = reached.max(end);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_waterfall_is_several_intervals_in_a_row_that_take_most_of_the_time() {
        const WITHIN: (u64, u64) = (0, 100);
        for (what, intervals, expected) in [
            ("one alone", &[(0, 90)][..], false),
            ("two in a row", &[(0, 40), (45, 90)], true),
            ("touching, out of order", &[(40, 80), (0, 40)], true),
            ("side by side", &[(0, 50), (40, 90)], false),
            ("little of the time", &[(0, 30), (40, 70)], false),
            ("none", &[], false),
        ] {
            assert_eq!(one_after_the_other(intervals, WITHIN), expected, "{what}");
        }
    }

    #[test]
    fn what_intervals_cover_counts_once_and_within_the_request_only() {
        const WITHIN: (u64, u64) = (100, 200);
        for (what, intervals, expected) in [
            ("none", &[][..], 0),
            ("one", &[(110, 130)], 20),
            ("apart", &[(110, 120), (150, 160)], 20),
            ("side by side", &[(110, 120), (120, 130)], 20),
            ("nested", &[(110, 160), (120, 130), (140, 150)], 50),
            ("nested, the inner one first", &[(120, 130), (110, 160)], 50),
            ("the same twice", &[(110, 120), (110, 120)], 10),
            ("overlapping", &[(110, 140), (130, 160)], 50),
            ("out of order", &[(150, 160), (110, 120), (115, 155)], 50),
            ("over the request's end", &[(190, 260)], 10),
            ("before its start", &[(40, 110)], 10),
            ("around it", &[(0, 1_000)], 100),
            ("after it", &[(200, 300), (250, 260)], 0),
            ("before it", &[(0, 100)], 0),
            ("without length", &[(120, 120)], 0),
            ("ending before it begins", &[(130, 120)], 0),
        ] {
            assert_eq!(covered(intervals, WITHIN), expected, "{what}");
        }
        assert_eq!(covered(&[(0, u64::MAX)], (0, u64::MAX)), u64::MAX);
    }
}

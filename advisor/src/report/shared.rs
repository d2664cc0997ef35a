//! A reason that stands alone behind the verdicts of most routes is one decision of the app: it is said once, with what
//! another decision would open. An improvement that most actions or most routes need has most likely one cause, such as a client
//! that all of them share: that is said once too.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{HandlerReport, Verdict};
use crate::profile::Profile;
use crate::verdict::Judgement;
use crate::words::ReportedKind;

/// Routes that must share a reason before it is the app's. [judgement]
const FEWEST: usize = 5;

/// One rule that alone holds most routes of the app where they are.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct SharedReason {
    /// The rule's id.
    pub rule: String,
    /// What it saw, of the route with the most calls.
    pub text: String,
    /// Routes that it holds ...
    pub routes: usize,
    /// ... of so many.
    pub of: usize,
    /// Ids of those that would move without it.
    pub would_move: Vec<String>,
    /// Ids of those that could be judged without it, and need more evidence then.
    pub could_be_judged: Vec<String>,
}

/// One improvement that most Handlers of a sort need.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct SharedImprovement {
    /// The rule's id.
    pub rule: String,
    /// Whether these are actions; else routes.
    pub actions: bool,
    /// Ids of the Handlers, those with the most calls first ...
    pub handlers: Vec<String>,
    /// ... of so many that were called often enough.
    pub of: usize,
}

/// The improvements that most Handlers of a sort share.
pub(super) fn shared_improvements(rows: &[HandlerReport]) -> Vec<SharedImprovement> {
    /// Calls from which on a Handler could have shown it.
    const OFTEN: f64 = 30.0;
    let mut shared = Vec::new();
    for actions in [true, false] {
        let is_of_sort = |row: &HandlerReport| {
            if actions { row.kind == ReportedKind::ServerAction } else { row.kind.is_route() }
        };
        let often = |row: &&HandlerReport| is_of_sort(row) && row.calls >= OFTEN;
        let mut of_sort: Vec<&HandlerReport> = rows.iter().filter(often).collect();
        of_sort.sort_by(|a, b| b.calls.total_cmp(&a.calls).then(a.id.cmp(&b.id)));
        let mut by_rule: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for row in &of_sort {
            for rule in &row.improvements {
                by_rule.entry(rule).or_default().push(row.id.clone());
            }
        }
        let most = |ids: &Vec<String>| ids.len() >= FEWEST && ids.len() * 2 > of_sort.len();
        shared.extend(by_rule.into_iter().filter(|(_, ids)| most(ids)).map(|(rule, handlers)| {
            SharedImprovement { rule: rule.to_owned(), actions, handlers, of: of_sort.len() }
        }));
    }
    shared
}

/// The reasons that most routes share. Rows that would stay for a reason of their own say that one instead.
pub(super) fn shared_reasons(
    judgements: &[(&Profile<'_>, Judgement)],
    rows: &mut [HandlerReport],
) -> Vec<SharedReason> {
    let routes: Vec<_> = judgements.iter().filter(|(profile, _)| profile.handler.kind.is_route()).collect();
    let mut by_rule: BTreeMap<&str, Vec<&(&Profile<'_>, Judgement)>> = BTreeMap::new();
    for one in &routes {
        if let Some(without) = &one.1.without {
            by_rule.entry(without.rule).or_default().push(one);
        }
    }
    let most = |held: &Vec<_>| held.len() >= FEWEST && held.len() * 2 > routes.len();
    let mut shared = Vec::new();
    for (rule, held) in by_rule.into_iter().filter(|(_, held)| most(held)) {
        let then = |wanted: fn(Verdict) -> bool| -> Vec<String> {
            let fits = held.iter().filter(|(_, it)| it.without.as_ref().is_some_and(|it| wanted(it.verdict)));
            fits.map(|(profile, _)| profile.id.to_string()).collect()
        };
        for (profile, judgement) in &held {
            let Some(without) = judgement.without.as_ref().filter(|it| it.verdict == Verdict::Keep) else {
                continue;
            };
            let id = profile.id.to_string();
            if let Some(row) = rows.iter_mut().find(|row| row.id == id && row.verdict == Verdict::Keep) {
                row.reason.clone_from(&without.reason);
            }
        }
        let loudest = held.iter().max_by_key(|(profile, _)| profile.observed(crate::evidence::Fact::Calls));
        let text = loudest.map(|(_, judgement)| judgement.reason.clone()).unwrap_or_default();
        shared.push(SharedReason {
            rule: rule.to_owned(),
            text,
            routes: held.len(),
            of: routes.len(),
            would_move: then(Verdict::is_move),
            could_be_judged: then(|verdict| verdict == Verdict::InsufficientEvidence),
        });
    }
    shared
}

//! How reliable improvements are, rule by rule: what was said, and what should have been.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::Case;

/// What became of one rule's improvements on some cases.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Reliability {
    /// Named where the label asks for it.
    pub(super) right: usize,
    /// Named where the label allows it.
    pub(super) allowed: usize,
    /// Named where the label has no word of it.
    pub(super) wrong: usize,
    /// Named where it would leak, break or loop.
    pub(super) dangerous: usize,
    /// Not named where the label asks for it.
    pub(super) missed: usize,
}

impl Reliability {
    fn said(self) -> usize {
        self.right + self.allowed + self.wrong + self.dangerous
    }
}

/// All rules that were named or should have been.
pub(super) fn by_rule<'c>(cases: impl IntoIterator<Item = &'c Case>) -> BTreeMap<&'c str, Reliability> {
    let mut rules: BTreeMap<&str, Reliability> = BTreeMap::new();
    for case in cases {
        for rule in &case.improvements {
            let of_rule = rules.entry(rule).or_default();
            *if case.label.never_improve.contains(rule) {
                &mut of_rule.dangerous
            } else if case.label.improve.contains(rule) {
                &mut of_rule.right
            } else if case.label.may.contains(rule) {
                &mut of_rule.allowed
            } else {
                &mut of_rule.wrong
            } += 1;
        }
        let missed = case.label.improve.iter().filter(|rule| !case.improvements.contains(rule));
        missed.for_each(|rule| rules.entry(rule).or_default().missed += 1);
    }
    rules
}

/// The table of all rules.
pub(super) fn table<'c>(text: &mut String, cases: impl IntoIterator<Item = &'c Case>) {
    let rules = by_rule(cases);
    if rules.is_empty() {
        return;
    }
    let _ = writeln!(
        text,
        "\n{:<28} {:>5} {:>6} {:>8} {:>6} {:>10} {:>7}",
        "improvements by rule", "said", "right", "allowed", "wrong", "dangerous", "missed"
    );
    for (rule, one) in rules {
        let said = one.said();
        let Reliability { right, allowed, wrong, dangerous, missed } = one;
        let _ = writeln!(
            text,
            "{rule:<28} {said:>5} {right:>6} {allowed:>8} {wrong:>6} {dangerous:>10} {missed:>7}"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Label;
    use pointsman_advisor::Verdict;

    fn case(said: &[&str], label: Label) -> Case {
        let all = |list: &[&str]| list.iter().map(|rule| (*rule).to_owned()).collect::<Vec<_>>();
        Case {
            scenario: "cases/x".into(),
            handler: "GET /x".into(),
            said: Some(Verdict::Keep),
            confidence: None,
            row: None,
            label,
            improvements: all(said),
            spoke: all(said),
            reason: String::new(),
            naive: Verdict::Keep,
            is_page: false,
        }
    }

    #[test]
    fn each_improvement_is_counted_once_and_danger_comes_first() {
        let all = |list: &[&str]| list.iter().map(|rule| (*rule).to_owned()).collect::<Vec<_>>();
        let label = Label {
            improve: all(&["unsafe-get", "duplicate-get"]),
            may: all(&["payload-diet"]),
            never_improve: all(&["cache-get"]),
            ..Label::default()
        };
        let said = ["unsafe-get", "payload-diet", "cache-get", "error-shape"];
        let cases = [case(&said, label)];
        let rules = by_rule(&cases);
        let of = |rule: &str| rules.get(rule).copied().unwrap();
        assert_eq!(of("unsafe-get"), Reliability { right: 1, ..Reliability::default() });
        assert_eq!(of("payload-diet"), Reliability { allowed: 1, ..Reliability::default() });
        assert_eq!(of("cache-get"), Reliability { dangerous: 1, ..Reliability::default() });
        assert_eq!(of("error-shape"), Reliability { wrong: 1, ..Reliability::default() });
        assert_eq!(of("duplicate-get"), Reliability { missed: 1, ..Reliability::default() });
        assert_eq!(cases[0].dangerous().collect::<Vec<_>>(), ["cache-get"]);
    }
}

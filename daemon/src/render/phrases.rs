//! Words for names of the machine-readable report: what to do about an improvement, why a handler stays, who calls. What a rule
//! says stands in its own file.

use pointsman_advisor::rules;

/// What to do about an improvement; the id of a rule that this version does not know.
pub(crate) fn remedy(rule: &str) -> &str {
    rules::remedy(rule).unwrap_or(rule)
}

/// Why a handler stays, by the rule that decides it.
pub(crate) fn blocker(rule: &str) -> &str {
    rules::bar(rule).unwrap_or("would be advised back as actions")
}

/// A class of callers; what is not known yet as it is.
pub(crate) fn caller(class: &str) -> &str {
    match class {
        "own_ui" => "the app's own pages",
        "server" => "the app's server",
        "cross_origin" => "pages of other origins",
        "external" => "clients that are not browsers",
        "bot" => "crawlers",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use pointsman_advisor::rules::{Effect, RULES};

    use super::*;

    #[test]
    fn every_improvement_and_every_blocker_has_its_words() {
        for rule in RULES {
            match rule.effect {
                Effect::Improves => assert!(remedy(rule.id).contains(' '), "{}", rule.id),
                Effect::BlocksAction | Effect::BlocksRoute => {
                    assert!(blocker(rule.id).contains(' '), "{}", rule.id);
                }
                _ => assert_eq!(rule.words, "", "{}", rule.id),
            }
        }
    }
}

//! Settings that can be read and make no sense. What they mean is said beside them.

use std::collections::BTreeMap;

use super::{RuleSettings, Settings};
use crate::rules::{RULES, handler_globs};

impl Settings {
    /// Every fault, each with its key, the value and what to do; none when all make sense.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        let mut faults = of_rules("rules", &self.rules);
        for (number, one) in self.overrides.iter().enumerate() {
            let key = format!("overrides[{number}]");
            if one.handlers.is_empty() {
                faults.push(format!("{key}.handlers is empty: name the handlers, as in [\"/api/admin/**\"]"));
            }
            if let Err(error) = handler_globs(&one.handlers) {
                faults.push(format!("{key}.handlers: {error}"));
            }
            faults.extend(of_rules(&format!("{key}.rules"), &one.rules));
        }
        let shares =
            [("min_callers_known", Some(self.min_callers_known)), ("sampling_ratio", self.sampling_ratio)];
        for (key, value) in shares {
            if let Some(value) = value.filter(|value| !(*value > 0.0 && *value <= 1.0)) {
                faults.push(format!("{key} = {value}: it is a share, above 0 and at most 1"));
            }
        }
        if self.min_samples_from_tests == 0 {
            faults.push(
                "min_samples_from_tests = 0: nothing is no evidence; write how many observations, at least 1"
                    .to_owned(),
            );
        }
        if self.enter_score <= 0.0 {
            faults.push(format!(
                "enter_score = {}: every handler would move; a score is above 0",
                self.enter_score
            ));
        } else if !(0.0..=self.enter_score).contains(&self.leave_score) {
            faults.push(format!(
                "leave_score = {}: it lies between 0 and enter_score, which is {}",
                self.leave_score, self.enter_score
            ));
        }
        if !(self.round_trip_ms >= 0.0 && self.round_trip_ms <= 10_000.0) {
            faults.push(format!("round_trip_ms = {}: a round trip takes 0 to 10000 ms", self.round_trip_ms));
        }
        faults
    }
}

fn of_rules(key: &str, rules: &BTreeMap<String, RuleSettings>) -> Vec<String> {
    let mut faults = Vec::new();
    for (id, set) in rules {
        if !RULES.iter().any(|rule| rule.id == *id) {
            faults.push(format!("{key}.{id}: there is no such rule; a report lists them all"));
        }
        if let Some(weight) = set.weight.filter(|weight| !(*weight >= 0.0 && *weight <= 10.0)) {
            faults.push(format!("{key}.{id}.weight = {weight}: a weight lies between 0 and 10"));
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Override;

    #[test]
    fn the_defaults_make_sense_and_nonsense_is_named() {
        assert_eq!(Settings::default().faults(), Vec::<String>::new());
        let glob = |text: &str| Override { handlers: vec![text.to_owned()], ..Override::default() };
        let nonsense = Settings {
            leave_score: 1.0,
            round_trip_ms: -1.0,
            overrides: vec![Override::default(), glob("{a,b")],
            ..Settings::default()
        };
        let said = nonsense.faults();
        let begins = [
            "overrides[0].handlers is empty",
            "overrides[1].handlers: ",
            "leave_score = 1",
            "round_trip_ms = -1",
        ];
        assert_eq!(said.len(), begins.len(), "{said:#?}");
        for (said, begin) in said.iter().zip(begins) {
            assert!(said.starts_with(begin), "{said}");
        }
    }
}

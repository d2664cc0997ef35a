//! The configuration file: what it may hold, and reading it. Flags and environment win over it.

use std::path::Path;

use anyhow::Context;
use pointsman_advisor::{RuleSettings, Settings, rules::RULES};
use serde::Deserialize;

/// Everything that a configuration file may set; what is absent keeps its default.
#[derive(Clone, PartialEq, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Config {
    /// Where the daemon listens.
    pub serve: Serve,
    /// Thresholds of the judgement.
    pub advice: Settings,
}

/// Where the daemon listens; `off` switches one off.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Serve {
    /// OTLP over gRPC.
    pub otlp_grpc: String,
    /// OTLP over HTTP.
    pub otlp_http: String,
    /// Pages, API and metrics.
    pub listen: String,
    /// How often the report on the page is made anew, s.
    pub advise_every_s: u64,
}

impl Default for Serve {
    fn default() -> Self {
        Self {
            otlp_grpc: "127.0.0.1:4317".to_owned(),
            otlp_http: "127.0.0.1:4318".to_owned(),
            listen: "127.0.0.1:4400".to_owned(),
            advise_every_s: 60,
        }
    }
}

/// Reads the file; without one everything has its default.
pub(crate) fn load(path: Option<&Path>) -> anyhow::Result<Config> {
    let Some(path) = path else { return Ok(Config::default()) };
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("cannot read the configuration {}", path.display()))?;
    let config: Config =
        toml::from_str(&text).with_context(|| format!("in the configuration {}", path.display()))?;
    let faults = faults(&config);
    anyhow::ensure!(faults.is_empty(), "in the configuration {}: {}", path.display(), faults.join("; "));
    Ok(config)
}

/// Values that parse and make no sense.
fn faults(config: &Config) -> Vec<String> {
    let advice = &config.advice;
    let mut faults = Vec::new();
    for id in advice.rules.keys().filter(|id| !RULES.iter().any(|rule| rule.id == **id)) {
        faults.push(format!("advice.rules.{id}: there is no such rule; a report lists them all"));
    }
    let shares =
        [("min_callers_known", Some(advice.min_callers_known)), ("sampling_ratio", advice.sampling_ratio)];
    for (key, value) in shares {
        if let Some(value) = value.filter(|value| !(*value > 0.0 && *value <= 1.0)) {
            faults.push(format!("advice.{key} = {value}: it is a share, above 0 and at most 1"));
        }
    }
    if advice.leave_score > advice.enter_score {
        let (leave, enter) = (advice.leave_score, advice.enter_score);
        faults.push(format!("advice.leave_score = {leave}: it cannot be above enter_score = {enter}"));
    }
    let weights = |(id, rule): (&String, &RuleSettings)| {
        let weight = rule.weight.filter(|weight| !(*weight >= 0.0 && *weight <= 10.0))?;
        Some(format!("advice.rules.{id}.weight = {weight}: a weight lies between 0 and 10"))
    };
    faults.extend(advice.rules.iter().filter_map(weights));
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_with_faults_names_each_of_them() {
        let config: Config = toml::from_str(
            "[advice]\nsampling_ratio = 2.0\nleave_score = 1.0\n[advice.rules.no-such-rule]\nweight = 1.0\n\
             [advice.rules.action-poll]\nweight = -1.0",
        )
        .unwrap();
        let said = faults(&config);
        assert_eq!(said.len(), 4, "{said:?}");
    }

    #[test]
    fn an_unknown_key_is_refused() {
        assert!(toml::from_str::<Config>("[advice]\nmin_call_for_move = 3").is_err());
    }
}

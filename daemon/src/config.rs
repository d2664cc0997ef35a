//! The configuration file: what it may hold, and reading it. Flags and environment win over it.

mod check;
mod check_budgets;
mod email;
mod environment;
mod flags;
mod logs;
mod mcp;
mod metrics;
mod otlp;
mod pages;
mod policy;
mod recommendations;
#[cfg(test)]
mod reference;
mod reload;
mod renamed;
mod reports;
mod retention;
pub(crate) mod secrets;
mod source_code;
mod store;

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;

use pointsman_advisor::Settings;
use pointsman_advisor::life::Policy;
use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use crate::cli::ServeOptions;

pub(crate) use check::check;
pub(crate) use check_budgets::CheckSettings;
pub(crate) use email::{Email, Encryption};
use environment::Override;
pub(crate) use logs::{LogFormat, Logs, Telemetry};
pub(crate) use mcp::Mcp;
pub(crate) use metrics::Scraped;
pub(crate) use otlp::{Otlp, Receivers, TOKENS_VARIABLE};
pub(crate) use pages::{Keys, Pages};
pub(crate) use recommendations::Recommendations;
pub(crate) use reload::{Current, InForce};
pub(crate) use reports::{FOLDER, Grafana, Reports, Schedule, Webhook, WebhookFormat};
pub(crate) use retention::Retention;
pub(crate) use secrets::{awaited_secret, hash_secret, settle, shared_secret, telemetry_token};
pub(crate) use source_code::SourceCode;
pub(crate) use store::StoreSettings;

/// Everything that a configuration file may set; what is absent keeps its default.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Config {
    /// Where the daemon listens.
    pub serve: Serve,
    /// How OTLP is received.
    pub otlp: Otlp,
    /// Who may see the pages.
    pub pages: Pages,
    /// What coding agents may ask.
    pub mcp: Mcp,
    /// Thresholds of the judgement.
    pub advice: Settings,
    /// How the advice is kept steady.
    pub recommendations: Recommendations,
    /// When reports are published, and where they go.
    pub reports: Reports,
    /// Where the app's source is.
    pub source: SourceCode,
    /// What a check allows.
    pub check: CheckSettings,
    /// What the app's team has decided: the policies of the file that is named first, then those in here.
    #[serde(skip)]
    pub policies: Vec<Policy>,
    /// Old names that were used, each with its new one.
    #[serde(skip)]
    pub old_names: Vec<String>,
    /// How long and how much is kept.
    pub retention: Retention,
    /// How a PostgreSQL server is connected to.
    pub store: StoreSettings,
    /// How the log is written.
    pub logs: Logs,
    /// Where the daemon's own traces go.
    pub telemetry: Telemetry,
    /// What `/metrics` reports about the observed apps.
    pub metrics: Scraped,
}

/// Where the daemon listens; `off` switches one off.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Serve {
    /// OTLP over gRPC.
    pub otlp_grpc: String,
    /// OTLP over HTTP.
    pub otlp_http: String,
    /// Pages, API and metrics.
    pub listen: String,
    /// How often the report on the pages is updated, s.
    pub advice_interval_s: u64,
    /// Shutdown timeout, all stages together, s.
    pub shutdown_timeout_s: u64,
}

impl Default for Serve {
    fn default() -> Self {
        Self {
            otlp_grpc: "127.0.0.1:4317".to_owned(),
            otlp_http: "127.0.0.1:4318".to_owned(),
            listen: "127.0.0.1:4400".to_owned(),
            advice_interval_s: 60,
            shutdown_timeout_s: 25,
        }
    }
}

impl Serve {
    /// Every address on which the daemon listens.
    fn listening(&self, pages: &Pages) -> Vec<SocketAddr> {
        let all = [&self.otlp_grpc, &self.otlp_http, &self.listen, &pages.metrics_listen];
        all.into_iter().filter_map(|text| address(text).ok().flatten()).collect()
    }
}

/// An address to listen on, or nothing for `off`.
pub(crate) fn address(text: &str) -> Result<Option<SocketAddr>, &'static str> {
    if text == "off" {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| "not a valid address; write IP:PORT as in 127.0.0.1:4318, or off")
}

/// Where the configuration comes from.
#[derive(Clone, Debug, Default)]
pub(crate) struct Source {
    /// The file that `--config` names.
    pub file: Option<PathBuf>,
    /// The file of policies that a flag names.
    pub policies: Option<PathBuf>,
    /// Flags of `serve`, and the variables that stand for them.
    pub flags: ServeOptions,
}

/// Everything that is wrong, each thing with its place; nothing when all is well.
pub(crate) type Faults = Vec<String>;

/// Reads file, environment and policies; without them everything has its default. All faults are told at once, in one line.
pub(crate) fn load(source: &Source) -> anyhow::Result<Config> {
    let (config, faults) = read(source, std::env::vars_os());
    anyhow::ensure!(faults.is_empty(), "{}", faults.join("; "));
    Ok(config)
}

/// The same with its faults, and as far as it can be read; `variables` is the environment.
pub(crate) fn read(
    source: &Source,
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> (Config, Faults) {
    let mut faults = Faults::new();
    let text = source.file.as_deref().map(|path| {
        let text = std::fs::read_to_string(path);
        text.map_err(|error| {
            format!("cannot read the configuration {} that --config names: {error}", path.display())
        })
    });
    let text = text.transpose().unwrap_or_else(|fault| {
        faults.push(fault);
        None
    });
    let (overrides, misfits) = environment::overrides(variables);
    let (mut config, said) = parse(text.as_deref().unwrap_or_default(), overrides);
    let place = source.file.as_ref().map(|path| format!("in the configuration {}: ", path.display()));
    let place = place.unwrap_or_default();
    faults.extend(said.into_iter().map(|fault| format!("{place}{fault}")));
    faults.extend(misfits.into_iter().map(|fault| format!("in the environment: {fault}")));
    flags::prefer(source.flags.clone(), &mut config);
    faults.extend(self::faults(&config));
    if let Some(file) = source.policies.clone().or_else(|| config.recommendations.policy_file.clone()) {
        let (policies, said) = policy::load(&file);
        config.policies.splice(0..0, policies);
        faults.extend(said);
    }
    (config, faults)
}

/// What the text sets, and what is set over it; and everything that does not fit.
fn parse(text: &str, overrides: Vec<Override>) -> (Config, Faults) {
    let mut table: Table = match toml::from_str(text) {
        Ok(table) => table,
        Err(error) => return (Config::default(), vec![syntax_fault(text, &error)]),
    };
    let (policies, mut faults) = table.remove("policy").map(policy::read).unwrap_or_default();
    // Each key is tried alone, because reading stops at the first key that does not fit.
    let mut fitting = Table::new();
    let (leaves, mut old_names) = with_new_names(leaves(&[], table), &mut faults);
    for (path, value) in leaves {
        match (nested(&path, value.clone()).try_into::<Config>(), value) {
            (Ok(_), value) => insert(&mut fitting, &path, value),
            (Err(_), Value::Array(tables)) if tables.iter().all(Value::is_table) => {
                let (fit, said) = each_alone(&path, tables);
                insert(&mut fitting, &path, Value::Array(fit));
                faults.extend(said);
            }
            (Err(error), _) => faults.push(format!("{}: {}", path.join("."), one_line(error.message()))),
        }
    }
    for Override { path, value, old_name } in overrides {
        insert(&mut fitting, &path, value);
        old_names.extend(old_name);
    }
    match fitting.try_into::<Config>() {
        Ok(config) => (Config { policies, old_names, ..config }, faults),
        Err(error) => {
            faults.push(one_line(error.message()));
            (Config::default(), faults)
        }
    }
}

/// Values under the new names of their keys, and what to say of old ones. A key that is set under both is a fault.
fn with_new_names(
    all: Vec<(Vec<String>, Value)>,
    faults: &mut Faults,
) -> (Vec<(Vec<String>, Value)>, Vec<String>) {
    let set: Vec<Vec<String>> = all.iter().map(|(path, _)| path.clone()).collect();
    let mut old_names = Vec::new();
    let renamed = all.into_iter().filter_map(|(path, value)| {
        let Some(new) = renamed::new_path(&path) else { return Some((path, value)) };
        let (old, name) = (path.join("."), new.join("."));
        if set.contains(&new) {
            faults.push(format!("{old}: it was renamed to {name}, which is set too: remove it"));
            return None;
        }
        old_names.push(renamed::warning(&old, &name));
        Some((new, value))
    });
    (renamed.collect(), old_names)
}

/// The tables of a list that can be read, and what is wrong with the others.
fn each_alone(path: &[String], tables: Vec<Value>) -> (Vec<Value>, Vec<String>) {
    let (mut fit, mut faults) = (Vec::new(), Vec::new());
    for (number, table) in (1..).zip(tables) {
        match nested(path, Value::Array(vec![table.clone()])).try_into::<Config>() {
            Ok(_) => fit.push(table),
            Err(error) => {
                faults.push(format!("{} {number}: {}", path.join("."), one_line(error.message())));
            }
        }
    }
    (fit, faults)
}

fn syntax_fault(text: &str, error: &toml::de::Error) -> String {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    format!("line {}: {}", before.matches('\n').count() + 1, one_line(error.message()))
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Every value of the file with the keys that lead to it.
fn leaves(path: &[String], table: Table) -> Vec<(Vec<String>, Value)> {
    let mut found = Vec::new();
    for (key, value) in table {
        let path = [path, &[key]].concat();
        match value {
            Value::Table(inner) if !inner.is_empty() => found.extend(leaves(&path, inner)),
            value => found.push((path, value)),
        }
    }
    found
}

/// A table with nothing in it but this value, under these keys.
fn nested(path: &[String], value: Value) -> Table {
    let mut table = Table::new();
    insert(&mut table, path, value);
    table
}

fn insert(table: &mut Table, path: &[String], value: Value) {
    match path {
        [] => {}
        [key] => {
            table.insert(key.clone(), value);
        }
        [key, rest @ ..] => {
            let inner = table.entry(key.as_str()).or_insert_with(|| Value::Table(Table::new()));
            if let Value::Table(inner) = inner {
                insert(inner, rest, value);
            }
        }
    }
}

/// Values that parse and make no sense.
fn faults(config: &Config) -> Vec<String> {
    let serve = &config.serve;
    let mut faults = config.otlp.faults();
    let addresses =
        [("otlp_grpc", &serve.otlp_grpc), ("otlp_http", &serve.otlp_http), ("listen", &serve.listen)];
    for (key, text) in addresses {
        if let Err(fault) = address(text) {
            faults.push(format!("serve.{key} = {text}: {fault}"));
        }
    }
    if serve.advice_interval_s == 0 {
        faults.push("serve.advice_interval_s = 0: write how many seconds, at least 1".to_owned());
    }
    if serve.shutdown_timeout_s == 0 {
        faults.push("serve.shutdown_timeout_s = 0: write how many seconds, at least 1".to_owned());
    }
    faults.extend(config.pages.faults());
    faults.extend(config.reports.faults());
    faults.extend(config.retention.faults());
    faults.extend(config.store.faults());
    faults.extend(config.logs.faults());
    faults.extend(config.telemetry.faults(&serve.listening(&config.pages)));
    faults.extend(config.metrics.faults());
    faults.extend(config.check.faults());
    faults.extend(config.advice.faults().into_iter().map(|fault| format!("advice.{fault}")));
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> (Config, Faults) {
        let (config, mut faults) = super::parse(text, Vec::new());
        faults.extend(super::faults(&config));
        (config, faults)
    }

    #[test]
    fn a_file_with_faults_names_each_of_them() {
        let (config, said) = parse(
            "no_section = 1\n[serve]\nlisten = \"here\"\nadvice_interval_s = 0\n[advice]\nsampling_ratio = 2.0\n\
             enter_score = -1.0\nmin_call_for_move = 3\nmin_days_for_move = \"many\"\nmin_gain_ms = 5.0\n\
             [advice.rules.no-such-rule]\nweight = 1.0\n[advice.rules.action-poll]\nweight = -1.0\nwait = 1\n\
             [recommendations]\nrun_at = \"06:30\"\n[[policy]]\nhandlers = [\"/api/**\"]\nkeep = \"route\"",
        );
        let begins = [
            "no_section: unknown field",
            "advice.min_call_for_move: unknown field `min_call_for_move`, expected one of `min_calls_for_move`",
            "advice.min_days_for_move: invalid type: string \"many\"",
            "advice.rules.action-poll.wait: unknown field",
            "serve.listen = here: not a valid address",
            "serve.advice_interval_s = 0",
            "advice.rules.no-such-rule: there is no such rule",
            "advice.sampling_ratio = 2",
            "advice.enter_score = -1",
            "advice.rules.action-poll.weight = -1",
            "recommendations.run_at: `06:30` is not a full hour",
            "policy 1: reason is missing",
        ];
        for begin in begins {
            assert!(said.iter().any(|fault| fault.starts_with(begin)), "{begin}: {said:#?}");
        }
        assert_eq!(said.len(), begins.len(), "{said:#?}");
        assert!((config.advice.min_gain_ms - 5.0).abs() < f64::EPSILON);
    }

    #[test]
    fn each_table_of_a_list_is_told_by_its_number() {
        let hook = |name: &str, rest: &str| format!("[[reports.webhook]]\nname = \"{name}\"\n{rest}\n");
        let url = "url = \"https://example.com/\"";
        let text = [
            hook("a", url),
            hook("b", ""),
            hook("c", "url = \"x:y\""),
            hook("d", &format!("{url}\nextra = 1")),
        ];
        let (_, said) = parse(&text.concat());
        let begins = [
            "reports.webhook 2: missing field `url`",
            "reports.webhook 4: unknown field `extra`",
            "reports.webhook c: url: x is",
        ];
        for begin in begins {
            assert!(said.iter().any(|fault| fault.starts_with(begin)), "{begin}: {said:#?}");
        }
        assert_eq!(said.len(), begins.len(), "{said:#?}");
    }

    #[test]
    fn a_file_that_is_no_toml_is_told_by_its_line() {
        let (_, said) = parse("[serve]\nlisten = \"off\"\n[advice\n");
        assert_eq!(said.len(), 1);
        assert!(said[0].starts_with("line 3: "), "{said:?}");
    }

    #[test]
    fn a_file_without_faults_is_read_whole() {
        let (config, said) =
            parse("[serve]\nlisten = \"off\"\n[advice.rules.action-poll]\nweight = 0.5\n[advice]\n");
        assert_eq!(said, Vec::<String>::new());
        assert_eq!(
            (config.serve.listen.as_str(), config.advice.rules["action-poll"].weight),
            ("off", Some(0.5))
        );
    }

    #[test]
    fn the_documented_file_shows_the_keys_of_most_interest_with_their_defaults() {
        let shown = include_str!("../../docs/configuration.md").split("```toml\n").nth(1).unwrap();
        let (mut config, said) = parse(shown.split("```").next().unwrap());
        assert_eq!(said, Vec::<String>::new());
        // An example of a rule's settings, of which there are many.
        assert!(config.advice.rules.remove("mutate-then-refresh").is_some());
        assert_eq!(config, Config::default());
        let with_optional = shown.replace("\n# ", "\n");
        let (config, said) = parse(with_optional.split("```").next().unwrap());
        assert_eq!(said, Vec::<String>::new());
        assert!(config.otlp.tls_client_ca.is_some() && config.otlp.tokens_file.is_some());
        assert!(config.recommendations.policy_file.is_some());
        assert!(config.reports.folder.is_some());
        assert_eq!(config.reports.webhook.len(), 1);
    }
}

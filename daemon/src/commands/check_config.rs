//! `pointsman check-config`: everything that is wrong with the configuration, and the one in effect. Nothing is opened but the
//! files that it names.

use std::process::ExitCode;

use anyhow::Context;
use pointsman_store::Location;

use super::print;
use crate::config::{self, Config, Faults, Source};
use crate::publish;

/// What is wrong with the files that a configuration names.
pub(super) fn faults_of_files(config: &Config) -> Faults {
    let mut faults = config::check(config);
    faults.extend(publish::faults(&config.reports));
    faults
}

/// Tells all faults at once; 1 when there are any.
pub(crate) fn run(db: &Location, source: &Source, shows: bool) -> anyhow::Result<ExitCode> {
    let (config, mut faults) = config::read(source, std::env::vars_os());
    faults.extend(faults_of_files(&config));
    faults.extend(db.fault());
    if shows {
        let text = toml::to_string(&config).context("the configuration cannot be written as TOML")?;
        print(&text)?;
    }
    for old in &config.old_names {
        eprintln!("warning: {old}");
    }
    if faults.is_empty() {
        if !shows {
            print("the configuration is without faults\n")?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    for fault in &faults {
        eprintln!("{fault}");
    }
    eprintln!(
        "{}",
        if let [_] = faults.as_slice() { "1 fault".to_owned() } else { format!("{} faults", faults.len()) }
    );
    Ok(ExitCode::FAILURE)
}

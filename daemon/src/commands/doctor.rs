//! `pointsman doctor`: which telemetry arrives, which is missing, and how to get it.

use std::path::Path;
use std::process::ExitCode;

use super::{open_existing, print};
use crate::advise::Advisor;
use crate::cli::DoctorOptions;
use crate::config::Config;
use crate::render;

/// Prints the coverage of each service.
pub(crate) async fn run(db: &Path, options: DoctorOptions, config: &Config) -> anyhow::Result<ExitCode> {
    let store = open_existing(db).await?;
    let checkups = Advisor::new(&store, config).checkups(&options.view).await;
    let arrivals = store.arrivals().await;
    store.close().await;
    print(&render::checkup::text(&checkups?, &arrivals?))?;
    Ok(ExitCode::SUCCESS)
}

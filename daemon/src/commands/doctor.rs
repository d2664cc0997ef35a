//! `pointsman doctor`: which telemetry arrives, which is missing, and how to get it.

use std::path::Path;
use std::process::ExitCode;

use pointsman_store::{Arrivals, Location};

use super::{health, open_to_look, print};
use crate::advise::Advisor;
use crate::cli::DoctorOptions;
use crate::config::{self, Config};
use crate::render;
use crate::render::checkup::Remedy;
use crate::render::silence::{TurnedAway, endpoint, reasons};

/// Prints the coverage of each service.
pub(crate) async fn run(db: &Location, options: DoctorOptions, config: &Config) -> anyhow::Result<ExitCode> {
    let served = is_in_use(db);
    let store = open_to_look(db).await?;
    let checkups = Advisor::new(&store, config).checkups(&options.view).await;
    let arrivals = store.arrivals().await;
    store.close().await;
    let checkups = checkups?;
    let silence = silence(config, served, &arrivals?, !checkups.is_empty()).await?;
    print(&render::checkup::text(&checkups, &silence))?;
    Ok(ExitCode::SUCCESS)
}

/// Whether a daemon has the database open, as far as its files show: the one that answers may be another one's otherwise. Of a
/// server it is taken to be so.
pub(super) fn is_in_use(db: &Location) -> bool {
    let Some(file) = db.file() else { return true };
    let mut log = file.as_os_str().to_owned();
    log.push("-wal");
    Path::new(&log).exists()
}

/// What keeps telemetry away: what the database knows, and what the running daemon has turned away, if there is one and it answers.
pub(super) async fn silence(
    config: &Config,
    served: bool,
    came: &Arrivals,
    calls: bool,
) -> anyhow::Result<Vec<Remedy>> {
    let listen = config::address(&config.serve.listen).ok().flatten().filter(|_| served);
    let metrics = tokio::task::spawn_blocking(move || Some(health::metrics(listen?))).await?;
    let away = match metrics {
        Some(Ok(text)) => Some(TurnedAway::from_metrics(&text)),
        // It does not run, or shows its metrics to holders of a token only.
        Some(Err(_)) | None => None,
    };
    Ok(reasons(came, calls, away.as_ref(), endpoint(config).as_deref()))
}

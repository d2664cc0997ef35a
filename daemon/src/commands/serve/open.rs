//! Opening the database. One whose disk is full, or whose server is away, is waited for: senders are told to come again meanwhile,
//! and readers why the daemon is not ready. Whatever else is wrong with it ends the start.

use std::time::Duration;

use pointsman_collector::ingest::{Intake, Pipeline};
use pointsman_store::{Location, Store, StoreError, Trouble};
use tracing::{error, info};

use crate::config::settle;
use crate::web::Site;

/// How often it is looked whether that has passed.
const AGAIN: Duration = Duration::from_secs(2);
/// How often the log repeats why, in looks.
const REPEAT: u32 = 30;

/// A database and its pipeline.
pub(super) type Opened = (Store, Pipeline);

/// Opens them once.
pub(super) async fn open(db: &Location, intake: &Intake) -> Result<Opened, StoreError> {
    let store = Store::open(db).await?;
    if let Err(error) = settle(intake.secret(), &store).await {
        store.close().await;
        return Err(error);
    }
    match Pipeline::open(store.clone(), intake.clone()).await {
        Ok(pipeline) => Ok((store, pipeline)),
        Err(error) => {
            store.close().await;
            Err(error)
        }
    }
}

/// Says why nothing is stored yet, wherever that is asked for.
pub(super) fn tell_waiting(error: &StoreError, intake: &Intake, site: &Site) {
    error!(
        "{error}. The daemon runs and is not ready: senders are asked to retry; it looks again every {} s",
        AGAIN.as_secs()
    );
    let reason = match error {
        StoreError::Server { trouble: Trouble::Held, .. }
        | StoreError::Refused { trouble: Trouble::Held, .. } => "the database cannot be reached",
        _ => "the disk of the database is full",
    };
    intake.wait_because(reason);
    site.wait_because(&format!("{reason}; senders are asked to retry"));
}

/// Opens them when that has passed.
pub(super) async fn open_when_it_passes(
    db: &Location,
    intake: &Intake,
    site: &Site,
) -> Result<Opened, StoreError> {
    for look in 1_u32.. {
        tokio::time::sleep(AGAIN).await;
        match open(db, intake).await {
            Err(error) if error.may_pass(db) => {
                if look.is_multiple_of(REPEAT) {
                    tell_waiting(&error, intake, site);
                }
            }
            Err(error) => return Err(error),
            Ok(opened) => {
                info!("the database can be used again");
                return Ok(opened);
            }
        }
    }
    open(db, intake).await
}

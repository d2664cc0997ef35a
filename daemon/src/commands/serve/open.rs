//! Opening the database. One whose disk is full is waited for: senders are told to come again meanwhile, and readers why the
//! daemon is not ready. Whatever else is wrong with it ends the start.

use std::path::Path;
use std::time::Duration;

use pointsman_collector::ingest::{Intake, Pipeline};
use pointsman_store::{Store, StoreError};
use tracing::{error, info};

use crate::web::Site;

/// How often it is looked whether there is room again.
const AGAIN: Duration = Duration::from_secs(2);
/// How often the log repeats that there is none, in looks.
const REPEAT: u32 = 30;

/// A database and its pipeline.
pub(super) type Opened = (Store, Pipeline);

/// Opens them once.
pub(super) async fn open(db: &Path, intake: &Intake) -> Result<Opened, StoreError> {
    let store = Store::open(db).await?;
    match Pipeline::open(store.clone(), intake.clone()).await {
        Ok(pipeline) => Ok((store, pipeline)),
        Err(error) => {
            store.close().await;
            Err(error)
        }
    }
}

/// Says that the disk is full, wherever that is asked for.
pub(super) fn tell_full(error: &StoreError, intake: &Intake, site: &Site) {
    error!(
        "{error}. The daemon runs and is not ready: senders are asked to retry until there is room, which is looked for every \
         {} s",
        AGAIN.as_secs()
    );
    intake.wait_because("the disk of the database is full");
    site.wait_because("the disk of the database is full; senders are asked to retry");
}

/// Opens them when there is room on the disk again.
pub(super) async fn open_when_there_is_room(
    db: &Path,
    intake: &Intake,
    site: &Site,
) -> Result<Opened, StoreError> {
    for look in 1_u32.. {
        tokio::time::sleep(AGAIN).await;
        match open(db, intake).await {
            Err(error) if error.is_full_disk(db) => {
                if look.is_multiple_of(REPEAT) {
                    tell_full(&error, intake, site);
                }
            }
            Err(error) => return Err(error),
            Ok(opened) => {
                info!("there is room on the disk again");
                return Ok(opened);
            }
        }
    }
    open(db, intake).await
}

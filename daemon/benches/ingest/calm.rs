//! A tenth of what was reached when saturated: how long an acknowledgement takes when nothing queues. Batches come when
//! they are due, whether the last one was answered or not, and a batch's time counts from when it was due.

use std::sync::Arc;

use tokio::runtime::Runtime;

use crate::case::{self, Case};
use crate::load::daemon::Daemon;
use crate::load::drive::{Clock, Plan, Until, drive};
use crate::load::recorded::Recording;
use crate::setting::Setting;

/// The share of the saturated rate.
const SHARE: f64 = 0.1;

pub(crate) fn run(
    runtime: &Runtime,
    setting: &Setting,
    recordings: &Arc<Vec<Recording>>,
    cases: &[Case],
) -> anyhow::Result<()> {
    if cases.is_empty() {
        return Ok(());
    }
    println!("\nat a tenth of that\ncase                 spans/s   p50 ms   p99 ms");
    for case in cases {
        let folder = tempfile::tempdir_in(&setting.folder)?;
        let daemon = Daemon::start(&folder.path().join("bench.db"))?;
        let plan = Plan {
            transport: case.transport,
            compression: case.compression,
            until: Until::After(setting.duration),
            pace: Some(case.delivered.per_second() * SHARE),
            seed: 2,
            clock: Clock::Now,
        };
        let to = case::receiver(&daemon, case.transport);
        let delivered = runtime.block_on(drive(recordings, to, &plan))?;
        daemon.stop()?;
        let ms = |percent| delivered.percentile(percent).as_secs_f64() * 1e3;
        println!("{:<18} {:>9.0} {:>8.1} {:>8.1}", case.name, delivered.per_second(), ms(50), ms(99));
    }
    Ok(())
}

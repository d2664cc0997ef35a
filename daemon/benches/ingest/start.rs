//! What the daemon needs before anything comes: time until it is ready, and memory when it has nothing to do. How both
//! are with a large file is `bench-scale`'s business.

use std::time::Duration;

use crate::load::daemon::Daemon;
use crate::setting::Setting;

const STARTS: usize = 9;
const IDLE: Duration = Duration::from_secs(5);

pub(crate) fn run(setting: &Setting) -> anyhow::Result<()> {
    let mut starts = Vec::new();
    for _ in 0..STARTS {
        let folder = tempfile::tempdir_in(&setting.folder)?;
        let daemon = Daemon::start(&folder.path().join("bench.db"))?;
        starts.push(daemon.ready_after);
    }
    starts.sort_unstable();
    let folder = tempfile::tempdir_in(&setting.folder)?;
    let daemon = Daemon::start(&folder.path().join("bench.db"))?;
    std::thread::sleep(IDLE);
    let idle = daemon.usage()?;
    println!(
        "\nstart to ready on no file: {:.0} ms (median of {STARTS}, worst {:.0} ms); RSS after {IDLE:?} without load: \
         {:.1} MiB",
        starts[STARTS / 2].as_secs_f64() * 1e3,
        starts[STARTS - 1].as_secs_f64() * 1e3,
        idle.rss_bytes as f64 / f64::from(1 << 20),
    );
    Ok(())
}

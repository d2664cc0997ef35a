//! `pointsman recover`: what can be read of a damaged database, in a new file.

use std::path::Path;
use std::process::ExitCode;

use pointsman_collector::trace::trace_ids;
use pointsman_collector::wire::check_protobuf;
use pointsman_store::{Recovered, TraceId, recover};

use super::progress::Progress;
use super::{must_exist, print};
use crate::cli::RecoverOptions;

/// Saves, and says what was saved, what was not, and what to do next.
pub(crate) async fn run(db: &Path, options: &RecoverOptions) -> anyhow::Result<ExitCode> {
    must_exist(&db.into())?;
    let mut progress = Progress::new("reading", "pages");
    let recovered = recover(db, &options.out, &traces_in, &mut |done, all| progress.show(done, all)).await?;
    drop(progress);
    print(&text(db, &options.out, &recovered))?;
    Ok(ExitCode::SUCCESS)
}

/// The traces in a block; `None` when it is no OTLP.
fn traces_in(block: &[u8]) -> Option<Vec<TraceId>> {
    check_protobuf(block).ok().map(|()| trace_ids(block).collect())
}

fn text(db: &Path, out: &Path, recovered: &Recovered) -> String {
    let mut text = format!("{:<14}{:>12}{:>12}{:>18}\n", "table", "kept", "unreadable", "unreadable pages");
    for table in &recovered.tables {
        text += &format!("{:<14}{:>12}{:>12}{:>18}\n", table.name, table.kept, table.lost, table.lost_pages);
    }
    if recovered.lost_pages > 0 {
        text += &format!(
            "{} of {} pages cannot be read, and what was on them is unknown\n",
            recovered.lost_pages, recovered.pages
        );
    }
    text += if recovered.is_whole() {
        "\nnothing is missing, as far as this command can see\n"
    } else {
        "\nrows on unreadable pages cannot be counted; calls that were lost come back from the blocks that were \
         kept when the daemon starts\n"
    };
    text += &format!(
        "next: keep {old} until you are content, then start the daemon with --db {new}, or put {new} in its place\n\
         (move {old}-wal and {old}-shm away with it)\n",
        old = db.display(),
        new = out.display()
    );
    text
}

//! Saves what can be read of a damaged file into a new one. The damaged file is only read.
//!
//! SQLite itself stops at the first page on the way that is damaged; therefore the pages are read one by one, each row
//! is put into the table that it belongs to, and what follows from other rows (the index of blocks, figures, which hours
//! to count anew) is made anew. So a row is lost only when a page that holds a part of it is.

mod log;
mod pages;
mod records;
mod tables;
mod writer;

use std::path::Path;

use super::backup::{finish, unfinished};
use super::{Store, StoreError};
use crate::TraceId;
use pages::{Pages, Role};
use records::Content;
use tables::{Owner, Roots, Table};
use writer::Writer;

/// What became of one table.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RecoveredTable {
    /// Its name.
    pub name: &'static str,
    /// Rows that were saved.
    pub kept: u64,
    /// Rows that were there and could not be read. What stood on pages that are gone cannot be counted.
    pub lost: u64,
    /// Pages known to be of this table that could not be read.
    pub lost_pages: u64,
}

/// What became of a damaged file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Recovered {
    /// Table by table.
    pub tables: Vec<RecoveredTable>,
    /// Pages of the file.
    pub pages: u64,
    /// Pages that could not be read and of which nobody knows what they held.
    pub lost_pages: u64,
}

impl Recovered {
    /// Whether everything was there.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.lost_pages == 0 && self.tables.iter().all(|table| table.lost == 0 && table.lost_pages == 0)
    }
}

/// Reads the damaged file `from` and writes what is sound to the new file `to`. No daemon may be writing to `from`.
///
/// `traces_in` reads a block and says which traces are in it; `None` says that it is no block. `progress` is told the
/// pages read and the pages there are. When something was lost, all Calls of the blocks that are left are made anew by
/// the next `serve`.
///
/// # Errors
/// When `from` cannot be opened, or `to` exists or cannot be written; then no new file stays.
pub async fn recover(
    from: &Path,
    to: &Path,
    traces_in: &(dyn Fn(&[u8]) -> Option<Vec<TraceId>> + Sync),
    progress: &mut (dyn FnMut(u64, u64) + Send),
) -> Result<Recovered, StoreError> {
    let fail = |reason: String| StoreError::Recover { path: to.to_owned(), reason };
    let growing = unfinished(to);
    for path in [to, &growing] {
        if path.exists() {
            return Err(fail(format!("{} exists already; remove it or name another file", path.display())));
        }
    }
    let pages =
        Pages::open(from).map_err(|error| fail(format!("{} cannot be read: {error}", from.display())))?;
    let store = Store::open(&growing).await?;
    let saved = save(&store, &pages, traces_in, progress).await;
    store.close().await;
    let finished = match saved {
        Ok(recovered) => finish(&growing, to).map(|_| recovered).map_err(|error| fail(error.to_string())),
        Err(error) => Err(error),
    };
    if finished.is_err() {
        let _ = std::fs::remove_file(&growing);
        let _ = std::fs::remove_file(super::space::log_of(&growing));
    }
    finished
}

async fn save(
    store: &Store,
    pages: &Pages,
    traces_in: &(dyn Fn(&[u8]) -> Option<Vec<TraceId>> + Sync),
    progress: &mut (dyn FnMut(u64, u64) + Send),
) -> Result<Recovered, StoreError> {
    let tables = tables::of(&store.writer).await?;
    let roots = Roots::read(pages, &tables);
    let mut tally = Tally::new(&tables);
    let mut writer = Writer::new(store, &tables, traces_in);
    // First the pages that are known to be in use: where an old state of a row turns up elsewhere, the newer one is there
    // already.
    for known in [true, false] {
        for page in 1..=pages.count {
            if matches!(pages.role(page), Role::Tree { .. }) == known && pages.role(page).may_hold_rows() {
                let owner = roots.owner(pages, page);
                for (table, row) in rows(pages, page, owner, &tables, &mut tally) {
                    writer.add(table, row);
                }
                writer.write_when_full().await?;
            }
            if page % 64 == 0 && known {
                progress(u64::from(page), u64::from(pages.count));
            }
        }
    }
    let written = writer.finish().await?;
    progress(u64::from(pages.count), u64::from(pages.count));
    let mut recovered = tally.recovered;
    recovered.pages = u64::from(pages.count);
    for (table, (kept, refused)) in recovered.tables.iter_mut().zip(written) {
        table.kept += kept;
        table.lost += refused;
    }
    writer::make_anew(store, !recovered.is_whole()).await?;
    Ok(recovered)
}

impl Role {
    fn may_hold_rows(self) -> bool {
        matches!(self, Self::Tree { .. } | Self::Unknown)
    }
}

/// The rows of a page with the places of their tables; what cannot be read is counted.
fn rows(
    pages: &Pages,
    page: u32,
    owner: Owner,
    tables: &[Table],
    tally: &mut Tally,
) -> Vec<(usize, Vec<records::Value>)> {
    // Only the map says that a page must hold rows; of others nobody knows.
    let must = matches!(pages.role(page), Role::Tree { .. });
    let content = pages.read(page).map(|bytes| records::read(pages, page, &bytes));
    let (found, lost) = match content {
        Some(Content::Inner) => return Vec::new(),
        Some(Content::Rows(found, lost)) => (found, lost),
        None | Some(Content::Nothing) => {
            if must || pages.read(page).is_none() {
                tally.lose_page(owner);
            }
            return Vec::new();
        }
    };
    let mut assigned = Vec::with_capacity(found.len());
    let mut unfit = 0;
    for record in &found {
        match tables::assign(tables, owner, record) {
            Some(row) => assigned.push(row),
            None => unfit += 1,
        }
    }
    tally.lose_rows(owner, lost + unfit);
    assigned
}

struct Tally {
    recovered: Recovered,
}

impl Tally {
    fn new(tables: &[Table]) -> Self {
        let table = |table: &Table| RecoveredTable { name: table.name, kept: 0, lost: 0, lost_pages: 0 };
        let tables = tables.iter().map(table).collect();
        Self { recovered: Recovered { tables, pages: 0, lost_pages: 0 } }
    }

    fn lose_page(&mut self, owner: Owner) {
        match owner {
            Owner::Table(index) => self.recovered.tables[index].lost_pages += 1,
            // An index is made anew: nothing is lost with it.
            Owner::NotSaved => {}
            Owner::Untold => self.recovered.lost_pages += 1,
        }
    }

    fn lose_rows(&mut self, owner: Owner, rows: u64) {
        if let Owner::Table(index) = owner {
            self.recovered.tables[index].lost += rows;
        }
    }
}

//! Inserting many rows with few statements: rows go in pieces of a few sizes, so that there are as few statements a
//! table, which stay prepared. One statement a row costs a round trip to the connection's thread each time.

use std::sync::LazyLock;

use sqlx::query::Query;
use sqlx::sqlite::SqliteArguments;
use sqlx::{AssertSqlSafe, Sqlite, SqliteConnection};

/// Rows in one statement, largest first. The largest times the columns of the widest table is well below SQLite's
/// limit of 32,766 parameters.
const SIZES: [usize; 5] = [256, 64, 16, 4, 1];

/// The statements that insert rows into a table.
pub(super) struct Insert(LazyLock<[String; SIZES.len()], fn() -> [String; SIZES.len()]>);

/// A statement whose values are being bound.
pub(super) type Bound<'q> = Query<'q, Sqlite, SqliteArguments>;

impl Insert {
    /// `build` makes the statements with [`statements`].
    pub(super) const fn new(build: fn() -> [String; SIZES.len()]) -> Self {
        Self(LazyLock::new(build))
    }

    /// Inserts rows; `bind` binds one of them. Returns the last row's number in the table.
    pub(super) async fn rows<'q, T>(
        &'static self,
        tx: &mut SqliteConnection,
        rows: &'q [T],
        bind: impl Fn(Bound<'q>, &'q T) -> Bound<'q>,
    ) -> Result<i64, sqlx::Error> {
        let mut last = 0;
        let mut rest = rows;
        for (size, sql) in SIZES.into_iter().zip(&*self.0) {
            while let Some((piece, after)) = rest.split_at_checked(size) {
                rest = after;
                let query = piece.iter().fold(sqlx::query(AssertSqlSafe(sql.as_str())), &bind);
                last = query.execute(&mut *tx).await?.last_insert_rowid();
            }
        }
        Ok(last)
    }
}

/// `head`, as many rows of values as each size says, and `tail`.
pub(super) fn statements(head: &str, columns: usize, tail: &str) -> [String; SIZES.len()] {
    let row = format!("({})", vec!["?"; columns].join(", "));
    SIZES.map(|size| format!("{head} VALUES {} {tail}", vec![row.as_str(); size].join(", ")))
}

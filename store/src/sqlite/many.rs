//! Many rows with few statements: rows go in pieces whose sizes are powers of two, so that there are nine statements
//! for a purpose, which stay prepared. One statement a row costs a round trip to the connection's thread each time.

use std::sync::LazyLock;

use sqlx::query::Query;
use sqlx::sqlite::SqliteArguments;
use sqlx::{AssertSqlSafe, Sqlite, SqliteConnection};

/// Rows in one statement, largest first. The largest times the columns of the widest table is well below SQLite's
/// limit of 32,766 parameters.
const SIZES: [usize; 9] = [256, 128, 64, 32, 16, 8, 4, 2, 1];

/// The statements that do something with rows of values.
pub(super) struct Many(LazyLock<[String; SIZES.len()], fn() -> [String; SIZES.len()]>);

/// A statement whose values are being bound.
pub(super) type Bound<'q> = Query<'q, Sqlite, SqliteArguments>;

/// What was done.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct Done {
    /// The number of the last row that was inserted.
    pub(super) last: i64,
    /// Rows that were inserted, changed or removed.
    pub(super) rows: i64,
}

impl Many {
    /// `build` makes the statements with [`statements`] or [`any_of`].
    pub(super) const fn new(build: fn() -> [String; SIZES.len()]) -> Self {
        Self(LazyLock::new(build))
    }

    /// Does it; `bind` binds the values of a row.
    pub(super) async fn run<'q, T>(
        &'static self,
        tx: &mut SqliteConnection,
        rows: &'q [T],
        bind: impl Fn(Bound<'q>, &'q T) -> Bound<'q>,
    ) -> Result<Done, sqlx::Error> {
        let mut done = Done::default();
        let mut rest = rows;
        for (size, sql) in SIZES.into_iter().zip(&*self.0) {
            while let Some((piece, after)) = rest.split_at_checked(size) {
                rest = after;
                let query = piece.iter().fold(sqlx::query(AssertSqlSafe(sql.as_str())), &bind);
                let result = query.execute(&mut *tx).await?;
                done.last = result.last_insert_rowid();
                done.rows += result.rows_affected().cast_signed();
            }
        }
        Ok(done)
    }
}

/// `head`, as many rows of values as each size says, and `tail`.
pub(super) fn statements(head: &str, columns: usize, tail: &str) -> [String; SIZES.len()] {
    let row = format!("({})", vec!["?"; columns].join(", "));
    SIZES.map(|size| format!("{head} VALUES {} {tail}", vec![row.as_str(); size].join(", ")))
}

/// `head` and as many conditions as each size says, of which a row meets one. A list of keys behind `IN` would be
/// the same, but SQLite reads the whole table for it.
pub(super) fn any_of(head: &str, condition: &str) -> [String; SIZES.len()] {
    let condition = format!("({condition})");
    SIZES.map(|size| format!("{head} {}", vec![condition.as_str(); size].join(" OR ")))
}

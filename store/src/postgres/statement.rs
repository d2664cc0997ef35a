//! How statements are sent so that a pooler in transaction mode may stand between: nothing of a statement outlives its
//! transaction, so none is prepared under a name, and every statement runs in a transaction that was begun by `Store::write` or
//! `Store::read`.

use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::{Query, QueryScalar};
use sqlx::{AssertSqlSafe, Postgres, Row};

/// A statement whose values are being bound.
pub(super) type Statement<'q> = Query<'q, Postgres, PgArguments>;

/// A statement.
pub(super) fn query<'q>(sql: &'static str) -> Statement<'q> {
    sqlx::query(sql).persistent(false)
}

/// A statement that was put together from texts of this crate.
pub(super) fn made<'q>(sql: String) -> Statement<'q> {
    sqlx::query(AssertSqlSafe(sql)).persistent(false)
}

/// A statement that gives one value.
pub(super) fn scalar<'q, T>(sql: &'static str) -> QueryScalar<'q, Postgres, T, PgArguments>
where
    (T,): for<'r> sqlx::FromRow<'r, PgRow>,
{
    sqlx::query_scalar(sql).persistent(false)
}

/// A number that is never negative, from the signed one with the same bits.
pub(super) fn number(row: &PgRow, index: usize) -> Result<u64, sqlx::Error> {
    Ok(row.try_get::<i64, _>(index)?.cast_unsigned())
}

/// The same where there may be none.
pub(super) fn optional(row: &PgRow, index: usize) -> Result<Option<u64>, sqlx::Error> {
    Ok(row.try_get::<Option<i64>, _>(index)?.map(i64::cast_unsigned))
}

/// A text as PostgreSQL takes it: the character with the code 0, which it refuses, becomes the one for what cannot be shown.
pub(super) fn text(text: &str) -> std::borrow::Cow<'_, str> {
    if text.contains('\0') { text.replace('\0', "\u{fffd}").into() } else { text.into() }
}

/// Rows that a statement has inserted, changed or removed.
pub(super) fn count(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}

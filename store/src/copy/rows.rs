//! Reading rows of a table in the order of its key, and writing those that are not there yet.

use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{AssertSqlSafe, PgConnection, Postgres, Row, Sqlite, SqliteConnection};

use super::tables::{Column, Table};

/// Rows at a time: a row has up to 38 columns, and a statement of SQLite 32,766 values at most.
const ROWS: usize = 400;

/// What is in a row at a column.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Value {
    Number(Option<i64>),
    Flag(Option<bool>),
    Text(Option<String>),
    Bytes(Option<Vec<u8>>),
}

pub(super) type Values = Vec<Value>;

/// `?` of SQLite, `$1` of PostgreSQL.
fn places(on_server: bool, from: usize, count: usize) -> String {
    let place = |number: usize| if on_server { format!("${number}") } else { "?".to_owned() };
    (from..from + count).map(place).collect::<Vec<_>>().join(", ")
}

/// The statement that reads on after a key.
fn reading(table: &Table, on_server: bool, after: Option<&Values>) -> String {
    let keys = table.keys();
    let after =
        after.map_or_else(String::new, |_| format!("WHERE ({keys}) > ({})", places(on_server, 1, table.key)));
    format!("SELECT {} FROM {} {after} ORDER BY {keys} LIMIT {ROWS}", table.selected(on_server), table.name)
}

fn writing(table: &Table, on_server: bool, rows: usize) -> String {
    let width = table.columns.len();
    let rows = (0..rows).map(|row| format!("({})", places(on_server, row * width + 1, width)));
    let rows: Vec<String> = rows.collect();
    format!(
        "INSERT INTO {} ({}) VALUES {} ON CONFLICT DO NOTHING",
        table.name,
        table.names(),
        rows.join(", ")
    )
}

fn bind_sqlite(
    query: Query<'_, Sqlite, SqliteArguments>,
    value: Value,
) -> Query<'_, Sqlite, SqliteArguments> {
    match value {
        Value::Number(value) => query.bind(value),
        Value::Flag(value) => query.bind(value),
        Value::Text(value) => query.bind(value),
        Value::Bytes(value) => query.bind(value),
    }
}

fn bind_postgres(query: Query<'_, Postgres, PgArguments>, value: Value) -> Query<'_, Postgres, PgArguments> {
    match value {
        Value::Number(value) => query.bind(value),
        Value::Flag(value) => query.bind(value),
        Value::Text(value) => query.bind(value.map(|text| text.replace('\0', "\u{fffd}"))),
        Value::Bytes(value) => query.bind(value),
    }
}

fn of_sqlite(row: &SqliteRow, table: &Table) -> Result<Values, sqlx::Error> {
    let value = |(index, (_, column)): (usize, &(&str, Column))| {
        Ok(match column {
            Column::Number => Value::Number(row.try_get(index)?),
            Column::Flag => Value::Flag(row.try_get(index)?),
            Column::Text => Value::Text(row.try_get(index)?),
            Column::Bytes => Value::Bytes(row.try_get(index)?),
        })
    };
    table.columns.iter().enumerate().map(value).collect()
}

fn of_postgres(row: &PgRow, table: &Table) -> Result<Values, sqlx::Error> {
    let value = |(index, (_, column)): (usize, &(&str, Column))| {
        Ok(match column {
            Column::Number => Value::Number(row.try_get(index)?),
            Column::Flag => Value::Flag(row.try_get(index)?),
            Column::Text => Value::Text(row.try_get(index)?),
            Column::Bytes => Value::Bytes(row.try_get(index)?),
        })
    };
    table.columns.iter().enumerate().map(value).collect()
}

/// The next rows of a file after a key.
pub(super) async fn read_file(
    from: &mut SqliteConnection,
    table: &Table,
    after: Option<&Values>,
) -> Result<Vec<Values>, sqlx::Error> {
    let mut query = sqlx::query(AssertSqlSafe(reading(table, false, after)));
    for value in after.into_iter().flatten().take(table.key) {
        query = bind_sqlite(query, value.clone());
    }
    query.fetch_all(from).await?.iter().map(|row| of_sqlite(row, table)).collect()
}

/// The next rows of a server after a key.
pub(super) async fn read_server(
    from: &mut PgConnection,
    table: &Table,
    after: Option<&Values>,
) -> Result<Vec<Values>, sqlx::Error> {
    let mut query = sqlx::query(AssertSqlSafe(reading(table, true, after))).persistent(false);
    for value in after.into_iter().flatten().take(table.key) {
        query = bind_postgres(query, value.clone());
    }
    query.fetch_all(from).await?.iter().map(|row| of_postgres(row, table)).collect()
}

/// Writes rows into a file; those whose keys are there stay as they are.
pub(super) async fn write_file(
    to: &mut SqliteConnection,
    table: &Table,
    rows: Vec<Values>,
) -> Result<(), sqlx::Error> {
    let mut query = sqlx::query(AssertSqlSafe(writing(table, false, rows.len())));
    for value in rows.into_iter().flatten() {
        query = bind_sqlite(query, value);
    }
    query.execute(to).await?;
    Ok(())
}

/// The same of a server.
pub(super) async fn write_server(
    to: &mut PgConnection,
    table: &Table,
    rows: Vec<Values>,
) -> Result<(), sqlx::Error> {
    let mut query = sqlx::query(AssertSqlSafe(writing(table, true, rows.len()))).persistent(false);
    for value in rows.into_iter().flatten() {
        query = bind_postgres(query, value);
    }
    query.execute(to).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::tables::TABLES;
    use super::*;

    #[test]
    fn statements_are_those_of_each_backend() {
        let rollups = TABLES.iter().find(|table| table.name == "rollups").unwrap();
        let key = vec![Value::Number(Some(1)), Value::Number(Some(2)), Value::Bytes(None)];
        assert_eq!(
            reading(rollups, true, Some(&key)),
            "SELECT handler::bigint, hour::bigint, payload FROM rollups WHERE (handler, hour) > ($1, $2) \
             ORDER BY handler, hour LIMIT 400"
        );
        assert_eq!(
            writing(rollups, false, 2),
            "INSERT INTO rollups (handler, hour, payload) VALUES (?, ?, ?), (?, ?, ?) ON CONFLICT DO NOTHING"
        );
    }
}

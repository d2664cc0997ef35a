//! Which table a row belongs to: by the tree its page is in where the damaged file still tells, else by its shape,
//! which is that of one table only.

use std::collections::HashMap;

use sqlx::{Row, SqlitePool};

use super::pages::{Pages, number};
use super::records::{self, Content, Record, Value};
use crate::ArrivalKind;

/// What is saved, in the order in which it is told. The index of blocks is made anew from the blocks.
const SAVED: [&str; 18] = [
    "blocks",
    "handlers",
    "calls",
    "app_facts",
    "rollups",
    "dirty_hours",
    "closed_hours",
    "extraction",
    "advice_revisions",
    "advice_runs",
    "standing_verdicts",
    "recommendations",
    "recommendation_changes",
    "changes",
    "published_reports",
    "report_deliveries",
    "arrivals",
    "sources",
];

/// Columns that came with a later version than their table.
const ADDED: [(&str, &str); 13] = [
    ("calls", "database_ns"),
    ("calls", "outgoing_ns"),
    ("calls", "child_ns"),
    ("calls", "writes"),
    ("calls", "body_ns"),
    ("calls", "network"),
    ("calls", "use_cache_hits"),
    ("calls", "use_cache_misses"),
    ("calls", "use_cache_fills"),
    ("handlers", "operation"),
    ("calls", "unknown_action"),
    ("recommendations", "change"),
    ("dirty_hours", "counted"),
];

/// Rows of these look alike (a name and a number): without the tree they are not told apart.
const ALIKE: [&str; 3] = ["closed_hours", "extraction", "arrivals"];

/// A table of the new file.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) name: &'static str,
    pub(super) columns: Vec<Column>,
}

#[derive(Debug)]
pub(super) struct Column {
    pub(super) name: String,
    kind: String,
    nullable: bool,
    /// Stands for the row number, which a row does not repeat.
    is_rowid: bool,
    /// It came with a later version: older rows do not have it.
    is_added: bool,
}

/// What a page of the damaged file holds rows of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Owner {
    /// The table with this place in the list.
    Table(usize),
    /// Something that is not saved: an index, bookkeeping.
    NotSaved,
    /// Each row has to tell by itself.
    Untold,
}

/// The tables of a new file, their columns in the order in which rows hold them.
pub(super) async fn of(pool: &SqlitePool) -> Result<Vec<Table>, sqlx::Error> {
    let mut tables = Vec::new();
    for name in SAVED {
        let without_rowid: bool = sqlx::query_scalar("SELECT wr FROM pragma_table_list WHERE name = ?")
            .bind(name)
            .fetch_one(pool)
            .await?;
        let order = if without_rowid { "ORDER BY pk = 0, pk, cid" } else { "ORDER BY cid" };
        let sql = format!("SELECT name, type, \"notnull\", pk FROM pragma_table_info(?) {order}");
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(name).fetch_all(pool).await?;
        let column = |row: &sqlx::sqlite::SqliteRow| {
            let (kind, is_key): (String, bool) = (row.try_get(1)?, row.try_get::<i64, _>(3)? > 0);
            let is_rowid = is_key && !without_rowid && kind == "INTEGER";
            let nullable = !row.try_get::<bool, _>(2)? && !is_key;
            let column: String = row.try_get(0)?;
            let is_added = ADDED.contains(&(name, column.as_str()));
            Ok(Column { name: column, kind, nullable, is_rowid, is_added })
        };
        let columns = rows.iter().map(column).collect::<Result<_, sqlx::Error>>()?;
        tables.push(Table { name, columns });
    }
    Ok(tables)
}

impl Table {
    /// The row with its number in place; `None` when it is no row of this table.
    pub(super) fn fit(&self, record: &Record) -> Option<Vec<Value>> {
        let missing = self.columns.get(record.values.len()..)?;
        // Rows from before a column was added end before it.
        if !missing.iter().all(|column| column.is_added) {
            return None;
        }
        let fits = |(column, value): (&Column, &Value)| match (value, column.kind.as_str()) {
            (Value::Null, _) if column.is_rowid => record.rowid.map(Value::Integer),
            (Value::Null, _) if column.nullable => Some(Value::Null),
            (Value::Integer(_), "INTEGER") if !column.is_rowid => Some(value.clone()),
            (Value::Text(_), "TEXT") | (Value::Blob(_), "BLOB") => Some(value.clone()),
            _ => None,
        };
        let told = self.columns.iter().zip(&record.values).map(fits);
        told.chain(missing.iter().map(|_| Some(Value::Null))).collect()
    }

    /// The place of a column in a row.
    pub(super) fn place(&self, column: &str) -> Option<usize> {
        self.columns.iter().position(|known| known.name == column)
    }
}

/// Whether a row that looks like several tables' names a kind of request: only `arrivals` does.
fn is_arrival(record: &Record) -> bool {
    let [Value::Text(kind), Value::Integer(_)] = record.values.as_slice() else { return false };
    ArrivalKind::ALL.iter().any(|known| known.as_str() == kind)
}

/// Finds the table of a row on a page.
pub(super) fn assign(tables: &[Table], owner: Owner, record: &Record) -> Option<(usize, Vec<Value>)> {
    let fit = |index: usize| Some((index, tables.get(index)?.fit(record)?));
    match owner {
        Owner::NotSaved => None,
        Owner::Table(index) => fit(index),
        Owner::Untold => {
            let told_apart = |index: &usize| match tables.get(*index).map(|table| table.name) {
                Some("arrivals") => is_arrival(record),
                Some(name) => !ALIKE.contains(&name),
                None => false,
            };
            (0..tables.len()).filter(told_apart).find_map(fit)
        }
    }
}

/// The tables by the roots of their trees, as far as the damaged file's own schema can be read.
#[derive(Debug, Default)]
pub(super) struct Roots(HashMap<u32, Owner>);

impl Roots {
    pub(super) fn read(pages: &Pages, tables: &[Table]) -> Self {
        let mut roots = HashMap::new();
        for record in schema(pages) {
            let [Value::Text(kind), Value::Text(name), _, Value::Integer(root), _] = record.values.as_slice()
            else {
                continue;
            };
            let saved = tables.iter().position(|table| kind == "table" && table.name == name);
            if let Ok(root) = u32::try_from(*root) {
                roots.insert(root, saved.map_or(Owner::NotSaved, Owner::Table));
            }
        }
        // The schema's own tree.
        roots.insert(1, Owner::NotSaved);
        Self(roots)
    }

    pub(super) fn owner(&self, pages: &Pages, page: u32) -> Owner {
        let root = pages.root_of(page);
        root.and_then(|root| self.0.get(&root).copied()).unwrap_or(Owner::Untold)
    }
}

/// The rows of the schema: on the first page, or on pages right below it.
fn schema(pages: &Pages) -> Vec<Record> {
    let Some(first) = pages.read(1) else { return Vec::new() };
    match records::read(pages, 1, &first) {
        Content::Rows(rows, _) => rows,
        Content::Nothing => Vec::new(),
        Content::Inner => {
            let cells = usize::from(u16::from_be_bytes([first[103], first[104]]));
            let pointer = |index: usize| {
                let at = 112 + 2 * index;
                Some(usize::from(u16::from_be_bytes([*first.get(at)?, *first.get(at + 1)?])))
            };
            let last = number(&first, 108);
            let children = (0..cells).filter_map(|index| number(&first, pointer(index)?)).chain(last);
            let rows = |page: u32| match records::read(pages, page, &pages.read(page)?) {
                Content::Rows(rows, _) => Some(rows),
                _ => None,
            };
            children.filter_map(rows).flatten().collect()
        }
    }
}

//! What the batches of a table did together, kept by commit.

use super::batch_ids::table_name;
use super::fault::Fault;
use super::handle::Store;
use super::numbers::{count, stored};
use super::transaction::table_id;
use rusqlite::{Connection, params};
use sluice_normalizer::{Report, TableName};
use sluice_pipeline::PortError;
use std::collections::BTreeMap;

/// What the committed batches of a table's generation did together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableTotals {
    /// The root table.
    pub table: TableName,
    /// The generation.
    pub generation: u32,
    /// Batches.
    pub batches: u64,
    /// Documents.
    pub documents: u64,
    /// Those rejected as a whole.
    pub rejected_documents: u64,
    /// Records, rejected ones included, those of wholly rejected documents not.
    pub records: u64,
    /// Rows by physical table, rejects not among them.
    pub rows: BTreeMap<String, u64>,
    /// Rejects by code.
    pub rejects: BTreeMap<String, u64>,
}

impl Store {
    /// The totals of the current generation of every table that has a committed batch in it, by
    /// name.
    ///
    /// # Errors
    /// [`PortError`].
    pub async fn totals(&self) -> Result<Vec<TableTotals>, PortError> {
        self.read("read the totals of all tables".to_owned(), |connection| totals(connection, None))
            .await
    }

    /// The totals of a table's current generation, none when no batch is committed in it.
    ///
    /// # Errors
    /// [`PortError`].
    pub async fn table_totals(&self, table: &TableName) -> Result<Option<TableTotals>, PortError> {
        let (what, table) = (format!("read the totals of {table}"), table.clone());
        let totals = self.read(what, move |connection| totals(connection, Some(&table))).await;
        totals.map(|mut totals| totals.pop())
    }
}

impl Store {
    /// Rejects by code of one generation of a table.
    ///
    /// # Errors
    /// [`PortError`].
    pub async fn rejects_of(
        &self,
        table: &TableName,
        generation: u32,
    ) -> Result<BTreeMap<String, u64>, PortError> {
        let (what, table) = (format!("read the rejects of {table}"), table.clone());
        self.read(what, move |connection| match table_id(connection, &table)? {
            None => Ok(BTreeMap::new()),
            Some(table) => rejects(connection, (table, generation.into())),
        })
        .await
    }
}

/// Marks the generations of a table as dropped that are neither current nor `kept`: their totals say
/// that no batch is committed, which [`is_whole`] tells from the truth.
pub(super) fn mark_dropped(
    connection: &Connection,
    table: i64,
    kept: Option<u32>,
) -> Result<(), Fault> {
    let marked = "UPDATE table_totals
        SET batches = 0, documents = 0, rejected_documents = 0, records = 0
        WHERE table_id = ?1 AND batches > 0 AND generation IS NOT ?2
            AND generation <> (SELECT generation FROM tables WHERE id = ?1)";
    if connection.prepare_cached(marked)?.execute(params![table, kept])? == 0 {
        return Ok(());
    }
    for sql in [
        "DELETE FROM row_totals WHERE table_id = ?1 AND generation IS NOT ?2
            AND generation <> (SELECT generation FROM tables WHERE id = ?1)",
        "DELETE FROM reject_totals WHERE table_id = ?1 AND generation IS NOT ?2
            AND generation <> (SELECT generation FROM tables WHERE id = ?1)",
    ] {
        connection.prepare_cached(sql)?.execute(params![table, kept])?;
    }
    Ok(())
}

/// A generation that is marked as dropped.
pub(super) fn some_dropped(connection: &Connection, table: i64) -> Result<Option<i64>, Fault> {
    let sql = "SELECT MIN(generation) FROM table_totals WHERE table_id = ?1 AND batches = 0
        AND generation <> (SELECT generation FROM tables WHERE id = ?1)";
    Ok(connection.prepare_cached(sql)?.query_row([table], |row| row.get(0))?)
}

/// Takes the mark away, once nothing else is left: without totals it is not whole either.
pub(super) fn forget_dropped(
    connection: &Connection,
    table: i64,
    generation: i64,
) -> Result<(), Fault> {
    let sql = "DELETE FROM table_totals WHERE table_id = ?1 AND generation = ?2 AND batches = 0";
    connection.prepare_cached(sql)?.execute((table, generation))?;
    Ok(())
}

/// Whether the totals tell of every committed batch of a generation: it was never dropped.
pub(super) fn is_whole(
    connection: &Connection,
    table: i64,
    generation: u32,
) -> Result<bool, Fault> {
    let sql = "SELECT
            (SELECT COUNT(*) FROM batches WHERE table_id = ?1 AND generation = ?2
                AND committed_at_ms IS NOT NULL)
            = COALESCE((SELECT batches FROM table_totals
                WHERE table_id = ?1 AND generation = ?2), 0)";
    Ok(connection.prepare_cached(sql)?.query_row((table, generation), |row| row.get(0))?)
}

/// Adds a batch's report to the totals of its table and generation.
pub(super) fn add(
    connection: &Connection,
    (table, generation): (i64, i64),
    report: &Report,
) -> Result<(), Fault> {
    connection
        .prepare_cached(
            "INSERT INTO table_totals
                (table_id, generation, batches, documents, rejected_documents, records)
            VALUES (?1, ?2, 1, ?3, ?4, ?5)
            ON CONFLICT (table_id, generation) DO UPDATE SET
                batches = batches + 1,
                documents = documents + excluded.documents,
                rejected_documents = rejected_documents + excluded.rejected_documents,
                records = records + excluded.records",
        )?
        .execute(params![
            table,
            generation,
            stored(report.documents),
            stored(report.rejected_documents),
            stored(report.records)
        ])?;
    let mut add_rows = connection.prepare_cached(
        "INSERT INTO row_totals (table_id, generation, physical, rows) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT (table_id, generation, physical) DO UPDATE SET rows = rows + excluded.rows",
    )?;
    for physical in &report.tables {
        add_rows.execute(params![table, generation, physical.name, stored(physical.rows)])?;
    }
    let mut add_rejects = connection.prepare_cached(
        "INSERT INTO reject_totals (table_id, generation, code, rejects) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT (table_id, generation, code) DO UPDATE SET rejects = rejects + excluded.rejects",
    )?;
    for (code, rejects) in &report.rejects {
        add_rejects.execute(params![table, generation, code, stored(*rejects)])?;
    }
    Ok(())
}

/// Of one table or of all, by name.
fn totals(connection: &Connection, table: Option<&TableName>) -> Result<Vec<TableTotals>, Fault> {
    let mut statement = connection.prepare_cached(
        "SELECT tables.id, tables.name, tables.generation,
            batches, documents, rejected_documents, records
        FROM tables JOIN table_totals
            ON table_totals.table_id = tables.id AND table_totals.generation = tables.generation
        WHERE ?1 IS NULL OR tables.name = ?1 ORDER BY tables.name",
    )?;
    let mut rows = statement.query([table.map(TableName::as_str)])?;
    let mut totals = Vec::new();
    while let Some(row) = rows.next()? {
        let (id, name, generation): (i64, String, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        totals.push(TableTotals {
            table: table_name(&name)?,
            generation: count("tables.generation", generation)?,
            batches: count("table_totals.batches", row.get(3)?)?,
            documents: count("table_totals.documents", row.get(4)?)?,
            rejected_documents: count("table_totals.rejected_documents", row.get(5)?)?,
            records: count("table_totals.records", row.get(6)?)?,
            rows: counts(
                connection,
                "SELECT physical, rows FROM row_totals WHERE table_id = ?1 AND generation = ?2",
                (id, generation),
            )?,
            rejects: rejects(connection, (id, generation))?,
        });
    }
    Ok(totals)
}

fn rejects(connection: &Connection, of: (i64, i64)) -> Result<BTreeMap<String, u64>, Fault> {
    let sql = "SELECT code, rejects FROM reject_totals WHERE table_id = ?1 AND generation = ?2";
    counts(connection, sql, of)
}

/// Counts by name. `sql`: of name and count, by table and generation.
fn counts(
    connection: &Connection,
    sql: &'static str,
    of: (i64, i64),
) -> Result<BTreeMap<String, u64>, Fault> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(of)?;
    let mut counts = BTreeMap::new();
    while let Some(row) = rows.next()? {
        counts.insert(row.get(0)?, count("totals", row.get(1)?)?);
    }
    Ok(counts)
}

//! What a job sees of the transaction it is part of.

use super::fault::Fault;
use rusqlite::{Connection, OptionalExtension};
use sluice_normalizer::TableName;
use std::cell::RefCell;
use std::collections::HashMap;

/// The transaction of the group that a job belongs to.
pub(super) struct Transaction<'t> {
    pub(super) connection: &'t Connection,
    /// When the group began.
    pub(super) now_ms: i64,
    pub(super) tables: &'t TableIds,
}

/// Numbers of tables, as far as they were asked for. Emptied whenever something is rolled back.
#[derive(Default)]
pub(super) struct TableIds(RefCell<HashMap<TableName, i64>>);

impl Transaction<'_> {
    /// The number of a table, none when nothing was kept of it.
    pub(super) fn known_table(&self, name: &TableName) -> Result<Option<i64>, Fault> {
        if let Some(id) = self.tables.0.borrow().get(name) {
            return Ok(Some(*id));
        }
        let id = table_id(self.connection, name)?;
        if let Some(id) = id {
            self.tables.0.borrow_mut().insert(name.clone(), id);
        }
        Ok(id)
    }

    /// The number of a table, which it gets now if it has none.
    pub(super) fn table(&self, name: &TableName) -> Result<i64, Fault> {
        match self.known_table(name)? {
            Some(id) => Ok(id),
            None => self.new_table(name),
        }
    }

    /// The number of a table, which it gets now if fewer than `tables_max` have one.
    pub(super) fn table_within(
        &self,
        name: &TableName,
        tables_max: u32,
    ) -> Result<Option<i64>, Fault> {
        if let Some(id) = self.known_table(name)? {
            return Ok(Some(id));
        }
        let sql = "SELECT COUNT(*) FROM tables";
        let tables: i64 = self.connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?;
        if tables >= i64::from(tables_max) { Ok(None) } else { self.new_table(name).map(Some) }
    }

    fn new_table(&self, name: &TableName) -> Result<i64, Fault> {
        let sql = "INSERT INTO tables (name) VALUES (?1)";
        let id = self.connection.prepare_cached(sql)?.insert([name.as_str()])?;
        self.tables.0.borrow_mut().insert(name.clone(), id);
        Ok(id)
    }
}

impl TableIds {
    pub(super) fn forget(&self) {
        self.0.borrow_mut().clear();
    }
}

/// The number of a table, none for one that nothing was kept of.
pub(super) fn table_id(
    connection: &Connection,
    name: &TableName,
) -> Result<Option<i64>, rusqlite::Error> {
    connection
        .prepare_cached("SELECT id FROM tables WHERE name = ?1")?
        .query_row([name.as_str()], |row| row.get(0))
        .optional()
}

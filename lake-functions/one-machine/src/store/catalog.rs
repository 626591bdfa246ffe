//! The catalog: which registry version SQL is told.

use super::fault::{Damage, Fault};
use super::handle::Store;
use super::numbers::{count, stored};
use super::transaction::table_id;
use rusqlite::{OptionalExtension, params};
use sluice_normalizer::{Registry, TableName};
use sluice_pipeline::{Catalog, PortError, Shown};

/// Keeps the version only; the registry itself is in the lake.
impl Catalog for Store {
    async fn show(&self, registry: &Registry) -> Result<(), PortError> {
        let Registry { table, generation, version, .. } = registry;
        let what = format!("show version {version} of {table}");
        let (name, generation, version) = (TableName::parse(table), *generation, stored(*version));
        self.write(what, move |transaction| {
            let name = name.map_err(|_| Fault::from(Damage::Value { column: "tables.name" }))?;
            let table = transaction.table(&name)?;
            let sql = "INSERT INTO shown (table_id, generation, version) VALUES (?1, ?2, ?3)
                ON CONFLICT (table_id, generation) DO UPDATE SET version = excluded.version
                WHERE excluded.version > version";
            let row = params![table, generation, version];
            transaction.connection.prepare_cached(sql)?.execute(row)?;
            Ok(())
        })
        .await
    }

    async fn shown(&self, table: &TableName, generation: u32) -> Result<Option<Shown>, PortError> {
        let (what, table) = (format!("read what is shown of {table}"), table.clone());
        self.read(what, move |connection| {
            let Some(table) = table_id(connection, &table)? else {
                return Ok(None);
            };
            let sql = "SELECT version FROM shown WHERE table_id = ?1 AND generation = ?2";
            let version: Option<i64> = connection
                .prepare_cached(sql)?
                .query_row(params![table, generation], |row| row.get(0))
                .optional()?;
            let shown = |version| Ok(Shown { version: count("shown.version", version)? });
            version.map(shown).transpose()
        })
        .await
    }
}

impl Store {
    /// The registry version shown of every generation, by table. Answers in the
    /// calling thread, for the start.
    ///
    /// # Errors
    /// [`PortError`].
    pub fn load_shown(&self) -> Result<Vec<(TableName, u32, u64)>, PortError> {
        self.read_here("read what is shown", |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT tables.name, shown.generation, version
                FROM shown JOIN tables ON tables.id = shown.table_id
                ORDER BY tables.name, shown.generation",
            )?;
            let mut rows = statement.query([])?;
            let mut shown = Vec::new();
            while let Some(row) = rows.next()? {
                let name: String = row.get(0)?;
                let table = super::batch_ids::table_name(&name)?;
                let generation = count("shown.generation", row.get(1)?)?;
                shown.push((table, generation, count("shown.version", row.get(2)?)?));
            }
            Ok(shown)
        })
    }
}

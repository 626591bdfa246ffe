//! Files of parts that nothing will ever use: a crash, or a rebuild that was not ended, left them.

use super::batches;
use super::fault::Fault;
use super::handle::Store;
use super::parts::{PartFile, part_file};
use rusqlite::{Connection, params};
use sluice_pipeline::PortError;
use std::collections::BTreeSet;

impl Store {
    /// Which of the files in one folder of parts are of no use. `folder`: relative to the lake, with
    /// slashes. `names`: all that is in it, listed before this call.
    ///
    /// A file is only named where the store knows that no part will ever have its key:
    /// - a merged file that was never put in the place of its sources;
    /// - a file of a batch of an earlier process that is committed without it, or that is open in a
    ///   generation that is not the current one. An open batch of the current generation writes its
    ///   files again, and a rebuild that runs makes batches of its own.
    ///
    /// Where a part that readers see is missing, nothing is named: in a lake restored from a backup
    /// the merged file may be all that is left of its rows.
    ///
    /// # Errors
    /// [`PortError`].
    pub async fn leftovers(
        &self,
        folder: &str,
        names: Vec<String>,
    ) -> Result<Vec<String>, PortError> {
        let (what, folder) = (format!("look which files of {folder} are parts"), folder.to_owned());
        let newest_found = self.newest_found();
        self.read(what, move |connection| leftovers(connection, newest_found, &folder, names)).await
    }
}

/// The number of the newest batch, 0 when there is none.
pub(super) fn newest_batch(connection: &Connection) -> Result<i64, Fault> {
    let sql = "SELECT COALESCE(MAX(number), 0) FROM batches";
    Ok(connection.query_row(sql, [], |row| row.get(0))?)
}

fn leftovers(
    connection: &Connection,
    newest_found: i64,
    folder: &str,
    names: Vec<String>,
) -> Result<Vec<String>, Fault> {
    let there: BTreeSet<&str> = names.iter().map(String::as_str).collect();
    let mut known = BTreeSet::new();
    // '0' follows '/'.
    let mut statement = connection.prepare_cached(
        "SELECT substr(key, length(?1) + 2), retired_at_ms IS NULL FROM parts
        WHERE key > ?1 || '/' AND key < ?1 || '0'",
    )?;
    let mut rows = statement.query([folder])?;
    while let Some(row) = rows.next()? {
        let (name, seen): (String, bool) = (row.get(0)?, row.get(1)?);
        if seen && !there.contains(name.as_str()) {
            return Ok(Vec::new());
        }
        known.insert(name);
    }
    let mut found = Vec::new();
    for name in names.into_iter().filter(|name| !known.contains(name)) {
        let useless = match part_file(&name) {
            Some(PartFile::Merged) => true,
            Some(PartFile::OfBatch(batch)) => is_over(connection, newest_found, batch)?,
            None => false,
        };
        if useless {
            found.push(name);
        }
    }
    Ok(found)
}

/// Whether no file of this batch will be written any more. Of a batch that is not known, that cannot
/// be told.
fn is_over(connection: &Connection, newest_found: i64, batch: &str) -> Result<bool, Fault> {
    let Some(row) = batches::row(connection, batch)?.filter(|row| row.number <= newest_found)
    else {
        return Ok(false);
    };
    let current: i64 = connection
        .prepare_cached("SELECT generation FROM tables WHERE id = ?1")?
        .query_row(params![row.table_id], |row| row.get(0))?;
    Ok(row.committed || row.generation != current)
}

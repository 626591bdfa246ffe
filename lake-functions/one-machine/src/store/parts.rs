//! Parts: which files of the lake readers see.

use super::batch_ids::table_name;
use super::fault::{Damage, Fault};
use super::handle::Store;
use super::numbers::{count, stored};
use super::transaction::{Transaction, table_id};
use crate::snapshot::Part;
use rusqlite::{Connection, OptionalExtension, params};
use sluice_normalizer::TableName;
use sluice_pipeline::{PlannedPart, PortError};

/// What the names of merged parts begin with; 32 hexadecimal digits follow.
pub(crate) const MERGED_PREFIX: &str = "merged-";

/// A part that readers of its generation see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredPart {
    /// The root table, for rejects too.
    pub root: TableName,
    /// The root table's generation.
    pub generation: u32,
    /// The physical table.
    pub table: String,
    /// The file.
    pub part: Part,
}

/// What became of an exchange of parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Replaced {
    /// Readers see the new part and none of the old ones.
    Done(StoredPart),
    /// Not all of the old ones are seen any more; nothing was changed.
    Gone,
}

impl Store {
    /// Visits every part that is not retired, of all generations, in the order they were committed.
    /// Answers in the calling thread, for the start.
    ///
    /// # Errors
    /// [`PortError`].
    pub fn load_parts(&self, visit: &mut dyn FnMut(StoredPart)) -> Result<(), PortError> {
        self.read_here("read the list of parts", |connection| load(connection, visit))
    }

    /// Puts one part in the place of others in one step: parts of one physical table, generation
    /// and date, which have as many rows together. The old ones are retired: their files can go
    /// once no reader uses them, and [`Store::forget_parts`] after that.
    ///
    /// # Errors
    /// [`PortError`].
    pub async fn replace_parts(
        &self,
        old_keys: &[String],
        new: &PlannedPart,
    ) -> Result<Replaced, PortError> {
        let (what, old) =
            (format!("put part {} in the place of others", new.key), old_keys.to_vec());
        let new = new.clone();
        self.write(what, move |transaction| replace(transaction, &old, &new)).await
    }

    /// Retires the parts of the table's current generation, child tables and rejects included,
    /// with an ingest date before `date` (`YYYY-MM-DD`). Answers their keys.
    ///
    /// # Errors
    /// [`PortError`].
    pub async fn remove_parts_before(
        &self,
        table: &TableName,
        date: &str,
    ) -> Result<Vec<String>, PortError> {
        let what = format!("retire the parts of {table} before {date}");
        let (table, date) = (table.clone(), date.to_owned());
        self.write(what, move |transaction| retire_before(transaction, &table, &date)).await
    }

    /// The keys of retired parts whose files may still be there.
    ///
    /// # Errors
    /// [`PortError`].
    pub async fn retired_parts(&self) -> Result<Vec<String>, PortError> {
        self.read("read the list of retired parts".to_owned(), |connection| {
            let sql = "SELECT key FROM parts WHERE retired_at_ms IS NOT NULL ORDER BY number";
            let mut statement = connection.prepare_cached(sql)?;
            let keys = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>();
            Ok(keys?)
        })
        .await
    }

    /// Drops what is known of retired parts, whose files are gone. Parts that are not retired stay.
    ///
    /// # Errors
    /// [`PortError`].
    pub async fn forget_parts(&self, keys: &[String]) -> Result<(), PortError> {
        let keys = keys.to_vec();
        self.write(format!("forget {} parts", keys.len()), move |transaction| {
            let sql = "DELETE FROM parts WHERE key = ?1 AND retired_at_ms IS NOT NULL";
            let mut delete = transaction.connection.prepare_cached(sql)?;
            for key in &keys {
                delete.execute([key])?;
            }
            Ok(())
        })
        .await
    }
}

/// Makes a part seen. `owner`: root table and generation.
pub(super) fn insert(
    connection: &Connection,
    (table, generation): (i64, i64),
    new: &PlannedPart,
    batch: Option<i64>,
) -> Result<Part, Fault> {
    let Some((tier, date)) = tier_and_date(&new.key) else {
        return Err(Damage::PartKey { key: new.key.clone() }.into());
    };
    connection
        .prepare_cached(
            "INSERT INTO parts
                (key, table_id, generation, physical, tier, ingest_date, rows, bytes, sha256, batch)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        )?
        .execute(params![
            new.key,
            table,
            generation,
            new.table,
            tier,
            date,
            stored(new.rows),
            stored(new.bytes),
            new.sha256.as_bytes(),
            batch
        ])?;
    Ok(Part {
        key: new.key.clone(),
        tier: tier.to_owned(),
        ingest_date: date.to_owned(),
        rows: new.rows,
        bytes: new.bytes,
    })
}

/// Of `<table>/g<generation>/tier=<tier>/ingest_date=<date>/<name>`.
fn tier_and_date(key: &str) -> Option<(&str, &str)> {
    let mut folders = key.split('/').skip(2);
    let tier = folders.next()?.strip_prefix("tier=")?;
    let date = folders.next()?.strip_prefix("ingest_date=")?;
    let name = folders.next()?;
    (!name.is_empty() && folders.next().is_none()).then_some((tier, date))
}

/// What wrote the file of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PartFile<'n> {
    /// The batch with this id.
    OfBatch(&'n str),
    /// The merger.
    Merged,
}

/// By the file's name; none for what no part is called.
pub(super) fn part_file(name: &str) -> Option<PartFile<'_>> {
    let stem = name.strip_suffix(".parquet")?;
    let is_id = |text: &str| {
        text.len() == 32 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    };
    match stem.strip_prefix(MERGED_PREFIX) {
        Some(hash) => is_id(hash).then_some(PartFile::Merged),
        None => is_id(stem).then_some(PartFile::OfBatch(stem)),
    }
}

fn load(connection: &Connection, visit: &mut dyn FnMut(StoredPart)) -> Result<(), Fault> {
    let mut statement = connection.prepare_cached(
        "SELECT tables.name, parts.generation, physical, key, tier, ingest_date, rows, bytes
        FROM parts JOIN tables ON tables.id = parts.table_id
        WHERE retired_at_ms IS NULL ORDER BY number",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let name: String = row.get(0)?;
        visit(StoredPart {
            root: table_name(&name)?,
            generation: count("parts.generation", row.get(1)?)?,
            table: row.get(2)?,
            part: Part {
                key: row.get(3)?,
                tier: row.get(4)?,
                ingest_date: row.get(5)?,
                rows: count("parts.rows", row.get(6)?)?,
                bytes: count("parts.bytes", row.get(7)?)?,
            },
        });
    }
    Ok(())
}

fn replace(
    transaction: &Transaction<'_>,
    old_keys: &[String],
    new: &PlannedPart,
) -> Result<Replaced, Fault> {
    let connection = transaction.connection;
    let mut find = connection.prepare_cached(
        "SELECT table_id, generation, physical, ingest_date, rows FROM parts
        WHERE key = ?1 AND retired_at_ms IS NULL",
    )?;
    let mut retire =
        connection.prepare_cached("UPDATE parts SET retired_at_ms = ?2 WHERE key = ?1")?;
    let mut of: Option<(i64, i64)> = None;
    let mut replaced = 0;
    for key in old_keys {
        type Found = (i64, i64, String, String, i64);
        let found: Option<Found> = find
            .query_row([key], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
            })
            .optional()?;
        let Some((table, generation, physical, date, rows)) = found else {
            return Ok(Replaced::Gone);
        };
        let alike = physical == new.table
            && tier_and_date(&new.key).is_some_and(|(_, new_date)| date == new_date)
            && of.is_none_or(|of| of == (table, generation));
        if !alike {
            return Err(Damage::MixedParts { key: new.key.clone() }.into());
        }
        of = Some((table, generation));
        replaced += count::<u64>("parts.rows", rows)?;
    }
    let Some((table, generation)) = of else {
        return Ok(Replaced::Gone);
    };
    if replaced != new.rows {
        let (key, rows) = (new.key.clone(), new.rows);
        return Err(Damage::RowsDiffer { key, rows, replaced }.into());
    }
    for key in old_keys {
        retire.execute(params![key, transaction.now_ms])?;
    }
    let part = insert(connection, (table, generation), new, None)?;
    let name: String = connection
        .prepare_cached("SELECT name FROM tables WHERE id = ?1")?
        .query_row([table], |row| row.get(0))?;
    Ok(Replaced::Done(StoredPart {
        root: table_name(&name)?,
        generation: count("parts.generation", generation)?,
        table: new.table.clone(),
        part,
    }))
}

fn retire_before(
    transaction: &Transaction<'_>,
    table: &TableName,
    date: &str,
) -> Result<Vec<String>, Fault> {
    let connection = transaction.connection;
    let Some(table) = table_id(connection, table)? else {
        return Ok(Vec::new());
    };
    let mut retire = connection.prepare_cached(
        "UPDATE parts SET retired_at_ms = ?3
        WHERE table_id = ?1 AND ingest_date < ?2 AND retired_at_ms IS NULL
            AND generation = (SELECT generation FROM tables WHERE id = ?1)
        RETURNING key",
    )?;
    let keys = retire.query_map(params![table, date, transaction.now_ms], |row| row.get(0))?;
    Ok(keys.collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use super::{PartFile, part_file, tier_and_date};

    #[test]
    fn keys_say_tier_and_date() {
        let key = "orders__items/g2/tier=live/ingest_date=2026-11-20/b.parquet";
        assert_eq!(tier_and_date(key), Some(("live", "2026-11-20")));
        for no_key in [
            "",
            "orders/g1/b.parquet",
            "orders/g1/tier=live/ingest_date=2026-11-20",
            "a/b/tier=c/d/e",
        ] {
            assert_eq!(tier_and_date(no_key), None, "{no_key}");
        }
    }

    #[test]
    fn names_say_what_wrote_a_part() {
        let id = "0123456789abcdef0123456789abcdef";
        let of_batch = format!("{id}.parquet");
        assert_eq!(part_file(&of_batch), Some(PartFile::OfBatch(id)));
        assert_eq!(part_file(&format!("merged-{id}.parquet")), Some(PartFile::Merged));
        for other in ["b.parquet", "merged-b.parquet", id, "", ".parquet"] {
            assert_eq!(part_file(other), None, "{other}");
        }
        assert_eq!(part_file(&format!(".{id}.parquet.tmp")), None);
        assert_eq!(part_file(&of_batch.to_uppercase()), None);
    }
}

//! Connections to the file, each set up the same way.

use super::fault::{Damage, Fault};
use super::limits::{
    APPLICATION_ID, BUSY_TIMEOUT, PAGE_BYTES, READER_CACHE_KIB, STATEMENTS_KEPT, STORE_FORMAT,
    WAL_KEPT_BYTES, WRITER_CACHE_KIB,
};
use rusqlite::{Connection, OpenFlags};
use std::path::Path;

const SCHEMA: &str = include_str!("schema.sql");

/// What makes a store of one format one of the next; the first is for format 1.
const UPGRADES: [&str; STORE_FORMAT as usize - 1] = ["
    CREATE TABLE trials (
        batch INTEGER PRIMARY KEY REFERENCES batches (number),
        trial TEXT NOT NULL
    ) STRICT;"];

/// What the file at a path is.
pub(super) enum Found {
    /// A store that this build reads; it was made just now if there was none.
    Store(Connection),
    /// A store of a newer Sluice, left as it is.
    Newer(i64),
}

/// Opens the store for writing and creates it if it is missing.
pub(super) fn open_or_create(path: &Path) -> Result<Found, Fault> {
    let connection = connect(path, OpenFlags::SQLITE_OPEN_CREATE)?;
    // Nothing is changed before the file is known to be ours.
    let found = pragma(&connection, "user_version")?;
    let mark = pragma(&connection, "application_id")?;
    let objects: i64 =
        connection.query_row("SELECT COUNT(*) FROM sqlite_schema", [], |row| row.get(0))?;
    let is_new = found == 0 && mark == 0 && objects == 0;
    if !is_new && mark != APPLICATION_ID {
        return Err(Damage::Foreign.into());
    }
    if found > STORE_FORMAT {
        return Ok(Found::Newer(found));
    }
    if is_new {
        connection.pragma_update(None, "page_size", PAGE_BYTES)?;
    }
    set_up_writer(&connection)?;
    if is_new {
        let transaction = connection.unchecked_transaction()?;
        transaction.execute_batch(SCHEMA)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", STORE_FORMAT)?;
        transaction.commit()?;
    } else {
        upgrade(&connection, found)?;
    }
    Ok(Found::Store(connection))
}

/// Brings a store of an earlier format up to this build's, in one step.
fn upgrade(connection: &Connection, found: i64) -> Result<(), Fault> {
    let done = usize::try_from(found - 1).map_err(|_| Damage::Value { column: "user_version" })?;
    let Some(upgrades) = UPGRADES.get(done..).filter(|upgrades| !upgrades.is_empty()) else {
        return Ok(());
    };
    let transaction = connection.unchecked_transaction()?;
    for upgrade in upgrades {
        transaction.execute_batch(upgrade)?;
    }
    transaction.pragma_update(None, "user_version", STORE_FORMAT)?;
    Ok(transaction.commit()?)
}

/// Opens an existing store for writing.
pub(super) fn open_writer(path: &Path) -> Result<Connection, Fault> {
    let connection = connect(path, OpenFlags::empty())?;
    set_up_writer(&connection)?;
    Ok(connection)
}

/// Opens an existing store for reading.
pub(super) fn open_reader(path: &Path) -> Result<Connection, Fault> {
    let connection = connect(path, OpenFlags::empty())?;
    connection.pragma_update(None, "cache_size", -READER_CACHE_KIB)?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

fn connect(path: &Path, more: OpenFlags) -> Result<Connection, Fault> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | more;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    Ok(connection)
}

fn set_up_writer(connection: &Connection) -> Result<(), Fault> {
    let mode: String =
        connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
    if mode != "wal" {
        return Err(Damage::Value { column: "journal_mode" }.into());
    }
    // FULL: a commit returns once its frames of the WAL are on the disk.
    connection.pragma_update(None, "synchronous", "FULL")?;
    // macOS only: fsync alone does not empty the disk's own cache there.
    connection.pragma_update(None, "fullfsync", true)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "cache_size", -WRITER_CACHE_KIB)?;
    // The writer does it itself, after its answers went out.
    connection.pragma_update_and_check(None, "wal_autocheckpoint", 0, |_| Ok(()))?;
    connection.pragma_update_and_check(None, "journal_size_limit", WAL_KEPT_BYTES, |_| Ok(()))?;
    Ok(())
}

fn pragma(connection: &Connection, name: &str) -> Result<i64, Fault> {
    Ok(connection.pragma_query_value(None, name, |row| row.get(0))?)
}

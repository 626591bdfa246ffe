//! Compare and set: one table of Glue, only ever upward.

use super::GlueCatalog;
use super::definition::Definition;
use super::fault::Fault;
use super::limits::RACES_MAX;
use super::marks::Marks;
use aws_sdk_glue::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_glue::types::{DatabaseInput, Table};
use std::time::Duration;

/// What became of a write.
enum Written {
    Done,
    /// Somebody else wrote; nothing was done.
    Raced,
    /// The database is not there.
    NoDatabase,
}

impl GlueCatalog {
    /// Makes a table what it shall be, unless it is further already.
    pub(super) async fn raise(&self, definition: &Definition) -> Result<(), Fault> {
        if self.shown.knows(definition) {
            return Ok(());
        }
        for attempt in 0..RACES_MAX {
            let written = match self.table(definition.database, &definition.name).await? {
                None => self.create(definition).await?,
                Some(stands) => match Marks::of(&stands)? {
                    Some(marks) if !definition.marks.replace(&marks) => Written::Done,
                    _ => self.replace(&stands, definition).await?,
                },
            };
            match written {
                Written::Done => {
                    self.shown.learn(definition);
                    return Ok(());
                }
                Written::NoDatabase => self.create_database(definition.database).await?,
                Written::Raced => tokio::time::sleep(pause(attempt)).await,
            }
        }
        Err(Fault::Contended)
    }

    /// The table as it stands, none when there is none.
    pub(super) async fn table(&self, database: &str, name: &str) -> Result<Option<Table>, Fault> {
        match self.client.get_table().database_name(database).name(name).send().await {
            Ok(found) => Ok(found.table),
            Err(error) if is(&error, "EntityNotFoundException") => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    async fn create(&self, definition: &Definition) -> Result<Written, Fault> {
        let create = self.client.create_table().database_name(definition.database);
        match create.table_input(definition.input()).send().await {
            Ok(_) => Ok(Written::Done),
            Err(error) if is(&error, "EntityNotFoundException") => Ok(Written::NoDatabase),
            Err(error) if is(&error, "AlreadyExistsException") || is_race(&error) => {
                Ok(Written::Raced)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Glue changes the table only if nobody did since it was read: `VersionId` must still be its.
    /// (moto takes a stale one all the same; ministack refuses it, as AWS does.) Versions are not
    /// archived: an account may have 1,000,000 and a table 100,000 of them, and the registry in the
    /// lake has them all.
    async fn replace(&self, stands: &Table, definition: &Definition) -> Result<Written, Fault> {
        let update = self
            .client
            .update_table()
            .database_name(definition.database)
            .table_input(definition.input())
            .set_version_id(stands.version_id().map(str::to_owned))
            .skip_archive(true);
        match update.send().await {
            Ok(_) => Ok(Written::Done),
            // Removed in between.
            Err(error) if is(&error, "EntityNotFoundException") || is_race(&error) => {
                Ok(Written::Raced)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Databases are a template's; this is for the first call before it, and for tests.
    async fn create_database(&self, name: &str) -> Result<(), Fault> {
        let input = DatabaseInput::builder().name(name).build().expect("the name is set");
        match self.client.create_database().database_input(input).send().await {
            Ok(_) => Ok(()),
            Err(error) if is(&error, "AlreadyExistsException") => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Removes a table; one that is not there is fine.
    pub(super) async fn remove(&self, database: &str, name: &str) -> Result<(), Fault> {
        match self.client.delete_table().database_name(database).name(name).send().await {
            Ok(_) => Ok(()),
            Err(error) if is(&error, "EntityNotFoundException") => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

fn is<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>, code: &str) -> bool {
    error.code() == Some(code)
}

/// Glue locks a table while it changes, and refuses a change by an older `VersionId`.
fn is_race<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> bool {
    is(error, "ConcurrentModificationException") || is(error, "VersionMismatchException")
}

/// Grows with the tries: 10 ms to 2.5 s.
fn pause(attempt: u32) -> Duration {
    Duration::from_millis(10 << attempt.min(8))
}

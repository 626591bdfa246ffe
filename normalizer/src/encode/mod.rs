//! Encoding: columns into Parquet. The boundary is a column's rows and values: nothing in here
//! knows JSON, nothing outside knows pages.

mod column;
mod dictionary;
mod hybrid;
mod levels;
mod lineage;
mod pages;
mod part;
mod schema;
mod stats;

use crate::batch::BatchId;
use crate::shape::Shaped;
use crate::timestamp::ingest_date;

/// The table that keeps what cannot become a row.
pub const REJECTS_TABLE: &str = "sluice_rejects";

/// A part could not be encoded. Any shaped batch can be, so this stands for a bug or for memory
/// running out inside the compressor.
#[derive(Debug, thiserror::Error)]
pub enum EncodeError {
    /// From the Parquet library.
    #[error("parquet part not encoded")]
    Parquet(#[from] parquet::errors::ParquetError),
    /// From zstd.
    #[error("page not compressed")]
    Compress(#[source] std::io::Error),
}

/// One part that a batch writes.
#[derive(Debug)]
pub struct PartPlan<'s> {
    shaped: &'s Shaped,
    /// The table among the batch's, none for the rejects.
    table: Option<usize>,
    name: &'s str,
    batch: &'s BatchId,
    key: String,
}

impl Shaped {
    /// The parts to write: one for every table with rows, rejects last.
    pub fn parts<'s>(&'s self, batch: &'s BatchId) -> impl Iterator<Item = PartPlan<'s>> {
        let date = self.documents.first().map_or(0, |document| document.received_at_ms);
        let date = ingest_date(date);
        let registry = self.registry();
        let part = move |table: Option<usize>, name: &'s str, generation: u32| PartPlan {
            shaped: self,
            table,
            name,
            batch,
            key: format!("{name}/g{generation}/tier=live/ingest_date={date}/{batch}.parquet"),
        };
        let mut parts: Vec<PartPlan<'s>> = Vec::new();
        for (at, table) in self.tables.iter().enumerate() {
            if table.lineage.rows > 0 {
                let name = registry.tables[table.place].name.as_str();
                parts.push(part(Some(at), name, registry.generation));
            }
        }
        if self.rejects.len() > 0 {
            // Rejects of all tables and generations share one table, which is never rebuilt.
            parts.push(part(None, REJECTS_TABLE, 1));
        }
        parts.into_iter()
    }
}

impl PartPlan<'_> {
    /// Physical name of the table.
    #[must_use]
    pub fn table(&self) -> &str {
        self.name
    }

    /// Where the part belongs in the lake.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Rows in the part.
    #[must_use]
    pub fn rows(&self) -> u64 {
        u64::from(match self.table {
            Some(at) => self.shaped.tables[at].lineage.rows,
            None => self.shaped.rejects.len(),
        })
    }

    /// The part's bytes: the same for the same batch and build (I-6).
    ///
    /// # Errors
    /// [`EncodeError`].
    pub fn encode(&self) -> Result<Vec<u8>, EncodeError> {
        match self.table {
            Some(at) => part::table(self.shaped, at, self.batch.as_str()),
            None => part::rejects(self.shaped, self.batch.as_str()),
        }
    }
}

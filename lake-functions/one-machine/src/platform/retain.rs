//! Retention: what the settings say is too old goes.

use super::background::Shared;
use super::now_ms;
use crate::store::Seq;
use sluice_normalizer::{TableName, ingest_date};
use sluice_pipeline::PortError;

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// Documents looked at in one transaction: commits wait for it.
const STEP_DOCUMENTS: usize = 2_000;

/// What went of one table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retained {
    /// The root table.
    pub table: TableName,
    /// Bodies of documents removed; where the documents went stays known.
    pub documents: u64,
    /// Parts removed, child tables and rejects included.
    pub parts: u64,
    /// Their rows.
    pub rows: u64,
}

/// The start of the first day that is kept when so many whole days before today are.
fn kept_from_ms(days: u32) -> i64 {
    (now_ms().div_euclid(DAY_MS) - i64::from(days)) * DAY_MS
}

impl Shared {
    /// Removes what the settings in force say is too old, of every table that they name.
    pub(super) async fn retain(&self) -> Result<Vec<Retained>, PortError> {
        let settings = self.settings();
        let mut retained = Vec::new();
        for (table, retention) in settings.settings().retentions() {
            let mut gone = Retained { table: table.clone(), documents: 0, parts: 0, rows: 0 };
            if let Some(days) = retention.row_days {
                let date = ingest_date(kept_from_ms(days));
                let _ahead = self.indexed.ahead().await;
                let keys = self.store().remove_parts_before(table, &date).await?;
                let parts = self.indexed.index.remove(table.as_str(), &keys);
                gone.parts = parts.len() as u64;
                gone.rows = parts.iter().map(|part| part.rows).sum();
                self.tidy.retire(parts);
            }
            if let Some(days) = retention.document_days {
                let mut after = Some(Seq::START);
                let before_ms = kept_from_ms(days);
                while let Some(from) = after {
                    // No rebuild begins between the question for one and the step.
                    let _ahead = self.indexed.ahead().await;
                    let to_come = self.rebuilds.to_come(table);
                    let step = self.store();
                    let step =
                        step.remove_bodies_before(table, to_come, before_ms, from, STEP_DOCUMENTS);
                    let step = step.await?;
                    gone.documents += step.bodies;
                    after = step.next;
                }
            }
            retained.push(gone);
        }
        self.committed.ring();
        Ok(retained)
    }

    /// The first day whose rows the settings in force keep, `YYYY-MM-DD`; none where they keep all.
    pub(super) fn rows_kept_from(&self, table: &TableName) -> Option<String> {
        let settings = self.settings();
        let mut retentions = settings.settings().retentions();
        let days = retentions.find(|(name, _)| *name == table)?.1.row_days?;
        Some(ingest_date(kept_from_ms(days)))
    }
}

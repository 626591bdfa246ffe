//! What an invocation tells: counts, and ids up to a bound.

use super::acts;
use crate::metrics::write_what_happened;
use serde_json::{Map, Value, json};
use sluice_pipeline::{BatchMessage, Intent};

/// Ids of one list.
const IDS_MAX: usize = 100;

/// Ids, of which only so many are kept.
#[derive(Debug, Default)]
pub(super) struct Ids {
    count: usize,
    first: Vec<String>,
}

impl Ids {
    pub(super) fn add(&mut self, id: impl Into<String>) {
        self.count += 1;
        if self.first.len() < IDS_MAX {
            self.first.push(id.into());
        }
    }

    pub(super) fn add_batches<'m>(&mut self, messages: impl IntoIterator<Item = &'m BatchMessage>) {
        messages.into_iter().for_each(|message| self.add(message.batch.as_str()));
    }

    fn json(&self, name: &str) -> Value {
        let mut told = Map::new();
        told.insert("count".to_owned(), self.count.into());
        told.insert(name.to_owned(), self.first.clone().into());
        Value::Object(told)
    }

    fn figure(&self) -> f64 {
        self.count as f64
    }
}

/// Of a redrive.
#[derive(Debug)]
pub(super) struct RedriveAnswer {
    dry_run: bool,
    /// Batches sent again.
    pub(super) sent: Ids,
    /// Dead letters of committed batches.
    pub(super) deleted: Ids,
    /// Dead letters of batches that the ledger does not know.
    pub(super) unknown: Ids,
    /// Messages that are none of a batch.
    pub(super) unreadable: Ids,
    /// Whether all that could be listed was.
    pub(super) complete: bool,
}

impl RedriveAnswer {
    pub(super) fn new(intent: Intent) -> Self {
        RedriveAnswer {
            dry_run: !acts(intent),
            sent: Ids::default(),
            deleted: Ids::default(),
            unknown: Ids::default(),
            unreadable: Ids::default(),
            complete: false,
        }
    }

    pub(super) fn json(&self) -> Value {
        json!({
            "action": "redrive",
            "dry_run": self.dry_run,
            "sent": self.sent.json("batches"),
            "deleted": self.deleted.json("batches"),
            "unknown": self.unknown.json("batches"),
            "unreadable": self.unreadable.json("messages"),
            "complete": self.complete,
        })
    }

    /// A dry run counts as nothing done.
    pub(super) fn write_metrics(&self, failures: usize) {
        let did = |ids: &Ids| if self.dry_run { 0.0 } else { ids.figure() };
        let figures = [
            ("Redriven", "Count", did(&self.sent)),
            ("DeletedLetters", "Count", did(&self.deleted)),
            ("UnknownLetters", "Count", self.unknown.figure()),
            ("UnreadableLetters", "Count", self.unreadable.figure()),
            ("Failures", "Count", failures as f64),
        ];
        write_what_happened("redrive", &figures);
    }
}

/// Of a sweep.
#[derive(Debug)]
pub(super) struct SweepAnswer {
    dry_run: bool,
    days: u32,
    /// Batches that are open for long, sent again.
    pub(super) open: Ids,
    /// Whether all of them are.
    pub(super) open_complete: bool,
    /// The inventory's manifest, none when there was none to look at.
    pub(super) inventory: Option<String>,
    /// Documents of the inventory within the window.
    pub(super) looked_at: u64,
    /// Those without a claim.
    pub(super) unclaimed: u64,
    /// Those that are no object any more.
    pub(super) gone: u64,
    /// Of these, those received so long ago that a claim may have been forgotten.
    pub(super) too_old: u64,
    /// Objects that named no document, and were given a key that does.
    pub(super) renamed: u64,
    /// Documents in swept batches.
    pub(super) swept: u64,
    /// Batches made of lost documents.
    pub(super) batches: Ids,
    /// Whether the inventory is done with.
    pub(super) documents_complete: bool,
}

impl SweepAnswer {
    pub(super) fn new(intent: Intent, days: u32) -> Self {
        SweepAnswer {
            dry_run: !acts(intent),
            days,
            open: Ids::default(),
            open_complete: false,
            inventory: None,
            looked_at: 0,
            unclaimed: 0,
            gone: 0,
            too_old: 0,
            renamed: 0,
            swept: 0,
            batches: Ids::default(),
            documents_complete: false,
        }
    }

    pub(super) fn json(&self) -> Value {
        let mut documents = Map::new();
        let counts = [
            ("looked_at", self.looked_at),
            ("unclaimed", self.unclaimed),
            ("gone", self.gone),
            ("too_old", self.too_old),
            ("renamed", self.renamed),
            ("swept", self.swept),
        ];
        documents.extend(counts.map(|(name, count)| (name.to_owned(), count.into())));
        documents.insert("inventory".to_owned(), self.inventory.clone().into());
        documents.insert("batches".to_owned(), self.batches.json("batches"));
        documents.insert("complete".to_owned(), self.documents_complete.into());
        let mut open = self.open.json("batches");
        open["complete"] = self.open_complete.into();
        json!({
            "action": "sweep",
            "dry_run": self.dry_run,
            "days": self.days,
            "open_batches": open,
            "documents": documents,
        })
    }

    /// A dry run counts as nothing done.
    pub(super) fn write_metrics(&self, failures: usize) {
        let did = |count: f64| if self.dry_run { 0.0 } else { count };
        let figures = [
            ("SweptDocuments", "Count", did(self.swept as f64)),
            ("SweptOpenBatches", "Count", did(self.open.figure())),
            ("RenamedObjects", "Count", did(self.renamed as f64)),
            ("LookedAt", "Count", self.looked_at as f64),
            ("TooOld", "Count", self.too_old as f64),
            ("NoInventory", "Count", f64::from(u8::from(self.inventory.is_none()))),
            ("Failures", "Count", failures as f64),
        ];
        write_what_happened("sweep", &figures);
    }
}

//! The ingress bucket: objects that are never overwritten.

use sluice_normalizer::DocumentId;
use sluice_pipeline::{DocumentHead, Put, StoredDocument};
use std::collections::BTreeMap;

#[derive(Debug, Default)]
pub(crate) struct Bucket {
    objects: BTreeMap<DocumentId, StoredDocument>,
}

impl Bucket {
    pub(crate) fn put(&mut self, document: StoredDocument) -> Put {
        if let Some(first) = self.objects.get(&document.head.id) {
            return Put::Taken(first.head.clone());
        }
        self.objects.insert(document.head.id.clone(), document);
        Put::Stored
    }

    pub(crate) fn get(&self, id: &DocumentId) -> Option<&StoredDocument> {
        self.objects.get(id)
    }

    /// What the daily inventory tells.
    pub(crate) fn heads(&self) -> Vec<DocumentHead> {
        self.objects.values().map(|document| document.head.clone()).collect()
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &StoredDocument> {
        self.objects.values()
    }
}

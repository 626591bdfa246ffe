//! The ingress bucket as a port.

use super::Ports;
use sluice_normalizer::DocumentId;
use sluice_pipeline::{IngressStore, PortError, Put, StoredDocument};

impl IngressStore for Ports {
    async fn put(&self, document: StoredDocument) -> Result<Put, PortError> {
        let id = document.head.id.to_string();
        self.world.call("ingress", "put", &id, |state| state.bucket.put(document)).await
    }

    async fn get(&self, id: &DocumentId) -> Result<Option<StoredDocument>, PortError> {
        let key = id.clone();
        let get = move |state: &mut crate::world::State| state.bucket.get(&key).cloned();
        self.world.call("ingress", "get", id.as_str(), get).await
    }

    async fn get_all(&self, ids: &[DocumentId]) -> Result<Vec<Option<StoredDocument>>, PortError> {
        let keys = ids.to_vec();
        let about = format!("{} documents", keys.len());
        let get = move |state: &mut crate::world::State| {
            keys.iter().map(|id| state.bucket.get(id).cloned()).collect()
        };
        self.world.call("ingress", "get all", &about, get).await
    }
}

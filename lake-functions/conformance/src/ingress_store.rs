//! The contract of [`IngressStore`].

use crate::given::{document, id};
use sluice_normalizer::{Encoding, Form};
use sluice_pipeline::{DocumentHead, IngressStore, Put, StoredDocument};

/// Checks an empty store.
///
/// # Panics
/// Where the store breaks the port's contract.
pub async fn ingress_store(store: &impl IngressStore) {
    assert_eq!(store.get(&id("unknown")).await.expect("get"), None);

    // What goes in comes out, bytes that are no text included.
    let body = vec![0x1f, 0x8b, 0, 0xff, b'\n'];
    let odd = StoredDocument {
        head: DocumentHead {
            principal: Some("grün & co".to_owned()),
            form: Form::Ndjson,
            encoding: Encoding::Gzip,
            bytes: body.len() as u64,
            fault: None,
            ..document("orders", "0192aF4c-77F0-7aaa-8001-00000000000F", "").head
        },
        body,
    };
    assert_eq!(store.put(odd.clone()).await.expect("put"), Put::Stored);
    assert_eq!(store.get(&odd.head.id).await.expect("get"), Some(odd.clone()));

    // Ids are told apart byte by byte, and need not be UUIDs.
    let lower = document("orders", "0192af4c-77f0-7aaa-8001-00000000000f", "{\"a\":1}");
    assert_eq!(store.put(lower.clone()).await.expect("put"), Put::Stored);
    let plain = document("orders", "A.b_c-1", "{\"a\":2}");
    assert_eq!(store.put(plain.clone()).await.expect("put"), Put::Stored);
    assert_eq!(store.get(&odd.head.id).await.expect("get"), Some(odd.clone()));
    assert_eq!(store.get(&lower.head.id).await.expect("get"), Some(lower.clone()));

    // The first body under an id wins, whatever table the second is for.
    let second = document("other", "A.b_c-1", "{\"a\":3}");
    assert_eq!(store.put(second).await.expect("put"), Put::Taken(plain.head.clone()));
    assert_eq!(store.put(plain.clone()).await.expect("put"), Put::Taken(plain.head.clone()));
    assert_eq!(store.get(&plain.head.id).await.expect("get"), Some(plain.clone()));

    let asked = [plain.head.id.clone(), id("unknown"), odd.head.id.clone(), plain.head.id.clone()];
    let found = store.get_all(&asked).await.expect("get all");
    assert_eq!(found, [Some(plain.clone()), None, Some(odd), Some(plain)]);
    assert!(store.get_all(&[]).await.expect("get none").is_empty());
}

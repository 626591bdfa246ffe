//! The contract of [`LakeStore`].

use crate::given::{registry, table};
use sluice_normalizer::Registry;
use sluice_pipeline::{ContentHash, Created, LakeStore};

/// Checks an empty lake.
///
/// # Panics
/// Where the lake breaks the port's contract.
pub async fn lake_store(lake: &impl LakeStore) {
    let orders = table("orders");
    let empty = Registry::empty(&orders, 1);
    assert_eq!(lake.latest_registry(&orders, 1).await.expect("latest"), empty);
    assert_eq!(lake.registry(&orders, 1, 0).await.expect("version 0"), empty);
    assert!(lake.registry(&orders, 1, 1).await.is_err(), "a version that does not exist");

    // Versions are immutable, tables and generations apart.
    let first = Registry { first_date: Some("2026-11-20".to_owned()), ..registry("orders", 1) };
    assert_eq!(lake.create_registry(&first).await.expect("create"), Created::New);
    let other = Registry { first_date: None, ..first.clone() };
    assert_eq!(lake.create_registry(&other).await.expect("create"), Created::Exists);
    assert_eq!(lake.registry(&orders, 1, 1).await.expect("version 1"), first);
    for version in 2..=11 {
        let next = registry("orders", version);
        assert_eq!(lake.create_registry(&next).await.expect("create"), Created::New);
    }
    assert_eq!(lake.latest_registry(&orders, 1).await.expect("latest").version, 11);
    assert_eq!(lake.registry(&orders, 1, 1).await.expect("version 1"), first);
    assert_eq!(lake.latest_registry(&orders, 2).await.expect("latest").version, 0);
    assert_eq!(lake.latest_registry(&table("order"), 1).await.expect("latest").version, 0);

    let text = "tables:\n  orders:\n    ignore: [/größe]\n";
    let hash = ContentHash::sha256(text.as_bytes());
    assert!(lake.settings(&hash).await.is_err(), "settings that were never kept");
    lake.keep_settings(&hash, text).await.expect("keep");
    lake.keep_settings(&hash, text).await.expect("keep again");
    assert_eq!(lake.settings(&hash).await.expect("settings"), text);
    let none = ContentHash::sha256(b"");
    lake.keep_settings(&none, "").await.expect("keep no settings");
    assert_eq!(lake.settings(&none).await.expect("no settings"), "");

    let key = "orders/g1/tier=live/ingest_date=2026-11-20/b.parquet";
    assert_eq!(lake.part(key).await.expect("part"), None);
    lake.write_part(key, b"12345").await.expect("write");
    lake.write_part(key, b"123").await.expect("write again");
    assert_eq!(lake.part(key).await.expect("part").as_deref(), Some(&b"123"[..]));
}

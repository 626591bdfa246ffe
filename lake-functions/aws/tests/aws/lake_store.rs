//! The lake store on S3.

use crate::harness::{Emulator, bucket};
use aws_sdk_s3::types::ChecksumMode;
use sluice_aws::S3LakeStore;
use sluice_normalizer::{Registry, TableName};
use sluice_pipeline::{ContentHash, Created, LakeStore, PortError};

async fn conforms(emulator: Emulator) {
    let aws = emulator.aws().await;
    let name = bucket(&aws, "lake").await;
    sluice_conformance::lake_store(&S3LakeStore::new(&aws, name, None)).await;
}

#[tokio::test]
async fn moto_conforms() {
    conforms(Emulator::Moto).await;
}

#[tokio::test]
async fn ministack_conforms() {
    conforms(Emulator::Ministack).await;
}

fn orders() -> TableName {
    TableName::parse("orders").expect("a table name")
}

fn registry(version: u64) -> Registry {
    Registry { version, ..Registry::empty(&orders(), 1) }
}

async fn latest(lake: &S3LakeStore) -> u64 {
    lake.latest_registry(&orders(), 1).await.expect("latest").version
}

#[tokio::test]
async fn one_of_many_creators_of_a_version_wins() {
    let aws = Emulator::Ministack.aws().await;
    let name = bucket(&aws, "lake").await;
    let creators: Vec<_> = (0..4).map(|_| S3LakeStore::new(&aws, name.clone(), None)).collect();
    for version in 1..=5 {
        let date = |n| Some(format!("2026-11-{:02}", 10 + n));
        let offered: Vec<Registry> =
            (0..4).map(|n| Registry { first_date: date(n), ..registry(version) }).collect();
        let creating = creators.iter().zip(&offered).map(|(lake, new)| lake.create_registry(new));
        let outcomes: Vec<Created> = futures::future::join_all(creating)
            .await
            .into_iter()
            .map(|outcome| outcome.expect("create"))
            .collect();
        let won: Vec<_> =
            outcomes.iter().zip(&offered).filter(|(o, _)| **o == Created::New).collect();
        assert_eq!(won.len(), 1, "{outcomes:?}");
        // Everybody sees the winner's, whatever they remembered.
        for lake in &creators {
            assert_eq!(&lake.latest_registry(&orders(), 1).await.expect("latest"), won[0].1);
        }
    }
}

#[tokio::test]
async fn what_others_created_is_found_warm_and_cold() {
    let aws = Emulator::Moto.aws().await;
    let name = bucket(&aws, "lake").await;
    let (ours, theirs) =
        (S3LakeStore::new(&aws, name.clone(), None), S3LakeStore::new(&aws, name.clone(), None));
    assert_eq!(latest(&ours).await, 0);
    for version in 1..=12 {
        theirs.create_registry(&registry(version)).await.expect("create");
        if version % 4 == 0 {
            assert_eq!(latest(&ours).await, version);
        }
    }
    // What is no version is passed over.
    for stray in ["013.json", "99.json.bak", "x.json", "-1.json"] {
        let key = format!("_registry/orders/g1/{stray}");
        aws.s3().put_object().bucket(&name).key(key).send().await.expect("put");
    }
    assert_eq!(latest(&S3LakeStore::new(&aws, name.clone(), None)).await, 12);
    // An older version read on the way does not move what is remembered.
    assert_eq!(ours.registry(&orders(), 1, 3).await.expect("version 3"), registry(3));
    assert_eq!(latest(&ours).await, 12);
}

#[tokio::test]
async fn more_versions_than_a_page_of_a_listing_has() {
    let aws = Emulator::Ministack.aws().await;
    let name = bucket(&aws, "lake").await;
    // Only the names are looked at, but for the last.
    let client = aws.s3();
    for chunk in (1..1_100u64).collect::<Vec<_>>().chunks(32) {
        let puts = chunk.iter().map(|version| {
            let key = format!("_registry/orders/g1/{version}.json");
            client.put_object().bucket(&name).key(key).send()
        });
        futures::future::try_join_all(puts).await.expect("put");
    }
    let lake = S3LakeStore::new(&aws, name, None);
    lake.create_registry(&registry(1_100)).await.expect("create");
    assert_eq!(latest(&lake).await, 1_100);
}

#[tokio::test]
async fn keys_are_those_of_the_lake_folder() {
    let aws = Emulator::Moto.aws().await;
    let name = bucket(&aws, "lake").await;
    let lake = S3LakeStore::new(&aws, name.clone(), None);
    lake.create_registry(&registry(1)).await.expect("create");
    let hash = ContentHash::sha256(b"tables: {}");
    lake.keep_settings(&hash, "tables: {}").await.expect("keep");
    let part = "orders/g1/tier=live/ingest_date=2026-11-20/b.parquet";
    lake.write_part(part, b"PAR1").await.expect("write");
    let listed = aws.s3().list_objects_v2().bucket(&name).send().await.expect("list");
    let keys: Vec<_> = listed.contents().iter().filter_map(|object| object.key()).collect();
    assert_eq!(keys, ["_registry/orders/g1/1.json", &format!("_settings/{hash}.yaml"), part]);
    let head = aws
        .s3()
        .head_object()
        .bucket(&name)
        .key(part)
        .checksum_mode(ChecksumMode::Enabled)
        .send()
        .await
        .expect("head");
    assert_eq!(head.content_type(), Some("application/vnd.apache.parquet"));
    // S3 was told what it must have got: the CRC-32 of `PAR1`.
    assert_eq!(head.checksum_crc32(), Some("QkIIpQ=="));
}

#[tokio::test]
async fn what_cannot_be_used_is_told_apart_from_what_fails() {
    let aws = Emulator::Moto.aws().await;
    let name = bucket(&aws, "lake").await;
    let lake = S3LakeStore::new(&aws, name.clone(), None);
    let write = async |key: String, text: &str| {
        let body = text.as_bytes().to_vec().into();
        aws.s3().put_object().bucket(&name).key(key).body(body).send().await.expect("put");
    };
    let hash = ContentHash::sha256(b"tables: {}");
    write(format!("_settings/{hash}.yaml"), "tables: {} ").await;
    let error = lake.settings(&hash).await.expect_err("another text");
    assert!(matches!(error, PortError::Damaged { .. }), "{error}");
    for text in ["{", "{\"format\":99}", &registry(2).to_json()] {
        write("_registry/orders/g1/1.json".to_owned(), text).await;
        let error = lake.latest_registry(&orders(), 1).await.expect_err("no version 1");
        assert!(matches!(error, PortError::Damaged { .. }), "{error}");
        assert_eq!(
            error.to_string(),
            "use _registry/orders/g1/1.json: what is stored cannot be used"
        );
    }
    let nowhere = S3LakeStore::new(&aws, format!("{name}-x"), None);
    let error = nowhere.latest_registry(&orders(), 1).await.expect_err("no bucket");
    assert!(matches!(error, PortError::Unavailable { .. }), "{error}");
}

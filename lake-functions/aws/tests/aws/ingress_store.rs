//! The ingress store on S3.

use crate::harness::{Emulator, bucket, versioned};
use aws_sdk_s3::primitives::ByteStream;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use sluice_aws::{Aws, S3IngressStore};
use sluice_normalizer::{DocumentId, Encoding, Form, TableName};
use sluice_pipeline::{DocumentHead, HeadFault, IngressStore, PortError, Put, StoredDocument};
use std::time::{Duration, Instant};

async fn conforms(emulator: Emulator) {
    let aws = emulator.aws().await;
    let name = bucket(&aws, "ingress").await;
    sluice_conformance::ingress_store(&S3IngressStore::new(&aws, name, None)).await;
}

#[tokio::test]
async fn moto_conforms() {
    conforms(Emulator::Moto).await;
}

#[tokio::test]
async fn ministack_conforms() {
    conforms(Emulator::Ministack).await;
}

fn id(text: &str) -> DocumentId {
    DocumentId::parse(text).expect("an id")
}

fn document(name: &str, body: &[u8]) -> StoredDocument {
    StoredDocument {
        head: DocumentHead {
            id: id(name),
            table: TableName::parse("orders").expect("a table name"),
            received_at_ms: 1_614_442_658_123,
            principal: None,
            form: Form::Json,
            encoding: Encoding::Identity,
            bytes: body.len() as u64,
            fault: None,
        },
        body: body.to_vec(),
    }
}

/// A store, and the way past it.
struct Given {
    aws: Aws,
    bucket: String,
    store: S3IngressStore,
}

impl Given {
    async fn at(emulator: Emulator) -> Self {
        let aws = emulator.aws().await;
        let bucket = bucket(&aws, "ingress").await;
        let store = S3IngressStore::new(&aws, bucket.clone(), None);
        Given { aws, bucket, store }
    }

    /// An object as anybody may have written it.
    async fn write(&self, name: &str, text: &[u8], metadata: &[(&str, &str)]) {
        let mut put = self.aws.s3().put_object().bucket(&self.bucket).key(format!("id={name}"));
        for (key, value) in metadata {
            put = put.metadata(*key, *value);
        }
        put.body(ByteStream::from(text.to_vec())).send().await.expect("put object");
    }

    async fn get(&self, name: &str) -> StoredDocument {
        self.store.get(&id(name)).await.expect("get").expect("it is there")
    }

    async fn head(&self, name: &str) -> Option<DocumentHead> {
        self.store.head(&id(name)).await.expect("head")
    }
}

const ORDERS_JSON: [(&str, &str); 2] = [("table", "orders"), ("content-type", "application/json")];

#[tokio::test]
async fn an_object_is_what_the_gateway_writes() {
    for emulator in [Emulator::Moto, Emulator::Ministack] {
        let given = Given::at(emulator).await;
        let mut put = document("a-1", b"{\"a\":1}");
        put.head.encoding = Encoding::Gzip;
        put.head.principal = Some("arn:aws:iam::123456789012:user/a".to_owned());
        assert_eq!(given.store.put(put).await.expect("put"), Put::Stored);
        let get = given.aws.s3().get_object().bucket(&given.bucket).key("id=a-1");
        let object = get.send().await.expect("get object");
        assert_eq!(object.content_type(), Some("text/plain;base64"));
        let mut metadata: Vec<_> = object.metadata().expect("metadata").iter().collect();
        metadata.sort();
        let told: Vec<String> = metadata.iter().map(|(k, v)| format!("{k}={v}")).collect();
        assert_eq!(
            told,
            [
                "content-encoding=gzip",
                "content-type=application/json",
                "principal=arn:aws:iam::123456789012:user/a",
                "request-time=27/Feb/2021:16:17:38 +0000",
                "request-time-epoch=1614442658123",
                "table=orders",
            ]
        );
        let body = object.body.collect().await.expect("body").into_bytes();
        assert_eq!(&body[..], BASE64_STANDARD.encode(b"{\"a\":1}").as_bytes());
    }
}

#[tokio::test]
async fn a_body_can_be_read_while_its_old_version_is_kept() {
    for emulator in [Emulator::Moto, Emulator::Ministack] {
        let given = Given::at(emulator).await;
        versioned(&given.aws, &given.bucket).await;
        // One id begins with the other, and would be listed behind it.
        for name in ["a", "ab", "b"] {
            given.store.put(document(name, name.as_bytes())).await.expect("put");
        }
        // Twice, as somebody may: each leaves a mark of its own.
        for name in ["a", "a", "b"] {
            let delete = given.aws.s3().delete_object().bucket(&given.bucket);
            delete.key(format!("id={name}")).send().await.expect("delete");
        }
        assert_eq!(given.head("a").await, None, "{emulator:?}: no rebuild begins with it");
        let owed = given.store.owed(&["a", "none", "ab"].map(id)).await;
        let owed: Vec<_> =
            owed.into_iter().map(|head| head.expect("owed").map(|it| it.id)).collect();
        assert_eq!(owed, [Some(id("a")), None, Some(id("ab"))], "{emulator:?}: rows are owed");
        assert_eq!(given.get("a").await.body, b"a", "{emulator:?}");
        let found = given.store.get_all(&["b", "none", "ab"].map(id)).await.expect("get all");
        let bodies: Vec<_> = found.into_iter().map(|it| it.map(|document| document.body)).collect();
        assert_eq!(bodies, [Some(b"b".to_vec()), None, Some(b"ab".to_vec())], "{emulator:?}");
        // The id is free again.
        assert_eq!(given.store.put(document("a", b"new")).await.expect("put"), Put::Stored);
        assert_eq!(given.get("a").await.body, b"new", "{emulator:?}");
    }
}

#[tokio::test]
async fn the_key_encrypts_what_is_put() {
    let aws = Emulator::Moto.aws().await;
    let name = bucket(&aws, "ingress").await;
    let arn = "arn:aws:kms:eu-central-1:123456789012:key/0a1b2c3d-0000-4000-8000-000000000000";
    let store = S3IngressStore::new(&aws, name.clone(), Some(arn.to_owned()));
    store.put(document("a", b"{}")).await.expect("put");
    let head = aws.s3().head_object().bucket(&name).key("id=a").send().await.expect("head");
    assert_eq!(head.ssekms_key_id(), Some(arn));
    assert_eq!(head.bucket_key_enabled(), Some(true));
}

#[tokio::test]
async fn one_of_many_puts_under_an_id_wins() {
    for emulator in [Emulator::Moto, Emulator::Ministack] {
        let given = Given::at(emulator).await;
        let puts =
            (0..8).map(|n| given.store.put(document("a", format!("{{\"n\":{n}}}").as_bytes())));
        let outcomes = futures::future::join_all(puts).await;
        let stored = outcomes.iter().filter(|outcome| matches!(outcome, Ok(Put::Stored))).count();
        // moto compares and writes without a lock: two can be told that they were first. S3 does
        // not, and what is read back is one of them either way.
        match emulator {
            Emulator::Moto => assert!(stored >= 1, "{outcomes:?}"),
            Emulator::Ministack => assert_eq!(stored, 1, "{outcomes:?}"),
        }
        assert_eq!(given.get("a").await.body.len(), 7);
    }
}

#[tokio::test]
async fn metadata_beyond_ascii_goes_both_ways() {
    let given = Given::at(Emulator::Moto).await;
    for (name, principal) in [("a", "grün & co"), ("b", "日本の利用者".repeat(10).as_str())]
    {
        let mut put = document(name, b"{}");
        put.head.principal = Some(principal.to_owned());
        given.store.put(put.clone()).await.expect("put");
        assert_eq!(given.get(name).await, put);
        let head = given.head(name).await.expect("it is there");
        assert_eq!(head.principal.as_deref(), Some(principal));
    }
    // As S3 answers for what was put as bare UTF-8.
    let quoted = [ORDERS_JSON[0], ORDERS_JSON[1], ("principal", "=?UTF-8?Q?gr=C3=BCn?=")];
    given.write("c", b"e30=", &quoted).await;
    assert_eq!(given.get("c").await.head.principal.as_deref(), Some("grün"));
}

/// Name, object, metadata, and what is wrong with them.
type Case = (&'static str, &'static [u8], Vec<(&'static str, &'static str)>, Option<HeadFault>);

#[tokio::test]
async fn what_no_door_has_judged_is_a_fault_and_no_error() {
    let given = Given::at(Emulator::Moto).await;
    let body = b"e30=";
    let name = HeadFault::TableName { posted: "no-table".to_owned() };
    let none = HeadFault::TableName { posted: String::new() };
    let cases: [Case; 9] = [
        ("good", body, ORDERS_JSON.to_vec(), None),
        ("lines", b"e3\r\n0=\r\n", ORDERS_JSON.to_vec(), None),
        ("bare", body, vec![], Some(none)),
        ("name", body, vec![("table", "no-table"), ORDERS_JSON[1]], Some(name)),
        ("no-type", body, vec![ORDERS_JSON[0]], Some(HeadFault::MediaType)),
        (
            "csv",
            body,
            vec![ORDERS_JSON[0], ("content-type", "text/csv")],
            Some(HeadFault::MediaType),
        ),
        (
            "br",
            body,
            [&ORDERS_JSON[..], &[("content-encoding", "br")]].concat(),
            Some(HeadFault::ContentEncoding),
        ),
        ("unpadded", b"e30", ORDERS_JSON.to_vec(), Some(HeadFault::Stored)),
        ("plain", b"{\"a\":1}", ORDERS_JSON.to_vec(), Some(HeadFault::Stored)),
    ];
    for (name, text, metadata, fault) in cases {
        let before_ms = now_ms();
        given.write(name, text, &metadata).await;
        let found = given.get(name).await;
        assert_eq!(found.head.fault, fault, "{name}");
        let damaged = fault == Some(HeadFault::Stored);
        assert_eq!(found.body, if damaged { text } else { b"{}" }, "{name}");
        assert_eq!(found.head.bytes, found.body.len() as u64, "{name}");
        // No time of the gateway: that of S3, in whole seconds.
        assert!(found.head.received_at_ms >= before_ms - 1_000, "{name}");
        // A look from outside says the same, as far as it can see.
        let head = given.head(name).await.expect("it is there");
        let seen = DocumentHead { fault: if damaged { None } else { fault }, ..found.head.clone() };
        assert_eq!(DocumentHead { bytes: seen.bytes, ..head }, seen, "{name}");
    }
}

fn now_ms() -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    i64::try_from(now.expect("after 1970").as_millis()).expect("in range")
}

#[tokio::test]
async fn an_object_of_no_bytes_is_a_document() {
    for emulator in [Emulator::Moto, Emulator::Ministack] {
        let given = Given::at(emulator).await;
        given.write("empty", b"", &ORDERS_JSON).await;
        let found = given.get("empty").await;
        assert_eq!((found.body.len(), found.head.bytes, &found.head.fault), (0, 0, &None));
        assert_eq!(given.head("empty").await.expect("it is there").bytes, 0);
    }
}

#[tokio::test]
async fn a_body_of_ten_megabytes_comes_back() {
    let given = Given::at(Emulator::Moto).await;
    let body: Vec<u8> =
        (0..10_000_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let put = document("large", &body);
    assert_eq!(given.store.put(put.clone()).await.expect("put"), Put::Stored);
    assert!(given.get("large").await == put);
    let head = given.head("large").await.expect("it is there");
    assert!((10_000_000..10_000_003).contains(&head.bytes), "{}", head.bytes);
}

#[tokio::test]
async fn an_object_too_large_for_a_document_is_read_in_part() {
    let given = Given::at(Emulator::Moto).await;
    given.write("huge", &vec![b'A'; 20_000_000], &ORDERS_JSON).await;
    let found = given.get("huge").await;
    assert_eq!(found.head.fault, Some(HeadFault::Stored));
    assert!(found.body.len() < 15_000_000);
}

#[tokio::test]
async fn what_vanished_is_none_and_a_wrong_bucket_is_not() {
    for emulator in [Emulator::Moto, Emulator::Ministack] {
        let given = Given::at(emulator).await;
        given.write("a", b"e30=", &ORDERS_JSON).await;
        let delete = given.aws.s3().delete_object().bucket(&given.bucket).key("id=a");
        delete.send().await.expect("delete");
        assert_eq!(given.head("a").await, None);
        assert_eq!(given.store.get(&id("a")).await.expect("get"), None);
        // If nothing were there, documents would be dropped as vanished.
        let wrong = S3IngressStore::new(&given.aws, format!("{}-x", given.bucket), None);
        for error in [
            wrong.head(&id("a")).await.map(|_| ()).expect_err("no bucket"),
            wrong.get(&id("a")).await.map(|_| ()).expect_err("no bucket"),
            wrong.put(document("a", b"{}")).await.map(|_| ()).expect_err("no bucket"),
        ] {
            assert!(matches!(error, PortError::Unavailable { .. }), "{error}");
        }
    }
}

#[tokio::test]
async fn five_thousand_documents_are_read_at_once() {
    let given = Given::at(Emulator::Ministack).await;
    // Every hundredth id has an object; requests are what costs here.
    let ids: Vec<DocumentId> = (0..5_000).map(|n| id(&format!("d{n}"))).collect();
    for n in (0..5_000).step_by(100) {
        given.store.put(document(&format!("d{n}"), b"{}")).await.expect("put");
    }
    let started = Instant::now();
    let found = given.store.get_all(&ids).await.expect("get all");
    assert_eq!(found.len(), 5_000);
    for (n, found) in found.iter().enumerate() {
        let expected = (n % 100 == 0).then(|| format!("d{n}"));
        assert_eq!(found.as_ref().map(|d| d.head.id.to_string()), expected);
    }
    assert!(started.elapsed() < Duration::from_secs(120), "{:?}", started.elapsed());
}

#[tokio::test]
async fn large_documents_wait_for_room() {
    let given = Given::at(Emulator::Moto).await;
    // 12 of 9 MB in base64: more than may be in flight.
    let body = vec![b' '; 9_000_000];
    given.store.put(document("a", &body)).await.expect("put");
    let ids = vec![id("a"); 12];
    let found = given.store.get_all(&ids).await.expect("get all");
    assert!(found.iter().all(|found| found.as_ref().is_some_and(|d| d.body.len() == body.len())));
}

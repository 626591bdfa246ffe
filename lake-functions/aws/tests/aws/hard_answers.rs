//! Answers that AWS's documentation tells of and emulators do not give.

use crate::harness::{Answer, Canned};
use sluice_aws::{Event, EventBridge, S3IngressStore, S3LakeStore, SqsWorkQueue};
use sluice_normalizer::{BatchId, DocumentId, Encoding, Form, Registry, TableName};
use sluice_pipeline::{
    Created, DocumentHead, Heads, IngressStore, LakeStore, PortError, Receipt, StoredDocument,
    WorkQueue,
};
use std::error::Error;
use std::time::Duration;

fn canned<const N: usize>(answers: [Answer; N]) -> Canned {
    Canned::start(answers, Duration::ZERO)
}

async fn ingress(server: &Canned) -> S3IngressStore {
    S3IngressStore::new(&server.aws().await, "ingress".to_owned(), None)
}

async fn lake(server: &Canned) -> S3LakeStore {
    S3LakeStore::new(&server.aws().await, "lake".to_owned(), None)
}

fn id(text: &str) -> DocumentId {
    DocumentId::parse(text).expect("an id")
}

fn orders() -> TableName {
    TableName::parse("orders").expect("a table name")
}

fn registry(version: u64) -> Registry {
    Registry { version, ..Registry::empty(&orders(), 1) }
}

fn document() -> StoredDocument {
    StoredDocument {
        head: DocumentHead {
            id: id("a"),
            table: orders(),
            received_at_ms: 0,
            principal: None,
            form: Form::Json,
            encoding: Encoding::Identity,
            bytes: 2,
            fault: None,
        },
        body: b"{}".to_vec(),
    }
}

/// What is told of a failure that comes again later.
fn unavailable<T>(outcome: Result<T, PortError>) -> String {
    let error = outcome.err().expect("a failure");
    assert!(matches!(error, PortError::Unavailable { .. }), "{error}");
    let told = format!("{error}: {}", error.source().expect("a cause"));
    // Messages of a service can quote what was sent.
    assert!(!format!("{told}{error:?}").contains("secret"), "{error:?}");
    told
}

/// S3 answers 409 while another conditional write to the key is under way: "retry".
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html>
#[tokio::test]
async fn a_conflict_is_tried_again() {
    let conflict = || Answer::s3_error(409, "ConditionalRequestConflict");
    let server = canned([conflict(), conflict(), Answer::ok(b"")]);
    let created = lake(&server).await.create_registry(&registry(1)).await;
    assert_eq!(created.expect("create"), Created::New);
    let server = canned([conflict(), Answer::s3_error(412, "PreconditionFailed")]);
    let created = lake(&server).await.create_registry(&registry(1)).await;
    assert_eq!(created.expect("create"), Created::Exists);
    let server = canned([conflict()]);
    let told = unavailable(ingress(&server).await.put(document()).await);
    assert_eq!(told, "create id=a: not available: ConditionalRequestConflict");
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn access_that_is_refused_loses_nothing() {
    let refused = [
        Answer::s3_error(403, "AccessDenied"),
        Answer::s3_error(400, "KMS.DisabledException"),
        Answer::s3_error(400, "KMS.NotFoundException"),
        Answer::s3_error(403, "InvalidObjectState"),
    ];
    for answer in refused {
        let server = canned([answer]);
        let store = ingress(&server).await;
        // None would say that the document is gone, and drop it.
        unavailable(store.get(&id("a")).await);
        unavailable(store.get_all(&[id("a")]).await);
        unavailable(store.put(document()).await);
        // HEAD has no code, only the status.
        let told = unavailable(store.head(&id("a")).await);
        assert!(told.contains("status 40"), "{told}");
        // What a person has to mend is not tried again here.
        assert_eq!(server.requests().len(), 4);
    }
}

#[tokio::test]
async fn throttling_passes() {
    let server = canned([
        Answer::s3_error(503, "SlowDown"),
        Answer::s3_error(500, "InternalError"),
        Answer::s3_error(404, "NoSuchKey"),
        // Nor is there an old version.
        Answer::s3_error(503, "SlowDown"),
        Answer::ok(b"<ListVersionsResult><IsTruncated>false</IsTruncated></ListVersionsResult>"),
    ]);
    assert_eq!(ingress(&server).await.get(&id("a")).await.expect("get"), None);
    let server = canned([Answer::s3_error(503, "SlowDown")]);
    let told = unavailable(ingress(&server).await.get(&id("a")).await);
    assert_eq!(told, "read id=a: not available: SlowDown");
    assert_eq!(server.requests().len(), 5, "tries are bounded");
}

#[tokio::test]
async fn a_body_that_breaks_off_is_read_again() {
    let whole = || {
        Answer::ok(b"e30=")
            .header("x-amz-meta-table", "orders")
            .header("x-amz-meta-content-type", "application/json")
    };
    let other = whole().header("x-amz-checksum-crc32", "AAAAAA==");
    let server = canned([whole().broken_off(), other, whole()]);
    let found = ingress(&server).await.get(&id("a")).await.expect("get").expect("it is there");
    assert_eq!((found.body.as_slice(), &found.head.fault), (&b"{}"[..], &None));
    assert_eq!(server.requests().len(), 3);
    let server = canned([whole().broken_off()]);
    unavailable(ingress(&server).await.get(&id("a")).await);
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn a_registry_that_is_known_costs_one_request() {
    let listed = "<ListBucketResult><IsTruncated>false</IsTruncated>\
        <Contents><Key>_registry/orders/g1/7.json</Key></Contents></ListBucketResult>";
    let text = |version| registry(version).to_json().into_bytes();
    let absent = || Answer::s3_error(404, "NoSuchKey");
    let server = canned([
        Answer::ok(listed.as_bytes()),
        Answer::ok(&text(7)),
        absent(),
        absent(),
        Answer::ok(&text(8)),
        absent(),
    ]);
    let lake = lake(&server).await;
    for (requests, expected) in [(3, 7), (4, 7), (6, 8)] {
        let latest = lake.latest_registry(&orders(), 1).await.expect("latest");
        assert_eq!((latest.version, server.requests().len()), (expected, requests));
    }
    // Settings in force are kept once.
    let server = canned([Answer::ok(b"")]);
    let lake = S3LakeStore::new(&server.aws().await, "lake".to_owned(), None);
    let hash = sluice_pipeline::ContentHash::sha256(b"");
    for _ in 0..3 {
        lake.keep_settings(&hash, "").await.expect("keep");
    }
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn reads_at_once_are_bounded() {
    let object = Answer::ok(b"e30=")
        .header("x-amz-meta-table", "orders")
        .header("x-amz-meta-content-type", "application/json");
    let server = Canned::start([object], Duration::from_millis(20));
    let ids: Vec<DocumentId> = (0..1_000).map(|n| id(&n.to_string())).collect();
    let found = ingress(&server).await.get_all(&ids).await.expect("get all");
    assert!(found.len() == 1_000 && found.iter().all(Option::is_some));
    let heads = ingress(&server).await.heads(&ids).await;
    assert!(heads.len() == 1_000 && heads.iter().all(|head| matches!(head, Ok(Some(_)))));
    let at_once = server.at_once_max();
    assert!((16..=64).contains(&at_once), "{at_once} at once");
}

#[tokio::test]
async fn a_head_that_fails_keeps_no_other_from_being_answered() {
    let head = Answer::ok(b"").header("x-amz-meta-table", "orders");
    let server = canned([head, Answer::s3_error(403, "AccessDenied")]);
    let mut heads = ingress(&server).await.heads(&[id("a"), id("b")]).await;
    heads.sort_by_key(Result::is_err);
    assert!(matches!(&heads[..], [Ok(Some(_)), Err(PortError::Unavailable { .. })]), "{heads:?}");
}

fn events(count: u8) -> Vec<Event> {
    let event = |n| {
        let batch = BatchId::from_stored(&format!("{n:032x}")).expect("an id");
        Event::BatchDead { table: orders(), batch, sends: 1 }
    };
    (0..count).map(event).collect()
}

#[tokio::test]
async fn events_left_by_a_call_are_sent_again() {
    const SOME: &[u8] = br#"{"FailedEntryCount":2,"Entries":[{"EventId":"1"},
        {"ErrorCode":"ThrottlingException","ErrorMessage":"secret"},{"ErrorCode":"InternalFailure"}]}"#;
    const LAST: &[u8] =
        br#"{"FailedEntryCount":1,"Entries":[{"EventId":"2"},{"ErrorCode":"InternalFailure"}]}"#;
    const ALL: &[u8] = br#"{"FailedEntryCount":0,"Entries":[{"EventId":"3"}]}"#;
    let server = canned([Answer::ok(SOME), Answer::ok(LAST), Answer::ok(ALL)]);
    let bridge = EventBridge::new(&server.aws().await, "default".to_owned());
    bridge.publish(&events(3)).await.expect("publish");
    let sent: Vec<usize> =
        server.requests().iter().map(|request| request.matches("batch.dead").count()).collect();
    assert_eq!(sent, [3, 2, 1]);

    let server = canned([
        Answer::ok(SOME),
        Answer::ok(LAST),
        Answer::ok(br#"{"FailedEntryCount":1,"Entries":[{"ErrorCode":"InternalFailure"}]}"#),
    ]);
    let bridge = EventBridge::new(&server.aws().await, "default".to_owned());
    let told = unavailable(bridge.publish(&events(3)).await);
    assert_eq!(told, "publish 1 events: not available: 1 events were not taken (InternalFailure)");
    assert_eq!(server.requests().len(), 4);
}

/// A FIFO queue refuses a receipt whose delivery is over.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteMessage.html>
#[tokio::test]
async fn a_receipt_that_has_expired_changes_nothing() {
    let refusals = [
        ("com.amazonaws.sqs#ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid;Sender"),
        (
            "com.amazonaws.sqs#MessageNotInflight",
            "AWS.SimpleQueueService.MessageNotInflight;Sender",
        ),
        ("com.amazon.coral.service#InvalidParameterValueException", "InvalidParameterValue;Sender"),
    ];
    for (kind, query) in refusals {
        let body = format!("{{\"__type\":\"{kind}\",\"message\":\"secret\"}}");
        let answer = Answer::s3_error(400, "").header("x-amzn-query-error", query);
        let server = canned([answer.with_body(body.as_bytes())]);
        let url = "https://sqs.eu-central-1.amazonaws.com/1/b.fifo".to_owned();
        let queue = SqsWorkQueue::new(&server.aws().await, url);
        let receipt = Receipt("old".to_owned());
        queue.delete(&receipt).await.expect("delete");
        queue.release(&receipt, Duration::ZERO).await.expect("release");
    }
}

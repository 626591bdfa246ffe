//! The functions over the real adapters: what S3 announces becomes parts, exactly once (I-1, I-2),
//! though every announcement comes twice and invocations end in the midst of their work.

use crate::harness::{Emulator, bucket, fifo_queue, unique};
use aws_lambda_events::sqs::SqsEvent;
use aws_sdk_sqs::types::MessageSystemAttributeName;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use serde_json::{Value, json};
use sluice_aws::{
    Aws, DynamoLedger, GlueCatalog, S3IngressStore, S3LakeStore, S3Settings, SqsWorkQueue,
    parse_message,
};
use sluice_functions::{Dispatcher, NormalizerFunction};
use sluice_normalizer::{DocumentId, Encoding, Form, TableName};
use sluice_pipeline::{
    BatchMessage, Catalog, DispatchLimits, DocumentHead, DocumentState, IngressStore, Ledger,
    Normalizer, StoredDocument, WorkQueue,
};
use std::collections::BTreeMap;
use std::io::Write;
use std::time::Duration;

/// Of an invocation, as Lambda would tell.
pub(crate) const TIME: Duration = Duration::from_secs(120);

/// Buckets, queue and ledger of one test.
pub(crate) struct Home {
    pub(crate) aws: Aws,
    pub(crate) ingress: String,
    pub(crate) lake: String,
    pub(crate) queue: String,
    pub(crate) ledger: String,
}

pub(crate) type Function = NormalizerFunction<
    S3IngressStore,
    DynamoLedger,
    S3LakeStore,
    GlueCatalog,
    SqsWorkQueue,
    S3Settings,
    Option<sluice_aws::EventBridge>,
>;

impl Home {
    pub(crate) async fn new(emulator: Emulator) -> Self {
        let aws = emulator.aws().await;
        let (ingress, lake) = (bucket(&aws, "ingress").await, bucket(&aws, "lake").await);
        let queue = fifo_queue(&aws, "batches", Duration::from_secs(1)).await;
        let ledger = unique("ledger");
        let home = Home { aws, ingress, lake, queue, ledger };
        home.ledger().create_table().await.expect("create table");
        home
    }

    pub(crate) fn ledger(&self) -> DynamoLedger {
        DynamoLedger::new(self.aws.dynamodb(), self.ledger.clone(), 400)
    }

    pub(crate) fn store(&self) -> S3IngressStore {
        S3IngressStore::new(&self.aws, self.ingress.clone(), None)
    }

    pub(crate) fn catalog(&self) -> GlueCatalog {
        GlueCatalog::new(self.aws.glue(), format!("s3://{}", self.lake))
    }

    /// Each invocation is a cold start.
    pub(crate) fn dispatcher(&self) -> Dispatcher<DynamoLedger, SqsWorkQueue> {
        Dispatcher {
            bucket: self.ingress.clone(),
            objects: self.store(),
            ledger: self.ledger(),
            queue: SqsWorkQueue::new(&self.aws, self.queue.clone()),
            limits: DispatchLimits { documents_max: 7, ..DispatchLimits::default() },
        }
    }

    pub(crate) fn normalizer(&self) -> Function {
        NormalizerFunction {
            normalizer: Normalizer {
                ingress: self.store(),
                ledger: self.ledger(),
                lake: S3LakeStore::new(&self.aws, self.lake.clone(), None),
                catalog: self.catalog(),
            },
            queue: SqsWorkQueue::new(&self.aws, self.queue.clone()),
            settings: S3Settings::new(&self.aws, self.lake.clone()),
            told: None,
        }
    }

    /// An announcement as S3 sends it.
    pub(crate) fn announcement(&self, ids: &[&str]) -> Value {
        let record = |id: &&str| {
            json!({"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": {
                "bucket": {"name": self.ingress}, "object": {"key": format!("id%3D{id}")}}})
        };
        json!({"Records": ids.iter().map(record).collect::<Vec<_>>()})
    }

    /// What the event source mapping of the FIFO queue hands to the function: one message.
    pub(crate) async fn delivery(&self) -> Option<(SqsEvent, String)> {
        let received = self
            .aws
            .sqs()
            .receive_message()
            .queue_url(&self.queue)
            .message_system_attribute_names(MessageSystemAttributeName::All)
            .wait_time_seconds(1)
            .send()
            .await
            .expect("receive");
        let message = received.messages?.into_iter().next()?;
        let attributes: BTreeMap<String, String> = message
            .attributes
            .unwrap_or_default()
            .into_iter()
            .map(|(name, value)| (name.as_str().to_owned(), value))
            .collect();
        let receipt = message.receipt_handle.expect("a receipt");
        let event = event(&[(
            "m",
            message.body.expect("a body"),
            json!(attributes),
            Some(receipt.as_str()),
        )]);
        Some((event, receipt))
    }

    pub(crate) async fn waiting(&self) -> bool {
        use aws_sdk_sqs::types::QueueAttributeName as Name;
        let names = [
            Name::ApproximateNumberOfMessages,
            Name::ApproximateNumberOfMessagesNotVisible,
            Name::ApproximateNumberOfMessagesDelayed,
        ];
        let asked = self.aws.sqs().get_queue_attributes().queue_url(&self.queue);
        let told = asked.set_attribute_names(Some(names.to_vec())).send().await.expect("look");
        told.attributes.unwrap_or_default().values().any(|count| count != "0")
    }

    async fn object(&self, key: &str) -> Bytes {
        let get = self.aws.s3().get_object().bucket(&self.lake).key(key);
        get.send().await.expect("get").body.collect().await.expect("read").into_bytes()
    }

    /// What stands behind `id=` in the keys of the ingress bucket.
    async fn ingress_ids(&self) -> Vec<String> {
        let listed = self.aws.s3().list_objects_v2().bucket(&self.ingress).send().await;
        let objects = listed.expect("list").contents.unwrap_or_default();
        let keys = objects.into_iter().map(|object| object.key.expect("a key"));
        keys.map(|key| key.strip_prefix("id=").expect("a document's key").to_owned()).collect()
    }

    /// Rows of each document in the parts of a table, by document id. `table`: also with a generation,
    /// `orders/g2`.
    pub(crate) async fn rows(&self, table: &str) -> BTreeMap<String, u64> {
        let listed = self.aws.s3().list_objects_v2().bucket(&self.lake);
        let listed = listed.prefix(format!("{table}/")).send().await.expect("list");
        let mut rows = BTreeMap::new();
        for object in listed.contents.unwrap_or_default() {
            let reader = SerializedFileReader::new(self.object(&object.key.expect("a key")).await);
            for row in reader.expect("a Parquet file").get_row_iter(None).expect("rows") {
                let row = row.expect("a row");
                let id = row.get_column_iter().find(|(name, _)| name.as_str() == "_id");
                let Some((_, Field::Str(id))) = id else { panic!("a row without _id") };
                *rows.entry(id.clone()).or_default() += 1;
            }
        }
        rows
    }
}

/// An event of SQS: message id, body, attributes and receipt of each message.
pub(crate) fn event(messages: &[(&str, String, Value, Option<&str>)]) -> SqsEvent {
    let record = |(id, body, attributes, receipt): &(&str, String, Value, Option<&str>)| json!({"messageId": id, "body": body, "attributes": attributes, "receiptHandle": receipt});
    let records: Vec<Value> = messages.iter().map(record).collect();
    serde_json::from_value(json!({"Records": records})).expect("an event")
}

/// A document, and the rows and rejects it becomes.
#[derive(Clone)]
pub(crate) struct Given {
    pub(crate) document: StoredDocument,
    pub(crate) rows: u64,
    pub(crate) rejects: u64,
}

pub(crate) fn given() -> Vec<Given> {
    let mut given = Vec::new();
    let mut add = |table: &str, form, packed: bool, text: String, rows, rejects| {
        let number = given.len();
        let mut body = text.into_bytes();
        if packed {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
            encoder.write_all(&body).expect("into memory");
            body = encoder.finish().expect("into memory");
        }
        let head = DocumentHead {
            id: DocumentId::parse(&format!("00000000-0000-7000-8000-{number:012}")).expect("an id"),
            table: TableName::parse(table).expect("a table name"),
            received_at_ms: 1_795_132_800_000 + number as i64,
            principal: (number % 2 == 0).then(|| "ada".to_owned()),
            form,
            encoding: if packed { Encoding::Gzip } else { Encoding::Identity },
            bytes: body.len() as u64,
            fault: None,
        };
        given.push(Given { document: StoredDocument { head, body }, rows, rejects });
    };
    for n in 0..24_u64 {
        let order =
            format!(r#"{{"n":{n},"total":{n}.25,"items":[{{"sku":"s{n}"}},{{"sku":"t"}}]}}"#);
        add("orders", Form::Json, n % 3 == 0, order, 1, 0);
        let lines = format!("{{\"at\":\"{n}\"}}\nbroken\n{{\"at\":{n}}}\n");
        add("visits", Form::Ndjson, n % 2 == 0, lines, 2, 1);
    }
    add("orders", Form::Json, false, r#"[{"n":"a text now"},7]"#.to_owned(), 1, 1);
    add("orders", Form::Json, false, String::new(), 0, 1);
    add("orders", Form::Json, false, r#"{"cut":"#.to_owned(), 0, 1);
    given
}

/// Objects as the gateway writes them, which no adapter would.
async fn put_raw(home: &Home, id: &str, metadata: &[(&str, &str)], body: &'static str) {
    let mut put = home.aws.s3().put_object().bucket(&home.ingress).key(format!("id={id}"));
    for (name, value) in metadata {
        put = put.metadata(*name, *value);
    }
    put.body(body.as_bytes().to_vec().into()).send().await.expect("put");
}

/// What the event source mapping of the announcements hands to the function, some at a time.
async fn dispatch(home: &Home, messages: &[(String, String)]) {
    for some in messages.chunks(4) {
        let some: Vec<_> =
            some.iter().map(|(id, body)| (id.as_str(), body.clone(), json!({}), None)).collect();
        let dispatcher = home.dispatcher();
        let answer = dispatcher.handle(event(&some)).await;
        let failed: Vec<_> =
            answer.batch_item_failures.iter().map(|it| it.item_identifier.as_str()).collect();
        let junk: Vec<_> = some.iter().map(|it| it.0).filter(|id| *id == "junk").collect();
        assert_eq!(failed, junk);
    }
}

async fn documents_become_parts_exactly_once(emulator: Emulator, interrupted: bool) {
    let home = Home::new(emulator).await;
    let given = given();
    for Given { document, .. } in &given {
        home.store().put(document.clone()).await.expect("put");
    }
    let raw_json = ("content-type", "application/json");
    let (table, time) = (("table", "orders"), ("request-time-epoch", "1795132800000"));
    put_raw(&home, "badname", &[("table", "my-orders"), raw_json, time], "e30=").await;
    put_raw(&home, "badtype", &[table, ("content-type", "text/xml"), time], "e30=").await;
    put_raw(&home, "badbody", &[table, raw_json, time], "*not base64*").await;
    put_raw(&home, "of a/clïent", &[table, raw_json, time], "eyJuIjo3fQ==").await;

    let ids: Vec<&str> = given.iter().map(|given| given.document.head.id.as_str()).collect();
    let raw = ["badname", "badtype", "badbody", "of+a%2Fcl%C3%AFent"];
    let announce = |ids: &[&str]| home.announcement(ids).to_string();
    let all: Vec<&str> = ids.iter().chain(&raw).copied().collect();
    // Everything twice, in other companies, with a test event and a message that is none.
    let mut messages: Vec<(String, String)> = Vec::new();
    for (at, ids) in all.chunks(5).chain(all[3..].chunks(11)).chain(all[..3].chunks(3)).enumerate()
    {
        messages.push((format!("m{at}"), announce(ids)));
    }
    messages.push(("test".to_owned(), r#"{"Event":"s3:TestEvent"}"#.to_owned()));
    messages.push(("junk".to_owned(), "junk".to_owned()));
    messages.push(("absent".to_owned(), announce(&["00000000-0000-7000-8000-999999999999"])));
    dispatch(&home, &messages).await;
    // What has no id of a document was given one, once.
    let known = |id: &String| all.contains(&id.as_str()) || id == "of a/clïent";
    let mut renamed = home.ingress_ids().await;
    renamed.retain(|id| !known(id));
    let [renamed] = &renamed[..] else { panic!("{renamed:?}") };
    dispatch(&home, &[0, 1].map(|at| (at.to_string(), announce(&[renamed.as_str()])))).await;

    let (mut round, mut killed) = (0, 0);
    while home.waiting().await {
        round += 1;
        assert!(round < 400, "the queue does not run dry");
        let Some((event, receipt)) = home.delivery().await else { continue };
        let normalizer = home.normalizer();
        let body = event.records[0].body.clone().unwrap_or_default();
        let work = normalizer.handle(event, TIME);
        if interrupted && round % 3 != 0 {
            // The function is killed; its message comes again after the visibility timeout.
            let life = Duration::from_millis(round * 17 % 220);
            if tokio::time::timeout(life, work).await.is_err() {
                killed += 1;
                continue;
            }
        } else {
            let answer = work.await;
            if !answer.batch_item_failures.is_empty() {
                // Killed so often while shaping that the batch was taken for what ends the process, and
                // set aside: on a slow machine. A redrive sends it again.
                assert!(interrupted, "round {round}");
                let message = parse_message(&body).expect("a message");
                let again = BatchMessage { send: message.send + 1, ..message };
                let queue = SqsWorkQueue::new(&home.aws, home.queue.clone());
                queue.send(&again).await.expect("send");
            }
        }
        let delete = home.aws.sqs().delete_message().queue_url(&home.queue);
        delete.receipt_handle(receipt).send().await.expect("delete");
    }

    assert!(!interrupted || killed > 2, "{killed} of {round} were killed");
    check(&home, &given, renamed).await;
}

async fn check(home: &Home, given: &[Given], renamed: &str) {
    let (orders, visits) = (home.rows("orders").await, home.rows("visits").await);
    let rejects = home.rows("sluice_rejects").await;
    let ledger = home.ledger();
    for Given { document, rows, rejects: rejected } in given {
        let id = document.head.id.as_str();
        let count = |of: &BTreeMap<String, u64>| of.get(id).copied().unwrap_or(0);
        assert_eq!((count(&orders) + count(&visits), count(&rejects)), (*rows, *rejected), "{id}");
        let told = ledger.document(&document.head.table, 1, &document.head.id).await;
        let outcome = told.expect("look").expect("claimed").outcome.expect("committed");
        assert_eq!((outcome.rows, outcome.rejects), (*rows, *rejected), "{id} in the ledger");
    }
    assert_eq!(orders.get(renamed), Some(&1));
    let expected: u64 = given.iter().map(|given| given.rows).sum::<u64>() + 1;
    assert_eq!(orders.values().chain(visits.values()).sum::<u64>(), expected);
    assert_eq!(home.rows("orders__items").await.values().sum::<u64>(), 48);
    for id in ["badname", "badtype", "badbody"] {
        assert_eq!(rejects.get(id), Some(&1), "{id}");
        let table = if id == "badname" { TableName::of_rejects() } else { table("orders") };
        let told = ledger.document(&table, 1, &DocumentId::parse(id).expect("an id")).await;
        let outcome = told.expect("look").expect("claimed").outcome.expect("committed");
        assert_eq!(DocumentState::of(&outcome), DocumentState::Rejected, "{id}");
    }
    let shown = home.catalog().shown(&table("orders"), 1).await.expect("look");
    assert!(shown.is_some_and(|shown| shown.version >= 1), "Athena knows the table");
}

pub(crate) fn table(name: &str) -> TableName {
    TableName::parse(name).expect("a table name")
}

#[tokio::test]
async fn ministack_documents_become_parts_exactly_once() {
    documents_become_parts_exactly_once(Emulator::Ministack, false).await;
}

#[tokio::test]
async fn ministack_functions_that_are_killed_lose_nothing() {
    documents_become_parts_exactly_once(Emulator::Ministack, true).await;
}

#[tokio::test]
async fn moto_functions_that_are_killed_lose_nothing() {
    documents_become_parts_exactly_once(Emulator::Moto, true).await;
}

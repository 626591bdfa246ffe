//! A table is rebuilt beside the running pipeline: whatever comes meanwhile, whatever is interrupted or
//! done twice, the new generation holds every document once (I-1, I-2).

use crate::functions::{Given, Home, TIME, event, given, table};
use crate::harness::{Emulator, versioned};
use serde_json::{Value, json};
use sluice_aws::{S3LakeStore, SqsWorkQueue};
use sluice_functions::RebuildFunction;
use sluice_normalizer::athena::physical_name;
use sluice_normalizer::{DocumentId, Encoding, Form, TableName};
use sluice_pipeline::{
    Batch, BatchMessage, DispatchLimits, DocumentHead, IngressStore, Ledger, ListedBatch,
    OpenBatches, Rebuilder, Rebuilds, StoredDocument, WorkQueue,
};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// Longer than the emulators' indexes lag behind, which they do not.
const GRACE_MS: i64 = 300;

/// A home, and a table that no other test has: each emulator has one Glue.
struct Case {
    home: Home,
    table: TableName,
}

/// An order of which there is one row; every third is one reject instead.
fn order(table: &TableName, number: u64) -> Given {
    let (body, rows, rejects) = match number % 3 {
        0 => (r#"{"cut":"#.to_owned(), 0, 1),
        _ => (format!(r#"{{"n":{number},"late":true}}"#), 1, 0),
    };
    let head = DocumentHead {
        id: DocumentId::parse(&format!("order-{number}")).expect("an id"),
        table: table.clone(),
        received_at_ms: 1_795_132_800_000 + 50_000_000 * number as i64,
        principal: None,
        form: Form::Json,
        encoding: Encoding::Identity,
        bytes: body.len() as u64,
        fault: None,
    };
    Given { document: StoredDocument { head, body: body.into_bytes() }, rows, rejects }
}

impl Case {
    /// With the orders of [`given`], normalized.
    async fn new(emulator: Emulator) -> (Self, Vec<Given>) {
        static NAMES: AtomicU32 = AtomicU32::new(0);
        let name = format!("rebuilt{}", NAMES.fetch_add(1, Ordering::Relaxed));
        let case = Case { home: Home::new(emulator).await, table: table(&name) };
        let mut documents = given();
        documents.retain(|given| given.document.head.table.as_str() == "orders");
        for given in &mut documents {
            given.document.head.table = case.table.clone();
        }
        case.post(&documents).await;
        case.work_off(false).await;
        (case, documents)
    }

    fn rebuild(&self, grace_ms: i64) -> RebuildFunction {
        RebuildFunction {
            rebuilder: Rebuilder {
                ledger: self.home.ledger(),
                heads: self.home.store(),
                queue: SqsWorkQueue::new(&self.home.aws, self.home.queue.clone()),
                lake: S3LakeStore::new(&self.home.aws, self.home.lake.clone(), None),
                views: self.home.catalog(),
                limits: DispatchLimits { documents_max: 5, ..DispatchLimits::default() },
                grace_ms,
            },
        }
    }

    /// One invocation, by a cold start.
    async fn ask(&self, request: Value) -> Value {
        let answer = self.rebuild(GRACE_MS).handle(request, TIME).await;
        serde_json::to_value(answer).expect("JSON")
    }

    async fn action(&self, action: &str) -> Value {
        let answer = self.ask(json!({"table": self.table.as_str(), "action": action})).await;
        assert_eq!(answer["success"], true, "{answer}");
        answer["data"].clone()
    }

    /// Posts and announces.
    async fn post(&self, documents: &[Given]) {
        for given in documents {
            self.home.store().put(given.document.clone()).await.expect("put");
        }
        for some in documents.chunks(4) {
            let ids: Vec<&str> = some.iter().map(|it| it.document.head.id.as_str()).collect();
            let message = [("m", self.home.announcement(&ids).to_string(), json!({}), None)];
            let answer = self.home.dispatcher().handle(event(&message)).await;
            assert!(answer.batch_item_failures.is_empty());
        }
    }

    /// Works off the queue. `killed`: some invocations end in their midst.
    async fn work_off(&self, killed: bool) {
        let mut round = 0;
        while self.home.waiting().await {
            round += 1;
            assert!(round < 400, "the queue does not run dry");
            let Some((event, receipt)) = self.home.delivery().await else { continue };
            let normalizer = self.home.normalizer();
            let work = normalizer.handle(event, TIME);
            if killed && round % 4 == 0 {
                let life = Duration::from_millis(round * 37 % 180);
                if tokio::time::timeout(life, work).await.is_err() {
                    continue;
                }
            } else {
                assert!(work.await.batch_item_failures.is_empty(), "round {round}");
            }
            let delete = self.home.aws.sqs().delete_message().queue_url(&self.home.queue);
            delete.receipt_handle(receipt).send().await.expect("delete");
        }
    }

    /// Steps and works off the queue until `state`; answers the last answer.
    async fn until(&self, state: &str) -> Value {
        for _ in 0..200 {
            let data = self.action("step").await;
            if data["state"] == state {
                return data;
            }
            self.work_off(false).await;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the rebuild is never {state}");
    }

    /// Drops until nothing is left to do; answers the last answer, which has all that was dropped.
    async fn drop(&self) -> Value {
        let mut dropped = Vec::new();
        for _ in 0..100 {
            let mut data = self.action("drop").await;
            dropped.extend(data["dropped"].as_array().into_iter().flatten().cloned());
            if data["next"] == "done" {
                data["dropped"] = dropped.into();
                return data;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the drop does not end");
    }

    /// As lifecycle does: in a versioned bucket the object is hidden.
    async fn remove(&self, document: &Given) {
        let key = format!("id={}", document.document.head.id);
        let delete = self.home.aws.s3().delete_object().bucket(&self.home.ingress).key(key);
        delete.send().await.expect("delete");
    }

    /// Of the table, or of its children.
    async fn rows(&self, child: &str, generation: u32) -> BTreeMap<String, u64> {
        self.home.rows(&format!("{}{child}/g{generation}", self.table)).await
    }

    async fn settings(&self, text: &str) {
        let put =
            self.home.aws.s3().put_object().bucket(&self.home.lake).key(sluice_aws::SETTINGS_KEY);
        put.body(text.as_bytes().to_vec().into()).send().await.expect("put");
    }

    /// Every document is in the generation once, and its rejects are seen once.
    async fn check(&self, generation: u32, documents: &[Given]) {
        let rows = self.home.rows(&format!("{}/g{generation}", self.table)).await;
        let rejects = self.home.rows("sluice_rejects").await;
        let mut expected = 0;
        for Given { document, rows: expected_rows, rejects: expected_rejects } in documents {
            let id = document.head.id.as_str();
            let count = |of: &BTreeMap<String, u64>| of.get(id).copied().unwrap_or(0);
            let found = (count(&rows), count(&rejects));
            assert_eq!(found, (*expected_rows, *expected_rejects), "{id} in g{generation}");
            let ledger = self.home.ledger();
            let told = ledger.document(&document.head.table, generation, &document.head.id);
            let told = told.await.expect("look").expect("claimed").outcome.expect("committed");
            assert_eq!((told.rows, told.rejects), found, "{id} in the ledger");
            expected += expected_rows;
        }
        assert_eq!(rows.values().sum::<u64>(), expected, "nothing else is there");
        assert_eq!(self.home.ledger().generation(&self.table).await.expect("look"), generation);
    }

    /// The generation that the view shows.
    async fn visible(&self) -> String {
        let get = self.home.aws.glue().get_table().database_name("lake").name(self.table.as_str());
        let view = get.send().await.expect("get").table.expect("a view");
        view.parameters.expect("parameters")["sluice.generation"].clone()
    }

    async fn has_physical(&self, generation: u32) -> bool {
        let name = physical_name(self.table.as_str(), generation);
        self.home.aws.glue().get_table().database_name("lake_files").name(name).send().await.is_ok()
    }
}

#[tokio::test]
async fn a_rebuilt_table_holds_everything_once() {
    let (case, mut documents) = Case::new(Emulator::Ministack).await;
    case.check(1, &documents).await;
    assert_eq!(case.rows("__items", 1).await.values().sum::<u64>(), 48);
    let settings = format!("tables: {{{}: {{ignore: [/items]}}}}", case.table);
    case.settings(&settings).await;

    let started = case.action("start").await;
    assert_eq!((&started["generation"], &started["from"]), (&json!(2), &json!(1)));
    assert_eq!((&started["state"], &started["next"]), (&json!("replaying"), &json!("wait")));
    assert_eq!((&started["documents"], &started["removed"]), (&json!(27), &json!(0)));
    assert_eq!(case.action("start").await["generation"], 2, "safe to repeat");
    let early = case.ask(json!({"table": case.table.as_str(), "action": "switch"})).await;
    assert_eq!(early["error"]["code"], "not_ready");

    // While it is replayed, and while it is ready, more comes.
    let mut more = |numbers: std::ops::Range<u64>| {
        let more: Vec<Given> = numbers.clone().map(|n| order(&case.table, n)).collect();
        documents.extend(numbers.map(|n| order(&case.table, n)));
        more
    };
    case.post(&more(0..9)).await;
    assert_eq!(case.until("ready").await["next"], "decide");
    case.post(&more(9..14)).await;
    case.work_off(false).await;
    assert_eq!(case.home.ledger().generation(&case.table).await.expect("look"), 1);
    assert_eq!(case.rows("", 1).await.len(), 25 + 9, "it is the one that goes on");

    assert_eq!(case.action("switch").await["state"], "switching");
    // Before and after the change of generations.
    for at in 14..40 {
        case.post(&more(at..at + 1)).await;
        if at % 2 == 0 {
            case.work_off(false).await;
        }
        if case.action("step").await["state"] == "switched" {
            break;
        }
    }
    case.until("switched").await;
    case.post(&more(40..44)).await;
    case.work_off(false).await;
    case.check(2, &documents).await;
    assert!(case.rows("__items", 2).await.is_empty(), "the settings hold");
    assert_eq!(case.visible().await, "2");
    assert_eq!(case.action("status").await["next"], "done");
    let over =
        case.ask(json!({"table": case.table.as_str(), "action": "drop", "dry_run": true})).await;
    assert_eq!(over["data"]["dropped"][0]["generation"], 1);
}

#[tokio::test]
async fn interrupted_and_doubled_rebuilds_lose_nothing() {
    let (case, mut documents) = Case::new(Emulator::Moto).await;
    case.action("start").await;
    let mut round = 0_u64;
    let mut came = 0;
    loop {
        round += 1;
        assert!(round < 300, "the rebuild does not end");
        // Two invocations side by side, most of which are ended somewhere.
        let life = |times: u64| Duration::from_millis(round * times % 400);
        let action = if round.is_multiple_of(5) { "switch" } else { "step" };
        let request = || json!({"table": case.table.as_str(), "action": action});
        let (one, other) = (case.rebuild(GRACE_MS), case.rebuild(GRACE_MS));
        let _ = tokio::join!(
            tokio::time::timeout(life(31), one.handle(request(), TIME)),
            tokio::time::timeout(life(47), other.handle(request(), TIME)),
        );
        if came < 12 {
            case.post(&[order(&case.table, came)]).await;
            documents.push(order(&case.table, came));
            came += 1;
        }
        if round.is_multiple_of(3) {
            case.work_off(true).await;
        }
        let action = if round.is_multiple_of(7) { "step" } else { "status" };
        let state = case.action(action).await["state"].clone();
        if state == "switched" && came == 12 {
            break;
        }
    }
    case.work_off(false).await;
    case.check(2, &documents).await;
}

#[tokio::test]
async fn late_batches_follow() {
    let (case, mut documents) = Case::new(Emulator::Moto).await;
    case.action("start").await;
    case.until("ready").await;
    case.action("switch").await;
    case.until("switched").await;
    // Dispatchers that read the generation before the change, and slept; one batch is committed by a
    // normalizer that ends before it can say so.
    for (numbers, killed) in [(0..4, false), (4..8, true)] {
        let late: Vec<Given> = numbers.map(|n| order(&case.table, n)).collect();
        for given in &late {
            case.home.store().put(given.document.clone()).await.expect("put");
            let ids = vec![given.document.head.id.clone()];
            let batch = Batch::new(case.table.clone(), 1, ids);
            case.home.ledger().create_batch(&batch).await.expect("create");
            let message = BatchMessage { table: batch.table, batch: batch.id, send: 0 };
            if killed {
                let settings = sluice_pipeline::SettingsInForce::parse(String::new());
                let normalizer = case.home.normalizer().normalizer;
                let done = normalizer.normalize(&message, 1, &settings.expect("settings")).await;
                done.expect("committed");
            }
            let queue = SqsWorkQueue::new(&case.home.aws, case.home.queue.clone());
            queue.send(&message).await.expect("send");
        }
        documents.extend(late);
    }
    case.work_off(false).await;
    case.check(2, &documents).await;
}

#[tokio::test]
async fn removed_documents_are_lost_only_if_somebody_says_so() {
    let (case, mut documents) = Case::new(Emulator::Moto).await;
    for gone in documents.drain(..2) {
        case.remove(&gone).await;
    }
    case.action("start").await;
    let ready = case.until("ready").await;
    assert_eq!((&ready["documents"], &ready["removed"]), (&json!(25), &json!(2)));
    for agreed in [0, 1] {
        let request =
            json!({"table": case.table.as_str(), "action": "switch", "without_removed": agreed});
        let refused = case.ask(request).await;
        assert_eq!(refused["error"]["code"], "removed", "{refused}");
    }
    let request = json!({"table": case.table.as_str(), "action": "switch", "without_removed": 2});
    assert_eq!(case.ask(request).await["data"]["state"], "switching");
    case.until("switched").await;
    case.check(2, &documents).await;
}

/// Documents whose time comes between being looked at and being normalized.
#[tokio::test]
async fn documents_removed_on_their_way_still_become_rows() {
    for emulator in [Emulator::Moto, Emulator::Ministack] {
        let (case, documents) = Case::new(emulator).await;
        versioned(&case.home.aws, &case.home.ingress).await;
        // What was there before has no version of its own: these are written again.
        let late: Vec<Given> = (0..4).map(|n| order(&case.table, n)).collect();
        case.post(&late).await;
        case.work_off(false).await;
        let documents: Vec<Given> = documents.into_iter().chain(late.clone()).collect();
        case.action("start").await;
        for document in &late {
            case.remove(document).await;
        }
        assert_eq!(case.until("ready").await["removed"], 0);
        case.action("switch").await;
        case.until("switched").await;
        case.check(2, &documents).await;
    }
}

/// Given up while its batches wait, are at work, and are committed.
#[tokio::test]
async fn a_rebuild_that_was_given_up_leaves_no_batch_behind() {
    let (case, documents) = Case::new(Emulator::Moto).await;
    case.action("start").await;
    // By workers that end before they look whether the rebuild was given up.
    let batches = case.home.ledger().batches_of(&case.table, 2, None).await.expect("look").batches;
    let settings = sluice_pipeline::SettingsInForce::parse(String::new()).expect("settings");
    let normalizer = case.home.normalizer().normalizer;
    let commit = async |listed: &ListedBatch| {
        let (table, batch) = (case.table.clone(), listed.id.clone());
        let message = BatchMessage { table, batch, send: 0 };
        normalizer.normalize(&message, 1, &settings).await.expect("committed");
    };
    let (last, others) = batches.split_last().expect("batches");
    commit(&others[0]).await;
    let patient = case.rebuild(3_600_000);
    let dropping = patient.handle(json!({"table": case.table.as_str(), "action": "drop"}), TIME);
    let dropping = serde_json::to_value(dropping.await).expect("JSON")["data"].clone();
    assert_eq!((&dropping["state"], &dropping["next"]), (&json!("dropping"), &json!("wait")));
    assert_eq!(case.action("status").await["open"], 0, "nobody waits for them");
    let refused = case.ask(json!({"table": case.table.as_str(), "action": "switch"})).await;
    assert_eq!(refused["error"]["code"], "no_rebuild");
    assert_eq!(case.drop().await["state"], "dropped");
    commit(last).await;
    let seen = async || case.home.rows("sluice_rejects").await.values().sum::<u64>();
    let expected = documents.iter().map(|it| it.rejects).sum::<u64>();
    assert!(seen().await > expected, "the last batch is the one with rejects");
    // Their messages come again, and those of the others for the first time.
    case.work_off(false).await;
    assert_eq!(seen().await, expected);
    assert_eq!(case.drop().await["state"], "dropped");
    assert!(case.rows("", 2).await.is_empty() && !case.has_physical(2).await);
    let open = case.home.ledger().open_batches(i64::MAX, None).await.expect("look");
    assert_eq!(open.batches, [], "they ended");
    case.check(1, &documents).await;
    // A drop that was begun before is not about the rebuild that somebody starts now.
    assert_eq!(case.action("start").await["generation"], 3);
    let again = json!({"table": case.table.as_str(), "action": "drop", "generation": 2});
    let again = case.ask(again).await["data"].clone();
    assert_eq!((&again["state"], &again["next"]), (&json!("replaying"), &json!("done")), "{again}");
    case.until("ready").await;
    case.action("switch").await;
    case.until("switched").await;
    case.check(3, &documents).await;
}

#[tokio::test]
async fn only_what_nobody_sees_is_dropped() {
    let (case, documents) = Case::new(Emulator::Moto).await;
    case.action("start").await;
    case.until("ready").await;
    assert!(case.has_physical(2).await);
    let told =
        case.ask(json!({"table": case.table.as_str(), "action": "drop", "dry_run": true})).await;
    let dropped = &told["data"]["dropped"];
    assert_eq!((&dropped[0]["generation"], &dropped[1]), (&json!(2), &Value::Null), "{told}");
    assert!(dropped[0]["parts"].as_u64() > Some(0) && dropped[0]["bytes"].as_u64() > Some(0));
    assert_eq!(case.action("status").await["state"], "ready", "a dry run drops nothing");
    for _ in 0..2 {
        assert_eq!(case.drop().await["state"], "dropped");
        assert!(case.rows("", 2).await.is_empty());
        assert!(!case.has_physical(2).await && case.has_physical(1).await);
    }
    // Of the rejects those of the first generation are left.
    case.check(1, &documents).await;
    let gone = case.ask(json!({"table": case.table.as_str(), "action": "switch"})).await;
    assert_eq!(gone["error"]["code"], "no_rebuild");

    // The next attempt is another generation. Past the change nothing is dropped.
    assert_eq!(case.action("start").await["generation"], 3);
    case.until("ready").await;
    let patient = case.rebuild(3_600_000);
    let switch = json!({"table": case.table.as_str(), "action": "switch"});
    patient.handle(switch, TIME).await;
    assert_eq!(case.home.ledger().generation(&case.table).await.expect("look"), 3);
    let refused = case.ask(json!({"table": case.table.as_str(), "action": "drop"})).await;
    assert_eq!(refused["error"]["code"], "switching", "{refused}");
    case.until("switched").await;
    let dropped = case.drop().await["dropped"].clone();
    assert_eq!((&dropped[0]["generation"], &dropped[1]), (&json!(1), &Value::Null));
    assert!(case.rows("", 1).await.is_empty() && !case.has_physical(1).await);
    case.check(3, &documents).await;
    assert!(case.has_physical(3).await);
}

#[tokio::test]
async fn wrong_requests_do_nothing() {
    let case = Case { home: Home::new(Emulator::Moto).await, table: table("orders") };
    let cases = [
        (json!({"table": "orders", "action": "begin"}), "bad_request"),
        (json!({"table": "orders"}), "bad_request"),
        (json!({"table": "orders", "action": "start", "dryrun": true}), "bad_request"),
        (json!({"table": "or-ders", "action": "start"}), "bad_request"),
        (json!({"table": "orders", "action": "start", "without_removed": -1}), "bad_request"),
        (json!({"table": "orders", "action": "start"}), "unknown_table"),
        (json!({"table": "orders", "action": "step"}), "no_rebuild"),
        (json!({"table": "orders", "action": "switch"}), "no_rebuild"),
    ];
    for (request, code) in cases {
        let answer = case.ask(request.clone()).await;
        assert_eq!((&answer["success"], &answer["error"]["code"]), (&json!(false), &json!(code)));
    }
    assert_eq!(case.action("status").await["state"], "none");
    assert_eq!(case.home.ledger().rebuild(&table("orders")).await.expect("look"), None);
}

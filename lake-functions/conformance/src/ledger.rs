//! The contract of [`Ledger`].

use crate::given::{batch, document, id, table};
use sluice_normalizer::{BatchId, DocumentOutcome, RejectReason, Report};
use sluice_pipeline::{
    Batch, BatchState, ContentHash, Created, IngressStore, Ledger, PLAN_FORMAT, Plan, PlannedPart,
    Trial,
};

/// Checks an empty ledger. `ingress`: the store of its documents, empty too.
///
/// # Panics
/// Where the ledger breaks the port's contract.
pub async fn ledger(ingress: &impl IngressStore, ledger: &impl Ledger) {
    for name in ["1", "2", "3", "4"] {
        ingress.put(document("orders", name, "{}")).await.expect("put");
    }
    tables(ledger).await;
    batches(ledger).await;
    claims(ledger).await;
    plans_and_commits(ledger).await;
}

async fn tables(ledger: &impl Ledger) {
    let admit = async |name, max| ledger.admit(&table(name), max).await.expect("admit");
    assert!(admit("orders", 2).await);
    assert!(!admit("visits", 1).await);
    assert!(admit("visits", 2).await);
    assert!(!admit("third", 2).await);
    // Who is in stays in.
    assert!(admit("orders", 1).await);
    assert!(admit("visits", 0).await);
    assert!(!admit("third", 2).await);
}

async fn batches(ledger: &impl Ledger) {
    assert_eq!(ledger.generation(&table("orders")).await.expect("generation"), 1);
    let first = batch("orders", &["1", "2"]);
    assert_eq!(ledger.batch(&first.id).await.expect("batch"), None);
    assert_eq!(ledger.create_batch(&first).await.expect("create"), Created::New);
    assert_eq!(ledger.create_batch(&first).await.expect("create"), Created::Exists);
    let found = ledger.batch(&first.id).await.expect("batch").expect("it was made");
    assert_eq!((found.batch, found.state), (first, BatchState::Open));
}

async fn claims(ledger: &impl Ledger) {
    let orders = table("orders");
    let first = batch("orders", &["1", "2"]);
    let overlapping = batch("orders", &["2", "3"]);
    ledger.create_batch(&overlapping).await.expect("create");
    assert_eq!(ledger.document(&orders, 1, &id("2")).await.expect("document"), None);
    assert_eq!(ledger.claim(&first, &[]).await.expect("claim"), [true, true]);
    // A claim is for good; the same batch may ask again.
    assert_eq!(ledger.claim(&overlapping, &[]).await.expect("claim"), [false, true]);
    assert_eq!(ledger.claim(&first, &[]).await.expect("claim"), [true, true]);
    let held = ledger.document(&orders, 1, &id("2")).await.expect("document").expect("claimed");
    assert_eq!((held.batch, held.outcome), (first.id, None));
    // Another generation has claims of its own.
    let next = Batch::new(orders.clone(), 2, vec![id("2")]);
    ledger.create_batch(&next).await.expect("create");
    assert_eq!(ledger.document(&orders, 2, &id("2")).await.expect("document"), None);
    assert_eq!(ledger.claim(&next, &[]).await.expect("claim"), [true]);
    assert_eq!(ledger.claim(&overlapping, &[]).await.expect("claim"), [false, true]);
}

async fn plans_and_commits(ledger: &impl Ledger) {
    let orders = table("orders");
    let first = batch("orders", &["1", "2"]);
    assert_eq!(ledger.trial(&first.id).await.expect("trial"), None);
    for tried in [0, 1] {
        let isolated = (0..tried).map(|_| "1".to_owned()).collect();
        let trial = Trial { build: "0.1.0".to_owned(), tried, begun: 2, isolated };
        ledger.keep_trial(&first.id, &trial).await.expect("keep");
        assert_eq!(ledger.trial(&first.id).await.expect("trial"), Some(trial));
    }

    assert_eq!(ledger.plan(&first.id).await.expect("plan"), None);
    let plan = plan(&first.id, &["1", "2"], 2);
    assert_eq!(ledger.create_plan(&plan).await.expect("create"), Created::New);
    let other = Plan { version: 9, ..plan.clone() };
    assert_eq!(ledger.create_plan(&other).await.expect("create"), Created::Exists);
    assert_eq!(ledger.plan(&first.id).await.expect("plan"), Some(plan.clone()));

    let reason = RejectReason {
        record: Some(3),
        code: "malformed_json".to_owned(),
        message: "expected value at byte 7".to_owned(),
        pointer: Some("/ä~1b".to_owned()),
    };
    let whole = RejectReason { record: None, pointer: None, ..reason.clone() };
    let outcomes = [
        DocumentOutcome { rows: 5, rejects: 0, reasons: Vec::new() },
        DocumentOutcome { rows: 1, rejects: 30, reasons: vec![reason, whole] },
    ];
    for _ in 0..2 {
        ledger.record(&plan, &outcomes).await.expect("record");
    }
    let state = async || ledger.batch(&first.id).await.expect("batch").expect("it is known").state;
    assert_eq!(state().await, BatchState::Open);
    for _ in 0..2 {
        ledger.commit(&first.id, &plan.parts).await.expect("commit");
        assert_eq!(state().await, BatchState::Committed);
    }
    for (name, outcome) in ["1", "2"].into_iter().zip(outcomes) {
        let found = ledger.document(&orders, 1, &id(name)).await.expect("document");
        let found = found.expect("it is claimed");
        assert_eq!((found.batch, found.outcome), (first.id.clone(), Some(outcome)));
    }
    // A batch without a document of its own writes nothing, and ends like any other.
    let empty = batch("orders", &["1"]);
    ledger.create_batch(&empty).await.expect("create");
    assert_eq!(ledger.claim(&empty, &[]).await.expect("claim"), [false]);
    let nothing = Plan { parts: Vec::new(), ..self::plan(&empty.id, &[], 0) };
    assert_eq!(ledger.create_plan(&nothing).await.expect("create"), Created::New);
    ledger.record(&nothing, &[]).await.expect("record");
    ledger.commit(&empty.id, &[]).await.expect("commit");
    let unknown = batch("orders", &["4"]);
    assert_eq!(ledger.document(&orders, 1, &id("4")).await.expect("document"), None);
    assert_eq!(ledger.batch(&unknown.id).await.expect("batch"), None);
}

fn plan(batch: &BatchId, documents: &[&str], rows: u64) -> Plan {
    Plan {
        format: PLAN_FORMAT,
        build: "0".to_owned(),
        batch: batch.to_string(),
        table: "orders".to_owned(),
        generation: 1,
        base_version: 0,
        version: 1,
        settings: ContentHash::sha256(b""),
        documents: documents.iter().map(ToString::to_string).collect(),
        isolated: vec!["2".to_owned()],
        admitted: false,
        parts: vec![PlannedPart {
            table: "orders".to_owned(),
            key: format!("orders/g1/tier=live/ingest_date=2026-11-20/{batch}.parquet"),
            rows,
            bytes: 100,
            sha256: ContentHash::sha256(b"part"),
        }],
        report: Report { documents: documents.len() as u64, ..Report::default() },
    }
}

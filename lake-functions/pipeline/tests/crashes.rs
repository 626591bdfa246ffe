//! I-1 and I-2 whatever call fails: every call of a run fails once, before it does its work and
//! after, the process starts over, and each record is one row or one reject.

use bytes::Bytes;
use futures::executor::block_on;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use sluice_conformance::{Fault, Memory};
use sluice_normalizer::{DocumentId, Encoding, Form, TableName};
use sluice_pipeline::{
    DispatchLimits, DocumentHead, DocumentState, Ledger, NormalizeError, Normalizer, PortError,
    SettingsInForce, StoredDocument, WorkQueue, dispatch,
};
use std::collections::BTreeMap;

const TODAY_MS: i64 = 1_795_132_800_000;

/// Name, table and body of every document; what becomes of it: rows and rejects.
const DOCUMENTS: [(&str, &str, &str, u64, u64); 6] = [
    ("d1", "orders", r#"{"price":1}"#, 1, 0),
    ("d2", "orders", r#"[{"price":"x"},{"items":[{"n":1},{"n":2}]}]"#, 2, 0),
    ("d3", "visits", r#"{"a":{"b":true}}"#, 1, 0),
    ("d4", "orders", r#"{"broken":"#, 0, 1),
    ("d5", "orders", r#"[7,{"late":null,"price":2.5}]"#, 1, 1),
    ("d6", "visits", r"[]", 0, 1),
];

fn document(name: &str, table: &str, body: &str) -> StoredDocument {
    StoredDocument {
        head: DocumentHead {
            id: DocumentId::parse(name).expect("an id"),
            table: TableName::parse(table).expect("a table name"),
            received_at_ms: TODAY_MS,
            principal: None,
            form: Form::Json,
            encoding: Encoding::Identity,
            bytes: body.len() as u64,
        },
        body: body.as_bytes().to_vec(),
    }
}

/// What one life of the process does: announce everything, then work off the queue.
async fn one_life(memory: &Memory, settings: &SettingsInForce) -> Result<(), PortError> {
    // At most two documents a batch, so that some batches overlap when announced anew.
    let limits = DispatchLimits { documents_max: 2, ..DispatchLimits::default() };
    dispatch(memory, memory, &memory.heads(), &limits).await?;
    work_off(memory, settings).await
}

async fn work_off(memory: &Memory, settings: &SettingsInForce) -> Result<(), PortError> {
    let (ingress, ledger) = (memory.clone(), memory.clone());
    let (lake, catalog) = (memory.clone(), memory.clone());
    let normalizer = Normalizer { ingress, ledger, lake, catalog };
    while let Some(delivery) = memory.receive().await? {
        match normalizer.normalize(&delivery.message, delivery.receives, settings).await {
            Ok(_) => memory.delete(&delivery.receipt).await?,
            // The process dies here; nobody gives the message back.
            Err(NormalizeError::Port(error)) => return Err(error),
            Err(error) => panic!("{error}"),
        }
    }
    Ok(())
}

/// Rows by document id of all committed parts of root tables, and the same of the rejects.
fn contents(memory: &Memory) -> (BTreeMap<String, u64>, BTreeMap<String, u64>) {
    let (mut rows, mut rejects) = (BTreeMap::new(), BTreeMap::new());
    for (part, content) in memory.committed_parts() {
        let content = content.expect("a committed part is in the lake");
        let counts = match part.table.as_str() {
            "orders" | "visits" => &mut rows,
            "sluice_rejects" => &mut rejects,
            _ => continue,
        };
        let reader = SerializedFileReader::new(Bytes::from(content)).expect("a Parquet file");
        for row in reader.get_row_iter(None).expect("rows") {
            let row = row.expect("a row");
            let id = row.get_column_iter().find(|(name, _)| name.as_str() == "_id");
            let Some((_, Field::Str(id))) = id else { panic!("a row without _id") };
            *counts.entry(id.clone()).or_default() += 1;
        }
    }
    (rows, rejects)
}

fn filled(memory: &Memory) {
    use sluice_pipeline::IngressStore;
    for (name, table, body, _, _) in DOCUMENTS {
        block_on(memory.put(document(name, table, body))).expect("no fault yet");
    }
}

fn check(memory: &Memory, context: &str) {
    assert!(memory.all_committed(), "{context}: a batch is open");
    let (rows, rejects) = contents(memory);
    for (name, table, _, rows_expected, rejects_expected) in DOCUMENTS {
        let found = (rows.get(name).copied(), rejects.get(name).copied());
        let found = (found.0.unwrap_or(0), found.1.unwrap_or(0));
        assert_eq!(found, (rows_expected, rejects_expected), "{context}: {name}");
        let table = TableName::parse(table).expect("a table name");
        let id = DocumentId::parse(name).expect("an id");
        let record = block_on(memory.document(&table, 1, &id)).expect("no fault");
        let outcome = record.and_then(|record| record.outcome).expect("it is committed");
        assert_eq!((outcome.rows, outcome.rejects), found, "{context}: {name} in the ledger");
        assert_eq!(outcome.reasons.len() as u64, outcome.rejects, "{context}: {name}");
        let expected = match found {
            (_, 0) => DocumentState::Normalized,
            (0, _) => DocumentState::Rejected,
            _ => DocumentState::PartlyRejected,
        };
        assert_eq!(DocumentState::of(&outcome), expected, "{context}: {name}");
    }
}

#[test]
fn whatever_call_fails_nothing_is_lost_and_nothing_twice() {
    let settings = SettingsInForce::parse(String::new()).expect("no settings");
    for fault in [Fault::Before, Fault::After] {
        let mut call = 0;
        loop {
            let memory = Memory::default();
            filled(&memory);
            memory.fail(call, fault);
            let first = block_on(one_life(&memory, &settings));
            if memory.fault_waits() {
                first.expect("nothing failed");
                assert!(call > 50, "a run makes many calls");
                break;
            }
            // The process starts over: everything is announced again, every message comes again.
            memory.redeliver();
            block_on(one_life(&memory, &settings)).expect("no more faults");
            check(&memory, &format!("call {call} failed, {fault:?}"));
            call += 1;
        }
    }
}

#[test]
fn documents_announced_twice_are_normalized_once() {
    let settings = SettingsInForce::parse(String::new()).expect("no settings");
    let memory = Memory::default();
    filled(&memory);
    let heads = memory.heads();
    let limits = DispatchLimits::default();
    block_on(async {
        dispatch(&memory, &memory, &heads[..3], &limits).await.expect("no fault");
        dispatch(&memory, &memory, &heads[1..], &limits).await.expect("no fault");
        dispatch(&memory, &memory, &heads, &limits).await.expect("no fault");
        work_off(&memory, &settings).await.expect("no fault");
    });
    check(&memory, "announced three times");
}

#[test]
fn a_plan_is_carried_out_by_its_own_settings() {
    let then = SettingsInForce::parse("tables: {orders: {ignore: [/price]}}".to_owned());
    let then = then.expect("settings");
    let now = SettingsInForce::parse(String::new()).expect("no settings");
    let run = |fault: Option<u64>| {
        let memory = Memory::default();
        let document = document("d1", "orders", r#"{"price":1,"a":2}"#);
        block_on(async {
            use sluice_pipeline::IngressStore;
            memory.put(document).await.expect("no fault yet");
            if let Some(call) = fault {
                memory.fail(call, Fault::After);
            }
            let _ = one_life(&memory, &then).await;
            if memory.fault_waits() {
                return None;
            }
            memory.redeliver();
            one_life(&memory, &now).await.expect("no more faults");
            Some(memory.committed_parts())
        })
    };
    let expected = run(None).expect("nothing fails");
    assert_eq!(expected.len(), 1);
    // From the plan on, no later change of the settings changes a byte.
    let runs: Vec<bool> =
        (0..).map_while(|call| run(Some(call))).map(|found| found == expected).collect();
    let planned = runs.iter().position(|same| *same).expect("some run had a plan");
    assert!(planned > 5, "runs without a plan go by the settings of the day");
    assert!(runs[planned..].iter().all(|same| *same), "{runs:?}");
    assert!(runs.len() - planned > 5, "{runs:?}");
}

//! I-1 and I-2 whatever call fails: every call of a run fails once, before it does its work and
//! after, the process starts over, and each record is one row or one reject.

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use futures::executor::block_on;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use sluice_conformance::{Fault, Memory};
use sluice_normalizer::{DocumentId, Encoding, Form, TableName};
use sluice_pipeline::{
    Catalog, DispatchLimits, Disposition, DocumentHead, DocumentState, Ledger, NormalizeError,
    Normalizer, PortError, SettingsInForce, StoredDocument, Trial, WorkQueue, dispatch,
};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

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
            fault: None,
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

/// What is in the ledger after the process ended in the midst of a try.
fn trial(tried: u32, begun: u32) -> Trial {
    let build = env!("CARGO_PKG_VERSION").to_owned();
    Trial { build, tried, begun, isolated: BTreeSet::new() }
}

/// Runs documents `a`, `b` and `c`, the last of which is broken, with a trial that an earlier process
/// left. Answers rows and rejects of each.
fn after_trial(left: Option<Trial>, lives: usize) -> Result<[(u64, u64); 3], NormalizeError> {
    let settings = SettingsInForce::parse(String::new()).expect("no settings");
    let memory = Memory::default();
    block_on(async {
        use sluice_pipeline::IngressStore;
        for (name, body) in [("a", "{}"), ("b", r#"{"b":1}"#), ("c", "{")] {
            memory.put(document(name, "orders", body)).await.expect("no fault");
        }
        let heads = memory.heads();
        let batches = dispatch(&memory, &memory, &heads, &DispatchLimits::default()).await;
        let batch = &batches.expect("no fault")[0].id;
        if let Some(trial) = left {
            memory.keep_trial(batch, &trial).await.expect("no fault");
        }
        for _ in 1..lives {
            // These lives end without an answer.
            memory.receive().await.expect("no fault").expect("a message");
            memory.redeliver();
        }
        let normalizer = Normalizer {
            ingress: memory.clone(),
            ledger: memory.clone(),
            lake: memory.clone(),
            catalog: memory.clone(),
        };
        let delivery = memory.receive().await.expect("no fault").expect("a message");
        normalizer.normalize(&delivery.message, delivery.receives, &settings).await?;
        let (rows, rejects) = contents(&memory);
        let count = |of: &BTreeMap<String, u64>, name| of.get(name).copied().unwrap_or(0);
        Ok(["a", "b", "c"].map(|name| (count(&rows, name), count(&rejects, name))))
    })
}

#[test]
fn a_document_that_ends_the_process_becomes_a_reject() {
    let as_it_is = [(1, 0), (1, 0), (0, 1)];
    let ends = |left, lives| after_trial(left, lives).expect("it ends");
    assert_eq!(ends(None, 1), as_it_is);
    // Each is tried alone then, and none ends the process.
    assert_eq!(ends(None, 4), as_it_is);
    // Once is no proof: somebody may have stopped the process.
    assert_eq!(ends(Some(trial(0, 1)), 2), as_it_is);
    assert_eq!(ends(Some(trial(1, 1)), 2), as_it_is);
    assert_eq!(ends(Some(trial(0, 2)), 2), [(0, 1), (1, 0), (0, 1)]);
    assert_eq!(ends(Some(trial(1, 2)), 2), [(1, 0), (0, 1), (0, 1)]);
    assert_eq!(ends(Some(trial(3, 1)), 2), as_it_is);
    // All of them together: a person must look.
    let error = after_trial(Some(trial(3, 2)), 2).expect_err("it must not be tried again");
    assert!(matches!(error, NormalizeError::EndsProcess { .. }), "{error}");
    assert_eq!(error.disposition(), Disposition::Stop);
    // Another build may know better.
    let other = Trial { build: "0.0.1".to_owned(), ..trial(3, 2) };
    assert_eq!(ends(Some(other), 2), as_it_is);
}

#[test]
fn what_the_door_could_not_judge_becomes_rejects() {
    use sluice_pipeline::{HeadFault, IngressStore};
    let settings = SettingsInForce::parse(String::new()).expect("no settings");
    let faults = [
        Some(HeadFault::TableName { posted: "my-table".to_owned() }),
        Some(HeadFault::MediaType),
        Some(HeadFault::ContentEncoding),
        Some(HeadFault::Stored),
        None,
    ];
    let memory = Memory::default();
    let good = ["a", "b", "c", "d", "e"];
    for (name, fault) in good.into_iter().zip(faults) {
        let mut document = document(name, "orders", r#"{"a":1}"#);
        if matches!(fault, Some(HeadFault::TableName { .. })) {
            document.head.table = TableName::of_rejects();
        }
        document.head.fault = fault;
        block_on(memory.put(document)).expect("no fault");
    }
    block_on(one_life(&memory, &settings)).expect("no fault");
    let (rows, rejects) = contents(&memory);
    assert!(rows.into_iter().eq([("e".to_owned(), 1)]));
    assert!(rejects.keys().eq(["a", "b", "c", "d"]));
    assert!(memory.all_committed());
    let reason = |table: &TableName, name: &str| {
        let id = DocumentId::parse(name).expect("an id");
        let record = block_on(memory.document(table, 1, &id)).expect("no fault").expect("claimed");
        record.outcome.expect("committed").reasons.remove(0)
    };
    let orders = TableName::parse("orders").expect("a table name");
    assert_eq!(reason(&orders, "b").code, "unsupported_media_type");
    assert_eq!(reason(&orders, "c").code, "unsupported_content_encoding");
    assert_eq!(reason(&orders, "d").code, "bad_object");
    let posted = reason(&TableName::of_rejects(), "a");
    assert_eq!(posted.code, "bad_table_name");
    assert!(posted.message.starts_with("\"my-table\" is no table name"), "{}", posted.message);
    // Nothing is shown of a table that is none.
    let shown = block_on(memory.shown(&TableName::of_rejects(), 1)).expect("no fault");
    assert_eq!(shown, None);
}

/// A body that is far larger than its gzip.
fn packed(name: &str, megabytes: usize) -> StoredDocument {
    let line = format!("{{\"a\":\"{}\"}}\n", "x".repeat(999_990));
    let plain = line.repeat(megabytes);
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(plain.as_bytes()).expect("into memory");
    let body = encoder.finish().expect("into memory");
    let mut document = document(name, "orders", "");
    document.head.encoding = Encoding::Gzip;
    document.head.form = Form::Ndjson;
    document.head.bytes = body.len() as u64;
    document.body = body;
    document
}

#[test]
fn a_batch_that_unpacks_to_more_than_a_batch_is_committed_in_pieces() {
    use sluice_pipeline::IngressStore;
    let settings = SettingsInForce::parse(String::new()).expect("no settings");
    // 20 of 9 MB; a batch has at most 64 MB.
    let names: Vec<String> = (10..30).map(|n| format!("d{n}")).collect();
    let documents: Vec<_> = names.iter().map(|name| packed(name, 9)).collect();
    let run = |fault: Option<(u64, Fault)>| {
        let memory = Memory::default();
        for document in &documents {
            block_on(memory.put(document.clone())).expect("no fault yet");
        }
        if let Some((call, fault)) = fault {
            memory.fail(call, fault);
        }
        let first = block_on(one_life_of_one_batch(&memory, &settings));
        let waits = memory.fault_waits();
        memory.redeliver();
        if !waits && fault.is_some() {
            block_on(work_off(&memory, &settings)).expect("no more faults");
        } else {
            first.expect("nothing failed");
        }
        assert!(memory.all_committed(), "{fault:?}");
        let (rows, rejects) = contents(&memory);
        let expected = names.iter().map(|name| (name.clone(), 9));
        assert!(rows.into_iter().eq(expected), "{fault:?}");
        assert!(rejects.is_empty(), "{fault:?}");
        assert_eq!(memory.committed_parts().len(), 3, "{fault:?}");
    };
    run(None);
    for call in (5..65).step_by(13) {
        run(Some((call, Fault::After)));
    }
}

/// All documents in one batch.
async fn one_life_of_one_batch(
    memory: &Memory,
    settings: &SettingsInForce,
) -> Result<(), PortError> {
    let batches = dispatch(memory, memory, &memory.heads(), &DispatchLimits::default()).await?;
    assert_eq!(batches.len(), 1, "it looks small");
    work_off(memory, settings).await
}

#[test]
fn documents_of_a_table_too_many_become_rejects() {
    let one = SettingsInForce::parse("limits: {tables: 1}".to_owned()).expect("settings");
    for fault in 0.. {
        let memory = Memory::default();
        filled(&memory);
        memory.fail(fault, Fault::After);
        let first = block_on(one_life(&memory, &one));
        if memory.fault_waits() {
            first.expect("nothing failed");
            break;
        }
        memory.redeliver();
        block_on(one_life(&memory, &one)).expect("no more faults");
        let (rows, rejects) = contents(&memory);
        let all: BTreeSet<&str> = DOCUMENTS.iter().map(|document| document.0).collect();
        let found: BTreeSet<&str> = rows.keys().chain(rejects.keys()).map(String::as_str).collect();
        assert_eq!(found, all, "call {fault} failed");
        assert_eq!((rejects["d3"], rejects["d6"]), (1, 1), "call {fault} failed");
        assert!(memory.committed_parts().iter().all(|(part, _)| part.table != "visits"));
        let visits = TableName::parse("visits").expect("a table name");
        assert_eq!(block_on(memory.shown(&visits, 1)).expect("no fault"), None);
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

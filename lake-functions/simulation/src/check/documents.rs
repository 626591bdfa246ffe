//! Each document is in the lake once, as posted (I-1, I-2, I-3).

use super::parts::{Found, Reject, number};
use super::{values, violation};
use crate::documents::{Expected, Record};
use crate::violation::Violation;
use crate::world::State;
use serde_json::Value;
use sluice_normalizer::TableSchema;
use sluice_pipeline::limits::TRIES_WITHOUT_END_MAX;
use sluice_pipeline::{Plan, StoredDocument};

pub(super) fn check(
    state: &State,
    document: &StoredDocument,
    expected: &Expected,
    found: &Found,
) -> Result<(), Violation> {
    let head = &document.head;
    let id = head.id.as_str();
    let generation = state.generations.visible(&head.table);
    let key = (head.table.clone(), generation, head.id.clone());
    let Some(record) = state.ledger.document(&key) else {
        return violation("I-1", format!("document {id} is in no batch"));
    };
    let plan = state.plan(record.batch.as_str());
    let rejects = found.rejects.get(id).map_or(&[][..], Vec::as_slice);
    let of_document = (id.to_owned(), 0)..=(id.to_owned(), i64::MAX);
    let rows: usize = found.roots.range(of_document.clone()).map(|(_, rows)| rows.len()).sum();
    let outcome = record.outcome.map(|outcome| (outcome.rows, outcome.rejects));
    if let Some(whole) = rejects.iter().find(|reject| reject.row.is_none()) {
        let children = found.children.range(of_document).count();
        if rejects.len() != 1 || rows != 0 || children != 0 {
            return violation("I-2", format!("document {id} is a reject and more"));
        }
        check_whole(state, id, whole, expected, plan)?;
    } else {
        let Expected::Records(records) = expected else {
            return violation("I-1", format!("document {id} became no reject"));
        };
        for (at, record) in records.iter().enumerate() {
            check_record(id, at, record, rejects, found)?;
        }
        let all = rows + rejects.len();
        if all != records.len() {
            return violation("I-2", format!("{all} of {} records of {id}", records.len()));
        }
    }
    if outcome != Some((rows as u64, rejects.len() as u64)) {
        return violation("2.1", format!("the ledger says {outcome:?} of document {id}"));
    }
    Ok(())
}

/// Whether no try of any document can have ended without an answer: none was killed, none ran beside
/// another of the same batch, and too few answers were lost (a try and its taking back, each time).
fn never_ended(state: &State) -> bool {
    let lost_enough = 2 * u64::from(TRIES_WITHOUT_END_MAX);
    state.kills == 0 && !state.overlapped && state.trial_faults < lost_enough
}

fn check_whole(
    state: &State,
    id: &str,
    reject: &Reject,
    expected: &Expected,
    plan: Option<&Plan>,
) -> Result<(), Violation> {
    let right = match reject.code.as_str() {
        "poisoned" => {
            if never_ended(state) {
                let what = format!("document {id} is set aside, and no worker ever ended on it");
                return violation("I-2", what);
            }
            plan.is_some_and(|plan| plan.isolated.iter().any(|one| one == id))
        }
        "too_many_tables" => plan.is_some_and(|plan| !plan.admitted),
        code => matches!(expected, Expected::Whole(expected) if *expected == code),
    };
    if right {
        return Ok(());
    }
    violation("I-1", format!("document {id} is a reject {}, expected {expected:?}", reject.code))
}

fn check_record(
    id: &str,
    at: usize,
    record: &Record,
    rejects: &[Reject],
    found: &Found,
) -> Result<(), Violation> {
    let place = (id.to_owned(), i64::try_from(at).expect("a position"));
    let rows = found.roots.get(&place).map_or(&[][..], Vec::as_slice);
    let rejected: Vec<_> = rejects.iter().filter(|reject| reject.row == Some(place.1)).collect();
    let children = found.children.get(&place).map_or(&[][..], Vec::as_slice);
    match (rows, rejected.as_slice(), record) {
        ([root], [], Record::Row(posted)) => {
            let wrong = |what: String| violation("I-3", format!("record {at} of {id}: {what}"));
            let schemas = found.registries.values().flat_map(|registry| &registry.tables);
            let schemas: Vec<&TableSchema> = schemas.collect();
            let schema = |name: &str| schemas.iter().find(|schema| schema.name == name);
            if let Some(what) =
                schema(&root.table).and_then(|schema| values::wrong(schema, &root.row, posted))
            {
                return wrong(what);
            }
            let elements = posted.get("items").and_then(Value::as_array);
            let elements = elements.map_or(&[][..], Vec::as_slice);
            let mut indexes: Vec<i64> =
                children.iter().filter_map(|(_, row)| number(row, "_index")).collect();
            indexes.sort_unstable();
            let all = 0..i64::try_from(elements.len()).expect("a length");
            if !indexes.iter().copied().eq(all) {
                return violation("I-2", format!("record {at} of {id}: child rows {indexes:?}"));
            }
            for (table, row) in children {
                let index = number(row, "_index").and_then(|index| usize::try_from(index).ok());
                let element = index.map(|index| &elements[index]);
                let (Some(schema), Some(element)) = (schema(table), element) else {
                    return wrong(format!("a row of {table}"));
                };
                if let Some(what) = values::wrong(schema, row, element) {
                    return wrong(what);
                }
            }
            Ok(())
        }
        ([], [_], _) if !children.is_empty() => {
            violation("I-2", format!("record {at} of {id} is a reject and has child rows"))
        }
        ([], [reject], Record::Row(_)) if reject.code == "type_conflict" => Ok(()),
        ([], [reject], Record::Reject(text)) if reject.content == *text => Ok(()),
        ([], [], _) => violation("I-1", format!("record {at} of {id} is nowhere")),
        (rows, rejected, _) if rows.len() + rejected.len() > 1 => {
            violation("I-2", format!("record {at} of {id} is there more than once"))
        }
        _ => violation("I-2", format!("record {at} of {id} did not become what it should")),
    }
}

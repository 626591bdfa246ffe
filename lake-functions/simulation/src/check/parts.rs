//! All parts of the lake, read back. What is in the bucket is what SQL sees, committed or not.

use super::{values, violation};
use crate::violation::Violation;
use crate::world::State;
use bytes::Bytes;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::{Field, Row};
use sluice_normalizer::{DocumentId, REJECTS_TABLE, Registry, TableName, ingest_date};
use sluice_pipeline::{ContentHash, Plan, PlannedPart};
use std::collections::BTreeMap;

/// The document a row is of, and its position there.
pub(super) type Place = (String, i64);

/// What people query.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) roots: BTreeMap<Place, Vec<RootRow>>,
    /// Name of the child table, its row.
    pub(super) children: BTreeMap<Place, Vec<(String, Row)>>,
    /// By document.
    pub(super) rejects: BTreeMap<String, Vec<Reject>>,
    /// The newest of each table's visible generation.
    pub(super) registries: BTreeMap<TableName, Registry>,
}

#[derive(Debug)]
pub(super) struct RootRow {
    pub(super) table: String,
    pub(super) row: Row,
}

#[derive(Debug)]
pub(super) struct Reject {
    /// None for a document as a whole.
    pub(super) row: Option<i64>,
    pub(super) code: String,
    pub(super) content: String,
}

pub(super) fn read(state: &State) -> Result<Found, Violation> {
    let mut found = Found::default();
    let mut registries = BTreeMap::new();
    for (table, generation) in state.lake.registries.keys() {
        let newest = state.lake.newest(table, *generation);
        if state.generations.visible(table) == *generation {
            found.registries.insert(table.clone(), newest.clone());
        }
        registries.insert((table.clone(), *generation), newest);
    }
    // Of the other generations it only matters that nothing in them is broken.
    let mut unseen = Found::default();
    let mut planned = 0;
    for row in state.ledger.batches.values() {
        let Some(committed) = &row.parts else {
            return violation("I-1", format!("batch {} is not committed", row.batch.id));
        };
        let generation = (row.batch.table.clone(), row.batch.generation);
        let given_up = state.generations.given_up.contains(&generation);
        let Some(plan) = &row.plan else {
            if given_up && committed.is_empty() {
                continue;
            }
            return violation("I-1", format!("batch {} ended without a plan", row.batch.id));
        };
        if *committed != plan.parts && !(given_up && committed.is_empty()) {
            return violation("I-6", format!("batch {} is not what its plan says", row.batch.id));
        }
        let visible = state.generations.visible(&generation.0) == generation.1;
        let may_be_seen = state.may_be_seen(&generation.0, generation.1);
        for part in &plan.parts {
            let there = state.lake.parts.contains_key(&part.key);
            let rejects = part.table == REJECTS_TABLE;
            if rejects && there && !may_be_seen {
                let what = format!("rejects of batch {}, which nobody may see", row.batch.id);
                return violation("I-2", what);
            }
            // Rejects are removed, and what a rebuild that was given up had not written yet never is.
            if !there && !visible && (rejects || given_up) {
                continue;
            }
            let found = if visible { &mut found } else { &mut unseen };
            read_part(state, plan, part, registries.get(&generation), found)?;
            planned += 1;
        }
    }
    if planned != state.lake.parts.len() {
        return violation("I-2", "the lake holds parts that no plan knows".to_owned());
    }
    Ok(found)
}

fn read_part(
    state: &State,
    plan: &Plan,
    part: &PlannedPart,
    registry: Option<&Registry>,
    found: &mut Found,
) -> Result<(), Violation> {
    let key = &part.key;
    let Some(written) = state.lake.parts.get(key) else {
        return violation("I-1", format!("{key} is committed and not in the lake"));
    };
    if ContentHash::sha256(&written.content) != part.sha256 {
        return violation("I-6", format!("{key} has other bytes than its plan says"));
    }
    let broken = |what: String| violation("I-3", format!("{key}: {what}"));
    let reader = match SerializedFileReader::new(Bytes::from(written.content.clone())) {
        Ok(reader) => reader,
        Err(error) => return broken(error.to_string()),
    };
    let is_reject = part.table == REJECTS_TABLE;
    if !is_reject {
        let schemas = registry.into_iter().flat_map(|known| &known.tables);
        let Some(schema) = schemas.into_iter().find(|schema| schema.name == part.table) else {
            return broken(format!("table {} is in no registry version", part.table));
        };
        let file = reader.metadata().file_metadata().schema_descr().root_schema();
        if let Some(misfit) = values::misfit(schema, file) {
            return broken(misfit);
        }
    }
    let mut rows = 0;
    for row in reader.get_row_iter(None).into_iter().flatten() {
        let row = match row {
            Ok(row) => row,
            Err(error) => return broken(error.to_string()),
        };
        rows += 1;
        let (Some(id), place) = (text(&row, "_id"), number(&row, "_row")) else {
            return broken("a row without _id".to_owned());
        };
        let document = DocumentId::parse(&id).ok();
        let head = document.and_then(|id| state.bucket.get(&id)).map(|document| &document.head);
        let Some(head) = head else { return broken(format!("a row of {id}, never posted")) };
        let date = format!("/ingest_date={}/", ingest_date(head.received_at_ms));
        if !key.contains(&date) || time(&row, "_received_at") != Some(head.received_at_ms) {
            return broken(format!("a row of {id}, which was received at another time"));
        }
        if is_reject {
            let (code, content) = (text(&row, "code"), text(&row, "content"));
            let (code, content) = (code.unwrap_or_default(), content.unwrap_or_default());
            found.rejects.entry(id).or_default().push(Reject { row: place, code, content });
            continue;
        }
        let Some(place) = place else { return broken(format!("a row of {id} without _row")) };
        if part.table == plan.table {
            let root = RootRow { table: part.table.clone(), row };
            found.roots.entry((id, place)).or_default().push(root);
        } else {
            found.children.entry((id, place)).or_default().push((part.table.clone(), row));
        }
    }
    if rows != part.rows {
        return broken(format!("{rows} rows, planned were {}", part.rows));
    }
    Ok(())
}

fn field<'r>(row: &'r Row, name: &str) -> Option<&'r Field> {
    row.get_column_iter().find(|(found, _)| found.as_str() == name).map(|(_, field)| field)
}

fn text(row: &Row, name: &str) -> Option<String> {
    match field(row, name)? {
        Field::Str(text) => Some(text.clone()),
        _ => None,
    }
}

pub(super) fn number(row: &Row, name: &str) -> Option<i64> {
    match field(row, name)? {
        Field::Long(number) => Some(*number),
        _ => None,
    }
}

fn time(row: &Row, name: &str) -> Option<i64> {
    match field(row, name)? {
        Field::TimestampMillis(ms) => Some(*ms),
        _ => None,
    }
}

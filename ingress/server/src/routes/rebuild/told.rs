//! A rebuild as the contract tells it.

use serde::Serialize;
use sluice_normalizer::{Kind, TableName, athena::sql_type};
use sluice_one_machine::{Changes, ColumnChange, RebuildState, RebuildView, TableChange};

#[derive(Serialize)]
pub(super) struct Told<'a> {
    table: &'a str,
    generation: u32,
    state: &'static str,
    documents: u64,
    documents_total: u64,
    removed: u64,
    changes: Option<ToldChanges<'a>>,
}

#[derive(Serialize)]
struct ToldChanges<'a> {
    tables: Vec<ToldTable<'a>>,
    rejects: Vec<ToldRejects<'a>>,
}

#[derive(Serialize)]
struct ToldTable<'a> {
    name: &'a str,
    rows_before: u64,
    rows_after: u64,
    columns: Vec<ToldColumn<'a>>,
}

#[derive(Serialize)]
struct ToldColumn<'a> {
    path: &'a str,
    kind: Kind,
    #[serde(rename = "type")]
    sql_type: String,
    before: Option<&'a str>,
    after: Option<&'a str>,
}

#[derive(Serialize)]
struct ToldRejects<'a> {
    code: &'a str,
    before: u64,
    after: u64,
}

impl<'a> Told<'a> {
    pub(super) fn of(table: &'a TableName, view: &'a RebuildView) -> Self {
        Told {
            table: table.as_str(),
            generation: view.generation,
            state: match view.state {
                RebuildState::Running => "running",
                RebuildState::Ready => "ready",
                RebuildState::Switching => "switching",
                RebuildState::Failed => "failed",
                RebuildState::Switched => "switched",
            },
            documents: view.documents,
            documents_total: view.documents_total,
            removed: view.removed,
            changes: view.changes.as_ref().map(ToldChanges::from),
        }
    }
}

impl<'a> From<&'a Changes> for ToldChanges<'a> {
    fn from(changes: &'a Changes) -> Self {
        let rejects = changes.rejects.iter();
        ToldChanges {
            tables: changes.tables.iter().map(ToldTable::from).collect(),
            rejects: rejects
                .map(|(code, &(before, after))| ToldRejects { code, before, after })
                .collect(),
        }
    }
}

impl<'a> From<&'a TableChange> for ToldTable<'a> {
    fn from(change: &'a TableChange) -> Self {
        ToldTable {
            name: &change.name,
            rows_before: change.rows.0,
            rows_after: change.rows.1,
            columns: change.columns.iter().map(ToldColumn::from).collect(),
        }
    }
}

impl<'a> From<&'a ColumnChange> for ToldColumn<'a> {
    fn from(change: &'a ColumnChange) -> Self {
        ToldColumn {
            path: &change.path,
            kind: change.kind,
            sql_type: sql_type(change.kind),
            before: change.before.as_deref(),
            after: change.after.as_deref(),
        }
    }
}

//! The text by which Athena (Trino) knows a view of the Glue catalog.

use super::{VIEW_DATABASE, View, sql_type};
use crate::kind::{Kind, Scalar};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

/// Athena's own name for the Glue catalog of the account.
const CATALOG: &str = "awsdatacatalog";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Definition<'v> {
    original_sql: &'v str,
    catalog: &'v str,
    schema: &'v str,
    columns: Vec<DefinedColumn<'v>>,
}

#[derive(Serialize)]
struct DefinedColumn<'v> {
    name: &'v str,
    #[serde(rename = "type")]
    kind: String,
}

impl View {
    /// Glue's `ViewOriginalText`: a comment that holds the definition, JSON in base64.
    #[must_use]
    pub fn presto_text(&self) -> String {
        let column = |column: &'_ super::DeclaredColumn| trino_type(column.kind);
        let columns = self.columns.iter().map(|c| DefinedColumn { name: &c.name, kind: column(c) });
        let definition = Definition {
            original_sql: &self.select,
            catalog: CATALOG,
            schema: VIEW_DATABASE,
            columns: columns.collect(),
        };
        let json = serde_json::to_string(&definition).expect("a definition has only string keys");
        format!("/* Presto View: {} */", STANDARD.encode(json))
    }
}

/// The type as Trino stores it with a view; a view whose query answers another is refused as stale.
fn trino_type(kind: Kind) -> String {
    match kind {
        // Hive timestamps have milliseconds.
        Kind::Scalar(Scalar::Timestamp) => "timestamp(3)".to_owned(),
        kind => sql_type(kind),
    }
}

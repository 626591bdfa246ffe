//! The DDL of physical tables and views.

use super::declared::{Declared, PhysicalTable, View, declared, declared_rejects};
use super::{FILES_DATABASE, athena_type, projection};
use crate::registry::Registry;
use std::fmt::Write;

/// The statements that declare a registry's tables and views, in an order in which they can run,
/// also over an earlier version's: tables are dropped and made again, files stay.
/// `location`: where the lake starts, `s3://bucket` or `s3://bucket/prefix`, without a last slash.
#[must_use]
pub fn statements(registry: &Registry, location: &str) -> Vec<String> {
    declared(registry, location).iter().flat_map(statements_of).collect()
}

/// The same for `sluice_rejects`. `first_date`: the earliest ingest date of any reject.
#[must_use]
pub fn rejects_statements(location: &str, first_date: Option<&str>) -> Vec<String> {
    statements_of(&declared_rejects(location, first_date)).to_vec()
}

fn statements_of(declared: &Declared) -> [String; 3] {
    let Declared { physical, view } = declared;
    [drop_ddl(&physical.name), table_ddl(physical), view_ddl(view)]
}

/// Takes away what an earlier version declared; the table is external, so its files stay.
fn drop_ddl(name: &str) -> String {
    format!("DROP TABLE IF EXISTS `{FILES_DATABASE}`.`{name}`")
}

fn table_ddl(table: &PhysicalTable) -> String {
    let PhysicalTable { name, columns, prefix, .. } = table;
    let mut ddl = format!("CREATE EXTERNAL TABLE `{FILES_DATABASE}`.`{name}` (\n");
    for (i, column) in columns.iter().enumerate() {
        let comma = if i + 1 == columns.len() { "" } else { "," };
        let comment = column.comment.as_deref().map_or(String::new(), |comment| {
            format!(" COMMENT '{}'", comment.replace('\\', "\\\\").replace('\'', "\\'"))
        });
        let kind = athena_type(column.kind);
        let _ = writeln!(ddl, "  `{}` {kind}{comment}{comma}", column.name);
    }
    let properties: Vec<String> = projection(table)
        .into_iter()
        .map(|(property, value)| format!("  '{property}' = '{value}'"))
        .collect();
    let _ = write!(
        ddl,
        ")\nPARTITIONED BY (`tier` string, `ingest_date` string)\n\
         STORED AS PARQUET\n\
         LOCATION '{prefix}/'\n\
         TBLPROPERTIES (\n{}\n)",
        properties.join(",\n")
    );
    ddl
}

fn view_ddl(view: &View) -> String {
    format!("CREATE OR REPLACE VIEW {} AS\n{}", view.full_name(), view.select)
}

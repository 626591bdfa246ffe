//! A physical table and a view as Glue takes them.

use super::fault::{Damage, Fault};
use super::limits::GLUE_VIEW_TEXT_BYTES_MAX;
use super::marks::Marks;
use aws_sdk_glue::types::builders::TableInputBuilder;
use aws_sdk_glue::types::{Column, SerDeInfo, StorageDescriptor, TableInput};
use sluice_normalizer::Registry;
use sluice_normalizer::athena::{
    Declared, DeclaredColumn, FILES_DATABASE, PARTITION_COLUMNS, PhysicalTable, VIEW_DATABASE,
    View, athena_type, declared, projection,
};
use sluice_pipeline::ContentHash;
use std::fmt::Debug;

/// Counts up when Glue is told the same table in another way, so that it is told again.
const DEFINITION_FORMAT: u32 = 2;

/// Not bucketed, as Athena's own DDL says it. Trino's client of Glue fails on a table that leaves it out.
const NOT_BUCKETED: i32 = -1;

/// Trino runs a view as its owner and refuses one without; Athena sets one on what its own DDL makes
/// and knows no such user.
const OWNER: &str = "sluice";

/// Of Athena's and Trino's own views.
const VIEW_COMMENT: &str = "Presto View";

const PARQUET_SERDE: &str = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe";
const PARQUET_INPUT: &str = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat";
const PARQUET_OUTPUT: &str = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat";

/// One table of Glue, as it shall be.
#[derive(Debug, Clone)]
pub(super) struct Definition {
    pub(super) database: &'static str,
    pub(super) name: String,
    pub(super) marks: Marks,
    input: TableInputBuilder,
}

/// A registry's tables and views; the root first in each.
#[derive(Debug)]
pub(super) struct Definitions {
    pub(super) physical: Vec<Definition>,
    pub(super) views: Vec<Definition>,
}

impl Definitions {
    pub(super) fn of(registry: &Registry, location: &str) -> Result<Self, Damage> {
        let mut all = Definitions { physical: Vec::new(), views: Vec::new() };
        for (at, Declared { physical, view }) in declared(registry, location).iter().enumerate() {
            // A child is written when it changes, the root with each version.
            let version = (at == 0).then_some(registry.version);
            let marks = |told: &dyn Debug| Marks {
                table: registry.table.clone(),
                generation: registry.generation,
                version: registry.version,
                digest: digest(told, version),
            };
            all.physical.push(Definition::of_physical(physical, marks(physical)));
            all.views.push(Definition::of_view(view, marks(view))?);
        }
        Ok(all)
    }
}

impl Definition {
    fn of_physical(table: &PhysicalTable, marks: Marks) -> Self {
        let serde = SerDeInfo::builder()
            .serialization_library(PARQUET_SERDE)
            .parameters("serialization.format", "1");
        let storage = StorageDescriptor::builder()
            .set_columns(Some(table.columns.iter().map(column).collect()))
            .location(format!("{}/", table.prefix))
            .input_format(PARQUET_INPUT)
            .output_format(PARQUET_OUTPUT)
            .number_of_buckets(NOT_BUCKETED)
            .serde_info(serde.build());
        let mut parameters = marks.parameters();
        for (parameter, value) in [("EXTERNAL", "TRUE"), ("classification", "parquet")] {
            parameters.insert(parameter.to_owned(), value.to_owned());
        }
        for (parameter, value) in projection(table) {
            parameters.insert(parameter.to_owned(), value);
        }
        let input = TableInput::builder()
            .name(&table.name)
            .owner(OWNER)
            .table_type("EXTERNAL_TABLE")
            .storage_descriptor(storage.build())
            .set_partition_keys(Some(PARTITION_COLUMNS.map(partition_key).to_vec()))
            .set_parameters(Some(parameters));
        Definition { database: FILES_DATABASE, name: table.name.clone(), marks, input }
    }

    fn of_view(view: &View, marks: Marks) -> Result<Self, Damage> {
        let text = view.presto_text();
        if text.len() > GLUE_VIEW_TEXT_BYTES_MAX {
            return Err(Damage::ViewTooLong { bytes: text.len() });
        }
        let storage = StorageDescriptor::builder()
            .set_columns(Some(view.columns.iter().map(column).collect()))
            .location("")
            .number_of_buckets(NOT_BUCKETED)
            .serde_info(SerDeInfo::builder().build());
        let mut parameters = marks.parameters();
        for (parameter, value) in [("presto_view", "true"), ("comment", VIEW_COMMENT)] {
            parameters.insert(parameter.to_owned(), value.to_owned());
        }
        let input = TableInput::builder()
            .name(&view.name)
            // Trino's client takes it for the comment, by which it knows its views.
            .description(VIEW_COMMENT)
            .owner(OWNER)
            .table_type("VIRTUAL_VIEW")
            .storage_descriptor(storage.build())
            .set_partition_keys(Some(Vec::new()))
            .view_original_text(text)
            .view_expanded_text("/* Presto View */")
            .set_parameters(Some(parameters));
        Ok(Definition { database: VIEW_DATABASE, name: view.name.clone(), marks, input })
    }

    /// What is sent.
    pub(super) fn input(&self) -> TableInput {
        self.input.clone().build().expect("the name is set")
    }

    /// `sluice_rejects` and its view, which never change: their marks are of no registry.
    pub(super) fn of_rejects(declared: &Declared) -> Result<[Self; 2], Fault> {
        let Declared { physical, view } = declared;
        let marks = |told: &dyn Debug| Marks {
            table: physical.name.clone(),
            generation: 1,
            version: 1,
            digest: digest(told, None),
        };
        let view = Definition::of_view(view, marks(view))?;
        Ok([Definition::of_physical(physical, marks(physical)), view])
    }
}

fn digest(told: &dyn Debug, version: Option<u64>) -> String {
    let text = format!("{DEFINITION_FORMAT} {version:?} {told:?}");
    ContentHash::sha256(text.as_bytes()).to_string()
}

fn column(column: &DeclaredColumn) -> Column {
    Column::builder()
        .name(&column.name)
        .set_type(Some(athena_type(column.kind)))
        .set_comment(column.comment.clone())
        .build()
        .expect("the name is set")
}

fn partition_key(name: &str) -> Column {
    let key = Column::builder().name(name).set_type(Some("string".to_owned()));
    key.build().expect("the name is set")
}

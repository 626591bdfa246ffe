//! A physical table: the snapshot's list of its parts, read as Parquet.

use super::part_reader::PartReaders;
use super::{pruning, schema};
use crate::lake_store;
use async_trait::async_trait;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::stats::Precision;
use datafusion::common::{ColumnStatistics, Result, ScalarValue, Statistics, project_schema};

use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::datasource::table_schema::TableSchema;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use sluice_one_machine::Part;
use std::sync::Arc;

/// All parts of one physical table.
#[derive(Debug)]
pub(super) struct PartsTable {
    schema: TableSchema,
    parts: Arc<Vec<Arc<Part>>>,
    readers: Arc<PartReaders>,
}

impl PartsTable {
    pub(super) fn new(
        in_files: SchemaRef,
        parts: Arc<Vec<Arc<Part>>>,
        readers: Arc<PartReaders>,
    ) -> Self {
        let schema = TableSchema::builder(in_files)
            .with_table_partition_cols(schema::of_partitions())
            .build();
        PartsTable { schema, parts, readers }
    }

    /// Rows are counted in the ledger, so `count(*)` opens no part.
    fn statistics_of(&self, parts: &[Arc<Part>]) -> Statistics {
        let rows: u64 = parts.iter().map(|part| part.rows).sum();
        let columns = self.schema.table_schema().fields();
        let mut statistics = Statistics {
            num_rows: exact(rows),
            total_byte_size: Precision::Absent,
            column_statistics: vec![ColumnStatistics::new_unknown(); columns.len()],
        };
        let [.., tier, date] = &mut statistics.column_statistics[..] else { return statistics };
        *tier = partition(parts.iter().map(|part| &part.tier));
        *date = partition(parts.iter().map(|part| &part.ingest_date));
        statistics
    }

    fn file(part: &Part) -> PartitionedFile {
        let text = |text: &str| ScalarValue::Utf8View(Some(text.to_owned()));
        PartitionedFile::new(&*part.key, part.bytes)
            .with_partition_values(vec![text(&part.tier), text(&part.ingest_date)])
    }
}

fn exact(count: u64) -> Precision<usize> {
    usize::try_from(count).map_or(Precision::Absent, Precision::Exact)
}

fn partition<'p>(values: impl Iterator<Item = &'p String> + Clone) -> ColumnStatistics {
    let text = |text: Option<&String>| match text {
        Some(text) => Precision::Exact(ScalarValue::Utf8View(Some(text.clone()))),
        None => Precision::Absent,
    };
    ColumnStatistics {
        null_count: Precision::Exact(0),
        min_value: text(values.clone().min()),
        max_value: text(values.max()),
        ..ColumnStatistics::new_unknown()
    }
}

/// As many parts as are needed for so many rows.
fn first_rows(parts: &mut Vec<Arc<Part>>, rows: usize) {
    let mut sum = 0_u64;
    let needed = parts.iter().position(|part| {
        sum = sum.saturating_add(part.rows);
        usize::try_from(sum).is_ok_and(|sum| sum >= rows)
    });
    if let Some(last) = needed {
        parts.truncate(last + 1);
    }
}

#[async_trait]
impl TableProvider for PartsTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(self.schema.table_schema())
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn statistics(&self) -> Option<Statistics> {
        Some(self.statistics_of(&self.parts))
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> Result<Vec<TableProviderFilterPushDown>> {
        let support = |filter: &&Expr| match pruning::decides(filter) {
            true => TableProviderFilterPushDown::Exact,
            // The optimizer hands these to the Parquet reader later on.
            false => TableProviderFilterPushDown::Inexact,
        };
        Ok(filters.iter().map(support).collect())
    }

    async fn scan(
        &self,
        session: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let mut parts = pruning::remaining(session, filters, &self.parts)?;
        if let Some(rows) = limit
            && filters.iter().all(pruning::decides)
        {
            first_rows(&mut parts, rows);
        }
        if parts.is_empty() {
            let schema = project_schema(self.schema.table_schema(), projection)?;
            return Ok(Arc::new(EmptyExec::new(schema)));
        }
        let statistics = self.statistics_of(&parts);
        let files: FileGroup = parts.iter().map(|part| Self::file(part)).collect();
        let groups = files.split_files(session.config().target_partitions());
        let source = ParquetSource::new(self.schema.clone())
            .with_table_parquet_options(session.table_options().parquet.clone())
            .with_parquet_file_reader_factory(Arc::clone(&self.readers) as _);
        let scan = FileScanConfigBuilder::new(lake_store::url(), Arc::new(source))
            .with_file_groups(groups)
            .with_statistics(statistics)
            .with_projection_indices(projection.cloned())?
            .with_limit(limit)
            .build();
        Ok(DataSourceExec::from_data_source(scan))
    }
}

//! DataFusion's state: made once, and per query only given another catalog.

use crate::catalog::LakeCatalogs;
use crate::error::SqlError;
use crate::guard;
use crate::lake_store;
use crate::limits::SqlLimits;
use datafusion::common::{DataFusionError, Result};
use datafusion::datasource::physical_plan::parquet::CachedParquetFileReaderFactory;
use datafusion::execution::context::SQLOptions;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::{FairSpillPool, GreedyMemoryPool, MemoryPool};
use datafusion::execution::object_store::ObjectStoreRegistry;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::execution::{SessionState, SessionStateBuilder, TaskContext};
use datafusion::physical_plan::{ExecutionPlan, SendableRecordBatchStream, execute_stream};
use datafusion::prelude::SessionConfig;
use datafusion::sql::parser::Statement;
use sluice_normalizer::athena::VIEW_DATABASE;
use std::path::Path;
use std::sync::Arc;

/// What all queries share.
#[derive(Debug)]
pub(crate) struct Sessions {
    state: SessionState,
    /// Opens parts, with one cache of footers for all queries.
    pub(crate) part_readers: Arc<CachedParquetFileReaderFactory>,
    pub(crate) memory_bytes: usize,
}

/// The share of the memory that footers of parts may take, beside what operators hold.
const FOOTERS_SHARE: usize = 8;

impl Sessions {
    pub(crate) fn new(lake_root: &Path, limits: &SqlLimits) -> Result<Self> {
        let store = lake_store::open(lake_root)?;
        let runtime = Arc::new(runtime(limits, lake_store::registry(Arc::clone(&store))?)?);
        let footers = runtime.cache_manager.get_file_metadata_cache();
        let builder = SessionStateBuilder::new_with_default_features()
            .with_config(config(limits))
            .with_runtime_env(runtime);
        let mut state = guard::restrict(builder).build();
        // No table is made of files that a statement names.
        state.table_factories_mut().clear();
        Ok(Sessions {
            state,
            part_readers: Arc::new(CachedParquetFileReaderFactory::new(store, footers)),
            memory_bytes: limits.memory_bytes,
        })
    }

    /// From a statement to its rows, which nobody has computed yet.
    pub(crate) async fn start(
        &self,
        statement: Statement,
        catalogs: LakeCatalogs,
    ) -> Result<SendableRecordBatchStream> {
        let mut state = SessionStateBuilder::new_from_existing(self.state.clone())
            .with_catalog_list(Arc::new(catalogs))
            .build();
        state.mark_start_execution();
        let plan = state.statement_to_plan(statement).await?;
        let reading = SQLOptions::new()
            .with_allow_ddl(false)
            .with_allow_dml(false)
            .with_allow_statements(false);
        reading.verify_plan(&plan)?;
        let plan: Arc<dyn ExecutionPlan> = state.create_physical_plan(&plan).await?;
        execute_stream(plan, Arc::new(TaskContext::from(&state)))
    }

    /// An error of DataFusion as the caller sees it.
    pub(crate) fn error(&self, error: DataFusionError) -> SqlError {
        SqlError::from_engine(error, self.memory_bytes)
    }
}

fn runtime(limits: &SqlLimits, stores: Arc<dyn ObjectStoreRegistry>) -> Result<RuntimeEnv> {
    let (pool, disk): (Arc<dyn MemoryPool>, _) = match &limits.spill {
        Some(spill) => (
            Arc::new(FairSpillPool::new(limits.memory_bytes)),
            DiskManagerBuilder::default()
                .with_mode(DiskManagerMode::Directories(vec![spill.folder.clone()]))
                .with_max_temp_directory_size(spill.bytes_max),
        ),
        None => (
            Arc::new(GreedyMemoryPool::new(limits.memory_bytes)),
            DiskManagerBuilder::default().with_mode(DiskManagerMode::Disabled),
        ),
    };
    RuntimeEnvBuilder::new()
        .with_memory_pool(pool)
        .with_disk_manager_builder(disk)
        .with_object_store_registry(stores)
        .with_metadata_cache_limit(limits.memory_bytes / FOOTERS_SHARE)
        .build()
}

fn config(limits: &SqlLimits) -> SessionConfig {
    let mut config = SessionConfig::new()
        .with_default_catalog_and_schema(crate::catalog::CATALOG, VIEW_DATABASE)
        .with_create_default_catalog_and_schema(false)
        .with_information_schema(true)
        .with_target_partitions(limits.threads.max(1));
    let options = config.options_mut();
    // Errors say where.
    options.sql_parser.collect_spans = true;
    // Filters run while decoding: other columns are then read only where a row is left.
    options.execution.parquet.pushdown_filters = true;
    options.execution.parquet.reorder_filters = true;
    config
}

//! Counts what a window function over whole partitions holds: that operator keeps all of its input
//! and asks no pool.

use datafusion::common::Result;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::execution::TaskContext;
use datafusion::execution::memory_pool::MemoryConsumer;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::windows::WindowAggExec;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties, SendableRecordBatchStream,
};
use futures::TryStreamExt;
use std::fmt;
use std::sync::Arc;

/// Puts a meter below each such operator.
#[derive(Debug)]
pub(super) struct MeterWindows;

impl PhysicalOptimizerRule for MeterWindows {
    fn optimize(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        _: &ConfigOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let metered = plan.transform_up(|plan| {
            if !plan.is::<WindowAggExec>() {
                return Ok(Transformed::no(plan));
            }
            let inputs = plan.children().into_iter().map(|input| {
                Arc::new(Metered { input: Arc::clone(input) }) as Arc<dyn ExecutionPlan>
            });
            let inputs = inputs.collect();
            #[expect(deprecated, reason = "its successor asks what nobody but the planner knows")]
            Ok(Transformed::yes(plan.with_new_children(inputs)?))
        })?;
        Ok(metered.data)
    }

    fn name(&self) -> &'static str {
        "meter_windows"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// Hands on what comes, and takes memory for it until the stream ends.
#[derive(Debug)]
struct Metered {
    input: Arc<dyn ExecutionPlan>,
}

/// The input, and what is computed of it.
const COPIES: usize = 2;

impl DisplayAs for Metered {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metered")
    }
}

impl ExecutionPlan for Metered {
    fn name(&self) -> &'static str {
        "Metered"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.input.properties()
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(
        self: Arc<Self>,
        mut children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(match children.pop() {
            Some(input) => Arc::new(Metered { input }),
            None => self,
        })
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let held = MemoryConsumer::new("window").register(context.memory_pool());
        let input = self.input.execute(partition, context)?;
        let schema = input.schema();
        let metered = input.and_then(move |batch| {
            let taken = held.try_grow(batch.get_array_memory_size().saturating_mul(COPIES));
            futures::future::ready(taken.map(|()| batch))
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, metered)))
    }
}

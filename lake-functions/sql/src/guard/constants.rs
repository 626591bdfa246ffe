//! Refuses large constants beside rows: `SELECT repeat('x', 1000000), a FROM t` writes the text
//! once for each row of a batch, whatever the memory.

use crate::limits::CONSTANTS_BYTES_MAX;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{Result, resources_err};
use datafusion::logical_expr::{Expr, LogicalPlan};
use datafusion::optimizer::{ApplyOrder, OptimizerConfig, OptimizerRule};

/// Runs after constants are computed.
#[derive(Debug)]
pub(super) struct BoundConstants;

impl OptimizerRule for BoundConstants {
    fn name(&self) -> &'static str {
        "bound_constants"
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        Some(ApplyOrder::TopDown)
    }

    fn rewrite(
        &self,
        plan: LogicalPlan,
        config: &dyn OptimizerConfig,
    ) -> Result<Transformed<LogicalPlan>> {
        if let LogicalPlan::Projection(projection) = &plan
            && !matches!(&*projection.input, LogicalPlan::EmptyRelation(_))
        {
            let rows = config.options().execution.batch_size.get();
            let bytes = bytes(&projection.expr)?.saturating_mul(rows);
            if bytes > CONSTANTS_BYTES_MAX {
                return resources_err!(
                    "the constants of a SELECT list would take {bytes} bytes a batch"
                );
            }
        }
        Ok(Transformed::no(plan))
    }
}

fn bytes(exprs: &[Expr]) -> Result<usize> {
    let mut bytes = 0_usize;
    for expr in exprs {
        expr.apply(|expr| {
            if let Expr::Literal(value, _) = expr {
                bytes = bytes.saturating_add(value.size().saturating_sub(size_of_val(value)));
            }
            Ok(TreeNodeRecursion::Continue)
        })?;
    }
    Ok(bytes)
}

//! Puts the bounds into a plan, before anything is computed.

use super::bounded::Bounded;
use super::concat_operator::ConcatOperator;
use super::functions::{NO_WINDOW, REMOVED, growth};
use super::growth::Bound;
use crate::limits::{FUNCTION_BYTES_MIN, FUNCTIONS_BYTES_MAX};
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{Result, plan_err};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::{
    BinaryExpr, Expr, LogicalPlan, Operator, ScalarUDF, WindowFunctionDefinition,
};
use datafusion::optimizer::AnalyzerRule;
use std::sync::Arc;

/// Runs after the types are settled and before constants are computed.
#[derive(Debug)]
pub(super) struct BoundFunctions;

impl AnalyzerRule for BoundFunctions {
    fn name(&self) -> &'static str {
        "bound_functions"
    }

    fn analyze(&self, plan: LogicalPlan, _: &ConfigOptions) -> Result<LogicalPlan> {
        let share = FUNCTIONS_BYTES_MAX / count(&plan)?.max(1);
        let bytes_max = share.max(FUNCTION_BYTES_MIN);
        let bounded = plan.transform_up_with_subqueries(|plan| {
            plan.map_expressions(|expr| expr.transform_up(|expr| bound(expr, bytes_max)))
        })?;
        Ok(bounded.data)
    }
}

/// The calls that get a bound.
fn count(plan: &LogicalPlan) -> Result<usize> {
    let mut count = 0;
    plan.apply_with_subqueries(|plan| {
        plan.apply_expressions(|expr| {
            expr.apply(|expr| {
                count += usize::from(grows(expr));
                Ok(TreeNodeRecursion::Continue)
            })
        })
    })?;
    Ok(count)
}

fn grows(expr: &Expr) -> bool {
    match expr {
        Expr::ScalarFunction(call) => growth(call.func.name()).is_some(),
        Expr::BinaryExpr(call) => call.op == Operator::StringConcat,
        _ => false,
    }
}

fn bound(expr: Expr, bytes_max: usize) -> Result<Transformed<Expr>> {
    match expr {
        // A literal has its function without asking for it by name.
        Expr::ScalarFunction(call) if REMOVED.contains(&call.func.name()) => {
            plan_err!("{} is no function here", call.func.name())
        }
        Expr::ScalarFunction(call) => match growth(call.func.name()) {
            Some(growth) => {
                let bound = Bound { growth, bytes_max };
                let bounded = ScalarUDF::from(Bounded { inner: call.func, bound });
                Ok(Transformed::yes(function(bounded, call.args)))
            }
            None => Ok(Transformed::no(Expr::ScalarFunction(call))),
        },
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::StringConcat, right }) => {
            let bounded = ScalarUDF::from(ConcatOperator::new(bytes_max));
            Ok(Transformed::yes(function(bounded, vec![*left, *right])))
        }
        Expr::WindowFunction(call) => {
            if let WindowFunctionDefinition::AggregateUDF(function) = &call.fun
                && NO_WINDOW.contains(&function.name())
            {
                return plan_err!("{} is no window function here", function.name());
            }
            Ok(Transformed::no(Expr::WindowFunction(call)))
        }
        other => Ok(Transformed::no(other)),
    }
}

fn function(function: ScalarUDF, args: Vec<Expr>) -> Expr {
    Expr::ScalarFunction(ScalarFunction::new_udf(Arc::new(function), args))
}

//! What a query may not do to the memory that no pool counts.
//!
//! Operators take memory from a pool, functions just take it. So those that make much of little
//! are bounded per call, by what they would make.

mod bounded;
mod concat_operator;
mod constants;
mod functions;
mod growth;
mod metered;
mod rule;

use constants::BoundConstants;
use datafusion::execution::SessionStateBuilder;
use metered::MeterWindows;
use rule::BoundFunctions;
use std::sync::Arc;

/// Takes away the functions that no query of a lake needs, and bounds those that grow.
pub(crate) fn restrict(mut builder: SessionStateBuilder) -> SessionStateBuilder {
    if let Some(scalars) = builder.scalar_functions() {
        scalars.retain(|function| !functions::REMOVED.contains(&function.name()));
    }
    builder
        .with_analyzer_rule(Arc::new(BoundFunctions))
        .with_optimizer_rule(Arc::new(BoundConstants))
        .with_physical_optimizer_rule(Arc::new(MeterWindows))
}

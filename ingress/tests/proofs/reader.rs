//! What the normalizer's own tests know without asking the normalizer: what must become of a
//! document, when two numbers are the same, how registries may grow, where the corpora are.
#![allow(dead_code, unreachable_pub)]

#[path = "../../../normalizer/tests/corpus/mod.rs"]
pub(crate) mod corpus;
#[path = "../../../normalizer/tests/reader/decimal.rs"]
pub(crate) mod decimal;
#[path = "../../../normalizer/tests/reader/model.rs"]
pub(crate) mod model;
#[path = "../../../normalizer/tests/reader/registry.rs"]
pub(crate) mod registry;
#[path = "../../../normalizer/tests/reader/scalar.rs"]
pub(crate) mod scalar;

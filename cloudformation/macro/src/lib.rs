//! The CloudFormation macro `Sluice`: what its resource types expand to. Pure: JSON in, JSON out.

pub mod api;

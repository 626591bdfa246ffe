//! Figures of the HTTP side, and all figures as Prometheus reads them.

mod exposition;
mod http;

pub(crate) use exposition::{Now, exposition};
pub(crate) use http::HttpFigures;

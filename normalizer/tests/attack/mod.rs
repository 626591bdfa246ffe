//! Hostile documents, each with two sound neighbours in its batch.
#![allow(dead_code, unreachable_pub)]

pub mod bytes;
pub mod many;
pub mod paths;
pub mod shapes;

use crate::reader::post::Posted;
use sluice_normalizer::Form;

/// One attack.
pub struct Attack {
    pub name: &'static str,
    /// A `sluice.yaml`.
    pub yaml: &'static str,
    /// The hostile documents of each batch.
    pub batches: Vec<Vec<Posted>>,
    /// Rejects by code, over all batches.
    pub rejects: Vec<(&'static str, u64)>,
    /// Small enough to be compared scalar by scalar.
    pub read_back: bool,
    /// Live bytes at the peak per byte of a batch's input, beside the fixed part.
    pub factor: u64,
}

impl Attack {
    pub fn json(name: &'static str, body: impl Into<Vec<u8>>) -> Self {
        Attack::form(name, Form::Json, body)
    }

    pub fn lines(name: &'static str, body: impl Into<Vec<u8>>) -> Self {
        Attack::form(name, Form::Ndjson, body)
    }

    fn form(name: &'static str, form: Form, body: impl Into<Vec<u8>>) -> Self {
        Attack {
            name,
            yaml: "",
            batches: vec![vec![Posted::new("hostile", form, body)]],
            rejects: Vec::new(),
            read_back: false,
            factor: 10,
        }
    }

    /// So many records, or documents, end as rejects with `code`.
    pub fn rejected(mut self, code: &'static str, count: u64) -> Self {
        self.rejects.push((code, count));
        self
    }

    pub fn read_back(mut self) -> Self {
        self.read_back = true;
        self
    }

    pub fn factor(mut self, factor: u64) -> Self {
        self.factor = factor;
        self
    }

    pub fn settings(mut self, yaml: &'static str) -> Self {
        self.yaml = yaml;
        self
    }

    /// Several documents instead of one.
    pub fn documents(mut self, documents: Vec<Posted>) -> Self {
        self.batches = vec![documents];
        self
    }

    /// The batch once more, on top of the registry that the first one left.
    pub fn twice(mut self) -> Self {
        let mut again = self.batches[0].clone();
        again.iter_mut().for_each(|posted| posted.id.push_str("-again"));
        self.batches.push(again);
        self
    }
}

/// All attacks.
pub fn all() -> Vec<Attack> {
    [bytes::attacks(), shapes::attacks(), paths::attacks(), many::attacks()]
        .into_iter()
        .flatten()
        .collect()
}

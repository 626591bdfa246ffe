//! The rows of `sluice_rejects` that a batch brings.

use super::texts::Texts;
use super::values::{Column, Values};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::collections::BTreeMap;

/// Why a record, or a whole document, becomes no row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reason {
    pub(crate) code: &'static str,
    /// Without content.
    pub(crate) message: String,
    /// JSON Pointer into the record, where one place is to blame.
    pub(crate) pointer: Option<String>,
}

/// Rejects in columns: a hostile document can hold a million of them.
#[derive(Debug)]
pub(crate) struct Rejects {
    pub(crate) document: Vec<u32>,
    /// Position of the record in its document; `WHOLE_DOCUMENT` for the document itself.
    pub(crate) record: Vec<u32>,
    pub(crate) code: Column,
    pub(crate) message: Column,
    pub(crate) pointer: Column,
    pub(crate) content: Column,
    /// Whether the content is base64 because it is no UTF-8.
    pub(crate) base64: Vec<bool>,
}

pub(crate) const WHOLE_DOCUMENT: u32 = u32::MAX;

impl Default for Rejects {
    fn default() -> Self {
        let texts = || Column::new(Values::Texts(Texts::default()));
        Rejects {
            document: Vec::new(),
            record: Vec::new(),
            code: texts(),
            message: texts(),
            pointer: texts(),
            content: texts(),
            base64: Vec::new(),
        }
    }
}

impl Rejects {
    pub(crate) fn len(&self) -> u32 {
        self.document.len() as u32
    }

    pub(crate) fn push(&mut self, document: u32, record: u32, reason: &Reason, content: &[u8]) {
        let row = self.len();
        self.document.push(document);
        self.record.push(record);
        self.code.push_text(row, reason.code.as_bytes());
        self.message.push_text(row, reason.message.as_bytes());
        if let Some(pointer) = &reason.pointer {
            self.pointer.push_text(row, pointer.as_bytes());
        }
        let utf8 = std::str::from_utf8(content).is_ok();
        if utf8 {
            self.content.push_text(row, content);
        } else {
            self.content.push_text(row, STANDARD.encode(content).as_bytes());
        }
        self.base64.push(!utf8);
    }

    /// Takes back the rejects from `len` on.
    pub(crate) fn truncate(&mut self, len: u32) {
        for column in [&mut self.code, &mut self.message, &mut self.pointer, &mut self.content] {
            column.truncate(len);
        }
        self.document.truncate(len as usize);
        self.record.truncate(len as usize);
        self.base64.truncate(len as usize);
    }

    /// How many of each code.
    pub(crate) fn by_code(&self) -> BTreeMap<String, u64> {
        let mut counts = BTreeMap::new();
        let Values::Texts(codes) = &self.code.values else {
            unreachable!("codes are texts");
        };
        for at in 0..codes.len() {
            let code = String::from_utf8_lossy(codes.get(at));
            match counts.get_mut(code.as_ref()) {
                Some(count) => *count += 1,
                None => drop(counts.insert(code.into_owned(), 1)),
            }
        }
        counts
    }
}

//! Which batch holds which document: every plan claims its documents, forever (D5).

use crate::file_plan::FilePlan;
use crate::input::{InputDocument, STREAM_NAME, source_name};
use crate::lake_folder::{LakeError, LakeFolder};
use sluice_normalizer::{DocumentId, TableName};
use sluice_pipeline::ContentHash;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

/// The claims of one table's generation, as the plans in the lake say, and those of this run.
#[derive(Debug, Default)]
pub(crate) struct Claims {
    claims: HashMap<DocumentKey, Claim>,
    /// The claimed bytes of every file: by file and offset, where they end and who holds them.
    ranges: BTreeMap<(SourceKey, u64), (u64, Holder)>,
    pub(crate) plans: Vec<KnownPlan>,
}

/// Stands for a document's id in memory: a lake of small documents has millions of claims.
type DocumentKey = [u8; 16];

fn document_key(id: &str) -> DocumentKey {
    let mut key = [0; 16];
    key.copy_from_slice(&ContentHash::blake3(id.as_bytes()).as_bytes()[..16]);
    key
}

/// Stands for a file's name in memory.
type SourceKey = [u8; 16];

/// The key of a file; none for a stream, whose documents are known by their content.
fn source_key(source: &str) -> Option<SourceKey> {
    (source != STREAM_NAME).then(|| document_key(source))
}

/// Bytes of a file that a document of this file holds, under another id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Overlap {
    pub(crate) holder: Holder,
    pub(crate) offset: u64,
    pub(crate) bytes: u64,
}

/// Who holds a document, and what it looked like then.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Claim {
    pub(crate) holder: Holder,
    pub(crate) blake3: ContentHash,
    pub(crate) bytes: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holder {
    /// A batch that this run formed.
    ThisRun,
    /// The plan at `plan` in [`Claims::plans`], at `position` among its documents.
    Plan { plan: usize, position: usize },
}

/// What a run needs to remember of a plan.
#[derive(Debug)]
pub(crate) struct KnownPlan {
    pub(crate) batch: String,
    /// Rejects by code.
    pub(crate) rejects: BTreeMap<String, u64>,
    /// The plan itself while parts of it are missing.
    pub(crate) unfinished: Option<FilePlan>,
}

impl Claims {
    /// Reads the plans of the table's generation and looks which of their parts exist.
    pub(crate) fn load(
        lake: &LakeFolder,
        table: &TableName,
        generation: u32,
    ) -> Result<Self, LakeError> {
        let mut claims = Claims::default();
        lake.plans(table, generation, &mut |plan| {
            let complete = is_complete(lake, &plan)?;
            claims.add(plan, complete);
            Ok(())
        })?;
        Ok(claims)
    }

    pub(crate) fn of(&self, document: &DocumentId) -> Option<Claim> {
        self.claims.get(&document_key(document.as_str())).copied()
    }

    /// A claimed document of the same file that shares bytes with this one, which is not claimed
    /// itself: the file is cut otherwise than it was, or is another file.
    pub(crate) fn overlapping(&self, document: &InputDocument) -> Option<Overlap> {
        let source = source_key(&document.source)?;
        let end = document.offset + document.bytes;
        let before = self.ranges.range((source, 0)..(source, end)).next_back();
        let (&(_, offset), &(claimed_end, holder)) = before?;
        let overlaps = claimed_end > document.offset;
        overlaps.then(|| Overlap { holder, offset, bytes: claimed_end - offset })
    }

    /// Remembers a document of a batch that this run formed.
    pub(crate) fn claim(&mut self, document: &InputDocument) {
        let holder = Holder::ThisRun;
        let claim = Claim { holder, blake3: document.blake3, bytes: document.bytes };
        self.claims.insert(document_key(document.id.as_str()), claim);
        self.claim_range(&document.source, document.offset, document.bytes, holder);
    }

    fn claim_range(&mut self, source: &str, offset: u64, bytes: u64, holder: Holder) {
        // The end of an array without its bracket has no bytes.
        if let Some(source) = source_key(source).filter(|_| bytes > 0) {
            self.ranges.insert((source, offset), (offset.saturating_add(bytes), holder));
        }
    }

    fn add(&mut self, plan: FilePlan, complete: bool) {
        let index = self.plans.len();
        for (position, document) in plan.documents.iter().enumerate() {
            let holder = Holder::Plan { plan: index, position };
            let claim = Claim { holder, blake3: document.blake3, bytes: document.bytes };
            self.claims.insert(document_key(&document.id), claim);
            let source = source_name(Path::new(&document.source));
            self.claim_range(&source, document.offset, document.bytes, holder);
        }
        self.plans.push(KnownPlan {
            batch: plan.batch.clone(),
            rejects: plan.report.rejects.clone(),
            unfinished: (!complete).then_some(plan),
        });
    }
}

fn is_complete(lake: &LakeFolder, plan: &FilePlan) -> Result<bool, LakeError> {
    for part in &plan.parts {
        if lake.part_bytes(&part.key)? != Some(part.bytes) {
            return Ok(false);
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::{Claims, Holder, Overlap};
    use crate::input::InputDocument;
    use sluice_normalizer::{DocumentId, Form};
    use sluice_pipeline::ContentHash;

    fn document(source: &str, offset: u64, bytes: u64) -> InputDocument {
        InputDocument {
            id: DocumentId::parse(&format!("{offset}-{bytes}")).expect("a document id"),
            source: source.into(),
            offset,
            bytes,
            form: Form::Json,
            blake3: ContentHash::blake3(b""),
            body: Vec::new(),
            oversize: false,
        }
    }

    #[test]
    fn only_bytes_of_the_same_file_overlap() {
        let mut claims = Claims::default();
        for (source, offset, bytes) in [("a", 10, 10), ("a", 21, 9), ("a", 40, 0), ("-", 0, 99)] {
            claims.claim(&document(source, offset, bytes));
        }
        let held = |offset, bytes| Some(Overlap { holder: Holder::ThisRun, offset, bytes });
        let cases = [
            // Beside, between and behind what is claimed.
            ("a", 0, 10, None),
            ("a", 20, 1, None),
            ("a", 30, 100, None),
            // Over the start, inside, over the end, over everything, over the gap.
            ("a", 0, 11, held(10, 10)),
            ("a", 12, 3, held(10, 10)),
            ("a", 29, 5, held(21, 9)),
            ("a", 0, 30, held(21, 9)),
            ("a", 19, 2, held(10, 10)),
            // Another file, and a stream.
            ("b", 0, 100, None),
            ("-", 5, 10, None),
        ];
        for (source, offset, bytes, expected) in cases {
            let overlap = claims.overlapping(&document(source, offset, bytes));
            assert_eq!(overlap, expected, "{source} {offset} {bytes}");
        }
    }
}

//! Documents into batches, on the reading side: what is new, what is there already, what a crash
//! left unfinished.
//!
//! Consecutive documents fill a batch up to its size, claimed or not, so that a run that goes on
//! after a crash forms the same batches as one that was never interrupted. Of these documents only
//! the unclaimed ones make the batch.

use crate::claims::{Claim, Claims, Holder, Overlap};
use crate::file_plan::FilePlan;
use crate::input::InputDocument;
use crate::limits::{BATCH_DOCUMENTS_MAX, FIRST_BATCH_BYTES, GATHERED_BYTES_MAX};
use crate::normalize_files::{AlreadyThere, NormalizeError, Unfinished};
use crate::totals::add_counts;
use std::collections::{BTreeMap, BTreeSet};

/// What a writer does next.
#[derive(Debug)]
pub(crate) enum Work {
    /// A new batch, number `sequence` (from 0) in the queue for the registry.
    Write { sequence: u64, documents: Vec<InputDocument> },
    /// The batch of a plan that lacks parts, with the plan's documents in its order.
    Finish { plan: Box<FilePlan>, documents: Vec<InputDocument> },
}

/// Forms batches of the documents pushed.
pub(crate) struct Batches {
    claims: Claims,
    batch_bytes_max: usize,
    /// The same for the open batch.
    slot_bytes_max: usize,
    /// Unclaimed documents of the batch being filled.
    fresh: Vec<InputDocument>,
    /// Of the batch being filled, claimed documents included.
    slot_bytes: usize,
    slot_documents: usize,
    sequence: u64,
    /// Documents of unfinished batches by plan index.
    gathers: BTreeMap<usize, Gather>,
    gathered_bytes: usize,
    batches_there: BTreeSet<usize>,
    there: AlreadyThere,
}

struct Gather {
    documents: Vec<Option<InputDocument>>,
    missing: usize,
}

impl Batches {
    pub(crate) fn new(claims: Claims, batch_bytes_max: usize) -> Self {
        Batches {
            claims,
            batch_bytes_max,
            slot_bytes_max: batch_bytes_max.min(FIRST_BATCH_BYTES),
            fresh: Vec::new(),
            slot_bytes: 0,
            slot_documents: 0,
            sequence: 0,
            gathers: BTreeMap::new(),
            gathered_bytes: 0,
            batches_there: BTreeSet::new(),
            there: AlreadyThere::default(),
        }
    }

    /// Takes the next document; `out` gets at most two pieces of work.
    pub(crate) fn push(
        &mut self,
        document: InputDocument,
        out: &mut Vec<Work>,
    ) -> Result<(), NormalizeError> {
        let size = document.body.len();
        let full = self.slot_bytes + size > self.slot_bytes_max
            || self.slot_documents == BATCH_DOCUMENTS_MAX;
        if full && self.slot_documents > 0 {
            out.extend(self.close_batch());
        }
        self.slot_bytes += size;
        self.slot_documents += 1;

        let Some(claim) = self.claims.of(&document.id) else {
            self.check_apart(&document)?;
            self.claims.claim(&document);
            self.fresh.push(document);
            return Ok(());
        };
        self.check_unchanged(&document, claim)?;
        match claim.holder {
            Holder::Plan { plan, position } if self.claims.plans[plan].unfinished.is_some() => {
                out.extend(self.gather(plan, position, document)?);
            }
            Holder::Plan { plan, .. } => {
                self.batches_there.insert(plan);
                self.count_there(&document);
            }
            Holder::ThisRun => self.count_there(&document),
        }
        Ok(())
    }

    /// Ends the inputs; `out` gets the last batch.
    pub(crate) fn finish(
        mut self,
        out: &mut Vec<Work>,
    ) -> Result<(AlreadyThere, Vec<Unfinished>), NormalizeError> {
        out.extend(self.close_batch());
        if let Some((plan, gather)) = self.gathers.pop_first()
            && let Some(plan) = &self.claims.plans[plan].unfinished
        {
            let absent = |(position, document): (usize, &Option<_>)| {
                document.is_none().then(|| plan.documents[position].source.clone())
            };
            let sources: BTreeSet<String> =
                gather.documents.iter().enumerate().filter_map(absent).collect();
            return Err(NormalizeError::Incomplete {
                batch: plan.batch.clone(),
                missing: sources.into_iter().collect(),
            });
        }
        self.there.batches = self.batches_there.len() as u64;
        for plan in self.batches_there {
            let rejects = std::mem::take(&mut self.claims.plans[plan].rejects);
            add_counts(&mut self.there.rejects, rejects);
        }
        let unfinished = self.claims.plans.into_iter().filter_map(|plan| plan.unfinished);
        Ok((self.there, unfinished.map(Unfinished::of).collect()))
    }

    fn close_batch(&mut self) -> Option<Work> {
        self.slot_bytes = 0;
        self.slot_documents = 0;
        self.slot_bytes_max = self.batch_bytes_max;
        if self.fresh.is_empty() {
            return None;
        }
        let sequence = self.sequence;
        self.sequence += 1;
        Some(Work::Write { sequence, documents: std::mem::take(&mut self.fresh) })
    }

    fn gather(
        &mut self,
        plan: usize,
        position: usize,
        document: InputDocument,
    ) -> Result<Option<Work>, NormalizeError> {
        let known = &mut self.claims.plans[plan];
        let count = known.unfinished.as_ref().map_or(0, |plan| plan.documents.len());
        let gather = self.gathers.entry(plan).or_insert_with(|| Gather {
            documents: std::iter::repeat_with(|| None).take(count).collect(),
            missing: count,
        });
        let place = &mut gather.documents[position];
        if place.is_some() {
            self.count_there(&document);
            return Ok(None);
        }
        self.gathered_bytes += document.body.len();
        *place = Some(document);
        gather.missing -= 1;
        if gather.missing > 0 {
            if self.gathered_bytes > GATHERED_BYTES_MAX {
                return Err(NormalizeError::Scattered { batch: known.batch.clone() });
            }
            return Ok(None);
        }
        let Some((gather, plan)) = self.gathers.remove(&plan).zip(known.unfinished.take()) else {
            return Ok(None);
        };
        let documents: Vec<_> = gather.documents.into_iter().flatten().collect();
        self.gathered_bytes -= documents.iter().map(|d| d.body.len()).sum::<usize>();
        Ok(Some(Work::Finish { plan: Box::new(plan), documents }))
    }

    fn check_unchanged(
        &self,
        document: &InputDocument,
        claim: Claim,
    ) -> Result<(), NormalizeError> {
        if claim.blake3 == document.blake3 && claim.bytes == document.bytes {
            return Ok(());
        }
        let then = (document.offset, claim.bytes);
        Err(self.changed(document, claim.holder, then))
    }

    /// I-2: a record that is in the lake must not come in again as part of another document.
    fn check_apart(&self, document: &InputDocument) -> Result<(), NormalizeError> {
        match self.claims.overlapping(document) {
            None => Ok(()),
            Some(Overlap { holder, offset, bytes }) => {
                Err(self.changed(document, holder, (offset, bytes)))
            }
        }
    }

    /// `then`: offset and bytes of the document that is claimed.
    fn changed(
        &self,
        document: &InputDocument,
        holder: Holder,
        (offset_then, bytes_then): (u64, u64),
    ) -> NormalizeError {
        let batch = match holder {
            Holder::Plan { plan, .. } => Some(self.claims.plans[plan].batch.clone()),
            Holder::ThisRun => None,
        };
        NormalizeError::Changed {
            source_name: document.source.to_string(),
            offset: document.offset,
            bytes: document.bytes,
            offset_then,
            bytes_then,
            batch,
        }
    }

    fn count_there(&mut self, document: &InputDocument) {
        self.there.documents += 1;
        self.there.bytes += document.bytes;
    }
}

//! Documents: claims and what became of them (D5).
//!
//! One item a document and generation. API Gateway answers `GET /table/<t>/object/<id>` from it with
//! no code, so its attributes are flat and named like the contract's: `id`, `table`, `state`,
//! `received_at`, `bytes`, `principal` (where known), `batch`, `batched_at`, and once its records are rows or rejects `committed_at`, `rows`, `rejects`
//! and `reasons`, which is the contract's JSON as text and needs no template to loop. (`generation`
//! and `expires_at` are the ledger's own.) A state never goes back: a claim only makes an item, and
//! an outcome is the plan's, which never changes.

use super::DynamoLedger;
use super::fault::{Damage, Fault};
use super::item::{Item, Key, number, number_of, text, text_of};
use super::limits::{DOCUMENT_WRITES_AT_ONCE, REASON_MESSAGE_BYTES_MAX, REASON_POINTER_BYTES_MAX};
use crate::time::{now_ms, rfc3339};
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure;
use futures::stream::{self, StreamExt, TryStreamExt};
use serde::{Deserialize, Serialize};
use sluice_normalizer::limits::OUTCOME_REASONS_MAX;
use sluice_normalizer::{DocumentId, DocumentOutcome, RejectReason, TableName};
use sluice_pipeline::{Batch, BatchState, DocumentHead, DocumentRecord, DocumentState, Plan};
use std::collections::HashMap;

impl DynamoLedger {
    /// Claims documents side by side; the answers are in the order of the members.
    pub(super) async fn claim_all(
        &self,
        batch: &Batch,
        heads: &[DocumentHead],
    ) -> Result<Vec<bool>, Fault> {
        let heads: HashMap<_, _> = heads.iter().map(|head| (&head.id, head)).collect();
        stream::iter(0..batch.documents.len())
            .map(|at| self.claim_one(batch, at, heads.get(&batch.documents[at]).copied()))
            .buffered(DOCUMENT_WRITES_AT_ONCE)
            .try_collect()
            .await
    }

    async fn claim_one(
        &self,
        batch: &Batch,
        at: usize,
        head: Option<&DocumentHead>,
    ) -> Result<bool, Fault> {
        let document = &batch.documents[at];
        let key = Key::document(batch.table.as_str(), batch.generation, document);
        let mut item = key.clone().item();
        item.extend([
            ("id".to_owned(), text(document.as_str())),
            ("table".to_owned(), text(batch.table.as_str())),
            ("generation".to_owned(), number(batch.generation)),
            ("state".to_owned(), text(DocumentState::Batched.as_str())),
            (BATCH.to_owned(), text(batch.id.as_str())),
            ("batched_at".to_owned(), text(rfc3339(now_ms()))),
            ("expires_at".to_owned(), self.expires_at(0)),
        ]);
        if let Some(head) = head {
            item.insert("received_at".to_owned(), text(rfc3339(head.received_at_ms)));
            item.insert("bytes".to_owned(), number(head.bytes));
            let principal = head.principal.as_ref().map(|principal| text(principal.as_str()));
            item.extend(principal.map(|principal| ("principal".to_owned(), principal)));
        }
        // Not `OR batch = :batch`: the same batch claims again when its message comes again, and a
        // put would then take back an outcome.
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(pk)")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let Err(error) = put.send().await else {
            return Ok(true);
        };
        let held = match error.as_service_error() {
            Some(PutItemError::ConditionalCheckFailedException(held)) => held.item().cloned(),
            _ => return Err(error.into()),
        };
        let held = match held {
            Some(held) => Some(held),
            None => self.read(key).await?,
        };
        // Gone in between: it expired this moment, and the claim succeeds when it is tried again.
        let held = held.ok_or(Fault::Contended)?;
        Ok(text_of(&held, BATCH)? == batch.id.as_str())
    }

    /// Keeps the outcomes of a plan's documents side by side.
    pub(super) async fn record_all(
        &self,
        plan: &Plan,
        outcomes: &[DocumentOutcome],
    ) -> Result<(), Fault> {
        if plan.documents.len() != outcomes.len() {
            let (outcomes, documents) = (outcomes.len(), plan.documents.len());
            return Err(Damage::Outcomes { outcomes, documents }.into());
        }
        stream::iter((0..outcomes.len()).map(Ok))
            .try_for_each_concurrent(DOCUMENT_WRITES_AT_ONCE, |at| {
                self.record_one(plan, &plan.documents[at], &outcomes[at])
            })
            .await
    }

    async fn record_one(
        &self,
        plan: &Plan,
        document: &str,
        outcome: &DocumentOutcome,
    ) -> Result<(), Fault> {
        let not_held = || Damage::NotHeld { document: document.to_owned() };
        let id = DocumentId::parse(document).map_err(|_| not_held())?;
        let update = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(Key::document(&plan.table, plan.generation, &id).item()))
            .update_expression(
                "SET #state = :state, #rows = :rows, rejects = :rejects, reasons = :reasons, \
                 committed_at = if_not_exists(committed_at, :now)",
            )
            .condition_expression("#batch = :batch")
            // Reserved words of DynamoDB.
            .expression_attribute_names("#batch", BATCH)
            .expression_attribute_names("#state", "state")
            .expression_attribute_names("#rows", ROWS)
            .expression_attribute_values(":state", text(DocumentState::of(outcome).as_str()))
            .expression_attribute_values(":rows", number(outcome.rows))
            .expression_attribute_values(":rejects", number(outcome.rejects))
            .expression_attribute_values(":reasons", text(reasons_json(&outcome.reasons)))
            .expression_attribute_values(":now", text(rfc3339(now_ms())))
            .expression_attribute_values(":batch", text(&plan.batch));
        match update.send().await {
            Ok(_) => Ok(()),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(_)) => Err(not_held().into()),
                _ => Err(error.into()),
            },
        }
    }

    /// Consistent, both reads: who just committed a batch sees what became of its documents.
    pub(super) async fn find_document(
        &self,
        table: &TableName,
        generation: u32,
        id: &DocumentId,
    ) -> Result<Option<DocumentRecord>, Fault> {
        let Some(item) = self.read(Key::document(table.as_str(), generation, id)).await? else {
            return Ok(None);
        };
        let batch = text_of(&item, BATCH)?;
        let Some(record) = self.find_batch(batch).await? else {
            return Err(Damage::UnknownBatch { batch: batch.to_owned() }.into());
        };
        let outcome = match record.state {
            BatchState::Committed if item.contains_key(ROWS) => Some(outcome_of(&item)?),
            BatchState::Committed | BatchState::Open => None,
        };
        Ok(Some(DocumentRecord { batch: record.batch.id, outcome }))
    }
}

const BATCH: &str = "batch";
const ROWS: &str = "rows";
const REASONS: &str = "reasons";

/// A reason as the contract has it.
#[derive(Serialize, Deserialize)]
struct ReasonJson {
    row: Option<u32>,
    code: String,
    message: String,
    pointer: Option<String>,
}

fn outcome_of(item: &Item) -> Result<DocumentOutcome, Damage> {
    let reasons: Vec<ReasonJson> = serde_json::from_str(text_of(item, REASONS)?)
        .map_err(|_| Damage::Attribute { attribute: REASONS })?;
    let reason = |reason: ReasonJson| {
        let ReasonJson { row, code, message, pointer } = reason;
        RejectReason { record: row, code, message, pointer }
    };
    Ok(DocumentOutcome {
        rows: number_of(item, ROWS)?,
        rejects: number_of(item, "rejects")?,
        reasons: reasons.into_iter().map(reason).collect(),
    })
}

/// The reasons as the contract has them, within the bounds of an item.
fn reasons_json(reasons: &[RejectReason]) -> String {
    let reason = |reason: &RejectReason| ReasonJson {
        row: reason.record,
        code: reason.code.clone(),
        message: cut(&reason.message, REASON_MESSAGE_BYTES_MAX),
        pointer: reason.pointer.clone().filter(|text| text.len() <= REASON_POINTER_BYTES_MAX),
    };
    let kept: Vec<_> = reasons.iter().take(OUTCOME_REASONS_MAX).map(reason).collect();
    serde_json::to_string(&kept).expect("reasons have only string keys")
}

fn cut(text: &str, bytes_max: usize) -> String {
    const MARK: char = '…';
    if text.len() <= bytes_max {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(bytes_max - MARK.len_utf8());
    format!("{}{MARK}", &text[..end])
}

#[cfg(test)]
mod tests {
    use super::{cut, reasons_json};
    use sluice_normalizer::RejectReason;

    #[test]
    fn long_messages_are_cut_between_characters() {
        assert_eq!(cut("abc", 3), "abc");
        assert_eq!(cut("äöü-", 6), "ä…");
        assert_eq!(cut(&"ä".repeat(600), 1_000).len(), 1 + 2 * 498 + 2);
    }

    #[test]
    fn reasons_are_bounded_whatever_they_hold() {
        let hostile = RejectReason {
            record: Some(u32::MAX),
            code: "schema_mismatch".to_owned(),
            message: "\u{1}".repeat(100_000),
            pointer: Some("\u{1}".repeat(1_000)),
        };
        let long = RejectReason { pointer: Some("/a".repeat(5_000_000)), ..hostile.clone() };
        let json = reasons_json(&[vec![hostile; 9], vec![long; 30]].concat());
        assert!(json.len() < 130_000, "{}", json.len());
        let kept: Vec<serde_json::Value> = serde_json::from_str(&json).expect("JSON");
        assert_eq!(kept.len(), 10);
        assert!(kept[9]["pointer"].is_null(), "a pointer is whole or not there");
    }
}

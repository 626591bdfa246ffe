//! Plans: JSON, but for the ids of their documents, which are a list of numbers.

use super::batches;
use super::fault::{Damage, Fault};
use super::keys::Seq;
use super::members;
use super::transaction::Transaction;
use rusqlite::{Connection, OptionalExtension, params};
use sluice_normalizer::DocumentId;
use sluice_pipeline::{Created, Plan};
use std::sync::Arc;

/// A plan on its way into the store.
pub(super) struct Stored {
    batch: String,
    json: String,
    documents: Vec<DocumentId>,
}

impl Stored {
    pub(super) fn of(plan: &Plan) -> Result<Self, Fault> {
        let id = |text: &String| {
            let id = DocumentId::parse(text);
            id.map_err(|_| Damage::UnknownDocument { id: text.clone() }.into())
        };
        let documents: Result<_, Fault> = plan.documents.iter().map(id).collect();
        let documents = documents?;
        let json = Plan { documents: Vec::new(), ..plan.clone() }.to_json();
        Ok(Stored { batch: plan.batch.clone(), json, documents })
    }
}

/// Keeps the plan unless its batch has one.
pub(super) fn create(transaction: &Transaction<'_>, plan: &Stored) -> Result<Created, Fault> {
    let connection = transaction.connection;
    let row = batches::known_row(connection, &plan.batch)?;
    let mut documents = Vec::with_capacity(plan.documents.len());
    for id in &plan.documents {
        match members::find(connection, id)? {
            Some((seq, _)) => documents.push(seq),
            None => return Err(Damage::UnknownDocument { id: id.to_string() }.into()),
        }
    }
    let sql = "UPDATE batches SET plan = ?2, plan_members = ?3 WHERE number = ?1 AND plan IS NULL";
    let changed = connection.prepare_cached(sql)?.execute(params![
        row.number,
        plan.json,
        members::pack(&documents)
    ])?;
    Ok(if changed == 1 { Created::New } else { Created::Exists })
}

/// The batch's plan.
pub(super) fn find(connection: &Connection, batch: &str) -> Result<Option<Plan>, Fault> {
    let Some((plan, documents)) = without_ids(connection, batch)? else {
        return Ok(None);
    };
    let ids = members::ids(connection, &documents)?;
    Ok(Some(Plan { documents: ids.iter().map(ToString::to_string).collect(), ..plan }))
}

/// The batch's plan, its documents apart.
pub(super) fn without_ids(
    connection: &Connection,
    batch: &str,
) -> Result<Option<(Plan, Vec<Seq>)>, Fault> {
    let sql = "SELECT plan, plan_members FROM batches WHERE id = ?1 AND plan IS NOT NULL";
    let found: Option<(String, Vec<u8>)> = connection
        .prepare_cached(sql)?
        .query_row([batch], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((json, packed)) = found else {
        return Ok(None);
    };
    let plan = Plan::from_json(json.as_bytes()).map_err(|error| {
        let source = Arc::new(error);
        Damage::Plan { batch: batch.to_owned(), source }
    })?;
    Ok(Some((plan, members::unpack("batches.plan_members", &packed)?)))
}

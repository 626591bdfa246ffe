//! Plans, which never change once they are there, and trials, which do.

use super::DynamoLedger;
use super::fault::{Damage, Fault};
use super::item::{Item, Key};
use super::limits::BATCH_OUTLIVES_CLAIMS_DAYS;
use sluice_pipeline::{Created, Plan, Trial};

/// Sort keys, and the attributes that hold the values.
const PLAN: &str = "plan";
const TRIAL: &str = "trial";

impl DynamoLedger {
    /// The one conditional write that makes a plan exist comes last; see [`super::large`].
    pub(super) async fn keep_plan(&self, plan: &Plan) -> Result<Created, Fault> {
        let item = self.valued(&plan.batch, PLAN, &plan.to_json()).await?;
        self.create(item).await
    }

    /// Consistent: who lost the race for a plan must see the winner's.
    pub(super) async fn find_plan(&self, batch: &str) -> Result<Option<Plan>, Fault> {
        let Some(item) = self.read(Key::of_batch(batch, PLAN)).await? else {
            return Ok(None);
        };
        let json = self.read_large(batch, PLAN, &item).await?;
        Ok(Some(Plan::from_json(json.as_bytes()).map_err(Damage::Plan)?))
    }

    pub(super) async fn put_trial(&self, batch: &str, trial: &Trial) -> Result<(), Fault> {
        let json = serde_json::to_string(trial).expect("a trial has only string keys");
        let item = self.valued(batch, TRIAL, &json).await?;
        self.client.put_item().table_name(&self.table).set_item(Some(item)).send().await?;
        Ok(())
    }

    /// Consistent: a document that ended the process must be known by it to the next one.
    pub(super) async fn find_trial(&self, batch: &str) -> Result<Option<Trial>, Fault> {
        let Some(item) = self.read(Key::of_batch(batch, TRIAL)).await? else {
            return Ok(None);
        };
        let json = self.read_large(batch, TRIAL, &item).await?;
        let trial = serde_json::from_str(&json);
        Ok(Some(trial.map_err(|_| Damage::Attribute { attribute: TRIAL })?))
    }

    /// The item `name` of a batch with its value.
    async fn valued(&self, batch: &str, name: &str, value: &str) -> Result<Item, Fault> {
        let expires_at = self.expires_at(BATCH_OUTLIVES_CLAIMS_DAYS);
        let kept = self.keep_large(batch, name, value, &expires_at).await?;
        let mut item = Key::of_batch(batch, name).item();
        item.extend([(name.to_owned(), kept), ("expires_at".to_owned(), expires_at)]);
        Ok(item)
    }
}

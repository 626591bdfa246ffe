//! Redrive and sweep: the adapters that only they use, the function over the real adapters, and the
//! script that calls it.

mod dead_letters;
mod fixture;
mod function;
mod inventory;
mod script;
mod sweep;

use crate::functions::{Home, TIME};
use crate::harness::{Emulator, bucket, fifo_queue};
use fixture::Inventories;
use serde_json::Value;
use sluice_aws::{EventBridge, S3Inventory, SqsWorkQueue};
use sluice_functions::{RedriveError, RedriveFunction};
use sluice_normalizer::{DocumentId, Encoding, Form, TableName};
use sluice_pipeline::{
    BatchMessage, DispatchLimits, DocumentHead, IngressStore, StoredDocument, WorkQueue,
};
use std::time::Duration;

/// Days that claims live.
const CLAIM_DAYS: u32 = 400;

/// Too short an invocation for more than a page.
const SHORT: Duration = Duration::from_secs(80);

/// A platform, and what redrive and sweep need beside it.
struct Platform {
    home: Home,
    dead: String,
    inventories: Inventories,
    bus: Option<String>,
}

impl Platform {
    async fn new(emulator: Emulator) -> Self {
        let home = Home::new(emulator).await;
        let dead = fifo_queue(&home.aws, "dead", Duration::from_secs(300)).await;
        let lists = bucket(&home.aws, "inventory").await;
        let inventories = Inventories::new(&home.aws, lists, &home.ingress);
        Platform { home, dead, inventories, bus: None }
    }

    /// Each invocation is a cold start.
    fn function(&self) -> RedriveFunction {
        let Platform { home, inventories, .. } = self;
        RedriveFunction {
            aws: home.aws.clone(),
            ingress: home.store(),
            inventory: S3Inventory::new(
                &home.aws,
                inventories.bucket.clone(),
                &inventories.prefix,
                home.ingress.clone(),
            ),
            ledger: home.ledger(),
            claim_days: CLAIM_DAYS,
            queue: SqsWorkQueue::new(&home.aws, home.queue.clone()),
            dead_letter_queue_url: self.dead.clone(),
            told: self.bus.clone().map(|bus| EventBridge::new(&home.aws, bus)),
            limits: DispatchLimits::default(),
        }
    }

    async fn ask(&self, event: Value) -> Value {
        self.ask_for(event, TIME).await.expect("an answer")
    }

    async fn ask_for(&self, event: Value, time: Duration) -> Result<Value, RedriveError> {
        self.function().handle(event, time).await
    }

    /// An object of the front door, which nobody announces. `received_days_ago`: as its metadata says.
    async fn put(&self, id: &str, received_days_ago: i64) {
        let body = format!(r#"{{"from":"{id}"}}"#).into_bytes();
        let head = DocumentHead {
            id: DocumentId::parse(id).expect("an id"),
            table: table("orders"),
            received_at_ms: fixture::days_ago_ms(received_days_ago),
            principal: None,
            form: Form::Json,
            encoding: Encoding::Identity,
            bytes: body.len() as u64,
            fault: None,
        };
        self.home.store().put(StoredDocument { head, body }).await.expect("put");
    }

    /// Normalizes until the queue is empty.
    async fn normalize(&self) {
        for _ in 0..200 {
            if !self.home.waiting().await {
                return;
            }
            let Some((event, receipt)) = self.home.delivery().await else { continue };
            let answer = self.home.normalizer().handle(event, TIME).await;
            assert!(answer.batch_item_failures.is_empty());
            let delete = self.home.aws.sqs().delete_message().queue_url(&self.home.queue);
            delete.receipt_handle(receipt).send().await.expect("delete");
        }
        panic!("the queue does not run dry");
    }

    /// What waits in the queue, in order; it is emptied.
    async fn sent(&self) -> Vec<BatchMessage> {
        let queue = SqsWorkQueue::new(&self.home.aws, self.home.queue.clone());
        let mut sent = Vec::new();
        while let Some(delivery) = queue.receive().await.expect("receive") {
            queue.delete(&delivery.receipt).await.expect("delete");
            sent.push(delivery.message);
        }
        sent
    }
}

fn table(name: &str) -> TableName {
    crate::functions::table(name)
}

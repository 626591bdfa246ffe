//! The FIFO queue of batches and its dead letters, as SQS has them.

use crate::limits::{DEDUPLICATION_MS, RECEIVES_MAX, VISIBILITY_MS};
use crate::random::Random;
use sluice_pipeline::{BatchMessage, DeadLetter, Delivery, Receipt};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug)]
pub(crate) struct Fifo {
    /// Groups of a table.
    shards: usize,
    /// In order of arrival.
    messages: Vec<Message>,
    /// When each deduplication id was taken, milliseconds.
    sent: BTreeMap<String, i64>,
    dead: Vec<DeadLetter>,
    receipts: u64,
}

#[derive(Debug)]
struct Message {
    group: String,
    message: BatchMessage,
    receives: u32,
    /// The newest delivery.
    receipt: Receipt,
    due_at_ms: i64,
}

impl Fifo {
    pub(crate) fn new(shards: usize) -> Self {
        Fifo { shards, messages: Vec::new(), sent: BTreeMap::new(), dead: Vec::new(), receipts: 0 }
    }

    /// When the batch was sent last, under whatever number.
    pub(crate) fn last_sent_ms(&self, message: &BatchMessage) -> Option<i64> {
        let of = format!("{}.", message.batch);
        let sent = self.sent.iter().filter(|(id, _)| id.starts_with(&of));
        sent.map(|(_, &sent_ms)| sent_ms).max()
    }

    /// Whether the message was taken, and not dropped as a repetition.
    ///
    /// `lane`: of a rebuild's generation.
    pub(crate) fn send(&mut self, message: &BatchMessage, lane: Option<u32>, now_ms: i64) -> bool {
        let id = format!("{}.{}", message.batch, message.send);
        if self.sent.get(&id).is_some_and(|sent_ms| now_ms < sent_ms + DEDUPLICATION_MS) {
            return false;
        }
        self.sent.insert(id, now_ms);
        let shard = message.batch.as_str().bytes().map(usize::from).sum::<usize>() % self.shards;
        self.messages.push(Message {
            group: format!("{}#{shard}{lane:?}", message.table.as_str()),
            message: message.clone(),
            receives: 0,
            receipt: Receipt(String::new()),
            due_at_ms: now_ms,
        });
        true
    }

    /// Hands out the first message of one of the groups whose first is due. Those that were handed
    /// out too often are set aside.
    pub(crate) fn receive(&mut self, now_ms: i64, random: &mut Random) -> Option<Delivery> {
        loop {
            let mut groups = BTreeSet::new();
            let firsts = self.messages.iter().enumerate();
            let firsts = firsts.filter(|(_, message)| groups.insert(message.group.clone()));
            let due: Vec<usize> = firsts
                .filter(|(_, message)| message.due_at_ms <= now_ms)
                .map(|(place, _)| place)
                .collect();
            if due.is_empty() {
                return None;
            }
            let place = random.pick(&due);
            self.receipts += 1;
            let receipt = Receipt(self.receipts.to_string());
            if self.messages[place].receives == RECEIVES_MAX {
                let message = self.messages.remove(place).message;
                self.dead.push(DeadLetter { message, receipt });
                continue;
            }
            let message = &mut self.messages[place];
            message.receives += 1;
            message.receipt = receipt.clone();
            message.due_at_ms = now_ms + VISIBILITY_MS;
            let (message, receives) = (message.message.clone(), message.receives);
            return Some(Delivery { message, receives, receipt });
        }
    }

    pub(crate) fn delete(&mut self, receipt: &Receipt) -> Option<BatchMessage> {
        let this = |message: &Message| message.receives > 0 && message.receipt == *receipt;
        let place = self.messages.iter().position(this)?;
        Some(self.messages.remove(place).message)
    }

    pub(crate) fn release(&mut self, receipt: &Receipt, due_at_ms: i64, now_ms: i64) {
        let out = |message: &&mut Message| {
            message.receives > 0 && message.receipt == *receipt && message.due_at_ms > now_ms
        };
        if let Some(message) = self.messages.iter_mut().find(out) {
            message.due_at_ms = due_at_ms;
        }
    }

    pub(crate) fn next_due_at_ms(&self) -> Option<i64> {
        let mut groups = BTreeSet::new();
        let firsts = self.messages.iter().filter(|message| groups.insert(&message.group));
        firsts.map(|message| message.due_at_ms).min()
    }

    pub(crate) fn dead(&self) -> &[DeadLetter] {
        &self.dead
    }

    pub(crate) fn delete_dead(&mut self, receipt: &Receipt) -> Option<BatchMessage> {
        let place = self.dead.iter().position(|letter| letter.receipt == *receipt)?;
        Some(self.dead.remove(place).message)
    }

    /// Sets a message aside at once.
    pub(crate) fn bury(&mut self, message: BatchMessage) {
        self.receipts += 1;
        self.dead.push(DeadLetter { message, receipt: Receipt(self.receipts.to_string()) });
    }
}

//! Variables read and checked, what is wrong with them collected.

use super::{ConfigError, Lookup};
use std::ops::RangeInclusive;

/// Of a value in a message, characters.
const SHOWN_CHARS_MAX: usize = 100;

pub(super) struct Variables<'l> {
    lookup: Lookup<'l>,
    faults: Vec<String>,
}

impl<'l> Variables<'l> {
    pub(super) fn new(lookup: Lookup<'l>) -> Self {
        Variables { lookup, faults: Vec::new() }
    }

    pub(super) fn fault(&mut self, fault: String) {
        self.faults.push(fault);
    }

    /// The configuration made of the variables, if none is wrong.
    pub(super) fn checked<C>(self, config: C) -> Result<C, ConfigError> {
        if self.faults.is_empty() { Ok(config) } else { Err(ConfigError { faults: self.faults }) }
    }

    pub(super) fn bucket(&mut self, name: &str, what: &str) -> String {
        let is_bucket = |text: &str| {
            let allowed =
                |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b".-".contains(&b);
            (3..=63).contains(&text.len()) && text.bytes().all(allowed)
        };
        self.needed(name, &format!("the name of {what}"), is_bucket)
    }

    pub(super) fn ledger_table(&mut self) -> String {
        let is_table = |text: &str| {
            let allowed = |b: u8| b.is_ascii_alphanumeric() || b"_.-".contains(&b);
            (3..=255).contains(&text.len()) && text.bytes().all(allowed)
        };
        self.needed("SLUICE_LEDGER_TABLE", "the name of the DynamoDB table of the ledger", is_table)
    }

    pub(super) fn queue_url(&mut self, name: &str, what: &str) -> String {
        let is_url = |text: &str| {
            let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
            rest.is_some_and(|rest| rest.contains('/') && rest.ends_with(".fifo"))
        };
        let must =
            format!("the URL of {what}, like https://sqs.REGION.amazonaws.com/ACCOUNT/NAME.fifo");
        self.needed(name, &must, is_url)
    }

    pub(super) fn inventory_prefix(&mut self) -> String {
        let is_prefix = |text: &str| {
            let folders = text.split('/').all(|folder| !folder.is_empty());
            folders && text.len() <= 900 && text.bytes().all(|b| b.is_ascii_graphic())
        };
        let must = "the folder of the inventories' dates, like PREFIX/SOURCE-BUCKET/CONFIGURATION-ID, \
                    without a slash at its ends";
        self.needed("SLUICE_INVENTORY_PREFIX", must, is_prefix)
    }

    /// An ARN, because in another account's bucket a bare id would name another key.
    pub(super) fn kms_key_arn(&mut self) -> Option<String> {
        let is_arn = |text: &str| {
            text.starts_with("arn:") && text.contains(":kms:") && text.contains(":key/")
        };
        let must = "the ARN of a KMS key, like arn:aws:kms:REGION:ACCOUNT:key/ID, or left out";
        self.optional("SLUICE_KMS_KEY_ARN", must, is_arn)
    }

    pub(super) fn event_bus(&mut self) -> Option<String> {
        let is_bus = |text: &str| {
            let allowed = |b: u8| b.is_ascii_alphanumeric() || b"/.-_:".contains(&b);
            text.len() <= 1_600 && text.bytes().all(allowed)
        };
        self.optional("SLUICE_EVENT_BUS", "the name or ARN of an event bus, or left out", is_bus)
    }

    pub(super) fn number(&mut self, name: &str, default: u64, range: RangeInclusive<u64>) -> u64 {
        let must = format!("a number from {} to {}, or left out", range.start(), range.end());
        let number = |text: &str| text.parse().ok().filter(|number| range.contains(number));
        let text = self.optional(name, &must, |text| number(text).is_some());
        text.and_then(|text| number(&text)).unwrap_or(default)
    }

    /// Empty when it is wrong, which is told.
    fn needed(&mut self, name: &str, must: &str, is_it: impl Fn(&str) -> bool) -> String {
        if self.value(name).is_none() {
            self.fault(format!("{name} is not set: it must be {must}"));
        }
        self.optional(name, must, is_it).unwrap_or_default()
    }

    fn optional(&mut self, name: &str, must: &str, is_it: impl Fn(&str) -> bool) -> Option<String> {
        let value = self.value(name)?;
        if !is_it(&value) {
            let shown: String = value.chars().take(SHOWN_CHARS_MAX).collect();
            self.fault(format!("{name} is {shown:?}: it must be {must}"));
            return None;
        }
        Some(value)
    }

    /// Templates set what is left out to an empty text.
    fn value(&self, name: &str) -> Option<String> {
        (self.lookup)(name).filter(|value| !value.is_empty())
    }
}

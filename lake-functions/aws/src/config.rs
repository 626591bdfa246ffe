//! What each function is told by its environment. Read once, at the start.

mod variables;

use sluice_normalizer::limits::BATCH_BYTES_MAX;
use sluice_pipeline::DispatchLimits;
use sluice_pipeline::limits::BATCH_DOCUMENTS_MAX;
use variables::Variables;

/// Why a function cannot start: every variable that is wrong, a line each.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the configuration cannot be used:\n{}", .faults.join("\n"))]
pub struct ConfigError {
    /// Which variable, and what it must look like.
    pub faults: Vec<String>,
}

/// What the dispatcher needs.
#[derive(Debug, Clone)]
pub struct DispatcherConfig {
    /// `SLUICE_INGRESS_BUCKET`.
    pub ingress_bucket: String,
    /// `SLUICE_LEDGER_TABLE`.
    pub ledger_table: String,
    /// `SLUICE_CLAIM_DAYS`, can be left out.
    pub claim_days: u32,
    /// `SLUICE_QUEUE_URL`.
    pub queue_url: String,
    /// `SLUICE_SHARDS`, can be left out: batches of one table that are normalized at the same time.
    pub shards: u32,
    /// `SLUICE_BATCH_DOCUMENTS_MAX`, `SLUICE_BATCH_BYTES_MAX`; both can be left out.
    pub limits: DispatchLimits,
}

/// What the normalizer needs.
#[derive(Debug, Clone)]
pub struct NormalizerConfig {
    /// `SLUICE_INGRESS_BUCKET`.
    pub ingress_bucket: String,
    /// `SLUICE_LAKE_BUCKET`.
    pub lake_bucket: String,
    /// `SLUICE_KMS_KEY_ARN`, can be left out.
    pub kms_key_arn: Option<String>,
    /// `SLUICE_LEDGER_TABLE`.
    pub ledger_table: String,
    /// `SLUICE_CLAIM_DAYS`, can be left out.
    pub claim_days: u32,
    /// `SLUICE_QUEUE_URL`: batches that must come again are given back to it.
    pub queue_url: String,
    /// `SLUICE_EVENT_BUS`, can be left out: then nothing is published.
    pub event_bus: Option<String>,
}

/// What redrive and sweep need.
#[derive(Debug, Clone)]
pub struct RedriveConfig {
    /// `SLUICE_INGRESS_BUCKET`.
    pub ingress_bucket: String,
    /// `SLUICE_INVENTORY_BUCKET`: where S3 puts the inventories of the ingress bucket.
    pub inventory_bucket: String,
    /// `SLUICE_INVENTORY_PREFIX`: the folder there that holds the folders of their dates.
    pub inventory_prefix: String,
    /// `SLUICE_LEDGER_TABLE`.
    pub ledger_table: String,
    /// `SLUICE_CLAIM_DAYS`, can be left out. The sweep never looks further back.
    pub claim_days: u32,
    /// `SLUICE_QUEUE_URL`.
    pub queue_url: String,
    /// `SLUICE_DEAD_LETTER_QUEUE_URL`.
    pub dead_letter_queue_url: String,
    /// `SLUICE_EVENT_BUS`, can be left out: then nothing is published.
    pub event_bus: Option<String>,
    /// As the dispatcher's.
    pub shards: u32,
    /// As the dispatcher's.
    pub limits: DispatchLimits,
}

/// What rebuild needs.
#[derive(Debug, Clone)]
pub struct RebuildConfig {
    /// `SLUICE_INGRESS_BUCKET`.
    pub ingress_bucket: String,
    /// `SLUICE_LAKE_BUCKET`.
    pub lake_bucket: String,
    /// `SLUICE_LEDGER_TABLE`.
    pub ledger_table: String,
    /// `SLUICE_CLAIM_DAYS`, can be left out.
    pub claim_days: u32,
    /// `SLUICE_QUEUE_URL`.
    pub queue_url: String,
    /// As the dispatcher's.
    pub limits: DispatchLimits,
}

/// How a variable is looked up: of a process, `|name| std::env::var(name).ok()`.
pub type Lookup<'l> = &'l dyn Fn(&str) -> Option<String>;

impl DispatcherConfig {
    /// Reads the environment.
    ///
    /// # Errors
    /// [`ConfigError`] tells everything that is wrong.
    pub fn read(lookup: Lookup<'_>) -> Result<Self, ConfigError> {
        let mut variables = Variables::new(lookup);
        let config = DispatcherConfig {
            ingress_bucket: variables.bucket("SLUICE_INGRESS_BUCKET", INGRESS_BUCKET),
            ledger_table: variables.ledger_table(),
            claim_days: claim_days(&mut variables),
            queue_url: variables.queue_url("SLUICE_QUEUE_URL", QUEUE),
            shards: shards(&mut variables),
            limits: limits(&mut variables),
        };
        variables.checked(config)
    }
}

impl NormalizerConfig {
    /// Reads the environment.
    ///
    /// # Errors
    /// [`ConfigError`] tells everything that is wrong.
    pub fn read(lookup: Lookup<'_>) -> Result<Self, ConfigError> {
        let mut variables = Variables::new(lookup);
        let config = NormalizerConfig {
            ingress_bucket: variables.bucket("SLUICE_INGRESS_BUCKET", INGRESS_BUCKET),
            lake_bucket: variables.bucket("SLUICE_LAKE_BUCKET", LAKE_BUCKET),
            kms_key_arn: variables.kms_key_arn(),
            ledger_table: variables.ledger_table(),
            claim_days: claim_days(&mut variables),
            queue_url: variables.queue_url("SLUICE_QUEUE_URL", QUEUE),
            event_bus: variables.event_bus(),
        };
        variables.checked(config)
    }
}

impl RedriveConfig {
    /// Reads the environment.
    ///
    /// # Errors
    /// [`ConfigError`] tells everything that is wrong.
    pub fn read(lookup: Lookup<'_>) -> Result<Self, ConfigError> {
        let mut variables = Variables::new(lookup);
        let config = RedriveConfig {
            ingress_bucket: variables.bucket("SLUICE_INGRESS_BUCKET", INGRESS_BUCKET),
            inventory_bucket: variables.bucket("SLUICE_INVENTORY_BUCKET", INVENTORY_BUCKET),
            inventory_prefix: variables.inventory_prefix(),
            ledger_table: variables.ledger_table(),
            claim_days: claim_days(&mut variables),
            queue_url: variables.queue_url("SLUICE_QUEUE_URL", QUEUE),
            dead_letter_queue_url: variables.queue_url("SLUICE_DEAD_LETTER_QUEUE_URL", DEAD),
            event_bus: variables.event_bus(),
            shards: shards(&mut variables),
            limits: limits(&mut variables),
        };
        if !config.queue_url.is_empty() && config.queue_url == config.dead_letter_queue_url {
            variables.fault(
                "SLUICE_DEAD_LETTER_QUEUE_URL is SLUICE_QUEUE_URL: it must be the URL of the queue's \
                 dead-letter queue"
                    .to_owned(),
            );
        }
        variables.checked(config)
    }
}

impl RebuildConfig {
    /// Reads the environment.
    ///
    /// # Errors
    /// [`ConfigError`] tells everything that is wrong.
    pub fn read(lookup: Lookup<'_>) -> Result<Self, ConfigError> {
        let mut variables = Variables::new(lookup);
        let config = RebuildConfig {
            ingress_bucket: variables.bucket("SLUICE_INGRESS_BUCKET", INGRESS_BUCKET),
            lake_bucket: variables.bucket("SLUICE_LAKE_BUCKET", LAKE_BUCKET),
            ledger_table: variables.ledger_table(),
            claim_days: claim_days(&mut variables),
            queue_url: variables.queue_url("SLUICE_QUEUE_URL", QUEUE),
            limits: limits(&mut variables),
        };
        variables.checked(config)
    }
}

const INGRESS_BUCKET: &str = "the bucket that the gateway writes documents to";
const LAKE_BUCKET: &str = "the bucket of the lake";
const INVENTORY_BUCKET: &str = "the bucket that S3 puts the ingress bucket's inventories in";
const QUEUE: &str = "the FIFO queue of batches";
const DEAD: &str = "the dead-letter queue of the FIFO queue of batches";

/// Claims live so long, when nothing else is asked for: well beyond the year that the ingress bucket
/// keeps documents.
const CLAIM_DAYS: u32 = 3 * 365;

fn claim_days(variables: &mut Variables<'_>) -> u32 {
    let days = variables.number("SLUICE_CLAIM_DAYS", CLAIM_DAYS.into(), 1..=36_500);
    u32::try_from(days).unwrap_or(CLAIM_DAYS)
}

/// More writers of one table than this mostly wait for each other's registry versions.
const SHARDS_MAX: u32 = 100;

fn shards(variables: &mut Variables<'_>) -> u32 {
    let shards = variables.number("SLUICE_SHARDS", 1, 1..=SHARDS_MAX.into());
    u32::try_from(shards).unwrap_or(1)
}

fn limits(variables: &mut Variables<'_>) -> DispatchLimits {
    let DispatchLimits { documents_max, bytes_max } = DispatchLimits::default();
    let documents = variables.number(
        "SLUICE_BATCH_DOCUMENTS_MAX",
        documents_max as u64,
        1..=BATCH_DOCUMENTS_MAX as u64,
    );
    let bytes = variables.number("SLUICE_BATCH_BYTES_MAX", bytes_max, 1..=BATCH_BYTES_MAX as u64);
    DispatchLimits {
        documents_max: usize::try_from(documents).unwrap_or(BATCH_DOCUMENTS_MAX),
        bytes_max: bytes,
    }
}

#[cfg(test)]
mod tests {
    use super::{ConfigError, DispatcherConfig, NormalizerConfig, RebuildConfig, RedriveConfig};
    use std::fmt::Debug;

    const GOOD: [(&str, &str); 9] = [
        ("SLUICE_INGRESS_BUCKET", "123456789012-lake-ingress"),
        ("SLUICE_LAKE_BUCKET", "123456789012-lake"),
        ("SLUICE_KMS_KEY_ARN", "arn:aws:kms:eu-central-1:123456789012:key/0a1b"),
        ("SLUICE_LEDGER_TABLE", "lake-ledger"),
        ("SLUICE_QUEUE_URL", "https://sqs.eu-central-1.amazonaws.com/123456789012/b.fifo"),
        (
            "SLUICE_DEAD_LETTER_QUEUE_URL",
            "https://sqs.eu-central-1.amazonaws.com/123456789012/dead.fifo",
        ),
        ("SLUICE_EVENT_BUS", "default"),
        ("SLUICE_INVENTORY_BUCKET", "123456789012-lake"),
        ("SLUICE_INVENTORY_PREFIX", "_inventory/123456789012-lake-ingress/daily"),
    ];

    /// Reads GOOD with some variables changed.
    fn read<C>(
        read: fn(super::Lookup<'_>) -> Result<C, ConfigError>,
        changed: &[(&str, &str)],
    ) -> Result<C, ConfigError> {
        read(&|name| {
            let of = |pairs: &[(&str, &str)]| {
                pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
            };
            of(changed).or_else(|| of(&GOOD))
        })
    }

    fn faults<C: Debug>(got: Result<C, ConfigError>) -> String {
        got.expect_err("a fault").faults.join("\n")
    }

    #[test]
    fn each_function_asks_for_what_it_needs() {
        let gone = |names: &[&'static str]| -> Vec<(&'static str, &'static str)> {
            names.iter().map(|name| (*name, "")).collect()
        };
        let foreign = gone(&["SLUICE_LAKE_BUCKET", "SLUICE_KMS_KEY_ARN", "SLUICE_EVENT_BUS"]);
        let dispatcher = read(DispatcherConfig::read, &foreign).expect("enough");
        assert_eq!((dispatcher.limits.documents_max, dispatcher.shards), (5_000, 1));
        let foreign = gone(&["SLUICE_KMS_KEY_ARN", "SLUICE_EVENT_BUS"]);
        let normalizer = read(NormalizerConfig::read, &foreign).expect("enough");
        assert_eq!((normalizer.kms_key_arn, normalizer.event_bus), (None, None));
        let redrive = read(RedriveConfig::read, &gone(&["SLUICE_LAKE_BUCKET"])).expect("enough");
        assert_eq!(redrive.event_bus.as_deref(), Some("default"));
        assert_eq!(redrive.claim_days, 1_095);
        assert_eq!(redrive.inventory_prefix, "_inventory/123456789012-lake-ingress/daily");
        read(RebuildConfig::read, &gone(&["SLUICE_DEAD_LETTER_QUEUE_URL"])).expect("enough");
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once() {
        let nothing = NormalizerConfig::read(&|_| None);
        assert_eq!(
            faults(nothing),
            "SLUICE_INGRESS_BUCKET is not set: it must be the name of the bucket that the gateway \
             writes documents to\n\
             SLUICE_LAKE_BUCKET is not set: it must be the name of the bucket of the lake\n\
             SLUICE_LEDGER_TABLE is not set: it must be the name of the DynamoDB table of the ledger\n\
             SLUICE_QUEUE_URL is not set: it must be the URL of the FIFO queue of batches, like \
             https://sqs.REGION.amazonaws.com/ACCOUNT/NAME.fifo"
        );
    }

    #[test]
    fn values_are_checked() {
        let queue = "https://sqs.eu-central-1.amazonaws.com/123456789012/b.fifo";
        let wrong = [
            ("SLUICE_INGRESS_BUCKET", "s3://a-bucket"),
            ("SLUICE_INGRESS_BUCKET", "Upper"),
            ("SLUICE_LEDGER_TABLE", "a b"),
            ("SLUICE_QUEUE_URL", "b.fifo"),
            ("SLUICE_QUEUE_URL", "https://sqs.eu-central-1.amazonaws.com/123456789012/b"),
            ("SLUICE_DEAD_LETTER_QUEUE_URL", queue),
            ("SLUICE_EVENT_BUS", "a bus"),
            ("SLUICE_INVENTORY_BUCKET", "a/b"),
            ("SLUICE_INVENTORY_PREFIX", "s3://a-bucket/inventory"),
            ("SLUICE_INVENTORY_PREFIX", "inventory/"),
            ("SLUICE_INVENTORY_PREFIX", "/inventory"),
            ("SLUICE_INVENTORY_PREFIX", ""),
            ("SLUICE_CLAIM_DAYS", "0"),
            ("SLUICE_BATCH_DOCUMENTS_MAX", "5001"),
            ("SLUICE_BATCH_DOCUMENTS_MAX", "0"),
            ("SLUICE_BATCH_BYTES_MAX", "64 MB"),
        ];
        for (name, value) in wrong {
            let told = faults(read(RedriveConfig::read, &[(name, value)]));
            assert!(told.starts_with(name) && !told.contains('\n'), "{name}={value}: {told}");
        }
        for arn in ["0a1b", "arn:aws:s3:::a-bucket", "arn:aws:kms:eu-central-1:1:alias/lake"] {
            let told = faults(read(NormalizerConfig::read, &[("SLUICE_KMS_KEY_ARN", arn)]));
            assert!(told.starts_with("SLUICE_KMS_KEY_ARN is \""), "{told}");
        }
        let shards = |count| read(DispatcherConfig::read, &[("SLUICE_SHARDS", count)]);
        assert_eq!(shards("4").expect("a number").shards, 4);
        for count in ["0", "101", "four"] {
            assert!(faults(shards(count)).starts_with("SLUICE_SHARDS is"), "{count}");
        }
        let small = [("SLUICE_BATCH_DOCUMENTS_MAX", "10"), ("SLUICE_BATCH_BYTES_MAX", "1000")];
        let limits = read(DispatcherConfig::read, &small).expect("numbers").limits;
        assert_eq!((limits.documents_max, limits.bytes_max), (10, 1_000));
        let emulator = ("SLUICE_QUEUE_URL", "http://127.0.0.1:5000/123456789012/b.fifo");
        read(DispatcherConfig::read, &[emulator]).expect("an emulator's URL");
    }
}

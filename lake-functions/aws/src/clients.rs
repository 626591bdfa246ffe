//! The way to AWS: one configuration, one HTTP client, a client a service.

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, ConfigLoader, Region, SdkConfig};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use std::time::Duration;

/// Within a region a connection takes milliseconds; one that does not come at once seldom comes.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// From the request's first byte to the answer's first byte. A part of 64 MB is on its way for a
/// few seconds, and S3 and DynamoDB answer within one.
const READ_TIMEOUT: Duration = Duration::from_secs(20);

/// One try, its answer's headers included. Bodies that stall are ended by the SDK's own protection.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(30);

/// All tries of one call. A Lambda whose call hangs must still have the time to give up in a
/// controlled way.
const CALL_TIMEOUT: Duration = Duration::from_secs(90);

/// Tries of one call. Throttling passes within a few; what lasts longer is the queue's to retry.
const ATTEMPTS_MAX: u32 = 5;

/// Waits between tries double from here, with jitter. The SDK's first one is a second, in which a
/// throttled partition has long recovered.
const FIRST_BACKOFF: Duration = Duration::from_millis(100);
const BACKOFF_MAX: Duration = Duration::from_secs(5);

/// Where AWS is and how it is spoken to. Clients made of it share connections.
#[derive(Debug, Clone)]
pub struct Aws {
    sdk: SdkConfig,
    path_style: bool,
}

impl Aws {
    /// As the environment says: `AWS_REGION`, the credentials of the Lambda's role, and
    /// `AWS_ENDPOINT_URL` (or that of a service) where an emulator stands in for AWS.
    pub async fn from_environment() -> Self {
        let sdk = loader().load().await;
        // Emulators serve all buckets under one host name.
        let of_s3 = std::env::var_os("AWS_ENDPOINT_URL_S3").is_some();
        let path_style = of_s3 || sdk.endpoint_url().is_some();
        Aws { sdk, path_style }
    }

    /// An emulator: it takes any credentials. `endpoint`: like `http://127.0.0.1:5000`.
    pub async fn emulator(endpoint: &str) -> Self {
        let credentials = aws_sdk_s3::config::Credentials::new(
            "testing",
            "testing",
            None,
            None,
            "sluice-emulator",
        );
        let loader = loader()
            .region(Region::new("eu-central-1"))
            .credentials_provider(credentials)
            .endpoint_url(endpoint);
        Aws { sdk: loader.load().await, path_style: true }
    }

    /// Client of S3.
    #[must_use]
    pub fn s3(&self) -> aws_sdk_s3::Client {
        let config = aws_sdk_s3::config::Builder::from(&self.sdk).force_path_style(self.path_style);
        aws_sdk_s3::Client::from_conf(config.build())
    }

    /// Client of SQS.
    #[must_use]
    pub fn sqs(&self) -> aws_sdk_sqs::Client {
        aws_sdk_sqs::Client::new(&self.sdk)
    }

    /// Client of DynamoDB.
    #[must_use]
    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        aws_sdk_dynamodb::Client::new(&self.sdk)
    }

    /// Client of Glue.
    #[must_use]
    pub fn glue(&self) -> aws_sdk_glue::Client {
        aws_sdk_glue::Client::new(&self.sdk)
    }

    /// Client of EventBridge.
    #[must_use]
    pub fn event_bridge(&self) -> aws_sdk_eventbridge::Client {
        aws_sdk_eventbridge::Client::new(&self.sdk)
    }
}

fn loader() -> ConfigLoader {
    let http = Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
    // Standard, not adaptive: adaptive slows down every call of a client when one table or prefix is
    // throttled, and a batch's time becomes a guess.
    let retries = RetryConfig::standard()
        .with_max_attempts(ATTEMPTS_MAX)
        .with_initial_backoff(FIRST_BACKOFF)
        .with_max_backoff(BACKOFF_MAX);
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(READ_TIMEOUT)
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(CALL_TIMEOUT)
        .build();
    // A fixed version: a newer SDK changes its defaults only when somebody looked at them. With it
    // come checksums on uploads and their check on downloads.
    aws_config::defaults(BehaviorVersion::v2026_01_12())
        .http_client(http)
        .retry_config(retries)
        .timeout_config(timeouts)
}

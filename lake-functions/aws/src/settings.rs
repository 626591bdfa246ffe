//! The settings in force: `sluice.yaml` in the lake bucket, read again when it changes.

use crate::bucket::{Bucket, Fresh, broken_off, read};
use crate::clients::Aws;
use crate::limits::{BODY_TRIES_MAX, SETTINGS_BYTES_MAX};
use aws_sdk_s3::operation::get_object::GetObjectOutput;
use sluice_normalizer::SettingsError;
use sluice_pipeline::{PortError, SettingsInForce};
use std::sync::Arc;
use tokio::sync::Mutex;

/// The settings' key.
pub const SETTINGS_KEY: &str = "sluice.yaml";

/// The settings of a lake. Looking costs one request, which mostly answers "unchanged".
#[derive(Debug)]
pub struct S3Settings {
    bucket: Bucket,
    seen: Mutex<Option<Seen>>,
}

/// What a look found.
#[derive(Debug)]
pub struct Look {
    /// What is in force now.
    pub settings: Arc<SettingsInForce>,
    /// What to tell, once.
    pub news: News,
}

/// What has changed since the look before.
#[derive(Debug)]
pub enum News {
    /// Nothing.
    None,
    /// Other settings are in force.
    InForce,
    /// The file has changed and is not usable: the settings before stay in force.
    Unusable(UnusableSettings),
}

/// Why no settings can be told.
#[derive(Debug, thiserror::Error)]
pub enum LookError {
    /// The lake bucket does not answer: come again.
    #[error(transparent)]
    Read(#[from] PortError),
    /// The file is not usable, and this process knows no settings before it. Defaults would be a
    /// guess, and rows shaped by a guess stay: nothing is shaped until a person has mended the file.
    #[error("use {SETTINGS_KEY} in the lake bucket")]
    Use(#[source] UnusableSettings),
}

/// Why a file is no settings.
#[derive(Debug, thiserror::Error)]
pub enum UnusableSettings {
    /// Too long to be settings.
    #[error("it has more than {SETTINGS_BYTES_MAX} bytes")]
    TooLarge,
    /// Not text.
    #[error("it is not UTF-8")]
    NotText,
    /// Not settings; says where.
    #[error(transparent)]
    Settings(#[from] SettingsError),
}

#[derive(Debug)]
struct Seen {
    /// Of the file looked at last, usable or not; none when there was no file.
    etag: Option<String>,
    settings: Arc<SettingsInForce>,
}

enum File {
    Same,
    Absent,
    Found { etag: Option<String>, text: Result<String, UnusableSettings> },
}

impl S3Settings {
    /// The settings of the lake in `bucket`.
    #[must_use]
    pub fn new(aws: &Aws, bucket: String) -> Self {
        S3Settings { bucket: Bucket::new(aws, bucket, None), seen: Mutex::default() }
    }

    /// The settings in force; the defaults where there is no file.
    ///
    /// # Errors
    /// [`LookError`].
    pub async fn look(&self) -> Result<Look, LookError> {
        let mut seen = self.seen.lock().await;
        let known_etag = seen.as_ref().and_then(|seen| seen.etag.as_deref());
        let (etag, text) = match self.file(known_etag).await? {
            File::Same => (known_etag.map(str::to_owned), None),
            File::Absent => (None, Some(Ok(String::new()))),
            File::Found { etag, text } => (etag, Some(text)),
        };
        let parsed = text
            .map(|text| text.and_then(|text| Ok(Arc::new(SettingsInForce::parse(text)?))))
            .transpose();
        let (settings, news) = match (parsed, seen.take()) {
            (Ok(Some(new)), Some(old)) if etag.is_none() && old.etag.is_none() => {
                drop(new);
                (old.settings, News::None)
            }
            (Ok(Some(new)), _) => (new, News::InForce),
            (Ok(None), Some(old)) => (old.settings, News::None),
            (Err(why), Some(old)) => (old.settings, News::Unusable(why)),
            (Err(why), None) => return Err(LookError::Use(why)),
            (Ok(None), None) => unreachable!("without an etag nothing is the same"),
        };
        *seen = Some(Seen { etag, settings: Arc::clone(&settings) });
        Ok(Look { settings, news })
    }

    async fn file(&self, known_etag: Option<&str>) -> Result<File, PortError> {
        let mut tries = 0;
        loop {
            let object = match known_etag {
                Some(etag) => match self.bucket.open_unless(SETTINGS_KEY, etag).await? {
                    Fresh::Same => return Ok(File::Same),
                    Fresh::Absent => return Ok(File::Absent),
                    Fresh::Changed(object) => *object,
                },
                None => match self.bucket.open(SETTINGS_KEY).await? {
                    Some(object) => object,
                    None => return Ok(File::Absent),
                },
            };
            let GetObjectOutput { e_tag: etag, body, .. } = object;
            tries += 1;
            match read(body, SETTINGS_BYTES_MAX).await {
                Ok(bytes) => return Ok(File::Found { etag, text: text(bytes) }),
                Err(error) if tries >= BODY_TRIES_MAX => {
                    return Err(broken_off(SETTINGS_KEY, error));
                }
                Err(_) => {}
            }
        }
    }
}

fn text(bytes: Vec<u8>) -> Result<String, UnusableSettings> {
    if bytes.len() > SETTINGS_BYTES_MAX {
        return Err(UnusableSettings::TooLarge);
    }
    String::from_utf8(bytes).map_err(|_| UnusableSettings::NotText)
}

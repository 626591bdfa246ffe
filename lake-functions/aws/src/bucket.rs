//! Objects of one bucket.

use crate::clients::Aws;
use crate::failure::CallFailed;
use crate::limits::{BODY_TRIES_MAX, CONFLICT_TRIES_MAX, GETS_AT_ONCE, VERSIONS_LOOKED_AT};
use aws_sdk_s3::Client;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::operation::head_object::HeadObjectOutput;
use aws_sdk_s3::operation::put_object::builders::PutObjectFluentBuilder;
use aws_sdk_s3::primitives::{ByteStream, ByteStreamError, SdkBody};
use aws_sdk_s3::types::ServerSideEncryption;
use futures::stream::{self, StreamExt, TryStreamExt};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use sluice_pipeline::{Created, Intent, PortError};
use std::collections::HashMap;

/// A bucket and how objects in it are encrypted.
///
/// Access that is refused and keys that are disabled or gone are [`PortError::Unavailable`]: a person
/// mends the grant, and then the same call succeeds. Until then messages go round and wait in the
/// dead-letter queue, with an alarm; nothing that is stored is at fault. The role needs
/// `s3:ListBucket`, because without it S3 answers 403 for an object that is not there.
#[derive(Debug, Clone)]
pub(crate) struct Bucket {
    client: Client,
    name: String,
    kms_key_arn: Option<String>,
}

/// What is written.
#[derive(Debug)]
pub(crate) struct Content {
    body: SdkBody,
    content_type: &'static str,
    metadata: HashMap<String, String>,
}

impl Content {
    pub(crate) fn new(bytes: Vec<u8>, content_type: &'static str) -> Self {
        Content { body: SdkBody::from(bytes), content_type, metadata: HashMap::new() }
    }

    pub(crate) fn with_metadata(self, metadata: HashMap<String, String>) -> Self {
        Content { metadata, ..self }
    }
}

impl Bucket {
    /// `kms_key_arn`: none leaves encryption to the bucket's own default.
    pub(crate) fn new(aws: &Aws, name: String, kms_key_arn: Option<String>) -> Self {
        Bucket { client: aws.s3(), name, kms_key_arn }
    }

    /// Writes an object, over one of the same key.
    pub(crate) async fn put(&self, key: &str, content: Content) -> Result<(), PortError> {
        let sent = self.writing(key, &content).send().await;
        sent.map(|_| ()).map_err(|error| unavailable(format!("write {key}"), &error))
    }

    /// Writes an object unless one has the key. When an answer was lost, [`Created::Exists`] may
    /// mean the object of this very call.
    pub(crate) async fn create(&self, key: &str, content: Content) -> Result<Created, PortError> {
        let created = if_absent(|| self.writing(key, &content).if_none_match("*").send()).await;
        created.map_err(|error| unavailable(format!("create {key}"), &error))
    }

    fn writing(&self, key: &str, content: &Content) -> PutObjectFluentBuilder {
        let body = content.body.try_clone().expect("bytes in memory can be sent again");
        // The SDK adds a CRC of the body, which S3 checks and keeps.
        let put = self
            .client
            .put_object()
            .bucket(&self.name)
            .key(key)
            .content_type(content.content_type)
            .set_metadata(Some(content.metadata.clone()))
            .body(ByteStream::new(body));
        match &self.kms_key_arn {
            Some(arn) => put
                .server_side_encryption(ServerSideEncryption::AwsKms)
                .ssekms_key_id(arn)
                .bucket_key_enabled(true),
            None => put,
        }
    }

    /// Copies an object of the bucket with its metadata, unless one has the key `to`. None when there
    /// is no object to copy.
    pub(crate) async fn copy(&self, from: &str, to: &str) -> Result<Option<Created>, PortError> {
        // Of a key any character may be, and this one is part of a header.
        let source = format!("{}/{}", self.name, utf8_percent_encode(from, NON_ALPHANUMERIC));
        let copy = || {
            let copy = self.client.copy_object().bucket(&self.name).copy_source(&source).key(to);
            let copy = match &self.kms_key_arn {
                Some(arn) => copy
                    .server_side_encryption(ServerSideEncryption::AwsKms)
                    .ssekms_key_id(arn)
                    .bucket_key_enabled(true),
                None => copy,
            };
            copy.if_none_match("*").send()
        };
        match if_absent(copy).await {
            Ok(created) => Ok(Some(created)),
            Err(error) if error.code() == Some("NoSuchKey") => Ok(None),
            Err(error) => Err(unavailable(format!("copy an object to {to}"), &error)),
        }
    }

    /// An object's head, none when there is no such object.
    pub(crate) async fn head(&self, key: &str) -> Result<Option<HeadObjectOutput>, PortError> {
        match self.client.head_object().bucket(&self.name).key(key).send().await {
            Ok(head) => Ok(Some(head)),
            // An answer to HEAD has no body, so this says the same of an object and of a bucket that
            // is not there. A bucket's name that is wrong must not make documents vanish.
            Err(error) if status(&error) == Some(404) => self.open(key).await.map(|_| None),
            Err(error) => Err(unavailable(format!("look at {key}"), &error)),
        }
    }

    /// An object whose body is still to be read, none when there is no such object.
    pub(crate) async fn open(&self, key: &str) -> Result<Option<GetObjectOutput>, PortError> {
        match self.client.get_object().bucket(&self.name).key(key).send().await {
            Ok(object) => Ok(Some(object)),
            Err(error) if error.code() == Some("NoSuchKey") => Ok(None),
            Err(error) => Err(unavailable(format!("read {key}"), &error)),
        }
    }

    /// The object that a key had last, if it was removed from a versioned bucket and its bytes are not
    /// gone yet; the body is still to be read.
    pub(crate) async fn open_removed(
        &self,
        key: &str,
    ) -> Result<Option<GetObjectOutput>, PortError> {
        let Some(version) = self.last_version(key).await? else { return Ok(None) };
        let get = self.client.get_object().bucket(&self.name).key(key).version_id(version);
        match get.send().await {
            Ok(object) => Ok(Some(object)),
            Err(error) if matches!(error.code(), Some("NoSuchVersion" | "NoSuchKey")) => Ok(None),
            Err(error) => Err(unavailable(format!("read what was removed of {key}"), &error)),
        }
    }

    /// The head of what [`Bucket::open_removed`] opens.
    pub(crate) async fn head_removed(
        &self,
        key: &str,
    ) -> Result<Option<HeadObjectOutput>, PortError> {
        let Some(version) = self.last_version(key).await? else { return Ok(None) };
        let head = self.client.head_object().bucket(&self.name).key(key).version_id(version);
        match head.send().await {
            Ok(head) => Ok(Some(head)),
            // It was listed a moment ago, so it is the version that is gone and not the bucket.
            Err(error) if status(&error) == Some(404) => Ok(None),
            Err(error) => Err(unavailable(format!("look at what was removed of {key}"), &error)),
        }
    }

    /// The newest version of an object, whether it was removed or not.
    async fn last_version(&self, key: &str) -> Result<Option<String>, PortError> {
        // By key, and of one key the newest first.
        let list = self.client.list_object_versions().bucket(&self.name).prefix(key);
        let listed = list.max_keys(VERSIONS_LOOKED_AT).send().await;
        let listed =
            listed.map_err(|error| unavailable(format!("list the versions of {key}"), &error))?;
        let last = listed.versions().iter().find(|version| version.key() == Some(key));
        Ok(last.and_then(|version| version.version_id()).map(str::to_owned))
    }

    /// An object unless it still has this etag.
    pub(crate) async fn open_unless(&self, key: &str, etag: &str) -> Result<Fresh, PortError> {
        let get = self.client.get_object().bucket(&self.name).key(key).if_none_match(etag);
        match get.send().await {
            Ok(object) => Ok(Fresh::Changed(Box::new(object))),
            // The SDK takes an answer 304 for an error.
            Err(error) if status(&error) == Some(304) => Ok(Fresh::Same),
            Err(error) if error.code() == Some("NoSuchKey") => Ok(Fresh::Absent),
            Err(error) => Err(unavailable(format!("read {key}"), &error)),
        }
    }

    /// An object's bytes, none when there is no such object. For objects of our own making.
    pub(crate) async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, PortError> {
        let mut tries = 0;
        loop {
            let Some(object) = self.open(key).await? else { return Ok(None) };
            tries += 1;
            match read(object.body, usize::MAX).await {
                Ok(bytes) => return Ok(Some(bytes)),
                Err(error) if tries >= BODY_TRIES_MAX => return Err(broken_off(key, error)),
                Err(_) => {}
            }
        }
    }

    /// Bytes of an object from `from` on, `bytes` or fewer where it ends; none when there is no such
    /// object. `etag`: that it must still have.
    pub(crate) async fn range(
        &self,
        key: &str,
        from: u64,
        bytes: u64,
        etag: Option<&str>,
    ) -> Result<Option<Range>, PortError> {
        let range = format!("bytes={from}-{}", from + bytes.max(1) - 1);
        let bytes_max = usize::try_from(bytes).unwrap_or(usize::MAX);
        let mut tries = 0;
        loop {
            let get = self.client.get_object().bucket(&self.name).key(key).range(&range);
            let object = match get.set_if_match(etag.map(str::to_owned)).send().await {
                Ok(object) => object,
                Err(error) if error.code() == Some("NoSuchKey") => return Ok(None),
                // The object ends before.
                Err(error) if status(&error) == Some(416) => return Ok(Some(Range::default())),
                Err(error) => return Err(unavailable(format!("read {key}"), &error)),
            };
            let total = object.content_range().and_then(|text| text.rsplit_once('/'));
            let object_bytes = total.and_then(|(_, total)| total.parse().ok());
            tries += 1;
            match read(object.body, bytes_max).await {
                Ok(bytes) => return Ok(Some(Range { bytes, etag: object.e_tag, object_bytes })),
                Err(error) if tries >= BODY_TRIES_MAX => return Err(broken_off(key, error)),
                Err(_) => {}
            }
        }
    }

    /// The names of the folders right under `prefix` (which ends in a slash) that come after `after`.
    pub(crate) async fn folders(
        &self,
        prefix: &str,
        after: &str,
    ) -> Result<Vec<String>, PortError> {
        let list = self.client.list_objects_v2().bucket(&self.name).prefix(prefix).delimiter("/");
        let mut pages = list.start_after(format!("{prefix}{after}")).into_paginator().send();
        let mut names = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| unavailable(format!("list {prefix}"), &error))?;
            let folders = page.common_prefixes().iter().filter_map(|common| common.prefix());
            let name =
                |folder: &str| folder.strip_prefix(prefix)?.strip_suffix('/').map(str::to_owned);
            // Emulators do not all heed where to start.
            names.extend(folders.filter_map(name).filter(|name| name.as_str() > after));
        }
        Ok(names)
    }

    /// Removes an object; one that is not there is fine. In a versioned bucket it is only hidden, and
    /// its bytes stay until a rule for old versions removes them.
    pub(crate) async fn remove(&self, key: &str) -> Result<(), PortError> {
        let removed = self.client.delete_object().bucket(&self.name).key(key).send().await;
        removed.map(|_| ()).map_err(|error| unavailable(format!("remove {key}"), &error))
    }

    /// Counts the objects whose keys start with `prefix`, and removes them if asked to. What somebody
    /// writes meanwhile may stay.
    pub(crate) async fn clear(&self, prefix: &str, intent: Intent) -> Result<Objects, PortError> {
        let list = self.client.list_objects_v2().bucket(&self.name).prefix(prefix);
        let mut pages = list.into_paginator().send();
        let mut found = Objects::default();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| unavailable(format!("list {prefix}"), &error))?;
            let mut removals = Vec::new();
            for object in page.contents() {
                found.count += 1;
                found.bytes += u64::try_from(object.size().unwrap_or(0)).unwrap_or(0);
                if let (Intent::Act, Some(key)) = (intent, object.key()) {
                    removals.push(self.remove(key));
                }
            }
            stream::iter(removals).buffer_unordered(GETS_AT_ONCE).try_collect::<()>().await?;
        }
        Ok(found)
    }

    /// The keys that start with `prefix`, each given to `visit`.
    pub(crate) async fn list(
        &self,
        prefix: &str,
        visit: &mut (dyn FnMut(&str) + Send),
    ) -> Result<(), PortError> {
        let list = self.client.list_objects_v2().bucket(&self.name).prefix(prefix);
        let mut pages = list.into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| unavailable(format!("list {prefix}"), &error))?;
            page.contents().iter().filter_map(|object| object.key()).for_each(&mut *visit);
        }
        Ok(())
    }
}

/// Makes a write that is to do nothing where there is an object already, until it is decided.
async fn if_absent<W, T, E>(write: impl Fn() -> W) -> Result<Created, SdkError<E, HttpResponse>>
where
    W: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
{
    let mut tries = 0;
    loop {
        let Err(error) = write().await else { return Ok(Created::New) };
        tries += 1;
        match status(&error) {
            Some(412) => return Ok(Created::Exists),
            // Another writer is at it; S3 asks to come again.
            Some(409) if tries < CONFLICT_TRIES_MAX => {}
            _ => return Err(error),
        }
    }
}

/// A piece of an object.
#[derive(Debug, Default)]
pub(crate) struct Range {
    pub(crate) bytes: Vec<u8>,
    pub(crate) etag: Option<String>,
    /// The whole object's size, where it was told.
    pub(crate) object_bytes: Option<u64>,
}

/// Some objects.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Objects {
    pub(crate) count: u64,
    pub(crate) bytes: u64,
}

/// What a conditional read found.
pub(crate) enum Fresh {
    /// The object as it was.
    Same,
    /// No object.
    Absent,
    /// Another one.
    Changed(Box<GetObjectOutput>),
}

/// A body's bytes, at most `bytes_max` and one: the rest is left unread.
pub(crate) async fn read(
    mut body: ByteStream,
    bytes_max: usize,
) -> Result<Vec<u8>, ByteStreamError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = body.try_next().await? {
        let room = (bytes_max - bytes.len()).saturating_add(1);
        bytes.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if bytes.len() > bytes_max {
            break;
        }
    }
    Ok(bytes)
}

/// A body that ended early or came with another checksum, each time.
pub(crate) fn broken_off(key: &str, error: ByteStreamError) -> PortError {
    PortError::Unavailable { what: format!("read {key}"), source: Box::new(error) }
}

fn status<E>(error: &SdkError<E, HttpResponse>) -> Option<u16> {
    Some(error.raw_response()?.status().as_u16())
}

fn unavailable<E: ProvideErrorMetadata>(
    what: String,
    error: &SdkError<E, HttpResponse>,
) -> PortError {
    let mut failed = CallFailed::of(error);
    // An answer to HEAD has no body, and so no code.
    if let (None, Some(status)) = (error.code(), status(error)) {
        failed.code = format!("status {status}");
    }
    failed.at(what)
}

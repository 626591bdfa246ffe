//! Accepted documents in the ingress bucket, as the gateway puts them there (DESIGN 2.2).

use crate::bucket::{Bucket, Content, broken_off, read};
use crate::clients::Aws;
use crate::ingress_head::{ObjectHead, document_head, metadata};
use crate::limits::{BODY_TRIES_MAX, GETS_AT_ONCE, IN_FLIGHT_BYTES_MAX, INGRESS_OBJECT_BYTES_MAX};
use aws_sdk_s3::operation::head_object::HeadObjectOutput;
use aws_sdk_s3::primitives::DateTime;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use futures::stream::{self, StreamExt, TryStreamExt};
use sluice_normalizer::DocumentId;
use sluice_pipeline::{
    ContentHash, Created, DocumentHead, HeadFault, Heads, IngressStore, PortError, Put,
    StoredDocument,
};
use std::collections::HashMap;
use tokio::sync::Semaphore;

const KEY_PREFIX: &str = "id=";
const CONTENT_TYPE: &str = "text/plain;base64";

/// The ingress bucket, which keeps old versions: of what lifecycle removes, the rows may still be owed,
/// so bodies are read from there, and [heads](S3IngressStore::owed) of what may be in no batch yet. A
/// rebuild asks for [heads](Heads) of what is there.
#[derive(Debug, Clone)]
pub struct S3IngressStore {
    bucket: Bucket,
}

/// A document of a form that nobody posts.
#[derive(Debug, thiserror::Error)]
#[error("a run of array elements is no form of a posted document")]
struct NotPosted;

impl S3IngressStore {
    /// The store in `bucket`. `kms_key_arn`: encrypts what is put; none leaves it to the bucket's
    /// default.
    #[must_use]
    pub fn new(aws: &Aws, bucket: String, kms_key_arn: Option<String>) -> Self {
        S3IngressStore { bucket: Bucket::new(aws, bucket, kms_key_arn) }
    }

    /// The document whose object has this key (as S3 keeps it, not URL-encoded), none when the key
    /// is not of a document.
    #[must_use]
    pub fn document_of_key(key: &str) -> Option<DocumentId> {
        DocumentId::parse(key.strip_prefix(KEY_PREFIX)?).ok()
    }

    /// The id of Sluice's own, the same for the same key, that [`S3IngressStore::rename`] gives to an
    /// object whose key begins like a document's and goes on with something that is no id; a client can
    /// bring that about where it chooses the gateway's request id. None for other keys.
    #[must_use]
    pub fn misnamed(key: &str) -> Option<DocumentId> {
        let name = key.strip_prefix(KEY_PREFIX)?;
        DocumentId::parse(name).is_err().then(|| id_of_misnamed(key))
    }

    /// Makes a document of a misnamed object (I-1): copies it to the id that it is given, which S3 then
    /// announces like any other. None when the object is gone.
    ///
    /// # Errors
    /// [`PortError::Unavailable`].
    pub async fn rename(&self, key: &str) -> Result<Option<DocumentId>, PortError> {
        let id = id_of_misnamed(key);
        // One that exists is the copy of an earlier announcement: nobody meets a hash by chance.
        let copied = self.bucket.copy(key, &self::key(&id)).await?;
        Ok(copied.map(|_| id))
    }

    /// What is known of a document without reading its body, none when there is none with this id or
    /// its object was removed. One request.
    ///
    /// `bytes` is what base64 of this length can hold: up to 2 too many. [`HeadFault::Stored`] is only
    /// found by reading the body.
    ///
    /// # Errors
    /// [`PortError::Unavailable`].
    pub async fn head(&self, id: &DocumentId) -> Result<Option<DocumentHead>, PortError> {
        let head = self.bucket.head(&key(id)).await?;
        Ok(head.map(|head| head_of(id, &head)))
    }

    /// [`S3IngressStore::head`] of a document that was accepted and may not be in any batch: its old
    /// version is looked at if it was removed, since its rows are still owed (I-1).
    async fn owed_head(&self, id: &DocumentId) -> Result<Option<DocumentHead>, PortError> {
        let head = match self.bucket.head(&key(id)).await? {
            Some(head) => Some(head),
            None => Box::pin(self.bucket.head_removed(&key(id))).await?,
        };
        Ok(head.map(|head| head_of(id, &head)))
    }

    /// Heads of documents that were accepted and may not be in any batch, in the order of `ids`, many
    /// at the same time. Those that were removed are among them as long as the bucket keeps old
    /// versions; none where there is nothing left. Each can fail for itself.
    pub async fn owed(&self, ids: &[DocumentId]) -> Vec<Result<Option<DocumentHead>, PortError>> {
        let mut heads = Vec::with_capacity(ids.len());
        for id in ids {
            heads.push(self.owed_head(id));
        }
        stream::iter(heads).buffered(GETS_AT_ONCE).collect().await
    }

    /// `room`: for stored bytes in flight.
    async fn fetch(
        &self,
        id: &DocumentId,
        room: &Semaphore,
    ) -> Result<Option<StoredDocument>, PortError> {
        let key = key(id);
        let mut tries = 0;
        loop {
            let found = match self.bucket.open(&key).await? {
                Some(object) => Some(object),
                // Lifecycle only hides what it removes, for as long as old versions are kept: what is
                // on its way when its time comes still becomes rows (I-1). On the heap, or each of the
                // thousands of documents of a batch would keep room for it.
                None => Box::pin(self.bucket.open_removed(&key)).await?,
            };
            let Some(object) = found else { return Ok(None) };
            let length = usize::try_from(object.content_length().unwrap_or(0)).unwrap_or(0);
            let permits = length.min(INGRESS_OBJECT_BYTES_MAX).try_into().unwrap_or(u32::MAX);
            // Held until the body is decoded.
            let _held = room.acquire_many(permits).await;
            tries += 1;
            let stored = match read(object.body, INGRESS_OBJECT_BYTES_MAX).await {
                Ok(stored) => stored,
                Err(error) if tries >= BODY_TRIES_MAX => return Err(broken_off(&key, error)),
                Err(_) => continue,
            };
            let last_modified_ms = object.last_modified.as_ref().and_then(millis);
            return Ok(Some(document(id, object.metadata.as_ref(), last_modified_ms, stored)));
        }
    }
}

impl Heads for S3IngressStore {
    /// [`S3IngressStore::head`] of several documents, many at the same time.
    async fn heads(&self, ids: &[DocumentId]) -> Vec<Result<Option<DocumentHead>, PortError>> {
        let mut heads = Vec::with_capacity(ids.len());
        for id in ids {
            heads.push(self.head(id));
        }
        stream::iter(heads).buffered(GETS_AT_ONCE).collect().await
    }
}

impl IngressStore for S3IngressStore {
    async fn put(&self, document: StoredDocument) -> Result<Put, PortError> {
        let StoredDocument { head, body } = document;
        let Some(metadata) = metadata(&head) else {
            let what = format!("put document {}", head.id);
            return Err(PortError::Damaged { what, source: Box::new(NotPosted) });
        };
        let bytes = BASE64_STANDARD.encode(body).into_bytes();
        let content = Content::new(bytes, CONTENT_TYPE).with_metadata(metadata);
        match self.bucket.create(&key(&head.id), content).await? {
            Created::New => Ok(Put::Stored),
            // Read whole, because base64 does not tell its exact size from outside.
            Created::Exists => match self.get(&head.id).await? {
                Some(first) => Ok(Put::Taken(first.head)),
                None => Err(PortError::Unavailable {
                    what: format!("put document {}", head.id),
                    source: Box::new(Removed),
                }),
            },
        }
    }

    async fn get(&self, id: &DocumentId) -> Result<Option<StoredDocument>, PortError> {
        self.fetch(id, &Semaphore::new(IN_FLIGHT_BYTES_MAX)).await
    }

    async fn get_all(&self, ids: &[DocumentId]) -> Result<Vec<Option<StoredDocument>>, PortError> {
        let room = Semaphore::new(IN_FLIGHT_BYTES_MAX);
        let mut gets = Vec::with_capacity(ids.len());
        for id in ids {
            gets.push(self.fetch(id, &room));
        }
        stream::iter(gets).buffered(GETS_AT_ONCE).try_collect().await
    }
}

/// The object under an id was removed between two calls.
#[derive(Debug, thiserror::Error)]
#[error("the document was removed at this moment")]
struct Removed;

fn key(id: &DocumentId) -> String {
    format!("{KEY_PREFIX}{id}")
}

/// A UUID of our own making (version 8, RFC 9562) from a key's hash.
fn id_of_misnamed(key: &str) -> DocumentId {
    let mut hash = *ContentHash::sha256(key.as_bytes()).as_bytes();
    hash[6] = hash[6] & 0x0f | 0x80;
    hash[8] = hash[8] & 0x3f | 0x80;
    let hex: String = hash[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    let groups = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]];
    DocumentId::parse(&groups.join("-")).expect("digits and hyphens make an id")
}

/// What an object's head tells of its document.
fn head_of(id: &DocumentId, head: &HeadObjectOutput) -> DocumentHead {
    let object = ObjectHead {
        metadata: head.metadata(),
        last_modified_ms: head.last_modified().and_then(millis),
    };
    let stored_bytes = u64::try_from(head.content_length().unwrap_or(0)).unwrap_or(0);
    document_head(id.clone(), &object, stored_bytes / 4 * 3)
}

fn millis(time: &DateTime) -> Option<i64> {
    time.to_millis().ok()
}

/// The document of an object. `stored`: its bytes, cut where they are more than a document has.
fn document(
    id: &DocumentId,
    metadata: Option<&HashMap<String, String>>,
    last_modified_ms: Option<i64>,
    stored: Vec<u8>,
) -> StoredDocument {
    let decoded =
        if stored.len() > INGRESS_OBJECT_BYTES_MAX { None } else { decode_base64(&stored) };
    let intact = decoded.is_some();
    // The reject keeps what there is; an object that is too large stays whole in the bucket only.
    let body = decoded.unwrap_or(stored);
    let object = ObjectHead { metadata, last_modified_ms };
    let mut head = document_head(id.clone(), &object, body.len() as u64);
    if !intact && head.fault.is_none() {
        head.fault = Some(HeadFault::Stored);
    }
    StoredDocument { head, body }
}

/// Base64 with padding; line breaks and blanks in it are passed over. None when it is none.
fn decode_base64(text: &[u8]) -> Option<Vec<u8>> {
    if text.iter().any(u8::is_ascii_whitespace) {
        let dense: Vec<u8> = text.iter().copied().filter(|b| !b.is_ascii_whitespace()).collect();
        return BASE64_STANDARD.decode(dense).ok();
    }
    BASE64_STANDARD.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::{S3IngressStore, decode_base64, id_of_misnamed};

    #[test]
    fn keys_of_documents_are_told_from_others() {
        let id = |key| S3IngressStore::document_of_key(key).map(|id| id.to_string());
        assert_eq!(id("id=a-1").as_deref(), Some("a-1"));
        for foreign in ["id=", "a-1", "ID=a", "id=a/b", "x/id=a", "id%3Da", "id=ä"] {
            assert_eq!(id(foreign), None, "{foreign}");
        }
    }

    #[test]
    fn misnamed_keys_have_one_id_each() {
        let misnamed = |key| S3IngressStore::misnamed(key).is_some();
        assert!(misnamed("id=a b") && misnamed("id=") && !misnamed("id=a") && !misnamed("logs/a"));
        let id = id_of_misnamed("id=a b").to_string();
        assert_eq!(id, "8877a335-8d46-8b42-ba89-bcc7e00654e0");
        assert_ne!(id, id_of_misnamed("id=a  b").to_string());
    }

    #[test]
    fn base64_is_padded_and_may_be_broken_into_lines() {
        let cases: [(&[u8], Option<&[u8]>); 10] = [
            (b"", Some(b"")),
            (b"e30=", Some(b"{}")),
            (b"e3\r\n0=\n", Some(b"{}")),
            (b" e 3 0 = ", Some(b"{}")),
            (b"e30", None),
            (b"e3==0", None),
            (b"e31=", None),
            (b"{}", None),
            (b"-_8=", None),
            (b"\xff\xff\xff\xff", None),
        ];
        for (text, expected) in cases {
            assert_eq!(decode_base64(text).as_deref(), expected, "{text:?}");
        }
    }
}

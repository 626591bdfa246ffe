//! What a message of the announcement queue says: S3's notifications of new objects.

use percent_encoding::percent_decode_str;
use serde::Deserialize;
use sluice_aws::S3IngressStore;
use sluice_normalizer::DocumentId;

/// What one message announces.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Announced {
    /// New objects of the front door, in the order told; one can be told twice.
    pub(crate) documents: Vec<DocumentId>,
    /// Keys of new objects that begin like a document's and go on with something that is no id: the
    /// front door wrote them, under an id that a client chose.
    pub(crate) misnamed: Vec<String>,
    /// New objects that the front door did not write: of another bucket, or under another key.
    pub(crate) foreign: u64,
}

/// The body is no S3 notification.
#[derive(Debug)]
pub(crate) struct NoNotification;

/// A notification as S3 documents it ("Event message structure"); fields not used are left out.
#[derive(Deserialize)]
struct Notification {
    #[serde(rename = "Records")]
    records: Option<Vec<Record>>,
    /// `s3:TestEvent`, which S3 sends when notifications are configured; it has no records.
    #[serde(rename = "Event")]
    event: Option<String>,
}

#[derive(Deserialize)]
struct Record {
    #[serde(rename = "eventName")]
    event_name: String,
    s3: Entity,
}

#[derive(Deserialize)]
struct Entity {
    bucket: Bucket,
    object: Object,
}

#[derive(Deserialize)]
struct Bucket {
    name: String,
}

#[derive(Deserialize)]
struct Object {
    key: String,
}

/// Reads a message's body. `bucket`: where the front door writes.
pub(crate) fn announced(body: &str, bucket: &str) -> Result<Announced, NoNotification> {
    let notification: Notification = serde_json::from_str(body).map_err(|_| NoNotification)?;
    let records = match (notification.records, notification.event.as_deref()) {
        (Some(records), _) => records,
        (None, Some("s3:TestEvent")) => Vec::new(),
        (None, _) => return Err(NoNotification),
    };
    let mut announced = Announced::default();
    // Removals and tags are told where somebody subscribed to them; they bring no document.
    // Emulators and older notifications spell the name with "s3:" before it.
    let created =
        |record: &Record| record.event_name.trim_start_matches("s3:").starts_with("ObjectCreated:");
    for record in records.iter().filter(|record| created(record)) {
        let ours = record.s3.bucket.name == bucket;
        let key = decoded(&record.s3.object.key).filter(|_| ours).unwrap_or_default();
        if let Some(id) = S3IngressStore::document_of_key(&key) {
            announced.documents.push(id);
        } else if S3IngressStore::misnamed(&key).is_some() {
            announced.misnamed.push(key);
        } else {
            announced.foreign += 1;
        }
    }
    Ok(announced)
}

/// A key that notifications spell URL-encoded, a blank as `+`. None when it is no UTF-8, which no key is.
fn decoded(key: &str) -> Option<String> {
    let blanks = key.replace('+', " ");
    Some(percent_decode_str(&blanks).decode_utf8().ok()?.into_owned())
}

#[cfg(test)]
mod tests {
    use super::{Announced, announced};
    use sluice_normalizer::DocumentId;

    fn record(event: &str, bucket: &str, key: &str) -> String {
        format!(
            r#"{{"eventVersion":"2.1","eventSource":"aws:s3","eventName":"{event}","s3":{{
            "bucket":{{"name":"{bucket}","arn":"arn:aws:s3:::{bucket}"}},
            "object":{{"key":"{key}","size":12,"eTag":"d41d","versionId":"x","sequencer":"0A"}}}}}}"#
        )
    }

    #[test]
    fn notifications_name_documents() {
        let put = "ObjectCreated:Put";
        let records = [
            record(put, "in", "id%3D0192f0c1-2b7e-7c3a-9c1d-5a1e0f6b7d80"),
            record("s3:ObjectCreated:CompleteMultipartUpload", "in", "id=plain"),
            record(put, "in", "id%3Dhas+blank"),
            record(put, "in", "id%3D%ff"),
            record(put, "in", "id%3D"),
            record(put, "in", "logs/x"),
            record(put, "other", "id%3Dx"),
            record("ObjectRemoved:Delete", "in", "id%3Dgone"),
            record("ObjectTagging:Put", "in", "id%3Dtagged"),
        ];
        let body = format!(r#"{{"Records":[{}]}}"#, records.join(","));
        let found = announced(&body, "in").expect("a notification");
        let id = |text: &str| DocumentId::parse(text).expect("an id");
        let documents = vec![id("0192f0c1-2b7e-7c3a-9c1d-5a1e0f6b7d80"), id("plain")];
        let misnamed = vec!["id=has blank".to_owned(), "id=".to_owned()];
        assert_eq!(found, Announced { documents, misnamed, foreign: 3 });
    }

    #[test]
    fn what_is_no_notification_is_told() {
        let test = r#"{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"in"}"#;
        assert_eq!(announced(test, "in").expect("a test event"), Announced::default());
        for body in ["", "{}", "[]", "x", r#"{"Records":[{}]}"#, r#"{"Event":"other"}"#] {
            assert!(announced(body, "in").is_err(), "{body}");
        }
    }
}

//! Inventories as S3 writes them.
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-inventory-location.html>

use aws_sdk_s3::primitives::{DateTime, DateTimeFormat};
use flate2::Compression;
use flate2::write::GzEncoder;
use md5::{Digest, Md5};
use serde_json::{Value, json};
use sluice_aws::Aws;
use std::io::Write;
use std::time::{SystemTime, UNIX_EPOCH};

pub(super) const SCHEMA: &str = "Bucket, Key, Size, LastModifiedDate, StorageClass";

/// Where inventories of a bucket are put.
pub(super) struct Inventories {
    aws: Aws,
    pub(super) bucket: String,
    pub(super) prefix: String,
    pub(super) source: String,
}

pub(super) fn days_ago_ms(days: i64) -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_millis();
    i64::try_from(now).expect("in range") - days * 86_400_000
}

/// `2016-11-06T21:32:00.000Z`.
pub(super) fn date(ms: i64) -> String {
    let text = DateTime::from_millis(ms - ms % 1_000).fmt(DateTimeFormat::DateTime);
    text.expect("a date").replace('Z', ".000Z")
}

/// The name of an inventory's folder.
pub(super) fn folder(ms: i64) -> String {
    format!("{}Z", date(ms)[..16].replace(':', "-"))
}

pub(super) fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).expect("into memory");
    encoder.finish().expect("into memory")
}

pub(super) fn md5(bytes: &[u8]) -> String {
    Md5::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A line of [`SCHEMA`]. `key`: as S3 writes it, URL-encoded.
pub(super) fn line(bucket: &str, key: &str, modified_ms: i64) -> String {
    format!("\"{bucket}\",\"{key}\",\"12\",\"{}\",\"STANDARD\"\n", date(modified_ms))
}

impl Inventories {
    pub(super) fn new(aws: &Aws, bucket: String, source: &str) -> Self {
        let prefix = format!("lists/{source}/daily");
        Inventories { aws: aws.clone(), bucket, prefix, source: source.to_owned() }
    }

    pub(super) async fn put(&self, key: &str, bytes: &[u8]) {
        let put = self.aws.s3().put_object().bucket(&self.bucket).key(key);
        put.body(bytes.to_vec().into()).send().await.expect("put");
    }

    pub(super) async fn delete(&self, key: &str) {
        let delete = self.aws.s3().delete_object().bucket(&self.bucket).key(key);
        delete.send().await.expect("delete");
    }

    /// Keys of an inventory.
    pub(super) fn manifest_key(&self, begun_ms: i64) -> String {
        format!("{}/{}/manifest.json", self.prefix, folder(begun_ms))
    }

    pub(super) fn checksum_key(&self, begun_ms: i64) -> String {
        format!("{}/{}/manifest.checksum", self.prefix, folder(begun_ms))
    }

    pub(super) fn file_key(&self, begun_ms: i64, number: usize) -> String {
        format!("{}/data/{}-{number}.csv.gz", self.prefix, folder(begun_ms))
    }

    /// The manifest of files.
    pub(super) fn manifest(&self, begun_ms: i64, schema: &str, files: &[Vec<u8>]) -> Value {
        let file = |(number, bytes): (usize, &Vec<u8>)| {
            json!({"key": self.file_key(begun_ms, number), "size": bytes.len(),
                "MD5checksum": md5(bytes)})
        };
        json!({
            "sourceBucket": self.source,
            "destinationBucket": format!("arn:aws:s3:::{}", self.bucket),
            "version": "2016-11-30",
            "creationTimestamp": begun_ms.to_string(),
            "fileFormat": "CSV",
            "fileSchema": schema,
            "files": files.iter().enumerate().map(file).collect::<Vec<_>>(),
        })
    }

    /// Puts a manifest and its checksum.
    pub(super) async fn put_manifest(&self, begun_ms: i64, manifest: &Value) {
        let text = serde_json::to_vec_pretty(manifest).expect("JSON");
        self.put(&self.manifest_key(begun_ms), &text).await;
        self.put(&self.checksum_key(begun_ms), md5(&text).as_bytes()).await;
    }

    /// Puts an inventory of files, given as CSV; answers its manifest's key.
    pub(super) async fn publish(&self, begun_ms: i64, schema: &str, texts: &[String]) -> String {
        let files: Vec<Vec<u8>> = texts.iter().map(|text| gzip(text)).collect();
        for (number, bytes) in files.iter().enumerate() {
            self.put(&self.file_key(begun_ms, number), bytes).await;
        }
        self.put(&format!("{}/hive/dt=2026-01-01-00-00/symlink.txt", self.prefix), b"x").await;
        self.put_manifest(begun_ms, &self.manifest(begun_ms, schema, &files)).await;
        self.manifest_key(begun_ms)
    }

    /// Lines for documents that were put some days ago.
    pub(super) fn lines(&self, ids: &[&str], days_ago: i64) -> String {
        let line = |id: &&str| line(&self.source, &format!("id%3D{id}"), days_ago_ms(days_ago));
        ids.iter().map(line).collect()
    }
}

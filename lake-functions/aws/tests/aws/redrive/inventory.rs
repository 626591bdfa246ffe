//! S3 Inventory, as S3 documents it and otherwise.

use super::fixture::{Inventories, SCHEMA, date, days_ago_ms, gzip, line, md5};
use crate::harness::{Answer, Canned, Emulator, bucket};
use serde_json::json;
use sluice_aws::{Aws, Inventory, InventoryEntry, InventoryError, InventoryFault, S3Inventory};
use std::error::Error;
use std::time::Duration;

const SOURCE: &str = "123456789012-lake-ingress";

struct Given {
    aws: Aws,
    inventories: Inventories,
}

impl Given {
    async fn at(emulator: Emulator) -> Self {
        let aws = emulator.aws().await;
        let bucket = bucket(&aws, "inventory").await;
        let inventories = Inventories::new(&aws, bucket, SOURCE);
        Given { aws, inventories }
    }

    fn reader(&self) -> S3Inventory {
        let Inventories { bucket, prefix, .. } = &self.inventories;
        S3Inventory::new(&self.aws, bucket.clone(), prefix, SOURCE.to_owned())
    }

    async fn newest(&self) -> Result<Option<Inventory>, InventoryError> {
        self.reader().newest(days_ago_ms(7)).await
    }

    /// All objects, file by file.
    async fn all(&self) -> Result<Vec<InventoryEntry>, InventoryError> {
        let inventory = self.newest().await?.expect("an inventory");
        let mut all = Vec::new();
        for number in 0..inventory.files() {
            all.extend(self.file(&inventory, number, 0).await?);
        }
        Ok(all)
    }

    async fn file(
        &self,
        inventory: &Inventory,
        number: usize,
        from: u64,
    ) -> Result<Vec<InventoryEntry>, InventoryError> {
        let mut file = self.reader().file(inventory, number, from).expect("a file");
        let mut all = Vec::new();
        while let Some(page) = file.page().await? {
            assert!(!page.is_empty() || all.is_empty(), "a page has objects");
            assert_eq!(file.rows(), from + (all.len() + page.len()) as u64);
            all.extend(page);
        }
        Ok(all)
    }
}

#[tokio::test]
async fn an_inventory_lists_objects() {
    for emulator in [Emulator::Moto, Emulator::Ministack] {
        let given = Given::at(emulator).await;
        assert!(given.newest().await.expect("look").is_none(), "none yet");
        let texts = [
            line(SOURCE, "id%3Da-1", 1_478_467_920_000),
            String::new(),
            // A line may hold anything that a key may, and the last one need not end.
            format!(
                "{}{}",
                line(SOURCE, "caf%C3%A9+au%2Blait%2C%22%0A%252F", 1_000),
                line(SOURCE, "id=raw", 2_000).trim_end()
            ),
        ];
        given.inventories.publish(days_ago_ms(1), SCHEMA, &texts).await;
        let entry = |key: &str, last_modified_ms| InventoryEntry {
            key: key.to_owned(),
            last_modified_ms,
            bytes: 12,
        };
        assert_eq!(
            given.all().await.expect("read"),
            [
                entry("id=a-1", 1_478_467_920_000),
                entry("café au+lait,\"\n%2F", 1_000),
                entry("id=raw", 2_000),
            ],
            "{emulator:?}"
        );
    }
}

#[tokio::test]
async fn of_all_versions_only_the_newest_are_listed() {
    let given = Given::at(Emulator::Moto).await;
    let schema = "Bucket, Key, VersionId, IsLatest, IsDeleteMarker, Size, LastModifiedDate, ETag";
    let version = |key, latest, marker, size| {
        format!(
            "\"{SOURCE}\",\"{key}\",\"v\",\"{latest}\",\"{marker}\",\"{size}\",\"{}\",\"\"\n",
            date(5_000)
        )
    };
    let text = [
        version("new", "true", "false", "7"),
        version("new", "false", "false", "6"),
        version("deleted", "true", "true", ""),
        version("deleted", "false", "false", "5"),
    ];
    given.inventories.publish(days_ago_ms(1), schema, &[text.concat()]).await;
    let inventory = given.newest().await.expect("look").expect("an inventory");
    let mut file = given.reader().file(&inventory, 0, 0).expect("a file");
    let page = file.page().await.expect("read").expect("a page");
    let entry = InventoryEntry { key: "new".to_owned(), last_modified_ms: 5_000, bytes: 7 };
    assert_eq!((page, file.rows()), (vec![entry], 4));
    assert!(file.page().await.expect("read").is_none());
    assert!(given.reader().file(&inventory, 1, 0).is_none());
}

#[tokio::test]
async fn the_newest_complete_one_is_read() {
    for emulator in [Emulator::Moto, Emulator::Ministack] {
        let given = Given::at(emulator).await;
        let inventories = &given.inventories;
        for days in [9, 3, 2, 1] {
            let text = line(SOURCE, &format!("of-day-{days}"), 0);
            inventories.publish(days_ago_ms(days), SCHEMA, &[text]).await;
        }
        // Still being written.
        inventories.delete(&inventories.checksum_key(days_ago_ms(1))).await;
        assert_eq!(given.all().await.expect("read")[0].key, "of-day-2", "{emulator:?}");
        inventories.delete(&inventories.checksum_key(days_ago_ms(2))).await;
        inventories.delete(&inventories.checksum_key(days_ago_ms(3))).await;
        assert!(given.newest().await.expect("look").is_none(), "{emulator:?}: one is too old");
    }
}

#[tokio::test]
async fn a_long_file_comes_in_pages_and_from_any_row() {
    for emulator in [Emulator::Moto, Emulator::Ministack] {
        let given = Given::at(emulator).await;
        let mut text = String::new();
        // Keys that do not pack, so that it takes more than one range.
        for number in 0..160_000_u64 {
            let noise = md5(&number.to_be_bytes()) + &md5(&number.to_le_bytes());
            text.push_str(&line(SOURCE, &format!("id%3D{noise}{number}"), 0));
        }
        given.inventories.publish(days_ago_ms(1), SCHEMA, &[text]).await;
        let inventory = given.newest().await.expect("look").expect("an inventory");
        let all = given.file(&inventory, 0, 0).await.expect("read");
        assert_eq!(all.len(), 160_000);
        assert!(all.iter().enumerate().all(|(n, entry)| entry.key.ends_with(&n.to_string())));
        let rest = given.file(&inventory, 0, 123_456).await.expect("read");
        assert_eq!(rest, all[123_456..]);
        let mut file = given.reader().file(&inventory, 0, 0).expect("a file");
        let page = file.page().await.expect("read").expect("a page");
        assert!((5_000..10_000).contains(&page.len()), "{}", page.len());
    }
}

/// What reading says of an inventory, and that it names the object and nothing in it.
async fn told(given: &Given, key: &str, expected: &InventoryFault) {
    let error = given.all().await.expect_err("not as documented");
    let InventoryError::Odd { key: of, fault, .. } = &error else { panic!("{error:?}") };
    assert_eq!((of.as_str(), fault), (key, expected));
    let text = format!("{error}: {}", error.source().expect("a cause"));
    assert!(!format!("{text}{error:?}").contains("secret"), "{text}");
    assert!(text.contains(key) && text.contains(&given.inventories.bucket), "{text}");
}

#[tokio::test]
async fn a_manifest_that_is_not_as_documented_is_told() {
    let given = Given::at(Emulator::Moto).await;
    let inventories = &given.inventories;
    let begun = days_ago_ms(1);
    let key = inventories.manifest_key(begun);
    let good = inventories.manifest(begun, SCHEMA, &[]);
    let with = |name: &str, value: &str| {
        let mut manifest = good.clone();
        manifest[name] = json!(value);
        manifest
    };
    let column = |column| InventoryFault::Column { column };
    let expected = SOURCE.to_owned();
    let cases = [
        (with("fileFormat", "Parquet"), InventoryFault::Format),
        (with("sourceBucket", "secret"), InventoryFault::SourceBucket { expected }),
        (with("fileSchema", "Bucket, Key, Size"), column("LastModifiedDate")),
        (with("fileSchema", "Bucket, Size, LastModifiedDate"), column("Key")),
        (with("fileSchema", "Bucket, Key, LastModifiedDate"), column("Size")),
        (with("fileSchema", &"Key, ".repeat(70)), InventoryFault::TooManyColumns { found: 71 }),
        (json!({"secret": 1}), InventoryFault::Json { line: 3, column: 1 }),
        (json!(" ".repeat(4_000_000)), InventoryFault::TooLarge),
    ];
    for (manifest, fault) in cases {
        inventories.put_manifest(begun, &manifest).await;
        told(&given, &key, &fault).await;
    }
    inventories.put_manifest(begun, &good).await;
    assert_eq!(given.all().await.expect("an empty inventory"), []);
    inventories.put(&inventories.checksum_key(begun), b"secret").await;
    told(&given, &key, &InventoryFault::Checksum).await;
    inventories.delete(&key).await;
    told(&given, &key, &InventoryFault::Absent).await;
}

#[tokio::test]
async fn a_file_that_is_not_as_documented_is_told() {
    for emulator in [Emulator::Moto, Emulator::Ministack] {
        let given = Given::at(emulator).await;
        let inventories = &given.inventories;
        let begun = days_ago_ms(1);
        let key = inventories.file_key(begun, 0);
        let good = line(SOURCE, "secret", 0);
        let value = |column| InventoryFault::Value { line: 2, column };
        let fields = InventoryFault::Fields { line: 2, expected: 5 };
        let bad_lines = [
            (good.replace("\"12\"", "\"twelve\""), value("Size")),
            (good.replace("1970-01-01T", "yesterday"), value("LastModifiedDate")),
            (good.replace("secret", "secret%FF"), value("Key")),
            (good.replace("\"12\",", ""), fields),
            ("\"secret\"\n".to_owned(), InventoryFault::Fields { line: 2, expected: 5 }),
            (good.replace("12", "12\",\"x"), InventoryFault::Fields { line: 2, expected: 5 }),
            (",".repeat(100), InventoryFault::Fields { line: 2, expected: 5 }),
            (
                good.replace("secret", &"secret".repeat(10_000)),
                InventoryFault::LineTooLong { line: 2 },
            ),
            // A line that never ends.
            (format!("\"{}", "\n".repeat(1_000_000)), InventoryFault::LineTooLong { line: 2 }),
        ];
        for (bad, fault) in bad_lines {
            inventories.publish(begun, SCHEMA, &[format!("{good}{bad}")]).await;
            told(&given, &key, &fault).await;
        }
        let versioned = "Bucket, Key, IsLatest, Size, LastModifiedDate";
        let odd_flag = good.replace("\"12\"", "\"TRUE\",\"12\"").replace(",\"STANDARD\"", "");
        inventories.publish(begun, versioned, &[odd_flag]).await;
        told(&given, &key, &InventoryFault::Value { line: 1, column: "IsLatest" }).await;

        let whole = gzip(&good.repeat(1_000));
        let mut other_checksum = whole.clone();
        other_checksum[whole.len() - 5] ^= 1;
        let cut = |end: usize| whole[..end].to_vec();
        let cut_at = [whole.len() - 1, whole.len() - 8, whole.len() / 2, 15, 1, 0];
        let no_gzip = b"secret, and no gzip".to_vec();
        for bytes in cut_at.map(cut).into_iter().chain([other_checksum, no_gzip]) {
            inventories.put(&key, &bytes).await;
            let manifest = inventories.manifest(begun, SCHEMA, &[bytes]);
            inventories.put_manifest(begun, &manifest).await;
            told(&given, &key, &InventoryFault::Gzip).await;
        }
        // Another file than the manifest names.
        let manifest = inventories.manifest(begun, SCHEMA, std::slice::from_ref(&whole));
        inventories.put_manifest(begun, &manifest).await;
        let bytes = whole.len() as u64;
        inventories.put(&key, &gzip(&good)).await;
        told(&given, &key, &InventoryFault::Size { bytes }).await;
        inventories.put(&key, b"").await;
        told(&given, &key, &InventoryFault::Size { bytes }).await;
        inventories.put(&key, &[&whole[..], b"more"].concat()).await;
        told(&given, &key, &InventoryFault::Size { bytes }).await;
        let mut other = manifest;
        other["files"][0]["MD5checksum"] = json!(md5(b""));
        inventories.put_manifest(begun, &other).await;
        inventories.put(&key, &whole).await;
        told(&given, &key, &InventoryFault::Md5).await;
        inventories.delete(&key).await;
        told(&given, &key, &InventoryFault::Absent).await;
    }
}

#[tokio::test]
async fn gzip_may_have_members() {
    let given = Given::at(Emulator::Moto).await;
    let begun = days_ago_ms(1);
    let (one, two) = (line(SOURCE, "one", 0), line(SOURCE, "two", 0));
    let (half, rest) = two.split_at(9);
    let file = [gzip(&format!("{one}{half}")), gzip(rest)].concat();
    given.inventories.put(&given.inventories.file_key(begun, 0), &file).await;
    let manifest = given.inventories.manifest(begun, SCHEMA, &[file]);
    given.inventories.put_manifest(begun, &manifest).await;
    let keys: Vec<_> = given.all().await.expect("read").into_iter().map(|it| it.key).collect();
    assert_eq!(keys, ["one", "two"]);
}

fn listing(folders: &[&str]) -> Answer {
    let folder = |name: &&str| format!("<CommonPrefixes><Prefix>{name}</Prefix></CommonPrefixes>");
    let folders: String = folders.iter().map(folder).collect();
    Answer::ok(format!("<ListBucketResult>{folders}</ListBucketResult>").as_bytes())
}

#[tokio::test]
async fn what_s3_refuses_is_told_and_what_breaks_off_is_read_again() {
    let reader = |aws: &Aws| S3Inventory::new(aws, "lists".to_owned(), "a/b/", SOURCE.to_owned());
    let denied = Canned::start([Answer::s3_error(403, "AccessDenied")], Duration::ZERO);
    let error = reader(&denied.aws().await).newest(0).await.expect_err("refused");
    assert!(matches!(error, InventoryError::Read(_)), "{error:?}");
    assert_eq!(error.to_string(), "list a/b/: not available");
    assert!(denied.requests()[0].contains("start-after=a%2Fb%2F1970-01-01T00-00Z"));

    let good = gzip(&line(SOURCE, "one", 0));
    let manifest = json!({"sourceBucket": SOURCE, "fileFormat": "CSV", "fileSchema": SCHEMA,
        "files": [{"key": "f", "size": good.len(), "MD5checksum": md5(&good)}]});
    let text = manifest.to_string().into_bytes();
    let checksum = Answer::ok(format!("{}\n", md5(&text).to_uppercase()).as_bytes());
    let range = format!("bytes 0-{}/{}", good.len() - 1, good.len());
    let file = Answer::ok(&good).header("content-range", &range).header("etag", "\"1\"");
    let answers = [
        listing(&["a/b/2026-11-20T01-00Z/", "a/b/data/", "a/b/hive/"]),
        checksum.clone().broken_off(),
        checksum,
        Answer::ok(&text),
        file.clone().broken_off(),
        file,
    ];
    let server = Canned::start(answers, Duration::ZERO);
    let reader = reader(&server.aws().await);
    let inventory = reader.newest(0).await.expect("look").expect("an inventory");
    assert_eq!(inventory.manifest_key, "a/b/2026-11-20T01-00Z/manifest.json");
    let mut opened = reader.file(&inventory, 0, 0).expect("a file");
    assert_eq!(opened.page().await.expect("read").expect("a page")[0].key, "one");

    // The object is another one by now.
    let changed = Canned::start([Answer::s3_error(412, "PreconditionFailed")], Duration::ZERO);
    let reader = S3Inventory::new(&changed.aws().await, "lists".into(), "a/b", SOURCE.into());
    let mut opened = reader.file(&inventory, 0, 0).expect("a file");
    let error = opened.page().await.expect_err("changed");
    assert_eq!(error.to_string(), "read f: not available");
}

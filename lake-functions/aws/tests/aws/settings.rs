//! Settings from the lake bucket.

use crate::harness::{Emulator, bucket};
use aws_sdk_s3::primitives::ByteStream;
use sluice_aws::{Aws, LookError, News, S3Settings, SETTINGS_KEY};
use std::error::Error;

async fn write(aws: &Aws, bucket: &str, text: &[u8]) {
    let body = ByteStream::from(text.to_vec());
    let put = aws.s3().put_object().bucket(bucket).key(SETTINGS_KEY).body(body);
    put.send().await.expect("put");
}

async fn remove(aws: &Aws, bucket: &str) {
    aws.s3().delete_object().bucket(bucket).key(SETTINGS_KEY).send().await.expect("delete");
}

/// What a look tells, and the bound that tells the settings apart.
async fn look(settings: &S3Settings) -> String {
    match settings.look().await {
        Ok(look) => {
            let news = match look.news {
                News::None => "nothing new".to_owned(),
                News::InForce => "new".to_owned(),
                News::Unusable(why) => format!("unusable: {why}"),
            };
            format!("{} tables, {news}", look.settings.tables_max())
        }
        Err(error @ LookError::Use(_)) => {
            format!("{error}: {}", error.source().expect("why"))
        }
        Err(LookError::Read(error)) => error.to_string(),
    }
}

#[tokio::test]
async fn settings_follow_the_file() {
    for emulator in [Emulator::Moto, Emulator::Ministack] {
        let aws = emulator.aws().await;
        let name = bucket(&aws, "lake").await;
        let settings = S3Settings::new(&aws, name.clone());
        assert_eq!(look(&settings).await, "1000 tables, new");
        assert_eq!(look(&settings).await, "1000 tables, nothing new");
        write(&aws, &name, b"limits: {tables: 1}").await;
        assert_eq!(look(&settings).await, "1 tables, new");
        assert_eq!(look(&settings).await, "1 tables, nothing new");
        // Unusable ones are told once, and those before stay.
        for unusable in [&b"limits: ["[..], b"\xff", &vec![b' '; 1_000_001]] {
            write(&aws, &name, unusable).await;
            let told = look(&settings).await;
            assert!(told.starts_with("1 tables, unusable: "), "{told}");
            assert_eq!(look(&settings).await, "1 tables, nothing new");
        }
        write(&aws, &name, b"limits: {tables: 2}").await;
        assert_eq!(look(&settings).await, "2 tables, new");
        remove(&aws, &name).await;
        assert_eq!(look(&settings).await, "1000 tables, new");
        assert_eq!(look(&settings).await, "1000 tables, nothing new");
    }
}

#[tokio::test]
async fn a_cold_start_makes_up_no_settings() {
    let aws = Emulator::Moto.aws().await;
    let name = bucket(&aws, "lake").await;
    write(&aws, &name, b"\xff").await;
    let settings = S3Settings::new(&aws, name.clone());
    for _ in 0..2 {
        let told = look(&settings).await;
        assert_eq!(told, "use sluice.yaml in the lake bucket: it is not UTF-8");
    }
    write(&aws, &name, b"limits: {tables: 3}").await;
    assert_eq!(look(&settings).await, "3 tables, new");
    let nowhere = S3Settings::new(&aws, format!("{name}-x"));
    assert_eq!(look(&nowhere).await, "read sluice.yaml: not available");
}

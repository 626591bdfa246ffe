//! The environment of a function: where AWS is, and who asks.

use crate::harness::{Emulator, bucket};
use sluice_aws::{Aws, S3IngressStore};
use sluice_normalizer::DocumentId;
use sluice_pipeline::IngressStore;
use std::process::Command;

/// In a process of its own: the environment of this one is everybody's.
#[test]
fn the_environment_says_where_aws_is() {
    for name in ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"] {
        let child = Command::new(std::env::current_exe().expect("this program"))
            .args(["--exact", "environment::child", "--ignored"])
            .env_remove("AWS_PROFILE")
            .env("AWS_REGION", "eu-central-1")
            .env("AWS_ACCESS_KEY_ID", "testing")
            .env("AWS_SECRET_ACCESS_KEY", "testing")
            .env(name, &Emulator::Moto.server().endpoint)
            .env("SLUICE_TEST_CHILD", "1")
            .output()
            .expect("start the child");
        let told = String::from_utf8_lossy(&child.stdout);
        assert!(child.status.success() && told.contains("1 passed"), "{name}: {told}");
    }
}

#[tokio::test]
#[ignore = "run by the test above"]
async fn child() {
    assert!(std::env::var_os("SLUICE_TEST_CHILD").is_some(), "not run by hand: AWS may be meant");
    let aws = Aws::from_environment().await;
    let store = S3IngressStore::new(&aws, bucket(&aws, "environment").await, None);
    let id = DocumentId::parse("a").expect("an id");
    assert_eq!(store.get(&id).await.expect("get"), None);
}

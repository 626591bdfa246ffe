//! The grants are what the adapters call: each call of AWS in `lake-functions/aws` is allowed by one, and
//! what a grant allows is an action of a call that is listed here.

use sluice_template::grants;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Calls of the SDK, and the actions they need.
const CALLS: [(&str, &[&str]); 27] = [
    ("change_message_visibility", &["sqs:ChangeMessageVisibility"]),
    ("change_message_visibility_batch", &["sqs:ChangeMessageVisibility"]),
    ("copy_object", &["s3:GetObject", "s3:PutObject"]),
    // Templates make databases; adapters only where there is none, for tests.
    ("create_database", &[]),
    // Glue's. DynamoDB's has the same name and is for tests, like the two waits and the expiry.
    ("create_table", &["glue:CreateTable"]),
    ("delete_item", &["dynamodb:DeleteItem"]),
    ("delete_message", &["sqs:DeleteMessage"]),
    ("delete_object", &["s3:DeleteObject"]),
    ("delete_table", &["glue:DeleteTable"]),
    ("get_item", &["dynamodb:GetItem"]),
    ("get_object", &["s3:GetObject"]),
    ("get_table", &["glue:GetTable"]),
    ("get_tables", &["glue:GetTables"]),
    ("head_object", &["s3:GetObject"]),
    // And one of the versions is read.
    ("list_object_versions", &["s3:ListBucketVersions", "s3:GetObjectVersion"]),
    ("list_objects_v2", &["s3:ListBucket"]),
    ("put_events", &["events:PutEvents"]),
    ("put_item", &["dynamodb:PutItem"]),
    ("put_object", &["s3:PutObject"]),
    ("query", &["dynamodb:Query"]),
    ("receive_message", &["sqs:ReceiveMessage"]),
    ("send_message", &["sqs:SendMessage"]),
    ("transact_write_items", &["dynamodb:UpdateItem"]),
    ("update_item", &["dynamodb:UpdateItem"]),
    ("update_table", &["glue:UpdateTable"]),
    ("update_time_to_live", &[]),
    ("wait_until_table_exists", &[]),
];

/// Allowed though no adapter calls them: KMS is called by S3, SQS and DynamoDB, functions by schedules.
const NOT_CALLED: [&str; 3] = ["kms:Decrypt", "kms:GenerateDataKey", "lambda:InvokeFunction"];

/// What is called in a folder's sources: `client.some_call()`.
fn called(folder: &Path, calls: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            called(&path, calls);
            continue;
        }
        let text = fs::read_to_string(&path).expect("a source");
        let dense: String = text.split_whitespace().collect();
        for rest in dense.split("client.").skip(1) {
            let end = rest.find(|c: char| c != '_' && !c.is_ascii_alphanumeric());
            let (name, rest) = rest.split_at(end.unwrap_or(rest.len()));
            if rest.starts_with("()") && name != "clone" {
                calls.insert(name.to_owned());
            }
        }
    }
}

#[test]
fn grants_allow_what_adapters_call() {
    let mut calls = BTreeSet::new();
    let adapters = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../lake-functions/aws/src");
    called(&adapters, &mut calls);
    assert!(calls.contains("put_object") && calls.len() > 10, "{calls:?}");
    let allowed: BTreeSet<&str> = grants().iter().flat_map(|kind| kind.actions()).collect();
    for call in &calls {
        let (_, actions) = CALLS.iter().find(|(name, _)| name == call).unwrap_or_else(|| {
            panic!(
                "an adapter calls {call}: which grant allows it? tell src/grant.rs and this test"
            )
        });
        for action in *actions {
            assert!(allowed.contains(action), "{call} needs {action}, which no grant allows");
        }
    }
    let known: BTreeSet<&str> = CALLS.iter().flat_map(|(_, actions)| *actions).copied().collect();
    for action in allowed.into_iter().filter(|action| !NOT_CALLED.contains(action)) {
        assert!(known.contains(action), "{action} is allowed, but nothing calls it");
    }
}

//! Answers that AWS's documentation tells of and emulators do not give.

use super::{batch, table, uuid};
use crate::harness::{Answer, Canned};
use sluice_aws::DynamoLedger;
use sluice_pipeline::{Ledger, PortError};
use std::error::Error;
use std::time::Duration;

fn refused(code: &str, more: &str) -> Answer {
    let message = if code == "AccessDeniedException" { "not authorized" } else { "secret words" };
    let json = format!(
        r#"{{"__type":"com.amazonaws.dynamodb.v20120810#{code}","message":"{message}"{more}}}"#
    );
    Answer::s3_error(400, "").with_body(json.as_bytes())
}

async fn ledger<const N: usize>(answers: [Answer; N]) -> (Canned, DynamoLedger) {
    let server = Canned::start(answers, Duration::ZERO);
    let client = server.aws().await.dynamodb();
    (server, DynamoLedger::new(client, "claims".to_owned(), 1))
}

fn told(error: &PortError) -> String {
    let told = format!("{error}: {}", error.source().expect("a cause"));
    assert!(!format!("{told}{error:?}").contains("secret"), "{error:?}");
    told
}

#[tokio::test]
async fn throttling_is_waited_for_and_then_told() {
    let throttled = || refused("ProvisionedThroughputExceededException", "");
    let (_server, waited) = ledger([throttled(), throttled(), Answer::ok(b"{}")]).await;
    assert_eq!(waited.generation(&table("orders")).await.expect("generation"), 1);
    let (server, ledger) = ledger([throttled()]).await;
    let error = ledger.generation(&table("orders")).await.expect_err("for too long");
    assert!(matches!(error, PortError::Unavailable { .. }), "{error:?}");
    assert!(told(&error).ends_with("ProvisionedThroughputExceededException"), "{error:?}");
    assert_eq!(server.requests().len(), 5);
}

#[tokio::test]
async fn refused_access_names_the_table() {
    let (_server, ledger) = ledger([refused("AccessDeniedException", "")]).await;
    let error = ledger.generation(&table("orders")).await.expect_err("refused");
    assert!(matches!(error, PortError::Unavailable { .. }), "{error:?}");
    assert_eq!(
        told(&error),
        "read the generation of orders (ledger table claims): not available: \
         AccessDeniedException: not authorized"
    );
}

#[tokio::test]
async fn what_dynamodb_never_takes_is_for_a_person() {
    let (_server, ledger) = ledger([refused("ValidationException", "")]).await;
    let error = ledger.create_batch(&batch(&[uuid(1)])).await.expect_err("refused");
    assert!(matches!(error, PortError::Damaged { .. }), "{error:?}");
    assert!(told(&error).ends_with("ValidationException"));
}

/// The item comes with the refusal only where it is asked for and the server knows how.
#[tokio::test]
async fn who_holds_a_document_is_read_if_it_is_not_told() {
    let mine = batch(&[uuid(1)]);
    for (holder, ours) in [(mine.id.as_str(), true), ("another", false)] {
        let item = format!(r#"{{"Item":{{"batch":{{"S":"{holder}"}}}}}}"#);
        let held = refused("ConditionalCheckFailedException", "");
        let (_server, ledger) = ledger([held, Answer::ok(item.as_bytes())]).await;
        assert_eq!(ledger.claim(&mine, &[]).await.expect("claim"), [ours]);
    }
}

#[tokio::test]
async fn tables_admitted_at_the_same_moment_do_not_fail_each_other() {
    let conflict = refused(
        "TransactionCanceledException",
        r#","CancellationReasons":[{"Code":"None"},{"Code":"TransactionConflict"}]"#,
    );
    let nothing = || Answer::ok(b"{}");
    let answers = [nothing(), nothing(), conflict, nothing(), nothing(), nothing()];
    let (server, ledger) = ledger(answers).await;
    assert!(ledger.admit(&table("orders"), 5).await.expect("admit"));
    assert_eq!(server.requests().len(), 6);
}

//! Answers that come only when others write at the same moment.

use super::{LOCATION, registry, table};
use crate::harness::{Answer, Canned};
use sluice_aws::GlueCatalog;
use sluice_pipeline::Catalog;
use std::time::Duration;

fn refused(code: &str) -> Answer {
    let json = format!(r#"{{"__type":"{code}","Message":"secret words"}}"#);
    Answer::s3_error(400, "").with_body(json.as_bytes())
}

/// A table as it stands, for a registry version of generation 1.
fn stands(version: u64) -> Answer {
    let json = format!(
        r#"{{"Table":{{"Name":"t","VersionId":"77","Parameters":{{"sluice.table":"t",
        "sluice.generation":"1","sluice.version":"{version}","sluice.digest":"d"}}}}}}"#
    );
    Answer::ok(json.as_bytes())
}

#[tokio::test]
async fn whoever_is_quicker_is_looked_at_again() {
    let server = Canned::start(
        [
            // The rejects and their view are there.
            stands(1),
            stands(1),
            // The physical table is made by somebody else, then changed twice.
            refused("EntityNotFoundException"),
            refused("AlreadyExistsException"),
            stands(1),
            refused("ConcurrentModificationException"),
            stands(2),
            Answer::ok(b"{}"),
            // The view is seen, and is further by the time it is written.
            stands(2),
            stands(2),
            refused("ConcurrentModificationException"),
            stands(4),
        ],
        Duration::ZERO,
    );
    let catalog = GlueCatalog::new(server.aws().await.glue(), LOCATION.to_owned());
    catalog.show(&registry(&table("canned"), 1, 3)).await.expect("show");
    let requests = server.requests();
    assert_eq!(requests.len(), 12);
    for update in [&requests[5], &requests[7], &requests[10]] {
        assert!(update.contains(r#""VersionId":"77""#), "{update}");
        assert!(update.contains(r#""SkipArchive":true"#), "{update}");
    }
}

#[tokio::test]
async fn a_table_that_never_rests_is_tried_again_later() {
    let server = Canned::start([refused("AlreadyExistsException")], Duration::ZERO);
    let catalog = GlueCatalog::new(server.aws().await.glue(), LOCATION.to_owned());
    let error = catalog.show(&registry(&table("canned"), 1, 1)).await.expect_err("refused");
    assert!(matches!(error, sluice_pipeline::PortError::Unavailable { .. }), "{error:?}");
    assert!(!format!("{error:?}").contains("secret"), "{error:?}");
}

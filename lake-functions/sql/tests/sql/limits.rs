//! Time, memory, queries at once, and who holds what for how long.

use crate::lake::{Lake, block_on, limits, text};
use futures::StreamExt;
use sluice_sql::{ResultFormat, Spill, SqlError, SqlLimits};
use std::sync::Arc;
use std::time::Duration;

const ENDLESS: &str = "SELECT a.value AS v FROM generate_series(1, 1000000000000) a";

fn lake() -> Lake {
    Lake::of(&[r#"{"a":1}"#])
}

#[test]
fn a_query_that_takes_too_long_is_cancelled() {
    let lake = lake();
    let engine = lake.engine(SqlLimits { timeout: Duration::from_millis(50), ..limits() });
    let counting = "SELECT count(*) FROM generate_series(1, 1000000000000) WHERE value % 7 = 3";
    let answer = block_on(engine.query(lake.snapshot(), counting, ResultFormat::Csv));
    assert!(matches!(answer, Err(SqlError::TimedOut { .. })), "{answer:?}");
    // Or later, when a part of the answer is out.
    let answer = block_on(async {
        match engine.query(lake.snapshot(), ENDLESS, ResultFormat::Csv).await {
            Ok(answer) => text(answer).await,
            Err(error) => Err(error),
        }
    });
    assert!(matches!(answer, Err(SqlError::TimedOut { .. })), "{answer:?}");
}

#[test]
fn one_query_more_than_allowed_is_refused() {
    let lake = lake();
    let engine = lake.engine(SqlLimits { queries_at_once: 1, ..limits() });
    block_on(async {
        let first = engine.query(lake.snapshot(), ENDLESS, ResultFormat::Csv).await.unwrap();
        let second = engine.query(lake.snapshot(), "SELECT 1", ResultFormat::Csv).await;
        assert!(matches!(second, Err(SqlError::Busy { queries_at_once: 1 })), "{second:?}");
        drop(first);
        // Dropped is cancelled: the turn comes back.
        loop {
            match engine.query(lake.snapshot(), "SELECT 1 AS x", ResultFormat::Csv).await {
                Err(SqlError::Busy { .. }) => tokio::task::yield_now().await,
                answer => break assert_eq!(text(answer.unwrap()).await.unwrap(), "x\n1\n"),
            }
        }
        // And right after an answer's end.
        for _ in 0..20 {
            let answer = engine.query(lake.snapshot(), "SELECT 1 AS x", ResultFormat::Csv).await;
            text(answer.unwrap()).await.unwrap();
        }
    });
}

#[test]
fn the_snapshot_is_held_until_the_answer_is_read_or_dropped() {
    let lake = lake();
    let engine = lake.engine(limits());
    block_on(async {
        let snapshot = lake.snapshot();
        let held = Arc::downgrade(&snapshot);
        let mut answer = engine.query(snapshot, ENDLESS, ResultFormat::Csv).await.unwrap();
        assert!(answer.next().await.unwrap().is_ok());
        assert!(held.upgrade().is_some());
        drop(answer);
        while held.upgrade().is_some() {
            tokio::task::yield_now().await;
        }
        let snapshot = lake.snapshot();
        let held = Arc::downgrade(&snapshot);
        let answer = engine.query(snapshot, "SELECT a FROM t", ResultFormat::Csv).await.unwrap();
        text(answer).await.unwrap();
        while held.upgrade().is_some() {
            tokio::task::yield_now().await;
        }
    });
}

#[test]
fn memory_is_bounded() {
    let lake = lake();
    for sql in [
        "SELECT value FROM generate_series(1, 100000000) ORDER BY value % 1000, value",
        "SELECT value % 99999989, count(*) FROM generate_series(1, 100000000) GROUP BY 1",
        "SELECT count(DISTINCT value * 7 % 99999989) FROM generate_series(1, 100000000)",
        "SELECT array_agg(value) FROM generate_series(1, 100000000)",
        "SELECT string_agg(value::varchar, ',') FROM generate_series(1, 100000000)",
        "SELECT count(*) FROM generate_series(1, 100000000) a JOIN generate_series(1, 100000000) b ON a.value = b.value",
        "SELECT sum(value) OVER () FROM generate_series(1, 100000000)",
    ] {
        let error = lake.error(sql);
        assert!(matches!(error, SqlError::TooMuchMemory { .. }), "{sql}: {error:?}");
    }
    lake.check("SELECT a FROM t", "a\n1");
}

#[test]
fn what_does_not_fit_into_memory_goes_to_the_spill_folder() {
    let lake = lake();
    let folder = tempfile::TempDir::new().unwrap();
    let spill = Spill { folder: folder.path().to_owned(), bytes_max: 256 << 20 };
    let limits = SqlLimits { memory_bytes: 32 << 20, spill: Some(spill), ..limits() };
    let engine = lake.engine(limits);
    let sorted = "SELECT count(*) AS n FROM (SELECT value, row_number() OVER (ORDER BY value DESC) AS r FROM generate_series(1, 4000000)) WHERE value + r = 4000001";
    let answer = block_on(async {
        text(engine.query(lake.snapshot(), sorted, ResultFormat::Csv).await?).await
    });
    assert_eq!(answer.unwrap(), "n\n4000000\n");
    drop(engine);
}

#[test]
fn too_much_text_is_refused() {
    let lake = lake();
    let sql = format!("SELECT '{}'", "x".repeat(1_000_000));
    let error = lake.error(&sql);
    assert!(matches!(error, SqlError::TooLong { bytes: 1_000_009, .. }), "{error:?}");
}

#[test]
fn dropping_the_engine_ends_open_answers() {
    let lake = lake();
    let engine = lake.engine(limits());
    block_on(async {
        let answer = engine.query(lake.snapshot(), ENDLESS, ResultFormat::Csv).await.unwrap();
        drop(engine);
        let end = text(answer).await;
        assert!(matches!(end, Err(SqlError::Stopped)), "{end:?}");
    });
}

//! Parts that a query does not need are not opened.

use crate::lake::Lake;
use sluice_sql::SqlError;

/// Two days, and parts on two more places that nobody can read.
fn lake() -> Lake {
    let mut lake = Lake::new();
    lake.post("t", 0, r#"{"a":1,"c":[{"x":1}]}"#);
    lake.post("t", 1, r#"{"a":2,"c":[{"x":2}]}"#);
    lake.add_missing("t", "live", "2026-02-10");
    lake.add_missing("t", "compact", "2026-02-03");
    lake
}

#[test]
fn dates_and_tiers_choose_parts() {
    let lake = lake();
    for filter in [
        "ingest_date = '2026-02-03'",
        "ingest_date IN ('2026-02-03', '2020-01-01')",
        "ingest_date < '2026-02-04'",
        "ingest_date BETWEEN '2026-02-01' AND '2026-02-03'",
        "ingest_date LIKE '%-03'",
        "substr(ingest_date, 9) = '03'",
        "cast(ingest_date AS date) = DATE '2026-02-03'",
        "ingest_date = '2026-02-03' AND a > 0",
        "NOT (ingest_date >= '2026-02-04')",
    ] {
        lake.check(&format!("SELECT a FROM t WHERE {filter}"), "a\n1");
        let physical = format!("SELECT a FROM lake_files.t WHERE tier = 'live' AND {filter}");
        lake.check(&physical, "a\n1");
    }
    lake.check("SELECT a FROM t WHERE ingest_date = 'never'", "a");
    // The same without the filter wants the missing ones.
    assert!(matches!(lake.error("SELECT a FROM t"), SqlError::Lake { .. }));
    let compact = "SELECT a FROM lake_files.t WHERE ingest_date = '2026-02-03'";
    assert!(matches!(lake.error(compact), SqlError::Lake { .. }));
}

#[test]
fn counting_opens_nothing() {
    let lake = lake();
    lake.check("SELECT count(*) AS n FROM t", "n\n3");
    lake.check("SELECT count(*) AS n FROM lake_files.t", "n\n4");
    lake.check("SELECT count(*) AS n FROM t WHERE ingest_date < '2026-02-10'", "n\n2");
    lake.check(
        "SELECT min(ingest_date) AS a, max(ingest_date) AS b FROM t",
        "a,b\n2026-02-03,2026-02-10",
    );
}

#[test]
fn a_limit_needs_only_the_first_parts() {
    let lake = lake();
    lake.check("SELECT a FROM t LIMIT 1", "a\n1");
    lake.check("SELECT count(*) AS n FROM (SELECT a FROM t LIMIT 2)", "n\n2");
}

#[test]
fn statistics_choose_row_groups() {
    let mut lake = Lake::new();
    for start in [0, 1_000, 2_000] {
        let rows: String = (start..start + 1_000).map(|a| format!("{{\"a\":{a}}}\n")).collect();
        lake.post("t", 0, &rows);
    }
    lake.check("SELECT count(*) AS n FROM t WHERE a >= 1500 AND a < 1600", "n\n100");
    let plan = lake.plan("SELECT _id FROM t WHERE a >= 1500 AND a < 1600");
    assert!(
        plan.contains("files_ranges_pruned_statistics")
            || plan.contains("row_groups_pruned_statistics"),
        "{plan}"
    );
    assert!(plan.contains("row_groups_pruned_statistics=3 total → 1 matched"), "{plan}");
}

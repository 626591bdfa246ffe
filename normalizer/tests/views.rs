//! What Athena is told (DESIGN.md 2.3 and 2.5): the physical table and the view over it.
#![allow(missing_docs)]

mod golden;
mod reader;

use insta::assert_snapshot;
use sluice_normalizer::{Registry, athena};

fn statements(batches: &[&str]) -> Vec<String> {
    let written = golden::write("", batches);
    let last = written.registries.last().expect("a version");
    let registry = Registry::from_json(last.as_bytes()).expect("a registry");
    athena::statements(&registry, "s3://bucket/lake")
}

/// The data columns of the root table's view.
#[track_caller]
fn check(batches: &[&str], expected: &str) {
    let statements = statements(batches);
    let view = statements.iter().find(|s| s.starts_with("CREATE OR REPLACE VIEW")).expect("a view");
    let columns: Vec<&str> = view
        .lines()
        .map(|line| line.trim().trim_end_matches(','))
        .filter(|line| line.starts_with('"') || line.starts_with("COALESCE"))
        .filter(|line| !line.starts_with("\"_") && *line != "\"ingest_date\"")
        .collect();
    assert_eq!(columns.join("; "), expected);
}

#[test]
fn a_view_shows_every_column() {
    check(&[r#"{"a":1,"b":"x"}"#], r#""a"; "b""#);
    check(&[r#"{"a":1} {"a":"x"}"#], r#""a"; "a__string""#);
}

#[test]
fn bigint_and_double_are_one_double_while_every_bigint_is_exact() {
    let one = r#"COALESCE("a__double", CAST("a" AS double)) AS "a""#;
    check(&[r#"{"a":1}"#, r#"{"a":2.5}"#], one);
    check(&[r#"{"a":1}"#, r#"{"a":2.5}"#, r#"{"a":9007199254740993}"#], r#""a"; "a__double""#);
    check(&[r#"{"a":2.5}"#, r#"{"a":9007199254740993}"#], r#""a"; "a__bigint""#);
    check(&[r#"{"a":9007199254740993}"#, r#"{"a":2.5}"#, r#"{"a":1}"#], r#""a"; "a__double""#);
    check(
        &[r#"{"a":"x"}"#, r#"{"a":2.5}"#, r#"{"a":1}"#],
        r#""a"; COALESCE("a__double", CAST("a__bigint" AS double)) AS "a__double""#,
    );
    check(&[r#"{"a":[1]}"#, r#"{"a":[2.5]}"#], r#""a"; "a__list_double""#);
}

#[test]
fn whole_statements() {
    let record = r#"{"id":1,"it's":{"a\nb":[1.5]},"at":[{"x":true}],"mixed":[1,"x"]}"#;
    assert_snapshot!(statements(&[record]).join("\n;\n"), @r#"
DROP TABLE IF EXISTS `lake_files`.`t`
;
CREATE EXTERNAL TABLE `lake_files`.`t` (
  `_id` string,
  `_row` bigint,
  `_received_at` timestamp,
  `_principal` string,
  `id` bigint COMMENT '/id',
  `it_s__a_b` array<double> COMMENT '/it\'s/a?b',
  `mixed` string COMMENT '/mixed',
  `_rest` string
)
PARTITIONED BY (`tier` string, `ingest_date` string)
STORED AS PARQUET
LOCATION 's3://bucket/lake/t/g1/'
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.tier.type' = 'enum',
  'projection.tier.values' = 'live,compact,late',
  'projection.ingest_date.type' = 'date',
  'projection.ingest_date.format' = 'yyyy-MM-dd',
  'projection.ingest_date.range' = '2026-02-03,NOW+1DAYS',
  'storage.location.template' = 's3://bucket/lake/t/g1/tier=${tier}/ingest_date=${ingest_date}'
)
;
CREATE OR REPLACE VIEW "lake"."t" AS
SELECT
  "_id",
  "_row",
  "_received_at",
  "_principal",
  "id",
  "it_s__a_b",
  "mixed",
  "_rest",
  "ingest_date"
FROM "lake_files"."t"
WHERE "tier" = 'live'
;
DROP TABLE IF EXISTS `lake_files`.`t__at`
;
CREATE EXTERNAL TABLE `lake_files`.`t__at` (
  `_id` string,
  `_row` bigint,
  `_received_at` timestamp,
  `_index` bigint,
  `_path` string,
  `_parent` string,
  `x` boolean COMMENT '/x',
  `_rest` string
)
PARTITIONED BY (`tier` string, `ingest_date` string)
STORED AS PARQUET
LOCATION 's3://bucket/lake/t__at/g1/'
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.tier.type' = 'enum',
  'projection.tier.values' = 'live,compact,late',
  'projection.ingest_date.type' = 'date',
  'projection.ingest_date.format' = 'yyyy-MM-dd',
  'projection.ingest_date.range' = '2026-02-03,NOW+1DAYS',
  'storage.location.template' = 's3://bucket/lake/t__at/g1/tier=${tier}/ingest_date=${ingest_date}'
)
;
CREATE OR REPLACE VIEW "lake"."t__at" AS
SELECT
  "_id",
  "_row",
  "_received_at",
  "_index",
  "_path",
  "_parent",
  "x",
  "_rest",
  "ingest_date"
FROM "lake_files"."t__at"
WHERE "tier" = 'live'
"#);
}

#[test]
fn rejects() {
    let statements = athena::rejects_statements("s3://bucket", Some("2026-02-03"));
    assert_snapshot!(statements.join("\n;\n"), @r#"
DROP TABLE IF EXISTS `lake_files`.`sluice_rejects`
;
CREATE EXTERNAL TABLE `lake_files`.`sluice_rejects` (
  `_id` string,
  `_row` bigint,
  `_received_at` timestamp,
  `table_name` string,
  `code` string,
  `message` string,
  `pointer` string,
  `content` string,
  `content_encoding` string
)
PARTITIONED BY (`tier` string, `ingest_date` string)
STORED AS PARQUET
LOCATION 's3://bucket/sluice_rejects/g1/'
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.tier.type' = 'enum',
  'projection.tier.values' = 'live,compact,late',
  'projection.ingest_date.type' = 'date',
  'projection.ingest_date.format' = 'yyyy-MM-dd',
  'projection.ingest_date.range' = '2026-02-03,NOW+1DAYS',
  'storage.location.template' = 's3://bucket/sluice_rejects/g1/tier=${tier}/ingest_date=${ingest_date}'
)
;
CREATE OR REPLACE VIEW "lake"."sluice_rejects" AS
SELECT
  "_id",
  "_row",
  "_received_at",
  "table_name",
  "code",
  "message",
  "pointer",
  "content",
  "content_encoding",
  "ingest_date"
FROM "lake_files"."sluice_rejects"
WHERE "tier" = 'live'
"#);
}

/// The bound on views counts what columns add to them (`view_bytes` in `budget.rs`); a view may have
/// a little more for what every table has.
#[test]
fn the_bound_on_views_holds_for_their_stored_text() {
    const LIMIT: usize = 20_000;
    const OF_EVERY_TABLE: usize = 1_500;
    let settings = format!("limits: {{view_text_bytes: {LIMIT}}}");
    let values = ["1", "2.5", "true", "\"x\"", "[[[1.5]]]", "[1,\"x\"]", "1e400"];
    for long in [1, 40, 190] {
        let column =
            |at: usize| format!("\"{}{at}\":{}", "k".repeat(long), values[at % values.len()]);
        let record = |from: usize| (from..from + 600).map(column).collect::<Vec<_>>().join(",");
        // Both kinds of number at a path share an expression, the longest there is.
        let batches: Vec<String> = (0..2).map(|from| format!("{{{}}}", record(from))).collect();
        let shifted = batches[1].replace(":2.5", ":1");
        let written = golden::write(&settings, &[&batches[0], &batches[1], &shifted]);
        let last = written.registries.last().expect("a version");
        let registry = Registry::from_json(last.as_bytes()).expect("a registry");
        for table in athena::declared(&registry, "s3://bucket") {
            let bytes = table.view.presto_text().len();
            assert!(bytes <= LIMIT + OF_EVERY_TABLE, "{bytes} with names of {long}");
            assert!(bytes >= LIMIT * 6 / 10, "{bytes}: the bound is far from the truth");
        }
    }
}

#[test]
fn a_view_as_glue_keeps_it() {
    use base64::Engine;
    let written = golden::write("", &[r#"{"a":1,"at":[1]}"#, r#"{"a":2.5}"#]);
    let last = written.registries.last().expect("a version");
    let registry = Registry::from_json(last.as_bytes()).expect("a registry");
    let text = athena::declared(&registry, "s3://bucket")[0].view.presto_text();
    let base64 = text.trim_start_matches("/* Presto View: ").trim_end_matches(" */");
    let json = base64::engine::general_purpose::STANDARD.decode(base64).expect("base64");
    assert_snapshot!(String::from_utf8(json).expect("text"), @r#"{"originalSql":"SELECT\n  \"_id\",\n  \"_row\",\n  \"_received_at\",\n  \"_principal\",\n  COALESCE(\"a__double\", CAST(\"a\" AS double)) AS \"a\",\n  \"at\",\n  \"_rest\",\n  \"ingest_date\"\nFROM \"lake_files\".\"t\"\nWHERE \"tier\" = 'live'","catalog":"awsdatacatalog","schema":"lake","columns":[{"name":"_id","type":"varchar"},{"name":"_row","type":"bigint"},{"name":"_received_at","type":"timestamp(3)"},{"name":"_principal","type":"varchar"},{"name":"a","type":"double"},{"name":"at","type":"array(bigint)"},{"name":"_rest","type":"varchar"},{"name":"ingest_date","type":"varchar"}]}"#);
}

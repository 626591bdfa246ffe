//! Nothing but reading, and nothing but the lake.

use crate::lake::Lake;
use sluice_sql::SqlError;

fn lake() -> Lake {
    Lake::of(&[r#"{"a":1}"#])
}

#[test]
fn whatever_writes_or_sets_is_refused() {
    let lake = lake();
    for sql in [
        "CREATE TABLE x AS SELECT 1",
        "CREATE VIEW x AS SELECT 1",
        "CREATE OR REPLACE VIEW lake.t AS SELECT 1",
        "CREATE EXTERNAL TABLE x STORED AS CSV LOCATION '/etc/passwd'",
        "CREATE DATABASE x",
        "CREATE SCHEMA x",
        "CREATE FUNCTION f(int) RETURNS int RETURN 1",
        "DROP TABLE t",
        "DROP VIEW lake.t",
        "TRUNCATE TABLE t",
        "INSERT INTO t VALUES (1)",
        "INSERT INTO lake_files.t SELECT * FROM lake_files.t",
        "UPDATE t SET a = 1",
        "DELETE FROM t",
        "MERGE INTO t USING t AS s ON true WHEN MATCHED THEN DELETE",
        "COPY t TO '/tmp/x.parquet'",
        "COPY (SELECT 1) TO '/tmp/x.csv' STORED AS CSV",
        "SET datafusion.execution.batch_size = 1",
        "RESET datafusion.execution.batch_size",
        "PREPARE p AS SELECT 1",
        "EXECUTE p",
        "DEALLOCATE p",
        "BEGIN",
        "START TRANSACTION",
        "COMMIT",
        "ROLLBACK",
        "USE lake_files",
        "ALTER TABLE t ADD COLUMN x INT",
        "ANALYZE TABLE t",
        "GRANT ALL ON t TO ann",
        "CALL f()",
        "EXPLAIN INSERT INTO t VALUES (1)",
        "EXPLAIN COPY t TO '/tmp/x.parquet'",
        "EXPLAIN ANALYZE INSERT INTO lake_files.t SELECT * FROM lake_files.t",
        "WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x",
        "SELECT * INTO x FROM t",
        "LOAD DATA INPATH 'x' INTO TABLE t",
        "UNLOAD (SELECT 1) TO 's3://x'",
        "VACUUM t",
        "KILL 1",
    ] {
        let error = lake.error(sql);
        assert!(matches!(error, SqlError::NotReadOnly { .. }), "{sql}: {error:?}");
        assert_eq!(error.code(), "sql_not_read_only");
    }
}

#[test]
fn no_other_file_can_be_read() {
    let lake = lake();
    std::fs::write(lake.path("x.csv"), "a\n1\n").unwrap();
    let own = lake.path(&lake.keys("t")[0]);
    for from in [
        "'/etc/passwd'".to_owned(),
        "\"/etc/passwd\"".to_owned(),
        "'x.csv'".to_owned(),
        "\"file:///etc/passwd\"".to_owned(),
        format!("'{}'", own.display()),
        format!("\"sluice-lake://parts/{}\"", lake.keys("t")[0]),
        "read_csv('/etc/passwd')".to_owned(),
        "read_parquet('x.parquet')".to_owned(),
        "parquet_metadata('x.parquet')".to_owned(),
    ] {
        let error = lake.error(&format!("SELECT * FROM {from}"));
        assert!(matches!(error, SqlError::Wrong { .. }), "{from}: {error:?}");
    }
}

#[test]
fn one_statement_at_a_time() {
    let lake = lake();
    for sql in ["SELECT 1; SELECT 2", "SELECT 1; DROP TABLE t", "", " ; ", "-- nothing"] {
        assert!(matches!(lake.error(sql), SqlError::Wrong { .. }), "{sql}");
    }
    lake.check("SELECT 1 AS x;", "x\n1");
    lake.check("(SELECT a FROM t)", "a\n1");
    lake.check("WITH x AS (SELECT a FROM t) SELECT * FROM x UNION ALL SELECT a FROM t", "a\n1\n1");
    lake.check("VALUES (1)", "column1\n1");
}

#[test]
fn errors_say_what_and_where() {
    let lake = lake();
    let wrong = |sql: &str| {
        let error = lake.error(sql);
        assert_eq!(error.code(), "sql_wrong", "{sql}: {error:?}");
        format!("{sql}\n  {error}")
    };
    insta::assert_snapshot!(
        [
            "SELEC 1",
            "SELECT a FROM",
            "SELECT a b c FROM t",
            "SELECT a\nFROM nowhere",
            "SELECT\n  b FROM t",
            "SELECT t.b FROM t",
            "SELECT nofunction(a) FROM t",
            "SELECT range(1, 3)",
            "SELECT a + 'x' FROM t",
            "SELECT 'x'::bigint",
            "SELECT 1 / 0",
            "SELECT a, count(*) FROM t",
            "SELECT 'open",
            "SELECT array_agg(a) OVER (ORDER BY a) FROM t",
            "SELECT struct(1)",
            "SELECT {a: 1}",
        ]
        .map(wrong)
        .join("\n")
    );
}

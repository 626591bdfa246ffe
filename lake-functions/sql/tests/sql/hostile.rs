//! Queries that want to hurt: each ends in an error of its own or in an answer, and the engine
//! answers the next one.

use crate::lake::{Lake, block_on, limits, text};
use sluice_sql::{ResultFormat, SqlError, SqlLimits};
use std::time::Duration;

/// The error's code, or `ok`.
#[track_caller]
fn outcome(sql: &str) -> &'static str {
    outcome_within(Duration::from_secs(2), sql)
}

#[track_caller]
fn outcome_within(timeout: Duration, sql: &str) -> &'static str {
    let lake = Lake::of(&[r#"{"a":1,"s":"text"}"#]);
    let limits = SqlLimits { timeout, sql_bytes_max: 4 << 20, ..limits() };
    let engine = lake.engine(limits);
    let ask = |sql: String| {
        let (engine, lake) = (&engine, &lake);
        async move { text(engine.query(lake.snapshot(), &sql, ResultFormat::Csv).await?).await }
    };
    let code = match block_on(ask(sql.to_owned())) {
        Ok(_) => "ok",
        Err(error) => {
            assert!(!matches!(error, SqlError::Engine(_)), "{error:?}");
            error.code()
        }
    };
    let after = block_on(ask("SELECT a FROM t".to_owned()));
    assert!(after.as_ref().is_ok_and(|csv| csv == "a\n1\n"), "after {sql:.300}: {after:?}");
    code
}

fn chain(link: &str, count: usize) -> String {
    vec!["1"; count].join(link)
}

#[test]
fn deep_statements() {
    let parens = |n: usize| format!("SELECT {}1{}", "(".repeat(n), ")".repeat(n));
    assert_eq!(outcome(&parens(20)), "ok");
    assert_eq!(outcome(&parens(10_000)), "sql_wrong");
    let subqueries =
        |n: usize| format!("SELECT * FROM {}t{}", "(SELECT * FROM ".repeat(n), ")".repeat(n));
    assert_eq!(outcome(&subqueries(10)), "ok");
    assert_eq!(outcome(&subqueries(2_000)), "sql_wrong");
    for deep in ["NOT ", "- ", "CASE WHEN true THEN "] {
        let sql = format!("SELECT {}a FROM t", deep.repeat(2_000));
        assert_eq!(outcome(&sql), "sql_wrong", "{deep}");
    }
}

#[test]
fn long_chains() {
    for link in [" + ", " OR 1 = ", " || ", " UNION ALL SELECT "] {
        assert_eq!(outcome(&format!("SELECT {}", chain(link, 100_000))), "sql_wrong", "{link}");
    }
    assert_eq!(outcome(&format!("SELECT a{} FROM t", "::bigint".repeat(100_000))), "sql_wrong");
    assert_eq!(outcome(&format!("SELECT 1{}", " IS NULL".repeat(100_000))), "sql_wrong");
}

/// The longest chains that are let through must not end the process; whether they are answered in
/// time is another matter.
#[test]
fn the_longest_chains_allowed() {
    for (link, count) in [
        (" + ", 4_990),
        (" || ", 4_990),
        (" OR 1 = ", 1_600),
        (" UNION ALL SELECT ", 1_600),
        (" UNION SELECT ", 1_600),
    ] {
        let code = outcome(&format!("SELECT {}", chain(link, count)));
        assert!(
            ["ok", "sql_timed_out", "sql_wrong", "sql_too_much_memory"].contains(&code),
            "{link}: {code}"
        );
    }
    let casts = format!("SELECT a{} FROM t", "::bigint".repeat(2_400));
    let nulls = format!("SELECT a{} FROM t", " IS NOT NULL".repeat(2_400));
    let joins = format!("SELECT count(*) FROM t{}", " CROSS JOIN t".repeat(500));
    for sql in [casts, nulls, joins] {
        let code = outcome(&sql);
        assert!(["ok", "sql_timed_out", "sql_wrong"].contains(&code), "{code}");
    }
}

#[test]
fn large_statements() {
    let list: Vec<String> = (0..100_000).map(|n| n.to_string()).collect();
    let enough = Duration::from_mins(5);
    let listed = format!("SELECT a FROM t WHERE a IN ({})", list.join(","));
    assert_eq!(outcome_within(enough, &listed), "ok");
    assert_eq!(outcome_within(enough, &format!("SELECT '{}'", "x".repeat(1_000_000))), "ok");
    let columns = vec!["a"; 5_000].join(",");
    let code = outcome(&format!("SELECT {columns} FROM t"));
    assert!(["ok", "sql_timed_out", "sql_wrong"].contains(&code), "{code}");
}

#[test]
fn endless_work() {
    for sql in [
        "SELECT count(*) FROM generate_series(1, 1000000000000) a CROSS JOIN generate_series(1, 1000000000000) b",
        "SELECT count(*) FROM generate_series(1, 100000) a CROSS JOIN generate_series(1, 1000000000000) b WHERE a.value + b.value = 0",
        "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT count(*) FROM r",
        "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n FROM r) SELECT n FROM r",
        "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT a.n FROM r a, r b) SELECT n FROM r",
        "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n FROM r, generate_series(1, 1000)) SELECT n FROM r",
    ] {
        let code = outcome(sql);
        assert!(
            ["sql_timed_out", "sql_too_much_memory", "sql_wrong"].contains(&code),
            "{sql}: {code}"
        );
    }
}

#[test]
fn functions_that_make_much_of_little() {
    for sql in [
        "SELECT repeat('x', 10000000000)",
        "SELECT length(repeat(repeat('x', 10000), 10000))",
        "SELECT repeat(s, 1000000000) FROM t",
        "SELECT repeat('x', 10000000) FROM generate_series(1, 100000)",
        "SELECT lpad('x', 2000000000)",
        "SELECT rpad(s, 2000000000, 'ab') FROM t",
        "SELECT replace(repeat('x', 10000000), 'x', repeat('y', 10000000))",
        "SELECT regexp_replace(repeat('x', 1000000), 'x', repeat('y', 1000000), 'g')",
        "SELECT repeat('x', 1000000), a FROM t",
        "SELECT array_repeat(1, 10000000000)",
        "SELECT array_to_string(string_to_array(repeat('x,', 1000000), ','), repeat('y', 1000000))",
        "SELECT concat_ws(repeat('x', 10000000), 'a', 'b', 'c', 'd')",
    ] {
        let code = outcome_within(Duration::from_mins(2), sql);
        assert_eq!(code, "sql_too_much_memory", "{sql}");
    }
    for sql in [
        "SELECT range(1, 1000000000000)",
        "SELECT unnest(range(1, 1000000000000))",
        "SELECT unnest(generate_series(1, 1000000000000))",
        "SELECT array_resize([1], 10000000000, 1)",
        "SELECT named_struct('a', 1)",
        "SELECT MAP {'a': 1}",
        "SELECT array_agg(value) OVER (ORDER BY value) FROM generate_series(1, 1000000)",
    ] {
        assert_eq!(outcome(sql), "sql_wrong", "{sql}");
    }
}

/// Each step doubles the one before it.
#[test]
fn doubling() {
    for (first, step) in [
        ("'xxxxxxxx'", "v || v"),
        ("'xxxxxxxx'", "concat(v, v)"),
        ("arrow_cast('xxxxxxxx', 'LargeUtf8')", "v || v"),
        ("arrow_cast('xxxxxxxx', 'Utf8View')", "v || v"),
        ("[1]", "array_concat(v, v)"),
        ("[1]", "v || v"),
        ("[1]", "[v, v]"),
        ("'x'", "make_array(v, v)"),
    ] {
        let steps: Vec<String> =
            (1..40).map(|n| format!("c{n} AS (SELECT {step} AS v FROM c{})", n - 1)).collect();
        let sql =
            format!("WITH c0 AS (SELECT {first} AS v), {} SELECT v FROM c39", steps.join(","));
        let code = outcome(&sql);
        assert!(
            ["sql_too_much_memory", "sql_wrong", "sql_timed_out"].contains(&code),
            "{step}: {code}"
        );
    }
}

#[test]
fn large_lists_taken_apart() {
    let list = "string_to_array(repeat('a,', 500000), ',')";
    let code = outcome(&format!(
        "SELECT count(*) FROM (SELECT unnest(l) AS x, s FROM (SELECT {list} AS l, repeat('y', 10000000) AS s))"
    ));
    assert!(["ok", "sql_too_much_memory", "sql_timed_out"].contains(&code), "{code}");
}

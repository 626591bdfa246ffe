//! What tables and views hold.

use crate::lake::Lake;
use sluice_sql::SqlError;

#[test]
fn every_kind_has_its_value() {
    let record = r#"{"b":true,"i":-9223372036854775808,"d":1.5e300,"n":18446744073709551616,"s":"x\ny","j":[1,"x"],"l":[1,null,3],"ll":[[1.5],[]],"ls":["a",null],"lb":[true]}"#;
    let mut lake = Lake::with_settings("tables: {t: {timestamps: [/at]}}");
    lake.post("t", 0, &format!("{record}\n{{\"at\":\"2026-01-02T03:04:05Z\"}}"));
    lake.check(
        "SELECT b, i, d, n, s = 'x' || chr(10) || 'y' AS s, j, l, ll, ls, lb FROM t WHERE b",
        r#"b,i,d,n,s,j,l,ll,ls,lb
        true,-9223372036854775808,1.5e+300,18446744073709551616,true,"[1,""x""]","[1,null,3]","[[1.5],[]]","[""a"",null]",[true]"#,
    );
    lake.check("SELECT at, _row FROM t WHERE b IS NULL", "at,_row\n2026-01-02T03:04:05.000Z,1");
    lake.check(
        "SELECT _id, _row, _received_at, _principal, _rest, ingest_date FROM t WHERE b",
        "_id,_row,_received_at,_principal,_rest,ingest_date
        d0,0,2026-02-03T04:05:06.789Z,ann,,2026-02-03",
    );
    lake.check("SELECT l[3] AS x, array_length(ll) AS n FROM t WHERE b", "x,n\n3,2");
    lake.check("SELECT x FROM (SELECT unnest(l) AS x FROM t) WHERE x > 1", "x\n3");
}

#[test]
fn conflicts_stand_beside_each_other_and_numbers_are_one() {
    let lake = Lake::of(&[r#"{"p":1,"q":1}"#, r#"{"p":"x","q":2.5}"#]);
    lake.check("SELECT p, p__string, q FROM t ORDER BY q", "p,p__string,q\n1,,1.0\n,x,2.5");
    lake.check(
        "SELECT q, q__double, tier FROM lake_files.t ORDER BY q__double",
        "q,q__double,tier\n,2.5,live\n1,,live",
    );
    lake.check("SELECT sum(q) AS s FROM t WHERE q > 0.5", "s\n3.5");
}

#[test]
fn numbers_that_a_double_would_round_are_two_columns() {
    let lake = Lake::of(&[r#"{"a":9007199254740993}"#, r#"{"a":2.5}"#]);
    lake.check("SELECT a, a__double FROM t ORDER BY a", "a,a__double\n9007199254740993,\n,2.5");
}

#[test]
fn child_tables_join() {
    let lake = Lake::of(&[r#"{"name":"o","items":[{"sku":"a","n":2},{"sku":"b","n":3}]}"#]);
    lake.check(
        "SELECT t.name, i.sku, i._index, i._path FROM t JOIN t__items i USING (_id, _row) ORDER BY i._index",
        "name,sku,_index,_path\no,a,0,0\no,b,1,1",
    );
    lake.check("SELECT sum(n) AS n FROM lake_files.t__items", "n\n5");
}

#[test]
fn older_parts_lack_newer_columns() {
    let lake = Lake::of(&[r#"{"a":1}"#, r#"{"a":2,"b":"x"}"#, r#"{"c":[1]}"#]);
    lake.check("SELECT a, b, c FROM t ORDER BY _id", "a,b,c\n1,,\n2,x,\n,,[1]");
    lake.check("SELECT a FROM t WHERE b = 'x'", "a\n2");
    lake.check("SELECT count(b) AS b, count(*) AS n FROM t WHERE c IS NULL", "b,n\n1,2");
}

#[test]
fn rejects_are_rows() {
    let lake = Lake::of(&["{\"a\":1}\n{\"a\":\n"]);
    lake.check(
        "SELECT _id, _row, table_name, code, content FROM sluice_rejects",
        "_id,_row,table_name,code,content\nd0,1,t,malformed_json,\"{\"\"a\"\":\"",
    );
    lake.check("SELECT count(*) AS n FROM lake_files.sluice_rejects WHERE tier = 'live'", "n\n1");
}

#[test]
fn a_table_without_parts_is_empty() {
    let lake = Lake::of(&["[", "[1]"]);
    lake.check("SELECT * FROM t", "_id,_row,_received_at,_principal,_rest,ingest_date");
    lake.check("SELECT count(*) AS n FROM t", "n\n0");
    let nothing = Lake::new();
    nothing.check("SELECT count(*) AS n FROM sluice_rejects", "n\n0");
}

#[test]
fn names_fold_to_lower_case_and_lake_is_the_default() {
    let mut lake = Lake::new();
    lake.post("myTable", 0, r#"{"A":1}"#);
    for from in ["myTable", "MYTABLE", "lake.mytable", "sluice.lake.mytable", "lake_files.myTable"]
    {
        lake.check(&format!("SELECT A FROM {from}"), "a\n1");
    }
}

#[test]
fn the_information_schema_shows_everything() {
    let lake = Lake::of(&[r#"{"a":1,"c":[{"x":1}]}"#]);
    lake.check(
        "SELECT table_schema, table_name, table_type FROM information_schema.tables
         WHERE table_schema <> 'information_schema' ORDER BY 1, 2",
        "table_schema,table_name,table_type
        lake,sluice_rejects,VIEW
        lake,t,VIEW
        lake,t__c,VIEW
        lake_files,sluice_rejects,BASE TABLE
        lake_files,t,BASE TABLE
        lake_files,t__c,BASE TABLE",
    );
    for sql in ["SHOW TABLES", "DESCRIBE t", "SHOW COLUMNS FROM t", "EXPLAIN SELECT * FROM t"] {
        assert!(
            !crate::lake::block_on(lake.query(sql, sluice_sql::ResultFormat::Json))
                .unwrap()
                .is_empty()
        );
    }
}

#[test]
fn a_damaged_part_is_named_and_hurts_only_its_table() {
    let many: String = (0..3_000).map(|i| format!("{{\"a\":{i},\"b\":\"x{i}\"}}\n")).collect();
    let damages: [fn(&mut Vec<u8>); 3] = [
        |bytes| bytes.truncate(bytes.len() / 2),
        |bytes| bytes.clear(),
        // The pages, not the footer.
        |bytes| bytes[4..1_000].fill(0xff),
    ];
    for damage in damages {
        let mut lake = Lake::of(&[&many]);
        lake.post("other", 0, r#"{"a":1}"#);
        let key = lake.keys("t")[0].clone();
        let mut bytes = std::fs::read(lake.path(&key)).unwrap();
        damage(&mut bytes);
        std::fs::write(lake.path(&key), bytes).unwrap();
        let error = lake.error("SELECT * FROM t");
        assert!(matches!(&error, SqlError::Lake { part, .. } if *part == key), "{error:?}");
        assert_eq!(error.code(), "sql_part_unreadable");
        lake.check("SELECT a FROM other", "a\n1");
    }
    let lake = Lake::of(&[r#"{"a":1}"#]);
    let key = lake.keys("t")[0].clone();
    std::fs::remove_file(lake.path(&key)).unwrap();
    let error = lake.error("SELECT a FROM t");
    assert!(matches!(&error, SqlError::Lake { part, .. } if *part == key), "{error:?}");
}

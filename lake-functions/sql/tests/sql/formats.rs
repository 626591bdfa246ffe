//! The four formats.

use crate::lake::{Lake, block_on, bytes, limits};
use datafusion::arrow::array::AsArray;
use datafusion::arrow::datatypes::DataType;
use datafusion::arrow::ipc::reader::StreamReader;
use insta::assert_snapshot;
use sluice_sql::ResultFormat;

fn lake() -> Lake {
    let mut lake = Lake::with_settings("tables: {t: {timestamps: [/at]}}");
    let records = [
        r#"{"i":9007199254740993,"d":0.1,"s":"a\"b,c","b":true,"at":"2026-01-02T03:04:05.006Z","l":[1,null],"ll":[["x"],[]]}"#,
        r#"{"s":""}"#,
    ];
    lake.post("t", 0, &records.join("\n"));
    lake
}

const ALL: &str = "SELECT i, d, s, b, at, l, ll FROM t ORDER BY _row";

#[track_caller]
fn answer(sql: &str, format: ResultFormat) -> String {
    block_on(lake().query(sql, format)).unwrap_or_else(|error| panic!("{sql}: {error:?}"))
}

#[test]
fn json() {
    assert_snapshot!(answer(ALL, ResultFormat::Json));
    assert_snapshot!(answer("SELECT i FROM t WHERE false", ResultFormat::Json), @r#"{"success":true,"data":{"columns":[{"name":"i","type":"bigint"}],"rows":[]}}"#);
}

#[test]
fn ndjson() {
    assert_snapshot!(answer(ALL, ResultFormat::Ndjson));
}

#[test]
fn csv() {
    assert_snapshot!(answer(ALL, ResultFormat::Csv));
}

#[test]
fn arrow() {
    let lake = lake();
    let engine = lake.engine(limits());
    let stream = block_on(async {
        let answer = engine.query(lake.snapshot(), ALL, ResultFormat::Arrow).await.unwrap();
        assert_eq!(answer.content_type, "application/vnd.apache.arrow.stream");
        bytes(answer).await.unwrap()
    });
    let reader = StreamReader::try_new(&stream[..], None).unwrap();
    assert_eq!(reader.schema().field(2).data_type(), &DataType::Utf8);
    let batches: Vec<_> = reader.map(Result::unwrap).collect();
    assert_eq!(batches.iter().map(|batch| batch.num_rows()).sum::<usize>(), 2);
    assert_eq!(batches[0].column(2).as_string::<i32>().value(0), "a\"b,c");
}

#[test]
fn types_that_only_sql_makes() {
    let sql = "SELECT 'NaN'::double AS nan, 1::double / 0 AS inf, DATE '2026-01-02' AS day,
               TIMESTAMP '2026-01-02 03:04:05.5' AS at, 1.50::decimal(9,2) AS dec, NULL AS nothing,
               count(*) AS n, 'NaN'::float AS small, row_number() OVER () AS r,
               INTERVAL '1 day' AS span, x'ff' AS bin, arrow_cast('a', 'Dictionary(Int8, Utf8)') AS dict";
    assert_snapshot!(answer(sql, ResultFormat::Json));
    assert_snapshot!(answer(
        "SELECT 'NaN'::double AS nan, 1::double / 0 AS inf",
        ResultFormat::Csv
    ));
}

#[test]
fn columns_of_one_name_are_told_apart() {
    let sql = "SELECT a._id, b._id, a._row AS _id_2 FROM t a JOIN t b USING (_row) ORDER BY a._row LIMIT 1";
    assert_snapshot!(answer(sql, ResultFormat::Ndjson), @r#"{"_id":"d0","_id_3":"d0","_id_2":0}"#);
    let sql = "SELECT * FROM (SELECT i FROM t LIMIT 1) a, (SELECT 1 AS i) b";
    assert_snapshot!(answer(sql, ResultFormat::Csv), @"
    i,i_2
    9007199254740993,1
    ");
}

#[test]
fn long_answers_come_in_pieces() {
    for format in [ResultFormat::Json, ResultFormat::Ndjson, ResultFormat::Csv] {
        let text =
            answer("SELECT value AS v, 'some text' AS t FROM generate_series(1, 100000)", format);
        assert_eq!(text.matches("some text").count(), 100_000, "{format:?}");
    }
}

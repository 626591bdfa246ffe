//! Bytes that are no JSON, or hardly.

use super::Attack;
use crate::generate::batches::gzip;
use crate::reader::post::Posted;
use sluice_normalizer::{Encoding, Form};

pub fn attacks() -> Vec<Attack> {
    vec![
        Attack::json("invalid UTF-8 in a value", &b"{\"a\":\"\xff\"}"[..])
            .rejected("invalid_utf8", 1)
            .read_back(),
        Attack::json("invalid UTF-8 in a key", &b"{\"\xc3\x28\":1}"[..])
            .rejected("invalid_utf8", 1)
            .read_back(),
        Attack::lines(
            "invalid UTF-8 in a line",
            &b"{\"a\":1}\n{\"a\":\"\xed\xa0\x80\"}\n{\"a\":2}"[..],
        )
        .rejected("invalid_utf8", 1)
        .read_back(),
        Attack::lines(
            "lone surrogates",
            r#"{"a":"\ud800"}
{"a":"\udfff"}
{"\ud800":1}
{"a":"\ud800\u0041"}
{"a":"\ud83d\ude00"}"#,
        )
        .rejected("malformed_json", 4)
        .read_back(),
        Attack::lines(
            "NUL",
            &b"{\"a\":\"\\u0000\",\"\\u0000\":1}\n{\"a\":\"\0\"}\n\0\n{\"a\":1}\0"[..],
        )
        .rejected("malformed_json", 3)
        .read_back(),
        Attack::lines("BOM", &b"\xef\xbb\xbf{\"a\":1}\n\xef\xbb\xbf{\"a\":2}"[..])
            .rejected("malformed_json", 1)
            .read_back(),
        Attack::json("BOM before an array", &b"\xef\xbb\xbf[{\"a\":1}]"[..]).read_back(),
        Attack::json("UTF-16", &b"\xff\xfe{\0}\0"[..]).rejected("malformed_json", 1).read_back(),
        Attack::json("nothing", &b""[..]).rejected("malformed_json", 1).read_back(),
        Attack::lines("10 MB of blank lines", "\n".repeat(9_900_000))
            .rejected("no_records", 1)
            .factor(3),
        Attack::json("10 MB of white space", " ".repeat(9_900_000))
            .rejected("malformed_json", 1)
            .factor(3),
        Attack::json("more than 10 MB", " ".repeat(10_000_001))
            .rejected("document_too_large", 1)
            .factor(3),
        gzipped("gzip bomb", gzip(&vec![b' '; 400_000_000])).rejected("document_too_large", 1),
        gzipped("gzip cut short", gzip(&b"{\"a\":1}".repeat(1000))[..40].to_vec())
            .rejected("bad_content_encoding", 1)
            .read_back(),
        gzipped("no gzip", b"{\"a\":1}".to_vec()).rejected("bad_content_encoding", 1).read_back(),
        Attack::json(
            "array broken at its end",
            format!("[{}", "{\"a\":1,\"b\":[{\"c\":1}]},".repeat(400_000)),
        )
        .rejected("malformed_json", 1)
        .factor(20),
        Attack::lines("5 million broken lines of two bytes", "{\n".repeat(4_950_000))
            .rejected("malformed_json", 4_950_000)
            .factor(60),
        Attack::json(
            "5 million elements that are no object",
            format!("[{}1]", "1,".repeat(4_900_000)),
        )
        .rejected("not_an_object", 4_900_001)
        .factor(60),
    ]
}

fn gzipped(name: &'static str, body: Vec<u8>) -> Attack {
    let posted = Posted { encoding: Encoding::Gzip, ..Posted::new("hostile", Form::Json, body) };
    Attack::json(name, "").documents(vec![posted])
}

//! Mapping templates: files of `templates/`, joined to one line, with the contract's rules in place.
//!
//! What a template prints is the body of a request, to the byte; line ends between directives would be
//! in it. Templates keep to methods of `java.lang.String` that are known to work on API Gateway, and to
//! those that emulators know: `length`, `matches`, `replaceAll`, `substring`, `indexOf`, `contains`.

use super::contract::Contract;
use crate::intrinsic::join;
use serde_json::{Value, json};

const TABLE: &str = include_str!("templates/table.vtl");
const POSTED_ID: &str = include_str!("templates/posted_id.vtl");
const FOLD_ID: &str = include_str!("templates/fold_id.vtl");
const OBJECT: &str = include_str!("templates/object.vtl");
const FIND: &str = include_str!("templates/find.vtl");
const DOCUMENT: &str = include_str!("templates/document.vtl");

const UUID: &str = "[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}";
const CANONICAL_UUID: &str = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}";

/// Of a document id, as the ledger has it.
const ID_CHARS_MAX: u32 = 128;

/// Of a document's body, as the contract tells.
const DOCUMENT_BYTES_MAX: u64 = 10_000_000;
/// Of the largest body. A body of one or two bytes more has as many, but less padding.
const BASE64_CHARS_MAX: u64 = DOCUMENT_BYTES_MAX.div_ceil(3) * 4;
const _: () = assert!(DOCUMENT_BYTES_MAX % 3 == 1, "the largest body's base64 ends in ==");

/// Of a posted document: the request to S3.
pub(super) fn posted(contract: &Contract) -> String {
    filled(&[TABLE, POSTED_ID, OBJECT].concat(), contract)
}

/// Of a document put under an id: the request to S3.
pub(super) fn put(contract: &Contract) -> String {
    filled(&[TABLE, FOLD_ID, OBJECT].concat(), contract)
}

/// The query of the ledger for a document.
pub(super) fn find(contract: &Contract, ledger_table: &Value) -> Value {
    let text = filled(&[TABLE, FIND].concat(), contract);
    let (before, after) = text.split_once("{{ledger_table}}").expect("find.vtl names the table");
    match ledger_table {
        Value::String(name) => json!(format!("{before}{name}{after}")),
        intrinsic => join(&[json!(before), intrinsic.clone(), json!(after)]),
    }
}

/// The answer made of a ledger item.
pub(super) fn document() -> String {
    one_line(DOCUMENT)
}

fn filled(template: &str, contract: &Contract) -> String {
    one_line(template)
        .replace("{{table_pattern}}", &contract.table_pattern)
        .replace("{{table_chars_max}}", &contract.table_chars_max.to_string())
        .replace("{{canonical_uuid}}", CANONICAL_UUID)
        .replace("{{uuid}}", UUID)
        .replace("{{id_chars_max}}", &ID_CHARS_MAX.to_string())
        .replace("{{base64_chars_max}}", &BASE64_CHARS_MAX.to_string())
        .replace("{{padding_at}}", &(BASE64_CHARS_MAX - 2).to_string())
}

/// Without comments, indentation and line ends.
fn one_line(template: &str) -> String {
    template.lines().map(str::trim).filter(|line| !line.starts_with("##")).collect()
}

#[cfg(test)]
mod tests {
    use super::{document, find, posted, put};
    use crate::api::contract::Contract;
    use serde_json::json;

    #[test]
    fn templates_are_whole_and_print_nothing_but_the_body() {
        let contract = Contract::read();
        let find = find(&contract, &json!("ledger"));
        let texts = [posted(&contract), put(&contract), document(), find.as_str().unwrap().into()];
        for text in texts {
            assert!(!text.contains("{{"), "{text}");
            assert!(!text.contains('\n'), "{text}");
            assert!(!text.contains("##"), "a comment would swallow the rest: {text}");
            let ends = text.matches("#end").count();
            let starts = text.matches("#if(").count() + text.matches("#foreach(").count();
            assert_eq!(starts, ends, "{text}");
            assert!(
                !text.contains("#else")
                    || text.replace("#elseif", "").matches("#else").count() == 0,
                "`#else` runs into the text after it: {text}"
            );
        }
    }

    #[test]
    fn the_rules_are_the_contracts() {
        let contract = Contract::read();
        let put = put(&contract);
        assert!(put.contains(r#"$table.matches("[A-Za-z](_?[A-Za-z0-9])*") == false"#), "{put}");
        assert!(put.contains("$table.length() > 100"), "{put}");
        // 10,000,000 bytes are 13,333,336 characters of which the last two are padding.
        assert!(put.contains("> 13333336 ||"), "{put}");
        assert!(put.contains("$body.substring(13333334) != \"==\""), "{put}");
    }

    #[test]
    fn the_ledgers_name_may_be_an_intrinsic() {
        let found = find(&Contract::read(), &json!({"Ref": "Ledger"}));
        let parts = found["Fn::Join"][1].as_array().expect("a join");
        assert!(parts[0].as_str().unwrap().ends_with(r#"{"TableName":""#));
        assert_eq!(parts[1], json!({"Ref": "Ledger"}));
        assert!(parts[2].as_str().unwrap().starts_with(r#"","ConsistentRead":true"#));
    }
}

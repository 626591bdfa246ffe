//! What an ingress object's metadata says of its document.
//!
//! The gateway writes it without code, so anything can stand there. What is wrong with it becomes a
//! reject of the document ([`HeadFault`]), never an error: an error would be tried for ever.

use crate::encoded_word;
use sluice_normalizer::{DocumentId, Encoding, Form, TableName, ingest_date};
use sluice_pipeline::{DocumentHead, HeadFault};
use std::collections::HashMap;

/// 9999-12-31T23:59:59.999Z, milliseconds: times past it have no partition.
const LAST_MS: i64 = 253_402_300_799_999;

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// What is known of an ingress object besides its bytes.
pub(crate) struct ObjectHead<'o> {
    pub(crate) metadata: Option<&'o HashMap<String, String>>,
    /// When S3 wrote it, milliseconds since 1970.
    pub(crate) last_modified_ms: Option<i64>,
}

/// The head of a document. `bytes`: of its body.
pub(crate) fn document_head(id: DocumentId, object: &ObjectHead<'_>, bytes: u64) -> DocumentHead {
    let value = |name: &str| object.metadata?.get(name).map(|value| encoded_word::decode(value));
    let posted = value("table").unwrap_or_default();
    let (table, no_table) = match TableName::parse(&posted) {
        Ok(table) => (table, None),
        Err(_) => {
            let posted = posted.into_owned();
            (TableName::of_rejects(), Some(HeadFault::TableName { posted }))
        }
    };
    let form = form(&value("content-type").unwrap_or_default());
    let encoding = encoding(&value("content-encoding").unwrap_or_default());
    let fault = no_table
        .or(form.is_none().then_some(HeadFault::MediaType))
        .or(encoding.is_none().then_some(HeadFault::ContentEncoding));
    let time = value("request-time-epoch").and_then(|text| text.trim().parse().ok());
    DocumentHead {
        id,
        table,
        received_at_ms: time
            .filter(|ms| (0..=LAST_MS).contains(ms))
            .or(object.last_modified_ms)
            .unwrap_or(0),
        principal: value("principal").filter(|text| !text.is_empty()).map(|text| text.into_owned()),
        form: form.unwrap_or(Form::Json),
        encoding: encoding.unwrap_or(Encoding::Identity),
        bytes,
        fault,
    }
}

/// The metadata of a document, as the gateway writes it. None when its form is none that is posted.
pub(crate) fn metadata(head: &DocumentHead) -> Option<HashMap<String, String>> {
    let table = match &head.fault {
        Some(HeadFault::TableName { posted }) => posted,
        _ => head.table.as_str(),
    };
    let content_type = match head.form {
        Form::Json => "application/json",
        Form::Ndjson => "application/x-ndjson",
        Form::Elements => return None,
    };
    let content_encoding = match head.encoding {
        Encoding::Identity => "",
        Encoding::Gzip => "gzip",
    };
    let values = [
        ("table", table),
        ("request-time", &common_log_time(head.received_at_ms)),
        ("request-time-epoch", &head.received_at_ms.to_string()),
        ("content-type", content_type),
        ("content-encoding", content_encoding),
        ("principal", head.principal.as_deref().unwrap_or_default()),
    ];
    let told = values.into_iter().filter(|(_, value)| !value.is_empty());
    Some(told.map(|(name, value)| (name.into(), encoded_word::encode(value).into())).collect())
}

/// As the door of one machine judges it.
fn form(content_type: &str) -> Option<Form> {
    let mut parts = content_type.split(';').map(str::trim);
    let media_type = parts.next().unwrap_or_default();
    for part in parts {
        let Some((name, value)) = part.split_once('=') else { continue };
        let value = value.trim().trim_matches('"');
        let utf8 = value.eq_ignore_ascii_case("utf-8") || value.eq_ignore_ascii_case("utf8");
        if name.trim().eq_ignore_ascii_case("charset") && !utf8 {
            return None;
        }
    }
    match media_type.to_ascii_lowercase().as_str() {
        "application/json" => Some(Form::Json),
        "application/x-ndjson" => Some(Form::Ndjson),
        _ => None,
    }
}

/// As the door of one machine judges it.
fn encoding(content_encoding: &str) -> Option<Encoding> {
    match content_encoding.trim().to_ascii_lowercase().as_str() {
        "gzip" | "x-gzip" => Some(Encoding::Gzip),
        "" | "identity" => Some(Encoding::Identity),
        _ => None,
    }
}

/// `27/Feb/2021:16:17:38 +0000`: `$context.requestTime` of the gateway.
fn common_log_time(ms: i64) -> String {
    let date = ingest_date(ms);
    let (year, month, day) = (&date[..4], &date[5..7], &date[8..]);
    let month = month.parse().ok().and_then(|n: usize| MONTHS.get(n.checked_sub(1)?));
    let month = month.expect("a date has a month");
    let second = ms.div_euclid(1_000).rem_euclid(86_400);
    let (hours, minutes, seconds) = (second / 3_600, second / 60 % 60, second % 60);
    format!("{day}/{month}/{year}:{hours:02}:{minutes:02}:{seconds:02} +0000")
}

#[cfg(test)]
mod tests {
    use super::{ObjectHead, common_log_time, document_head};
    use sluice_normalizer::DocumentId;
    use std::collections::HashMap;

    fn told(pairs: &[(&str, &str)]) -> String {
        let metadata: HashMap<String, String> =
            pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let object = ObjectHead { metadata: Some(&metadata), last_modified_ms: Some(7_000) };
        let id = DocumentId::parse("a").expect("an id");
        let head = document_head(id, &object, 3);
        let principal = head.principal.as_deref().unwrap_or("-");
        let (table, time, form) = (&head.table, head.received_at_ms, head.form);
        format!("{table} {time} {principal} {form:?} {:?} {:?}", head.encoding, head.fault)
    }

    #[test]
    fn metadata_is_read_whatever_it_says() {
        let json = ("content-type", "application/json; charset=utf-8");
        let table = ("table", "myTable");
        let time = ("request-time-epoch", "1614442658000");
        assert_eq!(
            told(&[table, json, time, ("principal", "=?UTF-8?Q?gr=C3=BCn?=")]),
            "mytable 1614442658000 grün Json Identity None"
        );
        let gzip = [table, ("content-type", "Application/X-NDJSON"), ("content-encoding", "GZip")];
        assert_eq!(told(&gzip), "mytable 7000 - Ndjson Gzip None");
        for time in ["", "tomorrow", "-1", "99999999999999999", "1e3"] {
            let got = told(&[table, json, ("request-time-epoch", time)]);
            assert_eq!(got, "mytable 7000 - Json Identity None", "{time}");
        }
        let faults = [
            (vec![], "sluice_rejects 7000 - Json Identity Some(TableName { posted: \"\" })"),
            (
                vec![("table", "a-b"), ("content-encoding", "br")],
                "sluice_rejects 7000 - Json Identity Some(TableName { posted: \"a-b\" })",
            ),
            (vec![table], "mytable 7000 - Json Identity Some(MediaType)"),
            (
                vec![table, ("content-type", "text/csv")],
                "mytable 7000 - Json Identity Some(MediaType)",
            ),
            (
                vec![table, ("content-type", "application/json; charset=latin1")],
                "mytable 7000 - Json Identity Some(MediaType)",
            ),
            (
                vec![table, json, ("content-encoding", "gzip, gzip")],
                "mytable 7000 - Json Identity Some(ContentEncoding)",
            ),
        ];
        for (pairs, expected) in faults {
            assert_eq!(told(&pairs), expected);
        }
    }

    #[test]
    fn times_are_written_as_the_gateway_does() {
        assert_eq!(common_log_time(1_614_442_658_999), "27/Feb/2021:16:17:38 +0000");
        assert_eq!(common_log_time(0), "01/Jan/1970:00:00:00 +0000");
    }
}

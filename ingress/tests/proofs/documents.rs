//! Documents of every sort that the door accepts. Every record, broken ones too, says in its text
//! which document it is of.

use crate::reader::corpus::Seeded;
use sluice_normalizer::Form;
use std::io::Write;

pub(crate) const TABLES: [&str; 3] = ["alpha", "beta_2", "gamma"];

/// Records of a large document.
const MANY: usize = 150;

#[derive(Debug, Clone)]
pub(crate) struct Document {
    pub(crate) table: &'static str,
    /// The id that a PUT chooses.
    pub(crate) id: Option<String>,
    pub(crate) form: Form,
    pub(crate) gzip: bool,
    /// Not compressed.
    pub(crate) body: Vec<u8>,
}

impl Document {
    /// `number`: no two documents of a folder share it.
    pub(crate) fn generate(number: u64, seeded: &mut Seeded) -> Self {
        let table = TABLES[seeded.below(TABLES.len())];
        let id = (seeded.below(2) == 0).then(|| uuid(seeded));
        let records = match seeded.below(20) {
            0 => MANY,
            _ => 1 + seeded.below(5),
        };
        let (form, body) = match seeded.below(4) {
            0 => (Form::Json, object(&mark(number, 0), seeded)),
            1 => {
                let elements: Vec<String> =
                    (0..records).map(|at| element(&mark(number, at), seeded)).collect();
                (Form::Json, format!("[{}]", elements.join(",")))
            }
            _ => {
                let lines = (0..records).map(|at| line(&mark(number, at), seeded) + "\n");
                (Form::Ndjson, lines.collect())
            }
        };
        let gzip = seeded.below(4) == 0;
        Document { table, id, form, gzip, body: body.into_bytes() }
    }

    pub(crate) fn content_type(&self) -> &'static str {
        if self.form == Form::Ndjson { "application/x-ndjson" } else { "application/json" }
    }

    /// The body as it is sent.
    pub(crate) fn sent_body(&self) -> Vec<u8> {
        if !self.gzip {
            return self.body.clone();
        }
        let level = flate2::Compression::fast();
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), level);
        encoder.write_all(&self.body).expect("a Vec takes all bytes");
        encoder.finish().expect("a Vec takes all bytes")
    }
}

/// What the record at `at` says about where it comes from.
fn mark(number: u64, at: usize) -> String {
    format!("d{number}.{at}")
}

/// The document that a record's text comes from.
pub(crate) fn number_in(text: &str) -> Option<u64> {
    text.split('d').find_map(|after| {
        let (digits, _) = after.split_once('.')?;
        digits.parse().ok()
    })
}

fn uuid(seeded: &mut Seeded) -> String {
    let bits = (u128::from(seeded.next()) << 64) | u128::from(seeded.next());
    uuid::Builder::from_random_bytes(bits.to_be_bytes()).into_uuid().to_string()
}

fn line(mark: &str, seeded: &mut Seeded) -> String {
    match seeded.below(8) {
        0 => format!("{{\"m\":\"{mark}\",\"n\":"),
        1 => format!("\"{mark}\""),
        _ => object(mark, seeded),
    }
}

fn element(mark: &str, seeded: &mut Seeded) -> String {
    if seeded.below(6) == 0 { format!("[\"{mark}\"]") } else { object(mark, seeded) }
}

/// Its column `v` changes its type, `k…` are new columns now and then, `items` are child rows.
fn object(mark: &str, seeded: &mut Seeded) -> String {
    const VALUES: [&str; 12] = [
        "7",
        "-3",
        "1.5",
        "9007199254740993",
        "18446744073709551616",
        "\"text\"",
        "true",
        "null",
        "[1,2,null]",
        "[\"a\",1]",
        "{\"deep\":{\"er\":[]},\"x\":1e3}",
        "[{\"e\":1},[{\"f\":2.5}],\"g\"]",
    ];
    let value = VALUES[seeded.below(VALUES.len())];
    let (key, number) = (seeded.below(40), seeded.below(1_000));
    let items: Vec<String> = (0..seeded.below(3)).map(|at| item(mark, at, seeded)).collect();
    let items = items.join(",");
    format!(
        "{{\"m\":\"{mark}\",\"n\":{number},\"v\":{value},\"k{key}\":{number},\"items\":[{items}]}}"
    )
}

fn item(mark: &str, at: usize, seeded: &mut Seeded) -> String {
    match seeded.below(4) {
        0 => format!("{{\"of\":\"{mark}-{at}\",\"parts\":[{{\"z\":{at}}},{{\"z\":\"{at}\"}}]}}"),
        1 => format!("{{\"of\":{at}}}"),
        _ => format!("{{\"of\":\"{mark}-{at}\",\"q\":{}}}", seeded.below(9)),
    }
}

#[test]
fn every_record_names_its_document() {
    let mut seeded = Seeded::new(1);
    for number in 0..200 {
        let document = Document::generate(number, &mut seeded);
        let text = String::from_utf8(document.body).expect("UTF-8");
        assert_eq!(number_in(&text), Some(number), "{text}");
    }
}

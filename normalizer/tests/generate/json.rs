//! Random JSON texts: nasty keys, nasty numbers, duplicate keys, type changes.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// A JSON text in the making. Unlike a `Value` it keeps number texts and duplicate keys.
#[derive(Debug, Clone)]
pub enum Json {
    /// Literal text: null, booleans, numbers.
    Bare(String),
    Text(String),
    Array(Vec<Json>),
    Object(Vec<(String, Json)>),
    /// The value inside so many arrays (false) or objects with the key `d` (true).
    Deep(usize, bool, Box<Json>),
}

/// Few keys, so that the same paths come again with other kinds. `ig`, `js` and `ts` are those that
/// settings speak of.
fn key() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => select(vec!["a", "b", "c", "A", "items", "x"]).prop_map(str::to_owned),
        3 => select(vec!["ig", "js", "ts", "dec"]).prop_map(str::to_owned),
        3 => select(NASTY_KEYS.to_vec()).prop_map(str::to_owned),
        1 => (0..3_usize, 150..400_usize)
            .prop_map(|(which, len)| ["k", "é", "_"][which].repeat(len)),
        1 => any::<String>().prop_filter("serde_json's own", |k| !k.starts_with("$serde_json")),
    ]
}

const NASTY_KEYS: &[&str] = &[
    "",
    " ",
    "_",
    "__",
    "a__b",
    "b__bigint",
    "a__string",
    "_id",
    "_ID",
    "_row",
    "_rest",
    "_value",
    "_index",
    "_path",
    "_parent",
    "_received_at",
    "_principal",
    "tier",
    "ingest_date",
    "~",
    "/",
    "~1",
    "a/b",
    "0",
    "1",
    "01",
    "9z",
    "-",
    "é",
    "e",
    "É",
    "日本",
    "😀",
    "\u{0}",
    "\n",
    "\"",
    "\\",
    "'",
    "`",
    "İ",
    "ß",
    "*",
    "a.b",
    "_empty",
    "list",
    "element",
    "\u{feff}",
    "NULL",
    "items__a",
];

/// Numbers of every kind, as text.
pub fn number() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => (-3_i64..100).prop_map(|n| n.to_string()),
        1 => any::<i64>().prop_map(|n| n.to_string()),
        2 => (-1000_i64..1000, 0_u32..1000).prop_map(|(a, b)| format!("{a}.{b}")),
        1 => any::<f64>().prop_filter("finite", |f| f.is_finite()).prop_map(|f| format!("{f:e}")),
        1 => "-?[1-9][0-9]{14,40}",
        // More digits than the parser below takes at once, or than any double has.
        1 => (4_290..4_310_usize, select(vec!["", "e-4300", ".5", "e5", "e-4000"]))
            .prop_map(|(zeros, end)| format!("1{}{end}", "0".repeat(zeros))),
        1 => "-?[0-9]\\.[0-9]{1,40}",
        1 => "-?[1-9]\\.[0-9]{0,18}[1-9][eE][+-]?[0-9]{1,3}",
        3 => select(NASTY_NUMBERS.to_vec()).prop_map(str::to_owned),
    ]
}

const NASTY_NUMBERS: &[&str] = &[
    "-0",
    "-0.0",
    "0.0",
    "0e0",
    "-0e5",
    "9007199254740991",
    "9007199254740992",
    "9007199254740993",
    "-9007199254740993",
    "9223372036854775807",
    "-9223372036854775808",
    "9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "1e400",
    "-1e400",
    "1e-400",
    "1e5",
    "1E5",
    "1e+5",
    "1.0",
    "1.10",
    "100",
    "1e22",
    "1e23",
    "0.1",
    "0.30000000000000004",
    "123456789012345678901234567890",
    "3.141592653589793238462643383279",
    "5e-324",
    "2e-324",
    "1.7976931348623157e308",
    "1.7976931348623159e308",
    "100000000000000000000",
    "1e999999999999",
    "0.000000000000000000000000000000000000001",
    "4.35",
    "0.1e1",
];

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => select(vec!["", "a", "b", "1", "true", "null", "x y", "\u{0}", "日本語", "😀", "\\", "\""])
            .prop_map(str::to_owned),
        2 => select(TIMES.to_vec()).prop_map(str::to_owned),
        1 => any::<String>(),
        1 => (1..2000_usize).prop_map(|len| "long ".repeat(len)),
    ]
}

const TIMES: &[&str] = &[
    "2024-01-02T03:04:05Z",
    "2024-01-02T03:04:05.678Z",
    "2024-01-02T03:04:05.6789Z",
    "2024-01-02T03:04:05+02:00",
    "2024-01-02 03:04:05",
    "2024-01-02",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999Z",
    "1969-12-31T23:59:59.999Z",
    "2016-12-31T23:59:60Z",
    "2024-02-30",
    "2024-01-02T03:04:05.000Z",
    "2024-01-02T03:04:05.100Z",
    "0000-12-31T23:00:00-05:00",
];

fn leaf() -> impl Strategy<Value = Json> {
    prop_oneof![
        2 => Just(Json::Bare("null".to_owned())),
        2 => any::<bool>().prop_map(|b| Json::Bare(b.to_string())),
        5 => number().prop_map(Json::Bare),
        5 => text().prop_map(Json::Text),
        1 => Just(Json::Array(Vec::new())),
        1 => Just(Json::Object(Vec::new())),
        1 => vec(number().prop_map(Json::Bare), 0..5).prop_map(Json::Array),
        1 => vec(text().prop_map(Json::Text), 0..5).prop_map(Json::Array),
        1 => vec(vec(number().prop_map(Json::Bare), 0..3).prop_map(Json::Array), 0..4)
            .prop_map(Json::Array),
    ]
}

/// Any JSON.
pub fn value() -> impl Strategy<Value = Json> {
    leaf().prop_recursive(5, 40, 6, |inner| {
        prop_oneof![
            4 => vec((key(), inner.clone()), 0..6).prop_map(Json::Object),
            4 => vec(inner.clone(), 0..5).prop_map(Json::Array),
            1 => (2..9_usize, any::<bool>(), inner)
                .prop_map(|(levels, object, inner)| Json::Deep(levels, object, Box::new(inner))),
        ]
    })
}

/// An object.
pub fn record() -> impl Strategy<Value = Json> {
    let deep = (100..140_usize, any::<bool>(), value());
    prop_oneof![
        40 => vec((key(), value()), 0..7).prop_map(Json::Object),
        1 => deep.prop_map(|(levels, object, inner)| {
            Json::Object(vec![("a".to_owned(), Json::Deep(levels, object, Box::new(inner)))])
        }),
    ]
}

impl Json {
    /// As text; `style` varies white space and escapes.
    pub fn write(&self, style: u8, out: &mut String) {
        let space = if style & 1 == 0 { "" } else { " " };
        match self {
            Json::Bare(text) => out.push_str(text),
            Json::Text(text) => write_string(text, style, out),
            Json::Array(elements) => {
                out.push('[');
                for (i, element) in elements.iter().enumerate() {
                    out.push_str(if i > 0 { "," } else { space });
                    element.write(style, out);
                }
                out.push(']');
            }
            Json::Object(members) => {
                out.push('{');
                for (i, (key, value)) in members.iter().enumerate() {
                    out.push_str(if i > 0 { "," } else { space });
                    write_string(key, style, out);
                    out.push_str(space);
                    out.push(':');
                    out.push_str(space);
                    value.write(style, out);
                }
                out.push('}');
            }
            Json::Deep(levels, object, inner) => {
                let (open, close) = if *object { ("{\"d\":", "}") } else { ("[", "]") };
                out.push_str(&open.repeat(*levels));
                inner.write(style, out);
                out.push_str(&close.repeat(*levels));
            }
        }
    }

    /// As compact text.
    pub fn text(&self, style: u8) -> String {
        let mut out = String::new();
        self.write(style, &mut out);
        out
    }
}

fn write_string(text: &str, style: u8, out: &mut String) {
    if style & 2 == 0 {
        out.push_str(&serde_json::to_string(text).expect("a string"));
        return;
    }
    out.push('"');
    for unit in text.encode_utf16() {
        out.push_str(&format!("\\u{unit:04x}"));
    }
    out.push('"');
}

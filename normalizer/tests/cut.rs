//! Where a file is cut into documents.

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use sluice_normalizer::{Cut, Cutter, Form, InputForm};

const RECORD_BYTES_MAX: usize = 10_000_000;
const OVERSIZE_HEAD_BYTES: usize = 65_536;

/// Cuts `file`, feeding `feed_bytes` at a time, over and over.
fn cuts(
    form: Option<InputForm>,
    document_bytes: usize,
    file: &[u8],
    feed_bytes: &[usize],
) -> Vec<Cut> {
    let mut cuts = Vec::new();
    let mut cutter = Cutter::new(form, document_bytes);
    let mut rest = file;
    for size in feed_bytes.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (fed, left) = rest.split_at((*size).min(rest.len()));
        cutter.feed(fed, &mut |cut| cuts.push(cut));
        rest = left;
    }
    cutter.finish(&mut |cut| cuts.push(cut));
    cuts
}

/// One line a cut: its form, where it begins, and its body.
fn show(cuts: &[Cut]) -> Vec<String> {
    cuts.iter()
        .map(|cut| {
            let (form, body) = (cut.form, String::from_utf8_lossy(&cut.body));
            let body = body.replace('\n', "¶");
            match cut.oversize {
                None => format!("{form:?}@{} {body}", cut.offset),
                Some(total) => format!("{form:?}@{} {} of {total}", cut.offset, cut.body.len()),
            }
        })
        .collect()
}

/// Documents of 20 bytes, unless a record is larger; the form is found out.
#[track_caller]
fn check(file: &str, expected: &[&str]) {
    check_as(None, file, expected);
}

#[track_caller]
fn check_as(form: Option<InputForm>, file: &str, expected: &[&str]) {
    assert_eq!(show(&cuts(form, 20, file.as_bytes(), &[usize::MAX])), expected, "fed at once");
    assert_eq!(show(&cuts(form, 20, file.as_bytes(), &[1])), expected, "fed byte by byte");
}

#[test]
fn ndjson_is_cut_between_lines() {
    // 8 bytes a line: two fit 20 bytes.
    check(
        "{\"a\":1}\n{\"a\":2}\n{\"a\":3}\n{\"a\":4}\n{\"a\":5}",
        &["Ndjson@0 {\"a\":1}¶{\"a\":2}¶", "Ndjson@16 {\"a\":3}¶{\"a\":4}¶", "Ndjson@32 {\"a\":5}"],
    );
    // Exactly 20 bytes, with and without the last newline.
    check("{\"a\":123}\n{\"a\":45}\n", &["Ndjson@0 {\"a\":123}¶{\"a\":45}¶"]);
    check("{\"a\":123}\n{\"a\":456}\n", &["Ndjson@0 {\"a\":123}¶{\"a\":456}¶"]);
    check("{\"a\":123}\n{\"a\":4567}\n", &["Ndjson@0 {\"a\":123}¶", "Ndjson@10 {\"a\":4567}¶"]);
    check("{\"a\":123}\n{\"a\":4567}", &["Ndjson@0 {\"a\":123}¶{\"a\":4567}"]);
    // A longer line is a document of its own.
    check(
        "{\"a\":1}\n{\"a\":\"longer than a document\"}\n{\"a\":3}\n",
        &[
            "Ndjson@0 {\"a\":1}¶",
            "Ndjson@8 {\"a\":\"longer than a document\"}¶",
            "Ndjson@39 {\"a\":3}¶",
        ],
    );
    // Blank lines stay inside a document and are left out before one.
    check(
        "\n\n{\"a\":1}\n\n{\"a\":2}\n  \n\n\n  {\"a\":3}\n\n",
        &["Ndjson@2 {\"a\":1}¶¶{\"a\":2}¶  ¶", "Ndjson@26 {\"a\":3}¶¶"],
    );
}

#[test]
fn a_small_array_stays_whole_also_when_broken() {
    check("[{\"a\":1}, {\"a\":2}]\n", &["Json@0 [{\"a\":1}, {\"a\":2}]¶"]);
    check("[]", &["Json@0 []"]);
    check("[{\"a\":1}", &["Json@0 [{\"a\":1}"]);
    check("[{\"a\":1}] [2]", &["Json@0 [{\"a\":1}] [2]"]);
}

#[test]
fn a_large_array_is_cut_between_elements() {
    check(
        "[{\"a\":1},{\"a\":2}, {\"a\":3} ,\n {\"a\":4}]",
        &["Elements@1 {\"a\":1},{\"a\":2}", "Elements@18 {\"a\":3} ,¶ {\"a\":4}"],
    );
    check(
        "[\n    {\"a\": 1},\n    {\"a\": 2},\n    {\"a\": 3}\n]\n",
        &["Elements@6 {\"a\": 1}", "Elements@20 {\"a\": 2}", "Elements@34 {\"a\": 3}"],
    );
    // Brackets, commas and quotes of a string are no structure.
    check(
        r#"[{"a":"}],[{"},{"b":"\"]\\"},{"c":[[],{}]}]"#,
        &[
            r#"Elements@1 {"a":"}],[{"}"#,
            r#"Elements@15 {"b":"\"]\\"}"#,
            r#"Elements@29 {"c":[[],{}]}"#,
        ],
    );
    // An element larger than a document is alone; one that fills it exactly too.
    check(
        r#"[{"a":1},{"b":"longer than a document"},{"c":3},{"d":"exactly 20"}]"#,
        &[
            r#"Elements@1 {"a":1}"#,
            r#"Elements@9 {"b":"longer than a document"}"#,
            r#"Elements@40 {"c":3}"#,
            r#"Elements@48 {"d":"exactly 20"}"#,
        ],
    );
    // What is no object is the core's to reject.
    check(
        "[1, \"two\", null, [4], {\"a\":5}]",
        &["Elements@1 1, \"two\", null, [4]", "Elements@22 {\"a\":5}"],
    );
    // No element, no cut.
    check("[                         ]", &[]);
}

#[test]
fn a_break_in_a_large_array_loses_nothing() {
    // The end is missing: inside an element, behind a comma, and behind an element.
    check(
        "[{\"a\":1},{\"a\":2},{\"a\":[3",
        &["Elements@1 {\"a\":1},{\"a\":2}", "Json@17 {\"a\":[3"],
    );
    check("[{\"a\":1},{\"a\":2},[3,4", &["Elements@1 {\"a\":1},{\"a\":2}", "Json@17 [3,4"]);
    check(
        "[{\"a\":1},{\"a\":\"2 is cut off",
        &["Elements@1 {\"a\":1}", "Json@9 {\"a\":\"2 is cut off"],
    );
    check("[{\"a\":1},{\"a\":2},    ", &["Elements@1 {\"a\":1},{\"a\":2}", "Json@21 "]);
    check("[{\"a\":1},{\"a\":2}     ", &["Elements@1 {\"a\":1},{\"a\":2}", "Json@21 "]);
    // Something follows the end.
    check(
        "[{\"a\":1},{\"a\":2}]      and more text than fits",
        &["Elements@1 {\"a\":1},{\"a\":2}", "Json@23 and more text than f", "Json@43 its"],
    );
    // Brackets that do not match.
    check(
        "[{\"a\":1}},{\"a\":2},{\"a\":3}]",
        &["Elements@1 {\"a\":1}", "Json@8 },{\"a\":2},{\"a\":3}]"],
    );
    check(
        "[{\"a\":1},[{\"a\":2},{\"a\":3}]",
        &["Elements@1 {\"a\":1}", "Elements@9 [{\"a\":2},{\"a\":3}]", "Json@26 "],
    );
    // A comma too many is the next element's; behind the last element the bracket is left over.
    check(
        "[{\"a\":1},,{\"a\":2},{\"a\":3}]",
        &["Elements@1 {\"a\":1},,{\"a\":2}", "Elements@18 {\"a\":3}"],
    );
    check(
        "[{\"a\":12345678},,{\"a\":2}]",
        &["Elements@1 {\"a\":12345678}", "Elements@16 ,{\"a\":2}"],
    );
    check("[{\"a\":1},{\"a\":2}, ]   ", &["Elements@1 {\"a\":1},{\"a\":2}", "Json@18 ]   "]);
}

#[test]
fn objects_one_after_the_other_are_a_document_each() {
    check("{\"a\":1}", &["Json@0 {\"a\":1}"]);
    check("  {\n  \"a\": 1\n}\n\n", &["Json@2 {¶  \"a\": 1¶}"]);
    check(
        "{\"a\":\n1}\n{\"a\":\n2}[3]",
        &["Json@0 {\"a\":¶1}", "Json@9 {\"a\":¶2}", "Json@17 [3]"],
    );
    check("{\"a\":1}{\"a\":2}", &["Json@0 {\"a\":1}", "Json@7 {\"a\":2}"]);
    // One object may be larger than a document.
    check("{\"a\":\"longer than a document\"}", &["Json@0 {\"a\":\"longer than a document\"}"]);
    // A break: the rest is for the core to reject.
    check("{\"a\":1", &["Json@0 {\"a\":1"]);
    check("{\"a\":\n1}, {\"a\":2}", &["Json@0 {\"a\":¶1}", "Json@8 , {\"a\":2}"]);
    check("{\"a\":1}}", &["Json@0 {\"a\":1}", "Json@7 }"]);
}

#[test]
fn the_form_is_found_out_from_the_first_line() {
    // One value on the first line, and something behind it: lines.
    check("{\"a\":1}\nx", &["Ndjson@0 {\"a\":1}¶x"]);
    check("{\"a\":1} \r\n{\"a\":2}", &["Ndjson@0 {\"a\":1} \r¶{\"a\":2}"]);
    check("[1]\n[2]", &["Ndjson@0 [1]¶[2]"]);
    // Only whitespace behind it: JSON.
    check("{\"a\":1}\n \n", &["Json@0 {\"a\":1}"]);
    check("[1]\n \n", &["Json@0 [1]¶ ¶"]);
    // No value, or more than one: JSON.
    check("{\"a\":\n1}\n{\"a\":2}", &["Json@0 {\"a\":¶1}", "Json@9 {\"a\":2}"]);
    check("{\"a\":1},\n{\"a\":2},", &["Json@0 {\"a\":1}", "Json@7 ,¶{\"a\":2},"]);
    // Anything else is judged line by line.
    check("a,b\n1,2\n", &["Ndjson@0 a,b¶1,2¶"]);
    check("\u{0}", &["Ndjson@0 \u{0}"]);
}

#[test]
fn a_told_form_is_not_questioned() {
    check_as(Some(InputForm::Ndjson), "[\n1\n]\n", &["Ndjson@0 [¶1¶]¶"]);
    check_as(
        Some(InputForm::Json),
        "{\"a\":1}\n{\"a\":2}\n",
        &["Json@0 {\"a\":1}", "Json@8 {\"a\":2}"],
    );
    check_as(
        Some(InputForm::Json),
        " 12 and more text than fits",
        &["Json@1 12 and more text tha", "Json@21 n fits"],
    );
}

#[test]
fn a_byte_order_mark_is_left_out_at_the_start_only() {
    check("\u{feff}{\"a\":1}\n{\"a\":2}", &["Ndjson@3 {\"a\":1}¶{\"a\":2}"]);
    check("\u{feff} [1]", &["Json@4 [1]"]);
    check_as(Some(InputForm::Ndjson), "\u{feff}1", &["Ndjson@3 1"]);
    check(" \u{feff}1", &["Ndjson@1 \u{feff}1"]);
    assert_eq!(show(&cuts(None, 20, b"\xef\xbb", &[1])), ["Ndjson@0 \u{fffd}"]);
}

#[test]
fn a_file_without_a_record_has_no_cut() {
    for file in ["", " \r\n\t\n", "\u{feff}", "\u{feff} \n"] {
        for form in [None, Some(InputForm::Json), Some(InputForm::Ndjson)] {
            check_as(form, file, &[]);
        }
    }
}

#[test]
fn one_broken_first_line_leaves_the_lines_behind_it_alone() {
    let good = "{\"b\":1}\n{\"b\":2}\n";
    // Never closed, closed too early, closed twice, a string without its end, text around a value.
    for broken in [
        "{\"a\":1",
        "{\"a\":{\"b\":1}",
        "{\"a\":[1,",
        "{\"a\":",
        "[{\"a\":1",
        "{\"a\":1}}",
        "{\"a\":\"x",
        "{\"a\":1} x",
        "{\"a\":1]",
        "{\"a\":1\r",
    ] {
        let file = format!("{broken}\n{good}");
        let cuts = cuts(None, 1_000, file.as_bytes(), &[1]);
        assert_eq!(show(&cuts), [format!("Ndjson@0 {}", file.replace('\n', "¶"))]);
    }
    // One line behind it is enough, and broken ones among many are no hindrance.
    check("{\"a\":\n{\"b\":1}\n", &["Ndjson@0 {\"a\":¶{\"b\":1}¶"]);
    check("{\"a\":1\n{\"b\"\n{\"b\":1}", &["Ndjson@0 {\"a\":1¶{\"b\"¶{\"b\":1}"]);
    let many = format!("{{\"a\":1\n{}", "{\"b\":1}\n".repeat(1_000));
    assert!(cuts(None, 20, many.as_bytes(), &[7]).iter().all(|cut| cut.form == Form::Ndjson));
}

#[test]
fn json_laid_out_in_lines_is_no_ndjson() {
    // Elements one a line, objects at the left edge, in every usual layout, whole or cut short.
    let documents = [
        "[\n{\"a\":1},\n{\"a\":2}\n]\n",
        "[{\"a\":1},\n{\"a\":2}\n]\n",
        "[{\"a\":1},\n{\"a\":2}]\n",
        "[\n{\"a\":1}\n,\n{\"a\":2}\n]\n",
        "[\n{\"a\":1}\n,\n{\"a\":2}\n,\n]\n",
        "[\n{\"a\":1},\n{\"a\":2}\n",
        "[{\"a\":1},\n{\"a\":2},\n{\"a\":3}\n",
        "{\"type\":\"All\",\"features\":[\n{\"a\":1},\n{\"a\":2}\n]}\n",
        "{\"features\":[\n{\"a\":1},\n{\"a\":2},\n{\"a\":3}\n",
        "{\"features\":[\n{\"a\":1},\n{\"a\" 2},,\n{\"a\":3}\n]}\n",
        "{\"a\":[1,\n{\"b\":2}\n]}\n",
        "{\"a\":\n{\"b\":2}\n}\n",
        "{\n  \"a\": 1\n}\n{\n  \"a\": 2\n}\n",
        "{\"a\": 1,\n \"b\": {\n }\n}\n{\"a\": 2}\n",
        "{\"a\":1}{\"a\":2}\n{\"a\":3}\n",
        "{\n\"a\": 1,}\n{\"a\":2}\n{\"a\":3}\n",
    ];
    for file in documents {
        for feed_bytes in [1, usize::MAX] {
            let cuts = cuts(None, 1_000, file.as_bytes(), &[feed_bytes]);
            assert!(cuts.iter().all(|cut| cut.form == Form::Json), "{file}{:?}", show(&cuts));
        }
    }
    // Also where it is longer than the look-ahead.
    let elements = "{\"a\":\"}{\"},\n".repeat(200_000);
    for file in [format!("[{elements}1]"), format!("{{\"all\":[\n{elements}1]}}")] {
        let cuts = cuts(None, 8_000_000, file.as_bytes(), &[65_536]);
        assert_eq!((cuts.len(), cuts[0].form), (1, Form::Json));
    }
}

#[test]
fn a_first_line_may_be_as_long_as_a_document() {
    let long = format!("{{\"a\":\"{}\"}}", "x".repeat(2 * 1024 * 1024));
    for first in [&long, &long[..long.len() - 1], &format!("{long}}}")] {
        let file = format!("{first}\n{{\"a\":2}}\n{{\"a\"\n{{\"a\":3}}\n");
        for feed_bytes in [64 * 1024, usize::MAX] {
            let cuts = cuts(None, 8_000_000, file.as_bytes(), &[feed_bytes]);
            assert_eq!((cuts.len(), cuts[0].form), (1, Form::Ndjson));
        }
    }
    // Alone, or with another behind it in its line, it is JSON.
    for (file, documents) in [(format!("{long}\n"), 1), (format!("{long}{long}{long}\n"), 3)] {
        let cuts = cuts(None, 8_000_000, file.as_bytes(), &[64 * 1024]);
        assert_eq!((cuts.len(), cuts[0].form), (documents, Form::Json));
    }
}

/// A record of exactly so many bytes.
fn record_of(bytes: usize) -> String {
    format!("{{\"a\":\"{}\"}}", "[".repeat(bytes - 8))
}

#[test]
fn an_oversize_record_keeps_its_first_bytes_and_spares_its_neighbours() {
    let (fits, over) = (record_of(RECORD_BYTES_MAX), record_of(RECORD_BYTES_MAX + 1));
    let check = |file: &str, expected: &[String]| {
        for (document_bytes, feed_bytes) in
            [(20, usize::MAX), (20, 100_003), (RECORD_BYTES_MAX, 65_536)]
        {
            let cuts = cuts(None, document_bytes, file.as_bytes(), &[feed_bytes]);
            let shown: Vec<String> = cuts
                .iter()
                .map(|cut| match cut.oversize {
                    None if cut.body.len() > 100 => {
                        format!("{:?}@{} {} bytes", cut.form, cut.offset, cut.body.len())
                    }
                    _ => show(std::slice::from_ref(cut)).remove(0),
                })
                .collect();
            assert_eq!(shown, expected);
            for cut in &cuts {
                let at = usize::try_from(cut.offset).expect("small");
                assert!(file.as_bytes()[at..].starts_with(&cut.body));
            }
        }
    };
    let oversize = |form: Form, offset: usize, total: usize| {
        format!("{form:?}@{offset} {OVERSIZE_HEAD_BYTES} of {total}")
    };

    // Of a line the newline counts.
    let total = over.len() + 1;
    check(
        &format!("{{\"a\":1}}\n{over}\n{over}\n{{\"a\":2}}\n"),
        &[
            "Ndjson@0 {\"a\":1}¶".into(),
            oversize(Form::Ndjson, 8, total),
            oversize(Form::Ndjson, 8 + total, total),
            format!("Ndjson@{} {{\"a\":2}}¶", 8 + 2 * total),
        ],
    );
    check(
        &format!("[{{\"a\":1}},{over},{fits}, {over} ,{{\"a\":2}}]"),
        &[
            "Elements@1 {\"a\":1}".into(),
            oversize(Form::Elements, 9, over.len()),
            format!("Elements@{} {} bytes", 10 + over.len(), fits.len()),
            oversize(Form::Elements, 12 + over.len() + fits.len(), over.len() + 1),
            format!("Elements@{} {{\"a\":2}}", 14 + 2 * over.len() + fits.len()),
        ],
    );
    check(&over, &[oversize(Form::Ndjson, 0, over.len())]);
    check(&format!("{fits}\n"), &[format!("Json@0 {} bytes", fits.len())]);
    check(
        &format!("{{\n}}{over}{{\"a\":2}}"),
        &[
            "Json@0 {¶}".into(),
            oversize(Form::Json, 3, over.len()),
            format!("Json@{} {{\"a\":2}}", 3 + over.len()),
        ],
    );
    // The end of the file is missing.
    let open = &over[..over.len() - 1];
    check(
        &format!("[1,{over}{open}"),
        &["Elements@1 1".into(), oversize(Form::Json, 3, over.len() + open.len())],
    );
}

#[test]
fn what_is_held_is_bounded_whatever_the_file() {
    let document_bytes = 1_000_000;
    let over = record_of(3 * RECORD_BYTES_MAX);
    let lines = "{\"a\":\"some text\"}\n".repeat(300_000);
    let elements = ",{\"a\":\"some text\"}".repeat(300_000);
    let files = [
        lines.clone(),
        format!("{{}}\n{over}\n{lines}"),
        format!("[1{elements}]"),
        format!("[{over}{elements}"),
        format!("[1{elements}]]{lines}"),
        format!("{{\n}}{over}{lines}"),
        " ".repeat(3 * RECORD_BYTES_MAX),
        format!("[1,{}", " ".repeat(3 * RECORD_BYTES_MAX)),
    ];
    for file in &files {
        for feed_bytes in [65_536, file.len()] {
            let mut cutter = Cutter::new(None, document_bytes);
            for fed in file.as_bytes().chunks(feed_bytes) {
                cutter.feed(fed, &mut |cut| {
                    assert!(cut.body.len() <= RECORD_BYTES_MAX);
                    assert!(cut.oversize.is_none() || cut.body.capacity() < document_bytes);
                });
                // A growing buffer doubles.
                assert!(
                    cutter.held_bytes() <= 2 * RECORD_BYTES_MAX,
                    "{} bytes",
                    cutter.held_bytes()
                );
            }
        }
    }
}

fn form() -> impl Strategy<Value = Option<InputForm>> {
    prop_oneof![Just(None), Just(Some(InputForm::Json)), Just(Some(InputForm::Ndjson))]
}

/// Text of the pieces that matter to the cutter, in any order.
fn scraps() -> impl Strategy<Value = String> {
    let scrap = prop_oneof![
        4 => Just("{\"a\":1}"), 2 => Just("{\"a\":[\"}\"]}"), 1 => Just("1"), 1 => Just("null"),
        3 => Just(","), 1 => Just("["), 1 => Just("]"), 1 => Just("{"), 1 => Just("}"),
        2 => Just("\n"), 1 => Just(" "), 1 => Just("\""), 1 => Just("\\"), 1 => Just("\u{feff}"),
    ];
    let start = prop_oneof![
        Just(""),
        Just("["),
        Just("["),
        Just("{\"a\":1}\n"),
        Just("{\n}"),
        Just("{\"a\":1\n{\"a\":1}\n"),
        Just("{\"a\":[\n{\"a\":1}\n"),
    ];
    (start, prop::collection::vec(scrap, 0..60))
        .prop_map(|(start, scraps)| start.to_owned() + &scraps.concat())
}

/// Records whose text holds everything that could mislead a cutter.
fn records() -> impl Strategy<Value = Vec<Value>> {
    let leaf = prop_oneof![
        any::<i64>().prop_map(|number| json!(number)),
        r#"[\[\]{},:"\\ \na\u{e9}]{0,12}"#.prop_map(|text| json!(text)),
    ];
    let value = leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::vec((r#"[a"\\{]{0,3}"#, inner), 0..3)
                .prop_map(|fields| Value::from(fields.into_iter().collect::<Map<String, Value>>())),
        ]
    });
    prop::collection::vec(value.prop_map(|value| json!({ "a": value })), 1..20)
}

/// How a test writes records to a file.
#[derive(Debug, Clone, Copy)]
enum Layout {
    Lines,
    Array,
    PrettyArray,
    PrettyObjects,
}

impl Layout {
    fn write(self, records: &[Value]) -> String {
        let pretty =
            |value: &Value| serde_json::to_string_pretty(value).expect("a value has a text");
        match self {
            Layout::Lines => records.iter().map(|record| format!("{record}\n")).collect(),
            Layout::Array => Value::from(records).to_string(),
            Layout::PrettyArray => pretty(&Value::from(records)),
            Layout::PrettyObjects => records.iter().map(|record| pretty(record) + "\n").collect(),
        }
    }
}

/// The records of one document, as the core would read them.
fn read(cut: &Cut) -> Vec<Value> {
    let text = std::str::from_utf8(&cut.body).expect("the file is UTF-8");
    let parse = |text: &str| serde_json::from_str::<Value>(text).expect("a cut is whole");
    match cut.form {
        Form::Ndjson => text.lines().map(parse).collect(),
        Form::Elements => read_json(parse(&format!("[{text}]"))),
        Form::Json => read_json(parse(text)),
    }
}

fn read_json(value: Value) -> Vec<Value> {
    match value {
        Value::Array(elements) => elements,
        record => vec![record],
    }
}

proptest! {
    #[test]
    fn the_cuts_do_not_depend_on_the_feeds(
        form in form(),
        document_bytes in 1..80_usize,
        file in scraps(),
        feed_bytes in prop::collection::vec(1..30_usize, 1..10),
    ) {
        let fed = |feed_bytes| show(&cuts(form, document_bytes, file.as_bytes(), feed_bytes));
        prop_assert_eq!(fed(&feed_bytes[..]), fed(&[usize::MAX]));
    }

    #[test]
    fn nothing_is_lost_and_nothing_comes_twice(
        form in form(),
        document_bytes in 1..80_usize,
        file in scraps(),
    ) {
        let mut between = Vec::new();
        let mut at = 0;
        for cut in cuts(form, document_bytes, file.as_bytes(), &[usize::MAX]) {
            let offset = usize::try_from(cut.offset).expect("small");
            prop_assert!(offset >= at, "cuts overlap at {offset}");
            between.extend_from_slice(&file.as_bytes()[at..offset]);
            at = offset + cut.body.len();
            prop_assert_eq!(&file.as_bytes()[offset..at], &cut.body[..]);
        }
        between.extend_from_slice(&file.as_bytes()[at..]);
        let between = String::from_utf8(between).expect("ASCII, or a byte order mark");
        let structure: String = between.trim_start_matches('\u{feff}').split_whitespace().collect();
        // An array's opening bracket, the commas at its cuts, its closing bracket.
        let commas = structure.strip_prefix('[').map(|rest| rest.strip_suffix(']').unwrap_or(rest));
        let commas = commas.unwrap_or(&structure);
        prop_assert!(commas.bytes().all(|byte| byte == b','), "left out: {structure}");
        prop_assert!(structure.starts_with('[') || structure.is_empty(), "left out: {structure}");
    }

    #[test]
    fn every_record_comes_once_in_order(
        layout in prop_oneof![
            Just(Layout::Lines),
            Just(Layout::Array),
            Just(Layout::PrettyArray),
            Just(Layout::PrettyObjects),
        ],
        document_bytes in 1..400_usize,
        records in records(),
        feed_bytes in prop::collection::vec(1..100_usize, 1..10),
    ) {
        let file = layout.write(&records);
        let cuts = cuts(None, document_bytes, file.as_bytes(), &feed_bytes);
        let read: Vec<Vec<Value>> = cuts.iter().map(read).collect();
        prop_assert_eq!(&read.concat(), &records);
        for (cut, records) in cuts.iter().zip(&read) {
            prop_assert!(cut.body.len() <= document_bytes || records.len() == 1);
            prop_assert_eq!(cut.oversize, None);
        }
        // A document goes on as long as the next record and its newline or comma fit.
        if matches!(layout, Layout::Lines | Layout::Array) && records.len() > 1 {
            for (cut, next) in cuts.iter().zip(&read[1..]) {
                prop_assert!(cut.body.len() + 1 + next[0].to_string().len() > document_bytes);
            }
        }
    }
}

//! Arbitrary and almost-right bytes: the parser, reading back, settings, stored registries.
//!
//! Bounded as part of the tests; `SLUICE_CASES=1000 cargo test --release -p sluice-normalizer --test
//! fuzz` runs a thousand times as many cases.
#![allow(missing_docs)]

mod generate;
mod reader;

use generate::config;
use generate::json::{record, value};
use generate::mutate::mutated;
use generate::settings::any_settings;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use reader::check::{Rules, check};
use reader::post::{Posted, RECEIVED_AT_MS, post, settings};
use sluice_normalizer::{
    BatchId, Document, DocumentId, Encoding, Form, RecordSchema, Registry, Settings, Shaper,
    TableName,
};

fn form() -> impl Strategy<Value = Form> {
    select(vec![Form::Json, Form::Ndjson, Form::Elements])
}

fn sound(form: Form) -> BoxedStrategy<Vec<u8>> {
    let separator = if form == Form::Ndjson { "\n" } else { "," };
    let records = vec(record(), 1..5).prop_map(move |records| {
        let records: Vec<String> = records.iter().map(|record| record.text(0)).collect();
        let text = records.join(separator);
        if form == Form::Json { format!("[{text}]").into_bytes() } else { text.into_bytes() }
    });
    prop_oneof![3 => records, 1 => value().prop_map(|value| value.text(1).into_bytes())].boxed()
}

fn almost_sound() -> impl Strategy<Value = (Form, Vec<u8>)> {
    form().prop_flat_map(|form| (Just(form), mutated(sound(form))))
}

/// Rows or rejects, as `serde_json` judges the same bytes, and all of it read back.
fn ends_as_rows_or_rejects(form: Form, body: Vec<u8>) {
    // serde_json takes this key of its own for a number.
    if body.windows(11).any(|window| window == b"$serde_json") {
        return;
    }
    let sound = |id: &str| Posted::new(id, Form::Json, "{\"sound\":[{\"n\":1}]}");
    let batches = [vec![sound("before"), Posted::new("d", form, body), sound("after")]];
    check(&post(&settings(""), &batches), &batches, &Rules::default());
}

proptest! {
    #![proptest_config(config(1000))]

    #[test]
    fn any_bytes(form in form(), body in vec(any::<u8>(), 0..200)) {
        ends_as_rows_or_rejects(form, body);
    }

    #[test]
    fn bytes_almost_right((form, body) in almost_sound()) {
        ends_as_rows_or_rejects(form, body);
    }

    #[test]
    fn bytes_that_say_they_are_gzip(body in mutated(sound(Form::Json).prop_map(|body| {
        generate::batches::gzip(&body)
    }))) {
        let posted = Posted { encoding: Encoding::Gzip, ..Posted::new("d", Form::Json, body) };
        let written = post(&settings(""), &[vec![posted]]);
        let report = &written.reports[0];
        prop_assert!(report.records + report.rejected_documents > 0);
    }

    #[test]
    fn settings_are_read_or_refused(text in mutated(any_settings().prop_map(|s| s.yaml.into_bytes()))) {
        if let Ok(text) = std::str::from_utf8(&text)
            && let Ok(settings) = Settings::from_yaml(text)
        {
            let table = TableName::parse("t").expect("a name");
            let batches = [vec![Posted::new("d", Form::Json, "{\"a\":[{\"b\":1}],\"c\":\"x\"}")]];
            let written = post(&settings.table(&table), &batches);
            prop_assert_eq!(written.reports[0].records, 1);
        }
    }

    #[test]
    fn schemas_compile_or_are_refused(schema in value(), instance in record()) {
        let parse = reader::model::parse;
        if let (Ok(schema), Ok(instance)) =
            (parse(schema.text(0).as_bytes()), parse(instance.text(0).as_bytes()))
            && let Ok(schema) = RecordSchema::compile(&schema)
        {
            let _ = schema.check(&instance);
        }
    }

    /// A registry that reads at all can be written on.
    #[test]
    fn registries_are_read_or_refused(
        stored in mutated(any_settings().prop_map(stored_registry)),
        body in sound(Form::Json),
    ) {
        if let Ok(registry) = Registry::from_json(&stored) {
            let settings = settings("");
            let mut shaper = Shaper::new(&registry, &settings);
            let id = DocumentId::parse("d").expect("an id");
            shaper.document(&Document {
                id: &id,
                received_at_ms: RECEIVED_AT_MS,
                principal: None,
                form: Form::Json,
                encoding: Encoding::Identity,
                body: &body,
            });
            let shaped = shaper.finish();
            let table = TableName::parse("t").expect("a name");
            let batch = BatchId::derive(&table, 1, [&id].into_iter());
            for part in shaped.parts(&batch) {
                prop_assert!(part.encode().is_ok());
            }
        }
    }
}

fn stored_registry(settings: generate::settings::SomeSettings) -> Vec<u8> {
    let body = "[{\"a\":1,\"b\":[{\"c\":[1.5],\"d\":[[{\"e\":true}]]}]},{\"a\":\"x\",\"b\":{\"c\":1e400}}]";
    let written = post(&settings.compiled(), &[vec![Posted::new("d0", Form::Json, body)]]);
    written.registries.last().expect("a version").clone().into_bytes()
}

//! Random settings over the keys that the random JSON has.

use crate::reader::check::Rules;
use crate::reader::model::Ignored;
use crate::reader::post::settings;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use sluice_normalizer::TableSettings;

/// A `sluice.yaml` for table `t`, and what it changes about what must come out.
#[derive(Debug, Clone)]
pub struct SomeSettings {
    pub yaml: String,
    pub rules: Rules,
}

impl SomeSettings {
    pub fn none() -> Self {
        SomeSettings { yaml: String::new(), rules: Rules::default() }
    }

    pub fn compiled(&self) -> TableSettings {
        settings(&self.yaml)
    }
}

const IGNORED: &[&str] = &["/ig", "/a/ig", "/items/*/ig", "/x/b", "/items/*/*/a", "/b/*"];
const JSON: &[&str] = &["/js", "/a/js", "/items/*/js", "/b/c"];
const TIMES: &[&str] = &["/ts", "/a/ts", "/items/*/ts", "/c"];
const DECLARED: &[&str] = &[
    "/dec: double",
    "/b: bigint",
    "/a/dec: number",
    "/items/*/dec: string",
    "/x: timestamp",
    "/A: list_double",
    "/a/x: json",
    "/items/*: bigint",
    "/a/b/c: boolean",
    "/a: string",
];
const LIMITS: &[&str] = &[
    "{}",
    "{columns: 0, child_tables: 0}",
    "{columns: 1}",
    "{columns: 5, child_tables: 1}",
    "{columns: 12, child_levels: 1}",
    "{child_tables: 0}",
    "{child_tables: 3, child_levels: 2}",
    "{view_text_bytes: 2000}",
    "{view_text_bytes: 0}",
];

/// Settings without `on_conflict`.
pub fn any_settings() -> impl Strategy<Value = SomeSettings> {
    let some = |of: &'static [&'static str]| subsequence(of.to_vec(), 0..=of.len());
    let some = (some(IGNORED), some(JSON), some(TIMES), some(DECLARED), select(LIMITS.to_vec()));
    prop_oneof![1 => Just(SomeSettings::none()), 3 => (some, any::<bool>()).prop_map(|(s, c)| build(s, c))]
}

type Parts =
    (Vec<&'static str>, Vec<&'static str>, Vec<&'static str>, Vec<&'static str>, &'static str);

fn build((ignored, json, times, declared, limits): Parts, reject_conflicts: bool) -> SomeSettings {
    let on_conflict = if reject_conflicts { "reject" } else { "column" };
    let flow = |list: &[&str]| list.join(", ");
    let quoted =
        |list: &[&str]| list.iter().map(|p| format!("{p:?}")).collect::<Vec<_>>().join(", ");
    let declared: Vec<String> = declared
        .iter()
        .map(|line| {
            let (path, kind) = line.split_once(": ").expect("a path and a kind");
            format!("{path:?}: {kind}")
        })
        .collect();
    let declared: Vec<&str> = declared.iter().map(String::as_str).collect();
    let yaml = format!(
        "tables:\n  t:\n    ignore: [{}]\n    json: [{}]\n    timestamps: [{}]\n    \
         columns: {{{}}}\n    on_conflict: {on_conflict}\n    limits: {limits}\n",
        quoted(&ignored),
        quoted(&json),
        quoted(&times),
        flow(&declared),
    );
    let may_reject = if reject_conflicts { vec!["type_conflict"] } else { Vec::new() };
    SomeSettings { yaml, rules: Rules { ignored: Ignored::new(&ignored), may_reject } }
}

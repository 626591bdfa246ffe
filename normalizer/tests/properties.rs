//! Properties of everything that random documents in random batches leave behind.
#![allow(missing_docs, clippy::unwrap_used)]

mod generate;
mod reader;

use generate::batches::{batches, broken_batches};
use generate::config;
use generate::settings::{SomeSettings, any_settings};
use proptest::prelude::*;
use reader::check::{Rules, check};
use reader::post::{Posted, post, settings};

/// I-2, I-3, I-4, I-5 over what `batches` leave under `settings`.
fn holds(settings: &SomeSettings, batches: &[Vec<Posted>]) {
    let written = post(&settings.compiled(), batches);
    check(&written, batches, &settings.rules);
}

proptest! {
    #![proptest_config(config(300))]

    /// Every record is one root row or one reject, with every scalar that is not null in its place
    /// and with its JSON type, by the last registry version.
    #[test]
    fn everything_is_read_back(batches in batches()) {
        holds(&SomeSettings::none(), &batches);
    }

    #[test]
    fn everything_is_read_back_under_settings(settings in any_settings(), batches in batches()) {
        holds(&settings, &batches);
    }

    #[test]
    fn broken_texts_hurt_only_themselves(settings in any_settings(), batches in broken_batches()) {
        holds(&settings, &batches);
        let written = post(&settings.compiled(), &batches);
        let registry = written.registries.concat();
        prop_assert!(!registry.contains("only_in_broken"), "a broken document left a trace");
        for parts in &written.parts {
            prop_assert!(!parts.table.contains("in_broken"));
        }
    }

    /// I-6.
    #[test]
    fn the_same_batches_give_the_same_bytes(settings in any_settings(), batches in batches()) {
        let once = post(&settings.compiled(), &batches);
        let again = post(&settings.compiled(), &batches);
        prop_assert!(once == again);
    }

    /// How documents are put in batches changes no value.
    #[test]
    fn one_batch_or_many(batches in batches()) {
        let many: Vec<Vec<Posted>> =
            batches.iter().flatten().map(|posted| vec![posted.clone()]).collect();
        let one = vec![batches.concat()];
        for batches in [many, one] {
            let counts = check(&post(&settings(""), &batches), &batches, &Rules::default());
            prop_assert_eq!(counts.documents, batches.iter().flatten().count() as u64);
        }
    }
}

//! What is wrong with a template, told to the person who wrote it.

use serde_json::Value;
use std::fmt;

/// Of a value in a message, characters.
const SHOWN_CHARS_MAX: usize = 100;

/// One thing that is wrong: where, what was found, what is expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    text: String,
}

impl Fault {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Fault { text: text.into() }
    }

    pub(crate) fn of_resource(id: &str, text: impl fmt::Display) -> Self {
        Fault::new(format!("Resource {id}: {text}"))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Why a template cannot be used: everything that is wrong, a line each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Faults(Vec<Fault>);

impl Faults {
    /// `Ok` where nothing is wrong.
    pub(crate) fn none_in(faults: Vec<Fault>) -> Result<(), Self> {
        if faults.is_empty() { Ok(()) } else { Err(Faults(faults)) }
    }

    /// The faults, in the template's order; at least one.
    #[must_use]
    pub fn list(&self) -> &[Fault] {
        &self.0
    }
}

impl From<Fault> for Faults {
    fn from(fault: Fault) -> Self {
        Faults(vec![fault])
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, fault) in self.0.iter().enumerate() {
            if at > 0 {
                f.write_str("\n")?;
            }
            fault.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}

/// A value as JSON, cut where it is long.
pub(crate) fn shown(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= SHOWN_CHARS_MAX {
        return text;
    }
    let mut cut: String = text.chars().take(SHOWN_CHARS_MAX).collect();
    cut.push('…');
    cut
}

//! The kinds of DESIGN.md 2.3: what a JSON value is, decided by its text alone.

use crate::limits::LIST_LEVELS_MAX;
use serde::{Deserialize, Serialize, de};
use std::fmt;

/// What one scalar is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scalar {
    /// `true` or `false`.
    Boolean,
    /// An integer that fits i64.
    Bigint,
    /// A number that f64 carries.
    Double,
    /// A number that neither i64 nor f64 carries, kept as its text.
    Number,
    /// A string.
    String,
    /// A string that the settings declare a timestamp: milliseconds UTC.
    Timestamp,
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// One scalar a row.
    Scalar(Scalar),
    /// An array of scalars of one kind, `levels` deep (`[1]` is 1, `[[1]]` is 2).
    List {
        /// Levels of arrays, at least 1.
        levels: u8,
        /// The kind of the innermost elements, never a timestamp.
        item: Scalar,
    },
    /// JSON text: arrays of mixed kinds, and paths that the settings keep whole.
    Json,
}

impl Scalar {
    /// The glossary's word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Scalar::Boolean => "boolean",
            Scalar::Bigint => "bigint",
            Scalar::Double => "double",
            Scalar::Number => "number",
            Scalar::String => "string",
            Scalar::Timestamp => "timestamp",
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        Some(match word {
            "boolean" => Scalar::Boolean,
            "bigint" => Scalar::Bigint,
            "double" => Scalar::Double,
            "number" => Scalar::Number,
            "string" => Scalar::String,
            "timestamp" => Scalar::Timestamp,
            _ => return None,
        })
    }
}

impl Kind {
    /// Parses what [`Kind`]'s `Display` prints, e.g. `bigint`, `list_list_double`, `json`.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        if word == "json" {
            return Some(Kind::Json);
        }
        let mut levels = 0_u8;
        let mut rest = word;
        while let Some(inner) = rest.strip_prefix("list_") {
            levels = levels.checked_add(1)?;
            rest = inner;
        }
        let item = Scalar::from_word(rest)?;
        match levels {
            0 => Some(Kind::Scalar(item)),
            _ if item == Scalar::Timestamp || levels > LIST_LEVELS_MAX => None,
            _ => Some(Kind::List { levels, item }),
        }
    }

    /// Bigint or double: what a view can show as one double.
    #[must_use]
    pub fn is_numeric_scalar(self) -> bool {
        matches!(self, Kind::Scalar(Scalar::Bigint | Scalar::Double))
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Kind::Json => f.write_str("json"),
            Kind::Scalar(scalar) => f.write_str(scalar.word()),
            Kind::List { levels, item } => {
                for _ in 0..*levels {
                    f.write_str("list_")?;
                }
                f.write_str(item.word())
            }
        }
    }
}

impl Serialize for Kind {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Kind {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Kind::from_word(&word)
            .ok_or_else(|| de::Error::invalid_value(de::Unexpected::Str(&word), &"a column kind"))
    }
}

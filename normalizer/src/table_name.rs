//! The name of a table, parsed once and trusted after.

use crate::limits::TABLE_NAME_CHARS_MAX;

/// A root table's name in lower case.
///
/// Invariant: `[a-z][a-z0-9_]*`, at most 100 characters, no `__` (it separates levels), no `_` at
/// the end (`orders_` + `__items` would read as `orders` + `___items`), not `sluice_…` but for
/// [`TableName::of_rejects`].
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TableName(String);

/// Why a text is no table name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TableNameError {
    /// Nothing there.
    #[error("a table name has at least one character")]
    Empty,
    /// More than 100 characters.
    #[error("a table name has at most {TABLE_NAME_CHARS_MAX} characters")]
    TooLong,
    /// Not `[A-Za-z][A-Za-z0-9_]*`.
    #[error("a table name starts with a letter and has only letters, digits and _")]
    Characters,
    /// Holds `__` or ends in `_`.
    #[error("a table name has no double _ and does not end in _")]
    Underscores,
    /// Starts with `sluice_`.
    #[error("table names starting with sluice_ belong to the platform")]
    Reserved,
}

impl TableName {
    /// Parses a name as posted; upper case folds to lower case.
    ///
    /// # Errors
    /// Says which rule the text breaks.
    pub fn parse(text: &str) -> Result<Self, TableNameError> {
        let mut bytes = text.bytes();
        let Some(first) = bytes.next() else {
            return Err(TableNameError::Empty);
        };
        if !first.is_ascii_alphabetic() || !bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_') {
            return Err(TableNameError::Characters);
        }
        if text.len() > TABLE_NAME_CHARS_MAX {
            return Err(TableNameError::TooLong);
        }
        if text.contains("__") || text.ends_with('_') {
            return Err(TableNameError::Underscores);
        }
        let name = text.to_ascii_lowercase();
        if name.starts_with("sluice_") {
            return Err(TableNameError::Reserved);
        }
        Ok(TableName(name))
    }

    /// Reads a name that Sluice wrote: [`TableName::of_rejects`] too.
    ///
    /// # Errors
    /// As of [`TableName::parse`].
    pub fn from_stored(text: &str) -> Result<Self, TableNameError> {
        let rejects = TableName::of_rejects();
        if text == rejects.0 { Ok(rejects) } else { TableName::parse(text) }
    }

    /// What documents are filed under whose own table name is none: `sluice_rejects`. It has no rows,
    /// only rejects.
    #[must_use]
    pub fn of_rejects() -> Self {
        TableName(crate::encode::REJECTS_TABLE.to_owned())
    }

    /// Whether this is [`TableName::of_rejects`].
    #[must_use]
    pub fn is_of_rejects(&self) -> bool {
        self.0 == crate::encode::REJECTS_TABLE
    }

    /// The name, lower case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for TableName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::TableName;

    #[test]
    fn names_are_parsed_once() {
        let cases = [
            ("myTable", "mytable"),
            ("a", "a"),
            ("a_1", "a_1"),
            ("", "a table name has at least one character"),
            ("1a", "a table name starts with a letter and has only letters, digits and _"),
            ("a-b", "a table name starts with a letter and has only letters, digits and _"),
            ("ä", "a table name starts with a letter and has only letters, digits and _"),
            ("a__b", "a table name has no double _ and does not end in _"),
            ("a_", "a table name has no double _ and does not end in _"),
            ("Sluice_x", "table names starting with sluice_ belong to the platform"),
        ];
        for (text, expected) in cases {
            let got = match TableName::parse(text) {
                Ok(name) => name.as_str().to_owned(),
                Err(error) => error.to_string(),
            };
            assert_eq!(got, expected, "{text}");
        }
        assert!(TableName::parse(&"a".repeat(100)).is_ok());
        assert!(TableName::parse(&"a".repeat(101)).is_err());
    }
}

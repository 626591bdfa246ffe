//! JSON Schema (draft 7 and 2020-12) over one record.

use crate::json::Fault;
use serde::Deserialize;
use serde_json::Value;

/// A compiled schema.
#[derive(Debug)]
pub struct RecordSchema {
    validator: jsonschema::Validator,
}

/// Why a schema cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RecordSchemaError {
    /// Another draft than 7 or 2020-12.
    #[error("$schema {found:?} is neither draft-07 nor 2020-12")]
    Draft {
        /// As written.
        found: String,
    },
    /// Not a valid schema, or it refers to something outside itself.
    #[error("at {pointer:?}: {message}")]
    Invalid {
        /// Where in the schema.
        pointer: String,
        /// What is wrong there.
        message: String,
    },
}

/// Where a record does not match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// JSON Pointer into the record.
    pub pointer: String,
    /// JSON Pointer into the schema.
    pub rule: String,
}

impl RecordSchema {
    /// Compiles a schema; `$schema` picks the draft, 2020-12 without one. References outside the
    /// schema are an error: validation reads no file and no network.
    ///
    /// # Errors
    /// [`RecordSchemaError`].
    pub fn compile(schema: &Value) -> Result<Self, RecordSchemaError> {
        let draft = match schema.get("$schema").and_then(Value::as_str) {
            None => jsonschema::Draft::Draft202012,
            Some(uri) if uri.contains("json-schema.org/draft/2020-12/schema") => {
                jsonschema::Draft::Draft202012
            }
            Some(uri) if uri.contains("json-schema.org/draft-07/schema") => {
                jsonschema::Draft::Draft7
            }
            Some(uri) => return Err(RecordSchemaError::Draft { found: uri.to_owned() }),
        };
        let validator = jsonschema::options().with_draft(draft).build(schema).map_err(|error| {
            RecordSchemaError::Invalid {
                pointer: error.instance_path().to_string(),
                message: error.to_string(),
            }
        })?;
        Ok(RecordSchema { validator })
    }

    /// Checks a parsed value.
    ///
    /// # Errors
    /// The first [`Mismatch`].
    pub fn check(&self, value: &Value) -> Result<(), Mismatch> {
        self.validator.validate(value).map_err(|error| Mismatch {
            pointer: error.instance_path().to_string(),
            rule: error.schema_path().to_string(),
        })
    }

    /// Checks a record's text, which already passed the parser.
    pub(crate) fn check_text(&self, text: &[u8]) -> Result<Result<(), Mismatch>, Fault> {
        let mut reader = serde_json::Deserializer::from_slice(text);
        // The parser before bounded the nesting (NESTING_LEVELS_MAX); serde_json's own bound is
        // one level lower.
        reader.disable_recursion_limit();
        let value = Value::deserialize(&mut reader).map_err(|error| Fault {
            code: "malformed_json",
            what: "not readable for schema validation".to_owned(),
            offset: error.column(),
        })?;
        Ok(self.check(&value))
    }
}

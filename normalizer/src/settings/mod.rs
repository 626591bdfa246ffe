//! `sluice.yaml`: what a user may say about a table. Without it everything works.

mod path;
mod record_schema;
mod rules;

pub use record_schema::{RecordSchema, RecordSchemaError};
pub(crate) use rules::{Rule, Rules};

use crate::kind::Kind;
use crate::limits::Limits;
use crate::table_name::{TableName, TableNameError};
pub(crate) use path::{SettingsPath, Step};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The settings of all tables.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    tables: BTreeMap<TableName, TableSettings>,
    tables_max: Option<u32>,
}

/// One table's settings, ready for use.
#[derive(Debug, Clone, Default)]
pub struct TableSettings {
    pub(crate) rules: Rules,
    /// Columns that exist from the start: path and kind, in the order of the paths.
    pub(crate) declared: Vec<(SettingsPath, Kind)>,
    /// A record with another kind at a path becomes a reject.
    pub(crate) reject_conflicts: bool,
    pub(crate) schema: Option<Arc<RecordSchema>>,
    pub(crate) limits: Limits,
    pub(crate) retention: Retention,
}

/// How long a table's data is kept, in whole days before today (UTC); none for ever.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Retention {
    /// Documents as they were posted: a rebuild can only replay what is kept.
    pub document_days: Option<u32>,
    /// Rows, child rows and rejects.
    pub row_days: Option<u32>,
}

/// What is wrong with a settings file, and where.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// Not YAML, or not of the documented form.
    #[error("settings are not readable")]
    Form(#[source] Box<serde_saphyr::Error>),
    /// A key under `tables` is no table name.
    #[error("tables: {name:?} is no table name")]
    TableName {
        /// As written.
        name: String,
        /// The rule it breaks.
        source: TableNameError,
    },
    /// Two spellings of one table name.
    #[error("tables: {name} is there twice (names fold to lower case)")]
    Twice {
        /// In lower case.
        name: TableName,
    },
    /// A path that is no path.
    #[error(
        "tables.{table}: {path:?} is no path: it starts with / and has keys or * between slashes"
    )]
    Path {
        /// The table.
        table: TableName,
        /// As written.
        path: String,
    },
    /// A path with two rules that exclude each other.
    #[error("tables.{table}: {path:?} has two rules")]
    TwoRules {
        /// The table.
        table: TableName,
        /// As written.
        path: String,
    },
    /// A column type that does not exist.
    #[error(
        "tables.{table}.columns: {path:?} has the unknown kind {kind:?}; \
         there are boolean, bigint, double, number, string, timestamp, json and list_ of them"
    )]
    Kind {
        /// The table.
        table: TableName,
        /// As written.
        path: String,
        /// As written.
        kind: String,
    },
    /// The JSON Schema does not compile.
    #[error("tables.{table}.schema is no usable JSON Schema")]
    Schema {
        /// The table.
        table: TableName,
        /// Why.
        source: RecordSchemaError,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileForm {
    #[serde(default)]
    tables: BTreeMap<String, TableForm>,
    #[serde(default)]
    limits: PlatformLimitsForm,
    /// Where the server of one machine listens and so on: the server's own business.
    #[serde(default, rename = "server")]
    _server: serde::de::IgnoredAny,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct PlatformLimitsForm {
    tables: Option<u32>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct TableForm {
    schema: Option<serde_json::Value>,
    columns: BTreeMap<String, String>,
    timestamps: Vec<String>,
    json: Vec<String>,
    ignore: Vec<String>,
    on_conflict: ConflictForm,
    limits: LimitsForm,
    retention: Retention,
}

#[derive(Deserialize, Default, PartialEq)]
#[serde(rename_all = "lowercase")]
enum ConflictForm {
    #[default]
    Column,
    Reject,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct LimitsForm {
    columns: Option<usize>,
    child_tables: Option<usize>,
    child_levels: Option<usize>,
    view_text_bytes: Option<usize>,
}

impl Settings {
    /// Reads a `sluice.yaml`.
    ///
    /// # Errors
    /// [`SettingsError`] names the place; an unknown key is an error too, since a rule that a typo
    /// switches off is found too late.
    pub fn from_yaml(text: &str) -> Result<Self, SettingsError> {
        if text.trim().is_empty() {
            return Ok(Settings::default());
        }
        let form: FileForm =
            serde_saphyr::from_str(text).map_err(|error| SettingsError::Form(Box::new(error)))?;
        let mut tables = BTreeMap::new();
        for (name, form) in form.tables {
            let table = TableName::parse(&name)
                .map_err(|source| SettingsError::TableName { name, source })?;
            let settings = form.compile(&table)?;
            if tables.insert(table.clone(), settings).is_some() {
                return Err(SettingsError::Twice { name: table });
            }
        }
        Ok(Settings { tables, tables_max: form.limits.tables })
    }

    /// Whether they set nothing: no table and no limit.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tables.is_empty() && self.tables_max.is_none()
    }

    /// How long the data of each table with settings is kept.
    pub fn retentions(&self) -> impl Iterator<Item = (&TableName, Retention)> {
        self.tables.iter().map(|(name, settings)| (name, settings.retention))
    }

    /// How many root tables there may be, where the settings say so.
    #[must_use]
    pub fn tables_max(&self) -> Option<u32> {
        self.tables_max
    }

    /// What holds for a table: its settings, or the defaults.
    #[must_use]
    pub fn table(&self, name: &TableName) -> TableSettings {
        self.tables.get(name).cloned().unwrap_or_default()
    }
}

impl TableForm {
    fn compile(self, table: &TableName) -> Result<TableSettings, SettingsError> {
        let path = |text: &String| {
            SettingsPath::parse(text)
                .ok_or_else(|| SettingsError::Path { table: table.clone(), path: text.clone() })
        };
        let mut rules = Rules::default();
        let mut add = |text: &String, rule| {
            if rules.add(&path(text)?, rule) {
                Ok(())
            } else {
                Err(SettingsError::TwoRules { table: table.clone(), path: text.clone() })
            }
        };
        for (texts, rule) in [
            (&self.timestamps, Rule::Timestamp),
            (&self.json, Rule::Json),
            (&self.ignore, Rule::Ignore),
        ] {
            for text in texts {
                add(text, rule)?;
            }
        }
        let mut declared = Vec::new();
        for (text, word) in &self.columns {
            let kind = Kind::from_word(word).ok_or_else(|| SettingsError::Kind {
                table: table.clone(),
                path: text.clone(),
                kind: word.clone(),
            })?;
            match kind {
                Kind::Json => add(text, Rule::Json)?,
                Kind::Scalar(crate::kind::Scalar::Timestamp) => add(text, Rule::Timestamp)?,
                _ => {}
            }
            declared.push((path(text)?, kind));
        }
        let schema = self
            .schema
            .map(|schema| RecordSchema::compile(&schema).map(Arc::new))
            .transpose()
            .map_err(|source| SettingsError::Schema { table: table.clone(), source })?;
        let default = Limits::default();
        Ok(TableSettings {
            rules,
            declared,
            reject_conflicts: self.on_conflict == ConflictForm::Reject,
            schema,
            retention: self.retention,
            limits: Limits {
                columns_max: self.limits.columns.unwrap_or(default.columns_max),
                child_tables_max: self.limits.child_tables.unwrap_or(default.child_tables_max),
                child_levels_max: self.limits.child_levels.unwrap_or(default.child_levels_max),
                view_text_bytes_max: self
                    .limits
                    .view_text_bytes
                    .unwrap_or(default.view_text_bytes_max),
            },
        })
    }
}

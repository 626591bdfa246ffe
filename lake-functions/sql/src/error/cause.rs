//! What DataFusion's errors mean to the caller.

use super::SqlError;
use crate::catalog::UnreadablePart;
use crate::limits::MESSAGE_CHARS_MAX;
use datafusion::arrow::error::ArrowError;
use datafusion::common::{Column, DataFusionError, Diagnostic, SchemaError};
use std::error::Error;

impl SqlError {
    /// `memory_bytes`: the limit, for the message.
    pub(crate) fn from_engine(error: DataFusionError, memory_bytes: usize) -> Self {
        match verdict(&error) {
            Verdict::User => SqlError::Wrong { message: message(&error) },
            Verdict::Memory => SqlError::TooMuchMemory { memory_bytes },
            Verdict::Part(part) => SqlError::Lake { part, source: Box::new(error) },
            Verdict::Engine => SqlError::Engine(Box::new(error)),
        }
    }
}

enum Verdict {
    User,
    Memory,
    Part(String),
    Engine,
}

fn verdict(error: &DataFusionError) -> Verdict {
    if let Some(part) = unreadable_part(error) {
        return Verdict::Part(part);
    }
    match root(error) {
        DataFusionError::SQL(..)
        | DataFusionError::Plan(_)
        | DataFusionError::SchemaError(..)
        | DataFusionError::NotImplemented(_)
        | DataFusionError::Configuration(_)
        | DataFusionError::Execution(_) => Verdict::User,
        DataFusionError::ResourcesExhausted(_) => Verdict::Memory,
        DataFusionError::ArrowError(error, _) => match **error {
            ArrowError::CastError(_)
            | ArrowError::ParseError(_)
            | ArrowError::ComputeError(_)
            | ArrowError::DivideByZero
            | ArrowError::ArithmeticOverflow(_)
            | ArrowError::InvalidArgumentError(_)
            | ArrowError::NotYetImplemented(_) => Verdict::User,
            // More than 2 GB of text in one column of one batch.
            ArrowError::OffsetOverflowError(_) | ArrowError::MemoryError(_) => Verdict::Memory,
            _ => Verdict::Engine,
        },
        _ => Verdict::Engine,
    }
}

/// Past what only wraps; a collection's first error stands for all of it.
fn root(error: &DataFusionError) -> &DataFusionError {
    match error {
        DataFusionError::Context(_, inner) | DataFusionError::Diagnostic(_, inner) => root(inner),
        DataFusionError::Shared(inner) => root(inner),
        DataFusionError::Collection(errors) => errors.first().map_or(error, root),
        DataFusionError::External(inner) => {
            inner.downcast_ref::<DataFusionError>().map_or(error, root)
        }
        DataFusionError::ArrowError(inner, _) => match &**inner {
            ArrowError::ExternalError(inner) => {
                inner.downcast_ref::<DataFusionError>().map_or(error, root)
            }
            _ => error,
        },
        _ => error,
    }
}

/// The part that the error is about, wherever in its chain that is said.
fn unreadable_part(error: &DataFusionError) -> Option<String> {
    let mut next: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = next {
        if let Some(unreadable) = error.downcast_ref::<UnreadablePart>() {
            return Some(unreadable.key.clone());
        }
        // Their own `source` looks through a level, past what they hold.
        next = match error.downcast_ref::<DataFusionError>() {
            Some(DataFusionError::Shared(inner)) => Some(&**inner),
            Some(DataFusionError::External(inner)) => Some(&**inner),
            Some(DataFusionError::ParquetError(inner)) => Some(&**inner),
            Some(DataFusionError::ArrowError(inner, _)) => Some(&**inner),
            _ => error.source(),
        };
    }
    None
}

/// One or a few plain sentences, the position last.
fn message(error: &DataFusionError) -> String {
    let mut text = plain(error);
    if let Some(place) = error.diagnostic().and_then(place)
        && !text.contains("Line: ")
    {
        text.push_str(&place);
    }
    match text.char_indices().nth(MESSAGE_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

fn place(diagnostic: &Diagnostic) -> Option<String> {
    let start = diagnostic.span?.start;
    Some(format!(" at Line: {}, Column: {}", start.line, start.column))
}

fn plain(error: &DataFusionError) -> String {
    match root(error) {
        DataFusionError::SQL(error, limit) => {
            let text = error.to_string();
            let text = text.strip_prefix("sql parser error: ").unwrap_or(&text);
            match text {
                "recursion limit exceeded" => {
                    format!("the statement is nested too deeply{}", limit.as_deref().unwrap_or(""))
                }
                text => text.to_owned(),
            }
        }
        DataFusionError::SchemaError(error, _) => schema(error),
        DataFusionError::ArrowError(error, _) => error.to_string(),
        other => other.message().into_owned(),
    }
}

/// DataFusion lists every column of every table; a table may have a thousand.
fn schema(error: &SchemaError) -> String {
    let SchemaError::FieldNotFound { field, valid_fields } = error else {
        return error.to_string();
    };
    let wanted = field.flat_name();
    let mut names: Vec<String> = valid_fields.iter().map(Column::flat_name).collect();
    let count = names.len();
    names.truncate(COLUMNS_NAMED);
    match count {
        0 => format!("no column is named {wanted}"),
        _ if count > COLUMNS_NAMED => {
            format!("no column is named {wanted}; there are {count}: {}, …", names.join(", "))
        }
        _ => format!("no column is named {wanted}; there are {}", names.join(", ")),
    }
}

const COLUMNS_NAMED: usize = 20;

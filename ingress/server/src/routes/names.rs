//! Table names and ids in paths.

use crate::failure::{Code, Failure};
use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use sluice_normalizer::{DocumentId, TableName};
use uuid::Uuid;

/// [`Path`], failing in the contract's form.
pub(crate) struct InPath<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for InPath<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let path: Result<Path<T>, PathRejection> = Path::from_request_parts(parts, state).await;
        path.map(|Path(inner)| InPath(inner)).map_err(|_| {
            Failure::new(Code::BadRequest, "the path is not UTF-8 once its percent signs are read")
        })
    }
}

/// A table's name as posted.
pub(crate) fn table_name(text: &str) -> Result<TableName, Failure> {
    TableName::parse(text).map_err(|error| Failure::new(Code::BadTableName, error.to_string()))
}

/// The id of a document to be stored: a UUID, of any version.
pub(crate) fn chosen_id(text: &str) -> Result<DocumentId, Failure> {
    canonical(text).ok_or_else(|| {
        let message = "the id is not a UUID like 0192f0c1-2b7e-7c3a-9c1d-5a1e0f6b7d80";
        Failure::new(Code::BadId, message)
    })
}

/// The id of a document that may exist: a UUID, or what other doors gave as an id.
pub(crate) fn known_id(text: &str) -> Result<DocumentId, Failure> {
    if let Some(id) = canonical(text) {
        return Ok(id);
    }
    DocumentId::parse(text).map_err(|error| Failure::new(Code::BadId, error.to_string()))
}

/// A UUID with its four dashes, in lower case.
fn canonical(text: &str) -> Option<DocumentId> {
    const CANONICAL_CHARS: usize = 36;
    if text.len() != CANONICAL_CHARS {
        return None;
    }
    let id = Uuid::try_parse(text).ok()?;
    DocumentId::parse(&id.to_string()).ok()
}

#[cfg(test)]
mod tests {
    use super::{chosen_id, known_id, table_name};

    #[test]
    fn ids_are_uuids_in_lower_case() {
        let uuid = "0192f0c1-2b7e-7c3a-9c1d-5a1e0f6b7d80";
        let nil = "00000000-0000-0000-0000-000000000000";
        let cases = [
            (uuid, Some(uuid), Some(uuid)),
            (&uuid.to_uppercase(), Some(uuid), Some(uuid)),
            (nil, Some(nil), Some(nil)),
            ("0192f0c12b7e7c3a9c1d5a1e0f6b7d80", None, Some("0192f0c12b7e7c3a9c1d5a1e0f6b7d80")),
            ("{0192f0c1-2b7e-7c3a-9c1d-5a1e0f6b7d80}", None, None),
            ("0192f0c1-2b7e-7c3a-9c1d-5a1e0f6b7d8", None, Some(&uuid[..35])),
            ("from-a-file.json", None, Some("from-a-file.json")),
            ("a b", None, None),
            ("", None, None),
        ];
        for (text, chosen, known) in cases {
            let id = chosen_id(text).ok();
            assert_eq!(id.as_ref().map(|id| id.as_str()), chosen, "{text}");
            let id = known_id(text).ok();
            assert_eq!(id.as_ref().map(|id| id.as_str()), known, "{text}");
        }
    }

    #[test]
    fn a_wrong_table_name_is_told_the_rule() {
        let cases = [
            ("a__b", "a table name has no double _ and does not end in _"),
            ("sluice_x", "table names starting with sluice_ belong to the platform"),
            ("1", "a table name starts with a letter and has only letters, digits and _"),
        ];
        for (text, rule) in cases {
            let failure = table_name(text).unwrap_err();
            assert_eq!((failure.code.as_str(), &*failure.message), ("bad_table_name", rule));
        }
        assert_eq!(table_name("MyTable").unwrap().as_str(), "mytable");
    }
}

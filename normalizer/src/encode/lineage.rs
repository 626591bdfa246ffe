//! The columns that say where a row comes from, made from what the batch knows.

use super::part::Source;
use super::schema::Field;
use crate::kind::{Kind, Scalar};
use crate::shape::{Column, DocumentHead, Runs, Shaped, Texts, Values, WHOLE_DOCUMENT};

/// Which one.
#[derive(Debug, Clone, Copy)]
pub(super) enum Lineage {
    Id,
    Row,
    ReceivedAt,
    Principal,
    Index,
    Path,
    Parent,
    TableName,
    ContentEncoding,
}

impl Lineage {
    fn field(self) -> Field<'static> {
        let (name, scalar, required) = match self {
            Lineage::Id => ("_id", Scalar::String, true),
            Lineage::Row => ("_row", Scalar::Bigint, true),
            Lineage::ReceivedAt => ("_received_at", Scalar::Timestamp, true),
            Lineage::Principal => ("_principal", Scalar::String, false),
            Lineage::Index => ("_index", Scalar::Bigint, true),
            Lineage::Path => ("_path", Scalar::String, true),
            Lineage::Parent => ("_parent", Scalar::String, true),
            Lineage::TableName => ("table_name", Scalar::String, true),
            Lineage::ContentEncoding => ("content_encoding", Scalar::String, true),
        };
        Field { name, kind: Kind::Scalar(scalar), required, path: None }
    }
}

/// The lineage columns of a root or child table.
pub(super) fn columns<'s>(child: bool, shaped: &Shaped) -> Vec<(Field<'s>, Source<'s>)> {
    let mut lineage = vec![Lineage::Id, Lineage::Row, Lineage::ReceivedAt];
    if child {
        lineage.extend([Lineage::Index, Lineage::Path, Lineage::Parent]);
    } else if shaped.documents.iter().any(|document| document.principal.is_some()) {
        lineage.push(Lineage::Principal);
    }
    lineage.into_iter().map(|one| (one.field(), Source::Lineage(one))).collect()
}

/// A lineage column of the table at `at`.
pub(super) fn column(shaped: &Shaped, at: usize, lineage: Lineage) -> Column {
    let table = &shaped.tables[at];
    let rows = table.lineage.rows;
    // A child's `record` is the row of the root table, which knows document and position.
    let root = &shaped.tables[0].lineage;
    let root_row = |row: u32| match table.parent {
        None => row as usize,
        Some(_) => table.lineage.record[row as usize] as usize,
    };
    let document =
        |row: u32| -> &DocumentHead { &shaped.documents[root.document[root_row(row)] as usize] };
    match lineage {
        Lineage::Id => texts(rows, |row, out| out.extend_from_slice(document(row).id.as_bytes())),
        Lineage::Row => bigints(rows, |row| i64::from(root.record[root_row(row)])),
        Lineage::ReceivedAt => bigints(rows, |row| document(row).received_at_ms),
        Lineage::Principal => optional_texts(rows, |row| document(row).principal.as_deref()),
        Lineage::Index => bigints(rows, |row| i64::from(table.lineage.index[row as usize])),
        Lineage::Path => texts(rows, |row, out| shaped.push_path(at, row, out)),
        Lineage::Parent => texts(rows, |row, out| {
            if let Some(parent) = table.parent {
                shaped.push_path(parent, table.lineage.parent_row[row as usize], out);
            }
        }),
        Lineage::TableName | Lineage::ContentEncoding => {
            unreachable!("only rejects have this column")
        }
    }
}

/// The columns of `sluice_rejects`.
pub(super) fn reject_columns(shaped: &Shaped) -> Vec<(Field<'static>, Source<'_>)> {
    // `_row` is null for a whole document.
    let row = Field { required: false, ..Lineage::Row.field() };
    let mut columns = vec![
        (Lineage::Id.field(), Source::Lineage(Lineage::Id)),
        (row, Source::Lineage(Lineage::Row)),
    ];
    for one in [Lineage::ReceivedAt, Lineage::TableName] {
        columns.push((one.field(), Source::Lineage(one)));
    }
    let rejects = &shaped.rejects;
    for (name, column) in [
        ("code", &rejects.code),
        ("message", &rejects.message),
        ("pointer", &rejects.pointer),
        ("content", &rejects.content),
    ] {
        let kind = Kind::Scalar(Scalar::String);
        let required = name != "pointer";
        columns.push((Field { name, kind, required, path: None }, Source::Data(column)));
    }
    columns.push((Lineage::ContentEncoding.field(), Source::Lineage(Lineage::ContentEncoding)));
    columns
}

/// A column of `sluice_rejects` that is not stored as such.
pub(super) fn reject_column(shaped: &Shaped, lineage: Lineage) -> Column {
    let rejects = &shaped.rejects;
    let rows = rejects.len();
    let document =
        |row: u32| -> &DocumentHead { &shaped.documents[rejects.document[row as usize] as usize] };
    match lineage {
        Lineage::Id => texts(rows, |row, out| out.extend_from_slice(document(row).id.as_bytes())),
        Lineage::Row => {
            let mut column = Column::new(Values::Bigints(Vec::new()));
            for (row, &record) in (0..rows).zip(&rejects.record) {
                if record != WHOLE_DOCUMENT {
                    column.rows.push(row);
                    if let Values::Bigints(values) = &mut column.values {
                        values.push(i64::from(record));
                    }
                }
            }
            column
        }
        Lineage::ReceivedAt => bigints(rows, |row| document(row).received_at_ms),
        Lineage::TableName => {
            texts(rows, |_, out| out.extend_from_slice(shaped.registry().table.as_bytes()))
        }
        Lineage::ContentEncoding => texts(rows, |row, out| {
            let base64 = rejects.base64[row as usize];
            out.extend_from_slice(if base64 { b"base64" } else { b"utf8" });
        }),
        Lineage::Principal | Lineage::Index | Lineage::Path | Lineage::Parent => {
            unreachable!("rejects have no such column")
        }
    }
}

fn bigints(rows: u32, value: impl Fn(u32) -> i64) -> Column {
    Column { rows: Runs::all(rows), values: Values::Bigints((0..rows).map(value).collect()) }
}

fn texts(rows: u32, push: impl Fn(u32, &mut Vec<u8>)) -> Column {
    let mut texts = Texts::default();
    let mut text = Vec::new();
    for row in 0..rows {
        text.clear();
        push(row, &mut text);
        texts.push(&text);
    }
    Column { rows: Runs::all(rows), values: Values::Texts(texts) }
}

fn optional_texts<'t>(rows: u32, text: impl Fn(u32) -> Option<&'t str>) -> Column {
    let mut texts = Texts::default();
    let mut present = Runs::default();
    for row in 0..rows {
        if let Some(text) = text(row) {
            present.push(row);
            texts.push(text.as_bytes());
        }
    }
    Column { rows: present, values: Values::Texts(texts) }
}

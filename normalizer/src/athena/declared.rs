//! A registry's tables and views as data; DDL and Glue say the same of them.

use super::{
    DEFAULT_FIRST_DATE, FILES_DATABASE, REJECT_COLUMNS, Shows, VIEW_DATABASE, lineage, quoted,
    view_columns,
};
use crate::encode::REJECTS_TABLE;
use crate::kind::{Kind, Scalar};
use crate::registry::{Registry, TableSchema};

/// A column comment's bound in Glue. Java counts UTF-16 units, so this does.
const COMMENT_UNITS_MAX: usize = 255;

/// The partition columns of every physical table, both strings; their values stand in the keys.
pub const PARTITION_COLUMNS: [&str; 2] = ["tier", "ingest_date"];

/// One table as the catalog shows it: the physical one and the view over it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declared {
    /// In [`FILES_DATABASE`].
    pub physical: PhysicalTable,
    /// In [`VIEW_DATABASE`].
    pub view: View,
}

/// A physical table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhysicalTable {
    /// Its name; see [`physical_name`].
    pub name: String,
    /// Lineage, data, `_rest`; [`PARTITION_COLUMNS`] come after them.
    pub columns: Vec<DeclaredColumn>,
    /// Where its parts lie, without a last slash.
    pub prefix: String,
    /// The first day that is read.
    pub first_date: String,
}

/// A column of a physical table or of a view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeclaredColumn {
    /// Unique in its table.
    pub name: String,
    /// What it holds.
    pub kind: Kind,
    /// Its source path, as far as a comment holds it; none where there is none.
    pub comment: Option<String>,
}

/// A view over one physical table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// What people query.
    pub name: String,
    /// What its query answers, in order.
    pub columns: Vec<DeclaredColumn>,
    /// The query.
    pub select: String,
}

/// The tables and views of a registry, the root first. `location`: where the lake starts,
/// `s3://bucket` or `s3://bucket/prefix`, without a last slash.
#[must_use]
pub fn declared(registry: &Registry, location: &str) -> Vec<Declared> {
    let generation = registry.generation;
    let declared = |table: &TableSchema| {
        let physical = PhysicalTable {
            name: physical_name(&table.name, generation),
            columns: physical_columns(table),
            prefix: format!("{location}/{}/g{generation}", table.name),
            first_date: first_date(registry.first_date.as_deref()),
        };
        let view = view(&table.name, &physical.name, shown(table));
        Declared { physical, view }
    };
    registry.tables.iter().map(declared).collect()
}

/// `sluice_rejects` and its view. `first_date`: the earliest ingest date of any reject.
#[must_use]
pub fn declared_rejects(location: &str, first_date: Option<&str>) -> Declared {
    let columns: Vec<DeclaredColumn> =
        REJECT_COLUMNS.iter().map(|&(name, scalar)| plain(name, scalar)).collect();
    let shown = columns.iter().map(|column| (quoted(&column.name), column.clone())).collect();
    let physical = PhysicalTable {
        name: REJECTS_TABLE.to_owned(),
        columns,
        prefix: format!("{location}/{REJECTS_TABLE}/g1"),
        first_date: self::first_date(first_date),
    };
    Declared { physical, view: view(REJECTS_TABLE, REJECTS_TABLE, shown) }
}

/// The name of a generation's physical table. Later generations stand beside the first until the
/// view switches; `sluice_` keeps their names out of the users' way.
#[must_use]
pub fn physical_name(table: &str, generation: u32) -> String {
    match generation {
        1 => table.to_owned(),
        generation => format!("sluice_g{generation}__{table}"),
    }
}

fn first_date(known: Option<&str>) -> String {
    known.unwrap_or(DEFAULT_FIRST_DATE).to_owned()
}

fn plain(name: &str, scalar: Scalar) -> DeclaredColumn {
    DeclaredColumn { name: name.to_owned(), kind: Kind::Scalar(scalar), comment: None }
}

fn physical_columns(table: &TableSchema) -> Vec<DeclaredColumn> {
    let lineage = lineage(table).iter().map(|&(name, scalar)| plain(name, scalar));
    let data = table.columns.iter().map(|column| DeclaredColumn {
        name: column.name.clone(),
        kind: column.kind,
        comment: comment(&column.path),
    });
    lineage.chain(data).chain([plain("_rest", Scalar::String)]).collect()
}

/// What a path's comment is: as much of it as fits, what Glue's pattern refuses as `?`.
fn comment(path: &str) -> Option<String> {
    let mut units = 0;
    let fits = path.chars().take_while(|c| {
        units += c.len_utf16();
        units <= COMMENT_UNITS_MAX
    });
    let refused = |c: char| c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}');
    let comment: String = fits.map(|c| if refused(c) { '?' } else { c }).collect();
    (!comment.is_empty()).then_some(comment)
}

/// The view's columns, each with the expression that makes it.
fn shown(table: &TableSchema) -> Vec<(String, DeclaredColumn)> {
    let same = |column: DeclaredColumn| (quoted(&column.name), column);
    let mut shown: Vec<_> =
        lineage(table).iter().map(|&(name, scalar)| same(plain(name, scalar))).collect();
    shown.extend(view_columns(table).iter().map(|column| {
        let (expression, from) = match &column.shows {
            Shows::Physical(column) => (quoted(&column.name), *column),
            Shows::Numbers { bigint, double } => {
                let (doubles, integers) = (quoted(&double.name), quoted(&bigint.name));
                let name = quoted(column.name);
                let one = format!("COALESCE({doubles}, CAST({integers} AS double)) AS {name}");
                (one, *double)
            }
        };
        let (name, comment) = (column.name.to_owned(), comment(&from.path));
        (expression, DeclaredColumn { name, kind: from.kind, comment })
    }));
    shown.push(same(plain("_rest", Scalar::String)));
    shown
}

fn view(name: &str, physical: &str, shown: Vec<(String, DeclaredColumn)>) -> View {
    let (mut expressions, mut columns): (Vec<_>, Vec<_>) = shown.into_iter().unzip();
    expressions.push(quoted("ingest_date"));
    columns.push(plain("ingest_date", Scalar::String));
    let select = format!(
        "SELECT\n  {}\nFROM \"{FILES_DATABASE}\".\"{physical}\"\nWHERE \"tier\" = 'live'",
        expressions.join(",\n  ")
    );
    View { name: name.to_owned(), columns, select }
}

impl View {
    /// Where it stands, quoted.
    pub(super) fn full_name(&self) -> String {
        format!("\"{VIEW_DATABASE}\".\"{}\"", self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::comment;

    #[test]
    fn comments_are_what_glue_takes() {
        assert_eq!(comment(""), None);
        assert_eq!(comment("/a\nb\u{ffff}\u{85}c").as_deref(), Some("/a?b??c"));
        assert_eq!(comment(&"ä".repeat(300)).map(|text| text.chars().count()), Some(255));
        // Outside the basic plane one character is two units.
        assert_eq!(comment(&"😀".repeat(300)).map(|text| text.chars().count()), Some(127));
    }
}

//! What a batch may add to a table (DESIGN.md 2.3, width and depth).

use super::paths::{NONE, Slot};
use super::shaper::Shaper;
use crate::athena::athena_type;
use crate::kind::{Kind, Scalar};
use crate::limits::{NAME_CHARS_MAX, REGISTRY_PATH_BYTES_MAX};
use crate::{names, pointer};

/// What the batch has used of the bounds that span tables.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Budget {
    /// Source paths of all columns, bytes.
    pub(super) path_bytes: usize,
    /// Nodes the trie of paths may have.
    pub(super) paths_max: usize,
}

/// What a column costs.
pub(super) enum Cost {
    /// The registry has it.
    Free,
    /// It is new; bytes of its view text.
    Counts(usize),
    /// A limit is reached.
    TooMuch,
}

pub(super) fn cost(shaper: &Shaper<'_>, node: u32, slot: Slot) -> Cost {
    let path = shaper.paths.node(node);
    if path.known.contains(&slot.kind()) {
        return Cost::Free;
    }
    // Wide integers end as doubles or among the number texts.
    let twin = match slot {
        Slot::Wide => Slot::Number,
        Slot::Number => Slot::Wide,
        other => other,
    };
    if path.column(twin) != NONE {
        return Cost::Free;
    }
    let table = &shaper.tables[path.table as usize];
    let limits = &shaper.settings.limits;
    if table.column_count >= limits.columns_max {
        return Cost::TooMuch;
    }
    let kind = slot.kind();
    let view_bytes = view_bytes(name_bytes(shaper, node, kind), kind);
    let fits = table.view_bytes + view_bytes <= limits.view_text_bytes_max
        && shaper.budget.path_bytes + path.pointer_bytes as usize <= REGISTRY_PATH_BYTES_MAX;
    if fits { Cost::Counts(view_bytes) } else { Cost::TooMuch }
}

/// What one column adds to its view's stored text, at most: base64 of JSON that holds the SQL
/// (`"name",` with its quotes escaped) and the list of columns (`{"name":…,"type":…},`). Bigint and
/// double may share one expression, `COALESCE("d", CAST("b" AS double)) AS "b"`.
pub(super) fn view_bytes(name_bytes: usize, kind: Kind) -> usize {
    let plain = if kind.is_numeric_scalar() {
        name_bytes * 5 / 2 + 60
    } else {
        name_bytes * 2 + 36 + athena_type(kind).len()
    };
    plain * 4 / 3
}

/// How long the name of a new column will be.
fn name_bytes(shaper: &Shaper<'_>, node: u32, kind: Kind) -> usize {
    let pointer = shaper.paths.pointer(node);
    let keys: Vec<_> = pointer::keys(&pointer).collect();
    let base = names::column_base(keys.iter().map(AsRef::as_ref)).len();
    let suffix = if shaper.paths.node(node).is_bare() { 0 } else { 2 + kind.to_string().len() };
    (base + suffix).min(NAME_CHARS_MAX)
}

/// Whether a value of `slot` contradicts the kinds that the path has already: what
/// `on_conflict: reject` refuses. The numbers are no conflict among themselves, and a timestamp's
/// text stands beside it by design.
pub(super) fn conflicts(shaper: &Shaper<'_>, node: u32, slot: Slot) -> bool {
    let path = shaper.paths.node(node);
    let agrees = |kind: Kind| {
        // An integer beyond i64 ends as a double or as a number text: it agrees with either.
        let wide = slot == Slot::Wide && matches!(kind, Kind::Scalar(Scalar::Number));
        wide || family(kind) == family(slot_kind(slot))
    };
    match path.known.first() {
        Some(&first) => !agrees(first),
        None => path.slots_in_use().any(|other| other != slot && !agrees(slot_kind(other))),
    }
}

fn slot_kind(slot: Slot) -> Kind {
    match slot {
        Slot::Wide => Kind::Scalar(Scalar::Bigint),
        other => other.kind(),
    }
}

/// Kinds that are no conflict with one another.
pub(super) fn family(kind: Kind) -> Kind {
    match kind {
        Kind::Scalar(Scalar::Double) => Kind::Scalar(Scalar::Bigint),
        Kind::Scalar(Scalar::Timestamp) => Kind::Scalar(Scalar::String),
        Kind::List { levels, item: Scalar::Double } => Kind::List { levels, item: Scalar::Bigint },
        other => other,
    }
}

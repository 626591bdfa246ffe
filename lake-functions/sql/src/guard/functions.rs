//! The functions that need a bound, by name.

use super::growth::Growth;

/// Not there at all. Structs and maps share what they hold, so a few of them within each other
/// print as more than any memory holds; a lake has none. The scalar `range` is a list of any
/// length; the table function of the same name is there and makes rows one batch at a time.
pub(super) const REMOVED: &[&str] = &[
    "array_resize",
    "arrays_zip",
    "arrow_field",
    "arrow_metadata",
    "generate_series",
    "input_file_name",
    "map",
    "map_entries",
    "map_extract",
    "map_keys",
    "map_values",
    "named_struct",
    "range",
    "struct",
    "union_extract",
    "union_tag",
    "with_metadata",
];

/// As window functions each row would hold all rows before it.
pub(super) const NO_WINDOW: &[&str] = &["array_agg", "string_agg"];

/// How a function's result grows with its arguments; `None`: not much.
pub(super) fn growth(name: &str) -> Option<Growth> {
    Some(match name {
        "repeat" | "array_repeat" => Growth::Times,
        "lpad" | "rpad" => Growth::Padded,
        "replace" | "regexp_replace" => Growth::Replaced { by: 2 },
        "array_to_string" => Growth::Replaced { by: 1 },
        "concat_ws" => Growth::Joined,
        // Also those that take away: a constant becomes as many values as there are rows.
        "array_append" | "array_concat" | "array_distinct" | "array_except" | "array_intersect"
        | "array_prepend" | "array_remove" | "array_remove_all" | "array_remove_n"
        | "array_replace" | "array_replace_all" | "array_replace_n" | "array_reverse"
        | "array_slice" | "array_sort" | "array_union" | "concat" | "make_array" | "overlay" => {
            Growth::Sum
        }
        _ => return None,
    })
}

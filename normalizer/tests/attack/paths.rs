//! Long source paths in tables that are full: what goes to `_rest` must not outgrow the record.

use super::Attack;

/// A table that takes one column.
const FULL: &str = "tables: {t: {limits: {columns: 1}}}";

/// A path just short of what a column may have.
fn path() -> String {
    "p".repeat(900)
}

/// Many keys in one object at the end of a long path.
fn one_object() -> String {
    let members: Vec<String> = (0..200_000).map(|i| format!("\"k{i}\":1")).collect();
    format!("{{\"{}\":{{{}}}}}", path(), members.join(","))
}

/// Fills the table, then many objects below a long path, a key each.
fn many_objects(count: usize) -> String {
    let filling: Vec<String> = (0..1_000).map(|i| format!("\"f{i}\":1,")).collect();
    let members: Vec<String> = (0..count).map(|i| format!("\"k{i}\":{{\"x\":1}}")).collect();
    format!("{{{}\"{}\":{{{}}}}}", filling.concat(), path(), members.join(","))
}

/// Many elements, each with many keys at the end of a long path.
fn many_elements() -> String {
    let members: Vec<String> = (0..140).map(|i| format!("\"k{i}\":1")).collect();
    let element = format!("{{\"{}\":{{{}}}}}", path(), members.join(","));
    format!("{{\"e\":[{}]}}", vec![element; 3_000].join(","))
}

/// As many paths as a batch may remember, and more, differing in every record.
fn many_paths() -> String {
    let records: Vec<String> = (0..60_000)
        .map(|i| format!("{{\"a{i}\":{{\"b{i}\":{{\"c{i}\":{{\"d{i}\":[{{\"e{i}\":1}}]}}}}}}}}"))
        .collect();
    records.join("\n")
}

fn longer_paths() -> String {
    let records: Vec<String> =
        (0..10_000).map(|i| format!("{{\"{i}{}\":{{\"b\":1,\"c\":2}}}}", path())).collect();
    records.join("\n")
}

pub fn attacks() -> Vec<Attack> {
    vec![
        Attack::json("a long path, many keys", one_object()).settings(FULL).read_back(),
        Attack::json("a long path, many objects", many_objects(90_000)).factor(20).read_back(),
        Attack::lines(
            "a long path, many objects, in 20 records",
            vec![many_objects(20_000); 20].join("\n"),
        )
        .factor(20),
        Attack::json("a long path, many elements", many_elements())
            .settings(FULL)
            .factor(20)
            .read_back(),
        Attack::lines("many paths", many_paths()).factor(40).twice(),
        Attack::lines("many long paths", longer_paths()).twice(),
    ]
}

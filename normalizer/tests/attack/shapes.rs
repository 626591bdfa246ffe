//! One record of an extreme shape.

use super::Attack;

fn nested(open: &str, close: &str, levels: usize, inner: &str) -> String {
    format!("{{\"a\":{}{inner}{}}}", open.repeat(levels), close.repeat(levels))
}

fn keys(count: usize, value: &str) -> String {
    let members: Vec<String> = (0..count).map(|i| format!("\"key{i}\":{value}")).collect();
    format!("{{{}}}", members.join(","))
}

/// So many nulls, then one value, inside objects of the deepest allowed nesting.
fn nulls_below_many_levels() -> String {
    nested("{\"a\":", "}", 125, &format!("[{}1]", "null,".repeat(1_900_000)))
}

fn tables(count: usize, columns: usize) -> String {
    let element = keys(columns, "1");
    let members: Vec<String> = (0..count).map(|i| format!("\"t{i}\":[{element}]")).collect();
    format!("{{{}}}", members.join(","))
}

/// One object of many keys, then many small ones, all with a key twice.
fn many_keys_then_many_objects() -> String {
    format!(
        "{{\"big\":{},\"small\":[{}{{}}],\"x\":1,\"x\":2}}",
        keys(300_000, "0"),
        "{\"a\":0},".repeat(500_000)
    )
}

pub fn attacks() -> Vec<Attack> {
    vec![
        Attack::json("128 levels", nested("[", "]", 127, "1")).read_back(),
        Attack::json("129 levels", nested("[", "]", 128, "1"))
            .rejected("nesting_too_deep", 1)
            .read_back(),
        Attack::json("100,000 arrays deep", nested("[", "]", 100_000, "1"))
            .rejected("nesting_too_deep", 1),
        Attack::json("100,000 objects deep", nested("{\"a\":", "}", 100_000, "1"))
            .rejected("nesting_too_deep", 1),
        Attack::json("5 million arrays opened", "[".repeat(5_000_000))
            .rejected("malformed_json", 1),
        Attack::lines("5 million objects opened", "{\"a\":".repeat(1_900_000))
            .rejected("malformed_json", 1),
        Attack::json("100,000 keys", keys(100_000, "1")).read_back().twice(),
        Attack::json("100,000 keys of objects", keys(100_000, "{\"a\":{\"b\":true}}")).read_back(),
        Attack::json("100,000 keys of lists", keys(100_000, "[\"x\"]")).read_back(),
        Attack::json("a string of 10 MB", format!("{{\"a\":\"{}\"}}", "x".repeat(9_900_000)))
            .read_back(),
        Attack::json(
            "a string of 10 MB of escapes",
            format!("{{\"a\":\"{}\"}}", "\\u0001".repeat(1_600_000)),
        )
        .read_back(),
        Attack::json("a key of 10 MB", format!("{{\"{}\":1}}", "é/".repeat(3_300_000))).read_back(),
        Attack::json("a number of 10 MB", format!("{{\"a\":{}}}", "9".repeat(9_900_000)))
            .read_back(),
        Attack::json("a fraction of 10 MB", format!("{{\"a\":0.{}1}}", "0".repeat(9_900_000)))
            .read_back(),
        Attack::json(
            "1 written with 100,000 zeros",
            format!("{{\"a\":1{}e-100000}}", "0".repeat(100_000)),
        )
        .read_back(),
        Attack::json(
            "1.5 written with 70,000 digits",
            format!("{{\"a\":1.5{}}}", "0".repeat(70_000)),
        )
        .read_back(),
        Attack::json("a list of 4 million", format!("{{\"a\":[{}1]}}", "1,".repeat(4_000_000)))
            .factor(40),
        Attack::json(
            "a list of 1 million lists",
            format!("{{\"a\":[{}[1]]}}", "[1],".repeat(1_000_000)),
        )
        .factor(40),
        Attack::json(
            "a mixed array of 2 million",
            format!("{{\"a\":[{}1]}}", "\"\",".repeat(2_000_000)),
        )
        .factor(40),
        Attack::json("2 million nulls", format!("{{\"a\":[{}null]}}", "null,".repeat(1_900_000)))
            .factor(40),
        Attack::json("nulls below many levels", nulls_below_many_levels()).factor(40),
        Attack::json("fan-out into 1,000 child tables", tables(1_000, 3)).read_back(),
        Attack::json("100 child tables of 1,000 columns", tables(100, 1_000)).factor(60).twice(),
        Attack::json(
            "a child of 3 million empty objects",
            format!("{{\"a\":[{}{{}}]}}", "{},".repeat(3_200_000)),
        )
        .factor(60),
        Attack::json(
            "many keys, then many objects, and a key twice",
            many_keys_then_many_objects(),
        )
        .factor(40),
    ]
}

//! What a document must become: from its bytes, by `serde_json` and the words of DESIGN.md 2.3.

use super::scalar::{Scalar, Scalars, flatten};
use serde::Deserialize;
use serde_json::Value;
use sluice_normalizer::Form;

/// What must become of one record.
#[derive(Debug)]
pub enum Fate {
    /// A row with these scalars.
    Row(Scalars),
    /// The same, or a reject as too deep: what is too deep may be the value of a key that comes
    /// again, which no parsed value shows.
    RowUnlessTooDeep(Scalars),
    /// A reject with one of these codes, and this content where it is known.
    Reject(&'static [&'static str], Option<Vec<u8>>),
}

/// What must become of one document.
#[derive(Debug)]
pub enum Expected {
    Whole(&'static [&'static str]),
    Records(Vec<Fate>),
}

/// Codes of a text that is no JSON.
pub const BROKEN: &[&str] = &["malformed_json", "invalid_utf8"];
const TOO_DEEP: &[&str] = &["nesting_too_deep"];
const NOT_AN_OBJECT: &[&str] = &["not_an_object"];

/// What the settings take away from a record.
#[derive(Debug, Clone, Default)]
pub struct Ignored(pub Vec<Vec<String>>);

impl Ignored {
    /// `paths`: settings paths without escapes, `*` for elements.
    pub fn new(paths: &[&str]) -> Self {
        let steps = |path: &&str| path.split('/').skip(1).map(str::to_owned).collect();
        Ignored(paths.iter().map(steps).collect())
    }

    fn prune(&self, value: &mut Value) {
        for path in &self.0 {
            remove(value, path);
        }
    }
}

fn remove(value: &mut Value, path: &[String]) {
    let [step, rest @ ..] = path else { return };
    match value {
        Value::Array(elements) if step == "*" => {
            for element in elements {
                if rest.is_empty() { *element = Value::Null } else { remove(element, rest) }
            }
        }
        // `*` speaks of elements only, whatever an object's keys are.
        Value::Object(_) if step == "*" => {}
        Value::Object(members) if rest.is_empty() => {
            members.remove(step);
        }
        Value::Object(members) => {
            if let Some(value) = members.get_mut(step) {
                remove(value, rest);
            }
        }
        _ => {}
    }
}

/// JSON's white space, which is less than ASCII's: a form feed is no blank.
fn without_blanks(line: &[u8]) -> &[u8] {
    let blank = |byte: Option<&u8>| matches!(byte, Some(b' ' | b'\t' | b'\r'));
    let mut line = line;
    while blank(line.first()) {
        line = &line[1..];
    }
    while blank(line.last()) {
        line = &line[..line.len() - 1];
    }
    line
}

/// `body`: decompressed.
pub fn expect(form: Form, body: &[u8], ignored: &Ignored) -> Expected {
    let text = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let elements: Vec<u8>;
    let text = match form {
        Form::Ndjson => {
            let lines = text.split(|&b| b == b'\n').map(without_blanks);
            let lines: Vec<_> = lines.filter(|line| !line.is_empty()).collect();
            if lines.is_empty() {
                return Expected::Whole(&["no_records"]);
            }
            return Expected::Records(lines.iter().map(|line| of_line(line, ignored)).collect());
        }
        Form::Json => text,
        Form::Elements => {
            elements = [b"[", text, b"]"].concat();
            &elements
        }
    };
    let deep = opened(text) > 128;
    match parse(text) {
        Err(()) => Expected::Whole(BROKEN),
        Ok(Value::Array(elements)) if elements.is_empty() => Expected::Whole(&["no_records"]),
        Ok(Value::Array(elements)) => {
            Expected::Records(elements.into_iter().map(|e| of_value(e, deep, ignored)).collect())
        }
        Ok(value) => Expected::Records(vec![of_value(value, deep, ignored)]),
    }
}

fn of_line(line: &[u8], ignored: &Ignored) -> Fate {
    match parse(line) {
        Err(()) => Fate::Reject(BROKEN, Some(line.to_vec())),
        Ok(value) => match of_value(value, opened(line) > 128, ignored) {
            Fate::Reject(codes, _) => Fate::Reject(codes, Some(line.to_vec())),
            row => row,
        },
    }
}

/// `deep`: the text it comes from may nest too deep somewhere.
fn of_value(mut value: Value, deep: bool, ignored: &Ignored) -> Fate {
    if levels(&value) > 128 {
        return Fate::Reject(TOO_DEEP, None);
    }
    if !value.is_object() {
        return Fate::Reject(NOT_AN_OBJECT, None);
    }
    ignored.prune(&mut value);
    let scalars = scalars(&value);
    if deep { Fate::RowUnlessTooDeep(scalars) } else { Fate::Row(scalars) }
}

/// The scalars of one record.
pub fn scalars(value: &Value) -> Scalars {
    let mut scalars = Scalars::new();
    flatten(value, "", &mut |pointer: String, scalar: Scalar| {
        assert!(scalars.insert(pointer, scalar).is_none(), "a place in a record is unique");
    });
    scalars
}

/// Levels of objects and arrays.
fn levels(value: &Value) -> usize {
    match value {
        Value::Array(elements) => 1 + elements.iter().map(levels).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(levels).max().unwrap_or(0),
        _ => 0,
    }
}

/// Levels that this parser, which recurses, can take.
const PARSER_LEVELS_MAX: usize = 1_000;

/// Parses one JSON text; of equal keys the last one wins, number texts stay. A text of so many
/// levels that it cannot be parsed by recursion counts as broken: callers have none that is not.
pub fn parse(text: &[u8]) -> Result<Value, ()> {
    if text.iter().filter(|b| matches!(b, b'[' | b'{')).count() > PARSER_LEVELS_MAX
        && opened(text) > PARSER_LEVELS_MAX
    {
        return Err(());
    }
    let mut reader = serde_json::Deserializer::from_slice(text);
    reader.disable_recursion_limit();
    let value = Value::deserialize(&mut reader).map_err(|_| ())?;
    reader.end().map_err(|_| ())?;
    Ok(value)
}

/// The most brackets that are open at any place, those in strings included.
fn opened(text: &[u8]) -> usize {
    let mut open = 0_usize;
    let mut most = 0;
    for byte in text {
        match byte {
            b'[' | b'{' => open += 1,
            b']' | b'}' => open = open.saturating_sub(1),
            _ => {}
        }
        most = most.max(open);
    }
    most
}

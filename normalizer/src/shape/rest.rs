//! A value on its way into `_rest`: what the settings ignore is dropped there too.

use crate::json::{Tag, Tape, push_json_string, render};
use crate::settings::{Rule, Rules};

/// Appends the value at `at` as JSON text, without what `rules` ignore below `node`, the settings'
/// node of the value.
pub(super) fn render_kept(
    rules: &Rules,
    node: Option<u32>,
    tape: &Tape,
    source: &[u8],
    at: u32,
    out: &mut Vec<u8>,
) {
    let tag = tape.node(at).tag;
    if node.is_none()
        || rules.rule(node) == Some(Rule::Json)
        || !matches!(tag, Tag::Object | Tag::Array)
    {
        return render(tape, source, at, out);
    }
    let object = tag == Tag::Object;
    out.push(if object { b'{' } else { b'[' });
    let start = out.len();
    for child in tape.children(at) {
        let (value, inner) = if object {
            let key = tape.bytes(source, tape.node(child));
            let inner = std::str::from_utf8(key).ok().and_then(|key| rules.key(node, key));
            if rules.rule(inner) == Some(Rule::Ignore) {
                continue;
            }
            (child + 1, inner)
        } else {
            (child, rules.elements(node))
        };
        if out.len() > start {
            out.push(b',');
        }
        if object {
            push_json_string(tape.bytes(source, tape.node(child)), out);
            out.push(b':');
        }
        if !object && rules.rule(inner) == Some(Rule::Ignore) {
            // Positions in the array stay.
            out.extend_from_slice(b"null");
        } else {
            render_kept(rules, inner, tape, source, value, out);
        }
    }
    out.push(if object { b'}' } else { b']' });
}

//! What found no place goes to `_rest`, without what the settings ignore.

use super::paths::NONE;
use super::shaper::Shaper;
use super::walk::{Record, Stop};
use crate::json::{Tag, Tape, push_json_string, render};
use crate::settings::{Rule, Rules};

/// How much more than the record itself its `_rest` may be before keys are written in groups.
const REST_FACTOR: usize = 4;
const REST_FREE_BYTES: usize = 4096;

impl Shaper<'_> {
    /// Puts a value that found no place into the row's `_rest`. `node`: the object it is in, with
    /// its `key`; or the element itself, without one.
    pub(super) fn spill(
        &mut self,
        record: &Record<'_>,
        node: u32,
        key: Option<&[u8]>,
        value: u32,
        group: &mut Vec<u8>,
    ) -> Result<(), Stop> {
        self.require_unique_keys(record)?;
        let Shaper { settings, paths, .. } = &*self;
        let at = paths.node(node).settings;
        let rule = match key.map(std::str::from_utf8) {
            Some(key) => settings.rules.key(at, key.expect("the parser checked UTF-8")),
            None => at,
        };
        let rules = &settings.rules;
        let render = |out: &mut Vec<u8>| {
            render_kept(rules, rule, record.tape, record.source, value, out);
        };
        let table = &mut self.tables[self.paths.node(node).table as usize];
        let before = table.rest_bytes();
        let crowded = self.record.rest_bytes > REST_FREE_BYTES + REST_FACTOR * self.record.bytes;
        match key {
            Some(key) if crowded && self.paths.node(node).parent != NONE => {
                group.push(if group.is_empty() { b'{' } else { b',' });
                push_json_string(key, group);
                group.push(b':');
                render(group);
            }
            _ => {
                let mut pointer = self.paths.pointer(node);
                if let Some(key) = key {
                    let key = std::str::from_utf8(key).expect("the parser checked UTF-8");
                    crate::pointer::push_key(&mut pointer, key);
                }
                table.push_rest(&pointer, render);
            }
        }
        self.record.rest_bytes += table.rest_bytes() - before;
        Ok(())
    }

    /// Keys that get no node cannot be seen twice on the way: looks at the whole record once.
    pub(super) fn require_unique_keys(&mut self, record: &Record<'_>) -> Result<(), Stop> {
        if !self.record.deduplicated && record.has_duplicate_keys() {
            return Err(Stop::DuplicateKeys);
        }
        self.record.deduplicated = true;
        Ok(())
    }

    /// Passes on what an inner object, at `child`, left: to the object around it or, at a row's own
    /// object, to `_rest`. So a long pointer is not written once for every object below it, and
    /// `_rest` is bounded by a multiple of the record (I-7).
    pub(super) fn spill_group(
        &mut self,
        node: u32,
        child: u32,
        key: &[u8],
        inner: &[u8],
        group: &mut Vec<u8>,
    ) {
        if inner.is_empty() {
            return;
        }
        if self.paths.node(node).parent != NONE {
            group.push(if group.is_empty() { b'{' } else { b',' });
            push_json_string(key, group);
            group.push(b':');
            group.extend_from_slice(inner);
            group.push(b'}');
            return;
        }
        let pointer = self.paths.pointer(child);
        let table = &mut self.tables[self.paths.node(node).table as usize];
        table.push_rest(&pointer, |out| {
            out.extend_from_slice(inner);
            out.push(b'}');
        });
    }
}

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

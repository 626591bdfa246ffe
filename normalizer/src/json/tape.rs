//! One parsed record as a flat list of nodes in document order.

use foldhash::fast::RandomState;
use hashbrown::HashMap;

/// What a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tag {
    Null,
    True,
    False,
    /// Text of the number as written.
    Number,
    /// Text of the string, escapes decoded.
    String,
    /// Children follow as `Key`, value, `Key`, value… up to `next`.
    Object,
    /// Elements follow up to `next`.
    Array,
    /// An object's key; its value is the next node.
    Key,
}

/// One node, 16 bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Node {
    pub(crate) tag: Tag,
    /// Whether the text stands in the tape's own buffer (it had escapes) or in the source.
    decoded: bool,
    start: u32,
    len: u32,
    /// The node after this one's subtree.
    pub(crate) next: u32,
}

/// The nodes of one record, and the texts that are not literally in the source.
///
/// Invariant: every range of a node was taken from the source or from `decoded`, and nodes are
/// read with the source they were made from.
#[derive(Debug, Default)]
pub(crate) struct Tape {
    pub(crate) nodes: Vec<Node>,
    decoded: Vec<u8>,
}

impl Tape {
    pub(crate) fn clear(&mut self) {
        self.nodes.clear();
        self.decoded.clear();
    }

    /// Gives memory back that a rare huge record needed.
    pub(crate) fn shrink(&mut self) {
        self.nodes.shrink_to(1 << 16);
        self.decoded.shrink_to(1 << 16);
    }

    pub(super) fn push_leaf(&mut self, tag: Tag) {
        let next = self.len() + 1;
        self.nodes.push(Node { tag, decoded: false, start: 0, len: 0, next });
    }

    pub(super) fn open(&mut self, tag: Tag) -> u32 {
        let at = self.len();
        self.nodes.push(Node { tag, decoded: false, start: 0, len: 0, next: at + 1 });
        at
    }

    pub(super) fn close(&mut self, at: u32) {
        self.nodes[at as usize].next = self.len();
    }

    /// `text` either lies in `source` (then it is not copied) or was decoded.
    pub(super) fn push_text(&mut self, tag: Tag, source: &[u8], text: &[u8]) {
        let next = self.len() + 1;
        let offset = (text.as_ptr() as usize).wrapping_sub(source.as_ptr() as usize);
        let inside = offset <= source.len() && text.len() <= source.len() - offset;
        let start = if inside { offset } else { self.decoded.len() };
        if !inside {
            self.decoded.extend_from_slice(text);
        }
        self.nodes.push(Node {
            tag,
            decoded: !inside,
            start: start as u32,
            len: text.len() as u32,
            next,
        });
    }

    fn len(&self) -> u32 {
        self.nodes.len() as u32
    }

    #[inline]
    pub(crate) fn node(&self, at: u32) -> Node {
        self.nodes[at as usize]
    }

    /// The text of a `Key`, `String` or `Number` node, as UTF-8 bytes.
    #[inline]
    pub(crate) fn bytes<'a>(&'a self, source: &'a [u8], node: Node) -> &'a [u8] {
        let from = if node.decoded { &self.decoded[..] } else { source };
        &from[node.start as usize..][..node.len as usize]
    }

    /// The children of a container: the positions of its keys or elements.
    pub(crate) fn children(&self, at: u32) -> impl Iterator<Item = u32> + '_ {
        let end = self.node(at).next;
        let object = self.node(at).tag == Tag::Object;
        let mut child = at + 1;
        std::iter::from_fn(move || {
            (child < end).then(|| {
                let this = child;
                child = self.node(if object { this + 1 } else { this }).next;
                this
            })
        })
    }

    /// Whether a value holds any scalar that is not null, or an object inside an array (whose
    /// element is a row even without data).
    pub(crate) fn has_data(&self, at: u32) -> bool {
        let mut in_array_until = 0;
        (at..self.node(at).next).any(|i| {
            let node = self.node(i);
            match node.tag {
                Tag::Null | Tag::Key => false,
                Tag::Array => {
                    in_array_until = in_array_until.max(node.next);
                    false
                }
                Tag::Object => i < in_array_until,
                Tag::True | Tag::False | Tag::Number | Tag::String => true,
            }
        })
    }

    /// Whether an array holds an object at any depth.
    pub(crate) fn holds_object(&self, array: u32) -> bool {
        (array + 1..self.node(array).next).any(|i| self.node(i).tag == Tag::Object)
    }

    pub(crate) fn has_duplicate_keys(&self, source: &[u8]) -> bool {
        !self.overridden_keys(source).is_empty()
    }

    /// Removes all but the last of equal keys in every object.
    pub(crate) fn keep_last_keys(&mut self, source: &[u8]) {
        let overridden = self.overridden_keys(source);
        self.remove(&overridden);
    }

    /// The positions of keys that come again in their object, ascending.
    fn overridden_keys(&self, source: &[u8]) -> Vec<u32> {
        const CAPACITY_KEPT: usize = 256;
        let mut overridden = Vec::new();
        let mut last: HashMap<&[u8], u32, RandomState> = HashMap::default();
        for at in 0..self.len() {
            if self.node(at).tag != Tag::Object {
                continue;
            }
            // Clearing costs as much as the largest object before.
            if last.capacity() > CAPACITY_KEPT {
                last = HashMap::default()
            } else {
                last.clear()
            }
            for key in self.children(at) {
                if let Some(earlier) = last.insert(self.bytes(source, self.node(key)), key) {
                    overridden.push(earlier);
                }
            }
        }
        overridden.sort_unstable();
        overridden
    }

    /// Removes the members whose keys stand at `dead` (ascending), values included.
    fn remove(&mut self, dead: &[u32]) {
        let mut dead = dead.iter().copied().peekable();
        let mut kept = Vec::with_capacity(self.nodes.len());
        // New position of every old one, so that `next` can be moved along.
        let mut moved = Vec::with_capacity(self.nodes.len() + 1);
        let mut skip_until = 0;
        for at in 0..self.len() {
            while dead.next_if(|&key| key < at).is_some() {}
            if dead.next_if_eq(&at).is_some() {
                skip_until = skip_until.max(self.node(at + 1).next);
            }
            moved.push(kept.len() as u32);
            if at >= skip_until {
                kept.push(self.node(at));
            }
        }
        moved.push(kept.len() as u32);
        for node in &mut kept {
            node.next = moved[node.next as usize];
        }
        self.nodes = kept;
    }
}

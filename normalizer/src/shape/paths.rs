//! The trie of source paths seen so far: from a key to where its values go.

use super::ends::Ends;
use crate::kind::{Kind, Scalar};
use crate::pointer;
use foldhash::fast::RandomState;
use hashbrown::HashTable;
use std::hash::{BuildHasher, Hash, Hasher};

/// No node, no column, no table.
pub(crate) const NONE: u32 = u32::MAX;

/// Slots of one path, a column each. `Wide` integers wait for the batch's end to know whether they
/// become doubles or number texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Slot {
    Boolean,
    Bigint,
    Double,
    Wide,
    Number,
    String,
    Timestamp,
    Json,
    List { levels: u8, item: Scalar },
}

const SCALAR_SLOTS: usize = SCALARS.len();

/// Every slot but the lists, in the order of [`Slot::scalar`].
const SCALARS: [Slot; 8] = [
    Slot::Boolean,
    Slot::Bigint,
    Slot::Double,
    Slot::Wide,
    Slot::Number,
    Slot::String,
    Slot::Timestamp,
    Slot::Json,
];

/// One source path within one table.
#[derive(Debug)]
pub(crate) struct PathNode {
    /// The node of the object this is a key of; `NONE` for a table's record or element itself.
    pub(crate) parent: u32,
    key: Box<str>,
    ends: Ends,
    pub(crate) table: u32,
    /// Bytes of the pointer from the table's record or element.
    pub(crate) pointer_bytes: u32,
    /// The settings' trie node for this path.
    pub(crate) settings: Option<u32>,
    pub(crate) rule: Option<crate::settings::Rule>,
    /// The object instance that had this key last: the same one again is a duplicate key.
    pub(crate) seen_in: u64,
    /// The key that followed this one last time, and the first key inside: the guesses that make
    /// a repeated shape cost one comparison a key.
    next: u32,
    first: u32,
    /// Columns by scalar slot, ordinals in the table; `NONE` where there is none.
    slots: [u32; SCALAR_SLOTS],
    lists: Vec<(Slot, u32)>,
    /// The child table for arrays of objects here.
    pub(crate) child: u32,
    /// The kinds that the registry has at this path, the owner of the plain name first.
    pub(crate) known: Vec<Kind>,
    /// The plain column is a double: integers that f64 carries go there.
    pub(crate) double_owns: bool,
    /// The plain column is a list of doubles with this many levels; 0 when it is not.
    pub(crate) double_list_owns: u8,
}

#[derive(Debug, Default)]
pub(crate) struct Paths {
    nodes: Vec<PathNode>,
    index: HashTable<u32>,
    hasher: RandomState,
}

impl Slot {
    fn scalar(self) -> Option<usize> {
        Some(match self {
            Slot::Boolean => 0,
            Slot::Bigint => 1,
            Slot::Double => 2,
            Slot::Wide => 3,
            Slot::Number => 4,
            Slot::String => 5,
            Slot::Timestamp => 6,
            Slot::Json => 7,
            Slot::List { .. } => return None,
        })
    }

    /// The kind of the column that this slot's values end in, if nothing moves them.
    pub(crate) fn kind(self) -> Kind {
        Kind::Scalar(match self {
            Slot::Boolean => Scalar::Boolean,
            Slot::Bigint => Scalar::Bigint,
            Slot::Double => Scalar::Double,
            Slot::Wide | Slot::Number => Scalar::Number,
            Slot::String => Scalar::String,
            Slot::Timestamp => Scalar::Timestamp,
            Slot::Json => return Kind::Json,
            Slot::List { levels, item } => return Kind::List { levels, item },
        })
    }
}

impl PathNode {
    #[inline]
    fn has_key(&self, key: &[u8], ends: Ends) -> bool {
        self.ends == ends && (ends.cover_all() || self.key.as_bytes() == key)
    }

    /// Whether no column of any kind is at this path yet.
    pub(crate) fn is_bare(&self) -> bool {
        self.known.is_empty() && self.lists.is_empty() && self.slots.iter().all(|&c| c == NONE)
    }

    /// The slots that have a column in this batch.
    pub(crate) fn slots_in_use(&self) -> impl Iterator<Item = Slot> + '_ {
        let scalars = SCALARS.into_iter().filter(|&slot| self.column(slot) != NONE);
        scalars.chain(self.lists.iter().map(|&(slot, _)| slot))
    }

    #[inline]
    pub(crate) fn column(&self, slot: Slot) -> u32 {
        match slot.scalar() {
            Some(i) => self.slots[i],
            None => self.lists.iter().find(|(s, _)| *s == slot).map_or(NONE, |&(_, c)| c),
        }
    }

    pub(crate) fn set_column(&mut self, slot: Slot, column: u32) {
        match slot.scalar() {
            Some(i) => self.slots[i] = column,
            None => {
                self.lists.retain(|(s, _)| *s != slot);
                if column != NONE {
                    self.lists.push((slot, column));
                }
            }
        }
    }
}

impl Paths {
    pub(crate) fn len(&self) -> u32 {
        self.nodes.len() as u32
    }

    #[inline]
    pub(crate) fn node(&self, at: u32) -> &PathNode {
        &self.nodes[at as usize]
    }

    #[inline]
    pub(crate) fn node_mut(&mut self, at: u32) -> &mut PathNode {
        &mut self.nodes[at as usize]
    }

    /// The node of a table's record or element.
    pub(crate) fn add_root(&mut self, table: u32, settings: Option<u32>) -> u32 {
        let at = self.len();
        self.nodes.push(PathNode {
            parent: NONE,
            key: Box::default(),
            ends: Ends::default(),
            table,
            pointer_bytes: 0,
            settings,
            rule: None,
            seen_in: 0,
            next: NONE,
            first: NONE,
            slots: [NONE; SCALAR_SLOTS],
            lists: Vec::new(),
            child: NONE,
            known: Vec::new(),
            double_owns: false,
            double_list_owns: 0,
        });
        at
    }

    /// `key` must not be there yet.
    pub(crate) fn add_key(&mut self, parent: u32, key: &str, settings: Option<u32>) -> u32 {
        let at = self.add_root(self.node(parent).table, settings);
        let pointer_bytes = self.node(parent).pointer_bytes + escaped_bytes(key) as u32;
        let node = self.node_mut(at);
        node.parent = parent;
        node.key = key.into();
        node.ends = Ends::of(key.as_bytes());
        node.pointer_bytes = pointer_bytes;
        let hash = hash(&self.hasher, parent, key.as_bytes());
        let (nodes, hasher) = (&self.nodes, &self.hasher);
        self.index.insert_unique(hash, at, |&at| {
            let node = &nodes[at as usize];
            self::hash(hasher, node.parent, node.key.as_bytes())
        });
        at
    }

    /// The node of `key` in `parent`. `before`: the node of the key before it in this object.
    #[inline]
    pub(crate) fn find(&mut self, parent: u32, before: u32, key: &[u8]) -> u32 {
        let ends = Ends::of(key);
        let guess = match before {
            NONE => self.node(parent).first,
            before => self.node(before).next,
        };
        if let Some(node) = self.nodes.get(guess as usize)
            && node.parent == parent
            && node.has_key(key, ends)
        {
            return guess;
        }
        self.look_up(parent, before, key, ends)
    }

    fn look_up(&mut self, parent: u32, before: u32, key: &[u8], ends: Ends) -> u32 {
        let nodes = &self.nodes;
        let found = self.index.find(hash(&self.hasher, parent, key), |&at| {
            let node = &nodes[at as usize];
            node.parent == parent && node.has_key(key, ends)
        });
        let Some(&at) = found else {
            return NONE;
        };
        match before {
            NONE => self.node_mut(parent).first = at,
            before => self.node_mut(before).next = at,
        }
        at
    }

    /// Takes back the nodes from `len` on.
    pub(crate) fn truncate(&mut self, len: u32) {
        for at in (len..self.len()).rev() {
            let node = self.node(at);
            if node.parent != NONE {
                let hash = hash(&self.hasher, node.parent, node.key.as_bytes());
                if let Ok(entry) = self.index.find_entry(hash, |&found| found == at) {
                    entry.remove();
                }
            }
            self.nodes.pop();
        }
    }

    /// The JSON Pointer from the table's record or element.
    pub(crate) fn pointer(&self, at: u32) -> String {
        let mut keys = Vec::new();
        self.visit_keys(at, &mut keys);
        let mut text = String::new();
        for key in keys {
            pointer::push_key(&mut text, key);
        }
        text
    }

    fn visit_keys<'p>(&'p self, at: u32, keys: &mut Vec<&'p str>) {
        let mut at = at;
        while self.node(at).parent != NONE {
            keys.push(&self.node(at).key);
            at = self.node(at).parent;
        }
        keys.reverse();
    }
}

/// Bytes of `/key` in a pointer.
pub(crate) fn escaped_bytes(key: &str) -> usize {
    1 + key.len() + key.bytes().filter(|b| matches!(b, b'~' | b'/')).count()
}

fn hash(hasher: &RandomState, parent: u32, key: &[u8]) -> u64 {
    let mut state = hasher.build_hasher();
    state.write_u32(parent);
    key.hash(&mut state);
    state.finish()
}

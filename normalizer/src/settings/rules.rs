//! Which rule holds at which path: a trie beside the trie of source paths.

use super::path::{SettingsPath, Step};
use std::collections::BTreeMap;

/// What the settings say about one path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    /// Strings that are timestamps become timestamps.
    Timestamp,
    /// The value is kept whole as JSON text.
    Json,
    /// The value is dropped, as the user asked.
    Ignore,
}

/// The trie; its root is node 0.
#[derive(Debug, Clone)]
pub(crate) struct Rules {
    nodes: Vec<RuleNode>,
}

#[derive(Debug, Clone, Default)]
struct RuleNode {
    rule: Option<Rule>,
    keys: BTreeMap<String, u32>,
    elements: Option<u32>,
}

impl Default for Rules {
    fn default() -> Self {
        Rules { nodes: vec![RuleNode::default()] }
    }
}

impl Rules {
    pub(crate) const ROOT: u32 = 0;

    /// Answers false when the path has another rule already.
    pub(super) fn add(&mut self, path: &SettingsPath, rule: Rule) -> bool {
        let mut at = Self::ROOT;
        for step in &path.0 {
            let fresh = self.nodes.len() as u32;
            let node = &mut self.nodes[at as usize];
            at = match step {
                Step::Key(key) => *node.keys.entry(key.clone()).or_insert(fresh),
                Step::Elements => *node.elements.get_or_insert(fresh),
            };
            if at == fresh {
                self.nodes.push(RuleNode::default());
            }
        }
        let slot = &mut self.nodes[at as usize].rule;
        let free = slot.is_none_or(|there| there == rule);
        *slot = Some(rule);
        free
    }

    pub(crate) fn rule(&self, node: Option<u32>) -> Option<Rule> {
        self.nodes[node? as usize].rule
    }

    pub(crate) fn key(&self, node: Option<u32>, key: &str) -> Option<u32> {
        self.nodes[node? as usize].keys.get(key).copied()
    }

    /// Whether anything at `node` or below is ignored.
    pub(crate) fn ignores_below(&self, node: u32) -> bool {
        let node = &self.nodes[node as usize];
        node.rule == Some(Rule::Ignore)
            || node.keys.values().chain(&node.elements).any(|&below| self.ignores_below(below))
    }

    pub(crate) fn elements(&self, node: Option<u32>) -> Option<u32> {
        self.nodes[node? as usize].elements
    }
}

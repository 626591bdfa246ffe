//! The trie and the tables that a registry version stands for.

use super::budget::view_bytes;
use super::paths::NONE;
use super::shaper::Shaper;
use super::table::Table;
use crate::kind::{Kind, Scalar};
use crate::pointer;
use crate::settings::Rules;

/// Fills a fresh shaper from its registry.
pub(super) fn load(shaper: &mut Shaper<'_>) {
    let registry = shaper.registry.clone();
    for (ordinal, schema) in registry.tables.iter().enumerate() {
        let ordinal = ordinal as u32;
        let parent = registry.tables.iter().position(|t| Some(&t.name) == schema.parent.as_ref());
        let (parent, array, root, level) = match parent {
            None => (NONE, NONE, shaper.paths.add_root(ordinal, Some(Rules::ROOT)), 0),
            Some(parent) => {
                let from = &shaper.tables[parent];
                let level = from.level + 1;
                let array = path(shaper, shaper.tables[parent].root, &schema.path);
                let settings = shaper.settings.rules.elements(shaper.paths.node(array).settings);
                let root = shaper.paths.add_root(ordinal, settings);
                shaper.paths.node_mut(root).rule = shaper.settings.rules.rule(settings);
                shaper.paths.node_mut(array).child = ordinal;
                (parent as u32, array, root, level)
            }
        };
        let mut table = Table::new(ordinal, parent, array, root, level);
        table.column_count = schema.columns.len();
        shaper.tables.push(table);
        for column in &schema.columns {
            let node = path(shaper, root, &column.path);
            let node = shaper.paths.node_mut(node);
            if node.known.is_empty() {
                node.double_owns = column.kind == Kind::Scalar(Scalar::Double);
                if let Kind::List { levels, item: Scalar::Double } = column.kind {
                    node.double_list_owns = levels;
                }
            }
            node.known.push(column.kind);
            shaper.tables[ordinal as usize].view_bytes +=
                view_bytes(column.name.len(), column.kind);
            shaper.budget.path_bytes += column.path.len();
        }
    }
    let limits = &shaper.settings.limits;
    let room = limits.columns_max.saturating_mul(limits.child_tables_max.saturating_add(1));
    shaper.budget.paths_max = (shaper.paths.len() as usize).saturating_add(room.saturating_mul(2));
}

/// The node of `pointer` below `root`, made if it is not there.
fn path(shaper: &mut Shaper<'_>, root: u32, pointer: &str) -> u32 {
    let mut at = root;
    for key in pointer::keys(pointer) {
        let found = shaper.paths.find(at, NONE, key.as_bytes());
        at = if found == NONE {
            let settings = shaper.settings.rules.key(shaper.paths.node(at).settings, &key);
            let child = shaper.paths.add_key(at, &key, settings);
            shaper.paths.node_mut(child).rule = shaper.settings.rules.rule(settings);
            child
        } else {
            found
        };
    }
    at
}

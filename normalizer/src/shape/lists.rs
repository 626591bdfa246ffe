//! What an array is, and a list's way into its column.

use super::values::{Lists, Values};
use crate::json::{Tag, Tape};
use crate::kind::Scalar;
use crate::limits::LIST_LEVELS_MAX;
use crate::number::{Number, exact_in_f64};

/// What becomes of an array (DESIGN.md 2.3).
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ArrayShape {
    /// Nothing but nulls and empty arrays.
    NoData,
    /// Holds an object at some depth.
    Children,
    /// Scalars of one kind at one depth.
    List {
        levels: u8,
        item: Scalar,
        /// Every item is exact in f64 (bigints only).
        exact: bool,
    },
    /// Scalars of several kinds or depths.
    Mixed,
}

/// Kinds of scalars met in an array, as bits.
mod met {
    pub(super) const BOOLEAN: u8 = 1;
    pub(super) const EXACT: u8 = 2;
    pub(super) const INEXACT: u8 = 4;
    pub(super) const DOUBLE: u8 = 8;
    pub(super) const WIDE: u8 = 16;
    pub(super) const NUMBER: u8 = 32;
    pub(super) const STRING: u8 = 64;
}

/// `at`: an array on the tape.
pub(super) fn array_shape(tape: &Tape, source: &[u8], at: u32) -> ArrayShape {
    if tape.holds_object(at) {
        return ArrayShape::Children;
    }
    let mut kinds = 0;
    let mut levels = None;
    let mut open = vec![tape.node(at).next];
    let mut uniform = true;
    for i in at + 1..tape.node(at).next {
        while open.last().is_some_and(|&end| i >= end) {
            open.pop();
        }
        let node = tape.node(i);
        kinds |= match node.tag {
            Tag::Array => {
                open.push(node.next);
                continue;
            }
            Tag::Null => continue,
            Tag::True | Tag::False => met::BOOLEAN,
            Tag::String => met::STRING,
            Tag::Number => match Number::parse(tape.bytes(source, node)) {
                Number::Bigint(value) if exact_in_f64(value) => met::EXACT,
                Number::Bigint(_) => met::INEXACT,
                Number::Double(_) => met::DOUBLE,
                Number::Wide(_) => met::WIDE,
                Number::Text => met::NUMBER,
            },
            Tag::Object | Tag::Key => unreachable!("an array without objects"),
        };
        uniform &= *levels.get_or_insert(open.len()) == open.len();
    }
    let Some(levels) = levels else {
        return ArrayShape::NoData;
    };
    // A record has at most 128 levels.
    let levels = u8::try_from(levels).unwrap_or(u8::MAX);
    // A null beside the items is a null item or, above them, a null list; an array deeper than the
    // items (`[1, []]`) would make the list one level deeper.
    if !uniform || levels > LIST_LEVELS_MAX || !nested_evenly(tape, at, levels) {
        return ArrayShape::Mixed;
    }
    let item = match kinds {
        met::BOOLEAN => Scalar::Boolean,
        met::STRING => Scalar::String,
        kinds if kinds & !(met::EXACT | met::INEXACT) == 0 => Scalar::Bigint,
        kinds
            if kinds & !(met::EXACT | met::WIDE | met::DOUBLE) == 0 && kinds & met::DOUBLE != 0 =>
        {
            Scalar::Double
        }
        kinds if kinds & !(met::WIDE | met::NUMBER) == 0 => Scalar::Number,
        _ => return ArrayShape::Mixed,
    };
    ArrayShape::List { levels, item, exact: kinds == met::EXACT }
}

/// Whether no array lies deeper than `levels`.
fn nested_evenly(tape: &Tape, at: u32, levels: u8) -> bool {
    let mut open = Vec::new();
    (at..tape.node(at).next).all(|i| {
        while open.last().is_some_and(|&end| i >= end) {
            open.pop();
        }
        if tape.node(i).tag == Tag::Array {
            open.push(tape.node(i).next);
        }
        open.len() <= usize::from(levels)
    })
}

/// Appends the list at `at`, of the shape that [`array_shape`] found, to its column.
pub(super) fn push_list(tape: &Tape, source: &[u8], at: u32, lists: &mut Lists) {
    push_array(tape, source, at, lists, 1, 0);
}

fn push_array(tape: &Tape, source: &[u8], at: u32, lists: &mut Lists, level: u8, first: u8) {
    let mut repetition = first;
    let end = tape.node(at).next;
    let mut element = at + 1;
    if element == end {
        lists.push_level(repetition, 2 * level - 1);
        return;
    }
    while element < end {
        let node = tape.node(element);
        match node.tag {
            Tag::Null => lists.push_level(repetition, 2 * level),
            Tag::Array => push_array(tape, source, element, lists, level + 1, repetition),
            _ => {
                lists.push_level(repetition, 2 * level + 1);
                push_item(tape, source, element, &mut lists.items);
            }
        }
        repetition = level;
        element = node.next;
    }
}

fn push_item(tape: &Tape, source: &[u8], at: u32, items: &mut Values) {
    let node = tape.node(at);
    let text = tape.bytes(source, node);
    match items {
        Values::Booleans(items) => items.push(node.tag == Tag::True),
        Values::Texts(items) => items.push(text),
        Values::Bigints(items) => match Number::parse(text) {
            Number::Bigint(value) => items.push(value),
            other => unreachable!("a list of bigints has no {other:?}"),
        },
        Values::Doubles(items) => match Number::parse(text) {
            Number::Bigint(value) => items.push(value as f64),
            Number::Double(value) | Number::Wide(value) => items.push(value),
            Number::Text => unreachable!("a list of doubles has no number text"),
        },
        Values::Lists(_) => unreachable!("the items of a list are scalars"),
    }
}

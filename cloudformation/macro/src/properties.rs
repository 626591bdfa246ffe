//! Properties of a resource, read by type. What is wrong is collected, and reading goes on.

use crate::arn::has_wildcard;
use crate::decided::Decided;
use crate::fault::{Fault, shown};
use crate::intrinsic::{argument, is_intrinsic, is_no_value, leaves, map_leaves, or_default};
use crate::limits::LISTED_MAX;
use crate::parameters::Parameters;
use crate::text::Text;
use crate::value::{is_scalar, is_text, truth, whole};
use serde_json::{Map, Value};
use std::cell::RefCell;
use std::ops::RangeInclusive;

/// What reading needs beside the properties: parameters to look up, and where faults go.
#[derive(Debug)]
pub(crate) struct Reading<'t> {
    pub(crate) parameters: Parameters<'t>,
    faults: RefCell<Vec<Fault>>,
}

impl<'t> Reading<'t> {
    pub(crate) fn new(parameters: Parameters<'t>) -> Self {
        Reading { parameters, faults: RefCell::default() }
    }

    pub(crate) fn fault(&self, fault: Fault) {
        self.faults.borrow_mut().push(fault);
    }

    pub(crate) fn into_faults(self) -> Vec<Fault> {
        self.faults.into_inner()
    }
}

/// Whether a property can be left out.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Presence {
    Needed,
    Optional,
}

/// An object of properties: a resource's, or one within. Whoever reads it asks for all it knows and
/// then [`Properties::finish`]es.
#[derive(Debug)]
pub(crate) struct Properties<'t> {
    resource: &'t str,
    path: String,
    given: &'t Map<String, Value>,
    known: RefCell<Vec<&'static str>>,
    reading: &'t Reading<'t>,
}

impl<'t> Properties<'t> {
    pub(crate) fn new(
        resource: &'t str,
        given: &'t Map<String, Value>,
        reading: &'t Reading<'t>,
    ) -> Self {
        let path = "Properties".to_owned();
        Properties { resource, path, given, known: RefCell::default(), reading }
    }

    /// A text of which `is_it` says whether it can be used. `expected` completes "…: expected is".
    pub(crate) fn text(
        &self,
        name: &'static str,
        expected: &str,
        is_it: &dyn Fn(&str) -> bool,
    ) -> Option<Text> {
        self.text_if(name, Presence::Needed, expected, is_it)
    }

    /// As [`Properties::text`], but it can be left out.
    pub(crate) fn optional_text(
        &self,
        name: &'static str,
        expected: &str,
        is_it: &dyn Fn(&str) -> bool,
    ) -> Option<Text> {
        self.text_if(name, Presence::Optional, expected, is_it)
    }

    /// As [`Properties::text`], of what a policy names: no wildcard makes many things of it, neither in the
    /// text nor in what an intrinsic function makes it of.
    pub(crate) fn name_of_one(
        &self,
        name: &'static str,
        expected: &str,
        is_it: &dyn Fn(&str) -> bool,
    ) -> Option<Text> {
        self.of_one(name, expected, self.text(name, expected, is_it)?)
    }

    /// As [`Properties::name_of_one`], but it can be left out.
    pub(crate) fn optional_name_of_one(
        &self,
        name: &'static str,
        expected: &str,
        is_it: &dyn Fn(&str) -> bool,
    ) -> Option<Text> {
        self.of_one(name, expected, self.optional_text(name, expected, is_it)?)
    }

    fn of_one(&self, name: &str, expected: &str, text: Text) -> Option<Text> {
        if has_wildcard(text.value()) {
            self.wrong_name(name, text.value(), expected);
            return None;
        }
        Some(text)
    }

    fn text_if(
        &self,
        name: &'static str,
        presence: Presence,
        expected: &str,
        is_it: &dyn Fn(&str) -> bool,
    ) -> Option<Text> {
        let is_it = |value: &Value| is_text(value, is_it);
        Some(Text::new(self.checked(name, presence, expected, &is_it)?.clone()))
    }

    /// A whole number as it stands, which an intrinsic function may become.
    pub(crate) fn number(&self, name: &'static str, range: RangeInclusive<i64>) -> Option<Value> {
        let is_it = |value: &Value| whole(value).is_some_and(|number| range.contains(&number));
        self.checked(name, Presence::Needed, &number_expected(&range), &is_it).cloned()
    }

    /// As [`Properties::number`], but it can be left out.
    pub(crate) fn optional_number(
        &self,
        name: &'static str,
        range: RangeInclusive<i64>,
    ) -> Option<Value> {
        let is_it = |value: &Value| whole(value).is_some_and(|number| range.contains(&number));
        self.checked(name, Presence::Optional, &number_expected(&range), &is_it).cloned()
    }

    /// As [`Properties::optional_number`], with a default where it is left out.
    pub(crate) fn number_or(
        &self,
        name: &'static str,
        range: RangeInclusive<i64>,
        default: i64,
    ) -> Value {
        filled(self.optional_number(name, range), default.into())
    }

    /// A whole number among some.
    pub(crate) fn number_of(&self, name: &'static str, some: &[i64]) -> Option<Value> {
        let is_it = |value: &Value| whole(value).is_some_and(|number| some.contains(&number));
        let listed: Vec<String> = some.iter().map(i64::to_string).collect();
        let expected = format!("one of {}", listed.join(", "));
        self.checked(name, Presence::Needed, &expected, &is_it).cloned()
    }

    /// A whole number to calculate with, so it must be known now. `default`: none where it is needed.
    pub(crate) fn known_number(
        &self,
        name: &'static str,
        range: RangeInclusive<i64>,
        default: Option<i64>,
    ) -> Option<i64> {
        let presence = if default.is_some() { Presence::Optional } else { Presence::Needed };
        let expected = format!(
            "{}, or a Ref to a parameter that has such a value (the macro calculates with it)",
            number_expected(&range)
        );
        let Some(value) = self.present(name, presence, &expected) else { return default };
        let number = self.known(value).filter(|number| range.contains(number));
        if number.is_none() {
            self.wrong(name, value, &expected);
        }
        number
    }

    /// The number that a value is for certain.
    pub(crate) fn known(&self, value: &Value) -> Option<i64> {
        whole(self.parameter(value).unwrap_or(value))
    }

    /// `true` or `false`, or what becomes one of them behind conditions. `false` if left out.
    pub(crate) fn flag(&self, name: &'static str) -> Value {
        let Some(value) = self.present(name, Presence::Optional, "true or false") else {
            return Value::Bool(false);
        };
        // A flag decides what is made, so each of its branches must be known.
        let known = |leaf: &Value| truth(self.parameter(leaf).unwrap_or(leaf));
        if !leaves(value).into_iter().all(|leaf| is_no_value(leaf) || known(leaf).is_some()) {
            self.wrong(name, value, "true or false, or an Fn::If between them");
            return Value::Bool(false);
        }
        map_leaves(value, &|leaf| Value::Bool(known(leaf).unwrap_or(false)))
    }

    /// As [`Properties::flag`], but handed on as it stands: nothing that is made depends on it.
    pub(crate) fn flag_as_it_stands(&self, name: &'static str) -> Value {
        let is_it = |value: &Value| truth(value).is_some();
        let given = self.checked(name, Presence::Optional, "true or false", &is_it);
        filled(given.cloned(), Value::Bool(false))
    }

    /// `true` or `false` and no condition. `false` if left out.
    pub(crate) fn plain_flag(&self, name: &'static str) -> bool {
        let Some(value) = self.present(name, Presence::Optional, "true or false") else {
            return false;
        };
        match truth(self.parameter(value).unwrap_or(value)) {
            Some(flag) => flag,
            None => {
                self.wrong(name, value, "true or false");
                false
            }
        }
    }

    /// One of some words, with a default where it is left out.
    pub(crate) fn word_or(
        &self,
        name: &'static str,
        words: &[&str],
        default: &'static str,
    ) -> Text {
        self.text_or(name, &one_of(words), &|text| words.contains(&text), default)
    }

    /// As [`Properties::optional_text`], with a default where it is left out.
    pub(crate) fn text_or(
        &self,
        name: &'static str,
        expected: &str,
        is_it: &dyn Fn(&str) -> bool,
        default: &'static str,
    ) -> Text {
        let given = self.optional_text(name, expected, is_it).map(|text| text.value().clone());
        Text::new(filled(given, default.into()))
    }

    /// One of some words, written out.
    pub(crate) fn plain_word(&self, name: &'static str, words: &[&str]) -> Option<&'t str> {
        self.plain_text(name, Presence::Needed, &one_of(words), &|text| words.contains(&text))
    }

    /// A text as it stands, no intrinsic function. It can be left out.
    pub(crate) fn optional_plain_text(
        &self,
        name: &'static str,
        expected: &str,
        is_it: &dyn Fn(&str) -> bool,
    ) -> Option<&'t str> {
        self.plain_text(name, Presence::Optional, expected, is_it)
    }

    fn plain_text(
        &self,
        name: &'static str,
        presence: Presence,
        expected: &str,
        is_it: &dyn Fn(&str) -> bool,
    ) -> Option<&'t str> {
        let value = self.present(name, presence, expected)?;
        let text = value.as_str().filter(|text| is_it(text));
        if text.is_none() {
            self.wrong(name, value, expected);
        }
        text
    }

    /// Some of some words, written out; all if left out.
    pub(crate) fn words(
        &self,
        name: &'static str,
        words: &'static [&'static str],
    ) -> Vec<&'static str> {
        let expected = format!("a list of {}", words.join(", "));
        let Some(value) = self.present(name, Presence::Optional, &expected) else {
            return words.to_vec();
        };
        let of = |element: &Value| words.iter().find(|word| element == *word).copied();
        let given =
            value.as_array().and_then(|list| list.iter().map(of).collect::<Option<Vec<_>>>());
        given.unwrap_or_else(|| {
            self.wrong(name, value, &expected);
            Vec::new()
        })
    }

    /// Tags, handed on as they stand.
    pub(crate) fn tags(&self) -> Option<Value> {
        let expected = "a list of {Key, Value}";
        let read = |place: &str, leaf: &'t Value| {
            if is_intrinsic(leaf) {
                return Some(());
            }
            let Some(tags) = leaf.as_array() else {
                self.wrong(place, leaf, expected);
                return None;
            };
            for (at, tag) in tags.iter().enumerate().filter(|(_, tag)| !is_intrinsic(tag)) {
                let place = format!("{place}[{at}]");
                let Some(tag) = self.as_object(&place, tag, "{Key, Value}") else { continue };
                tag.text("Key", "a text", &|key| !key.is_empty());
                tag.checked("Value", Presence::Needed, "a text", &is_scalar);
                tag.finish();
            }
            Some(())
        };
        self.optional_decided("Tags", expected, &read).flatten()?;
        self.given.get("Tags").cloned()
    }

    /// Anything, handed on as it stands.
    pub(crate) fn optional_any(&self, name: &'static str, expected: &str) -> Option<&'t Value> {
        self.checked(name, Presence::Optional, expected, &|_| true)
    }

    /// An object of properties of its own.
    pub(crate) fn object(&self, name: &'static str, expected: &str) -> Option<Properties<'t>> {
        let value = self.present(name, Presence::Needed, expected)?;
        self.as_object(name, value, expected)
    }

    /// As [`Properties::object`], but it can be left out.
    pub(crate) fn optional_object(
        &self,
        name: &'static str,
        expected: &str,
    ) -> Option<Properties<'t>> {
        let value = self.present(name, Presence::Optional, expected)?;
        self.as_object(name, value, expected)
    }

    /// What conditions may decide; each branch is read by `read`, which tells what is wrong with it. It can
    /// be left out. `Some(None)`: it is there, and wrong.
    pub(crate) fn optional_decided<T>(
        &self,
        name: &'static str,
        expected: &str,
        read: &dyn Fn(&str, &'t Value) -> Option<T>,
    ) -> Option<Option<Decided<T>>> {
        let value = self.present(name, Presence::Optional, expected)?;
        Some(Decided::read(name, value, read))
    }

    /// A list of objects, empty if left out.
    pub(crate) fn objects(&self, name: &'static str, expected: &str) -> Vec<Properties<'t>> {
        let Some(value) = self.present(name, Presence::Optional, expected) else {
            return Vec::new();
        };
        let Some(elements) = value.as_array() else {
            self.wrong(name, value, &format!("a list of {expected}"));
            return Vec::new();
        };
        if elements.len() > LISTED_MAX {
            self.wrong(name, value, &format!("a list of at most {LISTED_MAX} {expected}"));
            return Vec::new();
        }
        let mut objects = Vec::new();
        for (at, element) in elements.iter().enumerate() {
            objects.extend(self.as_object(&format!("{name}[{at}]"), element, expected));
        }
        objects
    }

    /// An object of texts by any names of which `is_name` says that they can be used.
    pub(crate) fn texts(
        &self,
        name: &'static str,
        names: &str,
        is_name: &dyn Fn(&str) -> bool,
    ) -> Map<String, Value> {
        let expected = "texts by name";
        let Some(value) = self.present(name, Presence::Optional, expected) else {
            return Map::new();
        };
        let Some(texts) = value.as_object().filter(|_| !is_intrinsic(value)) else {
            self.wrong(name, value, expected);
            return Map::new();
        };
        let text = |leaf: &Value| match leaf {
            Value::Number(_) | Value::Bool(_) => Value::String(leaf.to_string()),
            leaf => leaf.clone(),
        };
        let mut read = Map::new();
        for (variable, value) in texts {
            if !is_name(variable) {
                let text = format!("{}.{name}.{variable} cannot be named so: {names}", self.path);
                self.reading.fault(Fault::of_resource(self.resource, text));
            }
            if !leaves(value).into_iter().all(|leaf| is_intrinsic(leaf) || is_scalar(leaf)) {
                self.wrong(&format!("{name}.{variable}"), value, "a text");
            }
            read.insert(variable.clone(), map_leaves(value, &text));
        }
        read
    }

    /// A text, or a list of at least one; each is checked as by [`Properties::name_of_one`], but can be left
    /// out behind a condition.
    pub(crate) fn one_or_more(
        &self,
        name: &'static str,
        expected: &str,
        is_it: &dyn Fn(&str) -> bool,
    ) -> Option<Vec<Text>> {
        let several = format!("{expected}, or a list of them");
        let value = self.present(name, Presence::Needed, &several)?;
        let fits = |value: &Value| {
            let fits = |leaf: &Value| is_intrinsic(leaf) || is_text(leaf, is_it);
            leaves(value).into_iter().all(fits) && !has_wildcard(value)
        };
        let Some(elements) = value.as_array() else {
            if !fits(value) {
                self.wrong_name(name, value, &several);
                return None;
            }
            return Some(vec![Text::new(value.clone())]);
        };
        if elements.is_empty() {
            self.wrong(name, value, &several);
        }
        if elements.len() > LISTED_MAX {
            self.wrong(name, value, &format!("{several}, at most {LISTED_MAX}"));
            return None;
        }
        let mut texts = Vec::new();
        for (at, element) in elements.iter().enumerate() {
            if fits(element) {
                texts.push(Text::new(element.clone()));
            } else {
                self.wrong_name(&format!("{name}[{at}]"), element, expected);
            }
        }
        (texts.len() == elements.len() && !texts.is_empty()).then_some(texts)
    }

    /// Tells of properties that nobody asked for.
    pub(crate) fn finish(&self) {
        let mut known = self.known.borrow().clone();
        known.sort_unstable();
        for name in self.given.keys().filter(|name| !known.contains(&name.as_str())) {
            let near = known.iter().find(|known| is_near(known, name));
            let hint = near.map(|near| format!("did you mean {near}? ")).unwrap_or_default();
            let text =
                format!("{}.{name} is not known: {hint}there is {}", self.path, known.join(", "));
            self.reading.fault(Fault::of_resource(self.resource, text));
        }
    }

    /// Tells what is wrong with a property: `Properties.X is "y": expected`.
    pub(crate) fn wrong(&self, name: &str, found: &Value, expected: &str) {
        let path = &self.path;
        let text = match self.parameter(found) {
            Some(value) => {
                format!("{path}.{name} is {}, here {}: {expected}", shown(found), shown(value))
            }
            None => format!("{path}.{name} is {}: {expected}", shown(found)),
        };
        self.reading.fault(Fault::of_resource(self.resource, text));
    }

    /// As [`Properties::wrong`], of what should name one thing.
    fn wrong_name(&self, name: &str, found: &Value, expected: &str) {
        match has_wildcard(found) {
            true => self.wrong(name, found, &format!("{expected}, without wildcards")),
            false => self.wrong(name, found, expected),
        }
    }

    /// Whether a property stands there at all.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.given.get(name).is_some_and(|value| !is_no_value(value))
    }

    /// The properties within a value of this object. `name`: where in it.
    pub(crate) fn as_object(
        &self,
        name: &str,
        value: &'t Value,
        expected: &str,
    ) -> Option<Properties<'t>> {
        let Some(given) = value.as_object().filter(|_| !is_intrinsic(value)) else {
            self.wrong(name, value, expected);
            return None;
        };
        let path = format!("{}.{name}", self.path);
        let (resource, reading) = (self.resource, self.reading);
        Some(Properties { resource, path, given, known: RefCell::default(), reading })
    }

    /// The value of a property, none when it is left out; that a needed one is, is told.
    fn present(&self, name: &'static str, presence: Presence, expected: &str) -> Option<&'t Value> {
        self.known.borrow_mut().push(name);
        let value = self.given.get(name).filter(|value| !is_no_value(value));
        if value.is_none() && presence == Presence::Needed {
            let text = format!("{}.{name} is missing: {expected}", self.path);
            self.reading.fault(Fault::of_resource(self.resource, text));
        }
        value
    }

    /// A property whose every possible value is an intrinsic function or as `is_it` says.
    fn checked(
        &self,
        name: &'static str,
        presence: Presence,
        expected: &str,
        is_it: &dyn Fn(&Value) -> bool,
    ) -> Option<&'t Value> {
        let value = self.present(name, presence, expected)?;
        // A parameter's value is not looked at: a condition can keep a wrong one from being used.
        let fits = |leaf: &Value| match leaf {
            leaf if is_no_value(leaf) => presence == Presence::Optional,
            leaf => is_intrinsic(leaf) || is_it(leaf),
        };
        match leaves(value).into_iter().find(|leaf| !fits(leaf)) {
            None => Some(value),
            Some(_) => {
                self.wrong(name, value, expected);
                None
            }
        }
    }

    /// What a `Ref` to a parameter is now.
    fn parameter(&self, value: &Value) -> Option<&'t Value> {
        self.reading.parameters.value(argument(value, "Ref")?.as_str()?)
    }
}

fn number_expected(range: &RangeInclusive<i64>) -> String {
    format!("a whole number from {} to {}", range.start(), range.end())
}

/// What a property is, and its default where it is left out, behind a condition or not.
fn filled(given: Option<Value>, default: Value) -> Value {
    given.map_or_else(|| default.clone(), |given| or_default(&given, &default))
}

fn one_of(words: &[&str]) -> String {
    format!("one of {}", words.join(", "))
}

fn is_near(known: &str, name: &str) -> bool {
    let (known, name) = (known.to_ascii_lowercase(), name.to_ascii_lowercase());
    known.starts_with(&name) || name.starts_with(&known) || letters(&known) == letters(&name)
}

fn letters(text: &str) -> Vec<char> {
    let mut letters: Vec<char> = text.chars().collect();
    letters.sort_unstable();
    letters
}

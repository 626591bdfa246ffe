//! Short forms of intrinsic functions: `!Sub x` for `{"Fn::Sub": "x"}`.

use serde_json::{Map, Value};

/// A function that can be written as a tag.
#[derive(Debug, Clone, Copy)]
pub(super) struct ShortForm {
    /// What stands after the `!`.
    name: &'static str,
    takes: Takes,
}

/// What may follow.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Takes {
    Text,
    List,
    Map,
    TextOrList,
    ListOrMap,
    Anything,
}

/// [What there is](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html),
/// for values, conditions and rules. `Fn::ForEach` has no short form.
const FORMS: [(&str, Takes); 26] = [
    ("And", Takes::List),
    ("Base64", Takes::Anything),
    ("Cidr", Takes::List),
    ("Condition", Takes::Text),
    ("Contains", Takes::List),
    ("EachMemberEquals", Takes::List),
    ("EachMemberIn", Takes::List),
    ("Equals", Takes::List),
    ("FindInMap", Takes::List),
    ("GetAZs", Takes::Anything),
    ("GetAtt", Takes::TextOrList),
    ("If", Takes::List),
    ("ImportValue", Takes::Anything),
    ("Join", Takes::List),
    ("Length", Takes::Anything),
    ("Not", Takes::List),
    ("Or", Takes::List),
    ("Ref", Takes::Text),
    ("RefAll", Takes::Text),
    ("Select", Takes::List),
    ("Split", Takes::List),
    ("Sub", Takes::TextOrList),
    ("ToJsonString", Takes::ListOrMap),
    ("Transform", Takes::Map),
    ("ValueOf", Takes::List),
    ("ValueOfAll", Takes::List),
];

impl ShortForm {
    /// `tag`: with its `!`.
    pub(super) fn of_tag(tag: &str) -> Option<Self> {
        let name = tag.strip_prefix('!')?;
        let form = FORMS.iter().find(|(form, _)| *form == name)?;
        Some(ShortForm { name: form.0, takes: form.1 })
    }

    /// The long form.
    ///
    /// # Errors
    /// What should follow the tag.
    pub(super) fn call(self, argument: Value) -> Result<Value, &'static str> {
        let (text, list, map) = (argument.is_string(), argument.is_array(), argument.is_object());
        let (fits, expected) = match self.takes {
            Takes::Text => (text, "a text"),
            Takes::List => (list, "a list"),
            Takes::Map => (map, "a map"),
            Takes::TextOrList => (text || list, "a text or a list"),
            Takes::ListOrMap => (list || map, "a list or a map"),
            Takes::Anything => (true, ""),
        };
        if !fits {
            return Err(expected);
        }
        let (name, argument) = match (self.name, argument) {
            ("Ref" | "Condition", target) => (self.name.to_owned(), target),
            ("GetAtt", Value::String(target)) => {
                let (resource, attribute) =
                    target.split_once('.').ok_or("a text like Resource.Attribute")?;
                ("Fn::GetAtt".to_owned(), vec![resource, attribute].into())
            }
            (name, argument) => (format!("Fn::{name}"), argument),
        };
        Ok(Value::Object(Map::from_iter([(name, argument)])))
    }
}

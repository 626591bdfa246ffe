//! What conditions of the template decide.
//!
//! CloudFormation evaluates them after the macro, so whatever depends on such a value is made for each
//! branch and stands in the same `Fn::If`.

use crate::intrinsic::branches;
use serde_json::{Value, json};

/// One thing, or one for each branch of an `Fn::If`.
#[derive(Debug)]
pub(crate) enum Decided<T> {
    Now(T),
    If { condition: Value, then: Box<Decided<T>>, or: Box<Decided<T>> },
}

impl<T> Decided<T> {
    /// Reads all branches. `read` is told where each stands: `name`, or `name.Fn::If[1]`. None when one
    /// of them cannot be read.
    pub(crate) fn read<'v>(
        name: &str,
        value: &'v Value,
        read: &dyn Fn(&str, &'v Value) -> Option<T>,
    ) -> Option<Self> {
        let Some((condition, then, or)) = branches(value) else {
            return read(name, value).map(Decided::Now);
        };
        let then = Decided::read(&format!("{name}.Fn::If[1]"), then, read);
        let or = Decided::read(&format!("{name}.Fn::If[2]"), or, read);
        let condition = condition.clone();
        Some(Decided::If { condition, then: Box::new(then?), or: Box::new(or?) })
    }

    /// What `make` makes of each branch, under the same conditions.
    pub(crate) fn map(&self, make: &dyn Fn(&T) -> Value) -> Value {
        match self {
            Decided::Now(one) => make(one),
            Decided::If { condition, then, or } => {
                json!({"Fn::If": [condition, then.map(make), or.map(make)]})
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Decided;
    use serde_json::{Value, json};

    #[test]
    fn every_branch_is_read_and_made_in_its_condition() {
        let value = json!({"Fn::If": ["A", {"Fn::If": ["B", 1, 2]}, 3]});
        let read = |name: &str, leaf: &Value| Some(format!("{name}={leaf}"));
        let decided = Decided::read("X", &value, &read).expect("all are read");
        assert_eq!(
            decided.map(&|text| json!(text)),
            json!({"Fn::If": [
                "A",
                {"Fn::If": ["B", "X.Fn::If[1].Fn::If[1]=1", "X.Fn::If[1].Fn::If[2]=2"]},
                "X.Fn::If[2]=3",
            ]})
        );
        let none = Decided::read("X", &value, &|_, leaf: &Value| leaf.as_i64().filter(|n| *n < 3));
        assert!(none.is_none());
    }
}

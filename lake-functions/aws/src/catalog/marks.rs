//! What Sluice writes beside a table in Glue: whose it is and which registry version it shows.

use super::fault::Damage;
use aws_sdk_glue::types::Table;
use std::collections::HashMap;

const TABLE: &str = "sluice.table";
const GENERATION: &str = "sluice.generation";
const VERSION: &str = "sluice.version";
const DIGEST: &str = "sluice.digest";

/// The parameters of one table or view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Marks {
    /// The root table.
    pub(super) table: String,
    pub(super) generation: u32,
    /// The registry version that it was last written for.
    pub(super) version: u64,
    /// Of all that is told. A root's covers the version, since what a generation shows is read from
    /// its root; a child is only written when it changes.
    pub(super) digest: String,
}

impl Marks {
    pub(super) fn parameters(&self) -> HashMap<String, String> {
        let Marks { table, generation, version, digest } = self;
        HashMap::from([
            (TABLE.to_owned(), table.clone()),
            (GENERATION.to_owned(), generation.to_string()),
            (VERSION.to_owned(), version.to_string()),
            (DIGEST.to_owned(), digest.clone()),
        ])
    }

    /// None for a table that Sluice did not write.
    pub(super) fn of(table: &Table) -> Result<Option<Self>, Damage> {
        let Some(parameters) = table.parameters() else {
            return Ok(None);
        };
        let Some(root) = parameters.get(TABLE) else {
            return Ok(None);
        };
        Ok(Some(Marks {
            table: root.clone(),
            generation: number(parameters, GENERATION)?,
            version: number(parameters, VERSION)?,
            digest: parameters.get(DIGEST).cloned().unwrap_or_default(),
        }))
    }

    /// Whether these go over those that stand. Only ever upward: generations first, then versions.
    ///
    /// A definition that is the same already is left, though its mark stays behind: all versions
    /// between the two had the same one, so a writer of theirs changes nothing either.
    pub(super) fn replace(&self, stand: &Marks) -> bool {
        (self.generation, self.version) > (stand.generation, stand.version)
            && self.digest != stand.digest
    }
}

fn number<N: std::str::FromStr>(
    parameters: &HashMap<String, String>,
    parameter: &'static str,
) -> Result<N, Damage> {
    let digits = parameters.get(parameter).and_then(|digits| digits.parse().ok());
    digits.ok_or(Damage::Parameter { parameter })
}

#[cfg(test)]
mod tests {
    use super::Marks;

    #[test]
    fn only_upward_and_only_changes() {
        let marks = |generation, version, digest: &str| Marks {
            table: "orders".to_owned(),
            generation,
            version,
            digest: digest.to_owned(),
        };
        let stands = marks(2, 5, "a");
        let cases = [
            (marks(2, 6, "b"), true),
            (marks(2, 6, "a"), false),
            (marks(2, 5, "b"), false),
            (marks(2, 4, "b"), false),
            (marks(3, 1, "b"), true),
            (marks(1, 9, "b"), false),
        ];
        for (new, expected) in cases {
            assert_eq!(new.replace(&stands), expected, "{new:?}");
        }
    }
}

//! Paths in settings: JSON Pointers in which `*` stands for every element of an array.

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// Into an object.
    Key(String),
    /// Into every element of an array.
    Elements,
}

/// A path from the record down. A key that is `*` itself is written `~2`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SettingsPath(pub(crate) Vec<Step>);

impl SettingsPath {
    /// `None` when the text does not start with `/`, has a bad escape, or is just elements.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let steps = text.strip_prefix('/')?.split('/').map(step).collect::<Option<Vec<_>>>()?;
        matches!(steps.first()?, Step::Key(_)).then_some(SettingsPath(steps))
    }
}

fn step(text: &str) -> Option<Step> {
    if text == "*" {
        return Some(Step::Elements);
    }
    let mut key = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        key.push(match c {
            '~' => match chars.next()? {
                '0' => '~',
                '1' => '/',
                '2' => '*',
                _ => return None,
            },
            c => c,
        });
    }
    Some(Step::Key(key))
}

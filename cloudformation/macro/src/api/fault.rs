/// Something wrong with a resource's properties, to be put right by who wrote the template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Resource {resource}: Properties.{property} {problem}")]
pub struct Fault {
    /// The resource's logical id.
    pub resource: String,
    /// The property's name, or the path to it.
    pub property: String,
    /// What is there and what should be: `is "x": a whole number from 1 to 900`.
    pub problem: String,
}

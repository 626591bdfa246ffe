//! The protocol, and ways to break it on purpose.

/// What the simulated ports and drivers do. All but [`Protocol::Right`] are mistakes, made to prove
/// that a run would show them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// Everything as it should be.
    Right,
    /// A claim always succeeds.
    ClaimsSkipped,
    /// Outcomes and commit are written before the parts.
    CommitFirst,
    /// Parts are written before the plan exists.
    PartsBeforePlan,
    /// The last plan of a batch wins.
    PlanOverwrites,
    /// The last writer of a registry version wins.
    RegistryOverwrites,
    /// A redrive deletes the dead letters of the batches that it sends.
    RedriveForgets,
    /// Nobody looks for documents that no event announced.
    NoSweep,
    /// Nobody looks for batches that never ended.
    NoSweepOfBatches,
    /// Nobody looks after dead letters.
    NoRedrive,
    /// The catalog is told once the batch is committed.
    SchemaLast,
    /// The catalog takes whatever version comes last.
    CatalogGoesDown,
    /// What a batch of an old generation commits stays there.
    NoForward,
    /// After the change of generations nobody looks for the last batches of the old one.
    NoLastPass,
    /// A rebuild does not wait for the batches that it makes.
    NothingAwaited,
    /// The note of a batch that was not there is removed, although it was made meanwhile.
    NotesForgotten,
    /// Nobody looks whether the rebuild of a batch was given up.
    NobodyGivesUp,
    /// Who commits a batch does not look whether its rebuild was given up meanwhile.
    NobodyLooksAgain,
}

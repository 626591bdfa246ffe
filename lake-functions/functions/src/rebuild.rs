//! Rebuild: steps of a table's rebuild, for as long as an invocation lasts.

use crate::log::{log, told};
use crate::metrics::{count_invocation, write_metrics};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sluice_aws::{
    DynamoLedger, GlueCatalog, Leftovers, S3IngressStore, S3LakeStore, SqsWorkQueue,
    clear_generation,
};
use sluice_normalizer::TableName;
use sluice_pipeline::{
    Disposition, Intent, Ledger, Next, PortError, Rebuild, RebuildError, RebuildState, Rebuilder,
    Rebuilds,
};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Kept of the invocation's time for the answer.
const ANSWER_BEFORE_END: Duration = Duration::from_secs(10);

/// How long after the change of generations the last batches of the old one are looked for: DynamoDB
/// fills its indexes within a second, mostly.
pub const REBUILD_GRACE_MS: i64 = 60_000;

/// What is asked. A field that is not known is an error: a wrong word must not start a rebuild.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RebuildRequest {
    /// The table.
    table: String,
    /// What to do.
    action: Action,
    /// How many removed documents the switch may leave behind.
    #[serde(default)]
    without_removed: u64,
    /// Only tell what a drop would remove.
    #[serde(default)]
    dry_run: bool,
    /// The rebuild that a drop is about, where it was begun before: one that somebody started meanwhile
    /// goes on.
    #[serde(default)]
    generation: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Action {
    Start,
    Step,
    Status,
    Switch,
    Drop,
}

/// What is answered, shaped as the contract's answers are.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum RebuildAnswer {
    /// It was done, or is under way.
    Done {
        /// True.
        success: bool,
        /// How far it is.
        data: RebuildData,
    },
    /// It was not.
    Failed {
        /// False.
        success: bool,
        /// Why.
        error: RebuildFault,
    },
}

/// How far a rebuild is.
#[derive(Debug, Default, Serialize)]
pub struct RebuildData {
    table: String,
    /// `replaying`, `ready`, `switching`, `switched`, `dropping`, `dropped`, or `none`.
    state: &'static str,
    /// What comes next: `step` at once, `wait` for batches and step then, `decide` (switch or drop),
    /// or `done`. After a drop, `step` and `wait` mean to drop again.
    next: &'static str,
    /// The generation replayed, and the one replayed into.
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    generation: Option<u32>,
    /// Old batches replayed, documents in them, and documents that are not stored any more.
    batches: u64,
    documents: u64,
    removed: u64,
    /// Batches made for the rebuild that are not committed.
    open: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    started_at_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    changed_at_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at_ms: Option<i64>,
    /// What a drop removed, or would.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    dropped: Vec<Dropped>,
}

#[derive(Debug, Serialize)]
struct Dropped {
    generation: u32,
    tables: Vec<String>,
    parts: u64,
    bytes: u64,
}

/// Why something was not done.
#[derive(Debug, Serialize)]
pub struct RebuildFault {
    code: &'static str,
    message: String,
}

type AwsRebuilder = Rebuilder<DynamoLedger, S3IngressStore, SqsWorkQueue, S3LakeStore, GlueCatalog>;

/// What the function works with.
#[derive(Debug)]
pub struct RebuildFunction {
    /// The use case over its ports.
    pub rebuilder: AwsRebuilder,
}

/// Why an invocation did not do what was asked.
#[derive(Debug)]
enum Failed {
    Request(String),
    Rebuild(RebuildError),
}

impl<E: Into<RebuildError>> From<E> for Failed {
    fn from(error: E) -> Self {
        Failed::Rebuild(error.into())
    }
}

impl RebuildFunction {
    /// Does what is asked, and as many steps as `time` allows: what is left of the invocation. Safe to
    /// repeat, to overlap, and to be ended anywhere.
    pub async fn handle(&self, request: Value, time: Duration) -> RebuildAnswer {
        let began = Instant::now();
        count_invocation("rebuild");
        let end = began + time.saturating_sub(ANSWER_BEFORE_END);
        // On the heap: what is nested in it is deeper than the compiler lays out in one piece.
        match Box::pin(self.act(request, end)).await {
            Ok(data) => {
                figures(&data, began);
                RebuildAnswer::Done { success: true, data }
            }
            Err(failed) => {
                let error = failed.fault();
                log("rebuild_failed", json!({"code": error.code, "error": error.message}));
                RebuildAnswer::Failed { success: false, error }
            }
        }
    }

    async fn act(&self, request: Value, end: Instant) -> Result<RebuildData, Failed> {
        // What serde says of a wrong value quotes it: whoever asked is told, nobody else.
        let request: RebuildRequest =
            serde_json::from_value(request).map_err(|error| Failed::Request(error.to_string()))?;
        let table = TableName::parse(&request.table)
            .map_err(|error| Failed::Request(format!("table: {error}")))?;
        let now_ms = now_ms();
        match request.action {
            Action::Start => {
                let under_way = self.rebuilder.start(&table, now_ms).await?;
                if under_way.state == RebuildState::Dropping {
                    // The one before is put away first.
                    let put_away = self.steps(&table, end).await?;
                    if put_away.next != "done" {
                        return Ok(put_away);
                    }
                    self.rebuilder.start(&table, now_ms).await?;
                }
                self.steps(&table, end).await
            }
            Action::Switch => {
                self.rebuilder.switch(&table, request.without_removed).await?;
                self.steps(&table, end).await
            }
            Action::Step => self.steps(&table, end).await,
            Action::Status => self.status(&table).await,
            Action::Drop => {
                let intent = if request.dry_run { Intent::Tell } else { Intent::Act };
                self.drop_unseen(&table, intent, request.generation, end).await
            }
        }
    }

    async fn steps(&self, table: &TableName, end: Instant) -> Result<RebuildData, Failed> {
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let step = self.rebuilder.step(table, now_ms());
            match tokio::time::timeout(left, step).await {
                Ok(Ok((_, Next::Step))) => {}
                Ok(Ok((rebuild, next))) => return self.data(table, &rebuild, Some(next)).await,
                // Another invocation is at it: what it did is seen next.
                Ok(Err(RebuildError::Overtaken { .. })) => {}
                Ok(Err(error)) => return Err(error.into()),
                // The next invocation goes on from the marks.
                Err(_) => return self.status(table).await,
            }
        }
    }

    async fn status(&self, table: &TableName) -> Result<RebuildData, Failed> {
        match self.rebuilder.ledger.rebuild(table).await? {
            Some(rebuild) => self.data(table, &rebuild, None).await,
            None => Ok(RebuildData {
                table: table.to_string(),
                state: "none",
                next: "done",
                ..RebuildData::default()
            }),
        }
    }

    /// `next`: as the last step said, none where none was made.
    async fn data(
        &self,
        table: &TableName,
        rebuild: &Rebuild,
        next: Option<Next>,
    ) -> Result<RebuildData, Failed> {
        // Nobody waits for the batches of one that was given up.
        let open = match rebuild.state.is_given_up() {
            true => 0,
            false => self.rebuilder.ledger.awaited(table, rebuild.to).await?.len(),
        };
        let (state, by_state) = words(rebuild.state);
        let next = match next {
            None => by_state,
            Some(Next::Step) => "step",
            Some(Next::Wait) => "wait",
            Some(Next::Decide) => "decide",
            Some(Next::Done) => "done",
        };
        // A pass of the switch begins at nothing; what is known is told until it knows more.
        let counts = if rebuild.pass.counts.batches >= rebuild.counts.batches {
            rebuild.pass.counts
        } else {
            rebuild.counts
        };
        Ok(RebuildData {
            table: table.to_string(),
            state,
            next,
            from: Some(rebuild.from),
            generation: Some(rebuild.to),
            batches: counts.batches,
            documents: counts.documents,
            removed: counts.removed,
            open,
            started_at_ms: Some(rebuild.started_at_ms),
            changed_at_ms: rebuild.changed_at_ms,
            ended_at_ms: rebuild.ended_at_ms,
            dropped: Vec::new(),
        })
    }

    /// Gives up the rebuild that is under way, if one is, and removes what all generations left that
    /// are not the current one. `asked`: into which generation the rebuild to give up is; none means any.
    async fn drop_unseen(
        &self,
        table: &TableName,
        intent: Intent,
        asked: Option<u32>,
        end: Instant,
    ) -> Result<RebuildData, Failed> {
        let Rebuilder { ledger, lake, views, .. } = &self.rebuilder;
        let last = ledger.rebuild(table).await?;
        let under_way = last.as_ref().filter(|last| last.state.is_under_way());
        let another = under_way.filter(|last| asked.is_some_and(|asked| asked != last.to));
        if let Some(last) = under_way.filter(|_| another.is_none()) {
            // Between the change and the views, the current generation is not the visible one.
            if !last.state.can_be_given_up() && !last.state.is_given_up() {
                let (table, generation) = (table.clone(), last.to);
                return Err(RebuildError::Switching { table, generation }.into());
            }
            if intent == Intent::Act {
                self.rebuilder.give_up(table, now_ms()).await?;
                let dropped = self.steps(table, end).await?;
                if dropped.next != "done" {
                    return Ok(dropped);
                }
            }
        }
        let current = ledger.generation(table).await?;
        let highest = last.as_ref().map_or(current, |last| last.to.max(current));
        // While another rebuild is being switched to, the one that is still seen is none of the two.
        let kept = |generation: u32| {
            let of_another = another.is_some_and(|it| generation == it.to || generation == it.from);
            generation == current || of_another
        };
        let mut data = self.status(table).await?;
        data.next = "done";
        let unseen: Vec<u32> = (1..=highest).filter(|generation| !kept(*generation)).collect();
        let left = || end.saturating_duration_since(Instant::now());
        for generation in &unseen {
            let clearing = clear_generation(lake, views, table, *generation, intent);
            let Ok(found) = tokio::time::timeout(left(), clearing).await else {
                // What was removed is gone; the next invocation finds the rest.
                data.next = "step";
                return Ok(data);
            };
            let Leftovers { generation, tables, parts, bytes } = found?;
            if parts > 0 || !tables.is_empty() {
                data.dropped.push(Dropped { generation, tables, parts, bytes });
            }
        }
        if intent == Intent::Act {
            for generation in unseen {
                let strays = self.rebuilder.clear_rejects_of(table, generation);
                // They were removed before; what came since is looked for as long as there is time.
                let Ok(cleared) = tokio::time::timeout(left(), strays).await else { break };
                cleared?;
            }
        }
        Ok(data)
    }
}

/// The state as it is told, and what comes next where no step has said it.
fn words(state: RebuildState) -> (&'static str, &'static str) {
    match state {
        RebuildState::Replaying => ("replaying", "step"),
        RebuildState::Ready => ("ready", "decide"),
        RebuildState::CatchingUp
        | RebuildState::Changing
        | RebuildState::Following
        | RebuildState::Showing
        | RebuildState::Clearing => ("switching", "step"),
        RebuildState::Switched => ("switched", "done"),
        RebuildState::Dropping => ("dropping", "step"),
        RebuildState::Dropped => ("dropped", "done"),
    }
}

impl Failed {
    fn fault(self) -> RebuildFault {
        let error = match self {
            Failed::Request(message) => return RebuildFault { code: "bad_request", message },
            Failed::Rebuild(error) => error,
        };
        let code = match &error {
            RebuildError::UnknownTable { .. } => "unknown_table",
            RebuildError::NoRebuild { .. } => "no_rebuild",
            RebuildError::NotReady { .. } => "not_ready",
            RebuildError::Switching { .. } => "switching",
            RebuildError::Removed { .. } => "removed",
            RebuildError::Overtaken { .. } => "overtaken",
            RebuildError::Port(error) => of_port(error),
        };
        RebuildFault { code, message: told(&error) }
    }
}

fn of_port(error: &PortError) -> &'static str {
    match error.disposition() {
        Disposition::Retry => "unavailable",
        Disposition::Stop => "damaged",
    }
}

fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

fn figures(data: &RebuildData, began: Instant) {
    let figures = [
        ("ReplayedDocuments", "Count", data.documents as f64),
        ("RemovedDocuments", "Count", data.removed as f64),
        ("OpenBatches", "Count", data.open as f64),
        ("Duration", "Milliseconds", began.elapsed().as_secs_f64() * 1_000.0),
    ];
    let mut ids = Map::new();
    ids.insert("table".to_owned(), data.table.as_str().into());
    ids.insert("state".to_owned(), data.state.into());
    ids.insert("next".to_owned(), data.next.into());
    write_metrics("rebuild", &figures, ids);
}

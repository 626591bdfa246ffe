//! What an invocation is asked for.

use serde::Deserialize;
use serde_json::Value;
use sluice_pipeline::Intent;

/// How far back the sweep looks, days, when it is not told.
const SWEEP_DAYS: u32 = 7;

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) action: Action,
    pub(super) intent: Intent,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    /// Dead letters are sent again.
    Redrive,
    /// Lost documents and batches are sent.
    Sweep { days: u32 },
}

impl Action {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Action::Redrive => "redrive",
            Action::Sweep { .. } => "sweep",
        }
    }
}

/// Why an event is no request.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// It is of another form.
    #[error(
        "the event must be like {{\"action\": \"redrive\", \"dry_run\": true}} or {{\"action\": \
         \"sweep\", \"days\": 7}}"
    )]
    Form(#[from] serde_json::Error),
    /// Only a sweep looks back.
    #[error("the event has days, which only the action sweep takes")]
    DaysOfRedrive,
    /// Beyond the claims' lifetime a document would be normalized twice.
    #[error("the event has days {days}: they must be 1 to {max}, the days that claims live")]
    Days {
        /// As asked for.
        days: u32,
        /// The claims' lifetime.
        max: u32,
    },
}

/// The event as it is sent.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Event {
    action: Name,
    #[serde(default)]
    dry_run: bool,
    days: Option<u32>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Name {
    Redrive,
    Sweep,
}

impl Request {
    /// `claim_days`: how long claims live.
    pub(super) fn parse(event: Value, claim_days: u32) -> Result<Self, RequestError> {
        let Event { action, dry_run, days } = serde_json::from_value(event)?;
        let action = match (action, days) {
            (Name::Redrive, None) => Action::Redrive,
            (Name::Redrive, Some(_)) => return Err(RequestError::DaysOfRedrive),
            (Name::Sweep, None) => Action::Sweep { days: SWEEP_DAYS.min(claim_days) },
            (Name::Sweep, Some(days)) if (1..=claim_days).contains(&days) => Action::Sweep { days },
            (Name::Sweep, Some(days)) => return Err(RequestError::Days { days, max: claim_days }),
        };
        Ok(Request { action, intent: if dry_run { Intent::Tell } else { Intent::Act } })
    }
}

#[cfg(test)]
mod tests {
    use super::{Action, Request};
    use crate::log::told;
    use serde_json::{Value, json};
    use sluice_pipeline::Intent;

    #[test]
    fn events_ask_for_one_of_two_things() {
        let parse = |event| Request::parse(event, 100).expect("a request");
        let (act, tell) = (Intent::Act, Intent::Tell);
        let sweep = |days| Action::Sweep { days };
        let cases = [
            (json!({"action": "redrive"}), Action::Redrive, act),
            (json!({"action": "redrive", "dry_run": true}), Action::Redrive, tell),
            (json!({"action": "sweep", "dry_run": false}), sweep(7), act),
            (json!({"action": "sweep", "days": 100, "dry_run": true}), sweep(100), tell),
        ];
        for (event, action, intent) in cases {
            assert_eq!(parse(event), Request { action, intent });
        }
        let short = Request::parse(json!({"action": "sweep"}), 3).expect("a request");
        assert_eq!(short.action, sweep(3));
    }

    #[test]
    fn other_events_are_refused_in_words() {
        let form = "the event must be like {\"action\": \"redrive\", \"dry_run\": true} or \
                    {\"action\": \"sweep\", \"days\": 7}: ";
        let cases: [(Value, String); 7] = [
            (json!({}), format!("{form}missing field `action`")),
            (json!({"action": "drop"}), format!("{form}unknown variant `drop`")),
            (json!({"action": "sweep", "day": 7}), format!("{form}unknown field `day`")),
            (json!({"action": "sweep", "days": "7"}), format!("{form}invalid type")),
            (json!([]), form.to_owned()),
            (json!({"action": "redrive", "days": 7}), "the event has days, which only".to_owned()),
            (
                json!({"action": "sweep", "days": 101}),
                "the event has days 101: they must be 1 to 100".to_owned(),
            ),
        ];
        for (event, expected) in cases {
            let error = told(&Request::parse(event, 100).expect_err("no request"));
            assert!(error.starts_with(&expected), "{error}");
        }
    }
}

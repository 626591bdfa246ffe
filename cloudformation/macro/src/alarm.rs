//! Alarms of CloudWatch.

use crate::made::Made;
use serde_json::{Value, json};

/// When an alarm rings, and who hears of it.
pub(crate) struct Alarm {
    pub(crate) id: String,
    pub(crate) description: Value,
    pub(crate) namespace: &'static str,
    pub(crate) metric: &'static str,
    pub(crate) statistic: &'static str,
    pub(crate) dimension: (&'static str, Value),
    pub(crate) period_seconds: i64,
    /// Periods in a row.
    pub(crate) periods: i64,
    /// Above it, the alarm rings.
    pub(crate) threshold: Value,
    pub(crate) topic: Value,
    pub(crate) tags: Option<Value>,
}

impl Alarm {
    pub(crate) fn made(self) -> Made {
        let (dimension, value) = self.dimension;
        let properties = json!({
            "AlarmDescription": self.description,
            "Namespace": self.namespace,
            "MetricName": self.metric,
            "Dimensions": [{"Name": dimension, "Value": value}],
            "Statistic": self.statistic,
            "Period": self.period_seconds,
            "EvaluationPeriods": self.periods,
            "Threshold": self.threshold,
            "ComparisonOperator": "GreaterThanThreshold",
            // An idle queue or function has no figures.
            "TreatMissingData": "notBreaching",
            "AlarmActions": [self.topic],
            "OKActions": [self.topic],
            "Tags": self.tags,
        });
        Made::new(self.id, "AWS::CloudWatch::Alarm", properties)
    }
}

//! The properties of a `Sluice::Api`, checked.

use super::Fault;
use super::conditional::{branches, intrinsic, is_no_value};
use serde_json::{Map, Value, json};

/// Checked properties. Every value may be an intrinsic.
pub(super) struct Properties {
    pub(super) name: Value,
    pub(super) stage_name: Value,
    pub(super) ingress_bucket: Value,
    pub(super) ledger_table: Value,
    pub(super) kms_key_arn: Option<Value>,
    /// `None`, `Cognito` or `Custom`, or conditions over them.
    pub(super) authorizer: Value,
    pub(super) access_log_arn: Option<Value>,
    pub(super) rate_limit: Value,
    pub(super) burst_limit: Value,
    pub(super) tracing: Value,
    pub(super) metrics: Value,
    pub(super) tags: Option<Value>,
}

const KNOWN: &str = "Name, StageName, IngressBucket, LedgerTable, KmsKeyArn, Authorizer, AccessLogArn, \
                     RateLimit, BurstLimit, Tracing, Metrics or Tags";
const AUTHORIZER: &str = "None, {Cognito: {UserPoolArn: …}}, {Custom: {FunctionArn: …}}, or \
                          Fn::If of a condition and two of them";

impl Properties {
    /// All faults, not the first alone.
    pub(super) fn parse(logical_id: &str, properties: &Value) -> Result<Self, Vec<Fault>> {
        let empty = Map::new();
        let mut read = Reader { resource: logical_id, faults: Vec::new() };
        let given = properties.as_object().unwrap_or_else(|| {
            read.fault("", properties, "a map of properties");
            &empty
        });
        for (name, value) in given {
            if !KNOWN.split([',', ' ']).any(|known| known == name) {
                read.fault(name, value, &format!("no property of Sluice::Api; there are {KNOWN}"));
            }
        }
        let parsed = Properties {
            name: read.text(given, "Name", None),
            stage_name: read.text(given, "StageName", Some("main")),
            ingress_bucket: read.text(given, "IngressBucket", None),
            ledger_table: read.text(given, "LedgerTable", None),
            kms_key_arn: read.optional_text(given, "KmsKeyArn"),
            authorizer: read.authorizer(given),
            access_log_arn: read.optional_text(given, "AccessLogArn"),
            rate_limit: read.count(given, "RateLimit", 1_000, 10_000),
            burst_limit: read.count(given, "BurstLimit", 2_000, 5_000),
            tracing: read.switch(given, "Tracing"),
            metrics: read.switch(given, "Metrics"),
            tags: read.tags(given),
        };
        if read.faults.is_empty() { Ok(parsed) } else { Err(read.faults) }
    }
}

struct Reader<'r> {
    resource: &'r str,
    faults: Vec<Fault>,
}

impl Reader<'_> {
    fn fault(&mut self, property: &str, value: &Value, expected: &str) {
        self.faults.push(Fault {
            resource: self.resource.to_owned(),
            property: property.to_owned(),
            problem: format!("is {value}: {expected}"),
        });
    }

    fn missing(&mut self, property: &str) -> Value {
        self.faults.push(Fault {
            resource: self.resource.to_owned(),
            property: property.to_owned(),
            problem: "is missing: a text or an intrinsic".to_owned(),
        });
        Value::Null
    }

    fn text(&mut self, given: &Map<String, Value>, name: &str, default: Option<&str>) -> Value {
        match given.get(name) {
            Some(value) if is_text(value) => value.clone(),
            Some(value) => {
                self.fault(name, value, "a text or an intrinsic");
                Value::Null
            }
            None => match default {
                Some(default) => json!(default),
                None => self.missing(name),
            },
        }
    }

    fn optional_text(&mut self, given: &Map<String, Value>, name: &str) -> Option<Value> {
        let value = given.get(name).filter(|value| !is_no_value(value))?;
        if !is_text(value) {
            self.fault(name, value, "a text or an intrinsic");
        }
        Some(value.clone())
    }

    /// Also as text, which parameters are.
    fn count(&mut self, given: &Map<String, Value>, name: &str, default: u64, max: u64) -> Value {
        let Some(value) = given.get(name) else { return json!(default) };
        let number = match value {
            Value::String(text) => text.parse().ok(),
            other => other.as_u64(),
        };
        if intrinsic(value).is_none() && !number.is_some_and(|number| (1..=max).contains(&number)) {
            self.fault(name, value, &format!("a whole number from 1 to {max}, or an intrinsic"));
        }
        value.clone()
    }

    fn switch(&mut self, given: &Map<String, Value>, name: &str) -> Value {
        let Some(value) = given.get(name) else { return json!(false) };
        let known = matches!(value.as_str(), Some("true" | "false" | "True" | "False"));
        if !value.is_boolean() && !known && intrinsic(value).is_none() {
            self.fault(name, value, "true, false or an intrinsic");
        }
        value.clone()
    }

    fn tags(&mut self, given: &Map<String, Value>) -> Option<Value> {
        let value = given.get("Tags")?;
        if !value.is_array() && intrinsic(value).is_none() {
            self.fault("Tags", value, "a list of {Key, Value}");
        }
        Some(value.clone())
    }

    fn authorizer(&mut self, given: &Map<String, Value>) -> Value {
        let Some(value) = given.get("Authorizer") else { return json!("None") };
        let mut faults = Vec::new();
        check_authorizer(value, "Authorizer", &mut faults);
        for (property, value) in faults {
            self.fault(&property, &value, AUTHORIZER);
        }
        value.clone()
    }
}

fn check_authorizer(value: &Value, property: &str, faults: &mut Vec<(String, Value)>) {
    if let Some((_, then, otherwise)) = branches(value) {
        check_authorizer(then, &format!("{property}.Fn::If[1]"), faults);
        check_authorizer(otherwise, &format!("{property}.Fn::If[2]"), faults);
    } else if Authorizer::of(value).is_none() {
        faults.push((property.to_owned(), value.clone()));
    }
}

/// Who may call.
pub(super) enum Authorizer<'a> {
    /// Everybody.
    None,
    /// Users of a pool.
    Cognito { user_pool_arn: &'a Value },
    /// Whom a Lambda function lets in.
    Custom { function_arn: &'a Value },
}

impl<'a> Authorizer<'a> {
    /// One branch of the property. None when it is wrong.
    pub(super) fn of(value: &'a Value) -> Option<Self> {
        if value == "None" || is_no_value(value) {
            return Some(Authorizer::None);
        }
        let (kind, inner) = only(value)?;
        let (name, arn) = only(inner)?;
        match (kind, name) {
            ("Cognito", "UserPoolArn") if is_text(arn) => {
                Some(Authorizer::Cognito { user_pool_arn: arn })
            }
            ("Custom", "FunctionArn") if is_text(arn) => {
                Some(Authorizer::Custom { function_arn: arn })
            }
            _ => None,
        }
    }
}

fn only(value: &Value) -> Option<(&str, &Value)> {
    let map = value.as_object().filter(|map| map.len() == 1)?;
    map.iter().next().map(|(name, inner)| (name.as_str(), inner))
}

fn is_text(value: &Value) -> bool {
    value.as_str().is_some_and(|text| !text.is_empty()) || intrinsic(value).is_some()
}

#[cfg(test)]
mod tests {
    use super::Properties;
    use serde_json::json;

    #[test]
    fn faults_name_resource_and_property() {
        let wrong = json!({
            "Name": 7,
            "IngressBucket": "",
            "Bucket": "x",
            "RateLimit": "many",
            "BurstLimit": 5001,
            "Tracing": "maybe",
            "Authorizer": {"Fn::If": ["Open", "None", {"Cognito": {"Arn": "x"}}]},
        });
        let faults = Properties::parse("Door", &wrong).err().expect("faults");
        let told: Vec<_> = faults.iter().map(ToString::to_string).collect();
        let starts = [
            "Resource Door: Properties.Bucket is \"x\": no property of Sluice::Api",
            "Resource Door: Properties.Name is 7: a text or an intrinsic",
            "Resource Door: Properties.IngressBucket is \"\": a text or an intrinsic",
            "Resource Door: Properties.LedgerTable is missing: a text or an intrinsic",
            "Resource Door: Properties.Authorizer.Fn::If[2] is {\"Cognito\":{\"Arn\":\"x\"}}: None, {",
            "Resource Door: Properties.RateLimit is \"many\": a whole number from 1 to 10000",
            "Resource Door: Properties.BurstLimit is 5001: a whole number from 1 to 5000",
            "Resource Door: Properties.Tracing is \"maybe\": true, false or an intrinsic",
        ];
        assert_eq!(told.len(), starts.len(), "{told:#?}");
        for (told, start) in told.iter().zip(starts) {
            assert!(told.starts_with(start), "{told}");
        }
    }

    #[test]
    fn parameters_come_as_texts_and_intrinsics() {
        let good = json!({
            "Name": {"Fn::Sub": "${Prefix}-ingress"},
            "IngressBucket": {"Ref": "Bucket"},
            "LedgerTable": "ledger",
            "RateLimit": "50",
            "BurstLimit": {"Ref": "Burst"},
            "Tracing": "true",
            "KmsKeyArn": {"Ref": "AWS::NoValue"},
        });
        let parsed = Properties::parse("Door", &good).unwrap_or_else(|faults| panic!("{faults:?}"));
        assert_eq!(parsed.stage_name, "main");
        assert!(parsed.kms_key_arn.is_none());
    }
}

//! ARNs as templates write them out.

use crate::intrinsic::argument;
use serde_json::Value;

/// Whether a text can be the ARN of one thing.
pub(crate) fn is_arn(text: &str) -> bool {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let ["arn", partition, service, _, _, resource] = parts.as_slice() else { return false };
    let whole = [partition, service, resource].into_iter().all(|part| !part.is_empty());
    // A variable is one of IAM's, or the text wanted to be a Sub.
    whole && !is_wild(text) && !text.contains("${")
}

/// Whether a text, in a value or in what an intrinsic function makes it of, has a wildcard of
/// [IAM's](https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html)
/// in it: in a policy it would stand for many things.
pub(crate) fn has_wildcard(value: &Value) -> bool {
    match value {
        Value::String(text) => is_wild(text),
        Value::Array(list) => list.iter().any(has_wildcard),
        Value::Object(map) => match argument(value, "Fn::Split").and_then(Value::as_array) {
            // What a text is split at is not in the parts.
            Some(split) => split.iter().skip(1).any(has_wildcard),
            None => map.values().any(has_wildcard),
        },
        _ => false,
    }
}

fn is_wild(text: &str) -> bool {
    text.contains(['*', '?'])
}

fn of_service(text: &str, service: &str) -> bool {
    is_arn(text) && text.split(':').nth(2) == Some(service)
}

pub(crate) fn is_bucket(text: &str) -> bool {
    of_service(text, "s3") && !text.contains('/')
}

pub(crate) fn is_queue(text: &str) -> bool {
    of_service(text, "sqs")
}

pub(crate) fn is_topic(text: &str) -> bool {
    of_service(text, "sns")
}

pub(crate) fn is_table(text: &str) -> bool {
    of_service(text, "dynamodb") && text.contains(":table/") && !text.contains("/index/")
}

pub(crate) fn is_index(text: &str) -> bool {
    of_service(text, "dynamodb") && text.contains("/index/")
}

pub(crate) fn is_bus(text: &str) -> bool {
    of_service(text, "events") && text.contains(":event-bus/")
}

pub(crate) fn is_key(text: &str) -> bool {
    of_service(text, "kms") && text.contains(":key/")
}

pub(crate) fn is_function(text: &str) -> bool {
    of_service(text, "lambda") && text.contains(":function:")
}

pub(crate) fn is_user_pool(text: &str) -> bool {
    of_service(text, "cognito-idp") && text.contains(":userpool/")
}

/// CloudWatch tells it with `:*` at its end, for the streams.
pub(crate) fn is_log_group(text: &str) -> bool {
    let group = text.strip_suffix(":*").unwrap_or(text);
    of_service(group, "logs") && group.contains(":log-group:")
}

#[cfg(test)]
mod tests {
    use super::{has_wildcard, is_arn, is_bucket, is_log_group};
    use serde_json::json;

    #[test]
    fn an_arn_is_of_one_thing() {
        assert!(is_arn("arn:aws:s3:::bucket"));
        assert!(is_arn("arn:aws-cn:lambda:cn-north-1:123456789012:function:name:live"));
        for other in [
            "",
            "bucket",
            "arn:aws:s3:::",
            "arn::s3:::bucket",
            "arn:aws:s3::bucket",
            "arn:aws:s3:::*",
            "arn:aws:s3:::bucket-?",
            "arn:aws:s3:::${Bucket}",
            "xarn:aws:s3:::bucket",
        ] {
            assert!(!is_arn(other), "{other}");
        }
        assert!(!is_bucket("arn:aws:s3:::bucket/key"));
        assert!(is_log_group("arn:aws:logs:eu-central-1:123456789012:log-group:door:*"));
    }

    #[test]
    fn wildcards_are_found_within_functions() {
        for many in [
            json!("a*"),
            json!({"Fn::Sub": "${A}?"}),
            json!({"Fn::Sub": ["${A}${B}", {"B": "*"}]}),
            json!({"Fn::Join": ["", [{"Ref": "A"}, "*"]]}),
            json!({"Fn::If": ["C", {"Ref": "A"}, {"Fn::Select": [0, ["*"]]}]}),
            json!({"Fn::Split": [":", "*"]}),
        ] {
            assert!(has_wildcard(&many), "{many}");
        }
        for one in [
            json!("a"),
            json!({"Ref": "A"}),
            json!({"Fn::Select": [0, {"Fn::Split": [":*", {"Fn::GetAtt": ["Logs", "Arn"]}]}]}),
        ] {
            assert!(!has_wildcard(&one), "{one}");
        }
    }
}

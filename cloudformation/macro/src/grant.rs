//! What a function can be granted: each kind stands for exactly the actions that the platform's
//! adapters (`lake-functions/aws`) call for it.

use crate::arn::{is_arn, is_bucket, is_bus, is_function, is_index, is_key, is_queue, is_table};
use crate::intrinsic::{is_no_value, map_leaves, no_value};
use crate::properties::Properties;
use crate::statement::allow;
use crate::text::Text;
use serde_json::{Value, json};

/// A kind of grant, as `Do` names it.
#[derive(Debug)]
pub struct GrantKind {
    /// The name.
    pub name: &'static str,
    /// What `Resource` names.
    pub resource: &'static str,
    is_resource: fn(&str) -> bool,
    allows: &'static [Allowed],
}

/// A statement of a grant.
#[derive(Debug)]
struct Allowed {
    sid: &'static str,
    actions: &'static [&'static str],
    /// Resources, each with what stands around `Resource` in it.
    resources: &'static [(&'static str, &'static str)],
}

const fn itself(sid: &'static str, actions: &'static [&'static str]) -> Allowed {
    Allowed { sid, actions, resources: &[("", "")] }
}

const fn objects(sid: &'static str, actions: &'static [&'static str]) -> Allowed {
    Allowed { sid, actions, resources: OBJECTS }
}

/// All objects of a bucket.
const OBJECTS: &[(&str, &str)] = &[("", "/*")];

/// Glue asks for the rights on the catalog, the database and the table at once
/// (<https://docs.aws.amazon.com/glue/latest/dg/glue-specifying-resource-arns.html>). Tables are made by
/// whoever posts to them, so their names are not known.
const IN_DATABASE: &[(&str, &str)] = &[
    ("arn:${AWS::Partition}:glue:${AWS::Region}:${AWS::AccountId}:database/", ""),
    ("arn:${AWS::Partition}:glue:${AWS::Region}:${AWS::AccountId}:table/", "/*"),
];

/// The catalog itself, once a statement.
const CATALOG: &str = "arn:${AWS::Partition}:glue:${AWS::Region}:${AWS::AccountId}:catalog";

const KINDS: [GrantKind; 18] = [
    GrantKind {
        name: "read-objects",
        resource: "the ARN of a bucket",
        is_resource: is_bucket,
        allows: &[
            objects("ReadObjects", &["s3:GetObject"]),
            // Without it S3 answers 403 for an object that is not there, as if access were refused.
            itself("TellMissingObjects", &["s3:ListBucket"]),
        ],
    },
    GrantKind {
        // Of a versioned bucket: what was removed a while ago.
        name: "read-removed-objects",
        resource: "the ARN of a bucket",
        is_resource: is_bucket,
        allows: &[
            objects("ReadRemovedObjects", &["s3:GetObjectVersion"]),
            itself("ListVersions", &["s3:ListBucketVersions"]),
        ],
    },
    GrantKind {
        name: "list-objects",
        resource: "the ARN of a bucket",
        is_resource: is_bucket,
        allows: &[itself("ListObjects", &["s3:ListBucket"])],
    },
    GrantKind {
        // Also the target of a copy; the source is read.
        name: "write-objects",
        resource: "the ARN of a bucket",
        is_resource: is_bucket,
        allows: &[objects("WriteObjects", &["s3:PutObject"])],
    },
    GrantKind {
        name: "delete-objects",
        resource: "the ARN of a bucket",
        is_resource: is_bucket,
        allows: &[objects("DeleteObjects", &["s3:DeleteObject"])],
    },
    GrantKind {
        name: "send",
        resource: "the ARN of a queue",
        is_resource: is_queue,
        allows: &[itself("Send", &["sqs:SendMessage"])],
    },
    GrantKind {
        // For functions that ask a queue themselves; who is invoked by a queue `Consumes` it.
        name: "receive",
        resource: "the ARN of a queue",
        is_resource: is_queue,
        allows: &[itself(
            "Receive",
            &["sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:ReceiveMessage"],
        )],
    },
    GrantKind {
        name: "read-items",
        resource: "the ARN of a DynamoDB table",
        is_resource: is_table,
        allows: &[itself("ReadItems", &["dynamodb:GetItem"])],
    },
    GrantKind {
        // For functions that add to the ledger and change nothing in it.
        name: "put-items",
        resource: "the ARN of a DynamoDB table",
        is_resource: is_table,
        allows: &[itself("PutItems", &["dynamodb:PutItem"])],
    },
    GrantKind {
        // A transaction asks for the rights of what it consists of, which are updates.
        name: "write-items",
        resource: "the ARN of a DynamoDB table",
        is_resource: is_table,
        allows: &[itself("WriteItems", &["dynamodb:PutItem", "dynamodb:UpdateItem"])],
    },
    GrantKind {
        name: "delete-items",
        resource: "the ARN of a DynamoDB table",
        is_resource: is_table,
        allows: &[itself("DeleteItems", &["dynamodb:DeleteItem"])],
    },
    GrantKind {
        name: "query-items",
        resource: "the ARN of a DynamoDB table",
        is_resource: is_table,
        allows: &[itself("QueryItems", &["dynamodb:Query"])],
    },
    GrantKind {
        name: "index-query",
        resource: "the ARN of an index of a DynamoDB table, …:table/NAME/index/INDEX",
        is_resource: is_index,
        allows: &[itself("QueryIndex", &["dynamodb:Query"])],
    },
    GrantKind {
        name: "catalog",
        resource: "the name of a Glue database",
        is_resource: is_database,
        allows: &[Allowed {
            sid: "ShowTables",
            actions: &["glue:CreateTable", "glue:GetTable", "glue:UpdateTable"],
            resources: IN_DATABASE,
        }],
    },
    GrantKind {
        // Beside `catalog`: views of what another generation does not have are removed.
        name: "catalog-switch",
        resource: "the name of a Glue database",
        is_resource: is_database,
        allows: &[Allowed {
            sid: "SwitchTables",
            actions: &["glue:DeleteTable", "glue:GetTables"],
            resources: IN_DATABASE,
        }],
    },
    GrantKind {
        name: "put-events",
        resource: "the ARN of an event bus",
        is_resource: is_bus,
        allows: &[itself("PutEvents", &["events:PutEvents"])],
    },
    GrantKind {
        name: "use-key",
        resource: "the ARN of a KMS key",
        is_resource: is_key,
        allows: &[itself("UseKey", &["kms:Decrypt", "kms:GenerateDataKey"])],
    },
    GrantKind {
        name: "invoke",
        resource: "the ARN of a function",
        is_resource: is_function,
        allows: &[itself("Invoke", &["lambda:InvokeFunction"])],
    },
];

/// The services through which functions use a key; none calls KMS itself. The names are
/// [KMS's](https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service).
const KEY_SERVICES: [&str; 3] = ["dynamodb", "s3", "sqs"];

/// What `Do` can say.
#[must_use]
pub fn grants() -> &'static [GrantKind] {
    &KINDS
}

/// Reads a function's grants as statements of its role's policy; wrong ones are told and left out.
pub(crate) fn read(grants: &[Properties<'_>]) -> Vec<Value> {
    let mut statements = Vec::new();
    let mut counts = [0_u32; KINDS.len()];
    let names = KINDS.map(|kind| kind.name);
    for grant in grants {
        let name = grant.plain_word("Do", &names);
        let kind = name.and_then(|name| KINDS.iter().position(|kind| name == kind.name));
        let known = kind.map(|at| &KINDS[at]);
        let expected = known.map_or("an ARN", |kind| kind.resource);
        let is_resource = known.map_or(is_arn as fn(&str) -> bool, |kind| kind.is_resource);
        let named = grant.one_or_more("Resource", expected, &is_resource);
        // Of what the grant allows is not known, a folder may be one.
        let folder = known.is_none_or(GrantKind::is_of_objects).then(|| {
            let expected = "a folder's name, written out, without slashes at its ends";
            grant.optional_plain_text("Folder", expected, &is_folder)
        });
        grant.finish();
        if let (Some(at), Some(named)) = (kind, named) {
            for named in statements_of(&named) {
                counts[at] += 1;
                statements.extend(KINDS[at].statements(named, folder.flatten(), counts[at]));
            }
        }
    }
    statements
}

/// What is named, by statement: one for all, unless all can be left out, since IAM takes no statement
/// without resources.
fn statements_of(named: &[Text]) -> impl Iterator<Item = &[Text]> {
    let each = named.iter().all(Text::can_be_left_out);
    named.chunks(if each { 1 } else { named.len() })
}

impl GrantKind {
    /// The actions it allows.
    pub fn actions(&self) -> impl Iterator<Item = &'static str> {
        self.allows.iter().flat_map(|allowed| allowed.actions.iter().copied())
    }

    /// Whether some objects of a bucket can be meant.
    fn is_of_objects(&self) -> bool {
        self.allows.iter().any(|allowed| allowed.resources == OBJECTS)
    }

    /// `folder`: of the bucket, where not all its objects are meant. `count`: which grant of this kind it
    /// is; statements of one policy have different names.
    fn statements(&self, named: &[Text], folder: Option<&str>, count: u32) -> Vec<Value> {
        let number = if count > 1 { count.to_string() } else { String::new() };
        let statements = self.allows.iter().map(|allowed| {
            let sid = format!("{}{number}", allowed.sid);
            match named {
                // Left out behind a condition: then there is no statement.
                [one] if one.can_be_left_out() => map_leaves(one.value(), &|leaf| match leaf {
                    leaf if is_no_value(leaf) => no_value(),
                    leaf => allowed.statement(&sid, &[Text::new(leaf.clone())], folder),
                }),
                named => allowed.statement(&sid, named, folder),
            }
        });
        statements.collect()
    }
}

impl Allowed {
    fn statement(&self, sid: &str, named: &[Text], folder: Option<&str>) -> Value {
        let mut resources = Vec::new();
        let in_folder =
            folder.filter(|_| self.resources == OBJECTS).map(|name| format!("/{name}/*"));
        if self.actions.iter().all(|action| action.starts_with("glue:")) {
            resources.push(Text::new(json!({"Fn::Sub": CATALOG})));
        }
        for text in named {
            let around = self
                .resources
                .iter()
                .map(|(before, after)| text.around(before, in_folder.as_deref().unwrap_or(after)));
            resources.extend(around);
        }
        let mut statement = allow(sid, self.actions, &resources);
        if self.actions.iter().all(|action| action.starts_with("kms:")) {
            let via = KEY_SERVICES.map(
                |service| json!({"Fn::Sub": format!("{service}.${{AWS::Region}}.amazonaws.com")}),
            );
            statement["Condition"] = json!({"StringEquals": {"kms:ViaService": via}});
        }
        statement
    }
}

fn is_folder(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"_.=-/".contains(&b);
    !text.is_empty() && text.bytes().all(allowed) && text.split('/').all(|name| !name.is_empty())
}

fn is_database(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    !text.is_empty() && text.bytes().all(allowed)
}

//! The macro `Sluice`: a Lambda function that CloudFormation calls.

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::Value;
use sluice_template::answer;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let handle = async |event: LambdaEvent<Value>| Ok::<_, Error>(answer(&event.payload));
    run(service_fn(handle)).await
}

//! How a call to AWS fails, told without content (I-8).

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use sluice_pipeline::PortError;
use std::fmt;

/// A call that AWS did not carry out, or whose answer did not come.
///
/// Of AWS's messages only those about permissions are kept: others can quote what was sent.
#[derive(Debug)]
pub(crate) struct CallFailed {
    /// AWS's code, or what became of the call on its way.
    pub(crate) code: String,
    message: Option<String>,
}

impl fmt::Display for CallFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.code)?;
        match &self.message {
            Some(message) => write!(f, ": {message}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for CallFailed {}

impl CallFailed {
    /// Of an SDK's error.
    pub(crate) fn of<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> Self {
        let way = match error {
            SdkError::ConstructionFailure(_) => "the request could not be made",
            SdkError::TimeoutError(_) => "no answer in time",
            SdkError::DispatchFailure(failure) if failure.is_timeout() => "no answer in time",
            SdkError::DispatchFailure(_) => "no connection, or no credentials",
            SdkError::ResponseError(_) => "the answer could not be read",
            _ => "an error without a code",
        };
        let code = error.code().unwrap_or(way).to_owned();
        let permission = code.contains("AccessDenied") || code.contains("UnrecognizedClient");
        let message = error.message().filter(|_| permission).map(str::to_owned);
        CallFailed { code, message }
    }

    /// Of what is no error of the SDK.
    pub(crate) fn told(code: &str) -> Self {
        CallFailed { code: code.to_owned(), message: None }
    }

    /// What the caller can do: whatever the same call cannot mend is for a person.
    pub(crate) fn at(self, what: String) -> PortError {
        let source = Box::new(self);
        match source.code.as_str() {
            "ValidationException"
            | "InvalidInputException"
            | "SerializationException"
            | "ItemCollectionSizeLimitExceededException" => PortError::Damaged { what, source },
            "ResourceNumberLimitExceededException" => PortError::Full { what, source },
            // Throttling, outages, a missing table or permission: the same call succeeds once they
            // are over or mended.
            _ => PortError::Unavailable { what, source },
        }
    }
}

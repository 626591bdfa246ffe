//! What to do when an input cannot be read.

use crate::failure::Failure;
use sluice_one_machine::InputError;
use std::io;

/// The end of a command that could not read an input.
pub(crate) fn explain(error: InputError) -> Failure {
    let next = next(&error);
    Failure::failed(error).next(next)
}

/// What the person can do about it.
pub(crate) fn next(error: &InputError) -> String {
    match error {
        InputError::Io { source, .. } => match source.kind() {
            io::ErrorKind::NotFound => match std::env::current_dir() {
                Ok(folder) => {
                    format!("check the name; relative ones start at {}", folder.display())
                }
                Err(_) => "check the name".to_owned(),
            },
            io::ErrorKind::PermissionDenied => "make the file readable for this user".to_owned(),
            _ => {
                "get the input again, it may be damaged or cut short; what was done before it stays"
                    .to_owned()
            }
        },
        InputError::Folder { name } => {
            format!("give the files in it, e.g. {}/*.json", name.trim_end_matches('/'))
        }
        InputError::Foreign { .. } => {
            "unpack it, and pass the JSON as a file or as - on standard input".to_owned()
        }
    }
}

//! Prints a template's expansion, for scripts: `template FILE [NAME=VALUE...]`. People have
//! `sluice template expand`, which takes far longer to build.

use serde_json::{Map, Value};
use sluice_template::{expand_template, read_template};
use std::error::Error;
use std::io::{Write, stderr, stdout};
use std::process::ExitCode;

fn main() -> ExitCode {
    match expanded() {
        Ok(text) => {
            let written = stdout().write_all(text.as_bytes());
            ExitCode::from(u8::from(written.is_err()))
        }
        Err(error) => {
            let _ = writeln!(stderr(), "{error}");
            ExitCode::FAILURE
        }
    }
}

fn expanded() -> Result<String, Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let file = arguments.next().ok_or("usage: template FILE [NAME=VALUE...]")?;
    let mut parameters = Map::new();
    for argument in arguments {
        let (name, value) = argument.split_once('=').ok_or("a parameter is NAME=VALUE")?;
        parameters.insert(name.to_owned(), Value::from(value));
    }
    let template = read_template(&std::fs::read_to_string(file)?)?;
    let expanded = expand_template(template, &parameters)?;
    Ok(serde_json::to_string_pretty(&expanded)? + "\n")
}

//! `sluice template`: the CloudFormation templates of the platform on AWS.

use crate::failure::Failure;
use crate::output;
use crate::text::plain;
use anyhow::Context;
use clap::{Args, Subcommand};
use serde_json::{Map, Value};
use sluice_template::{Faults, expand_template, read_template};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Work with the CloudFormation templates of the platform on AWS.
///
/// They have resource types of their own (Sluice::Queue, Sluice::Function, Sluice::Api), which a
/// macro expands when a stack is made.
#[derive(Debug, Args)]
pub(crate) struct TemplateArgs {
    #[command(subcommand)]
    command: TemplateCommand,
}

#[derive(Debug, Subcommand)]
enum TemplateCommand {
    Expand(ExpandArgs),
}

/// Print a template as plain CloudFormation, as the macro Sluice would make it.
///
/// Nothing is asked of AWS. The result is JSON, with intrinsic functions in their long form, and can be
/// read, linted and deployed without the macro. What is wrong is told on standard error, one line
/// each, naming resource and property; the exit code is 1 then.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  What a stack of queues consists of:
      sluice template expand cloudformation/queues.yaml

  With a parameter that the macro calculates with (visibility timeouts are made of it):
      sluice template expand cloudformation/queues.yaml --parameter TimeoutSeconds=300

  Deploy the plain result, without the macro:
      sluice template expand cloudformation/queues.yaml --out queues.json
      aws cloudformation deploy --template-file queues.json --stack-name queues")]
pub(crate) struct ExpandArgs {
    /// The template, YAML (short forms like !Sub too) or JSON; - is standard input
    #[arg(value_name = "FILE")]
    template: PathBuf,

    /// A parameter's value, where its default is not meant; can be given several times
    #[arg(long = "parameter", value_name = "NAME=VALUE", value_parser = parse_parameter)]
    parameters: Vec<(String, String)>,

    /// Where the result goes [default: standard output]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

fn parse_parameter(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("a parameter is given as NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

/// Runs the command.
pub(crate) fn run(args: &TemplateArgs) -> Result<ExitCode, Failure> {
    let TemplateCommand::Expand(args) = &args.command;
    let text = read(&args.template).map_err(|error| {
        Failure::failed(error).next("give a template's file, like cloudformation/root.yaml")
    })?;
    match expanded(&text, &args.parameters) {
        Ok(template) => {
            write(args.out.as_deref(), &template)?;
            Ok(ExitCode::SUCCESS)
        }
        Err(faults) => {
            tell(&args.template, &faults);
            Ok(ExitCode::FAILURE)
        }
    }
}

fn read(template: &Path) -> anyhow::Result<String> {
    if template == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).context("read standard input")?;
        return Ok(text);
    }
    std::fs::read_to_string(template).with_context(|| format!("read {}", template.display()))
}

fn expanded(text: &str, parameters: &[(String, String)]) -> Result<Value, Faults> {
    let values = parameters.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str())));
    expand_template(read_template(text)?, &Map::from_iter(values))
}

fn write(out: Option<&Path>, template: &Value) -> Result<(), Failure> {
    let Some(out) = out else { return output::print_json(template) };
    let text = serde_json::to_string_pretty(template)
        .context("serialize the template")
        .map_err(Failure::failed)?;
    std::fs::write(out, text + "\n")
        .with_context(|| format!("write {}", out.display()))
        .map_err(Failure::failed)
}

/// A line each; nobody is left to tell when standard error is closed.
fn tell(template: &Path, faults: &Faults) {
    let mut stderr = std::io::stderr().lock();
    for fault in faults.list() {
        let line = format!("error: {}: {fault}", template.display());
        let _ = writeln!(stderr, "{}", plain(&line));
    }
}

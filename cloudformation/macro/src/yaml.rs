//! Templates as people write them, to the JSON that a macro is given.
//!
//! CloudFormation reads
//! [YAML 1.1 without aliases and some types](https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html),
//! and short forms of intrinsic functions. Texts that YAML's versions and readers take for different
//! things are told instead of guessed at. JSON is read as well, being YAML.

mod scalar;
mod short_form;

use crate::fault::{Fault, Faults};
use granit_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Span, StrInput, Tag};
use scalar::{is_truth_to_some, plain};
use serde_json::{Map, Value};
use short_form::ShortForm;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Reads a template, YAML or JSON.
///
/// # Errors
/// [`Faults`], each with its line: all that can be told before the text is no YAML any more.
pub fn read_template(text: &str) -> Result<Value, Faults> {
    let options = granit_parser::options! { emit_comments: false };
    let parser = Parser::new_from_str_with_options(text, options);
    let mut reader = Reader { parser, faults: Vec::new() };
    let read = reader.document();
    let Reader { mut faults, .. } = reader;
    match read {
        Ok(Some(template)) => {
            Faults::none_in(faults)?;
            Ok(template)
        }
        Ok(None) => Err(Fault::new("the template is empty").into()),
        Err(error) => {
            faults.push(at(error.marker(), &error.info()));
            Faults::none_in(faults).map(|()| Value::Null)
        }
    }
}

fn at(place: &Marker, text: &str) -> Fault {
    Fault::new(format!("line {}, column {}: {text}", place.line(), place.col() + 1))
}

struct Reader<'y> {
    parser: Parser<'y, StrInput<'y>>,
    faults: Vec<Fault>,
}

type NodeTag<'y> = Option<Cow<'y, Tag>>;

impl<'y> Reader<'y> {
    /// The first document; another one is told.
    fn document(&mut self) -> Result<Option<Value>, ScanError> {
        let mut template = None;
        while let Some(next) = self.parser.next_event() {
            let (event, span) = next?;
            match event {
                Event::StreamStart | Event::DocumentStart(..) | Event::DocumentEnd => {}
                Event::StreamEnd => break,
                event if template.is_none() => template = Some(self.node(event, span)?),
                _ => {
                    self.tell(&span, "a second document: a template is one document");
                    break;
                }
            }
        }
        Ok(template)
    }

    fn node(&mut self, event: Event<'y>, span: Span) -> Result<Value, ScanError> {
        match event {
            Event::Scalar(text, style, _, tag) => Ok(self.scalar(&text, style, tag, &span)),
            Event::SequenceStart(_, _, tag) => {
                let list = self.sequence()?;
                Ok(self.tagged(list, tag, &span))
            }
            Event::MappingStart(_, _, tag) => {
                let map = self.mapping()?;
                Ok(self.tagged(map, tag, &span))
            }
            Event::Alias(_) | Event::UnresolvedAlias(_) => {
                self.tell(&span, "an alias (*): CloudFormation knows none, write the value out");
                Ok(Value::Null)
            }
            // The parser's grammar has nothing else where a node is due.
            _ => Ok(Value::Null),
        }
    }

    fn next(&mut self) -> Result<(Event<'y>, Span), ScanError> {
        self.parser.next_event().unwrap_or_else(|| Ok((Event::StreamEnd, Span::default())))
    }

    fn sequence(&mut self) -> Result<Value, ScanError> {
        let mut list = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd | Event::StreamEnd, _) => return Ok(Value::Array(list)),
                (event, span) => list.push(self.node(event, span)?),
            }
        }
    }

    fn mapping(&mut self) -> Result<Value, ScanError> {
        let mut map = Map::new();
        let mut lines: BTreeMap<String, usize> = BTreeMap::new();
        loop {
            let (event, span) = self.next()?;
            let key = match event {
                Event::MappingEnd | Event::StreamEnd => return Ok(Value::Object(map)),
                Event::Scalar(key, style, _, None) => {
                    if style == ScalarStyle::Plain && is_truth_to_some(&key) {
                        self.tell(
                            &span,
                            &format!("the key {key} is a truth value to some: quote it"),
                        );
                    }
                    key.into_owned()
                }
                event => {
                    self.tell(&span, "a key that is no text");
                    self.node(event, span)?;
                    String::new()
                }
            };
            if key == "<<" {
                self.tell(&span, "a merge (<<): CloudFormation knows none, write the keys out");
            }
            if let Some(line) = lines.insert(key.clone(), span.start.line()) {
                self.tell(&span, &format!("the key {key} once more: it is on line {line} already"));
            }
            let (event, span) = self.next()?;
            let value = self.node(event, span)?;
            map.insert(key, value);
        }
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, tag: NodeTag<'y>, span: &Span) -> Value {
        if let Some(tag) = tag {
            // `!` alone and `!!str` say that it is a text.
            if tag.is_yaml_core_schema_tag("str") || tag.original() == "!" {
                return text.into();
            }
            return self.tagged(text.into(), Some(tag), span);
        }
        if style != ScalarStyle::Plain {
            return text.into();
        }
        plain(text).unwrap_or_else(|ambiguous| {
            self.tell(span, &format!("{text} {ambiguous}"));
            text.into()
        })
    }

    /// A node with its tag, which makes it a call of a function.
    fn tagged(&mut self, value: Value, tag: NodeTag<'y>, span: &Span) -> Value {
        let Some(tag) = tag else { return value };
        let name = tag.original();
        let Some(form) = ShortForm::of_tag(&name) else {
            self.tell(span, &format!("{name} is no function of CloudFormation's"));
            return value;
        };
        match form.call(value) {
            Ok(call) => call,
            Err(expected) => {
                self.tell(span, &format!("{name} is followed by {expected}"));
                Value::Null
            }
        }
    }

    fn tell(&mut self, span: &Span, text: &str) {
        let place = span.tag_start().unwrap_or(span.start);
        self.faults.push(at(&place, text));
    }
}

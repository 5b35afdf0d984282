//! YAML: anchors, tags and scalars, over the events of `saphyr_parser`.

use std::collections::BTreeMap;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Tag};

use super::build::Builder;
use super::scalar::{Resolved, resolve};
use super::{Node, Number, Place, ReadError, ReadProblem, Value};

/// Hands all documents of `text` to `builder`.
pub(super) fn read(text: &str, builder: &mut Builder) -> Result<(), ReadError> {
    printable(text)?;
    let mut anchors = Anchors::default();
    // Where the last line has no end, a block's has none either; saphyr_parser would add it.
    let open_end = (!text.ends_with(char::is_whitespace)).then(|| text.chars().count());
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| {
            builder.error(place(*error.marker()), ReadProblem::Syntax(error.info().to_owned()))
        })?;
        let place = place(span.start);
        match event {
            Event::DocumentStart(_) => anchors = Anchors::default(),
            Event::SequenceStart(anchor, _) => {
                builder.open_sequence(place)?;
                anchors.open.push(anchor);
            }
            Event::MappingStart(anchor, _) => {
                builder.open_mapping(place)?;
                anchors.open.push(anchor);
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let anchor = anchors.open.pop().unwrap_or_default();
                if let Some(node) = builder.close() {
                    anchors.note(anchor, &node, builder)?;
                    builder.add(node)?;
                }
            }
            Event::Scalar(text, ScalarStyle::Plain, _, None)
                if text == "<<" && builder.wants_key() =>
            {
                builder.merge_key();
            }
            Event::Scalar(mut text, style, anchor, tag) => {
                if matches!(style, ScalarStyle::Literal | ScalarStyle::Folded)
                    && open_end == Some(span.end.index())
                    && text.ends_with('\n')
                {
                    text.to_mut().pop();
                }
                let plain = style == ScalarStyle::Plain;
                let (value, source) = scalar(&text, plain, tag.as_deref())
                    .map_err(|problem| builder.error(place, problem))?;
                let node = Node { value, place, source };
                builder.charge(node.size(), place)?;
                anchors.note(anchor, &node, builder)?;
                builder.add(node)?;
            }
            Event::Alias(anchor) => {
                let node = anchors.find(anchor).map_err(|problem| builder.error(place, problem))?;
                builder.charge(node.size(), place)?;
                builder.add(Node { place, ..node.clone() })?;
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
        }
    }
    Ok(())
}

/// `goyaml.v2` refuses what YAML calls not printable. A NUL would end the text for the parser.
fn printable(text: &str) -> Result<(), ReadError> {
    let mut place = Place { line: 1, column: 1 };
    for c in text.chars() {
        if c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{85}') {
            return Err(ReadError::new(place, ReadProblem::Control(c)));
        }
        place.pass(c);
    }
    Ok(())
}

fn place(marker: Marker) -> Place {
    Place { line: marker.line(), column: marker.col() + 1 }
}

/// One document's.
#[derive(Default)]
struct Anchors {
    nodes: BTreeMap<usize, Node>,
    /// Of the collections that are not complete; 0 for those without.
    open: Vec<usize>,
}

impl Anchors {
    /// Keeps what an anchor stands for, if there is one.
    fn note(&mut self, anchor: usize, node: &Node, builder: &mut Builder) -> Result<(), ReadError> {
        if anchor != 0 {
            builder.charge(node.size(), node.place)?;
            self.nodes.insert(anchor, node.clone());
        }
        Ok(())
    }

    fn find(&self, anchor: usize) -> Result<&Node, ReadProblem> {
        self.nodes.get(&anchor).ok_or(if self.open.contains(&anchor) {
            ReadProblem::Circle
        } else {
            ReadProblem::Anchor
        })
    }
}

/// What a scalar is, and its words where they would be lost. A tag counts for quoted ones as well, one that is not YAML's own
/// makes a string.
fn scalar(text: &str, plain: bool, tag: Option<&Tag>) -> Result<(Value, Box<str>), ReadProblem> {
    let full = tag.map(|tag| format!("{}{}", tag.handle, tag.suffix));
    let tag = match &full {
        None if plain => "",
        None => "str",
        Some(full) => full.strip_prefix("tag:yaml.org,2002:").unwrap_or("str"),
    };
    let value = match (tag, resolve(text)) {
        ("binary", _) => return Err(ReadProblem::Binary),
        ("" | "null", Resolved::Null) => Value::Null,
        ("" | "bool", Resolved::Bool(value)) => Value::Bool(value),
        ("" | "int" | "float", Resolved::Integer(number))
        | ("" | "float", Resolved::Float(number)) => Value::Number(Number(number.into())),
        ("" | "float", Resolved::NotFinite) => return Err(ReadProblem::NotFinite(text.to_owned())),
        ("null" | "bool" | "int" | "float", _) => {
            return Err(ReadProblem::Tag { tag: format!("!!{tag}"), text: text.to_owned() });
        }
        _ => return Ok((Value::String(text.to_owned()), Box::default())),
    };
    Ok((value, text.into()))
}

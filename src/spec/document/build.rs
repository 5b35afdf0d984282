//! Builds trees of what a parser reports, within the bounds: nothing is kept that was not charged for.

use std::collections::BTreeMap;

use super::path::Path;
use super::{Entry, MAX_DEPTH, Node, Place, ReadError, ReadProblem, Value};

pub(super) struct Builder {
    open: Vec<Open>,
    documents: Vec<Node>,
    /// Bytes of memory that may yet be taken.
    left: usize,
}

/// A collection whose end has not come.
struct Open {
    place: Place,
    items: Items,
}

enum Items {
    Sequence(Vec<Node>),
    Mapping(Mapping),
}

#[derive(Default)]
struct Mapping {
    entries: Vec<Entry>,
    /// What `<<` brought.
    merged: Vec<Entry>,
    /// The lines of the keys.
    lines: BTreeMap<String, usize>,
    /// What the next node belongs to, unless it is a key itself.
    key: Option<Key>,
}

enum Key {
    Name(String, Place),
    /// `<<`
    Merge,
}

type Misplaced = (Place, ReadProblem);

impl Builder {
    /// One that takes no more than `memory` bytes.
    pub(super) fn new(memory: usize) -> Builder {
        Builder { open: Vec::new(), documents: Vec::new(), left: memory }
    }

    pub(super) fn into_documents(self) -> Vec<Node> {
        self.documents
    }

    /// An error here, with the path so far.
    pub(super) fn error(&self, place: Place, problem: ReadProblem) -> ReadError {
        ReadError { place, path: path(&self.open, Path::Root), problem }
    }

    /// Takes so many bytes of what may be taken; to be called before they are.
    pub(super) fn charge(&mut self, bytes: usize, place: Place) -> Result<(), ReadError> {
        match self.left.checked_sub(bytes) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => Err(self.error(place, ReadProblem::TooLarge)),
        }
    }

    /// Whether the next node is a mapping's key.
    pub(super) fn wants_key(&self) -> bool {
        matches!(
            self.open.last(),
            Some(Open { items: Items::Mapping(Mapping { key: None, .. }), .. })
        )
    }

    /// The next key is `<<`.
    pub(super) fn merge_key(&mut self) {
        if let Some(Open { items: Items::Mapping(mapping), .. }) = self.open.last_mut() {
            mapping.key = Some(Key::Merge);
        }
    }

    pub(super) fn open_sequence(&mut self, place: Place) -> Result<(), ReadError> {
        self.push(place, Items::Sequence(Vec::new()))
    }

    pub(super) fn open_mapping(&mut self, place: Place) -> Result<(), ReadError> {
        self.push(place, Items::Mapping(Mapping::default()))
    }

    fn push(&mut self, place: Place, items: Items) -> Result<(), ReadError> {
        if self.wants_key() {
            let kind = match items {
                Items::Sequence(_) => "a sequence",
                Items::Mapping(_) => "a mapping",
            };
            return Err(self.error(place, ReadProblem::Key(kind)));
        }
        if self.open.len() == MAX_DEPTH {
            return Err(self.error(place, ReadProblem::TooDeep));
        }
        self.charge(size_of::<Node>(), place)?;
        self.open.push(Open { place, items });
        Ok(())
    }

    /// Ends the collection opened last. It is in nothing yet: that is for [`Builder::add`].
    pub(super) fn close(&mut self) -> Option<Node> {
        let Open { place, items } = self.open.pop()?;
        let value = match items {
            Items::Sequence(nodes) => Value::Sequence(nodes),
            Items::Mapping(mapping) => Value::Mapping(mapping.close()),
        };
        Some(Node { value, place, source: Box::default() })
    }

    /// Puts a node, which has been charged for, where it belongs: as a key, a value, an item or a document.
    pub(super) fn add(&mut self, node: Node) -> Result<(), ReadError> {
        let place = node.place;
        if self.wants_key() {
            // For the entry, and the key's copy among the lines.
            self.charge(size_of::<Entry>() + node.size(), place)?;
        }
        let added = match self.open.last_mut() {
            None => {
                if !node.is_null() {
                    self.documents.push(node);
                }
                Ok(())
            }
            Some(Open { items: Items::Sequence(nodes), .. }) => {
                nodes.push(node);
                Ok(())
            }
            Some(Open { items: Items::Mapping(mapping), .. }) => mapping.add(node),
        };
        added.map_err(|(place, problem)| self.error(place, problem))
    }
}

impl Mapping {
    fn add(&mut self, node: Node) -> Result<(), Misplaced> {
        match self.key.take() {
            None => self.name(node),
            Some(Key::Name(key, place)) => {
                self.entries.push(Entry { key, place, value: node });
                Ok(())
            }
            Some(Key::Merge) => self.merge(node),
        }
    }

    /// Keys are strings in JSON. Numbers are written as JSON has them (Go's shortest form for f32 differs for a few).
    fn name(&mut self, node: Node) -> Result<(), Misplaced> {
        let place = node.place;
        let key = match node.value {
            Value::String(text) => text,
            Value::Bool(value) => value.to_string(),
            Value::Number(number) => number.0.into(),
            Value::Null => return Err((place, ReadProblem::Key("null"))),
            // They come by alias.
            Value::Sequence(_) => return Err((place, ReadProblem::Key("a sequence"))),
            Value::Mapping(_) => return Err((place, ReadProblem::Key("a mapping"))),
        };
        if let Some(&first) = self.lines.get(&key) {
            return Err((place, ReadProblem::Duplicate { key, first }));
        }
        self.lines.insert(key.clone(), place.line);
        self.key = Some(Key::Name(key, place));
        Ok(())
    }

    fn merge(&mut self, node: Node) -> Result<(), Misplaced> {
        match node.value {
            Value::Mapping(entries) => {
                self.merged.extend(entries);
                Ok(())
            }
            Value::Sequence(nodes) => nodes.into_iter().try_for_each(|node| match node.value {
                Value::Mapping(entries) => {
                    self.merged.extend(entries);
                    Ok(())
                }
                _ => Err((node.place, ReadProblem::Merge)),
            }),
            _ => Err((node.place, ReadProblem::Merge)),
        }
    }

    /// An explicit key comes before a merged one wherever it stands (`goyaml.v2` takes the later), an earlier mapping
    /// before a later one.
    fn close(self) -> Vec<Entry> {
        let Mapping { mut entries, merged, mut lines, .. } = self;
        for entry in merged {
            if lines.insert(entry.key.clone(), entry.place.line).is_none() {
                entries.push(entry);
            }
        }
        entries
    }
}

/// The path to what comes next. The types are not known, so any word counts as a field's name.
fn path(open: &[Open], parent: Path) -> String {
    let Some((outer, inner)) = open.split_first() else {
        return parent.to_string();
    };
    let step = match &outer.items {
        Items::Sequence(nodes) => Path::Index(&parent, nodes.len()),
        Items::Mapping(Mapping { key: Some(Key::Name(name, _)), .. }) => {
            if name.chars().all(char::is_alphanumeric) {
                Path::Field(&parent, name)
            } else {
                Path::Key(&parent, name)
            }
        }
        Items::Mapping(_) => return parent.to_string(),
    };
    path(inner, step)
}

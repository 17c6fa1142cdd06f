//! TOML as a tree in which every key and value knows its file and place, also after a merge.

use crate::Diagnostic;
use crate::model::Location;
use crate::syntax::{Slip, slips};
use std::collections::BTreeMap;
use std::sync::Arc;
use toml::de::{DeTable, DeValue};

/// A place: which file, which byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct At {
    pub file: usize,
    pub byte: usize,
}

#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub at: At,
    pub value: Value,
}

#[derive(Debug, Clone)]
pub(crate) enum Value {
    Text(String),
    Whole(i64),
    Real(f64),
    Truth(bool),
    List(Vec<Node>),
    Table(Table),
}

pub(crate) type Table = BTreeMap<String, Entry>;

#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// Place of the key.
    pub key: At,
    pub node: Node,
}

impl Node {
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }
    pub fn list(&self) -> Option<&[Node]> {
        match &self.value {
            Value::List(list) => Some(list),
            _ => None,
        }
    }
    pub fn table(&self) -> Option<&Table> {
        match &self.value {
            Value::Table(table) => Some(table),
            _ => None,
        }
    }
    /// The value of `name` where this is a table that has one.
    pub fn name(&self) -> Option<&str> {
        self.table()?.get("name")?.node.text()
    }
    /// The place of everything below it, keys and values.
    pub fn places(&self) -> Vec<At> {
        let below: Vec<At> = match &self.value {
            Value::List(list) => list.iter().flat_map(Node::places).collect(),
            Value::Table(table) => table.values().flat_map(|e| [vec![e.key], e.node.places()].concat()).collect(),
            _ => Vec::new(),
        };
        [vec![self.at], below].concat()
    }
    /// A value that stands in no file; whoever asked for it is at `at`.
    pub fn of(at: At, value: &toml::Value) -> Node {
        let value = match value {
            toml::Value::String(text) => Value::Text(text.clone()),
            toml::Value::Integer(whole) => Value::Whole(*whole),
            toml::Value::Float(real) => Value::Real(*real),
            toml::Value::Boolean(truth) => Value::Truth(*truth),
            toml::Value::Datetime(time) => Value::Text(time.to_string()),
            toml::Value::Array(list) => Value::List(list.iter().map(|item| Node::of(at, item)).collect()),
            toml::Value::Table(table) => {
                let entry =
                    |(key, value): (&String, &toml::Value)| (key.clone(), Entry { key: at, node: Node::of(at, value) });
                Value::Table(table.iter().map(entry).collect())
            }
        };
        Node { at, value }
    }
    pub fn kind(&self) -> &'static str {
        match self.value {
            Value::Text(_) => "a text",
            Value::Whole(_) | Value::Real(_) => "a number",
            Value::Truth(_) => "true or false",
            Value::List(_) => "a list",
            Value::Table(_) => "a table",
        }
    }
}

/// Every file read so far, by number: its name and its text. A clone shares them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Files(Vec<Arc<(String, String)>>);

impl Files {
    /// Reads `text` as a table.
    pub fn parse(&mut self, name: &str, text: &str) -> Result<Table, Vec<Diagnostic>> {
        let file = self.0.len();
        self.0.push(Arc::new((name.to_string(), text.to_string())));
        let (table, errors) = DeTable::parse_recoverable(text);
        let mut wrong: Vec<Diagnostic> = slips(text, &errors)
            .into_iter()
            .map(|Slip { byte, message, help }| self.diagnostic(At { file, byte }, message, help))
            .collect();
        let table = self.table(file, table.get_ref(), &mut wrong);
        if wrong.is_empty() { Ok(table) } else { Err(wrong) }
    }

    fn table(&self, file: usize, table: &DeTable<'_>, wrong: &mut Vec<Diagnostic>) -> Table {
        let entry = |(key, value): (&toml::Spanned<_>, &toml::Spanned<DeValue<'_>>)| {
            let key_at = At { file, byte: key.span().start };
            let key: &std::borrow::Cow<'_, str> = key.get_ref();
            (key.to_string(), Entry { key: key_at, node: self.node(file, value, wrong) })
        };
        table.iter().map(entry).collect()
    }

    fn node(&self, file: usize, value: &toml::Spanned<DeValue<'_>>, wrong: &mut Vec<Diagnostic>) -> Node {
        let at = At { file, byte: value.span().start };
        let value = match value.get_ref() {
            DeValue::String(text) => Value::Text(text.to_string()),
            DeValue::Boolean(truth) => Value::Truth(*truth),
            DeValue::Datetime(time) => Value::Text(time.to_string()),
            DeValue::Integer(whole) => match i64::from_str_radix(whole.as_str(), whole.radix()) {
                Ok(whole) => Value::Whole(whole),
                Err(_) => {
                    let help = format!("the largest is {}", i64::MAX);
                    wrong.push(self.diagnostic(at, format!("the number `{whole}` is too large"), help));
                    Value::Whole(0)
                }
            },
            DeValue::Float(real) => Value::Real(real.as_str().parse().unwrap_or(f64::NAN)),
            DeValue::Array(list) => Value::List(list.iter().map(|item| self.node(file, item, wrong)).collect()),
            DeValue::Table(table) => Value::Table(self.table(file, table, wrong)),
        };
        Node { at, value }
    }

    pub fn location(&self, at: At) -> Location {
        let (file, text) = self.0.get(at.file).map_or(("", ""), |read| (&read.0, &read.1));
        let before = text.get(..at.byte).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |i| i + 1);
        Location {
            file: file.to_string(),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        }
    }

    pub fn diagnostic(&self, at: At, message: impl Into<String>, help: impl Into<String>) -> Diagnostic {
        let Location { file, line, column } = self.location(at);
        let text = self.0.get(at.file).map_or("", |read| &read.1);
        let snippet = text.lines().nth(line - 1).unwrap_or_default().trim_end().to_string();
        Diagnostic { file, line, column, snippet, message: message.into(), help: help.into() }
    }
}

/// Settings path to place, for every node of the tree. Items of lists of tables go by name, others by number.
pub(crate) fn places(table: &Table) -> BTreeMap<String, At> {
    fn walk(path: &str, node: &Node, found: &mut BTreeMap<String, At>) {
        found.insert(path.to_string(), node.at);
        match &node.value {
            Value::Table(table) => {
                for (key, entry) in table {
                    walk(&format!("{path}.{key}"), &entry.node, found);
                }
            }
            Value::List(list) => {
                for (i, item) in list.iter().enumerate() {
                    let segment = item.name().map_or_else(|| i.to_string(), str::to_string);
                    walk(&format!("{path}.{segment}"), item, found);
                }
            }
            _ => {}
        }
    }
    let mut found = BTreeMap::new();
    for (key, entry) in table {
        walk(key, &entry.node, &mut found);
    }
    found
}

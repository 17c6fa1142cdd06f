//! Lays one tree over another, and applies `[[change]]` patches.

use crate::Diagnostic;
use crate::action::Patch;
use crate::diagnostic::did_you_mean;
use crate::tree::{At, Entry, Files, Node, Table, Value};

/// `over` wins: tables by key, lists of named tables by name, everything else whole.
pub(crate) fn lay(under: &mut Table, over: Table) {
    for (key, entry) in over {
        match under.get_mut(&key) {
            Some(below) => lay_node(&mut below.node, entry.node),
            None => {
                under.insert(key, entry);
            }
        }
    }
}

fn lay_node(under: &mut Node, over: Node) {
    match (&mut under.value, over.value) {
        (Value::Table(below), Value::Table(above)) => lay(below, above),
        (Value::List(below), Value::List(above)) if named(below) && named(&above) && !above.is_empty() => {
            for item in above {
                match below.iter_mut().find(|b| b.name() == item.name()) {
                    Some(same) => lay_node(same, item),
                    None => below.push(item),
                }
            }
        }
        (_, value) => *under = Node { at: over.at, value },
    }
}

fn named(list: &[Node]) -> bool {
    list.iter().all(|item| item.name().is_some())
}

/// One `{ at, set | remove | insert }`, read and not yet applied.
#[derive(Debug, Clone)]
pub(crate) struct Edit {
    path: String,
    path_at: At,
    verb: Verb,
}

#[derive(Debug, Clone)]
enum Verb {
    Set(Node),
    Remove,
    Insert { item: Node, place: Place },
}

#[derive(Debug, Clone)]
enum Place {
    End,
    Before(String, At),
    After(String, At),
}

/// Keys that say where a new entry goes; no setting is called so.
const PLACES: [&str; 2] = ["before", "after"];
const KEYS: [&str; 6] = ["at", "set", "remove", "insert", "before", "after"];

impl Edit {
    /// Reads a list of changes.
    pub fn read_all(files: &Files, node: &Node) -> Result<Vec<Edit>, Vec<Diagnostic>> {
        let Some(list) = node.list() else {
            return Err(vec![files.diagnostic(
                node.at,
                format!("found {}, wanted a list of changes", node.kind()),
                if matches!(node.value, Value::Table(_)) {
                    "write `[[change]]`, with two brackets on each side"
                } else {
                    "write `[{ at = \"okta.…\", set = … }]`"
                },
            )]);
        };
        let (mut edits, mut wrong) = (Vec::new(), Vec::new());
        for item in list {
            match Edit::read(files, item) {
                Ok(edit) => edits.push(edit),
                Err(diagnostic) => wrong.push(diagnostic),
            }
        }
        if wrong.is_empty() { Ok(edits) } else { Err(wrong) }
    }

    fn read(files: &Files, node: &Node) -> Result<Edit, Diagnostic> {
        let Some(table) = node.table() else {
            return Err(files.diagnostic(
                node.at,
                format!("found {}, wanted a change", node.kind()),
                "write `{ at = \"okta.…\", set = … }`",
            ));
        };
        if let Some((key, entry)) = table.iter().find(|(key, _)| !KEYS.contains(&key.as_str())) {
            return Err(files.diagnostic(entry.key, format!("unknown key `{key}`"), did_you_mean(key, KEYS)));
        }
        let text = |key: &str| match table.get(key) {
            None => Ok(None),
            Some(entry) => match entry.node.text() {
                Some(text) => Ok(Some((text.to_string(), entry.node.at))),
                None => {
                    let message = format!("found {}, wanted a text", entry.node.kind());
                    Err(files.diagnostic(entry.node.at, message, format!("write `{key} = \"…\"`")))
                }
            },
        };
        let Some((path, path_at)) = text("at")? else {
            return Err(files.diagnostic(node.at, "the key `at` is missing", "add `at = \"okta.…\"`"));
        };
        let place = match (text("before")?, text("after")?) {
            (None, None) => Place::End,
            (Some((name, at)), None) => Place::Before(name, at),
            (None, Some((name, at))) => Place::After(name, at),
            (Some((_, at)), Some(_)) => {
                return Err(files.diagnostic(at, "`before` and `after` exclude each other", "leave one of them out"));
            }
        };
        let verb = match (table.get("set"), table.get("remove"), table.get("insert")) {
            (Some(set), None, None) => Verb::Set(set.node.clone()),
            (None, Some(Entry { node: Node { value: Value::Truth(true), .. }, .. }), None) => Verb::Remove,
            (None, Some(remove), None) => {
                return Err(files.diagnostic(
                    remove.node.at,
                    format!("found {}, wanted `true`", remove.node.kind()),
                    "write `remove = true`, and in `at` what goes",
                ));
            }
            (None, None, Some(insert)) => {
                let inside =
                    insert.node.table().and_then(|item| item.iter().find(|(key, _)| PLACES.contains(&key.as_str())));
                if let Some((key, entry)) = inside {
                    let help = format!("write it beside `insert`, not in it: `{key} = \"…\"`");
                    return Err(files.diagnostic(entry.key, format!("`{key}` says where, and not what"), help));
                }
                Verb::Insert { item: insert.node.clone(), place }
            }
            _ => {
                let help = "add `set = …`, `remove = true` or `insert = { name = …, … }`";
                return Err(files.diagnostic(
                    path_at,
                    "a change has exactly one of `set`, `remove` and `insert`",
                    help,
                ));
            }
        };
        Ok(Edit { path, path_at, verb })
    }

    /// A change that a step at `at` makes.
    pub fn set(path: String, at: At, value: &toml::Value) -> Edit {
        Edit { path, path_at: at, verb: Verb::Set(Node::of(at, value)) }
    }

    /// Where its path is written.
    pub fn at(&self) -> At {
        self.path_at
    }

    pub fn patch(&self, files: &Files) -> Patch {
        let verb = match self.verb {
            Verb::Set(_) => "set",
            Verb::Remove => "remove",
            Verb::Insert { .. } => "insert",
        };
        Patch { at: self.path.clone(), verb, line: files.location(self.path_at).line }
    }

    /// Applies it to a world's tree. A last key that is not there yet may be set: what it means is for serde to say.
    pub fn apply(&self, files: &Files, world: &mut Table) -> Result<(), Diagnostic> {
        let mut segments: Vec<&str> = self.path.split('.').collect();
        let last = segments.pop().unwrap_or_default();
        let make = !matches!(self.verb, Verb::Remove);
        let mut here: Slot<'_> = Slot::Table(world);
        for segment in segments {
            let keys = here.keys();
            here = here.enter(segment, make, self.path_at).ok_or_else(|| self.no_such(files, segment, &keys))?;
        }
        let keys = here.keys();
        match &self.verb {
            Verb::Set(value) => match here {
                Slot::Table(table) => match table.get_mut(last) {
                    Some(entry) => set(&mut entry.node, value),
                    None => {
                        table.insert(last.into(), Entry { key: self.path_at, node: value.clone() });
                    }
                },
                Slot::Node(node) => {
                    // A rule whose key was changed here is a rule that was written here.
                    node.at = self.path_at;
                    match child(node, last) {
                        Some(found) => set(found, value),
                        None => match &mut node.value {
                            Value::Table(table) => {
                                table.insert(last.into(), Entry { key: self.path_at, node: value.clone() });
                            }
                            _ => return Err(self.no_such(files, last, &keys)),
                        },
                    }
                }
            },
            Verb::Remove => {
                if !here.remove(last) {
                    return Err(self.no_such(files, last, &keys));
                }
            }
            Verb::Insert { item, place } => {
                let list = here.list(last, self.path_at).ok_or_else(|| self.no_such(files, last, &keys))?;
                insert(files, list, item, place)?;
            }
        }
        Ok(())
    }

    fn no_such(&self, files: &Files, segment: &str, keys: &[String]) -> Diagnostic {
        let message = format!("there is no `{segment}` in `{}`", self.path);
        files.diagnostic(self.path_at, message, did_you_mean(segment, keys.iter().map(String::as_str)))
    }
}

fn set(target: &mut Node, value: &Node) {
    match (&mut target.value, &value.value) {
        (Value::Table(below), Value::Table(above)) => {
            for (key, entry) in above {
                below.insert(key.clone(), entry.clone());
            }
            target.at = value.at;
        }
        _ => *target = value.clone(),
    }
}

fn insert(files: &Files, list: &mut Vec<Node>, item: &Node, place: &Place) -> Result<(), Diagnostic> {
    let find = |name: &str, at: At| {
        list.iter().position(|i| i.name() == Some(name)).ok_or_else(|| {
            let names = list.iter().filter_map(Node::name);
            files.diagnostic(at, format!("there is no `{name}` in that list"), did_you_mean(name, names))
        })
    };
    let index = match place {
        Place::End => list.len(),
        Place::Before(name, at) => find(name, *at)?,
        Place::After(name, at) => find(name, *at)? + 1,
    };
    list.insert(index, item.clone());
    Ok(())
}

/// Where a path has got to.
enum Slot<'a> {
    Table(&'a mut Table),
    Node(&'a mut Node),
}

fn child<'a>(node: &'a mut Node, segment: &str) -> Option<&'a mut Node> {
    match &mut node.value {
        Value::Table(table) => table.get_mut(segment).map(|entry| &mut entry.node),
        Value::List(list) => list.iter_mut().find(|item| item.name() == Some(segment)),
        _ => None,
    }
}

impl<'a> Slot<'a> {
    /// One segment further. With `make`, a key that a table lacks becomes an empty table: a setting may be left at its default.
    fn enter(self, segment: &str, make: bool, at: At) -> Option<Slot<'a>> {
        let empty = || Entry { key: at, node: Node { at, value: Value::Table(Table::new()) } };
        let table = match self {
            Slot::Node(Node { value: Value::Table(table), .. }) | Slot::Table(table) => table,
            Slot::Node(node) => return child(node, segment).map(Slot::Node),
        };
        if make {
            return Some(Slot::Node(&mut table.entry(segment.to_string()).or_insert_with(empty).node));
        }
        table.get_mut(segment).map(|entry| Slot::Node(&mut entry.node))
    }

    fn keys(&self) -> Vec<String> {
        let of = |table: &Table| table.keys().cloned().collect();
        match self {
            Slot::Table(table) => of(table),
            Slot::Node(Node { value: Value::Table(table), .. }) => of(table),
            Slot::Node(Node { value: Value::List(list), .. }) => {
                list.iter().filter_map(|i| i.name().map(str::to_string)).collect()
            }
            Slot::Node(_) => Vec::new(),
        }
    }

    fn remove(self, segment: &str) -> bool {
        match self {
            Slot::Table(table) => table.remove(segment).is_some(),
            Slot::Node(Node { value: Value::Table(table), .. }) => table.remove(segment).is_some(),
            Slot::Node(Node { value: Value::List(list), .. }) => {
                let before = list.len();
                list.retain(|item| item.name() != Some(segment));
                list.len() < before
            }
            Slot::Node(_) => false,
        }
    }

    /// The list at `segment`, made where a table has no such key.
    fn list(self, segment: &str, at: At) -> Option<&'a mut Vec<Node>> {
        let node = match self {
            Slot::Table(table) => made(table, segment, at),
            Slot::Node(Node { value: Value::Table(table), .. }) => made(table, segment, at),
            Slot::Node(node) => child(node, segment)?,
        };
        match &mut node.value {
            Value::List(list) => Some(list),
            _ => None,
        }
    }
}

fn made<'a>(table: &'a mut Table, key: &str, at: At) -> &'a mut Node {
    let empty = || Entry { key: at, node: Node { at, value: Value::List(Vec::new()) } };
    &mut table.entry(key.to_string()).or_insert_with(empty).node
}

//! The `[[step]]`s of a file as they stand, before they are read: with what a cell puts in, and what cells and tries expect.

use crate::Diagnostic;
use crate::action::SignIn;
use crate::diagnostic::did_you_mean;
use crate::tree::{At, Entry, Files, Node, Table, Value};

/// Steps in order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Script(Vec<Node>);

/// What a cell or a try expects: of the last sign-in, and of steps that have a name.
#[derive(Debug, Clone, Default)]
pub(crate) struct Answers {
    pub last: Option<Node>,
    pub named: Table,
}

/// How an expectation meets the one that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Laid {
    /// Key by key.
    Over,
    /// As a whole.
    Instead,
}

/// The table at `node`.
pub(crate) fn table<'a>(files: &Files, node: &'a Node) -> Result<&'a Table, Diagnostic> {
    node.table().ok_or_else(|| {
        files.diagnostic(node.at, format!("found {}, wanted a table", node.kind()), "write `{ KEY = … }`")
    })
}

/// Complains about the first key of `table` that is not one of `known`.
pub(crate) fn only_keys(files: &Files, table: &Table, known: &[&str]) -> Result<(), Diagnostic> {
    match table.iter().find(|(key, _)| !known.contains(&key.as_str())) {
        Some((key, entry)) => {
            let help = did_you_mean(key, known.iter().copied());
            Err(files.diagnostic(entry.key, format!("unknown key `{key}`"), help))
        }
        None => Ok(()),
    }
}

impl Answers {
    /// Reads `expect` and `expect_at`.
    pub fn read(files: &Files, keys: &Table) -> Result<Answers, Diagnostic> {
        let last = keys.get("expect").map(|entry| entry.node.clone());
        if let Some(node) = &last {
            table(files, node)?;
        }
        let named = match keys.get("expect_at") {
            Some(entry) => table(files, &entry.node)?.clone(),
            None => Table::new(),
        };
        for entry in named.values() {
            table(files, &entry.node)?;
        }
        Ok(Answers { last, named })
    }

    pub fn is_empty(&self) -> bool {
        self.named.is_empty() && self.last.as_ref().is_none_or(|node| node.table().is_none_or(Table::is_empty))
    }
}

impl Script {
    /// Takes the `[[step]]`s of a file; says what is wrong with their names.
    pub fn read(files: &Files, header: &Table) -> Result<Script, Diagnostic> {
        let Some(entry) = header.get("step") else { return Ok(Script::default()) };
        let wrong =
            |at| files.diagnostic(at, "steps are written `[[step]]`", "write it with two brackets on each side");
        let list = entry.node.list().ok_or_else(|| wrong(entry.node.at))?;
        let mut names = Vec::new();
        for step in list {
            let Some(name) = step.table().ok_or_else(|| wrong(step.at))?.get("name") else { continue };
            let Some(text) = name.node.text() else {
                return Err(files.diagnostic(
                    name.node.at,
                    format!("found {}, wanted a text", name.node.kind()),
                    "write `name = \"…\"`",
                ));
            };
            if names.contains(&text) {
                return Err(files.diagnostic(
                    name.node.at,
                    format!("two steps are called `{text}`"),
                    "give one of them another name",
                ));
            }
            names.push(text);
        }
        Ok(Script(list.to_vec()))
    }

    pub fn steps(&self) -> &[Node] {
        &self.0
    }

    /// The places of all that is expected.
    pub fn expected(&self) -> Vec<At> {
        self.0.iter().filter_map(|step| step.table()?.get("expect")).flat_map(|entry| entry.node.places()).collect()
    }

    fn last_sign_in(&self) -> Option<usize> {
        self.0.iter().rposition(|step| step.table().is_some_and(|keys| keys.contains_key("sign_in")))
    }

    /// Puts a value into every sign-in, and into every other action that has the key already; says whether there was any.
    pub fn substitute(&mut self, key: &str, value: &Entry) -> bool {
        let mut used = false;
        for step in &mut self.0 {
            let Value::Table(keys) = &mut step.value else { continue };
            for (action, entry) in keys.iter_mut().filter(|(action, _)| *action != "expect" && *action != "name") {
                let Value::Table(fields) = &mut entry.node.value else { continue };
                if fields.contains_key(key) || (action == "sign_in" && SignIn::KEYS.contains(&key)) {
                    fields.insert(key.into(), value.clone());
                    used = true;
                }
            }
        }
        used
    }

    /// Lays expectations in.
    pub fn expect(&mut self, files: &Files, answers: &Answers, laid: Laid) -> Result<(), Diagnostic> {
        if let Some(node) = &answers.last {
            let Some(last) = self.last_sign_in() else {
                let help = "name a step and use `expect_at`";
                return Err(files.diagnostic(
                    node.at,
                    "there is no step with `sign_in` that this could be said of",
                    help,
                ));
            };
            lay(&mut self.0[last], node, laid);
        }
        for (name, entry) in &answers.named {
            let names: Vec<String> = self.0.iter().filter_map(|s| s.name().map(str::to_string)).collect();
            let Some(step) = self.0.iter_mut().find(|step| step.name() == Some(name)) else {
                let help = if names.is_empty() {
                    format!("give a step the key `name = \"{name}\"`")
                } else {
                    did_you_mean(name, names.iter().map(String::as_str))
                };
                return Err(files.diagnostic(entry.key, format!("no step is called `{name}`"), help));
            };
            lay(step, &entry.node, laid);
        }
        Ok(())
    }
}

fn lay(step: &mut Node, expect: &Node, laid: Laid) {
    let Value::Table(keys) = &mut step.value else { return };
    let at = expect.at;
    match (keys.get_mut("expect").map(|entry| &mut entry.node.value), &expect.value, laid) {
        (Some(Value::Table(below)), Value::Table(above), Laid::Over) => below.extend(above.clone()),
        _ => {
            keys.insert("expect".into(), Entry { key: at, node: expect.clone() });
        }
    }
}

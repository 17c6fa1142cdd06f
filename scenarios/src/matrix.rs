//! `[matrix]`: axes of named values, and what is expected of the cells of their cartesian product.

use crate::Diagnostic;
use crate::diagnostic::did_you_mean;
use crate::merge::Edit;
use crate::script::{Answers, only_keys, table};
use crate::tree::{At, Entry, Files, Node, Table};

/// More cells than these are a mistake.
const MOST_CELLS: usize = 1000;
const NO_AXES: &str = "add `[matrix.axes.NAME]` with a line for each value";

#[derive(Debug)]
pub(crate) struct Matrix {
    axes: Vec<Axis>,
    rules: Vec<Rule>,
}

#[derive(Debug)]
struct Axis {
    name: String,
    values: Vec<Choice>,
}

/// A value of an axis: what it changes in the world, and what it puts into the steps.
#[derive(Debug)]
pub(crate) struct Choice {
    pub name: String,
    pub edits: Vec<Edit>,
    pub with: Table,
}

/// `[[matrix.cells]]`: what is expected where.
#[derive(Debug)]
struct Rule {
    of: Place,
    answers: Answers,
}

/// Some cells: for each axis that is named, the values that count.
#[derive(Debug, Default)]
pub(crate) struct Place(Vec<(usize, Vec<usize>)>);

/// A cell: the number of its value on each axis.
pub(crate) type Coordinates = Vec<usize>;

impl Place {
    pub fn holds(&self, cell: &Coordinates) -> bool {
        self.0.iter().all(|(axis, values)| cell.get(*axis).is_some_and(|value| values.contains(value)))
    }
}

/// In the order in which a person reads them.
fn in_order(table: &Table) -> Vec<(&String, &Entry)> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(_, entry)| (entry.key.file, entry.key.byte));
    entries
}

impl Matrix {
    pub fn read(files: &Files, entry: &Entry) -> Result<Matrix, Vec<Diagnostic>> {
        let one = |diagnostic| vec![diagnostic];
        let keys = table(files, &entry.node).map_err(one)?;
        only_keys(files, keys, &["axes", "cells"]).map_err(one)?;
        let Some(written) = keys.get("axes") else {
            return Err(vec![files.diagnostic(entry.key, "a matrix needs axes", NO_AXES)]);
        };
        let mut matrix = Matrix { axes: Vec::new(), rules: Vec::new() };
        for (name, axis) in in_order(table(files, &written.node).map_err(one)?) {
            matrix.axes.push(Axis::read(files, name, axis)?);
        }
        let count = matrix.axes.iter().try_fold(1usize, |n, axis| n.checked_mul(axis.values.len()));
        if matrix.axes.is_empty() || count.is_none_or(|n| n > MOST_CELLS) {
            let told = count.map_or("too many".to_string(), |n| n.to_string());
            let (message, help) = if matrix.axes.is_empty() {
                ("a matrix needs axes".to_string(), NO_AXES)
            } else {
                let message = format!("the matrix has {told} cells; {MOST_CELLS} are the most");
                (message, "leave values out, or write two scenarios")
            };
            return Err(vec![files.diagnostic(written.key, message, help)]);
        }
        if let Some(cells) = keys.get("cells") {
            let wrong = |at: At| {
                let help = "write `[[matrix.cells]]` above `of` and `expect`, with two brackets on each side";
                vec![files.diagnostic(at, "cells are written `[[matrix.cells]]`", help)]
            };
            for node in cells.node.list().ok_or_else(|| wrong(cells.node.at))? {
                matrix.rules.push(matrix.rule(files, node).map_err(one)?);
            }
        }
        for cell in matrix.cells() {
            if !matrix.rules.iter().any(|rule| rule.of.holds(&cell) && !rule.answers.is_empty()) {
                let help = "add `[[matrix.cells]]` with `of = { … }` and `expect = { … }`";
                let message = format!("nothing is expected of the cell `{}`", matrix.label(&cell));
                return Err(vec![files.diagnostic(entry.key, message, help)]);
            }
        }
        Ok(matrix)
    }

    fn rule(&self, files: &Files, node: &Node) -> Result<Rule, Diagnostic> {
        let keys = table(files, node)?;
        only_keys(files, keys, &["of", "expect", "expect_at"])?;
        let of = match keys.get("of") {
            Some(entry) => self.place(files, &entry.node)?,
            None => Place::default(),
        };
        Ok(Rule { of, answers: Answers::read(files, keys)? })
    }

    /// Reads `{ AXIS = VALUE, … }` or `{ AXIS = [VALUE, …], … }`; an axis that is not named does not matter.
    pub fn place(&self, files: &Files, node: &Node) -> Result<Place, Diagnostic> {
        let mut place = Place::default();
        for (name, entry) in table(files, node)? {
            let Some(index) = self.axes.iter().position(|axis| axis.name == *name) else {
                let help = did_you_mean(name, self.axes.iter().map(|axis| axis.name.as_str()));
                return Err(files.diagnostic(entry.key, format!("there is no axis `{name}`"), help));
            };
            let wanted = entry.node.list().unwrap_or(std::slice::from_ref(&entry.node));
            let values = wanted.iter().map(|node| self.value(files, index, node)).collect::<Result<_, _>>()?;
            place.0.push((index, values));
        }
        Ok(place)
    }

    fn value(&self, files: &Files, axis: usize, node: &Node) -> Result<usize, Diagnostic> {
        let values = || self.axes.iter().skip(axis).take(1).flat_map(|axis| &axis.values).map(|v| v.name.as_str());
        let Some(wanted) = node.text() else {
            let message = format!("found {}, wanted the name of a value", node.kind());
            return Err(files.diagnostic(node.at, message, did_you_mean("", values())));
        };
        let found = values().position(|name| name == wanted);
        found.ok_or_else(|| {
            let message = format!("there is no value `{wanted}` on that axis");
            files.diagnostic(node.at, message, did_you_mean(wanted, values()))
        })
    }

    /// Every cell; the last axis turns fastest.
    pub fn cells(&self) -> Vec<Coordinates> {
        let mut cells = vec![Vec::new()];
        for axis in &self.axes {
            let longer = |cell: Coordinates| {
                (0..axis.values.len()).map(move |value| cell.iter().copied().chain([value]).collect())
            };
            cells = cells.into_iter().flat_map(longer).collect();
        }
        cells
    }

    pub fn choices<'a>(&'a self, cell: &'a Coordinates) -> impl Iterator<Item = &'a Choice> {
        self.axes.iter().zip(cell).filter_map(|(axis, value)| axis.values.get(*value))
    }

    pub fn label(&self, cell: &Coordinates) -> String {
        self.choices(cell).map(|choice| choice.name.as_str()).collect::<Vec<_>>().join(",")
    }

    /// What is expected of a cell; later entries are laid over earlier ones.
    pub fn answers<'a>(&'a self, cell: &'a Coordinates) -> impl Iterator<Item = &'a Answers> {
        self.rules.iter().filter(|rule| rule.of.holds(cell)).map(|rule| &rule.answers)
    }
}

impl Axis {
    fn read(files: &Files, name: &str, entry: &Entry) -> Result<Axis, Vec<Diagnostic>> {
        let one = |diagnostic| vec![diagnostic];
        let mut values = Vec::new();
        for (value, entry) in in_order(table(files, &entry.node).map_err(one)?) {
            if !value.chars().all(|c| c.is_alphanumeric() || "-_.".contains(c)) || value.is_empty() {
                let message = format!("`{value}` cannot stand in a case's id");
                let help = "use letters, digits, `-`, `_` and `.`";
                return Err(vec![files.diagnostic(entry.key, message, help)]);
            }
            let keys = table(files, &entry.node).map_err(one)?;
            only_keys(files, keys, &["change", "with"]).map_err(one)?;
            values.push(Choice {
                name: value.clone(),
                edits: keys.get("change").map_or(Ok(Vec::new()), |entry| Edit::read_all(files, &entry.node))?,
                with: keys
                    .get("with")
                    .map_or(Ok(Table::new()), |entry| table(files, &entry.node).cloned())
                    .map_err(one)?,
            });
        }
        if values.is_empty() {
            let help = "add a line for each, such as `managed = { with = { on = \"alices-iphone\" } }`";
            return Err(vec![files.diagnostic(entry.key, format!("the axis `{name}` has no values"), help)]);
        }
        Ok(Axis { name: name.into(), values })
    }
}

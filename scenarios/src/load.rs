//! Reads a scenario: its header, its world over its baseline, its steps, and its tries.

use crate::Diagnostic;
use crate::action::{Action, Change};
use crate::catalogue::{baseline, baseline_names, stem};
use crate::check::check_world;
use crate::check_provisioning::check_provisioning;
use crate::check_step::{check_action, check_expect, frozen};
use crate::de::{read, read_table};
use crate::diagnostic::{did_you_mean, did_you_mean_in};
use crate::expect::Expect;
use crate::invariant::{self, Invariant};
use crate::known::known;
use crate::matrix::{Coordinates, Matrix};
use crate::merge::{Edit, lay};
use crate::model::{Cell, Location, Scenario, SourceMap, Step, Try};
use crate::provisioning::{Provision, Provisioning, Seen};
use crate::script::{Answers, Laid, Script, only_keys};
use crate::tree::{At, Entry, Files, Node, Table, Value, places};
use federation::World;
use std::path::{Path, PathBuf};

mod cells;

const HEADER: [&str; 11] =
    ["name", "teaches", "story", "baseline", "change", "matrix", "step", "try", "never", "always", "implies"];
const WORLD: [&str; 8] = ["start", "okta", "access", "uem", "apps", "people", "devices", "networks"];
/// What a `[[step]]` may have beside its one action.
const BESIDE: [&str; 2] = ["name", "expect"];

type Wrong = Vec<Diagnostic>;

/// Reads a scenario file. A `baseline` that ends in `.toml` is a file beside it.
pub fn load_file(path: impl AsRef<Path>) -> Result<Scenario, Vec<Diagnostic>> {
    let path = path.as_ref();
    let name = path.to_string_lossy();
    let text = std::fs::read_to_string(path).map_err(|e| vec![unread(&name, &e)])?;
    load(&name, &text, path.parent().map(Path::to_path_buf))
}

/// Reads a scenario from `text`; `file_name` is what diagnostics call it. Its baseline is one of the embedded ones.
pub fn load_str(file_name: &str, text: &str) -> Result<Scenario, Vec<Diagnostic>> {
    load(file_name, text, None)
}

/// Reads a file that holds invariants and nothing else.
pub fn load_invariants(path: impl AsRef<Path>) -> Result<Vec<Invariant>, Vec<Diagnostic>> {
    let path = path.as_ref();
    let name = path.to_string_lossy();
    let text = std::fs::read_to_string(path).map_err(|e| vec![unread(&name, &e)])?;
    let mut files = Files::default();
    let table = files.parse(&name, &text)?;
    only_keys(&files, &table, &invariant::KEYS).map_err(|wrong| vec![wrong])?;
    invariant::read_all(&files, &table)
}

fn unread(file: &str, error: &std::io::Error) -> Diagnostic {
    let (message, help) = match error.kind() {
        std::io::ErrorKind::NotFound => (
            "there is no such file".to_string(),
            "look at the path; a lesson of the catalogue goes by its name, `fedsim list` shows them",
        ),
        std::io::ErrorKind::InvalidData => {
            ("this is no text in UTF-8".to_string(), "a scenario is a TOML file; docs/scenarios.md shows one")
        }
        _ => (format!("the file cannot be read: {error}"), "see whether it is a file and may be read"),
    };
    Diagnostic { file: file.into(), line: 0, column: 0, snippet: String::new(), message, help: help.into() }
}

fn load(file: &str, text: &str, folder: Option<PathBuf>) -> Result<Scenario, Wrong> {
    let mut loader = Loader { files: Files::default(), folder, made: Vec::new(), wrong: Vec::new() };
    let mut header = loader.files.parse(file, text)?;
    let nowhere = !header.contains_key("baseline") && !WORLD.iter().any(|key| header.contains_key(*key));
    let tree = loader.world_tree(&mut header, &mut Vec::new())?;
    if nowhere {
        let help = "add `baseline = \"device-trust-mobile\"`".to_string();
        let message = "the file names no world".to_string();
        loader.complain(Diagnostic { file: file.into(), line: 0, column: 0, snippet: String::new(), message, help });
        return Err(loader.wrong);
    }
    let scenario = loader.scenario(file, &header, &tree);
    if loader.wrong.is_empty() { Ok(scenario.ok_or_else(Vec::new)?) } else { Err(loader.wrong) }
}

/// The settings before a step.
struct Standing {
    tree: Table,
    /// Nothing where they make no world, which has been complained about already.
    world: Option<World>,
    /// Names that have come up so far.
    seen: Seen,
}

struct Loader {
    files: Files,
    /// Where baselines in files are looked for; embedded ones only, where absent.
    folder: Option<PathBuf>,
    /// Directories that steps make.
    made: Vec<String>,
    wrong: Wrong,
}

impl Loader {
    /// Takes the settings out of `file`, lays them over its baseline and applies its changes.
    fn world_tree(&mut self, file: &mut Table, above: &mut Vec<String>) -> Result<Table, Wrong> {
        for (key, entry) in file.iter() {
            if !HEADER.contains(&key.as_str()) && !WORLD.contains(&key.as_str()) {
                let help = did_you_mean(key, HEADER.into_iter().chain(WORLD));
                self.wrong.push(self.files.diagnostic(entry.key, format!("unknown key `{key}`"), help));
            }
        }
        let mut tree = match file.get("baseline") {
            Some(entry) => self.baseline(&entry.node.clone(), above)?,
            None => Table::new(),
        };
        let settings = WORLD.iter().filter_map(|key| file.remove_entry(*key)).collect();
        lay(&mut tree, settings);
        let edits = match file.get("change") {
            Some(entry) => Edit::read_all(&self.files, &entry.node)?,
            None => Vec::new(),
        };
        self.apply(&edits, &mut tree);
        Ok(tree)
    }

    fn baseline(&mut self, name: &Node, above: &mut Vec<String>) -> Result<Table, Wrong> {
        let Some(wanted) = name.text() else {
            let help = did_you_mean("", baseline_names());
            return Err(vec![self.files.diagnostic(name.at, format!("found {}, wanted a text", name.kind()), help)]);
        };
        if above.iter().any(|a| a == wanted) {
            let help = format!("name another one: {}", did_you_mean("", baseline_names()));
            return Err(vec![self.files.diagnostic(name.at, format!("the baseline `{wanted}` rests on itself"), help)]);
        }
        above.push(wanted.to_string());
        let mut table = match (baseline(wanted), &self.folder) {
            (Some((file, text)), _) => self.files.parse(file, text)?,
            (None, Some(folder)) if wanted.ends_with(".toml") => {
                let path = folder.join(wanted);
                let text = std::fs::read_to_string(&path).map_err(|e| {
                    let help = format!("it is looked for at `{}`", path.display());
                    vec![self.files.diagnostic(name.at, format!("the baseline `{wanted}` cannot be read: {e}"), help)]
                })?;
                self.files.parse(&path.to_string_lossy(), &text)?
            }
            _ => {
                let help = did_you_mean(wanted, baseline_names());
                return Err(vec![self.files.diagnostic(name.at, format!("unknown baseline `{wanted}`"), help)]);
            }
        };
        self.world_tree(&mut table, above)
    }

    fn apply(&mut self, edits: &[Edit], tree: &mut Table) {
        for edit in edits {
            if let Err(diagnostic) = edit.apply(&self.files, tree) {
                self.complain(diagnostic);
            }
        }
    }

    fn complain(&mut self, diagnostic: Diagnostic) {
        if !self.wrong.contains(&diagnostic) {
            self.wrong.push(diagnostic);
        }
    }

    /// Keeps what fits; complains about what does not.
    fn keep<T>(&mut self, read: Result<T, Diagnostic>) -> Option<T> {
        match read {
            Ok(value) => Some(value),
            Err(diagnostic) => {
                self.complain(diagnostic);
                None
            }
        }
    }

    fn header<T: serde::de::DeserializeOwned + Default>(&mut self, header: &Table, key: &str) -> T {
        let Some(entry) = header.get(key) else { return T::default() };
        let value = read(&self.files, &entry.node);
        self.keep(value).unwrap_or_default()
    }

    fn scenario(&mut self, file: &str, header: &Table, tree: &Table) -> Option<Scenario> {
        let name: String = self.header(header, "name");
        let teaches: Vec<String> = self.header(header, "teaches");
        self.check_teaches(header);
        let story: String = self.header(header, "story");
        let script = Script::read(&self.files, header);
        let script = self.keep(script)?;
        let matrix = match header.get("matrix").map(|entry| Matrix::read(&self.files, entry)).transpose() {
            Ok(matrix) => matrix,
            Err(wrong) => {
                wrong.into_iter().for_each(|diagnostic| self.complain(diagnostic));
                return None;
            }
        };
        let cells: Vec<Cell> = match &matrix {
            None => self.cell(header, tree, &script, None).into_iter().collect(),
            Some(matrix) => self.cells(header, tree, &script, matrix),
        };
        let invariants = match invariant::read_all(&self.files, header) {
            Ok(invariants) => invariants,
            Err(wrong) => {
                wrong.into_iter().for_each(|diagnostic| self.complain(diagnostic));
                return None;
            }
        };
        let Cell { world, steps, tries, sources, .. } = cells.first()?.clone();
        Some(Scenario {
            name: if name.is_empty() { stem(file).to_string() } else { name },
            file: file.to_string(),
            teaches,
            story: story.trim().to_string(),
            family: family(file),
            world,
            steps,
            tries,
            sources,
            invariants,
            cells: if matrix.is_some() { cells } else { Vec::new() },
        })
    }

    fn check_teaches(&mut self, header: &Table) {
        let items = header.get("teaches").and_then(|entry| entry.node.list()).unwrap_or_default();
        for (item, id) in items.iter().filter_map(|item| Some((item, item.text()?))) {
            if !known().requirements.iter().any(|known| known == id) {
                let ids = known().requirements.iter().map(String::as_str);
                let help = did_you_mean_in(id, ids, "scenarios/requirements.toml");
                self.complain(self.files.diagnostic(item.at, format!("there is no requirement `{id}`"), help));
            }
        }
    }

    fn world(&mut self, tree: &Table) -> Option<(World, SourceMap)> {
        let world: Result<World, Diagnostic> = read_table(&self.files, tree.clone(), At::default());
        let world = self.keep(world)?;
        let places = places(tree);
        for diagnostic in check_world(&self.files, &places, &world, &self.made) {
            self.complain(diagnostic);
        }
        Some((world, SourceMap::new(&self.files, places)))
    }

    /// `[[step]]`s in a world that starts as `tree`.
    fn steps(&mut self, script: &Script, tree: &Table) -> Vec<Step> {
        let mut now = self.stands(tree.clone(), Seen::default());
        script.steps().iter().filter_map(|node| self.step(node, &mut now)).collect()
    }

    fn stands(&self, tree: Table, mut seen: Seen) -> Standing {
        let world: Option<World> = read_table(&self.files, tree.clone(), At::default()).ok();
        world.iter().for_each(|world| seen.world(world));
        Standing { tree, world, seen }
    }

    fn step(&mut self, node: &Node, now: &mut Standing) -> Option<Step> {
        let mut keys = node.table()?.clone();
        let all: Vec<&str> = Action::KEYS.into_iter().chain(Provisioning::KEYS).chain(BESIDE).collect();
        let sound = only_keys(&self.files, &keys, &all);
        self.keep(sound)?;
        let expected = keys.remove("expect");
        keys.remove("name");
        let mut actions = keys.iter();
        let (Some((key, entry)), None) = (actions.next(), actions.next()) else {
            let actions = Action::KEYS.into_iter().chain(Provisioning::KEYS).map(|a| format!("`{a}`"));
            let help = format!("the actions are {}", actions.collect::<Vec<_>>().join(", "));
            self.complain(self.files.diagnostic(node.at, "a step has exactly one action", help));
            return None;
        };
        let action = self.action(key, entry, now)?;
        let expect = match expected {
            Some(entry) => self.expect(&entry.node, key, &action, now)?,
            None => Expect::default(),
        };
        Some(Step { line: self.files.location(node.at).line, action, expect })
    }

    fn expect(&mut self, node: &Node, key: &str, action: &Action, now: &Standing) -> Option<Expect> {
        let expect: Result<Expect, Diagnostic> = read(&self.files, node);
        let expect = self.keep(expect)?;
        if let Some(world) = &now.world {
            for diagnostic in check_expect(&self.files, (world, &now.seen), node, (key, action), &expect) {
                self.complain(diagnostic);
            }
        }
        Some(expect)
    }

    fn action(&mut self, key: &str, entry: &Entry, now: &mut Standing) -> Option<Action> {
        if key == "change" {
            let edits = match Edit::read_all(&self.files, &entry.node) {
                Ok(edits) => edits,
                Err(wrong) => {
                    wrong.into_iter().for_each(|d| self.complain(d));
                    return None;
                }
            };
            for edit in &edits {
                let before = now.world.take();
                self.apply(std::slice::from_ref(edit), &mut now.tree);
                *now = self.stands(std::mem::take(&mut now.tree), std::mem::take(&mut now.seen));
                if let (Some(before), Some(after)) = (&before, &now.world) {
                    self.check_frozen(edit, before, after);
                }
            }
            let (world, _) = self.world(&now.tree)?;
            let patches = edits.iter().map(|e| e.patch(&self.files)).collect();
            return Some(Action::Change(Change { patches, world: Box::new(world) }));
        }
        let alone = Node { at: entry.key, value: Value::Table(Table::from([(key.to_string(), entry.clone())])) };
        if Provisioning::KEYS.contains(&key) {
            return self.provision(&alone, entry, now);
        }
        let action: Result<Action, Diagnostic> = read(&self.files, &alone);
        let action = self.keep(action)?;
        if let Some(world) = &now.world {
            for diagnostic in check_action(&self.files, world, &entry.node, &action) {
                self.complain(diagnostic);
            }
        }
        Some(action)
    }

    /// A step of provisioning; the settings that it changes are changed from here on.
    fn provision(&mut self, alone: &Node, entry: &Entry, now: &mut Standing) -> Option<Action> {
        let step: Result<Provisioning, Diagnostic> = read(&self.files, alone);
        let step = self.keep(step)?;
        let before = now.world.as_ref()?;
        let wrong = check_provisioning(&self.files, (before, &now.seen), &entry.node, &step);
        let sound = wrong.is_empty();
        wrong.into_iter().for_each(|diagnostic| self.complain(diagnostic));
        if !sound {
            return None;
        }
        let edits: Vec<Edit> =
            step.edits(before).iter().map(|(path, value)| Edit::set(path.clone(), entry.key, value)).collect();
        now.seen.step(&step);
        if let Provisioning::CreateDirectory(new) = &step {
            self.made.push(new.name.clone());
        }
        if edits.is_empty() {
            return Some(Action::Provision(Provision { step, world: None }));
        }
        self.apply(&edits, &mut now.tree);
        *now = self.stands(std::mem::take(&mut now.tree), std::mem::take(&mut now.seen));
        let (world, _) = self.world(&now.tree)?;
        Some(Action::Provision(Provision { step, world: Some(Box::new(world)) }))
    }

    /// What stands for the whole run cannot be changed by a step.
    fn check_frozen(&mut self, edit: &Edit, before: &World, after: &World) {
        if let Some((what, help)) = frozen(before, after) {
            let message = format!("{what} cannot change while the scenario runs");
            self.complain(self.files.diagnostic(edit.at(), message, help));
        }
    }

    fn tries(
        &mut self,
        header: &Table,
        tree: &Table,
        script: &Script,
        cell: Option<(&Matrix, &Coordinates)>,
    ) -> Vec<Try> {
        let Some(entry) = header.get("try") else { return Vec::new() };
        let Some(list) = entry.node.list() else {
            let help = "write it with two brackets on each side";
            self.complain(self.files.diagnostic(entry.node.at, "tries are written `[[try]]`", help));
            return Vec::new();
        };
        list.iter().filter_map(|node| self.one_try(node, tree, script.clone(), cell)).collect()
    }

    fn one_try(
        &mut self,
        node: &Node,
        tree: &Table,
        mut script: Script,
        cell: Option<(&Matrix, &Coordinates)>,
    ) -> Option<Try> {
        let keys = node.table()?;
        let sound = only_keys(&self.files, keys, &["label", "change", "expect", "expect_at", "of"]);
        self.keep(sound)?;
        let says = |key: &str| keys.contains_key(key);
        let wanted = if says("expect_at") { ["label", "change", "expect_at"] } else { ["label", "change", "expect"] };
        if let Some(missing) = wanted.into_iter().find(|key| !says(key)) {
            let help = format!("add `{missing} = …`");
            self.complain(self.files.diagnostic(node.at, format!("the key `{missing}` is missing"), help));
            return None;
        }
        if let Some(entry) = keys.get("of") {
            let Some((matrix, at)) = cell else {
                let message = "there is no matrix whose cells `of` could name";
                self.complain(self.files.diagnostic(entry.key, message, "leave `of` out, or write a `[matrix]`"));
                return None;
            };
            let place = matrix.place(&self.files, &entry.node);
            if !self.keep(place)?.holds(at) {
                return None;
            }
        }
        let label: String = self.header(keys, "label");
        let expect: Expect = self.header(keys, "expect");
        let answers = Answers::read(&self.files, keys);
        let answers = self.keep(answers)?;
        let laid = script.expect(&self.files, &answers, Laid::Instead);
        self.keep(laid)?;
        let edits = match Edit::read_all(&self.files, &keys.get("change")?.node) {
            Ok(edits) => edits,
            Err(wrong) => {
                wrong.into_iter().for_each(|d| self.complain(d));
                return None;
            }
        };
        let mut tree = tree.clone();
        self.apply(&edits, &mut tree);
        let known = self.wrong.len();
        let built = self.world(&tree);
        self.blame_try(known, node, &edits, &label, &script);
        let (world, sources) = built?;
        let known = self.wrong.len();
        let steps = self.steps(&script, &tree);
        self.blame_try(known, node, &edits, &label, &script);
        Some(Try { label, world, expect, steps, sources })
    }

    /// What is right without a try and wrong with it is the try's fault: that is where its author looks.
    fn blame_try(&mut self, known: usize, node: &Node, edits: &[Edit], label: &str, script: &Script) {
        let files = self.files.clone();
        let within = |nodes: Vec<At>, place: &Location| nodes.into_iter().any(|at| files.location(at) == *place);
        let at = if let [edit] = edits { edit.at() } else { node.at };
        let mut blamed: Vec<(String, &str, Vec<String>)> = Vec::new();
        for wrong in self.wrong.split_off(known) {
            let place = Location { file: wrong.file.clone(), line: wrong.line, column: wrong.column };
            if within(node.places(), &place) {
                self.complain(wrong);
                continue;
            }
            let help = if within(script.expected(), &place) {
                "that step expects it: give the step a `name`, and the try an `expect_at` for it"
            } else if within(script.steps().iter().flat_map(Node::places).collect(), &place) {
                "that step needs it, and a try keeps all steps: leave it there"
            } else {
                "it is needed there: let the try change that, too"
            };
            match blamed.iter_mut().find(|(message, ..)| *message == wrong.message) {
                Some((.., places)) => places.push(place.to_string()),
                None => blamed.push((wrong.message, help, vec![place.to_string()])),
            }
        }
        for (message, help, places) in blamed {
            let message = format!("with the try `{label}`, {message}: see {}", places.join(", "));
            self.complain(self.files.diagnostic(at, message, help));
        }
    }
}

/// The folder's name.
fn family(file: &str) -> String {
    let mut segments = file.rsplit(['/', '\\']);
    segments.next();
    match segments.next() {
        Some(folder) if !folder.is_empty() && folder != "." && folder != ".." => folder.to_string(),
        _ => "own".to_string(),
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;

//! The public shapes of a scenario: the file, its cells, its tries, the cases that they make, and where each setting stands.

use crate::action::Action;
use crate::expect::Expect;
use crate::invariant::Invariant;
use crate::tree::{At, Files};
use federation::World;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// One lesson: a world, what people do in it, what should happen, and one-line changes to try.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    pub name: String,
    /// Where it was read from.
    pub file: String,
    /// Ids of `requirements.toml`.
    pub teaches: Vec<String>,
    pub story: String,
    /// Folder of the file; `own` where there is none.
    pub family: String,
    /// Baseline, file and `[[change]]`s merged; with a matrix, as in its first cell.
    pub world: World,
    pub steps: Vec<Step>,
    pub tries: Vec<Try>,
    pub sources: SourceMap,
    /// What its author wants to hold in every situation of its world.
    pub invariants: Vec<Invariant>,
    /// Of its `[matrix]`, in order; empty where there is none.
    pub cells: Vec<Cell>,
}

/// One cell of a matrix: a value of each axis, and what becomes of the scenario with them.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    /// The values, in the order of the axes: `managed,salesforce`.
    pub label: String,
    pub world: World,
    pub steps: Vec<Step>,
    pub tries: Vec<Try>,
    pub sources: SourceMap,
}

/// The same steps in a world with one thing changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Try {
    pub label: String,
    /// With its change applied.
    pub world: World,
    /// Of the last sign-in; replaces the step's own. Says nothing where the try speaks of named steps only.
    pub expect: Expect,
    /// The scenario's steps as they run here.
    pub steps: Vec<Step>,
    pub sources: SourceMap,
}

/// One run: a scenario as it stands, or one of its tries.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// `family/name`, `family/name[values,of,a,cell]`, and either with `~label-in-words` of a try.
    pub id: String,
    pub file: String,
    pub story: String,
    pub teaches: Vec<String>,
    pub world: World,
    pub steps: Vec<Step>,
    pub sources: SourceMap,
}

impl Scenario {
    /// The scenario itself, or each cell of its matrix, each followed by its tries.
    pub fn cases(&self) -> Vec<Case> {
        let id = format!("{}/{}", self.family, self.name);
        if self.cells.is_empty() {
            return self.with_tries(&id, (&self.world, &self.steps, &self.sources), &self.tries);
        }
        let of = |cell: &Cell| {
            self.with_tries(&format!("{id}[{}]", cell.label), (&cell.world, &cell.steps, &cell.sources), &cell.tries)
        };
        self.cells.iter().flat_map(of).collect()
    }

    fn with_tries(&self, id: &str, itself: (&World, &Vec<Step>, &SourceMap), tries: &[Try]) -> Vec<Case> {
        let case = |id: String, (world, steps, sources): (&World, &Vec<Step>, &SourceMap)| Case {
            id,
            file: self.file.clone(),
            story: self.story.clone(),
            teaches: self.teaches.clone(),
            world: world.clone(),
            steps: steps.clone(),
            sources: sources.clone(),
        };
        let mut cases = vec![case(id.to_string(), itself)];
        cases.extend(tries.iter().map(|t| case(format!("{id}~{}", slug(&t.label)), (&t.world, &t.steps, &t.sources))));
        cases
    }
}

impl Case {
    /// Whether any step says what should come of it.
    pub fn expects(&self) -> bool {
        self.steps.iter().any(|step| !step.expect.is_empty())
    }

    /// What follows the lesson's name in the id: `[a,cell]`, `~a-try`, both, or nothing.
    pub fn variant(&self) -> &str {
        &self.id[self.id.find(['~', '[']).unwrap_or(self.id.len())..]
    }
}

/// `Drop Device Compliance!` becomes `drop-device-compliance`.
pub(crate) fn slug(label: &str) -> String {
    let words: Vec<String> =
        label.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase).collect();
    words.join("-")
}

/// What somebody does, and what should come of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// Line of the file.
    pub line: usize,
    pub action: Action,
    pub expect: Expect,
}

/// Where a setting was written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Location {
    pub file: String,
    pub line: usize,
    pub column: usize,
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// Settings path, such as `access.policies.default.rules.ios`, to the place that wrote it last. Clones share it, and lines
/// are counted when somebody asks: most settings of most cases are never asked about.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SourceMap {
    files: Files,
    places: Arc<BTreeMap<String, At>>,
}

impl SourceMap {
    pub(crate) fn new(files: &Files, places: BTreeMap<String, At>) -> SourceMap {
        SourceMap { files: files.clone(), places: Arc::new(places) }
    }

    /// Where `path` itself was written.
    pub fn exactly(&self, path: &str) -> Option<Location> {
        self.places.get(path).map(|at| self.files.location(*at))
    }

    /// Where `path` was written; where it was not (a default), its nearest parent that was.
    pub fn locate(&self, path: &str) -> Option<Location> {
        let mut path = path;
        loop {
            if let Some(found) = self.exactly(path) {
                return Some(found);
            }
            path = path.rsplit_once('.')?.0;
        }
    }
}

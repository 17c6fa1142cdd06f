//! Answers about all situations of a world: what the analysis finds, checked over the live wire and handed over as files.
//!
//! Each command makes an [`Answer`]; `render` writes it for people and for machines. A situation that is named has been
//! replayed over the in-memory wire before it is told, and its file replays to the same end.

mod check;
mod compare;
mod coverage;
mod explore;
mod lint;
mod render;
mod rules;
mod walk;
mod why;

pub(crate) use check::check;
pub(crate) use compare::{compare, diff};
pub(crate) use coverage::coverage;
pub(crate) use explore::{duration, explore};
pub(crate) use lint::lint;
pub(crate) use render::{Shape, render};
pub(crate) use rules::rules;
pub(crate) use walk::walk;
pub(crate) use why::why;

use crate::runner::CaseResult;
use crate::sound::sound;
use crate::world::Options;
use analysis::facts::End;
use analysis::space::{Extent, Situation, Space};
use analysis::stage::Stuck;
use scenarios::{Case, Diagnostic, Location, Scenario, SourceMap};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// How much it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Level {
    Error,
    Warning,
    Note,
}

/// One thing that was found.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Item {
    pub id: String,
    pub level: Level,
    pub title: String,
    /// Path of the setting.
    pub setting: String,
    pub file: String,
    pub line: usize,
    pub column: usize,
    pub console: String,
    pub provenance: String,
    /// The situation in a sentence, and its end.
    pub situation: String,
    pub outcome: String,
    /// What the parties decided, in order.
    pub chain: Vec<String>,
    pub cure: String,
    /// The file that replays it.
    pub scenario: String,
    pub details: Vec<String>,
}

/// Rows for people and machines alike.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Grid {
    pub title: String,
    pub columns: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Answer {
    /// Version of this document's shape; see docs/analysis.md.
    pub version: u32,
    pub command: String,
    pub world: String,
    /// What was looked at, in sentences.
    pub about: Vec<String>,
    pub counts: BTreeMap<String, u64>,
    pub items: Vec<Item>,
    pub grids: Vec<Grid>,
}

impl Answer {
    pub(crate) fn new(command: &str, world: &str) -> Answer {
        Answer { version: 1, command: command.into(), world: world.into(), ..Answer::default() }
    }
    /// Whether nothing is wrong.
    pub(crate) fn is_clean(&self) -> bool {
        self.items.iter().all(|item| item.level != Level::Error)
    }
}

impl Item {
    pub(crate) fn new(id: &str, level: Level, title: impl Into<String>) -> Item {
        Item {
            id: id.into(),
            level,
            title: title.into(),
            setting: String::new(),
            file: String::new(),
            line: 0,
            column: 0,
            console: String::new(),
            provenance: String::new(),
            situation: String::new(),
            outcome: String::new(),
            chain: Vec::new(),
            cure: String::new(),
            scenario: String::new(),
            details: Vec::new(),
        }
    }
    pub(crate) fn place(mut self, sources: &SourceMap, setting: &str) -> Item {
        if let Some(Location { file, line, column }) = sources.locate(setting) {
            (self.file, self.line, self.column) = (file, line, column);
        }
        self.setting = setting.into();
        self.console = analysis::change::console(setting);
        self
    }
}

/// A world by the name of its baseline or its file.
pub(crate) fn world(what: &str) -> Result<Scenario, String> {
    sound(crate::up::load(what)?).map_err(told)
}

/// Everything that is wrong with a file.
fn told(wrong: Vec<Diagnostic>) -> String {
    wrong.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

pub(crate) fn space(scenario: &Scenario) -> Result<Space, String> {
    Space::of(&scenario.world, Extent::default()).map_err(|stuck| match stuck {
        Stuck::Beyond(what) => format!(
            "`{}` has {what}, which the analysis leaves out\n  `fedsim run` replays single scenarios of such a world",
            scenario.name
        ),
        Stuck::Impossible(why) => why,
    })
}

/// What the space holds, in a sentence.
pub(crate) fn counted(space: &Space) -> String {
    format!(
        "{} situations: {} classes of people, {} kinds of devices, {} states of a device, {} pasts, {} apps, {} places",
        space.len(),
        space.whos.len(),
        space.kits.len(),
        space.devices.len(),
        space.pasts.len(),
        space.model.apps.len(),
        space.networks.len()
    )
}

/// Where situations are written.
pub(crate) struct Hands {
    pub dir: PathBuf,
}

/// A situation, replayed and handed over.
pub(crate) struct Handed {
    pub chain: Vec<String>,
    pub scenario: String,
    pub outcome: String,
}

impl Hands {
    /// Replays the situation over the wire, and writes its file.
    pub(crate) fn over(
        &self,
        space: &Space,
        name: &str,
        story: &str,
        s: &Situation,
        end: &End,
    ) -> Result<Handed, String> {
        self.case(space.case(name, story, s, end))
    }

    /// The same for a case whose last step says what it comes to.
    pub(crate) fn case(&self, case: Case) -> Result<Handed, String> {
        let result = crate::replay(&case, &Options::default());
        if !result.met() {
            return Err(disagrees(&case, &result));
        }
        let scenario = self.write(&case)?;
        let outcome = result.last().map(|o| format!("{} by {}", o.outcome, o.by)).unwrap_or_default();
        Ok(Handed { chain: chain(&result), scenario, outcome })
    }

    /// Writes a case as a scenario file, and says where.
    pub(crate) fn write(&self, case: &Case) -> Result<String, String> {
        let text = scenarios::write(case)?;
        let path = self.dir.join(&case.file);
        std::fs::create_dir_all(&self.dir)
            .and_then(|()| std::fs::write(&path, text))
            .map_err(|e| format!("cannot write `{}`: {e}\n  name another directory with `--to DIR`", path.display()))?;
        Ok(path.display().to_string())
    }
}

/// The model said what the wire does not: a mistake of fedsim's own, and the file that shows it is not kept back.
fn disagrees(case: &Case, result: &CaseResult) -> String {
    let missed: Vec<String> = result
        .steps
        .iter()
        .flat_map(|s| &s.missed)
        .map(|m| format!("{}: analysed {}, replayed {}", m.what, m.expected, m.observed))
        .collect();
    let error = result.error.clone().unwrap_or_default();
    format!(
        "the analysis and the wire disagree on `{}`: {} {error}\n  this is a mistake of fedsim's own",
        case.id,
        missed.join("; ")
    )
}

/// What the parties decided in the last step, each with its decisive reason.
fn chain(result: &CaseResult) -> Vec<String> {
    let Some(step) = result.steps.iter().rev().find(|s| s.observed.is_some()) else { return Vec::new() };
    let told = crate::explain::chain(&step.events).into_iter().map(|link| {
        let reasons: Vec<String> = link
            .because
            .iter()
            .filter(|f| !f.code.starts_with("assumes/"))
            .map(|f| {
                let rule = if f.rule.is_empty() { String::new() } else { format!(" at {}", f.rule) };
                format!("{}{rule}", f.code)
            })
            .collect();
        if reasons.is_empty() { link.text() } else { format!("{} ({})", link.text(), reasons.join(", ")) }
    });
    told.collect()
}

/// `No unmanaged payroll!` becomes `no-unmanaged-payroll`.
pub(crate) fn slug(text: &str) -> String {
    let words: Vec<String> =
        text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| !w.is_empty()).map(str::to_lowercase).collect();
    words.join("-")
}

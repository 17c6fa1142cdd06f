//! Mutants of the parties: each breaks what one requirement says, and the oracle has to see it.
//!
//! `tests/mutants/mutants.toml` names them. The runner (`cargo run -p fedsim-tests --bin mutants`) puts all of them into
//! one copy of the tree, each behind a switch, and asks of each whether oracle and simulator still agree. What the
//! authors of the lessons expect is not consulted.

use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::Path;

/// Which mutant a judge is to be; read by the copy of the tree alone.
pub const SWITCH: &str = "FEDSIM_MUTANT";

/// The copy's answer to "am I this one?". The real tree has no such module.
pub const MODULE: &str = r#"//! Which mutant this process is.

pub fn on(id: &str) -> bool {
    static WHICH: std::sync::OnceLock<Option<String>> = std::sync::OnceLock::new();
    WHICH.get_or_init(|| std::env::var("FEDSIM_MUTANT").ok()).as_deref() == Some(id)
}
"#;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mutant {
    pub id: String,
    /// Requirement or assumption of `scenarios/requirements.toml` that it breaks.
    pub requirement: String,
    /// A party's file, from the root.
    pub file: String,
    /// The expression that is replaced; once in the file, or once in `within`.
    pub find: String,
    pub replace: String,
    /// More text around `find`, where `find` alone is there several times.
    pub within: Option<String>,
    /// What the mutant does wrong.
    pub note: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    mutant: Vec<Mutant>,
}

/// The mutants, as the embedded file has them.
pub fn all() -> Result<Vec<Mutant>, String> {
    let text = include_str!("../mutants/mutants.toml");
    toml::from_str::<File>(text).map(|file| file.mutant).map_err(|e| format!("tests/mutants/mutants.toml: {e}"))
}

/// The one place of `needle`.
fn once(text: &str, needle: &str) -> Result<usize, String> {
    let mut places = text.match_indices(needle).map(|(at, _)| at);
    match (places.next(), places.next()) {
        (Some(at), None) => Ok(at),
        (None, _) => Err(format!("there is no `{needle}`")),
        (Some(_), Some(_)) => Err(format!("`{needle}` is there several times")),
    }
}

impl Mutant {
    fn place(&self, text: &str) -> Result<Range<usize>, String> {
        let frame = self.within.as_deref().unwrap_or(&self.find);
        let start = once(text, frame)? + once(frame, &self.find)?;
        Ok(start..start + self.find.len())
    }
}

/// A party's file with the mutants of that file in it, each behind its switch.
///
/// # Errors
/// A mutant whose expression is not there once, and two that overlap.
pub fn schema(text: &str, mutants: &[&Mutant]) -> Result<String, String> {
    let mut places: BTreeMap<usize, (usize, Vec<&Mutant>)> = BTreeMap::new();
    for mutant in mutants {
        let place = mutant.place(text).map_err(|e| format!("mutant {}: {}: {e}", mutant.id, mutant.file))?;
        let (end, there) = places.entry(place.start).or_insert((place.end, Vec::new()));
        if *end != place.end {
            return Err(format!("mutant {} overlaps with {}", mutant.id, there[0].id));
        }
        there.push(mutant);
    }
    let (mut out, mut at) = (String::new(), 0);
    for (start, (end, there)) in places {
        if start < at {
            return Err(format!("mutant {} overlaps with another", there[0].id));
        }
        out.push_str(&text[at..start]);
        out.push('(');
        for mutant in there {
            out.push_str(&format!("if federation::mutant::on(\"{}\") {{ {} }} else ", mutant.id, mutant.replace));
        }
        out.push_str(&format!("{{ {} }})", &text[start..end]));
        at = end;
    }
    out.push_str(&text[at..]);
    Ok(out)
}

/// Every party's file that has mutants, with them in it.
///
/// # Errors
/// Files that cannot be read, and what [`schema`] says.
pub fn schemata(root: &Path, mutants: &[Mutant]) -> Result<BTreeMap<String, String>, String> {
    let files: BTreeSet<&str> = mutants.iter().map(|m| m.file.as_str()).collect();
    let changed = files.into_iter().map(|file| {
        let text = std::fs::read_to_string(root.join(file)).map_err(|e| format!("{file}: {e}"))?;
        let here: Vec<&Mutant> = mutants.iter().filter(|m| m.file == file).collect();
        Ok((file.to_string(), schema(&text, &here)?))
    });
    changed.collect()
}

//! Which cases a command line means: files, directories, names of lessons and families, ids of cases.

use crate::report::split;
use crate::style::wrap;
use scenarios::{Case, Diagnostic, Scenario};
use std::path::{Path, PathBuf};

/// Every case that `what` names, in that order, each once; without names the embedded catalogue.
pub(crate) fn cases(what: &[String]) -> Result<Vec<Case>, String> {
    if what.is_empty() {
        return Ok(catalogue()?.iter().flat_map(Scenario::cases).collect());
    }
    let mut cases: Vec<Case> = Vec::new();
    for word in what {
        let found = named(word)?;
        cases.extend(
            found.into_iter().filter(|c| !cases.iter().any(|o| o.id == c.id && o.file == c.file)).collect::<Vec<_>>(),
        );
    }
    Ok(cases)
}

/// The one case that `word` names, and the ids of what belongs to the same lesson: its tries, or its cells.
pub(crate) fn one(word: &str) -> Result<(Case, Vec<String>), String> {
    let mut cases = named(word)?.into_iter();
    let first = cases.next().ok_or_else(|| format!("`{word}` holds no case"))?;
    let others: Vec<String> = cases.map(|c| c.id).collect();
    let lesson = |id: &str| id.find(['~', '[']).map_or(id.len(), |i| i);
    if others.iter().any(|id| id[..lesson(id)] != first.id[..lesson(&first.id)]) {
        let names: Vec<&str> = [first.id.as_str()].into_iter().chain(others.iter().map(String::as_str)).collect();
        let names: Vec<&str> = names.into_iter().filter(|id| lesson(id) == id.len()).map(|id| split(id).1).collect();
        return Err(format!("`{word}` holds several lessons; choose one:\n{}", listed(&names)));
    }
    Ok((first, others))
}

/// The scenarios of a family, a lesson or a path; without names the catalogue.
pub(crate) fn scenarios(what: &[String]) -> Result<Vec<Scenario>, String> {
    if what.is_empty() {
        return catalogue();
    }
    let mut found = Vec::new();
    for word in what {
        match files(word)? {
            Some(files) => found.extend(load(&files)?),
            None => {
                let named = lessons(word)?;
                if named.is_empty() {
                    return Err(unknown(word, &catalogue()?));
                }
                found.extend(named);
            }
        }
    }
    Ok(found)
}

fn named(word: &str) -> Result<Vec<Case>, String> {
    if let Some(files) = files(word)? {
        return Ok(load(&files)?.iter().flat_map(Scenario::cases).collect());
    }
    if let Some((file, label)) = word.rsplit_once(".toml~").map(|(stem, label)| (format!("{stem}.toml"), label)) {
        let cases: Vec<Case> = load(&[PathBuf::from(&file)])?.iter().flat_map(Scenario::cases).collect();
        let ids: Vec<&str> = cases.iter().map(|c| c.id.as_str()).collect();
        let Some(found) = cases.iter().find(|c| c.id.split_once('~').is_some_and(|(_, l)| l == label)) else {
            return Err(format!("`{file}` has no try `{label}`; its cases:\n{}", listed(&ids)));
        };
        return Ok(vec![found.clone()]);
    }
    let lesson = &word[..word.find(['~', '[']).unwrap_or(word.len())];
    let cases: Vec<Case> = lessons(lesson)?.iter().flat_map(Scenario::cases).collect();
    let exact = |c: &Case| lesson == word || c.id == *word || split(&c.id).1 == word;
    let found: Vec<Case> = cases.into_iter().filter(exact).collect();
    if found.is_empty() { Err(unknown(word, &catalogue()?)) } else { Ok(found) }
}

/// The scenarios of a family or a lesson; nothing else of the catalogue is read.
fn lessons(word: &str) -> Result<Vec<Scenario>, String> {
    let named = scenarios::catalogue().into_iter().filter(|(file, _)| is(file, word));
    gather(named.map(|(file, text)| scenarios::load_str(file, text)))
}

/// Whether `catalogue/FAMILY/NAME.toml` is of that family, or that lesson.
fn is(file: &str, word: &str) -> bool {
    let name = file.trim_start_matches("catalogue/").trim_end_matches(".toml");
    name == word || name.split('/').any(|part| part == word)
}

/// The files of a path, or `None` where `word` is a name.
fn files(word: &str) -> Result<Option<Vec<PathBuf>>, String> {
    let path = Path::new(word);
    if path.is_dir() && !catalogue_has(word) {
        let mut files = Vec::new();
        toml_files(path, &mut files)?;
        if files.is_empty() {
            return Err(format!("`{word}` holds no scenario: no file there ends in `.toml`"));
        }
        files.sort();
        return Ok(Some(files));
    }
    Ok((word.ends_with(".toml") || (path.is_file() && !catalogue_has(word))).then(|| vec![path.into()]))
}

/// A family's or lesson's name wins over a file or directory of that name; `./NAME` is the path.
fn catalogue_has(word: &str) -> bool {
    scenarios::catalogue().iter().any(|(file, _)| is(file, word))
}

fn toml_files(dir: &Path, files: &mut Vec<PathBuf>) -> Result<(), String> {
    let cannot = |e: std::io::Error| format!("cannot read `{}`: {e}", dir.display());
    for entry in std::fs::read_dir(dir).map_err(cannot)? {
        let entry = entry.map_err(cannot)?;
        let (kind, path) = (entry.file_type().map_err(cannot)?, entry.path());
        if kind.is_dir() {
            toml_files(&path, files)?;
        } else if path.extension().is_some_and(|e| e == "toml") {
            files.push(path);
        }
    }
    Ok(())
}

/// Every file, or everything that is wrong with any.
fn load(files: &[PathBuf]) -> Result<Vec<Scenario>, String> {
    gather(files.iter().map(scenarios::load_file))
}

fn catalogue() -> Result<Vec<Scenario>, String> {
    gather(scenarios::catalogue().into_iter().map(|(file, text)| scenarios::load_str(file, text)))
}

fn gather(read: impl Iterator<Item = Result<Scenario, Vec<Diagnostic>>>) -> Result<Vec<Scenario>, String> {
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    for result in read {
        match result {
            Ok(scenario) => good.push(scenario),
            Err(problems) => bad.extend(problems),
        }
    }
    if bad.is_empty() { Ok(good) } else { Err(shown(bad)) }
}

pub(crate) fn shown(problems: Vec<Diagnostic>) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n\n")
}

fn unknown(word: &str, catalogue: &[Scenario]) -> String {
    let cases: Vec<Case> = catalogue.iter().flat_map(Scenario::cases).collect();
    let ids = cases.iter().map(|c| if word.contains('/') { &c.id } else { split(&c.id).1 });
    let names = catalogue.iter().map(|s| s.family.as_str()).chain(ids);
    let near = did_you_mean(word, names);
    format!(
        "no lesson or family is called `{word}`{near}\n  `fedsim list` shows them all; a path to a file of your own ends in `.toml`"
    )
}

/// A line `did you mean …?` where a name is near.
pub(crate) fn did_you_mean<'a>(word: &str, names: impl Iterator<Item = &'a str>) -> String {
    let scored = names.map(|n| (strsim::jaro_winkler(word, n), n)).filter(|(score, _)| *score > 0.8);
    scored.max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, n)| format!("\n  did you mean `{n}`?")).unwrap_or_default()
}

fn listed(names: &[&str]) -> String {
    wrap(&names.join(", "), 76).iter().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
}

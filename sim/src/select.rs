//! Which cases a command line means: files, directories, names of lessons and families, ids of cases.

use crate::complaint;
use crate::report::split;
use crate::sound::sound;
use crate::style::wrap;
use scenarios::{Case, Diagnostic, Scenario};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Every case that `what` names, in that order, each once; without names the embedded catalogue.
///
/// # Errors
/// Whatever is wrong with a file; an id that two files claim; a case that expects nothing, and so could never be missed.
pub(crate) fn cases(what: &[String]) -> Result<Vec<Case>, String> {
    if what.is_empty() {
        return Ok(catalogue()?.iter().flat_map(Scenario::cases).collect());
    }
    let mut cases: BTreeMap<String, usize> = BTreeMap::new();
    let mut found: Vec<Case> = Vec::new();
    for case in what.iter().map(|word| named(word)).collect::<Result<Vec<_>, _>>()?.into_iter().flatten() {
        if !case.expects() {
            return Err(format!(
                "{}: nothing is expected of `{}`, so that nothing could be missed\n  give a step `expect = {{ outcome = … }}`; `fedsim explain {}` tells what happens",
                case.file,
                case.id,
                word(&case)
            ));
        }
        match cases.get(&case.id).map(|at| &found[*at]) {
            Some(known) if known.file != case.file => {
                return Err(format!(
                    "`{}` and `{}` both hold the case `{}`\n  give one of them another `name`, or run them apart",
                    known.file, case.file, case.id
                ));
            }
            Some(_) => {}
            None => {
                cases.insert(case.id.clone(), found.len());
                found.push(case);
            }
        }
    }
    Ok(found)
}

/// The one case that `word` names, and what else belongs to the same lesson: its tries, its cells.
pub(crate) fn one(word: &str) -> Result<(Case, Vec<Case>), String> {
    let mut cases = named(word)?.into_iter();
    let first = cases.next().ok_or_else(|| format!("`{word}` holds no case\n  `fedsim list` shows what there is"))?;
    let others: Vec<Case> = cases.collect();
    if others.iter().any(|c| lesson(c) != lesson(&first)) {
        let all = [&first].into_iter().chain(&others).filter(|c| c.variant().is_empty());
        let names: Vec<String> = all.map(self::word).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        return Err(format!("`{word}` holds several lessons; choose one:\n{}", listed(&names)));
    }
    Ok((first, others))
}

/// The id of a case without what makes it a try or a cell.
fn lesson(case: &Case) -> &str {
    &case.id[..case.id.len() - case.variant().len()]
}

/// What `explain` and `trace` take for a case, as a shell takes it: its name in the catalogue, or its file.
pub(crate) fn word(case: &Case) -> String {
    let embedded = scenarios::catalogue().iter().any(|(file, _)| *file == case.file);
    let word = if embedded { split(&case.id).1.to_string() } else { format!("{}{}", case.file, case.variant()) };
    if word.contains(['[', ' ']) { format!("'{word}'") } else { word }
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
    if let Some((file, variant)) = within_file(word) {
        let cases: Vec<Case> = load(&[PathBuf::from(file)])?.iter().flat_map(Scenario::cases).collect();
        let found = cases.iter().find(|c| c.variant() == variant).cloned();
        return found.map(|case| vec![case]).ok_or_else(|| no_variant(file, variant, &cases));
    }
    let (lesson, variant) = word.split_at(word.find(['~', '[']).unwrap_or(word.len()));
    let cases: Vec<Case> = lessons(lesson)?.iter().flat_map(Scenario::cases).collect();
    let exact = |c: &&Case| lesson == word || c.id == *word || split(&c.id).1 == word;
    let found: Vec<Case> = cases.iter().filter(exact).cloned().collect();
    let alone = cases.first().filter(|first| cases.iter().all(|c| self::lesson(c) == self::lesson(first)));
    match (found.is_empty(), alone) {
        (false, _) => Ok(found),
        (true, Some(_)) => Err(no_variant(lesson, variant, &cases)),
        (true, None) => Err(unknown(word, &catalogue()?)),
    }
}

/// What the tries and cells of a lesson are called, where one was asked for that is not there.
fn no_variant(lesson: &str, variant: &str, cases: &[Case]) -> String {
    let what = if variant.starts_with('[') { "cell" } else { "try" };
    let word = variant.rsplit('~').next().unwrap_or_default();
    let others: Vec<&Case> = cases.iter().filter(|c| !c.variant().is_empty()).collect();
    let word = word.to_lowercase();
    let near = |v: &str| v.starts_with(&word) || strsim::jaro_winkler(v, &word) > 0.9;
    let begins = others.iter().filter(|c| c.variant().rsplit('~').next().is_some_and(near));
    let near = match &begins.collect::<Vec<_>>()[..] {
        [one] if !word.is_empty() => format!("\n  did you mean `{}`?", self::word(one)),
        _ => String::new(),
    };
    let words: Vec<String> = others.iter().map(|c| self::word(c)).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let told = format!("`{lesson}` has no {what} `{variant}`");
    match (near.is_empty(), words.is_empty()) {
        (false, _) => format!("{told}{near}"),
        (true, false) => format!("{told}; it has\n{}", listed(&words)),
        (true, true) => format!("{told}\n  it is one case: `{lesson}`"),
    }
}

/// `FILE.toml~TRY` or `FILE.toml[CELL]` apart.
fn within_file(word: &str) -> Option<(&str, &str)> {
    let end = [".toml~", ".toml["].iter().filter_map(|mark| word.find(mark)).min()? + ".toml".len();
    Some(word.split_at(end))
}

/// The scenarios of a family or a lesson; nothing else of the catalogue is read.
fn lessons(word: &str) -> Result<Vec<Scenario>, String> {
    let named = scenarios::catalogue().into_iter().filter(|(file, _)| is(file, word));
    embedded(named)
}

/// Whether `scenarios/catalogue/FAMILY/NAME.toml` is of that family, or that lesson.
fn is(file: &str, word: &str) -> bool {
    let name = file.trim_start_matches("scenarios/catalogue/").trim_end_matches(".toml");
    name == word || name.split('/').any(|part| part == word)
}

/// The files of a path, or `None` where `word` is a name.
fn files(word: &str) -> Result<Option<Vec<PathBuf>>, String> {
    let path = Path::new(word);
    if path.is_dir() && !catalogue_has(word) {
        let mut files = Vec::new();
        toml_files(path, &mut files)?;
        if files.is_empty() {
            return Err(format!(
                "`{word}` holds no scenario: no file there ends in `.toml`\n  name another directory, or a file"
            ));
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
    let cannot = |e: std::io::Error| format!("cannot read `{}`: {e}\n  see whether you may read it", dir.display());
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
    gather(files.iter().map(|file| scenarios::load_file(file).and_then(sound)))
}

fn catalogue() -> Result<Vec<Scenario>, String> {
    embedded(scenarios::catalogue().into_iter())
}

/// That consoles take every world of the catalogue is held by a test of [`sound`], not anew by each run.
fn embedded(named: impl Iterator<Item = (&'static str, &'static str)>) -> Result<Vec<Scenario>, String> {
    gather(named.map(|(file, text)| scenarios::load_str(file, text)))
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
    complaint::shown(&problems)
}

fn unknown(word: &str, catalogue: &[Scenario]) -> String {
    if word.starts_with(['.', '/']) {
        return format!("there is no file or directory `{word}`\n  look at the path; `fedsim list` shows the lessons");
    }
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

//! `fedsim list` and `fedsim journal`: what there is, a few lines each.

use crate::store::Entry;
use crate::style::{Style, measure, padded};
use scenarios::Scenario;
use serde::Serialize;
use std::fmt::Write as _;

/// Columns of a transcript before its text: the time of day, and who.
const TEXT: usize = 34;

/// Lessons by family: name, the first sentence of the story, the names of its tries.
pub(crate) fn pretty(scenarios: &[Scenario], style: Style) -> String {
    let mut out = String::new();
    let mut family = "";
    for scenario in scenarios {
        if scenario.family != family {
            family = &scenario.family;
            let gap = if out.is_empty() { "" } else { "\n" };
            let _ = writeln!(out, "{gap}{}", style.strong(family));
        }
        let _ = writeln!(out, "  {}", scenario.name);
        style.put(&mut out, "      ", 6, first_sentence(&scenario.story));
        for id in others(scenario) {
            style.put(&mut out, "    ", 6, &style.faint(id.strip_prefix(&lesson(scenario)).unwrap_or(&id)));
        }
    }
    out.trim_end().to_string()
}

fn lesson(scenario: &Scenario) -> String {
    format!("{}/{}", scenario.family, scenario.name)
}

/// Ids of the cases beside the lesson itself.
fn others(scenario: &Scenario) -> Vec<String> {
    scenario.cases().into_iter().map(|c| c.id).filter(|id| *id != lesson(scenario)).collect()
}

/// Up to the first full stop that ends a sentence.
fn first_sentence(story: &str) -> &str {
    let story = story.trim();
    let ends = |(at, c): (usize, char)| {
        let rest = &story[at + c.len_utf8()..];
        (matches!(c, '.' | '!' | '?') && rest.chars().next().is_none_or(char::is_whitespace)).then(|| at + c.len_utf8())
    };
    &story[..story.char_indices().find_map(ends).unwrap_or(story.len())]
}

#[derive(Serialize)]
struct Document<'a> {
    /// Version of this document's shape; see docs/json.md.
    version: u32,
    lessons: Vec<Lesson<'a>>,
}

#[derive(Serialize)]
struct Lesson<'a> {
    id: String,
    file: &'a str,
    teaches: &'a [String],
    story: &'a str,
    cases: Vec<String>,
}

/// All of it as one document.
pub(crate) fn json(scenarios: &[Scenario]) -> Result<String, String> {
    let lesson = |s| Lesson {
        id: lesson(s),
        file: &s.file,
        teaches: &s.teaches,
        story: s.story.trim(),
        cases: s.cases().into_iter().map(|c| c.id).collect(),
    };
    let document = Document { version: 1, lessons: scenarios.iter().map(lesson).collect() };
    serde_json::to_string_pretty(&document).map_err(|e| e.to_string())
}

/// A line per run: number, whether all was met, the case, how it ended.
pub(crate) fn journal(runs: &[(u64, Entry)], style: Style) -> String {
    if runs.is_empty() {
        return "no run yet".into();
    }
    let width = runs.iter().map(|(n, _)| n.to_string().len()).max().unwrap_or_default();
    let widest = runs.iter().map(|(_, e)| measure(&e.case)).max().unwrap_or_default();
    let name = widest.min(style.width().saturating_sub(width + 6 + 2 + 24));
    let mut out = String::new();
    for (number, entry) in runs {
        let mark = if entry.met { style.good("ok   ") } else { style.bad("MISS ") };
        let first = format!("{number:>width$} {mark}{}", padded(&entry.case, name));
        let column = width + 6 + name + 2;
        if measure(&entry.case) <= name {
            style.put(&mut out, &format!("{first}  "), column, &entry.ends);
        } else {
            // Names that are cut could not be told apart.
            let _ = writeln!(out, "{first}");
            style.put(&mut out, &" ".repeat(column), column, &entry.ends);
        }
    }
    out.trim_end().to_string()
}

/// A kept transcript as it is; on a terminal, what is too wide for it goes on below its own column.
pub(crate) fn transcript(text: &str, style: Style) -> String {
    let mut out = String::new();
    for line in text.trim_end().lines() {
        let split = line.char_indices().nth(TEXT).map_or(line.len(), |(at, _)| at);
        if style.is_terminal() && measure(line) > style.width() {
            style.put(&mut out, &line[..split], TEXT + 2, &line[split..]);
        } else {
            let _ = writeln!(out, "{line}");
        }
    }
    out.trim_end().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two names that begin alike stay apart.
    #[test]
    fn a_journal_names_every_case_in_full() {
        let name = |end: &str| format!("force-authn/breaks-okta-as-fallback~without-forceauthn-and-more-{end}");
        let entry = |case: &str| Entry::new(case, true, "granted by salesforce".into(), String::new());
        let runs = [(1, entry("a/b")), (2, entry(&name("x"))), (3, entry(&name("y")))];
        let told = journal(&runs, Style::plain());
        assert!(runs.iter().all(|(_, entry)| told.contains(&entry.case)), "{told}");
        assert!(told.lines().all(|line| measure(line) <= 80), "{told}");
        let columns: Vec<_> = told.lines().filter_map(|line| line.find("granted")).collect();
        assert!(columns.len() == 3 && columns.windows(2).all(|two| two[0] == two[1]), "{told}");
    }

    #[test]
    fn a_first_sentence() {
        let rows =
            [("One. Two.", "One."), ("v1.2 is here! Yes", "v1.2 is here!"), ("none", "none"), ("", ""), ("é.", "é.")];
        for (story, wanted) in rows {
            assert_eq!(first_sentence(story), wanted);
        }
    }
}

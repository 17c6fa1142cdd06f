//! The line of a case, what lies under a missed expectation, and the summary. `explain` and `trace` tell a case at length.

use crate::explain::{chain, place};
use crate::runner::{CaseResult, Missed, Observed, StepResult};
use crate::style::{count, measure, padded, wrap};
use scenarios::Case;
use std::fmt::Write as _;

pub use crate::explain::explain;
pub use crate::style::Style;
pub use crate::trace::trace;

/// Columns of `ok   ` and `MISS `.
const MARK: usize = 5;
/// Outcomes get at least this many columns; names have the rest.
const OUTCOME: usize = 34;
/// Names get this much even where they are shorter, if there is room.
const NAMES: usize = 39;
/// Lines of the chain that a miss shows, counted from its end.
const DECISIVE: usize = 8;

/// A list of cases by family, each lesson with its tries indented below it, the outcomes in a column of their own.
#[derive(Debug)]
pub struct Listing {
    style: Style,
    names: usize,
    family: String,
    lesson: String,
}

impl Listing {
    /// For these cases, in this order.
    pub fn new(cases: &[Case], style: Style) -> Listing {
        let mut last = String::new();
        let labels = cases.iter().map(|c| {
            let (lesson, label) = label(&c.id, &last);
            last = lesson;
            measure(&label)
        });
        let widest = labels.max().unwrap_or_default();
        // At 80 columns the same place for every selection.
        let most = style.width().saturating_sub(MARK + 2 + OUTCOME);
        let names = widest.clamp(most.min(NAMES), most);
        Listing { style, names, family: String::new(), lesson: String::new() }
    }

    /// The case in a line, below a heading where its family is a new one; under it what was missed.
    pub fn line(&mut self, case: &Case, result: &CaseResult) -> String {
        let (style, mut out) = (self.style, String::new());
        let (family, _) = split(&case.id);
        if family != self.family {
            let gap = if self.family.is_empty() { "" } else { "\n" };
            let _ = writeln!(out, "{gap}{}", style.strong(family));
            self.family = family.into();
            self.lesson.clear();
        }
        let (lesson, label) = label(&case.id, &self.lesson);
        self.lesson = lesson;
        let mark = if result.met() { style.good("ok   ") } else { style.bad("MISS ") };
        let column = MARK + self.names + 2;
        let ends = ends(result);
        if measure(&label) > self.names && MARK + measure(&label) + 2 + measure(&ends) <= style.width() {
            let _ = write!(out, "{mark}{label}  {ends}");
        } else {
            let _ = write!(out, "{mark}{}", padded(&label, self.names));
            // An arrow stands before what it leads to, also on a new line.
            let lines = wrap(&ends.replace("-> ", "->\u{a0}"), style.width().saturating_sub(column));
            for (index, line) in lines.iter().enumerate() {
                let line = line.replace('\u{a0}', " ");
                let _ = if index == 0 && measure(&label) <= self.names {
                    write!(out, "  {line}")
                } else {
                    write!(out, "\n{:column$}{line}", "")
                };
            }
        }
        out.push_str(&missed(case, result, style));
        out.trim_end().to_string()
    }
}

/// `family`, and the rest of a case's id.
pub(crate) fn split(id: &str) -> (&str, &str) {
    id.split_once('/').unwrap_or(("own", id))
}

/// The lesson's name without what makes it a try or a cell, and the label below its family's heading.
fn label(id: &str, last: &str) -> (String, String) {
    let (_, name) = split(id);
    let (lesson, rest) = name.split_at(name.find(['~', '[']).unwrap_or(name.len()));
    let label = if rest.is_empty() || lesson != last { name.into() } else { format!("  {rest}") };
    (lesson.into(), label)
}

/// How each sign-in ended: `enrolment-page -> granted`; with who decided it, where there is but one.
pub(crate) fn ends(result: &CaseResult) -> String {
    if result.error.is_some() {
        return "could not be played".into();
    }
    let seen: Vec<&Observed> = result.steps.iter().filter_map(|s| s.observed.as_ref()).collect();
    match seen[..] {
        [one] => format!("{} by {}", one.outcome, one.by),
        _ => seen.iter().map(|o| o.outcome.to_string()).collect::<Vec<_>>().join(" -> "),
    }
}

/// What stopped the case, and per missed step: expected, observed, the decisive lines, the reasons.
fn missed(case: &Case, result: &CaseResult, style: Style) -> String {
    let mut out = String::from("\n");
    if let Some(error) = &result.error {
        style.put(&mut out, "       ", 7, error);
    }
    for step in result.steps.iter().filter(|s| !s.missed.is_empty()) {
        let line = case.steps.get(step.number.wrapping_sub(1)).map_or(1, |s| s.line);
        style.put(&mut out, "       ", 7, &format!("step {}: {}", step.number, step.action));
        let _ = writeln!(out, "       {}", style.faint(&format!("at {}:{line}", case.file)));
        for Missed { what, expected, observed } in &step.missed {
            let _ = writeln!(out, "       {}", style.bad(what));
            style.put(&mut out, "         expected  ", 19, expected);
            style.put(&mut out, "         observed  ", 19, observed);
        }
        out.push_str(&decisive(step, style));
        if let Some(observed) = &step.observed {
            out.push_str(&reasons(case, observed, style));
        }
    }
    if !result.met() {
        let word = crate::select::word(case);
        style.put(&mut out, "       all of it: ", 20, &format!("fedsim explain {word}"));
        style.put(&mut out, "                  ", 20, &format!("fedsim trace {word}"));
    }
    out
}

/// The end of the chain that led to the outcome.
fn decisive(step: &StepResult, style: Style) -> String {
    let told = chain(&step.events);
    let mut out = String::from("       what led there\n");
    if told.len() > DECISIVE {
        out.push_str("         …\n");
    }
    for link in told.iter().skip(told.len().saturating_sub(DECISIVE)) {
        style.put(&mut out, &format!("         {} ", link.at), 20, &link.text());
    }
    out
}

/// Each finding once, with the file and line of the setting behind it.
fn reasons(case: &Case, observed: &Observed, style: Style) -> String {
    let mut out = String::from("       because\n");
    for (index, finding) in observed.because.iter().enumerate() {
        if observed.because[..index].contains(finding) {
            continue;
        }
        style.put(&mut out, "         ", 11, &finding.to_string());
        if let Some(place) = place(case, &finding.rule) {
            style.put_place(&mut out, 11, &place.to_string());
        }
    }
    for refusal in &observed.refused {
        style.put(&mut out, "         refused: ", 11, refusal);
    }
    if !observed.cycle.is_empty() {
        style.put(&mut out, "         the loop: ", 11, &observed.cycle.join(" -> "));
    }
    out
}

/// `58 met, 0 missed, 58 cases`, and how to look closer where something was missed.
pub fn summary(results: &[CaseResult], style: Style) -> String {
    let missed = results.iter().filter(|r| !r.met()).count();
    let text = format!("{} met, {missed} missed, {}", results.len() - missed, count(results.len(), "case"));
    if missed == 0 { style.good(&text) } else { style.bad(&text) }
}

#[cfg(test)]
#[path = "report_tests.rs"]
mod tests;

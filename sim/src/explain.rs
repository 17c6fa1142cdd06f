//! `fedsim explain`: the causal chain of a case over all parties, each reason in a sentence with the place of its setting,
//! what the case teaches, and what it rests on.

use crate::findings;
use crate::runner::{CaseResult, Missed, Observed, StepResult};
use crate::style::Style;
use crate::transcript::Names;
use federation::{Event, EventKind, Finding};
use scenarios::{Assumption, Case, Location};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Columns before what a link says: two, the time, one.
const INDENT: usize = 11;

/// One link of the chain of causes: what somebody decided, sent, refused or showed.
pub(crate) struct Link<'a> {
    pub at: String,
    pub who: &'a str,
    pub what: String,
    pub because: &'a [Finding],
}

impl Link<'_> {
    pub(crate) fn text(&self) -> String {
        format!("{} {}", self.who, self.what)
    }
}

/// The events that caused something, in order; HTTP and the vendors' own logs stand in the trace.
pub(crate) fn chain(events: &[Event]) -> Vec<Link<'_>> {
    let mut names = Names::default();
    events.iter().filter_map(|event| link(event, &mut names)).collect()
}

fn link<'a>(event: &'a Event, names: &mut Names) -> Option<Link<'a>> {
    let mut because: &[Finding] = &[];
    let what = match &event.kind {
        EventKind::Decided { verdict, because: found } => {
            because = found;
            format!("decides: {verdict}")
        }
        EventKind::Message { to, what, id, in_response_to, flags, .. } => {
            let verb = if what == "AuthnRequest" { "asks" } else { "answers" };
            let message = names.message(what, id, in_response_to.as_deref());
            format!("{verb} {to}: {message} {}", flags.join(" ")).trim_end().to_string()
        }
        EventKind::Refused { code, detail } => format!("refuses: {code}: {detail}"),
        EventKind::SignedIn { login } => format!("signs in {login}"),
        EventKind::Changed { what } => format!("changes: {what}"),
        EventKind::Page { page, text } => format!("shows {page}: {text}"),
        EventKind::Http { to, status: 0, .. } => format!("gets no answer from {to}"),
        EventKind::Http { .. } | EventKind::Log { .. } => return None,
    };
    Some(Link { at: event.at.clock(), who: &event.party, what, because })
}

/// Why a case ended as it did.
pub fn explain(case: &Case, result: &CaseResult, style: Style) -> String {
    let mut out = format!("{}\n", style.strong(&case.id));
    for paragraph in case.story.trim().split("\n\n") {
        out.push('\n');
        style.put(&mut out, "", 0, paragraph);
    }
    teaches(&mut out, case, style);
    for step in &result.steps {
        out.push('\n');
        style.put(&mut out, "", 2, &style.strong(&format!("Step {}: {}", step.number, step.action)));
        tell_step(&mut out, case, step, style);
    }
    if let Some(error) = &result.error {
        out.push('\n');
        style.put(&mut out, "The case could not be played to its end: ", 2, error);
    }
    assumptions(&mut out, case, result, style);
    out.trim_end().to_string()
}

fn teaches(out: &mut String, case: &Case, style: Style) {
    if case.teaches.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n{}", style.strong("What it teaches"));
    for id in &case.teaches {
        match scenarios::requirements().requirement(id) {
            None => style.put(out, "  ", 4, id),
            Some(row) => {
                style.put(out, "  ", 4, &format!("{id} ({})", row.provenance));
                style.put(out, "    ", 4, &row.text);
            }
        }
    }
}

fn tell_step(out: &mut String, case: &Case, step: &StepResult, style: Style) {
    for link in chain(&step.events) {
        style.put(out, &format!("  {} ", style.faint(&link.at)), INDENT + 2, &link.text());
        for finding in link.because {
            tell_finding(out, case, finding, style);
        }
    }
    if let Some(observed) = &step.observed {
        tell_end(out, observed, style);
    }
    for Missed { what, expected, observed } in &step.missed {
        style.put(out, &format!("  {} ", style.bad("MISSED")), 9, what);
        style.put(out, "         expected  ", 19, expected);
        style.put(out, "         observed  ", 19, observed);
    }
}

/// The sentence, what was seen and wanted, the code with its setting, and where that was written.
fn tell_finding(out: &mut String, case: &Case, finding: &Finding, style: Style) {
    let indent = " ".repeat(INDENT);
    let mut text = findings::sentence(finding).unwrap_or_default();
    for (word, value) in [("Seen", &finding.saw), ("Wanted", &finding.wanted)] {
        if !value.is_empty() {
            let _ = write!(text, " {word}: {value}.");
        }
    }
    style.put(out, &format!("{indent}- "), INDENT + 2, text.trim());
    let at = if finding.rule.is_empty() { String::new() } else { format!(" at {}", finding.rule) };
    style.put(out, &format!("{indent}  "), INDENT + 4, &format!("{}{at}", finding.code));
    if let Some(place) = place(case, &finding.rule) {
        style.put_place(out, INDENT + 2, &place.to_string());
    }
}

fn tell_end(out: &mut String, observed: &Observed, style: Style) {
    if let Some(attack) = &observed.attack {
        let must = if attack.check.is_empty() { "it must pass".into() } else { format!("stopped by {}", attack.check) };
        let text = format!("{} by the {}: {must} ({})", attack.case, attack.who, attack.requirement);
        style.put(out, "  attack ", 9, &text);
    }
    let _ = writeln!(out, "  => {} by {}", style.strong(&observed.outcome.to_string()), observed.by);
    if !observed.page_text.is_empty() {
        style.put(out, "     the page: ", 7, &observed.page_text);
    }
    for (party, login) in &observed.as_whom {
        style.put(out, "     ", 7, &format!("signed in at {party} as {login}"));
    }
    if let Some(trusted) = observed.device_trusted {
        let _ = writeln!(out, "     device.trusted: {trusted}");
    }
    if !observed.cycle.is_empty() {
        style.put(out, "     the loop: ", 7, &observed.cycle.join(" -> "));
    }
}

/// Every assumption that a finding named, once: what is assumed, by default and here, and what else could be.
fn assumptions(out: &mut String, case: &Case, result: &CaseResult, style: Style) {
    let found = result.steps.iter().flat_map(|s| &s.events).filter_map(|event| match &event.kind {
        EventKind::Decided { because, .. } => Some(because),
        _ => None,
    });
    let found: BTreeMap<&str, &Assumption> =
        found.flatten().filter_map(findings::assumption).map(|a| (a.id.as_str(), a)).collect();
    if found.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n{}", style.strong("What it rests on: the vendors are silent here"));
    for (id, Assumption { setting, text, provenance, default, alternatives, .. }) in found {
        style.put(out, "  ", 4, &format!("{id} ({provenance})"));
        style.put(out, "    ", 4, text);
        let other = if alternatives.is_empty() { String::new() } else { format!("; or {}", alternatives.join(", ")) };
        style.put(out, "    ", 6, &format!("setting {setting}, by default {default}{other}"));
        if let Some(place) = case.sources.exactly(setting) {
            style.put_place(out, 4, &place.to_string());
        }
    }
}

/// `file:line:column` of the setting behind a finding.
pub(crate) fn place(case: &Case, rule: &str) -> Option<Location> {
    if rule.is_empty() { None } else { case.sources.locate(rule) }
}

//! What people read: a line per case, the reasons of a miss, the causal chain, the trace.

use crate::runner::{CaseResult, Missed, Observed};
use federation::EventKind;
use scenarios::Case;
use std::fmt::Write as _;

/// Whether to colour.
#[derive(Debug, Clone, Copy)]
pub struct Style(bool);

impl Style {
    pub fn plain() -> Style {
        Style(false)
    }
    /// Colour on a terminal unless `NO_COLOR` is set.
    pub fn detect(terminal: bool) -> Style {
        Style(terminal && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty()))
    }
    fn paint(self, code: &str, text: &str) -> String {
        if self.0 { format!("\x1b[{code}m{text}\x1b[0m") } else { text.into() }
    }
}

/// The case in one line, and under it what was missed.
pub fn line(case: &Case, result: &CaseResult, style: Style) -> String {
    let mark = if result.met() { style.paint("32", "ok  ") } else { style.paint("31", "MISS") };
    let end = result.last().map(|o| format!("{} by {}", o.outcome, o.by)).unwrap_or_default();
    let mut out = format!("{mark} {:<52} {end}", case.id);
    if let Some(error) = &result.error {
        let _ = write!(out, "\n       {error}");
    }
    for step in result.steps.iter().filter(|s| !s.missed.is_empty()) {
        let _ = write!(out, "\n       step {}: {}", step.number, step.action);
        for Missed { what, expected, observed } in &step.missed {
            let _ = write!(out, "\n         {what}: expected {expected}, observed {observed}");
        }
        if let Some(observed) = &step.observed {
            out.push_str(&reasons(case, observed));
        }
    }
    out
}

/// The findings with the file and line of the setting behind each.
fn reasons(case: &Case, observed: &Observed) -> String {
    let mut out = String::from("\n         because:");
    for finding in &observed.because {
        let _ = write!(out, "\n           {finding}");
        if let Some(place) = place(case, &finding.rule) {
            let _ = write!(out, "\n             set at {place}");
        }
    }
    for refusal in &observed.refused {
        let _ = write!(out, "\n           refused: {refusal}");
    }
    if !observed.cycle.is_empty() {
        let _ = write!(out, "\n         the loop: {}", observed.cycle.join(" -> "));
    }
    out
}

pub fn summary(results: &[CaseResult], style: Style) -> String {
    let missed = results.iter().filter(|r| !r.met()).count();
    let met = results.len() - missed;
    let text = format!("{met} met, {missed} missed, {} cases", results.len());
    format!("\n{}", style.paint(if missed == 0 { "32" } else { "31" }, &text))
}

/// Why a case ended as it did: per step the outcome and every decision that led there.
pub fn explain(case: &Case, result: &CaseResult, style: Style) -> String {
    let mut out = format!("{}\n\n{}\n", style.paint("1", &case.id), case.story.trim());
    if !case.teaches.is_empty() {
        let _ = writeln!(out, "\nteaches: {}", case.teaches.join(", "));
    }
    for step in &result.steps {
        let _ = writeln!(out, "\nstep {}: {}", step.number, step.action);
        for event in &step.events {
            if let EventKind::Decided { verdict, because } = &event.kind {
                let _ = writeln!(out, "  {} {} decides: {}", event.at.clock(), event.party, style.paint("1", verdict));
                for finding in because {
                    let _ = writeln!(out, "      {finding}");
                    if let Some(place) = place(case, &finding.rule) {
                        let _ = writeln!(out, "        set at {place}");
                    }
                }
            }
        }
        if let Some(observed) = &step.observed {
            let _ = writeln!(out, "  => {} by {}", style.paint("1", &observed.outcome.to_string()), observed.by);
            if !observed.page_text.is_empty() {
                let _ = writeln!(out, "     page: {}", observed.page_text);
            }
            for (party, login) in &observed.as_whom {
                let _ = writeln!(out, "     signed in at {party} as {login}");
            }
            if let Some(trusted) = observed.device_trusted {
                let _ = writeln!(out, "     device.trusted: {trusted}");
            }
            if !observed.cycle.is_empty() {
                let _ = writeln!(out, "     the loop: {}", observed.cycle.join(" -> "));
            }
        }
        for Missed { what, expected, observed } in &step.missed {
            let _ = writeln!(out, "  {} {what}: expected {expected}, observed {observed}", style.paint("31", "MISSED"));
        }
    }
    if let Some(error) = &result.error {
        let _ = writeln!(out, "\n{error}");
    }
    out
}

/// Every message in order, then the SAML as it was sent.
pub fn trace(result: &CaseResult) -> String {
    let mut out = format!("{}\n\n{}", result.id, result.transcript());
    for event in result.steps.iter().flat_map(|s| &s.events) {
        if let EventKind::Message { to, what, id, xml, .. } = &event.kind {
            let _ = write!(out, "\n--- {what} {id}: {} to {to}\n{}\n", event.party, xml.replace("><", ">\n<"));
        }
    }
    if let Some(error) = &result.error {
        let _ = writeln!(out, "\n{error}");
    }
    out
}

/// `file:line:column` of the setting behind a finding.
fn place<'a>(case: &'a Case, rule: &str) -> Option<&'a scenarios::Location> {
    if rule.is_empty() { None } else { case.sources.locate(rule) }
}

//! `fedsim trace`: a case as a sequence diagram in text, then the SAML of its messages, readable.
//!
//! `a ───> b` is an HTTP exchange with its status, `a ═══> b` a SAML message (the browser carries it), `●` what a party
//! decides by itself. With `full`, the vendors' own log lines stand in the diagram and the SAML as it was sent.

use crate::report::ends;
use crate::runner::{CaseResult, StepResult};
use crate::saml_text::readable;
use crate::style::{Style, measure, wrap};
use crate::transcript::Names;
use federation::{Event, EventKind};
use scenarios::Case;
use std::fmt::Write as _;

/// Columns for the time of day.
const TIME: usize = 9;
/// The most that lifelines stand apart.
const APART: usize = 30;

/// Every message in order, then the SAML.
pub fn trace(case: &Case, result: &CaseResult, style: Style, full: bool) -> String {
    let mut out = format!("{}\n", style.strong(&case.id));
    let mut names = Names::default();
    for step in &result.steps {
        out.push('\n');
        style.put(&mut out, "", 2, &style.strong(&format!("Step {}: {}", step.number, step.action)));
        let lanes = Lanes::of(case, step, style.width());
        if lanes.names.is_empty() {
            continue;
        }
        out.push('\n');
        diagram(&mut out, &lanes, step, &mut names, full);
        if let Some(observed) = &step.observed {
            let _ = writeln!(out, "{:TIME$}=> {} by {}", "", style.strong(&observed.outcome.to_string()), observed.by);
        }
    }
    messages(&mut out, result, style, full);
    if let Some(error) = &result.error {
        out.push('\n');
        style.put(&mut out, &format!("{}: ", ends(result)), 2, error);
    }
    out.trim_end().to_string()
}

/// The parties of a step, each with the column of its lifeline.
struct Lanes<'a> {
    names: Vec<&'a str>,
    width: usize,
    /// Whose browser it is.
    device: &'a str,
}

impl<'a> Lanes<'a> {
    fn of(case: &'a Case, step: &'a StepResult, width: usize) -> Lanes<'a> {
        let mut names: Vec<&str> = Vec::new();
        let to = |event: &'a Event| match &event.kind {
            EventKind::Http { to, .. } | EventKind::Message { to, .. } => Some(to.as_str()),
            _ => None,
        };
        for name in step.events.iter().flat_map(|e| [Some(e.party.as_str()), to(e)]).flatten() {
            if name != "browser" && !names.contains(&name) {
                names.push(name);
            }
        }
        let rank = |name: &str| match name {
            "okta" => 2,
            "access" => 3,
            "uem" => 4,
            _ if case.world.apps.iter().any(|a| a.name == name) => 1,
            _ => 0,
        };
        names.sort_by_key(|name| rank(name));
        let device = names.iter().find(|n| rank(n) == 0).copied().unwrap_or_default();
        Lanes { names, width, device }
    }

    /// Columns between two lifelines.
    fn apart(&self) -> usize {
        let room = self.width.saturating_sub(TIME + 12);
        (room / self.names.len().saturating_sub(1).max(1)).clamp(4, APART)
    }

    fn column(&self, party: &str) -> usize {
        let party = if party == "browser" { self.device } else { party };
        let index = self.names.iter().position(|n| *n == party).unwrap_or_default();
        TIME + 6 + index * self.apart()
    }

    /// A row with every lifeline.
    fn row(&self) -> Row {
        let mut row = Row(vec![' '; self.width]);
        for name in &self.names {
            row.put(self.column(name), "│");
        }
        row
    }

    /// The names above their lifelines; as a staircase, each from its lifeline on, where one is wider than its column.
    fn heads(&self) -> Vec<Row> {
        let stairs = self.names.iter().any(|name| measure(name) >= self.apart());
        let (mut rows, mut end) = (vec![Row(vec![' '; self.width])], 0);
        for (index, name) in self.names.iter().enumerate() {
            let (column, wide) = (self.column(name), measure(name));
            let start = if stairs { column } else { column.saturating_sub(wide / 2).max(TIME) };
            if stairs && end >= start {
                let mut row = Row(vec![' '; self.width]);
                self.names.iter().take(index).for_each(|earlier| row.put(self.column(earlier), "│"));
                rows.push(row);
            }
            let start = start.min(self.width.saturating_sub(wide));
            end = start + wide;
            if let Some(row) = rows.last_mut() {
                row.put(start, name);
            }
        }
        rows
    }
}

/// A line of text under construction.
struct Row(Vec<char>);

impl Row {
    fn put(&mut self, column: usize, text: &str) {
        for (cell, c) in self.0.iter_mut().skip(column).zip(text.chars()) {
            *cell = c;
        }
    }

    /// Text over the lifelines with a blank on either side.
    fn label(&mut self, column: usize, text: &str) {
        self.put(column.saturating_sub(1), &format!(" {text} "));
    }

    fn end(self, out: &mut String, time: &str) {
        let text: String = self.0.into_iter().skip(TIME).collect();
        let _ = writeln!(out, "{time:TIME$}{}", text.trim_end());
    }
}

fn diagram(out: &mut String, lanes: &Lanes<'_>, step: &StepResult, names: &mut Names, full: bool) {
    lanes.heads().into_iter().for_each(|row| row.end(out, ""));
    let mut last = String::new();
    for event in &step.events {
        let clock = event.at.clock();
        let time = if clock == last { "" } else { &clock };
        let drawn = draw(out, lanes, event, time, names, full);
        if drawn {
            last = clock;
        }
    }
    lanes.row().end(out, "");
}

/// Draws an event; `false` where it has no place in the diagram.
fn draw(out: &mut String, lanes: &Lanes<'_>, event: &Event, time: &str, names: &mut Names, full: bool) -> bool {
    let who = event.party.as_str();
    match &event.kind {
        EventKind::Http { to, method, path, status } => {
            let status = if *status == 0 { "no answer".into() } else { status.to_string() };
            arrow(out, lanes, (who, to), '─', &format!("{method} {path}, {status}"), time);
        }
        EventKind::Message { to, what, id, in_response_to, flags, .. } => {
            let message = names.message(what, id, in_response_to.as_deref());
            arrow(out, lanes, (who, to), '═', format!("{message} {}", flags.join(" ")).trim(), time);
        }
        EventKind::Decided { verdict, because } => {
            let mut codes: Vec<&str> = because.iter().map(|f| f.code).collect();
            codes.dedup();
            note(out, lanes, who, verdict, &codes, time);
        }
        EventKind::Refused { code, detail } => note(out, lanes, who, &format!("refuses: {code} {detail}"), &[], time),
        EventKind::SignedIn { login } => note(out, lanes, who, &format!("signs in {login}"), &[], time),
        EventKind::Changed { what } => note(out, lanes, who, what, &[], time),
        EventKind::Page { page, text } => note(out, lanes, who, &format!("sees {page}: {text}"), &[], time),
        EventKind::Log { .. } if !full => return false,
        EventKind::Log { event_type, result, .. } => {
            note(out, lanes, who, &format!("logs {event_type} {result}"), &[], time);
        }
    }
    true
}

/// A label over an arrow from one lifeline to another.
fn arrow(out: &mut String, lanes: &Lanes<'_>, (from, to): (&str, &str), stroke: char, label: &str, time: &str) {
    let (a, b) = (lanes.column(from), lanes.column(to));
    if a == b {
        return note(out, lanes, from, label, &[], time);
    }
    let (left, right) = (a.min(b), a.max(b));
    let mut time = time;
    for line in wrap(label, lanes.width - TIME - 2) {
        let mut row = lanes.row();
        // Between its ends where there is room, else as far left as it must begin to fit.
        let start = (left + 2).min(lanes.width.saturating_sub(measure(&line) + 1)).max(TIME + 1);
        row.label(start, &line);
        row.end(out, std::mem::take(&mut time));
    }
    let mut row = lanes.row();
    for column in left + 1..right {
        row.put(column, stroke.encode_utf8(&mut [0; 4]));
    }
    if a < b {
        row.put(right - 1, ">")
    } else {
        row.put(left + 1, "<")
    }
    row.end(out, "");
}

/// A mark on a lifeline; the text stands on the side that has more room, finding codes below it.
fn note(out: &mut String, lanes: &Lanes<'_>, who: &str, text: &str, codes: &[&str], time: &str) {
    let column = lanes.column(who);
    let to_the_right = lanes.width.saturating_sub(column + 3);
    let to_the_left = column.saturating_sub(TIME + 3);
    let room = to_the_right.max(to_the_left).max(10);
    let mut lines = wrap(text, room);
    for code in codes {
        lines.extend(wrap(&format!("· {code}"), room));
    }
    let widest = lines.iter().map(|l| measure(l)).max().unwrap_or_default();
    let start = if to_the_right >= to_the_left { column + 2 } else { column.saturating_sub(widest + 1) };
    for (index, line) in lines.iter().enumerate() {
        let mut row = lanes.row();
        row.label(start, line);
        if index == 0 {
            row.put(column, "●");
        } else {
            row.put(column, "│");
        }
        row.end(out, if index == 0 { time } else { "" });
    }
}

/// The SAML of every message, in the order of the diagram.
fn messages(out: &mut String, result: &CaseResult, style: Style, full: bool) {
    let mut names = Names::default();
    let mut told = false;
    for event in result.steps.iter().flat_map(|s| &s.events) {
        let EventKind::Message { to, what, id, in_response_to, xml, .. } = &event.kind else { continue };
        let message = names.message(what, id, in_response_to.as_deref());
        if !told && !full {
            out.push('\n');
            style.put(
                out,
                "",
                0,
                "The SAML, without namespace declarations and with a line for each signature; --full shows every byte.",
            );
        }
        told = true;
        out.push('\n');
        style.put(out, "", 2, &style.strong(&format!("{message}, {} to {to}", event.party)));
        if full {
            let _ = writeln!(out, "{xml}");
        } else {
            out.push_str(&readable(xml, style));
        }
    }
}

#[cfg(test)]
#[path = "trace_tests.rs"]
mod tests;

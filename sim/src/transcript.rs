//! The canonical transcript: what varies is named, never deleted.

use federation::{Event, EventKind};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Names for ids in order of appearance: `<request-1>`, `<response-2>`.
#[derive(Debug, Default)]
pub(crate) struct Names {
    by_id: BTreeMap<String, String>,
    counts: BTreeMap<&'static str, usize>,
}

impl Names {
    pub(crate) fn name(&mut self, kind: &'static str, id: &str) -> String {
        if let Some(name) = self.by_id.get(id) {
            return name.clone();
        }
        let count = self.counts.entry(kind).or_default();
        *count += 1;
        let name = format!("<{kind}-{count}>");
        self.by_id.insert(id.into(), name.clone());
        name
    }

    /// `AuthnRequest <request-1>`, `Response <response-1> to <request-1>`.
    pub(crate) fn message(&mut self, what: &str, id: &str, in_response_to: Option<&str>) -> String {
        let kind = if what == "AuthnRequest" { "request" } else { "response" };
        let mut text = format!("{what} {}", self.name(kind, id));
        if let Some(request) = in_response_to {
            let _ = write!(text, " to {}", self.name("request", request));
        }
        text
    }
}

/// Renders events as the text that goldens hold.
pub fn text<'a>(events: impl IntoIterator<Item = &'a Event>) -> String {
    let mut names = Names::default();
    let mut out = String::new();
    for event in events {
        for line in lines(event, &mut names) {
            let _ = writeln!(out, "{} {line}", event.at.clock());
        }
    }
    out
}

fn lines(event: &Event, names: &mut Names) -> Vec<String> {
    let who = &event.party;
    match &event.kind {
        EventKind::Http { to, method, path, status } => {
            let status = if *status == 0 { "no answer".to_string() } else { status.to_string() };
            vec![format!("{:<24} {method} {path} -> {status}", format!("{who} -> {to}"))]
        }
        EventKind::Message { to, what, id, in_response_to, flags, .. } => {
            let message = names.message(what, id, in_response_to.as_deref());
            let mut line = format!("{:<24} {message}", format!("{who} => {to}"));
            for flag in flags {
                let _ = write!(line, " {flag}");
            }
            vec![line]
        }
        EventKind::Decided { verdict, because } => {
            let mut lines = vec![format!("{:<24} {verdict}", format!("{who} decides"))];
            lines.extend(because.iter().map(|f| format!("{:<24} · {f}", "")));
            lines
        }
        EventKind::Log { event_type, result, actor, target, reason } => {
            let mut line = format!("{:<24} {event_type} {result}", format!("{who} logs"));
            for (label, value) in [("actor", actor), ("target", target), ("reason", reason)] {
                if !value.is_empty() {
                    let _ = write!(line, " {label}={value}");
                }
            }
            vec![line]
        }
        EventKind::SignedIn { login } => vec![format!("{:<24} {login}", format!("{who} signs in"))],
        EventKind::Refused { code, detail } => vec![format!("{:<24} {code} {detail}", format!("{who} refuses"))],
        EventKind::Changed { what } => vec![format!("{:<24} {what}", format!("{who} changes"))],
        EventKind::Page { page, text } => vec![format!("{:<24} {page}: {text}", "browser shows")],
    }
}

//! What must hold in every situation: `never`, `always` and `implies` tables, in a scenario file or in one of their own.

use crate::Diagnostic;
use crate::de::read;
use crate::script::only_keys;
use crate::tree::{Files, Node, Table};
use federation::{Client, DeviceContext, DeviceKind, Outcome, Platform};
use serde::{Deserialize, Serialize};

/// One invariant, and where it was written.
#[derive(Debug, Clone, PartialEq)]
pub struct Invariant {
    pub name: String,
    pub file: String,
    pub line: usize,
    pub holds: Holds,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Holds {
    Never(Pattern),
    Always(Pattern),
    Implies { when: Pattern, then: Pattern },
}

/// A set of situations with their ends: what is absent is not looked at.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Pattern {
    /// `people`, by name.
    pub who: Option<String>,
    /// `apps`, by name.
    pub app: Option<String>,
    /// `networks`, by name.
    pub network: Option<String>,
    pub device: DevicePattern,
    /// Whether an earlier sign-in has left sessions.
    pub session: Option<bool>,
    /// Whether UEM answers.
    pub uem: Option<Reach>,
    /// Whether the right password is typed where one is asked for.
    pub password: Option<bool>,
    /// `granted` means with or without a second factor; `granted-after-mfa` only with one.
    pub outcome: Option<Outcome>,
    pub by: Option<String>,
    pub device_trusted: Option<DeviceContext>,
    /// Whether she is let in.
    pub granted: Option<bool>,
    /// Whether a second factor was passed on the way in.
    pub after_mfa: Option<bool>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct DevicePattern {
    /// Enrolled in UEM.
    pub managed: Option<bool>,
    pub compliance: Option<ComplianceWord>,
    pub kind: Option<DeviceKind>,
    pub client: Option<Client>,
    /// As Okta reads the user agent.
    pub platform: Option<Platform>,
    /// Enrolled by the person who signs in.
    pub own: Option<bool>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ComplianceWord {
    Compliant,
    NonCompliant,
    Pending,
    NotAvailable,
    /// UEM knows no such device.
    Unknown,
}

impl ComplianceWord {
    pub fn name(self) -> &'static str {
        match self {
            ComplianceWord::Compliant => "compliant",
            ComplianceWord::NonCompliant => "non-compliant",
            ComplianceWord::Pending => "pending",
            ComplianceWord::NotAvailable => "not-available",
            ComplianceWord::Unknown => "unknown",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reach {
    Answers,
    Unreachable,
}

/// The keys of a file that hold invariants.
pub(crate) const KEYS: [&str; 3] = ["never", "always", "implies"];

/// Reads the invariants of a table: each key holds one, or a list of them.
pub(crate) fn read_all(files: &Files, table: &Table) -> Result<Vec<Invariant>, Vec<Diagnostic>> {
    let (mut found, mut wrong) = (Vec::new(), Vec::new());
    for key in KEYS {
        let Some(entry) = table.get(key) else { continue };
        let nodes: Vec<&Node> = match entry.node.list() {
            Some(list) => list.iter().collect(),
            None => vec![&entry.node],
        };
        for node in nodes {
            match one(files, key, node) {
                Ok(invariant) => found.push(invariant),
                Err(diagnostic) => wrong.push(diagnostic),
            }
        }
    }
    found.sort_by_key(|invariant: &Invariant| invariant.line);
    if wrong.is_empty() { Ok(found) } else { Err(wrong) }
}

fn one(files: &Files, key: &str, node: &Node) -> Result<Invariant, Diagnostic> {
    let place = files.location(node.at);
    let Some(table) = node.table() else {
        return Err(files.diagnostic(
            node.at,
            format!("found {}, wanted `{key} = {{ … }}`", node.kind()),
            "docs/analysis.md shows one",
        ));
    };
    let mut table = table.clone();
    let name = table.remove("name").and_then(|entry| entry.node.text().map(str::to_owned));
    let pattern =
        |table: &Table| read::<Pattern>(files, &Node { at: node.at, value: crate::tree::Value::Table(table.clone()) });
    let holds = match key {
        "never" => Holds::Never(pattern(&table)?),
        "always" => Holds::Always(pattern(&table)?),
        _ => {
            only_keys(files, &table, &["if", "then"])?;
            let side = |side: &str| match table.get(side) {
                Some(entry) => read::<Pattern>(files, &entry.node),
                None => {
                    let help = "write `implies = { if = { … }, then = { … } }`";
                    Err(files.diagnostic(node.at, format!("the key `{side}` is missing"), help))
                }
            };
            Holds::Implies { when: side("if")?, then: side("then")? }
        }
    };
    let name = name.unwrap_or_else(|| format!("{key} of line {}", place.line));
    Ok(Invariant { name, file: place.file, line: place.line, holds })
}

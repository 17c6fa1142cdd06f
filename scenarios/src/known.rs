//! Ids that scenarios may name, from the documents that hold them: `requirements.toml`, `docs/findings.md`, `docs/attacks.md`.

use crate::requirements::requirements;
use std::sync::OnceLock;

/// What there is to name.
#[derive(Debug, Default)]
pub(crate) struct Known {
    pub requirements: Vec<String>,
    /// Finding codes, the codes of refusals, and `assumes/ID` for every assumption.
    pub codes: Vec<String>,
    /// Event types of the vendors' logs.
    pub events: Vec<String>,
    /// Cases of `misbehave`.
    pub attacks: Vec<String>,
}

/// Read once; the documents are embedded.
pub(crate) fn known() -> &'static Known {
    static KNOWN: OnceLock<Known> = OnceLock::new();
    KNOWN.get_or_init(|| {
        let findings = first_cells(include_str!("../../docs/findings.md"));
        let (mut codes, events): (Vec<String>, Vec<String>) = findings.partition(|w| w.contains('/'));
        codes.extend(requirements().assumptions.iter().map(|row| format!("assumes/{}", row.id)));
        Known {
            requirements: requirements().rows.iter().map(|row| row.id.clone()).collect(),
            codes,
            events,
            attacks: first_cells(include_str!("../../docs/attacks.md")).collect(),
        }
    })
}

/// What stands in backticks at the beginning of each row of a document's tables.
fn first_cells(document: &str) -> impl Iterator<Item = String> {
    let cell = |row: &str| Some(row.strip_prefix("| `")?.split('`').next()?.to_string());
    document.lines().filter_map(cell)
}

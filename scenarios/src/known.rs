//! Ids that scenarios may name, from the documents that hold them: `requirements.toml` and `docs/findings.md`.

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
}

/// Read once; the documents are embedded.
pub(crate) fn known() -> &'static Known {
    static KNOWN: OnceLock<Known> = OnceLock::new();
    KNOWN.get_or_init(|| {
        let rows = include_str!("../../docs/findings.md").lines();
        let words = rows.filter_map(|row| row.strip_prefix("| `")?.split('`').next());
        let (mut codes, events): (Vec<String>, Vec<String>) = words.map(String::from).partition(|w| w.contains('/'));
        codes.extend(requirements().assumptions.iter().map(|row| format!("assumes/{}", row.id)));
        Known { requirements: requirements().rows.iter().map(|row| row.id.clone()).collect(), codes, events }
    })
}

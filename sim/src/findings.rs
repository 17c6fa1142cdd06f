//! What each finding code means, in a sentence. `docs/findings.md` is the one source: it is embedded here.

use federation::Finding;
use std::collections::BTreeMap;
use std::sync::OnceLock;

const DOCUMENT: &str = include_str!("../../docs/findings.md");

/// The sentence of a finding: what its code means. `None` for a code that stands nowhere.
pub fn sentence(finding: &Finding) -> Option<String> {
    if assumption(finding).is_some() {
        return Some("Here the vendors are silent; this is an assumption, told below.".into());
    }
    meanings().get(finding.code).map(|text| as_sentence(text))
}

/// The assumption behind a finding `assumes/ID`.
pub fn assumption(finding: &Finding) -> Option<&'static scenarios::Assumption> {
    scenarios::requirements().assumption(finding.code.strip_prefix("assumes/")?)
}

/// Code to meaning, as the document's table says.
fn meanings() -> &'static BTreeMap<&'static str, &'static str> {
    static READ: OnceLock<BTreeMap<&str, &str>> = OnceLock::new();
    READ.get_or_init(|| DOCUMENT.lines().filter_map(row).collect())
}

/// ``| `code` | decided by | meaning |``
fn row(line: &'static str) -> Option<(&'static str, &'static str)> {
    let (code, rest) = line.strip_prefix("| `")?.split_once("` |")?;
    let (_, meaning) = rest.split_once('|')?;
    Some((code, meaning.trim().strip_suffix('|')?.trim()))
}

/// A capital, a full stop, no mark-up.
fn as_sentence(text: &str) -> String {
    let text = text.replace(['*', '`'], "");
    let mut chars = text.chars();
    let first: String = chars.next().map(|c| c.to_uppercase().collect()).unwrap_or_default();
    format!("{first}{}.", chars.as_str().trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_the_document_is_read() {
        let rows = DOCUMENT.lines().filter(|l| l.starts_with("| `")).count();
        assert_eq!(meanings().len(), rows, "a row is malformed, or a code stands twice");
        assert!(meanings().values().all(|m| !m.is_empty()));
    }

    #[test]
    fn a_sentence_for_a_newcomer() {
        let told = sentence(&Finding::new("force-authn/ignored"));
        let wanted = "Enable Force Authn Request is off: Access ignores both ForceAuthn and the requested context.";
        assert_eq!(told.as_deref(), Some(wanted));
        assert!(sentence(&Finding::new("assumes/subject-hint")).is_some_and(|s| s.contains("assumption")));
        assert_eq!(sentence(&Finding::new("no/such-code")), None);
    }
}

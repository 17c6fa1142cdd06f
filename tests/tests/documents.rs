//! Documents that must stay true: finding codes, and messages that strangers can read.

use fedsim::Fabric;
use fedsim_tests::{cases, replay};
use std::collections::BTreeSet;

/// Every finding code that a replay brings up stands in `docs/findings.md`.
#[test]
fn every_finding_is_documented() {
    let text = include_str!("../../docs/findings.md");
    let documented: BTreeSet<&str> = text.lines().filter_map(|l| l.strip_prefix("| `")?.split('`').next()).collect();
    let mut unknown = BTreeSet::new();
    for case in cases() {
        for step in replay(&case, Fabric::Memory).steps {
            for finding in step.observed.into_iter().flat_map(|o| o.because) {
                if !documented.contains(finding.code) && !finding.code.starts_with("assumes/") {
                    unknown.insert(finding.code);
                }
            }
        }
    }
    assert!(unknown.is_empty(), "not in docs/findings.md: {unknown:?}");
}

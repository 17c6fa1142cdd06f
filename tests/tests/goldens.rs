//! What people read, as files: the transcripts of every lesson, and the explanations of the stories that the project exists for.
//!
//! After a change that is meant: `INSTA_UPDATE=always cargo test -p fedsim-tests --test goldens`, then read the diff.

use fedsim::report::{self, Style};
use fedsim::{CaseResult, Fabric};
use fedsim_tests::{cases, replay};
use scenarios::Case;
use std::collections::BTreeMap;
use std::fmt::Write as _;

const STORIES: &[&str] = &[
    "device-trust/managed-gets-in",
    "device-trust/unmanaged-sees-enrolment-page",
    "device-trust/posture-is-not-compliance",
    "force-authn/breaks-device-compliance",
    "routing-only/managed-compliant-gets-in",
    "routing-only/unmanaged-is-stopped-at-access",
];

/// Goldens are named by their stories alone.
fn golden(compare: impl FnOnce()) {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(compare);
}

fn check(kind: &str, render: impl Fn(&Case, &CaseResult) -> String) {
    let cases = cases();
    golden(|| {
        for story in STORIES {
            let case = cases.iter().find(|c| c.id == *story).unwrap_or_else(|| panic!("no case `{story}`"));
            let result = replay(case, Fabric::Memory);
            insta::assert_snapshot!(format!("{}.{kind}", story.replace('/', ".")), render(case, &result));
        }
    });
}

/// One file per lesson: the canonical transcript of each of its cases, in the lesson's order.
#[test]
fn every_lesson_has_its_transcripts() {
    let mut lessons: BTreeMap<String, String> = BTreeMap::new();
    for case in cases() {
        let lesson = case.id.split(['~', '[']).next().unwrap_or_default().replace('/', ".");
        // Cells of an attack differ in the check that stops it, which they expect by name; the first shows the shape.
        if case.id.starts_with("attacks/") && lessons.contains_key(&lesson) {
            continue;
        }
        let text = lessons.entry(lesson).or_default();
        let result = replay(&case, Fabric::Memory);
        let _ = writeln!(text, "# {}\n{}", case.id, result.transcript());
    }
    golden(|| {
        for (lesson, text) in &lessons {
            insta::assert_snapshot!(format!("{lesson}.transcript"), text);
        }
    });
    // A lesson that is gone takes its golden with it.
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/snapshots");
    for entry in std::fs::read_dir(folder).expect("the goldens are there").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if let Some(lesson) = name.strip_suffix(".transcript.snap") {
            assert!(lessons.contains_key(lesson), "no lesson has the golden {name}");
        }
    }
}

#[test]
fn explanations() {
    check("explain", |case, result| report::explain(case, result, Style::plain()));
}

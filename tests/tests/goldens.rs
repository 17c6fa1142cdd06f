//! What people read, as files: the transcript and the explanation of the three stories that the project exists for.

use fedsim::report::{self, Style};
use fedsim::{CaseResult, Fabric};
use fedsim_tests::{cases, replay};
use scenarios::Case;

const STORIES: &[&str] = &[
    "device-trust/managed-gets-in",
    "device-trust/unmanaged-sees-enrolment-page",
    "device-trust/posture-is-not-compliance",
    "force-authn/breaks-device-compliance",
    "routing-only/managed-compliant-gets-in",
    "routing-only/unmanaged-is-stopped-at-access",
];

fn check(kind: &str, render: impl Fn(&Case, &CaseResult) -> String) {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let cases = cases();
    settings.bind(|| {
        for story in STORIES {
            let case = cases.iter().find(|c| c.id == *story).unwrap_or_else(|| panic!("no case `{story}`"));
            let result = replay(case, Fabric::Memory);
            insta::assert_snapshot!(format!("{}.{kind}", story.replace('/', ".")), render(case, &result));
        }
    });
}

#[test]
fn transcripts() {
    check("transcript", |_, result| result.transcript());
}

#[test]
fn explanations() {
    check("explain", |case, result| report::explain(case, result, Style::plain()));
}

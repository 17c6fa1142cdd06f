//! Where oracle and simulator first disagree: over the catalogue, then over generated worlds.

use crate::{cases, disagreements, replay, worlds};
use fedsim::{CaseResult, Fabric};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use scenarios::Case;

/// The same cases at every run.
pub fn runner(cases: u32) -> TestRunner {
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 512, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}

/// Whether the story asks for what cannot be done, such as removing a profile that a device does not have:
/// an author's mistake, which the runner names, and no sign-in to judge.
pub fn impossible(result: &CaseResult) -> bool {
    let told = ["has no profile", "has no certificate of profile", "UEM knows no device", "is Unenrolled"];
    result.error.as_ref().is_some_and(|e| told.iter().any(|t| e.contains(t)))
}

/// The first disagreement, lessons that teach `requirement` coming first, or how many cases agree.
pub fn first_disagreement(requirement: &str, generated: usize) -> Result<usize, String> {
    let mut catalogue = cases();
    catalogue.sort_by_key(|case| !case.teaches.iter().any(|id| id == requirement));
    let mut runner = runner(0);
    let drawn = (0..generated).filter_map(|_| worlds::case().new_tree(&mut runner).ok().map(|tree| tree.current()));
    let mut agreed = 0;
    for case in catalogue.into_iter().chain(drawn) {
        if let Some(line) = differs(&case) {
            return Err(line);
        }
        agreed += 1;
    }
    Ok(agreed)
}

fn differs(case: &Case) -> Option<String> {
    let result = replay(case, Fabric::Memory);
    if impossible(&result) {
        return None;
    }
    disagreements(case, &result).into_iter().next()
}

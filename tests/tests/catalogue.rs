//! Every case of the catalogue: author, oracle and simulator agree, on both fabrics with equal transcripts.

use fedsim::Fabric;
use fedsim_tests::{cases, disagreements, replay};
use scenarios::Case;

#[test]
fn author_oracle_and_simulator_agree_on_both_fabrics() {
    let cases = cases();
    assert!(!cases.is_empty(), "the catalogue is empty");
    let problems = in_two_halves(&cases, judge);
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// Runs `check` over every case, on two threads.
fn in_two_halves(cases: &[Case], check: fn(&[Case]) -> Vec<String>) -> Vec<String> {
    let (one, other) = cases.split_at(cases.len() / 2);
    std::thread::scope(|scope| {
        let second = scope.spawn(|| check(other));
        let mut found = check(one);
        found.extend(second.join().expect("the second half ran"));
        found
    })
}

fn judge(cases: &[Case]) -> Vec<String> {
    let mut problems = Vec::new();
    for case in cases {
        let memory = replay(case, Fabric::Memory);
        let loopback = replay(case, Fabric::Loopback);
        if !memory.met() {
            problems.push(format!(
                "{}: {:#?} {:?}",
                case.id,
                memory.steps.iter().flat_map(|s| &s.missed).collect::<Vec<_>>(),
                memory.error
            ));
        }
        problems.extend(disagreements(case, &memory));
        if memory.transcript() != loopback.transcript() {
            problems.push(format!("{}: transcripts differ between the fabrics", case.id));
        }
        let work = |r: &fedsim::CaseResult| (r.handshakes, r.signatures, r.verifications);
        if work(&memory) != work(&loopback) {
            problems.push(format!(
                "{}: handshakes, signatures and verifications are {:?} in memory, {:?} on loopback",
                case.id,
                work(&memory),
                work(&loopback)
            ));
        }
        let signed = memory.transcript().contains("access => okta");
        if signed && (memory.signatures == 0 || memory.verifications == 0) {
            problems.push(format!("{}: messages went to Okta and nothing was signed and checked", case.id));
        }
    }
    problems
}

#[test]
fn same_seed_same_transcript() {
    for case in cases().iter().take(4) {
        assert_eq!(replay(case, Fabric::Memory).transcript(), replay(case, Fabric::Memory).transcript(), "{}", case.id);
    }
}

#[test]
fn every_case_explains_itself() {
    for case in cases() {
        for step in replay(&case, Fabric::Memory).steps {
            if let Some(observed) = step.observed {
                assert!(
                    !observed.because.is_empty(),
                    "{} step {} has an outcome without a finding",
                    case.id,
                    step.number
                );
            }
        }
    }
}

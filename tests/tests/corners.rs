//! Corners where features meet, in `tests/corners/*.toml`: what each should come to was read off the sources before it was
//! replayed. Author, oracle and simulator agree, on both fabrics.

use fedsim::Fabric;
use fedsim_tests::{disagreements, replay};
use std::path::Path;

#[test]
fn author_oracle_and_simulator_agree_in_every_corner() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corners");
    let mut files: Vec<_> = std::fs::read_dir(&folder)
        .expect("the folder of corners")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|e| e == "toml"))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "no corner in {}", folder.display());
    let mut problems = Vec::new();
    for file in files {
        let scenario = match scenarios::load_file(&file) {
            Ok(scenario) => scenario,
            Err(found) => {
                problems.extend(found.iter().map(ToString::to_string));
                continue;
            }
        };
        for case in scenario.cases() {
            let memory = replay(&case, Fabric::Memory);
            let missed: Vec<_> = memory.steps.iter().flat_map(|step| &step.missed).collect();
            if !memory.met() {
                problems.push(format!("{}: {missed:#?} {:?}", case.id, memory.error));
            }
            problems.extend(disagreements(&case, &memory));
            if memory.transcript() != replay(&case, Fabric::Loopback).transcript() {
                problems.push(format!("{}: transcripts differ between the fabrics", case.id));
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

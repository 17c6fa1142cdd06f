//! A case that a search has found, as a scenario file that `fedsim run` replays.
//!
//! What it expects is the oracle's word: replayed, the file shows where the simulator says otherwise.

use oracle::Oracle;
use scenarios::{AsWhom, Case, Expect};
use std::path::PathBuf;

/// The case with the oracle's expectations on every sign-in.
pub fn expecting(case: &Case) -> Case {
    let mut case = case.clone();
    let mut oracle = Oracle::new(&case.world);
    for step in &mut case.steps {
        let Some(expected) = oracle.apply(&step.action) else { continue };
        step.expect = Expect {
            outcome: Some(expected.outcome),
            by: Some(expected.by),
            because: expected.because.iter().map(ToString::to_string).collect(),
            as_whom: AsWhom { app: expected.as_whom, ..AsWhom::default() },
            device_trusted: expected.device_trusted,
            ..Expect::default()
        };
    }
    case
}

/// Writes the case with the oracle's expectations below `target/`; says where.
pub fn to_file(name: &str, case: &Case) -> Result<PathBuf, String> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/failing-properties");
    let path = folder.join(format!("{name}.toml"));
    let case =
        Case { id: format!("failing-properties/{name}"), file: path.to_string_lossy().into(), ..expecting(case) };
    let text = scenarios::write(&case)?;
    std::fs::create_dir_all(&folder).and_then(|()| std::fs::write(&path, text)).map_err(|e| e.to_string())?;
    Ok(path)
}

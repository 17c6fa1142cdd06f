//! Says where oracle and simulator first disagree, and fails then. A requirement's lessons come first, where one is named.

use fedsim_tests::agreement::first_disagreement;
use std::process::ExitCode;

/// Worlds drawn after the catalogue.
const GENERATED: usize = 150;

fn main() -> ExitCode {
    let requirement = std::env::args().nth(1).unwrap_or_default();
    match first_disagreement(&requirement, GENERATED) {
        Ok(agreed) => {
            println!("{agreed} cases agree");
            ExitCode::SUCCESS
        }
        Err(line) => {
            println!("{line}");
            ExitCode::FAILURE
        }
    }
}

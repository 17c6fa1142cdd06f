//! The `fedsim` command; everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    fedsim::cli::main()
}

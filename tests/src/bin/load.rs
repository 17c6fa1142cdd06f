//! Overload: `cargo run -p fedsim-tests --bin load`. A world that is up in a process of its own is attacked from all sides
//! for a while; a person who signs in meanwhile is answered within 250 ms throughout, and the world's memory stays bounded.
//!
//! `fedsim` has to be built in the same profile. A machine that is busy with something else can miss the time: then the run
//! is made once more, and what counts is the second. Exit code: 0 held, 1 not.
#![allow(clippy::disallowed_methods, reason = "what is measured is real time")]

use fedsim_tests::load::{self, World};
use std::process::{Command, ExitCode};
use std::time::Duration;

const LONGEST: Duration = Duration::from_millis(250);
/// What the world may need on top of what it needs at rest.
const MEMORY: u64 = 256 << 20;
const TRIES: usize = 2;

fn main() -> ExitCode {
    match World::from_environment() {
        Some(world) => inside(world),
        None => outside(),
    }
}

/// Starts the world, with this program as the one that it is up for.
fn outside() -> ExitCode {
    let own = std::env::current_exe().expect("this program has a path");
    let fedsim = own.with_file_name("fedsim");
    if !fedsim.exists() {
        eprintln!("there is no `{}`: `cargo build -p fedsim` in the same profile makes it", fedsim.display());
        return ExitCode::from(2);
    }
    for run in 1..=TRIES {
        let done = Command::new(&fedsim).args(["up", "--quiet", "--"]).arg(&own).status().expect("fedsim starts");
        match done.code() {
            Some(1) if run < TRIES => println!("once more, as the machine may have been busy"),
            Some(0) => return ExitCode::SUCCESS,
            _ => break,
        }
    }
    ExitCode::FAILURE
}

fn inside(world: World) -> ExitCode {
    let seconds = std::env::args().nth(1).and_then(|s| s.parse().ok()).unwrap_or(20);
    let seen = load::run(world, Duration::from_secs(seconds));
    println!("{seen}");
    let held = seen.broken.is_empty()
        && seen.sign_ins >= seconds
        && seen.longest() <= LONGEST
        && seen.peak.saturating_sub(seen.rest) <= MEMORY;
    println!("{}", if held { "held" } else { "NOT held" });
    if held { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

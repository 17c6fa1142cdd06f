//! fedsim: a full-stack simulator of a device-trust federation: Okta, Workspace ONE Access, Workspace ONE UEM and SaaS apps.
//!
//! sim performs; it decides nothing. Parties decide, scenarios ask, tests judge.
//!
//! Replay a scenario file of your own in a test:
//!
//! ```
//! # let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/my-design.toml");
//! let results = fedsim::replay_file(file).expect("the file is right");
//! assert!(results[0].met(), "{}", results[0].transcript());
//! assert_eq!(results[0].last().map(|o| o.outcome), Some(federation::Outcome::Granted));
//! ```
//!
//! Such a file is `docs/my-design.toml`.

mod answers;
pub mod browser;
mod careless;
pub mod cli;
pub mod clock;
mod complaint;
pub mod core;
mod curl;
pub mod describe;
pub mod device;
pub mod durable;
mod explain;
mod fault;
pub mod findings;
pub mod formats;
pub mod gate;
pub mod lasting;
mod list;
pub mod misbehave;
pub mod net;
pub mod observe;
pub mod page;
mod passing;
mod places;
mod plant;
pub mod ports;
mod provision;
mod provisioned;
mod replay;
pub mod report;
pub mod runner;
pub mod saas;
mod saml_text;
mod select;
mod sound;
pub mod store;
mod style;
mod things;
pub mod tls;
mod trace;
pub mod transcript;
pub mod up;
pub mod world;

pub use net::Fabric;
pub use runner::{CaseResult, Observed};
pub use world::Options;

use scenarios::{Case, Diagnostic};
use std::path::Path;

/// Replays every case of one scenario file over the in-memory fabric with seed 0.
///
/// # Errors
/// Everything that is wrong with the file, each with file, line and column.
pub fn replay_file(path: impl AsRef<Path>) -> Result<Vec<CaseResult>, Vec<Diagnostic>> {
    let scenario = sound::sound(scenarios::load_file(path.as_ref())?)?;
    Ok(scenario.cases().iter().map(|case| replay(case, &Options::default())).collect())
}

/// Replays one case on a runtime of its own.
pub fn replay(case: &Case, options: &Options) -> CaseResult {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    match runtime {
        Ok(runtime) => runtime.block_on(runner::run(case, options)),
        Err(e) => CaseResult {
            id: case.id.clone(),
            steps: Vec::new(),
            error: Some(e.to_string()),
            handshakes: 0,
            signatures: 0,
            verifications: 0,
        },
    }
}

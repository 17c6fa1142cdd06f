//! Judgement: walls, the catalogue on both fabrics, author against oracle against simulator.

pub mod agreement;
pub mod hand_over;
pub mod load;
pub mod mutants;
pub mod pairs;
pub mod worlds;

use federation::{Client, Outcome};
use fedsim::{CaseResult, Fabric, Options};
use scenarios::{Action, Case, Scenario, Thing};

/// Every scenario of the embedded catalogue.
pub fn catalogue() -> Vec<Scenario> {
    let load = |(file, text): (&str, &str)| match scenarios::load_str(file, text) {
        Ok(scenario) => scenario,
        Err(problems) => panic!("{}", problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")),
    };
    scenarios::catalogue().into_iter().map(load).collect()
}

/// Every case of the embedded catalogue.
pub fn cases() -> Vec<Case> {
    catalogue().iter().flat_map(Scenario::cases).collect()
}

/// A case of the embedded catalogue.
///
/// # Panics
/// Where there is none of that name.
pub fn case(id: &str) -> Case {
    cases().into_iter().find(|c| c.id == id).unwrap_or_else(|| panic!("no case `{id}`"))
}

/// Whether a stranger's tool is to be asked; a missing one is said, and fails where `FEDSIM_PEERS=required`. With
/// `FEDSIM_PEERS=elsewhere` nobody is asked: `tests/peers/run` asks them all.
///
/// # Panics
/// Where it is missing and `FEDSIM_PEERS=required`.
pub fn there(tool: &str, found: bool) -> bool {
    const INSTALL: &str = "tests/peers/install installs it";
    let wanted = std::env::var("FEDSIM_PEERS").unwrap_or_default();
    assert!(found || wanted != "required", "{tool} is not installed: {INSTALL}");
    if wanted == "elsewhere" {
        println!("not run: {tool} runs elsewhere");
    } else if !found {
        println!("not run: {tool} is not installed ({INSTALL})");
    }
    found && wanted != "elsewhere"
}

/// Replays on one fabric with seed 0.
pub fn replay(case: &Case, fabric: Fabric) -> CaseResult {
    fedsim::replay(case, &Options { fabric, ..Options::default() })
}

pub fn granted(observed: &fedsim::Observed) -> bool {
    matches!(observed.outcome, Outcome::Granted | Outcome::GrantedAfterMfa)
}

/// The program of a device that keeps a client's cookies.
fn program(client: Client) -> &'static str {
    match client {
        Client::Browser | Client::MobileSite | Client::DesktopSite => "browser",
        Client::NativeApp => "app",
        Client::Hub => "hub",
    }
}

/// Where oracle and simulator disagree on a case, a line each.
pub fn disagreements(case: &Case, result: &CaseResult) -> Vec<String> {
    let mut oracle = oracle::Oracle::new(&case.world);
    let mut found = Vec::new();
    for (step, played) in case.steps.iter().zip(&result.steps) {
        let expected = oracle.apply(&step.action);
        for (path, observed) in &played.state {
            let state = scenarios::Thing::parse(path).and_then(|thing| oracle.state(&thing));
            if let Some(expected) = state.map(|state| state.to_string()).filter(|expected| expected != observed) {
                let number = played.number;
                found.push(format!(
                    "{} step {number} state of {path}: oracle says {expected}, simulator {observed}",
                    case.id
                ));
            }
        }
        let (Some(expected), Some(observed)) = (expected, &played.observed) else { continue };
        let mut same = |what: &str, expected: String, observed: String| {
            if expected != observed {
                found.push(format!(
                    "{} step {} {what}: oracle says {expected}, simulator {observed}",
                    case.id, played.number
                ));
            }
        };
        same("outcome", expected.outcome.to_string(), observed.outcome.to_string());
        same("by", expected.by.to_string(), observed.by.clone());
        let trusted = |t: Option<federation::DeviceContext>| t.map_or("none".to_string(), |t| t.to_string());
        same("device.trusted", trusted(expected.device_trusted), trusted(observed.device_trusted));
        let app = observed.as_whom.get("app").cloned();
        same("as whom", expected.as_whom.unwrap_or_default(), app.filter(|_| granted(observed)).unwrap_or_default());
        // A message delivered twice may do its work before it is refused: the oracle judges the second time only.
        let twice = observed.attack.as_ref().is_some_and(|attack| attack.case.starts_with("replay"));
        if let (Action::SignIn(sign_in), false) = (&step.action, twice) {
            for (place, at) in [("okta", "okta"), ("access", "access"), ("app", sign_in.app.as_str())] {
                let (device, program) = (sign_in.on.clone(), program(sign_in.client).to_string());
                let lives = oracle.state(&Thing::Session { at: at.into(), device, program });
                let lives = lives.map_or("unsaid".to_string(), |login| login.to_string());
                let found = observed.as_whom.get(place).cloned();
                same(&format!("as whom at {place}"), lives, found.unwrap_or_else(|| "none".into()));
            }
        }
        let codes: Vec<&str> = observed.because.iter().map(|f| f.code).collect();
        for code in expected.because.iter().filter(|c| !codes.contains(*c)) {
            same("because", code.to_string(), codes.join(" "));
        }
    }
    let played = result.steps.iter().filter(|s| s.observed.is_some()).count();
    let asked = case.steps.iter().filter(|s| matches!(s.action, Action::SignIn(_))).count();
    if played != asked {
        found.push(format!("{}: {played} of {asked} sign-ins were played: {:?}", case.id, result.error));
    }
    found
}

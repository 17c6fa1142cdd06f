//! Whether the parties' consoles would take a scenario's settings: each party says what its product refuses to save, and
//! the author hears it with the place that wrote it.

use federation::World;
use federation::tenant::access::{Directory, DirectoryKind};
use scenarios::{Action, Case, Diagnostic, Location, Provision, Provisioning, Scenario};

/// The scenario, where every world in it is possible.
///
/// # Errors
/// What a console would refuse, each once, with its place.
pub(crate) fn sound(scenario: Scenario) -> Result<Scenario, Vec<Diagnostic>> {
    let mut wrong = Vec::new();
    for case in scenario.cases() {
        let later = case.steps.iter().filter_map(|step| match &step.action {
            Action::Change(change) => Some(&*change.world),
            Action::Provision(provision) => provision.world.as_deref(),
            _ => None,
        });
        let made: Vec<Directory> = case.steps.iter().filter_map(|step| directory(&step.action)).collect();
        for world in [&case.world].into_iter().chain(later) {
            let mut world = world.clone();
            let new = made.iter().filter(|d| !world.access.directories.iter().any(|own| own.name == d.name));
            let new: Vec<Directory> = new.cloned().collect();
            world.access.directories.extend(new);
            for (path, message) in refused(&world) {
                let told = diagnostic(&case, &path, message);
                if !wrong.contains(&told) {
                    wrong.push(told);
                }
            }
        }
    }
    if wrong.is_empty() { Ok(scenario) } else { Err(wrong) }
}

/// A directory that a step makes: from then on settings may name it.
fn directory(action: &Action) -> Option<Directory> {
    let Action::Provision(Provision { step: Provisioning::CreateDirectory(new), .. }) = action else { return None };
    let (name, domain) = (new.name.clone(), new.domain.clone());
    Some(Directory { name, kind: DirectoryKind::Other, domain, users: Vec::new() })
}

/// Path and reason of every setting that cannot stand.
fn refused(world: &World) -> impl Iterator<Item = (String, String)> {
    let okta = idp_okta::validate(&world.okta);
    okta.into_iter().chain(idp_access::validate(&world.access)).chain(uem_mock::validate(&world.uem))
}

fn diagnostic(case: &Case, path: &str, message: String) -> Diagnostic {
    let nowhere = Location { file: case.file.clone(), line: 0, column: 0 };
    let Location { file, line, column } = case.sources.locate(path).unwrap_or(nowhere);
    Diagnostic { file, line, column, snippet: String::new(), message, help: format!("the setting is `{path}`") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn consoles_take_every_world_of_the_catalogue() {
        for (file, text) in scenarios::catalogue() {
            if let Err(wrong) = scenarios::load_str(file, text).and_then(sound) {
                panic!("{}", wrong.iter().map(ToString::to_string).collect::<String>());
            }
        }
    }

    #[test]
    fn what_a_console_refuses_is_told_with_its_place() {
        let text = "baseline = \"device-trust-mobile\"\n[[change]]\nat = \"okta.session_rules\"\ninsert = \
            { name = \"odd\", location = { in_zones = [\"moon\"] } }\n";
        match scenarios::load_str("own/x.toml", text).and_then(sound) {
            Ok(_) => panic!("there is no such zone"),
            Err(wrong) => {
                let told = wrong.iter().map(ToString::to_string).collect::<String>();
                assert!(told.starts_with("own/x.toml:") && told.contains("moon"), "{told}");
            }
        }
    }
}

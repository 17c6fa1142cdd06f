//! `fedsim check`: whether invariants hold in every situation of a world, and for each that does not: the nearest situation,
//! why, and the smallest cure.

use super::{Answer, Hands, Item, Level, counted, slug, space, world};
use crate::select::did_you_mean;
use analysis::ask::{cure, sweep};
use scenarios::{Holds, Invariant, Pattern, Scenario};
use std::path::PathBuf;

pub(crate) fn check(what: &str, files: &[PathBuf], cures: bool, hands: &Hands) -> Result<Answer, String> {
    let scenario = world(what)?;
    let invariants = invariants(&scenario, files)?;
    let space = space(&scenario)?;
    let mut answer = Answer::new("check", what);
    answer.about.push(counted(&space));
    let swept = sweep(&space, &invariants);
    for (at, (invariant, verdict)) in invariants.iter().zip(&swept.verdicts).enumerate() {
        answer.counts.insert(invariant.name.clone(), verdict.violations);
        let mut item = Item::new("invariant", Level::Note, format!("{} holds", invariant.name));
        (item.file, item.line, item.column) = (invariant.file.clone(), invariant.line, 1);
        if let Some((s, end)) = &verdict.nearest {
            item.level = Level::Error;
            item.title =
                format!("{} is broken in {} of {} situations", invariant.name, verdict.violations, space.len());
            item.situation = space.sentence(s);
            let handed = hands.over(&space, &slug(&invariant.name), &item.situation, s, end)?;
            (item.outcome, item.chain, item.scenario) = (handed.outcome, handed.chain, handed.scenario);
            if cures {
                item.cure = match cure(&space, &scenario.world, &invariants, at, &swept)
                    .map_err(|e| format!("{e:?}"))?
                {
                    None => "no single change cures it without breaking another invariant".into(),
                    Some(cure) => format!(
                        "{}: {} ({}). Evaluated: it then holds everywhere, no other invariant breaks, {} situations end otherwise, {} of them healthy sign-ins that are no longer let in",
                        cure.change.at,
                        cure.change.what,
                        analysis::change::console(&cure.change.at),
                        cure.changed,
                        cure.locked_out
                    ),
                };
            }
        }
        answer.items.push(item);
    }
    Ok(answer)
}

/// The file's own, and those of the files that are named.
fn invariants(scenario: &Scenario, files: &[PathBuf]) -> Result<Vec<Invariant>, String> {
    let mut all = scenario.invariants.clone();
    for file in files {
        all.extend(scenarios::load_invariants(file).map_err(super::told)?);
    }
    if all.is_empty() {
        return Err(format!(
            "nothing is asked of `{}`\n  name a file with `--invariant FILE`, or write `never = {{ … }}` into the scenario; docs/analysis.md shows both",
            scenario.name
        ));
    }
    for invariant in &all {
        match &invariant.holds {
            Holds::Never(pattern) | Holds::Always(pattern) => known(scenario, invariant, pattern)?,
            Holds::Implies { when, then } => {
                known(scenario, invariant, when)?;
                known(scenario, invariant, then)?;
            }
        }
    }
    Ok(all)
}

/// Names that a pattern speaks of are there.
fn known(scenario: &Scenario, invariant: &Invariant, pattern: &Pattern) -> Result<(), String> {
    let world = &scenario.world;
    let people: Vec<&str> = world.people.iter().map(|p| p.name.as_str()).collect();
    let apps: Vec<&str> = world.apps.iter().map(|a| a.name.as_str()).collect();
    let networks: Vec<&str> = world.networks.iter().map(|n| n.name.as_str()).collect();
    for (what, name, names) in
        [("person", &pattern.who, people), ("app", &pattern.app, apps), ("network", &pattern.network, networks)]
    {
        let Some(name) = name.as_deref().filter(|name| !names.contains(name)) else { continue };
        let near = did_you_mean(name, names.iter().copied());
        let place = format!("{}:{}", invariant.file, invariant.line);
        return Err(format!("{place}: there is no {what} `{name}`{near}\n  there are {}", names.join(", ")));
    }
    Ok(())
}

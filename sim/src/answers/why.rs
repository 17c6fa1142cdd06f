//! `fedsim why`: one situation, every rule that it came by with each condition's value, and the fewest facts that flip it.

use super::{Answer, Grid, Hands, Item, Level, slug};
use crate::select;
use analysis::stage::Stuck;
use analysis::why::{Condition, flips, look, settings};

/// Flips that are told in full; the others are counted.
const MOST: usize = 6;

pub(crate) fn why(name: &str, hands: &Hands) -> Result<Answer, String> {
    let (case, _) = select::one(name)?;
    let stuck = |stuck: Stuck| match stuck {
        Stuck::Beyond(what) => format!(
            "`{}` is about {what}, which the analysis leaves out\n  `fedsim explain {name}` tells what happens",
            case.id
        ),
        Stuck::Impossible(why) => why,
    };
    let looked = look(&case).map_err(stuck)?;
    let mut answer = Answer::new("why", name);
    answer.about.push(format!("{} by {}", looked.told.outcome, looked.told.by));
    for rule in &looked.rules {
        let mark = if rule.decided {
            "decides"
        } else if rule.matched {
            "matches too late"
        } else {
            "does not match"
        };
        let mut grid = Grid { title: format!("{}: {mark}", rule.path), ..Grid::default() };
        grid.columns = ["condition", "holds", "wants", "saw"].map(String::from).to_vec();
        grid.rows = rule.conditions.iter().map(row).collect();
        answer.grids.push(grid);
    }
    let flips = flips(&case).map_err(stuck)?;
    answer.counts.insert("flips".into(), flips.len() as u64);
    answer.counts.insert("facts".into(), flips.first().map_or(0, |flip| flip.facts.len()) as u64);
    if flips.is_empty() {
        answer.items.push(Item::new("flip", Level::Note, "no one fact and no two facts turn it round"));
    }
    for (number, mut flip) in flips.into_iter().take(MOST).enumerate() {
        let title = format!("it would end {} by {} if {}", flip.told.outcome, flip.told.by, flip.facts.join(", and "));
        let mut item = Item::new("flip", Level::Note, title);
        let name = format!("{}-flip-{}", slug(select::word(&case).trim_end_matches(".toml")), number + 1);
        (flip.case.id, flip.case.file) = (format!("own/{name}"), format!("{name}.toml"));
        flip.case.teaches.clear();
        let handed = hands.case(flip.case)?;
        (item.outcome, item.scenario) = (handed.outcome, handed.scenario);
        answer.items.push(item);
    }
    if case.steps.iter().all(|step| !matches!(step.action, scenarios::Action::Change(_))) {
        let settings = settings(&case).map_err(stuck)?;
        answer.counts.insert("settings".into(), settings.len() as u64);
        for (change, told) in settings.into_iter().take(MOST) {
            let title = format!("it would end {} by {} with {}: {}", told.outcome, told.by, change.at, change.what);
            answer.items.push(Item::new("setting", Level::Note, title).place(&case.sources, &change.at));
        }
    }
    Ok(answer)
}

fn row(condition: &Condition) -> Vec<String> {
    let holds = match condition.holds {
        Some(true) => "yes",
        Some(false) => "no",
        None => "unknown",
    };
    vec![condition.name.into(), holds.into(), condition.wants.clone(), condition.saw.clone()]
}

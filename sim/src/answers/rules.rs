//! `fedsim rules`: how often each rule fires over all situations, which never do, and what keeps them from it.

use super::{Answer, Grid, Item, Level, counted, space, world};
use analysis::rules::{Dead, fates};

pub(crate) fn rules(what: &str) -> Result<Answer, String> {
    let scenario = world(what)?;
    let space = space(&scenario)?;
    let mut answer = Answer::new("rules", what);
    answer.about.push(counted(&space));
    let mut grid = Grid { columns: ["rule", "fires", "why never"].map(String::from).to_vec(), ..Grid::default() };
    for fate in fates(&space, &scenario.world) {
        let why = fate.dead.as_ref().map(told).unwrap_or_default();
        grid.rows.push(vec![fate.rule.path.clone(), fate.hits.to_string(), why.clone()]);
        answer.counts.insert(fate.rule.path.clone(), fate.hits);
        if let Some(dead) = &fate.dead {
            let id = match dead {
                Dead::Disabled => "disabled-rule",
                Dead::Conditions => "rule-that-nobody-meets",
                Dead::Blocked { .. } => "shadowed-rule",
                Dead::Unsettled => "dead-rule",
            };
            let title = format!("{} fires in none of {} situations", fate.rule.path, space.len());
            let mut item = Item::new(id, Level::Warning, title).place(&scenario.sources, &fate.rule.path);
            item.details.push(why);
            answer.items.push(item);
        }
    }
    answer.grids.push(grid);
    Ok(answer)
}

fn told(dead: &Dead) -> String {
    match dead {
        Dead::Disabled => "it is switched off".into(),
        Dead::Conditions => "even as the first rule: no situation meets its conditions".into(),
        Dead::Unsettled => "no irreducible set of rules above it was found to be the reason".into(),
        Dead::Blocked { by, differs } => {
            let names: Vec<&str> = by.iter().map(|rule| rule.path.as_str()).collect();
            let action = if *differs { "they act otherwise" } else { "they act alike, so nothing is lost" };
            format!("blocked by {}; without any one of them it fires; {action}", names.join(" and "))
        }
    }
}

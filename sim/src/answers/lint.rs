//! `fedsim lint`: documented traps of a world, each with a situation that goes wrong because of it.

use super::{Answer, Hands, Item, Level, counted, space, world};
use analysis::lint::{Ends, TRAPS, lint as found};

pub(crate) fn lint(what: &str, hands: &Hands) -> Result<Answer, String> {
    let scenario = world(what)?;
    let space = space(&scenario)?;
    let ends = Ends::of(&space);
    let mut answer = Answer::new("lint", what);
    answer.about.push(counted(&space));
    answer.about.push(format!("{} traps are known; one without a situation that shows it is not told", TRAPS.len()));
    for (number, found) in found(&space, &ends, &scenario.world).into_iter().enumerate() {
        let mut item = Item::new(found.trap.id, Level::Warning, found.trap.title).place(&scenario.sources, &found.at);
        if let Some(row) = scenarios::requirements().requirement(found.trap.requirement) {
            item.provenance = format!("{}, {}", row.id, row.provenance);
        }
        item.situation = space.sentence(&found.situation);
        let name = format!("{}-{}", found.trap.id, number + 1);
        let handed = hands.over(&space, &name, &item.situation, &found.situation, &found.before)?;
        item.details.push(format!(
            "with the cure it ends {} by {}",
            found.after.outcome,
            analysis::ask::by(&space, &found.situation, &found.after)
        ));
        (item.outcome, item.chain, item.scenario) = (handed.outcome, handed.chain, handed.scenario);
        item.cure = found.cure;
        *answer.counts.entry(found.trap.id.into()).or_default() += 1;
        answer.items.push(item);
    }
    Ok(answer)
}

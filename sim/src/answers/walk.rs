//! `fedsim walk`: the steps of a plan in order, what each persona experiences after each, and whether another order spares a
//! lock-out or a hole.

use super::{Answer, Grid, Hands, Item, Level};
use crate::select;
use analysis::space::Axis;
use analysis::stage::Stuck;
use analysis::walk::{Walk, walk as walked};
use federation::World;
use scenarios::{Action, Case};

/// Steps whose orders are all tried.
const MOST: usize = 5;

pub(crate) fn walk(name: &str, hands: &Hands) -> Result<Answer, String> {
    let (case, _) = select::one(name)?;
    let worlds = worlds(&case);
    if worlds.len() < 2 {
        return Err(format!(
            "`{name}` holds no step that changes settings\n  write `[[step]]` with `change = [{{ at, set }}]` for each step of the plan"
        ));
    }
    let stuck = |stuck: Stuck| match stuck {
        Stuck::Beyond(what) => format!("the plan has {what}, which the analysis leaves out"),
        Stuck::Impossible(why) => why,
    };
    let plan = walked(&worlds).map_err(stuck)?;
    let mut answer = Answer::new("walk", name);
    let steps = worlds.len() - 1;
    answer.about.push(format!("{steps} steps, {} personas with an app", plan.rows.len()));
    answer.counts.insert("troubles".into(), plan.troubles() as u64);
    let mut grid = Grid { columns: vec!["who and what".into(), "before".into()], ..Grid::default() };
    grid.columns.extend((1..=steps).map(|step| format!("after {step}")));
    for row in &plan.rows {
        let ends = row.ends.iter().map(|end| end.outcome.to_string());
        if row.ends.iter().any(|end| end.outcome != row.ends[0].outcome) {
            let words =
                [Axis::Who, Axis::App, Axis::Device, Axis::State].map(|axis| plan.space.word(&row.situation, axis));
            grid.rows.push([words.join(" ")].into_iter().chain(ends).collect());
        }
        for (list, id, what) in [(&row.locked_out, "lock-out", "is locked out"), (&row.let_in, "hole", "is let in")] {
            let Some(step) = list.first() else { continue };
            let sentence = plan.space.sentence(&row.situation);
            let mut item = Item::new(
                id,
                Level::Error,
                format!("after step {step} of {steps} somebody {what} who is not so at either end"),
            );
            item.situation = sentence.clone();
            let world = &plan.worlds[*step];
            let name = format!("walk-{id}-{}", answer.items.len() + 1);
            let handed = hands.over(world, &name, &sentence, &row.situation, &row.ends[*step])?;
            (item.outcome, item.chain, item.scenario) = (handed.outcome, handed.chain, handed.scenario);
            answer.items.push(item);
        }
    }
    if plan.troubles() > 0 {
        answer.about.push(better(&case, steps, &plan)?);
    }
    answer.grids.push(grid);
    Ok(answer)
}

/// The world before the first step, and after each.
fn worlds(case: &Case) -> Vec<World> {
    let later = case.steps.iter().filter_map(|step| match &step.action {
        Action::Change(change) => Some((*change.world).clone()),
        _ => None,
    });
    [case.world.clone()].into_iter().chain(later).collect()
}

/// Whether another order of the same steps has fewer troubles, in a sentence.
fn better(case: &Case, steps: usize, plan: &Walk) -> Result<String, String> {
    if steps > MOST {
        return Ok(format!("orders are tried for plans of up to {MOST} steps"));
    }
    let Ok(text) = std::fs::read_to_string(&case.file) else {
        return Ok("orders are tried for plans in files of one's own".into());
    };
    let blocks = blocks(&text);
    let mut best: Option<(usize, Vec<usize>)> = None;
    for order in orders(steps) {
        let told: String = order.iter().filter_map(|at| blocks.1.get(*at)).cloned().collect();
        let Ok(scenario) = scenarios::load_str(&case.file, &format!("{}{told}", blocks.0)) else { continue };
        let Some(reordered) = scenario.cases().into_iter().next() else { continue };
        let Ok(found) = walked(&worlds(&reordered)) else { continue };
        if best.as_ref().is_none_or(|(least, _)| found.troubles() < *least) {
            best = Some((found.troubles(), order));
        }
    }
    Ok(match best {
        Some((0, order)) => {
            format!("in the order {} nobody is locked out and nothing is open on the way", shown(&order))
        }
        Some((least, order)) if least < plan.troubles() => {
            format!("no order spares all of it; {} has {least} instead of {}", shown(&order), plan.troubles())
        }
        _ => "no other order of these steps has less of it".into(),
    })
}

fn shown(order: &[usize]) -> String {
    order.iter().map(|at| (at + 1).to_string()).collect::<Vec<_>>().join(", ")
}

/// What stands before the first `[[step]]`, and each step's own lines.
fn blocks(text: &str) -> (String, Vec<String>) {
    let (mut head, mut steps) = (String::new(), Vec::<String>::new());
    for line in text.lines() {
        if line.trim_start().starts_with("[[step]]") {
            steps.push(String::new());
        }
        let place = steps.last_mut().unwrap_or(&mut head);
        place.push_str(line);
        place.push('\n');
    }
    (head, steps)
}

/// Every order of so many steps.
fn orders(steps: usize) -> Vec<Vec<usize>> {
    if steps == 0 {
        return vec![Vec::new()];
    }
    let shorter = orders(steps - 1);
    let with = |order: &Vec<usize>, at: usize| {
        let mut longer = order.clone();
        longer.insert(at, steps - 1);
        longer
    };
    shorter.iter().flat_map(|order| (0..steps).map(move |at| with(order, at))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_order_once() {
        let all = orders(4);
        let mut unique = all.clone();
        unique.sort();
        unique.dedup();
        assert_eq!((all.len(), unique.len()), (24, 24));
    }
}

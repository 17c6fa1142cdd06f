//! `fedsim compare` and `fedsim diff`: the same people, devices and apps in several worlds.

use super::{Answer, Grid, Hands, Item, Level, counted, slug, space, world};
use analysis::diff::{Statement, diff as differ};
use analysis::sign_in::Scratch;
use analysis::space::{Axis, Situation, Space};
use analysis::stage::Stuck;
use federation::Finding;
use std::collections::BTreeSet;

fn stuck(stuck: Stuck) -> String {
    match stuck {
        Stuck::Beyond(what) => format!("one of the worlds has {what}, which the analysis leaves out"),
        Stuck::Impossible(why) => why,
    }
}

/// Personas without earlier sessions, who type what is right: their ends in each world, and the settings that carry them.
pub(crate) fn compare(what: &[String]) -> Result<Answer, String> {
    let scenarios = what.iter().map(|name| world(name)).collect::<Result<Vec<_>, _>>()?;
    let [first, others @ ..] = scenarios.as_slice() else { return Err("name two worlds or more".into()) };
    let mut answer = Answer::new("compare", &what.join(" "));
    let base = space(first)?;
    answer.about.push(counted(&base));
    let apps = |s: &scenarios::Scenario| s.world.apps.iter().map(|a| a.name.clone()).collect::<Vec<_>>();
    if let Some(odd) = others.iter().find(|s| apps(s) != apps(first)) {
        return Err(format!("`{}` and `{}` have other apps, and cannot be laid side by side", first.name, odd.name));
    }
    let mut spaces = vec![];
    for other in others {
        spaces.push(base.carried(&other.world).map_err(stuck)?.0);
    }
    let all: Vec<&Space> = [&base].into_iter().chain(&spaces).collect();
    let names: Vec<String> = scenarios.iter().map(|s| s.name.clone()).collect();
    let mut seen = BTreeSet::new();
    for app in 0..base.model.apps.len() {
        let mut grid = Grid { title: base.model.world.apps[app].name.clone(), ..Grid::default() };
        grid.columns =
            [vec!["who".into(), "device".into(), "state".into()], names.clone(), vec!["carried by".into()]].concat();
        for node in 0..base.nodes.len() {
            let s = Situation { node, app, network: 0, start: 0, password: 0, mfa: 0, uem: 0 };
            let fresh = base.pasts[usize::from(base.nodes[node].past)].app.is_none();
            let browser = base.kits[usize::from(base.nodes[node].kit)].client == federation::Client::Browser;
            if !fresh || !browser || !seen.insert((app, node)) {
                continue;
            }
            let mut row = vec![base.word(&s, Axis::Who), base.word(&s, Axis::Device), base.word(&s, Axis::State)];
            let mut carried = Vec::new();
            for space in &all {
                let (end, because) = decided(space, &s);
                row.push(end);
                carried.push(because);
            }
            row.push(carried.join(" | "));
            grid.rows.push(row);
        }
        answer.grids.push(grid);
    }
    Ok(answer)
}

/// A situation's end, and the last rule that carried it.
fn decided(space: &Space, s: &Situation) -> (String, String) {
    let mut why: Vec<Finding> = Vec::new();
    let end = space.decide(s, &mut analysis::leaves::Direct::default(), &mut why, &mut Scratch::default());
    let by = analysis::ask::by(space, s, &end);
    let rule = why.iter().rev().find(|f| f.rule.contains(".rules") || f.rule.contains("application_sources"));
    let place = if end.granted() { String::new() } else { format!(" @{by}") };
    let rule = rule.map(|f| f.rule.replace(".rules.", "/").replace("okta.apps.", "").replace("access.policies.", ""));
    (format!("{}{place}", end.outcome), rule.unwrap_or_default())
}

pub(crate) fn diff(old: &str, new: &str, all: bool, hands: &Hands) -> Result<Answer, String> {
    let (before, after) = (world(old)?, world(new)?);
    let found = differ(&before.world, &after.world, all).map_err(stuck)?;
    let mut answer = Answer::new("diff", &format!("{old} {new}"));
    answer.about.push(counted(&found.old));
    answer.about.push(format!(
        "{} of {} situations end otherwise, told in {} statements",
        found.changed,
        found.compared,
        found.statements.len()
    ));
    answer.counts.insert("compared".into(), found.compared);
    answer.counts.insert("changed".into(), found.changed);
    if !found.others.is_empty() {
        let others = found.others.iter().map(|((a, b), count)| format!("{a} → {b}: {count}"));
        let others = others.collect::<Vec<_>>().join(", ");
        answer.about.push(format!(
            "not told below, `--all` does: {others}, with earlier sessions, from the dashboard, without the right password or while UEM does not answer"
        ));
    }
    for (number, statement) in found.statements.iter().enumerate() {
        let mut item = Item::new("changed", Level::Note, told(statement));
        item.situation = found.old.sentence(&statement.example);
        // The example stands in the new world, and ends there as it is said.
        let name = format!("diff-{}-{}", number + 1, slug(&statement.after.to_string()));
        let handed = hands.over(&found.new, &name, &item.situation, &statement.example, &statement.ends.1)?;
        (item.outcome, item.chain, item.scenario) = (handed.outcome, Vec::new(), handed.scenario);
        answer.items.push(item);
    }
    Ok(answer)
}

/// `Android, not enrolled: denied → granted (3 apps)`.
fn told(statement: &Statement) -> String {
    let value = |(axis, values): &(Axis, Vec<String>)| {
        let shown = values.iter().take(4).cloned().collect::<Vec<_>>().join(" or ");
        let more = if values.len() > 4 { format!(" or {} more", values.len() - 4) } else { String::new() };
        format!("{}: {shown}{more}", axis_word(*axis))
    };
    let values: Vec<String> = statement.values.iter().map(value).collect();
    let who = if values.is_empty() { "everybody, always".into() } else { values.join("; ") };
    format!("{who}: {} → {} ({} situations)", statement.before, statement.after, statement.situations)
}

fn axis_word(axis: Axis) -> &'static str {
    match axis {
        Axis::Who => "who",
        Axis::Device => "device",
        Axis::State => "state",
        Axis::Past => "before",
        Axis::App => "app",
        Axis::Network => "from",
        Axis::Start => "start",
        Axis::Password => "password",
        Axis::Factor => "factor",
        Axis::Uem => "UEM",
    }
}

//! `fedsim explore`: random worlds near a given one, random situations of theirs, through the model and over the live wire, for as
//! long as is asked. A disagreement shrinks to the fewest changes and steps, and one scenario file.

use super::{Answer, Hands, Item, Level, world};
use crate::world::Options;
use analysis::change::changes;
use analysis::sign_in::Scratch;
use analysis::space::{Extent, Space};
use analysis::stage::{Told, play};
use federation::World;
use scenarios::{Case, Step};
use std::time::Duration;

/// Situations of each world.
const EACH: usize = 20;
/// Changes of settings at most.
const DEEP: usize = 6;

/// Numbers that look random and are the same for a seed.
struct Draw(u64);

impl Draw {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % (most.max(1) as u64)).unwrap_or_default()
    }
}

/// `10m`, `30s`, `2h`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let (number, unit) = text.split_at(text.trim_end_matches(char::is_alphabetic).len());
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        _ => return Err(format!("`{text}` is no duration; write 30s, 10m or 2h")),
    };
    let number: u64 = number.parse().map_err(|_| format!("`{text}` is no duration; write 30s, 10m or 2h"))?;
    Ok(Duration::from_secs(number * seconds))
}

pub(crate) fn explore(what: &[String], seed: u64, long: Duration, hands: &Hands) -> Result<Answer, String> {
    let named: Vec<String> = match what {
        [] => vec!["device-trust-mobile".into(), "routing-only".into()],
        some => some.to_vec(),
    };
    let worlds = named.iter().map(|name| Ok(world(name)?.world)).collect::<Result<Vec<World>, String>>()?;
    let mut draw = Draw(seed);
    let (mut seen, mut situations, mut disagreements) = (0_u64, 0_u64, 0_u64);
    let mut answer = Answer::new("explore", &named.join(" "));
    let watch = Watch::start();
    while watch.since() < long && disagreements < 5 {
        let mut world = worlds[draw.below(worlds.len())].clone();
        for _ in 0..draw.below(DEEP + 1) {
            let mut possible = changes(&world);
            if !possible.is_empty() {
                world = possible.swap_remove(draw.below(possible.len())).world;
            }
        }
        let Ok(space) = Space::of(&world, Extent::default()) else { continue };
        seen += 1;
        let (mut cache, mut scratch) = (space.cache(), Scratch::default());
        for _ in 0..EACH {
            let s = space.at(draw.below(space.len()));
            let end = space.decide(&s, &mut cache, &mut federation::Silent, &mut scratch);
            let case = space.case("explored", &space.sentence(&s), &s, &end);
            situations += 1;
            if crate::replay(&case, &Options::default()).met() {
                continue;
            }
            disagreements += 1;
            let small = shrunk(case);
            let name = format!("disagreement-{disagreements}");
            let mut item = Item::new("disagreement", Level::Error, "model and wire come to different ends");
            item.situation = space.sentence(&s);
            item.scenario = written(&small, &name, hands)?;
            item.details.push(differences(&small).unwrap_or_default());
            answer.items.push(item);
        }
    }
    answer.about.push(format!(
        "seed {seed}: {seen} worlds, {situations} situations, {disagreements} disagreements between model and wire"
    ));
    answer.counts.extend([
        ("worlds".into(), seen),
        ("situations".into(), situations),
        ("disagreements".into(), disagreements),
    ]);
    Ok(answer)
}

fn written(case: &Case, name: &str, hands: &Hands) -> Result<String, String> {
    hands.write(&Case { id: format!("own/{name}"), file: format!("{name}.toml"), ..case.clone() })
}

fn line(outcome: impl std::fmt::Display, by: &str, trusted: Option<federation::DeviceContext>) -> String {
    format!("{outcome} by {by}, device.trusted {}", trusted.map_or("none".into(), |d| d.to_string()))
}

/// How the last sign-in ends in the model and over the wire, where that differs.
fn differences(case: &Case) -> Option<String> {
    let told: Told = play(case).ok()?.pop()??;
    let result = crate::replay(case, &Options::default());
    let seen = result.last()?;
    let (model, wire) =
        (line(told.outcome, &told.by, told.device_trusted), line(seen.outcome, &seen.by, seen.device_trusted));
    (model != wire).then(|| format!("model: {model}; wire: {wire}"))
}

/// Without the steps and the rules that the disagreement does not need.
fn shrunk(case: Case) -> Case {
    let mut small = case;
    let mut at = 0;
    while at + 1 < small.steps.len() {
        let steps: Vec<Step> =
            small.steps.iter().enumerate().filter(|(i, _)| *i != at).map(|(_, s)| s.clone()).collect();
        let fewer = Case { steps, ..small.clone() };
        if differences(&fewer).is_some() { small = fewer } else { at += 1 }
    }
    loop {
        let simpler = changes(&small.world).into_iter().filter(|c| c.what == "remove it").find_map(|change| {
            let simpler = Case { world: change.world, ..small.clone() };
            differences(&simpler).map(|_| simpler)
        });
        match simpler {
            Some(simpler) => small = simpler,
            None => return small,
        }
    }
}

/// Real time: how long a search may go on is no part of any world.
struct Watch(std::time::Instant);

impl Watch {
    #[allow(clippy::disallowed_methods, reason = "a person asked for so many minutes of her own")]
    fn start() -> Watch {
        Watch(std::time::Instant::now())
    }
    fn since(&self) -> Duration {
        self.0.elapsed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        assert_eq!(duration("10m"), Ok(Duration::from_secs(600)));
        assert_eq!(duration("30s"), Ok(Duration::from_secs(30)));
        for wrong in ["10", "m", "", "ten m"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }
}

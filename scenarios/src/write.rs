//! Writes a case as a complete scenario file: its world without a baseline, its steps, and what they expect.
//!
//! For whoever finds a case by search and hands it on: a failing property, an analysis. What was written is read back
//! before it is given away, so a file never means something else than the case it was made from.

use crate::action::{Action, BreakHow};
use crate::expect::Expect;
use crate::load_str;
use crate::model::{Case, Step};
use crate::provisioning::Provisioning;
use federation::World;
use serde::Serialize;
use toml::{Table, Value};

/// The file's text; or why there is none. Comments, baselines and changes are not restored: the world stands as it is.
pub fn write(case: &Case) -> Result<String, String> {
    let text = text(case).map_err(|e| e.to_string())?;
    let complaint = |diagnostics: Vec<crate::Diagnostic>| {
        diagnostics.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    let read = load_str(&case.file, &text).map_err(complaint)?;
    if read.world != case.world {
        return Err("the world does not come back as it was".into());
    }
    let same = |a: &Step, b: &Step| a.expect == b.expect && meaning(&a.action) == meaning(&b.action);
    if read.steps.len() != case.steps.len() || !read.steps.iter().zip(&case.steps).all(|(a, b)| same(a, b)) {
        return Err("the steps do not come back as they were".into());
    }
    Ok(text)
}

/// An action without the words in which its change was written.
fn meaning(action: &Action) -> Result<&Action, &World> {
    match action {
        Action::Change(change) => Err(&change.world),
        other => Ok(other),
    }
}

fn text(case: &Case) -> Result<String, toml::ser::Error> {
    let mut file = Table::new();
    file.insert("name".into(), last_part(&case.id).into());
    file.insert("teaches".into(), case.teaches.clone().into());
    file.insert("story".into(), case.story.trim().into());
    file.extend(table(&case.world)?);
    let steps = case.steps.iter().map(step).collect::<Result<Vec<_>, _>>()?;
    file.insert("step".into(), Value::Array(steps.into_iter().map(Value::Table).collect()));
    toml::to_string(&file)
}

fn table(value: &impl Serialize) -> Result<Table, toml::ser::Error> {
    Table::try_from(value)
}

fn step(step: &Step) -> Result<Table, toml::ser::Error> {
    let mut written = match &step.action {
        Action::Sweep => empty("sweep"),
        Action::Change(change) => {
            let set = |(at, set): (String, Value)| {
                Value::Table(Table::from_iter([("at".to_string(), at.into()), ("set".to_string(), set)]))
            };
            let tenants =
                table(&*change.world)?.into_iter().filter(|(at, _)| ["okta", "access", "uem"].contains(&&at[..]));
            Table::from_iter([("change".to_string(), Value::Array(tenants.map(set).collect()))])
        }
        Action::Provision(provision) => match provision.step {
            Provisioning::TestCredentials => empty("test_credentials"),
            Provisioning::RetryAllGroups => empty("retry_all_groups"),
            Provisioning::RetryTasks => empty("retry_tasks"),
            _ => table(&provision.step)?,
        },
        action => table(action)?,
    };
    if let (Action::Break(breakage), Some(Value::Table(keys))) = (&step.action, written.get_mut("break")) {
        // What belongs to one way of breaking is no key of another.
        keys.retain(|key, _| match key {
            "delay_ms" => breakage.how == BreakHow::Slow,
            "seconds" => matches!(breakage.how, BreakHow::ClockSkew | BreakHow::TooManyRequests),
            _ => true,
        });
    }
    if step.expect != Expect::default() {
        written.insert("expect".into(), Value::Table(table(&step.expect)?));
    }
    Ok(written)
}

/// A step without a word beside its name.
fn empty(key: &str) -> Table {
    Table::from_iter([(key.to_string(), Value::Table(Table::new()))])
}

fn last_part(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every case of the catalogue, changes and tries with it, comes back with the meaning that it had.
    #[test]
    fn what_is_written_is_read_as_it_was() {
        let (mut written, mut refused) = (0, Vec::new());
        for (file, text) in crate::catalogue() {
            for case in load_str(file, text).expect("the catalogue reads").cases() {
                match write(&case) {
                    Ok(_) => written += 1,
                    Err(why) => refused.push(format!("{}: {why}", case.id)),
                }
            }
        }
        assert!(written > 50, "{written} written");
        assert!(refused.is_empty(), "{}", refused.join("\n"));
    }
}

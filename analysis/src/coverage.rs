//! What a set of cases exercises: which rules fired, which of their conditions were seen to hold and not to hold, which outcomes came.

use crate::model::Model;
use crate::rules::rules;
use crate::stage::{Stage, Stuck};
use crate::why::{Recorder, judged};
use federation::Outcome;
use scenarios::{Action, Case, Location};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Every outcome that there is.
pub const OUTCOMES: [Outcome; 13] = [
    Outcome::Granted,
    Outcome::GrantedAfterMfa,
    Outcome::MfaFailed,
    Outcome::EnrolmentPage,
    Outcome::Denied,
    Outcome::AccessDenied,
    Outcome::SignInRequired,
    Outcome::SignInFailed,
    Outcome::OktaError,
    Outcome::NotAssigned,
    Outcome::Loop,
    Outcome::AppRejected,
    Outcome::Unreachable,
];

/// A rule as the cases met it.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    pub fired: u64,
    /// By name: how often a condition held, and how often not.
    pub conditions: BTreeMap<&'static str, (u64, u64)>,
    pub place: Option<Location>,
}

#[derive(Debug, Default)]
pub struct Coverage {
    /// By place and path, as two files may each have a rule of a name.
    pub rules: BTreeMap<(String, String), Seen>,
    pub outcomes: BTreeMap<Outcome, u64>,
    pub cases: u64,
    /// Cases that the model leaves out.
    pub beyond: u64,
}

impl Coverage {
    pub fn add(&mut self, case: &Case) {
        self.cases += 1;
        if self.play(case).is_err() {
            self.beyond += 1;
        }
    }

    fn key(case: &Case, path: &str) -> (String, String) {
        let place = case.sources.locate(path).map(|l| l.file.to_string()).unwrap_or_default();
        (place, path.into())
    }

    fn play(&mut self, case: &Case) -> Result<(), Stuck> {
        let mut stage = Stage::start(Arc::new(Model::new(Arc::new(case.world.clone()))))?;
        for rule in rules(&case.world) {
            let seen = self.rules.entry(Coverage::key(case, &rule.path)).or_default();
            seen.place = case.sources.locate(&rule.path);
        }
        for step in &case.steps {
            let Action::SignIn(sign_in) = &step.action else {
                stage.step(step)?;
                continue;
            };
            let mut asked = Recorder { direct: stage.direct(), ..Recorder::default() };
            let (told, _) = stage.asked(sign_in, &mut asked)?;
            *self.outcomes.entry(told.outcome).or_default() += 1;
            for rule in judged(&stage.model, &asked) {
                let seen = self.rules.entry(Coverage::key(case, &rule.path)).or_default();
                seen.fired += u64::from(rule.decided);
                for condition in &rule.conditions {
                    let (held, not) = seen.conditions.entry(condition.name).or_default();
                    match condition.holds {
                        Some(true) => *held += 1,
                        Some(false) => *not += 1,
                        None => {}
                    }
                }
            }
        }
        Ok(())
    }

    /// Rules that fired, conditions that were seen both ways, and outcomes that came: of how many.
    pub fn parts(&self) -> [(&'static str, usize, usize); 3] {
        let fired = self.rules.values().filter(|seen| seen.fired > 0).count();
        let conditions = || self.rules.values().flat_map(|seen| seen.conditions.values());
        let both = conditions().filter(|(held, not)| *held > 0 && *not > 0).count();
        [
            ("rules", fired, self.rules.len()),
            ("conditions", both, conditions().count()),
            ("outcomes", self.outcomes.len(), OUTCOMES.len()),
        ]
    }

    /// Rules by line, as editors read it.
    pub fn lcov(&self) -> String {
        let mut files: BTreeMap<&str, BTreeSet<(usize, u64)>> = BTreeMap::new();
        for ((file, _), seen) in &self.rules {
            if let Some(place) = &seen.place {
                files.entry(file).or_default().insert((place.line, seen.fired));
            }
        }
        let mut out = String::new();
        for (file, lines) in files {
            out.push_str(&format!("TN:fedsim\nSF:{file}\n"));
            lines.iter().for_each(|(line, times)| out.push_str(&format!("DA:{line},{times}\n")));
            let hit = lines.iter().filter(|(_, times)| *times > 0).count();
            out.push_str(&format!("LF:{}\nLH:{hit}\nend_of_record\n", lines.len()));
        }
        out
    }
}

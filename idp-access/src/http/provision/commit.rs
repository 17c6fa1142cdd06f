//! One transaction: decide under the lock, change, render from the state as it then is, tell transcript and audit.

use crate::decide::scim::Rules;
use crate::decide::scim::fault::Fault;
use crate::http::Ctx;
use crate::people::{Change, People};
use federation::{Decision, Finding};
use std::sync::PoisonError;

/// What the audit should say of it.
#[derive(Debug, Clone, Copy)]
pub struct Audit<'a> {
    pub actor: &'a str,
    /// `CREATE`, `UPDATE`, `DELETE`.
    pub action: &'static str,
    /// `User`, `Group`, `Directory`, `OAuth2Client`.
    pub object: &'static str,
}

impl Ctx<'_> {
    pub fn rules<'p>(&'p self, people: &'p People, newer: bool) -> Rules<'p> {
        Rules { settings: &self.settings, people, now: self.now(), newer }
    }

    /// Decides and does it. Nobody else sees or changes people in between, so what is unique stays so.
    pub fn commit<R, O>(
        &self,
        newer: bool,
        audit: Audit<'_>,
        decide: impl FnOnce(&Rules<'_>, &mut Vec<Finding>) -> Result<(R, Vec<Change>), Fault>,
        render: impl FnOnce(&People, &R) -> (String, O),
    ) -> Result<O, Fault> {
        let mut people = self.access.people.write().unwrap_or_else(PoisonError::into_inner);
        let decision = Decision::of(|why| decide(&self.rules(&people, newer), why));
        let mut made = Vec::new();
        let done = match decision.verdict {
            Ok((record, changes)) => {
                people.apply(&changes);
                made = changes;
                Ok(render(&people, &record))
            }
            Err(fault) => Err(fault),
        };
        drop(people);
        self.access.enqueue(&made, self.now());
        let (verb, thing) = (audit.action.to_lowercase(), audit.object.to_lowercase());
        let verdict = match &done {
            Ok(_) => format!("{verb} {thing}"),
            Err(fault) => format!("refuse to {verb} {thing}: {fault}"),
        };
        self.told(verdict, Decision { verdict: (), because: decision.because });
        match done {
            Ok((name, out)) => {
                self.log(audit.action, "SUCCESS", audit.actor, &format!("{} {name}", audit.object), "");
                Ok(out)
            }
            Err(fault) => {
                self.log(audit.action, "FAILURE", audit.actor, audit.object, &fault.to_string());
                Err(fault)
            }
        }
    }
}

//! One transaction: decide under the lock, change, render from the state as it then is, tell transcript and audit.

use crate::decide::scim::Rules;
use crate::decide::scim::fault::Fault;
use crate::http::{Ctx, log_line};
use crate::memory::{self, Kept};
use crate::people::{Change, People};
use federation::{Decision, EventKind, Finding};
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
        let done = match decision.verdict {
            Ok((record, changes)) => {
                people.apply(&changes);
                let (name, out) = render(&people, &record);
                let line = log_line(audit.action, "SUCCESS", audit.actor, &format!("{} {name}", audit.object), "");
                self.changed(&changes, std::slice::from_ref(&line));
                Ok((line, out))
            }
            Err(fault) => Err(fault),
        };
        drop(people);
        let (verb, thing) = (audit.action.to_lowercase(), audit.object.to_lowercase());
        let verdict = match &done {
            Ok(_) => format!("{verb} {thing}"),
            Err(fault) => format!("refuse to {verb} {thing}: {fault}"),
        };
        self.told(verdict, Decision { verdict: (), because: decision.because });
        match done {
            Ok((line, out)) => {
                self.outside.note(line);
                Ok(out)
            }
            Err(fault) => {
                self.log(audit.action, "FAILURE", audit.actor, audit.object, &fault.to_string());
                Err(fault)
            }
        }
    }

    /// What becomes of a change of people that was made: it is kept, with its line of the audit, and UEM hears of it. To be
    /// called under the lock of people.
    pub fn changed(&self, changes: &[Change], audit: &[EventKind]) {
        let at = self.now();
        memory::commit(self.outside, audit, &|| Kept::People { changes: changes.to_vec(), at });
        self.access.enqueue(changes, at);
    }
}

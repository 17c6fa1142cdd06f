//! What a tenant takes with it over a restart: sessions, everybody it knows, and whom UEM has still to hear of. A sign-in
//! under way begins anew, and so does an administrator's session.

use crate::Access;
use crate::people::queue::Queue;
use crate::people::{Change, People, seed};
use crate::state::Session;
use federation::{EventKind, Outside, Time, tenant};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::PoisonError;

#[derive(Serialize, Deserialize)]
struct Memory {
    /// What the tenant was configured with then: what has changed since is a change of its settings.
    settings: tenant::Access,
    people: Vec<Change>,
    queue: Queue,
    sessions: BTreeMap<String, Session>,
}

impl Access {
    /// For [`Access::recall`].
    pub fn remember(&self) -> Value {
        let people = self.people.read().unwrap_or_else(PoisonError::into_inner).as_changes();
        let memory = Memory {
            settings: (*self.settings()).clone(),
            people,
            queue: self.queue().clone(),
            sessions: self.state.sessions(),
        };
        serde_json::to_value(memory).unwrap_or_default()
    }

    /// Goes on from what was remembered, does again what was committed since, and follows what the settings say anew.
    ///
    /// # Errors
    /// What is no memory of a tenant.
    pub fn recall(&self, memory: Option<Value>, committed: &[&[u8]], now: Time) -> Result<(), String> {
        let memory = memory.map(serde_json::from_value::<Memory>).transpose().map_err(|e| e.to_string())?;
        let before = memory.as_ref().map(|memory| memory.settings.clone());
        if let Some(memory) = memory {
            let mut people = People::default();
            people.apply(&memory.people);
            *self.people.write().unwrap_or_else(PoisonError::into_inner) = people;
            *self.queue() = memory.queue;
            self.state.recall(memory.sessions);
        }
        for change in committed {
            self.again(serde_json::from_slice(change).map_err(|e| e.to_string())?);
        }
        if let Some(before) = before {
            let changes = seed::changes(Some(&before), &self.settings(), now);
            self.people.write().unwrap_or_else(PoisonError::into_inner).apply(&changes);
            self.enqueue(&changes, now);
        }
        Ok(())
    }

    fn again(&self, kept: Kept) {
        match kept {
            Kept::People { changes, at } => {
                self.people.write().unwrap_or_else(PoisonError::into_inner).apply(&changes);
                self.enqueue(&changes, at);
            }
            Kept::AtUem { id, group, at_uem } => self.queue().know(&id, group, at_uem),
            Kept::Session { id, session: Some(session) } => self.state.start_session(id, session, None, || ()),
            Kept::Session { id, session: None } => drop(self.state.end_session(&id, || ())),
        }
    }
}

/// One commit, as it is read back.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kept {
    /// People, groups, directories and clients; indexes and UEM's queue follow from them.
    People { changes: Vec<Change>, at: Time },
    /// What somebody, or a group, is called at UEM.
    AtUem { id: String, group: bool, at_uem: Option<u64> },
    /// A session that began, or ended.
    Session { id: String, session: Option<Session> },
}

/// Hands on what has changed, under the lock of what has.
pub fn commit(outside: &dyn Outside, audit: &[EventKind], kept: &dyn Fn() -> Kept) {
    outside.commit(&|| federation::Change {
        bytes: serde_json::to_vec(&kept()).unwrap_or_default(),
        audit: audit.to_vec(),
    });
}

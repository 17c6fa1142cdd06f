//! What a tenant takes with it over a restart: sessions, everybody it knows, and whom UEM has still to hear of. A sign-in
//! under way begins anew, and so does an administrator's session.

use crate::Access;
use crate::people::queue::Queue;
use crate::people::{Change, People, seed};
use crate::state::Session;
use federation::{Time, tenant};
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

    /// Goes on from what was remembered, and follows what the settings say anew.
    ///
    /// # Errors
    /// What is no memory of a tenant.
    pub fn recall(&self, memory: Value, now: Time) -> Result<(), String> {
        let memory: Memory = serde_json::from_value(memory).map_err(|e| e.to_string())?;
        let changes = seed::changes(Some(&memory.settings), &self.settings(), now);
        let mut people = People::default();
        people.apply(&memory.people);
        people.apply(&changes);
        *self.people.write().unwrap_or_else(PoisonError::into_inner) = people;
        *self.queue() = memory.queue;
        self.enqueue(&changes, now);
        self.state.recall(memory.sessions);
        Ok(())
    }
}

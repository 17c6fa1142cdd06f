//! What an org takes with it over a restart: sessions, people made or changed just in time, who is locked out, and whom its
//! app has provisioned. A sign-in under way begins anew.

use crate::Okta;
use crate::ledger::Ledger;
use crate::state::{Session, State};
use federation::tenant::okta::User;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

#[derive(Serialize, Deserialize)]
struct Memory {
    sessions: BTreeMap<String, Session>,
    made: Vec<User>,
    changed: BTreeMap<String, User>,
    wrong_passwords: BTreeMap<String, u8>,
    ledger: Ledger,
}

impl Okta {
    /// For [`Okta::recall`].
    pub fn remember(&self) -> Value {
        let state = self.state();
        let memory = Memory {
            sessions: state.sessions.clone(),
            made: state.made.clone(),
            changed: state.changed.clone(),
            wrong_passwords: state.wrong_passwords.clone(),
            ledger: self.ledger().clone(),
        };
        drop(state);
        serde_json::to_value(memory).unwrap_or_default()
    }

    /// Goes on from what was remembered.
    ///
    /// # Errors
    /// What is no memory of an org.
    pub fn recall(&self, memory: Value) -> Result<(), String> {
        let memory: Memory = serde_json::from_value(memory).map_err(|e| e.to_string())?;
        let Memory { sessions, made, changed, wrong_passwords, ledger } = memory;
        *self.ledger() = ledger;
        *self.state() = State { sessions, made, changed, wrong_passwords, ..State::default() };
        Ok(())
    }
}

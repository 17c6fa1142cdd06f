//! What an org takes with it over a restart: sessions, people made or changed just in time, who is locked out, and whom its
//! app has provisioned. A sign-in under way begins anew.

use crate::Okta;
use crate::ledger::Ledger;
use crate::state::{Session, State};
use federation::tenant::okta::User;
use federation::{Change, EventKind, Outside};
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

    /// Goes on from what was remembered, and does again what was committed since.
    ///
    /// # Errors
    /// What is no memory of an org.
    pub fn recall(&self, memory: Option<Value>, committed: &[&[u8]]) -> Result<(), String> {
        if let Some(memory) = memory {
            let memory: Memory = serde_json::from_value(memory).map_err(|e| e.to_string())?;
            let Memory { sessions, made, changed, wrong_passwords, ledger } = memory;
            *self.ledger() = ledger;
            *self.state() = State { sessions, made, changed, wrong_passwords, ..State::default() };
        }
        let mut state = self.state();
        for kept in committed {
            match serde_json::from_slice(kept).map_err(|e| e.to_string())? {
                Kept::Session { id, session: Some(session) } => state.start(id, session),
                Kept::Session { id, session: None } => drop(state.sessions.remove(&id)),
                Kept::Account(user) => state.keep_account(*user),
                Kept::WrongPasswords { user, count } => state.count_wrong(&user, count),
            }
        }
        Ok(())
    }
}

/// One commit, as it is read back. What Okta's app has provisioned is not among them: whatever it did after the last
/// snapshot it finds at the target when it does it again.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kept {
    /// A session that began or was used, or ended.
    Session {
        id: String,
        session: Option<Session>,
    },
    /// Somebody made or changed by a sign-in.
    Account(Box<User>),
    WrongPasswords {
        user: String,
        count: u8,
    },
}

/// Hands on what has changed, with the line of the log that tells of it.
pub fn commit(outside: &dyn Outside, audit: &[EventKind], kept: &Kept) {
    outside.commit(&|| Change { bytes: serde_json::to_vec(kept).unwrap_or_default(), audit: audit.to_vec() });
}

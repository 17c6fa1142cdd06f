//! Sessions and transactions: plain maps behind a short lock that is never held across an await. Bounded; transactions live ten minutes.

use crate::decide::session::Limits;
use federation::tenant::okta::User;
use federation::{DeviceContext, Time};
use std::collections::BTreeMap;
use std::time::Duration;

pub const TRANSACTION: Duration = Duration::from_secs(600);
const MOST: usize = 10_000;

#[derive(Debug, Clone)]
pub struct Session {
    pub user: String,
    pub created: Time,
    pub last_used: Time,
    pub authenticated_at: Time,
    pub limits: Limits,
    pub factor: bool,
    /// Kept under the assumption `per-session` only.
    pub trust: DeviceContext,
}

#[derive(Debug, Clone)]
pub struct Pending {
    pub request: String,
    pub idp: String,
}

#[derive(Debug, Clone)]
pub struct Transaction {
    pub id: String,
    pub created: Time,
    pub app: String,
    pub request: Option<String>,
    pub relay_state: Option<String>,
    pub login: Option<String>,
    /// Name of the user who authenticated in this transaction and has no session yet.
    pub fresh: Option<String>,
    /// The live session does not count here.
    pub ignore_session: bool,
    pub trust: DeviceContext,
    pub local_only: bool,
    pub factor: bool,
    pub failures: u8,
    pub pending: Option<Pending>,
}

#[derive(Debug, Default)]
pub struct State {
    pub sessions: BTreeMap<String, Session>,
    pub transactions: BTreeMap<String, Transaction>,
    /// People made by JIT.
    pub made: Vec<User>,
}

impl State {
    pub fn transaction(&self, id: &str, now: Time) -> Option<Transaction> {
        self.transactions.get(id).filter(|t| now.since(t.created) < TRANSACTION).cloned()
    }
    pub fn keep(&mut self, transaction: Transaction, now: Time) {
        self.transactions.retain(|_, t| now.since(t.created) < TRANSACTION);
        if self.transactions.len() >= MOST {
            self.transactions.pop_first();
        }
        self.transactions.insert(transaction.id.clone(), transaction);
    }
    pub fn start(&mut self, id: String, session: Session) {
        if self.sessions.len() >= MOST {
            self.sessions.pop_first();
        }
        self.sessions.insert(id, session);
    }
}

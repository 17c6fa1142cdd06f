//! Sessions and transactions: plain maps behind a short lock that is never held across an await. Bounded; transactions live ten minutes.
//! A browser has any number of transactions at once: tabs, and sign-ins nested in one another.

use crate::decide::matching::MADE;
use crate::decide::session::Limits;
use federation::aging::Aging;
use federation::tenant::okta::User;
use federation::{DeviceContext, Time};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

pub const TRANSACTION: Duration = Duration::from_secs(600);
const MOST: usize = 10_000;

#[derive(Debug, Clone, Serialize, Deserialize)]
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
    /// Of the browser that started it: its cookie `tx`.
    pub browser: String,
    /// When it last moved on.
    pub moved: Time,
    pub app: String,
    pub request: Option<String>,
    pub relay_state: Option<String>,
    pub login: Option<String>,
    /// The form has just come back without a name.
    pub empty: bool,
    /// Name of the user who authenticated in this transaction and has no session yet.
    pub fresh: Option<String>,
    /// The live session does not count here.
    pub ignore_session: bool,
    /// Nobody may be bothered: what needs more than the live session ends with a status.
    pub passive: bool,
    pub trust: DeviceContext,
    pub local_only: bool,
    /// Name of the user who gave a second factor in this transaction; it counts for nobody else.
    pub factor: Option<String>,
    /// Wrong codes. Wrong passwords are counted per user.
    pub failures: u8,
    pub pending: Option<Pending>,
}

#[derive(Debug)]
pub struct State {
    pub sessions: BTreeMap<String, Session>,
    pub transactions: Aging<Transaction>,
    /// People made by JIT.
    pub made: Vec<User>,
    /// Configured people whom a sign-in has changed, as they are now, by name.
    pub changed: BTreeMap<String, User>,
    /// Wrong passwords in a row, by name of the user.
    pub wrong_passwords: BTreeMap<String, u8>,
}

impl Default for State {
    fn default() -> State {
        State {
            sessions: BTreeMap::new(),
            transactions: Aging::new(TRANSACTION, MOST),
            made: Vec::new(),
            changed: BTreeMap::new(),
            wrong_passwords: BTreeMap::new(),
        }
    }
}

impl State {
    /// Everybody as they are now: configured people, then those made by JIT.
    pub fn people<'a>(&'a self, configured: &'a [User]) -> impl Iterator<Item = &'a User> {
        configured.iter().map(|user| self.changed.get(&user.name).unwrap_or(user)).chain(&self.made)
    }
    /// So many wrong passwords in a row now.
    pub fn count_wrong(&mut self, user: &str, count: u8) {
        match count {
            0 => drop(self.wrong_passwords.remove(user)),
            _ => drop(self.wrong_passwords.insert(user.into(), count)),
        }
    }
    /// The account of a name from now on.
    pub fn keep_account(&mut self, user: User) {
        if !user.name.starts_with(MADE) {
            self.changed.insert(user.name.clone(), user);
        } else if let Some(known) = self.made.iter_mut().find(|made| made.name == user.name) {
            *known = user;
        } else {
            self.made.push(user);
        }
    }
    /// The transactions that a browser has open.
    pub fn open(&self, browser: &str, now: Time) -> impl Iterator<Item = &Transaction> {
        self.transactions.values().filter(move |t| t.browser == browser && now.since(t.moved) < TRANSACTION)
    }
    pub fn keep(&mut self, mut transaction: Transaction, now: Time) {
        self.transactions.forget(now);
        transaction.moved = now;
        self.transactions.insert(&transaction.id.clone(), now, transaction);
    }
    pub fn start(&mut self, id: String, session: Session) {
        if self.sessions.len() >= MOST {
            let stalest = self.sessions.iter().min_by_key(|(_, s)| s.last_used).map(|(id, _)| id.clone());
            stalest.and_then(|id| self.sessions.remove(&id));
        }
        self.sessions.insert(id, session);
    }
}

//! Sessions and transactions, behind a short lock that is never held across an await.

use crate::decide::chain::SESSION_LIFE;
use crate::decide::device_types::{DeviceTypes, Os};
use crate::decide::person::PersonKey;
use federation::Time;
use federation::aging::Aging;
use federation::tenant::access::AuthMethod;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

pub const TRANSACTION_LIFE: Duration = Duration::from_secs(600);
const MOST: usize = 10_000;

/// A browser that somebody has signed in with.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Session {
    pub started: Time,
    pub person: PersonKey,
    /// When each method was last satisfied.
    pub satisfied: BTreeMap<AuthMethod, Time>,
    pub udid: Option<String>,
}

/// Why the last method failed, as a person may read it.
#[derive(Debug, Clone)]
pub struct Trouble {
    pub method: AuthMethod,
    pub text: String,
}

/// What the certificate host found. It counts once the browser that owns the transaction brings the ticket.
#[derive(Debug, Clone)]
pub struct Shown {
    pub ticket: String,
    pub result: Result<(PersonKey, Option<String>), String>,
}

/// A sign-in under way.
#[derive(Debug, Clone)]
pub struct Transaction {
    pub id: String,
    pub started: Time,
    pub source: String,
    pub policy: String,
    pub rule: String,
    pub request_id: String,
    pub sp_entity: String,
    pub acs_url: String,
    pub relay_state: Option<String>,
    pub passive: bool,
    /// The NameID that was asked for.
    pub name_id_format: Option<String>,
    /// ForceAuthn asked for and honoured.
    pub force_authn: bool,
    /// The posture context that was requested.
    pub context: Option<String>,
    pub os: Os,
    pub device_types: DeviceTypes,
    pub asked: Option<AuthMethod>,
    pub passed: Vec<AuthMethod>,
    pub failed: Vec<AuthMethod>,
    pub wrong_passwords: u32,
    pub person: Option<PersonKey>,
    /// The chain that asks holds a method that has passed already.
    pub bound: bool,
    pub udid: Option<String>,
    pub trouble: Option<Trouble>,
    pub shown: Option<Shown>,
    /// Id of the request to Okta that is under way.
    pub okta_request: Option<String>,
}

impl Transaction {
    pub fn pass(&mut self, method: AuthMethod) {
        self.passed.push(method);
    }
    pub fn fail(&mut self, method: AuthMethod, text: impl Into<String>) {
        self.failed.push(method);
        self.trouble = Some(Trouble { method, text: text.into() });
    }
}

#[derive(Debug)]
struct Maps {
    sessions: BTreeMap<String, Session>,
    transactions: Aging<Transaction>,
}

impl Default for Maps {
    fn default() -> Maps {
        Maps { sessions: BTreeMap::new(), transactions: Aging::new(TRANSACTION_LIFE, MOST) }
    }
}

#[derive(Debug, Default)]
pub struct State(Mutex<Maps>);

fn bound<T>(map: &mut BTreeMap<String, T>, oldest: impl Fn(&T) -> Time) {
    if map.len() < MOST {
        return;
    }
    if let Some(key) = map.iter().min_by_key(|(_, v)| oldest(v)).map(|(k, _)| k.clone()) {
        map.remove(&key);
    }
}

impl State {
    fn maps(&self) -> MutexGuard<'_, Maps> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn session(&self, id: &str, now: Time) -> Option<Session> {
        let mut maps = self.maps();
        maps.sessions.retain(|_, s| now.since(s.started) < SESSION_LIFE);
        maps.sessions.get(id).cloned()
    }

    /// Puts a session under a new id and forgets the old one.
    /// `kept` is called under the lock.
    pub fn start_session(&self, id: String, session: Session, old: Option<&str>, kept: impl FnOnce()) {
        let mut maps = self.maps();
        if let Some(old) = old {
            maps.sessions.remove(old);
        }
        bound(&mut maps.sessions, |s| s.started);
        maps.sessions.insert(id, session);
        kept();
    }

    pub fn sessions(&self) -> BTreeMap<String, Session> {
        self.maps().sessions.clone()
    }

    /// Takes over the sessions of an earlier run.
    pub fn recall(&self, sessions: BTreeMap<String, Session>) {
        self.maps().sessions = sessions;
    }

    /// Forgets a session; says whose it was. `kept` is called under the lock.
    pub fn end_session(&self, id: &str, kept: impl FnOnce()) -> Option<Session> {
        let mut maps = self.maps();
        let ended = maps.sessions.remove(id)?;
        kept();
        Some(ended)
    }

    pub fn put(&self, transaction: Transaction) {
        let mut maps = self.maps();
        maps.transactions.insert(&transaction.id.clone(), transaction.started, transaction);
    }

    /// Takes a live transaction out; whoever takes it puts it back or ends it.
    pub fn take(&self, id: &str, now: Time) -> Option<Transaction> {
        let mut maps = self.maps();
        maps.transactions.forget(now);
        maps.transactions.remove(id)
    }
}

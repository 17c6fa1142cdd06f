//! What a tenant takes with it over a restart: everything behind its lock but the settings.

use crate::engine::State;
use crate::groups::UserGroup;
use crate::inventory::{DeviceRecord, Journal};
use crate::users::Account;
use crate::{PoisonError, Uem, groups, users};
use federation::{Change, EventKind, Outside, Time};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Serialize, Deserialize)]
struct Memory {
    accounts: BTreeMap<u64, Account>,
    accounts_made: u64,
    groups: BTreeMap<u64, UserGroup>,
    groups_made: u64,
    devices: BTreeMap<String, DeviceRecord>,
    next_sweep: Time,
    next_crl: Time,
    last_crl: Time,
    crl: Vec<u8>,
    crl_number: u64,
}

impl Uem {
    /// Devices, people, certificates and the revocation list, for [`Uem::recall`].
    pub fn remember(&self) -> Value {
        let memory = self.read(|state| Memory {
            accounts: state.accounts.clone(),
            accounts_made: state.accounts_made,
            groups: state.groups.clone(),
            groups_made: state.groups_made,
            devices: state.devices.clone(),
            next_sweep: state.next_sweep,
            next_crl: state.next_crl,
            last_crl: state.last_crl,
            crl: state.crl.clone(),
            crl_number: state.crl_number,
        });
        serde_json::to_value(memory).unwrap_or_default()
    }

    /// Goes on from what was remembered and does again what was committed since; what has become due meanwhile is due now.
    ///
    /// # Errors
    /// What is no memory of a tenant.
    pub fn recall(&self, memory: Option<Value>, committed: &[&[u8]]) -> Result<(), String> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(memory) = memory {
            let memory: Memory = serde_json::from_value(memory).map_err(|e| e.to_string())?;
            *state = State {
                accounts: memory.accounts,
                accounts_made: memory.accounts_made,
                groups: memory.groups,
                groups_made: memory.groups_made,
                devices: memory.devices,
                next_sweep: memory.next_sweep,
                next_crl: memory.next_crl,
                last_crl: memory.last_crl,
                crl: memory.crl,
                crl_number: memory.crl_number,
                // Who has just signed in to enrol signs in again.
                enrolments: state.enrolments.fresh(),
                settings: state.settings.clone(),
                touched: BTreeSet::new(),
            };
        }
        for changes in committed {
            let changes: Vec<Kept> = serde_json::from_slice(changes).map_err(|e| e.to_string())?;
            changes.into_iter().for_each(|change| again(&mut state, change));
        }
        Ok(())
    }
}

/// What has changed, by its key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Touched {
    Account(u64),
    Group(u64),
    Member { group: u64, user: u64 },
    Device(String),
    Crl,
}

/// It as it is now; `None`: it is gone.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Kept {
    Account(u64, Option<Box<Account>>),
    /// By name: members come and go one by one.
    Group(u64, Option<String>),
    Member {
        group: u64,
        user: u64,
        there: bool,
    },
    Device(String, Option<Box<DeviceRecord>>),
    Crl {
        published: Time,
        next: Time,
        crl: Vec<u8>,
        number: u64,
    },
}

/// Hands on what was touched, with what the log of events says of it. Callers hold the lock.
pub fn commit(state: &mut State, outside: &dyn Outside, journal: &Journal) {
    let touched = std::mem::take(&mut state.touched);
    if touched.is_empty() {
        return;
    }
    outside.commit(&|| {
        let kept: Vec<Kept> = touched.iter().map(|what| as_is(state, what)).collect();
        let lines = journal.0.iter().filter(|event| matches!(event, EventKind::Log { .. }));
        Change { bytes: serde_json::to_vec(&kept).unwrap_or_default(), audit: lines.cloned().collect() }
    });
}

fn as_is(state: &State, what: &Touched) -> Kept {
    match what {
        Touched::Account(id) => Kept::Account(*id, state.accounts.get(id).cloned().map(Box::new)),
        Touched::Group(id) => Kept::Group(*id, state.groups.get(id).map(|group| group.name.clone())),
        Touched::Member { group, user } => {
            let there = state.groups.get(group).is_some_and(|g| g.members.contains(user));
            Kept::Member { group: *group, user: *user, there }
        }
        Touched::Device(udid) => Kept::Device(udid.clone(), state.devices.get(udid).cloned().map(Box::new)),
        Touched::Crl => Kept::Crl {
            published: state.last_crl,
            next: state.next_crl,
            crl: state.crl.clone(),
            number: state.crl_number,
        },
    }
}

fn again(state: &mut State, change: Kept) {
    match change {
        Kept::Account(id, Some(account)) => {
            state.accounts_made = state.accounts_made.max(id.saturating_sub(users::FIRST_ID) + 1);
            state.accounts.insert(id, *account);
        }
        Kept::Account(id, None) => users::forget(state, id),
        Kept::Group(id, Some(name)) => {
            state.groups_made = state.groups_made.max(id.saturating_sub(groups::FIRST_ID) + 1);
            let made = || UserGroup { id, name: name.clone(), members: BTreeSet::new() };
            state.groups.entry(id).or_insert_with(made);
        }
        Kept::Group(id, None) => drop(state.groups.remove(&id)),
        Kept::Member { group, user, there } => {
            if let Some(group) = state.groups.get_mut(&group) {
                if there {
                    group.members.insert(user)
                } else {
                    group.members.remove(&user)
                };
            }
        }
        Kept::Device(udid, Some(device)) => drop(state.devices.insert(udid, *device)),
        Kept::Device(udid, None) => drop(state.devices.remove(&udid)),
        Kept::Crl { published, next, crl, number } => {
            (state.last_crl, state.next_crl, state.crl, state.crl_number) = (published, next, crl, number);
        }
    }
}

//! What a tenant takes with it over a restart: everything behind its lock but the settings.

use crate::engine::State;
use crate::groups::UserGroup;
use crate::inventory::DeviceRecord;
use crate::users::Account;
use crate::{PoisonError, Uem};
use federation::Time;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

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

    /// Goes on from what was remembered; what has become due meanwhile is due now.
    ///
    /// # Errors
    /// What is no memory of a tenant.
    pub fn recall(&self, memory: Value) -> Result<(), String> {
        let memory: Memory = serde_json::from_value(memory).map_err(|e| e.to_string())?;
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let settings = state.settings.clone();
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
            settings,
        };
        Ok(())
    }
}

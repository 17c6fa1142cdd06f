//! A mock Workspace ONE UEM: enrolment, inventory, compliance, device certificates, REST API, CRL.
//!
//! - [`decide`]: judgement, pure: compliance rules, escalations, status.
//! - [`inventory`]: device records and the strings of their states.
//! - `engine`: what judgement does to records: actions, commands, wipes.
//! - `schedule`: what happens by itself, and when.
//! - `ca`: the device CA. `http`: routing and REST. `device`: what devices call. `manage`: a tester's changes.
//! - [`records`]: the same without wire, lock and CA.
//! - `memory`: what outlives a restart.
//! - `users`, `groups`: who came over REST. `saml`: how people of the directory enrol.
//! - [`validate`]: settings that name what is not there.

mod ca;
pub mod decide;
mod device;
mod engine;
mod groups;
mod http;
pub mod inventory;
mod manage;
mod memory;
pub mod records;
mod render;
mod saml;
mod schedule;
#[cfg(test)]
mod tests;
mod users;
mod validate;

pub use ca::CaKey;
pub use manage::Manage;
pub use saml::Idp;
pub use validate::validate;

use engine::State;
use federation::{Fut, Outside, Party, Request, Response, Time, tenant};
use inventory::Journal;
use std::sync::{Mutex, PoisonError};

/// One UEM tenant.
pub struct Uem {
    /// Why there is no CA, where the key was no key.
    ca: Result<ca::Ca, String>,
    /// Never held across an await; events are told after it is released.
    state: Mutex<State>,
}

impl Uem {
    /// Publishes its first CRL at `start`; sweeps and publications are counted from there.
    /// With an unusable key no certificate is ever issued, and every request for one says so.
    pub fn new(settings: tenant::Uem, ca: CaKey, start: Time) -> Uem {
        let ca = ca::Ca::new(&ca, start).map_err(|e| format!("CA key: {e}"));
        let mut state = State::new(settings, start);
        schedule::publish(&mut state, ca.as_ref().ok(), start, &mut Journal::default());
        Uem { ca, state: Mutex::new(state) }
    }

    /// DER; empty where the CA key was unusable.
    pub fn ca_certificate(&self) -> Vec<u8> {
        self.ca.as_ref().map(|ca| ca.certificate().to_vec()).unwrap_or_default()
    }

    /// Applies a tester's change and tells of it.
    pub fn manage(&self, outside: &dyn Outside, patch: Manage) -> Result<(), String> {
        self.locked(outside, |state, journal| {
            state.touch_all();
            manage::apply(state, self.ca.as_ref().ok(), outside.now(), patch, journal)
        })
    }

    /// What an administrator pastes of the identity provider by which people of the directory enrol.
    pub fn trust(&self, idp: Option<Idp>) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).enrolments.idp = idp;
    }

    /// Entity id and consumer service of UEM as a service provider.
    pub fn service_provider(&self) -> (String, String) {
        self.read(|state| (saml::entity_id(state), saml::acs_url(state)))
    }

    /// Goes over sweeps and publications that change nothing, to the last of each that is due by `until`. To be called
    /// when every device that can has reported at `now`; does nothing where something else is due, or where time alone
    /// may break a rule.
    pub fn pass_over(&self, now: Time, until: Time) {
        schedule::pass_over(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner), now, until);
    }

    /// Works on the state, then tells what happened, in order and without the lock.
    fn locked<T>(&self, outside: &dyn Outside, work: impl FnOnce(&mut State, &mut Journal) -> T) -> T {
        let mut journal = Journal::default();
        let result = {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            let result = work(&mut state, &mut journal);
            memory::commit(&mut state, outside, &journal);
            result
        };
        for event in journal.0 {
            outside.note(event);
        }
        result
    }

    fn read<T>(&self, work: impl FnOnce(&State) -> T) -> T {
        work(&self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Party for Uem {
    fn name(&self) -> &str {
        "uem"
    }

    fn hosts(&self) -> Vec<String> {
        self.read(|state| {
            let mut hosts = vec![state.settings.host.clone(), state.settings.enrollment_host.clone()];
            hosts.dedup();
            hosts
        })
    }

    fn handle<'a>(&'a self, outside: &'a dyn Outside, request: Request) -> Fut<'a, Response> {
        Box::pin(async move {
            self.locked(outside, |state, journal| {
                http::answer(&mut http::Desk { state, ca: &self.ca, outside, now: outside.now(), journal }, &request)
            })
        })
    }

    fn next_due(&self) -> Option<Time> {
        self.read(schedule::next_due)
    }

    fn wake<'a>(&'a self, outside: &'a dyn Outside) -> Fut<'a, ()> {
        Box::pin(async move {
            self.locked(outside, |state, journal| schedule::wake(state, self.ca.as_ref().ok(), outside.now(), journal));
        })
    }
}

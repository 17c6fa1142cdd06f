//! UEM without wire, lock and CA: the same records, engine and schedule, for callers that have no runtime.
//!
//! A certificate is here what it states; whether it counts is for whoever reads it.

use crate::device::{self, Enrolment};
use crate::engine::State;
use crate::inventory::{DeviceRecord, EnrollmentStatus, Issued, Journal, Order};
use crate::manage::{self, Manage};
use crate::schedule;
use federation::device::{Device, Facts};
use federation::tenant::Uem;
use federation::tenant::uem::{Payload, Template, User};
use federation::{EventKind, Finding, Time};
use std::time::Duration;

/// As the CA writes it: clocks of devices differ by a little.
const BACKDATE: Duration = Duration::from_secs(300);
const DAY: Duration = Duration::from_secs(86_400);

/// A certificate as facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certified {
    pub payload: Payload,
    pub template: Template,
    /// Whom it names, as UEM knew her when it was issued.
    pub user: User,
    pub serial: String,
    pub not_before: Time,
    pub not_after: Time,
}

/// What UEM's REST interface says of a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stated {
    pub enrolled: bool,
    pub enrollment: &'static str,
    pub compliance: &'static str,
    /// `UserName`.
    pub owner: String,
}

#[derive(Clone)]
pub struct Records {
    state: State,
    journal: Journal,
    serials: u64,
}

impl Records {
    pub fn new(settings: Uem, start: Time) -> Records {
        let mut state = State::new(settings, start);
        schedule::publish(&mut state, None, start, &mut Journal::default());
        Records { state, journal: Journal::default(), serials: 0 }
    }

    /// Reasons of the decisions since the last call.
    pub fn because(&mut self) -> Vec<Finding> {
        let told = std::mem::take(&mut self.journal.0).into_iter();
        let because = told.filter_map(|event| match event {
            EventKind::Decided { because, .. } => Some(because),
            _ => None,
        });
        because.flatten().collect()
    }

    /// The profiles that a device gets with its enrolment; none where the credentials are wrong.
    pub fn enrol(&mut self, device: &Device, udid: &str, user: &User, now: Time) -> Option<Vec<String>> {
        let wish = Enrolment {
            word: None,
            username: user.username.clone(),
            password: user.password.clone(),
            udid: udid.into(),
            kind: device.kind,
            platform: None,
            os_version: device.os_version.clone(),
            facts: Some(device.facts.clone()),
            device_name: device.name.clone(),
        };
        if !device::admit(&mut self.state, None, wish, String::new, now, &mut self.journal) {
            return None;
        }
        let record = self.state.devices.get(udid)?;
        let offered = self.state.settings.profiles.iter();
        let offered = offered.filter(|p| record.is_enrolled() && record.assigned.contains(&p.name));
        Some(offered.map(|p| p.name.clone()).collect())
    }

    /// The certificate of a profile that the device should have.
    pub fn certify(&mut self, udid: &str, profile: &str, now: Time) -> Option<Certified> {
        let device = self.state.devices.get(udid).filter(|d| d.is_enrolled() && d.assigned.contains(profile))?;
        let template = self.state.profile(profile)?;
        let user = self.state.user(&device.user)?.clone();
        self.serials += 1;
        let certified = Certified {
            payload: template.payload,
            template: template.template,
            user,
            serial: format!("{:032x}", self.serials),
            not_before: now - BACKDATE,
            not_after: now + DAY * self.state.settings.ca.leaf_days,
        };
        let issued = Issued { serial: certified.serial.clone(), profile: profile.into(), revoked: None };
        self.state.devices.get_mut(udid)?.certificates.push(issued);
        Some(certified)
    }

    /// Takes a sample; none where UEM does not know the device.
    pub fn check_in(&mut self, udid: &str, facts: &Facts, os_version: &str, now: Time) -> Option<Vec<Order>> {
        device::report(&mut self.state, None, udid, (facts.clone(), os_version.into()), now, &mut self.journal)
    }

    /// # Errors
    /// What the console would refuse.
    pub fn manage(&mut self, patch: Manage, now: Time) -> Result<(), String> {
        manage::apply(&mut self.state, None, now, patch, &mut self.journal)
    }

    pub fn next_due(&self) -> Option<Time> {
        schedule::next_due(&self.state)
    }

    pub fn wake(&mut self, now: Time) {
        schedule::wake(&mut self.state, None, now, &mut self.journal);
    }

    pub fn pass_over(&mut self, now: Time, until: Time) {
        schedule::pass_over(&mut self.state, now, until);
    }

    pub fn record(&self, udid: &str) -> Option<&DeviceRecord> {
        self.state.devices.get(udid)
    }

    pub fn stated(&self, udid: &str) -> Option<Stated> {
        let device = self.record(udid)?;
        Some(Stated {
            enrolled: device.enrollment == EnrollmentStatus::Enrolled,
            enrollment: device.enrollment.name(),
            compliance: device.compliance.name(),
            owner: self.state.user(&device.user).map(|user| user.username.clone()).unwrap_or_default(),
        })
    }

    /// Whether the list that is published says that a certificate is revoked.
    pub fn is_listed(&self, serial: &str) -> bool {
        let issued = self.state.devices.values().flat_map(|device| &device.certificates);
        issued.into_iter().any(|c| c.serial == serial && c.revoked.is_some_and(|at| at <= self.state.last_crl))
    }
}

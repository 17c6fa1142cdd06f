//! What UEM does to device records: compliance, commands, wipes, revocation. Callers hold the lock.

use crate::decide::compliance::{self, Judgement, Sample, Standing};
use crate::groups::UserGroup;
use crate::inventory::{ComplianceStatus, DeviceRecord, EnrollmentStatus, Journal, Order, Violation};
use crate::memory::Touched;
use crate::saml::Enrolments;
use crate::users::Account;
use federation::tenant::Uem;
use federation::tenant::uem::{ActionKind, CompliancePolicy, Profile};
use federation::{EventKind, Finding, Time};
use std::collections::{BTreeMap, BTreeSet};

/// Settings, records and the CRL: everything behind UEM's lock.
#[derive(Clone)]
pub struct State {
    pub settings: Uem,
    /// People who came over REST, by id.
    pub accounts: BTreeMap<u64, Account>,
    /// How many there ever were: an id is never given twice.
    pub accounts_made: u64,
    /// User groups that came over REST, by id.
    pub groups: BTreeMap<u64, UserGroup>,
    pub groups_made: u64,
    pub enrolments: Enrolments,
    /// By UDID.
    pub devices: BTreeMap<String, DeviceRecord>,
    pub next_sweep: Time,
    pub next_crl: Time,
    /// When a list was last published: what was revoked by then stands on it.
    pub last_crl: Time,
    pub crl: Vec<u8>,
    pub crl_number: u64,
    /// What has changed since the lock was taken.
    pub touched: BTreeSet<Touched>,
}

impl State {
    /// A tenant that starts; sweeps and publications are counted from `start`.
    pub fn new(settings: Uem, start: Time) -> State {
        let next_sweep = start + crate::schedule::sweep_period(&settings);
        State {
            settings,
            accounts: BTreeMap::new(),
            accounts_made: 0,
            groups: BTreeMap::new(),
            groups_made: 0,
            enrolments: Enrolments::default(),
            devices: BTreeMap::new(),
            next_sweep,
            next_crl: start,
            last_crl: start,
            crl: Vec::new(),
            crl_number: 0,
            touched: BTreeSet::new(),
        }
    }

    pub fn profile(&self, name: &str) -> Option<&Profile> {
        self.settings.profiles.iter().find(|profile| profile.name == name)
    }

    /// Any device may have changed.
    pub fn touch_all(&mut self) {
        self.touched.extend(self.devices.keys().cloned().map(Touched::Device));
    }

    /// The compliance engine's look at every device, or at one.
    pub fn evaluate(&mut self, udid: Option<&str>, now: Time, journal: &mut Journal) {
        let State { settings, devices, .. } = self;
        for device in devices.values_mut().filter(|d| udid.is_none_or(|udid| udid == d.udid)) {
            evaluate(settings, device, now, journal);
        }
    }
}

/// Judges an enrolled device by its last sample, takes the actions that are due and sets its status.
/// A decision is told when anything came of it.
pub fn evaluate(settings: &Uem, device: &mut DeviceRecord, now: Time, journal: &mut Journal) {
    if !device.is_enrolled() {
        return;
    }
    let (status_before, mut news) = (device.compliance, false);
    let mut because = Vec::new();
    news |= find_violations(settings, device, now, &mut because);
    for policy in &settings.compliance_policies {
        news |= take_actions(settings, policy, device, now, &mut because, journal);
    }
    news |= unblock(settings, device, now, journal);
    let violated = settings.compliance_policies.iter();
    let violated = violated.filter_map(|policy| Some((policy, &device.violations.get(&policy.name)?.taken)));
    let status = match compliance::standing(violated, &mut because) {
        Standing::Compliant => ComplianceStatus::Compliant,
        Standing::NotCompliant => ComplianceStatus::NonCompliant,
    };
    device.last_check = Some(now);
    device.compliance = status;
    if status != status_before {
        journal.log("ComplianceStatusChanged", status.name(), "UEM", &device.device_name, status_before.name());
    }
    if news || status != status_before {
        let verdict = format!("{} is {}", device.device_name, status.name());
        journal.0.push(EventKind::Decided { verdict, because });
    }
}

/// Starts and ends violations; says whether there was any change.
fn find_violations(settings: &Uem, device: &mut DeviceRecord, now: Time, because: &mut Vec<Finding>) -> bool {
    let sample = Sample { facts: &device.facts, os_version: &device.os_version, unseen: now.since(device.last_seen) };
    let platform = crate::inventory::platform_of(device.kind);
    let before: BTreeSet<String> = device.violations.keys().cloned().collect();
    let mut found = BTreeMap::new();
    for policy in &settings.compliance_policies {
        if compliance::judge(policy, platform, &sample, because) == Judgement::Violated {
            let known = device.violations.remove(&policy.name);
            let fresh = Violation { since: now, taken: BTreeSet::new() };
            found.insert(policy.name.clone(), known.unwrap_or(fresh));
        }
    }
    device.violations = found;
    !before.iter().eq(device.violations.keys())
}

fn take_actions(
    settings: &Uem,
    policy: &CompliancePolicy,
    device: &mut DeviceRecord,
    now: Time,
    because: &mut Vec<Finding>,
    journal: &mut Journal,
) -> bool {
    let Some(violation) = device.violations.get_mut(&policy.name) else { return false };
    let due = compliance::due_actions(policy, violation.since, &violation.taken, now);
    violation.taken.extend(&due);
    let delivery = now + compliance::minutes_long(settings.delivery_minutes);
    for action in due.iter().filter_map(|index| policy.actions.get(*index)) {
        let path = format!("{}.actions.{}", compliance::path(policy), action.name);
        because.push(Finding::new("compliance/action-taken").rule(&path).saw(describe(&action.what)));
        journal.changed(format!("{path}: {} for {}", describe(&action.what), device.device_name));
        match &action.what {
            ActionKind::Notify => {}
            ActionKind::RemoveProfile(profile) => block(device, profile, delivery),
            ActionKind::EnterpriseWipe => wipe(device, delivery, journal),
        }
    }
    !due.is_empty()
}

fn describe(what: &ActionKind) -> String {
    match what {
        ActionKind::Notify => "notify".into(),
        ActionKind::RemoveProfile(profile) => format!("block/remove profile {profile}"),
        ActionKind::EnterpriseWipe => "enterprise wipe".into(),
    }
}

fn block(device: &mut DeviceRecord, profile: &str, delivery: Time) {
    device.blocked.insert(profile.to_string());
    device.withdraw(&Order::InstallProfile(profile.to_string()));
    remove(device, profile, delivery);
}

fn remove(device: &mut DeviceRecord, profile: &str, delivery: Time) {
    if device.assigned.remove(profile) {
        device.queue(Order::RemoveProfile(profile.to_string()), delivery);
    }
}

/// Gives back profiles that no action taken keeps away any more.
fn unblock(settings: &Uem, device: &mut DeviceRecord, now: Time, journal: &mut Journal) -> bool {
    let violated = settings.compliance_policies.iter();
    let violated = violated.filter_map(|policy| Some((policy, device.violations.get(&policy.name)?)));
    let actions = violated.flat_map(|(policy, v)| v.taken.iter().filter_map(|index| policy.actions.get(*index)));
    let still: BTreeSet<String> = actions
        .filter_map(|action| match &action.what {
            ActionKind::RemoveProfile(profile) => Some(profile.clone()),
            _ => None,
        })
        .collect();
    let freed: Vec<String> = device.blocked.difference(&still).cloned().collect();
    device.blocked = still;
    let delivery = now + compliance::minutes_long(settings.delivery_minutes);
    for profile in settings.profiles.iter().filter(|p| freed.contains(&p.name)) {
        journal.changed(format!("profile {} may return to {}", profile.name, device.device_name));
        assign(device, profile, delivery);
    }
    !freed.is_empty()
}

/// Commands a profile that the device should have and has not; takes back a removal that has not arrived.
fn assign(device: &mut DeviceRecord, profile: &Profile, delivery: Time) {
    let wanted = profile.platforms.contains(&device.platform()) && !device.blocked.contains(&profile.name);
    if !wanted || !device.assigned.insert(profile.name.clone()) {
        return;
    }
    if !device.withdraw(&Order::RemoveProfile(profile.name.clone())) {
        device.queue(Order::InstallProfile(profile.name.clone()), delivery);
    }
}

/// After a change of settings: brings devices' profiles in line. A profile that was edited is installed anew.
pub fn reconcile(old: &Uem, new: &Uem, device: &mut DeviceRecord, now: Time) {
    if !device.is_enrolled() {
        return;
    }
    let delivery = now + compliance::minutes_long(new.delivery_minutes);
    let platform = device.platform();
    for gone in device.assigned.clone() {
        if !new.profiles.iter().any(|p| p.name == gone && p.platforms.contains(&platform)) {
            device.withdraw(&Order::InstallProfile(gone.clone()));
            remove(device, &gone, delivery);
        }
    }
    for profile in &new.profiles {
        let before = old.profiles.iter().find(|p| p.name == profile.name);
        let edited = before.is_some_and(|p| p.template != profile.template || p.payload != profile.payload);
        if edited && device.assigned.contains(&profile.name) {
            device.withdraw(&Order::InstallProfile(profile.name.clone()));
            device.queue(Order::InstallProfile(profile.name.clone()), delivery);
        }
        assign(device, profile, delivery);
    }
}

/// *Enterprise wipe* is requested; the device does it when it hears of it.
pub fn wipe(device: &mut DeviceRecord, delivery: Time, journal: &mut Journal) {
    if !device.is_enrolled() {
        return;
    }
    device.enrollment = EnrollmentStatus::EnterpriseWipePending;
    device.commands.clear();
    device.queue(Order::Wipe, delivery);
    journal.log(
        "DeviceEnterpriseWipeRequested",
        device.enrollment.name(),
        "UEM",
        &device.device_name,
        device.compliance.name(),
    );
}

/// The record of a device that has left. Says how many certificates that revoked.
pub fn unenrol(settings: &Uem, device: &mut DeviceRecord, now: Time, journal: &mut Journal) -> usize {
    device.enrollment = EnrollmentStatus::Unenrolled;
    device.compliance = ComplianceStatus::NotAvailable;
    device.violations.clear();
    device.blocked.clear();
    device.assigned.clear();
    device.commands.clear();
    journal.log("BreakMDMConfirmed", device.enrollment.name(), "UEM", &device.device_name, device.compliance.name());
    if settings.ca.revoke_on_removal { device.revoke(None, now) } else { 0 }
}

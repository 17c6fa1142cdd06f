//! What devices call: enrolment with a person's credentials, profiles with their certificates, check-in.

use crate::ca::{self, Ca, Statement};
use crate::decide::compliance::applies;
use crate::engine::{self, State};
use crate::http::{Answer, ApiError, Desk, json_response, same};
use crate::inventory::{ComplianceStatus, DeviceRecord, EnrollmentStatus, Issued, Journal, Order, platform_of};
use crate::manage;
use crate::memory::Touched;
use federation::device::Facts;
use federation::tenant::uem::{FirstCheck, User};
use federation::{DeviceKind, EventKind, Finding, Platform, Time};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// What a device says when it enrols.
#[derive(Debug, Clone, Deserialize)]
pub struct Enrolment {
    #[serde(default)]
    pub username: String,
    #[serde(default)]
    pub password: String,
    /// What the Hub was given where she signed in at an identity provider; instead of name and password.
    #[serde(default)]
    pub word: Option<String>,
    pub udid: String,
    pub kind: DeviceKind,
    /// Must fit the kind where it is there.
    pub platform: Option<Platform>,
    pub os_version: String,
    pub facts: Option<Facts>,
    #[serde(default)]
    pub device_name: String,
}

#[derive(Deserialize)]
struct ProfileRequest {
    udid: String,
    token: String,
    profile: String,
    csr_pem: String,
}

#[derive(Deserialize)]
struct CheckIn {
    udid: String,
    token: String,
    facts: Facts,
    os_version: String,
}

fn read<T: serde::de::DeserializeOwned>(body: &Value) -> Result<T, ApiError> {
    T::deserialize(body).map_err(|e| ApiError(StatusCode::BAD_REQUEST, e.to_string()))
}

/// Makes a record, or a new life for the record of a device that was here before; old certificates stay as they are
/// unless *revoke on removal* is set. When a device that brings its facts is judged for the first time is an assumption.
pub fn enrol(desk: &mut Desk, body: &Value) -> Answer {
    let wish: Enrolment = read(body)?;
    let platform = platform_of(wish.kind);
    if wish.platform.is_some_and(|claimed| claimed != platform) {
        return Err(ApiError(StatusCode::BAD_REQUEST, "platform does not fit the kind of device".into()));
    }
    if wish.udid.is_empty() || !wish.udid.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
        return Err(ApiError(StatusCode::BAD_REQUEST, "udid must be letters, digits and hyphens".into()));
    }
    let udid = wish.udid.clone();
    let token = || desk.outside.fresh_id("device-token");
    if !admit(desk.state, desk.ca.as_ref().ok(), wish, token, desk.now, desk.journal) {
        return Err(ApiError(StatusCode::UNAUTHORIZED, "Wrong username or password".into()));
    }
    let State { settings, devices, .. } = &mut *desk.state;
    let Some(device) = devices.get_mut(&udid) else { return Err(unknown_device()) };
    let offered = settings.profiles.iter().filter(|p| device.is_enrolled() && device.assigned.contains(&p.name));
    let offered: Vec<Value> = offered.map(|p| json!({ "name": p.name, "payload": p.payload })).collect();
    Ok(json_response(StatusCode::OK, &json!({ "device_id": device.id, "token": device.token, "profiles": offered })))
}

/// The record of a device that somebody enrols; says whether she may. `token` makes the device's own secret.
pub fn admit(
    state: &mut State,
    ca: Option<&Ca>,
    wish: Enrolment,
    token: impl FnOnce() -> String,
    now: Time,
    journal: &mut Journal,
) -> bool {
    let user = match &wish.word {
        Some(word) => state.enrolments.redeem(word, now),
        None => signed_in(state, &wish).map(|user| user.name.clone()),
    };
    let Some(user) = user else {
        let why = "wrong username or password";
        journal.log("EnrollmentFailed", "Failure", &wish.username, &wish.device_name, why);
        return false;
    };
    let udid = wish.udid.clone();
    let judged = wish.facts.is_some();
    let revoked = retire(state, &udid, now, journal);
    let record = new_record(state, wish, user, token(), now);
    journal.log(
        "EnrollmentComplete",
        record.enrollment.name(),
        &record.user,
        &record.device_name,
        record.compliance.name(),
    );
    journal.changed(format!("{} enrolled by {}", record.device_name, record.user));
    state.devices.insert(udid.clone(), record);
    state.touched.insert(Touched::Device(udid.clone()));
    if judged {
        first_check(state, &udid, now, journal);
    }
    if revoked > 0 {
        manage::revoked(state, ca, now, journal);
    }
    true
}

/// Judges a newcomer at once, or leaves it pending. What blocks a profile then keeps it from ever being sent (documented:
/// such actions block the receipt of profiles), so there is nothing to remove.
fn first_check(state: &mut State, udid: &str, now: Time, journal: &mut Journal) {
    let how = state.settings.assumptions.first_compliance_check;
    let at_once = how == FirstCheck::AtEnrolment;
    if at_once {
        state.evaluate(Some(udid), now, journal);
    }
    let State { settings, devices, .. } = state;
    let Some(device) = devices.get_mut(udid) else { return };
    device.commands.retain(|command| !matches!(command.order, Order::RemoveProfile(_)));
    let judged = !at_once && settings.compliance_policies.iter().any(|p| applies(p, device.platform()));
    if judged || !device.violations.is_empty() {
        let word = if at_once { "judged as it enrols" } else { "judged at the next sweep" };
        journal.0.push(EventKind::Decided {
            verdict: format!("{} is {word}", device.device_name),
            because: vec![
                Finding::new("assumes/first-compliance-check").rule("uem.assumptions.first_compliance_check"),
            ],
        });
    }
}

/// Compares with every user's secret alike, known or not.
fn signed_in<'a>(state: &'a State, wish: &Enrolment) -> Option<&'a User> {
    let knows = |user: &&User| same(wish.password.as_bytes(), user.password.as_bytes());
    state.who_may_enrol().filter(knows).find(|user| user.username.eq_ignore_ascii_case(&wish.username))
}

/// Ends the former enrolment of a device; says how many certificates that revoked.
fn retire(state: &mut State, udid: &str, now: Time, journal: &mut Journal) -> usize {
    let State { settings, devices, .. } = state;
    match devices.get_mut(udid) {
        Some(device) if device.enrollment != EnrollmentStatus::Unenrolled => {
            engine::unenrol(settings, device, now, journal)
        }
        _ => 0,
    }
}

fn new_record(state: &State, wish: Enrolment, user: String, token: String, now: Time) -> DeviceRecord {
    let former = state.devices.get(&wish.udid);
    let next_id = state.devices.values().map(|device| device.id).max().unwrap_or(0) + 1;
    let platform = platform_of(wish.kind);
    let profiles = state.settings.profiles.iter().filter(|p| p.platforms.contains(&platform));
    DeviceRecord {
        id: former.map_or(next_id, |device| device.id),
        certificates: former.map(|device| device.certificates.clone()).unwrap_or_default(),
        device_name: if wish.device_name.is_empty() { wish.udid.clone() } else { wish.device_name },
        udid: wish.udid,
        kind: wish.kind,
        user,
        token,
        os_version: wish.os_version,
        facts: wish.facts.unwrap_or_default(),
        enrolled_at: now,
        last_seen: now,
        last_check: None,
        enrollment: EnrollmentStatus::Enrolled,
        compliance: ComplianceStatus::PendingComplianceCheck,
        violations: BTreeMap::new(),
        blocked: BTreeSet::new(),
        assigned: profiles.map(|p| p.name.clone()).collect(),
        commands: Vec::new(),
    }
}

/// Certifies a key that the device made, for a profile that it should have.
pub fn profile(desk: &mut Desk, body: &Value) -> Answer {
    let wish: ProfileRequest = read(body)?;
    let device = known(desk.state, &wish.udid, &wish.token)?;
    if !device.is_enrolled() || !device.assigned.contains(&wish.profile) {
        let reason = format!("profile `{}` is not for this device", wish.profile);
        desk.journal.refused("uem/profile-not-assigned", &reason);
        return Err(ApiError(StatusCode::FORBIDDEN, reason));
    }
    let (Some(profile), Some(user)) = (desk.state.profile(&wish.profile), desk.state.user(&device.user)) else {
        return Err(ApiError(StatusCode::FORBIDDEN, "profile or user is gone".into()));
    };
    let ca = desk.ca.as_ref().map_err(|e| ApiError(StatusCode::INTERNAL_SERVER_ERROR, e.clone()))?;
    let (serial, hex) = ca::serial(&desk.outside.fresh_id("certificate-serial"));
    let settings = &desk.state.settings;
    let says = Statement {
        template: profile.template,
        user,
        udid: &device.udid,
        host: &settings.host,
        leaf_days: settings.ca.leaf_days,
        now: desk.now,
    };
    let certificate = ca.issue(&wish.csr_pem, &serial, &says).map_err(|e| ApiError(StatusCode::BAD_REQUEST, e))?;
    if let Some(device) = desk.state.devices.get_mut(&wish.udid) {
        desk.journal.log("CertificateIssued", "Success", &device.user, &device.device_name, &wish.profile);
        device.certificates.push(Issued { serial: hex, profile: wish.profile, revoked: None });
        desk.state.touched.insert(Touched::Device(wish.udid));
    }
    Ok(json_response(StatusCode::OK, &json!({ "certificate_pem": certificate })))
}

/// Takes a sample and hands out the commands that have had time to arrive. A wipe counts as done when the device has
/// heard of it. A device that has left is told to wipe itself.
pub fn check_in(desk: &mut Desk, body: &Value) -> Answer {
    let sample: CheckIn = read(body)?;
    known(desk.state, &sample.udid, &sample.token)?;
    let CheckIn { udid, facts, os_version, .. } = sample;
    let orders = report(desk.state, desk.ca.as_ref().ok(), &udid, (facts, os_version), desk.now, desk.journal)
        .ok_or_else(unknown_device)?;
    let profiles = &desk.state.settings.profiles;
    let payload = |name: &str| profiles.iter().find(|p| p.name == name).map(|p| p.payload);
    let command = |order: &Order| match order {
        Order::InstallProfile(name) => json!({ "kind": "install-profile", "profile": name, "payload": payload(name) }),
        Order::RemoveProfile(name) => json!({ "kind": "remove-profile", "profile": name, "payload": payload(name) }),
        Order::Wipe => json!({ "kind": "wipe" }),
    };
    let commands: Vec<Value> = orders.iter().map(command).collect();
    Ok(json_response(StatusCode::OK, &json!({ "commands": commands })))
}

/// What a sample changes, and the orders that the device is given for it; none for a device that is not known.
pub fn report(
    state: &mut State,
    ca: Option<&Ca>,
    udid: &str,
    sample: (Facts, String),
    now: Time,
    journal: &mut Journal,
) -> Option<Vec<Order>> {
    let mut revoked = 0;
    let State { settings, devices, touched, .. } = &mut *state;
    let device = devices.get_mut(udid)?;
    if device.enrollment == EnrollmentStatus::Unenrolled {
        return Some(vec![Order::Wipe]);
    }
    touched.insert(Touched::Device(udid.into()));
    ((device.facts, device.os_version), device.last_seen) = (sample, now);
    let (arrived, waiting): (Vec<_>, Vec<_>) =
        std::mem::take(&mut device.commands).into_iter().partition(|c| c.deliver_at <= now);
    device.commands = waiting;
    let orders: Vec<Order> = arrived.into_iter().map(|command| command.order).collect();
    for order in &orders {
        match order {
            Order::InstallProfile(_) => {}
            Order::RemoveProfile(name) => {
                journal.log("ProfileRemoved", "Success", "UEM", &device.device_name, name);
                if settings.ca.revoke_on_removal {
                    revoked += device.revoke(Some(name), now);
                }
            }
            Order::Wipe => revoked += engine::unenrol(settings, device, now, journal),
        }
    }
    if revoked > 0 {
        manage::revoked(state, ca, now, journal);
    }
    Some(orders)
}

fn known<'a>(state: &'a State, udid: &str, token: &str) -> Result<&'a DeviceRecord, ApiError> {
    let device = state.devices.get(udid).filter(|device| same(token.as_bytes(), device.token.as_bytes()));
    device.ok_or_else(unknown_device)
}

fn unknown_device() -> ApiError {
    ApiError(StatusCode::UNAUTHORIZED, "unknown device or wrong token".into())
}

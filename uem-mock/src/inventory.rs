//! Device records and the strings that UEM's REST API has for their states.

use federation::device::Facts;
use federation::{DeviceKind, EventKind, Platform, Time};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// REST writes the variants' names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum EnrollmentStatus {
    Enrolled,
    EnterpriseWipePending,
    Unenrolled,
}

impl EnrollmentStatus {
    pub fn name(self) -> &'static str {
        match self {
            EnrollmentStatus::Enrolled => "Enrolled",
            EnrollmentStatus::EnterpriseWipePending => "EnterpriseWipePending",
            EnrollmentStatus::Unenrolled => "Unenrolled",
        }
    }
}

/// REST writes the variants' names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ComplianceStatus {
    Compliant,
    NonCompliant,
    NotAvailable,
    PendingComplianceCheck,
}

impl ComplianceStatus {
    pub fn name(self) -> &'static str {
        match self {
            ComplianceStatus::Compliant => "Compliant",
            ComplianceStatus::NonCompliant => "NonCompliant",
            ComplianceStatus::NotAvailable => "NotAvailable",
            ComplianceStatus::PendingComplianceCheck => "PendingComplianceCheck",
        }
    }
}

/// A policy that is being violated.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Violation {
    /// When the compliance engine found it; escalations count from here.
    pub since: Time,
    /// Indices of actions taken.
    pub taken: BTreeSet<usize>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Order {
    InstallProfile(String),
    RemoveProfile(String),
    Wipe,
}

/// A command waiting for the device's next check-in at or after `deliver_at`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Command {
    pub order: Order,
    pub deliver_at: Time,
    /// The moment of delivery has come and the schedule has said so.
    pub announced: bool,
}

/// A certificate that the CA issued for a profile.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Issued {
    /// Hexadecimal.
    pub serial: String,
    pub profile: String,
    pub revoked: Option<Time>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DeviceRecord {
    pub id: u64,
    pub udid: String,
    /// What the device calls itself.
    pub device_name: String,
    pub kind: DeviceKind,
    /// User by name.
    pub user: String,
    /// Proves later calls of the device; comes with enrolment.
    pub token: String,
    pub os_version: String,
    pub facts: Facts,
    pub enrolled_at: Time,
    pub last_seen: Time,
    pub last_check: Option<Time>,
    pub enrollment: EnrollmentStatus,
    pub compliance: ComplianceStatus,
    /// By policy name.
    pub violations: BTreeMap<String, Violation>,
    /// Profiles that *Block/Remove Profile* keeps away.
    pub blocked: BTreeSet<String>,
    /// Profiles that UEM has offered or commanded; what the device should hold.
    pub assigned: BTreeSet<String>,
    pub commands: Vec<Command>,
    pub certificates: Vec<Issued>,
}

impl DeviceRecord {
    pub fn platform(&self) -> Platform {
        platform_of(self.kind)
    }

    pub fn is_enrolled(&self) -> bool {
        self.enrollment == EnrollmentStatus::Enrolled
    }

    pub fn queue(&mut self, order: Order, deliver_at: Time) {
        self.commands.push(Command { order, deliver_at, announced: false });
    }

    /// Takes back a command that the device has not fetched; says whether there was one.
    pub fn withdraw(&mut self, order: &Order) -> bool {
        let before = self.commands.len();
        self.commands.retain(|command| command.order != *order);
        self.commands.len() < before
    }

    /// Revokes the certificates of `profile`, or of all profiles; says how many.
    pub fn revoke(&mut self, profile: Option<&str>, now: Time) -> usize {
        let wanted = |c: &&mut Issued| c.revoked.is_none() && profile.is_none_or(|name| name == c.profile);
        self.certificates.iter_mut().filter(wanted).map(|c| c.revoked = Some(now)).count()
    }
}

/// What UEM enrols the thing as.
pub fn platform_of(kind: DeviceKind) -> Platform {
    match kind {
        DeviceKind::Iphone | DeviceKind::Ipad => Platform::Ios,
        DeviceKind::AndroidPhone => Platform::Android,
        DeviceKind::WindowsPc => Platform::Windows,
        DeviceKind::Mac => Platform::Macos,
        DeviceKind::LinuxPc => Platform::OtherDesktop,
    }
}

/// Events to be told once the lock is gone.
#[derive(Debug, Clone, Default)]
pub struct Journal(pub Vec<EventKind>);

impl Journal {
    pub fn changed(&mut self, what: impl Into<String>) {
        self.0.push(EventKind::Changed { what: what.into() });
    }

    /// A line of UEM's device event log.
    pub fn log(&mut self, event_type: &str, result: &str, actor: &str, target: &str, reason: &str) {
        let text = |s: &str| s.to_string();
        let (event_type, result, actor) = (text(event_type), text(result), text(actor));
        self.0.push(EventKind::Log { event_type, result, actor, target: text(target), reason: text(reason) });
    }

    pub fn refused(&mut self, code: &str, detail: impl Into<String>) {
        self.0.push(EventKind::Refused { code: code.into(), detail: detail.into() });
    }
}

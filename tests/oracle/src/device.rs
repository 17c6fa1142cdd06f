//! Devices as things: what each holds and reports, and what UEM keeps of it.
//!
//! UEM knows what the device last reported. It looks at that when the device enrols and at each sweep, and never in between.

use federation::device::{Device, Facts};
use federation::tenant::uem::{Payload, Template};
use federation::{Client, DeviceKind, Platform, Time};
use scenarios::PlantKind;
use std::collections::{BTreeMap, BTreeSet};

/// A device certificate with what stands in it.
#[derive(Debug, Clone)]
pub(crate) struct Certificate {
    pub payload: Payload,
    pub template: Template,
    pub upn: String,
    pub email: String,
    pub username: String,
    pub from: Time,
    pub until: Time,
    /// Planted past UEM.
    pub planted: Option<PlantKind>,
    pub revoked: bool,
    /// The list that UEM has published says so.
    pub listed: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Command {
    Remove(String),
    Install(String),
    Wipe,
}

#[derive(Debug, Clone)]
pub(crate) struct Phone {
    pub kind: DeviceKind,
    pub os_version: String,
    pub facts: Facts,
    /// UEM user by name, while UEM counts the device as enrolled.
    pub enrolled_as: Option<String>,
    /// UEM has a record of it.
    pub on_record: bool,
    /// It holds a token: it can talk to UEM.
    pub knows_uem: bool,
    pub certificates: BTreeMap<String, Certificate>,
    pub compliant: bool,
    pub reported: Facts,
    pub reported_os: String,
    pub seen: Time,
    /// UEM has looked at it since it enrolled.
    pub judged: bool,
    /// An enterprise wipe is on its way.
    pub leaving: bool,
    /// When each compliance policy was found violated.
    pub found: BTreeMap<String, Time>,
    pub fired: BTreeSet<(String, usize)>,
    pub commands: Vec<Waiting>,
}

/// A command that the device has not fetched yet.
#[derive(Debug, Clone)]
pub(crate) struct Waiting {
    pub at: Time,
    pub what: Command,
    /// Its time has come; it waits for a check-in.
    pub due: bool,
}

impl Phone {
    pub fn new(device: &Device, now: Time) -> Phone {
        Phone {
            kind: device.kind,
            os_version: device.os_version.clone(),
            facts: device.facts.clone(),
            enrolled_as: None,
            on_record: false,
            knows_uem: false,
            certificates: BTreeMap::new(),
            compliant: true,
            reported: device.facts.clone(),
            reported_os: device.os_version.clone(),
            seen: now,
            judged: false,
            leaving: false,
            found: BTreeMap::new(),
            fired: BTreeSet::new(),
            commands: Vec::new(),
        }
    }

    pub fn send(&mut self, at: Time, what: Command) {
        self.commands.push(Waiting { at, what, due: false });
    }

    /// Takes back what the device has not fetched; says whether there was anything.
    pub fn withdraw(&mut self, what: &Command) -> bool {
        let before = self.commands.len();
        self.commands.retain(|c| c.what != *what);
        self.commands.len() < before
    }
}

/// What the thing is to UEM, whatever its browser says.
pub(crate) fn uem_platform(kind: DeviceKind) -> Platform {
    match kind {
        DeviceKind::Iphone | DeviceKind::Ipad => Platform::Ios,
        DeviceKind::AndroidPhone => Platform::Android,
        DeviceKind::WindowsPc => Platform::Windows,
        DeviceKind::Mac => Platform::Macos,
        DeviceKind::LinuxPc => Platform::OtherDesktop,
    }
}

/// What Okta and Access take it for.
// platform-is-user-agent
pub(crate) fn seen_platform(kind: DeviceKind, client: Client) -> Platform {
    match (kind, client) {
        // A desktop browser's user agent: we let it say Windows.
        (_, Client::DesktopSite) => Platform::Windows,
        (DeviceKind::Ipad, Client::Browser) => Platform::Macos,
        _ => uem_platform(kind),
    }
}

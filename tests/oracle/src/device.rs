//! Devices and what UEM does to them: enrolment, profiles with their certificates, compliance on the virtual clock.
//!
//! UEM knows what the device last reported. It looks at that when the device enrols and at each sweep, and never in between.

use crate::Oracle;
use crate::reach::Reach;
use federation::device::{Device, Facts};
use federation::tenant::uem::{
    ActionKind, ComplianceAction, CompliancePolicy, ComplianceRule, FirstCheck, Matching, Payload, Profile, Template,
};
use federation::{Client, DeviceKind, Platform, Time};
use scenarios::{PlantKind, Planting};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

const DAY: Duration = Duration::from_secs(86_400);
/// UEM's certificates are good from a little before they are made.
const BACKDATE: Duration = Duration::from_secs(300);

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
    pub revoked: Option<Time>,
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
    knows_uem: bool,
    pub certificates: BTreeMap<String, Certificate>,
    pub compliant: bool,
    reported: Facts,
    reported_os: String,
    seen: Time,
    /// UEM has looked at it since it enrolled.
    pub judged: bool,
    /// An enterprise wipe is on its way.
    pub leaving: bool,
    /// When each compliance policy was found violated.
    found: BTreeMap<String, Time>,
    fired: BTreeSet<(String, usize)>,
    commands: Vec<Waiting>,
}

/// A command that the device has not fetched yet.
#[derive(Debug, Clone)]
struct Waiting {
    at: Time,
    what: Command,
    /// Its time has come; it waits for a check-in.
    due: bool,
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

    fn send(&mut self, at: Time, what: Command) {
        self.commands.push(Waiting { at, what, due: false });
    }

    /// Takes back what the device has not fetched; says whether there was anything.
    fn withdraw(&mut self, what: &Command) -> bool {
        let before = self.commands.len();
        self.commands.retain(|c| c.what != *what);
        self.commands.len() < before
    }
}

/// What the thing is to UEM, whatever its browser says.
fn uem_platform(kind: DeviceKind) -> Platform {
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

fn minutes(n: u32) -> Duration {
    Duration::from_secs(u64::from(n) * 60)
}

/// Dotted versions as numbers.
fn older(version: &str, than: &str) -> bool {
    let parts = |v: &str| -> Vec<u64> { v.split('.').map(|p| p.parse().unwrap_or(0)).collect() };
    let (mut a, mut b) = (parts(version), parts(than));
    let length = a.len().max(b.len());
    a.resize(length, 0);
    b.resize(length, 0);
    a < b
}

fn broken(rule: &ComplianceRule, phone: &Phone, now: Time) -> bool {
    let facts = &phone.reported;
    match rule {
        ComplianceRule::Compromised => facts.compromised,
        ComplianceRule::NoPasscode => !facts.passcode,
        ComplianceRule::NotEncrypted => !facts.encrypted,
        ComplianceRule::OsBelow(version) => older(&phone.reported_os, version),
        ComplianceRule::AppPresent(app) => facts.apps.contains(app),
        ComplianceRule::AppMissing(app) => !facts.apps.contains(app),
        ComplianceRule::NotSeenForMinutes(n) => now.since(phone.seen) > minutes(*n),
    }
}

fn violated(policy: &CompliancePolicy, phone: &Phone, now: Time) -> bool {
    let concerns = policy.platforms.is_empty() || policy.platforms.contains(&uem_platform(phone.kind));
    let mut rules = policy.rules.iter().map(|rule| broken(rule, phone, now));
    concerns
        && !policy.rules.is_empty()
        && match policy.matching {
            Matching::Any => rules.any(|b| b),
            Matching::All => rules.all(|b| b),
        }
}

impl Oracle {
    /// Enrols a device with a UEM user's credentials; UEM pushes every profile for that platform.
    // m2-enrol
    pub(crate) fn enrol(&mut self, device: &str, user: &str) {
        let Some(mut phone) = self.phones.remove(device) else { return };
        let heard = self.reach_uem(device);
        if self.world.uem.users.iter().any(|u| u.name == user) && heard != Reach::Nothing {
            leave(&mut phone);
            phone.enrolled_as = Some(user.into());
            phone.on_record = true;
            // A token that was in an answer that was lost is nobody's, and UEM takes no other.
            phone.knows_uem = heard == Reach::Answered;
            phone.judged = false;
            phone.compliant = true;
            self.report(&mut phone);
            // first-compliance-check
            if self.world.uem.assumptions.first_compliance_check == FirstCheck::AtEnrolment {
                self.judge(&mut phone);
            }
            let platform = uem_platform(phone.kind);
            // Documented: actions that block a profile block its receipt, so what a violation keeps away never arrives.
            let kept_away = self.kept_away(&phone);
            for profile in self.world.uem.profiles.iter().filter(|p| p.platforms.contains(&platform)) {
                phone.withdraw(&Command::Remove(profile.name.clone()));
                if phone.knows_uem && !phone.leaving && !kept_away.contains(&profile.name) {
                    self.install(&mut phone, &profile.name);
                }
            }
        }
        self.phones.insert(device.into(), phone);
    }

    /// A new certificate for the person who enrolled the device.
    fn install(&self, phone: &mut Phone, profile: &str) {
        let uem = &self.world.uem;
        let user = uem.users.iter().find(|u| Some(&u.name) == phone.enrolled_as.as_ref());
        let (Some(user), Some(profile)) = (user, uem.profiles.iter().find(|p| p.name == profile)) else { return };
        let certificate = Certificate {
            payload: profile.payload,
            template: profile.template,
            upn: user.upn.clone().unwrap_or_else(|| user.email.clone()),
            email: user.email.clone(),
            username: user.username.clone(),
            from: self.at("uem") - BACKDATE,
            until: self.at("uem") + DAY * uem.ca.leaf_days,
            planted: None,
            revoked: None,
        };
        phone.certificates.insert(profile.name.clone(), certificate);
    }

    /// A certificate that UEM did not mean to issue, or never saw, in the place of a profile's.
    // certificate-truth
    pub(crate) fn plant(&mut self, wish: &Planting) {
        let uem = &self.world.uem;
        let profile = uem.profiles.iter().find(|p| p.name == wish.profile);
        let user = uem.users.iter().find(|u| u.name == wish.as_user);
        let (Some(profile), Some(user), Some(phone)) = (profile, user, self.phones.get_mut(&wish.device)) else {
            return;
        };
        let tomorrow = wish.kind == PlantKind::NotYetValid;
        let certificate = Certificate {
            payload: profile.payload,
            template: Template::EnrollmentUser,
            upn: user.upn.clone().unwrap_or_else(|| user.email.clone()),
            email: user.email.clone(),
            username: user.username.clone(),
            from: if tomorrow { self.now + DAY } else { self.now },
            until: self.now + DAY * 365,
            planted: Some(wish.kind),
            revoked: None,
        };
        phone.certificates.insert(wish.profile.clone(), certificate);
    }

    /// A person asks on the device for a profile that is meant for it.
    pub(crate) fn install_by_hand(&mut self, device: &str, profile: &str) {
        let Some(mut phone) = self.phones.remove(device) else { return };
        let platform = uem_platform(phone.kind);
        let fits = |p: &Profile| p.name == profile && p.platforms.contains(&platform);
        let offered = self.world.uem.profiles.iter().any(fits) && !self.kept_away(&phone).contains(profile);
        let at_home = phone.knows_uem && phone.enrolled_as.is_some() && !phone.leaving;
        if offered && at_home && self.reach_uem(device) == Reach::Answered {
            self.install(&mut phone, profile);
        }
        self.phones.insert(device.into(), phone);
    }

    /// UEM has the device install a profile anew; the device is told at once.
    pub(crate) fn renew(&mut self, device: &str, profile: &str) {
        let now = self.at("uem");
        if let Some(phone) = self.phones.get_mut(device) {
            phone.withdraw(&Command::Install(profile.into()));
            phone.send(now, Command::Install(profile.into()));
        }
        self.check_in(device);
    }

    fn report(&self, phone: &mut Phone) {
        phone.reported = phone.facts.clone();
        phone.reported_os = phone.os_version.clone();
        phone.seen = self.at("uem");
    }

    /// The device reports and gets what waits for it. One that has left is told so.
    pub(crate) fn check_in(&mut self, device: &str) {
        let Some(mut phone) = self.phones.remove(device) else { return };
        // uem-down
        let heard = self.reach_uem(device);
        if phone.knows_uem && heard != Reach::Nothing {
            if phone.enrolled_as.is_some() {
                self.report(&mut phone);
                self.deliver(&mut phone, heard);
            } else if heard == Reach::Answered {
                wipe(&mut phone);
            }
        }
        self.phones.insert(device.into(), phone);
    }

    fn check_in_all(&mut self) {
        for device in self.phones.keys().cloned().collect::<Vec<_>>() {
            self.check_in(&device);
        }
    }

    /// What is lost on its way is not sent again, but for a wipe: a device that has left hears of it each time.
    fn deliver(&self, phone: &mut Phone, heard: Reach) {
        let now = self.at("uem");
        let (due, later): (Vec<_>, Vec<_>) = phone.commands.drain(..).partition(|c| c.at <= now);
        phone.commands = later;
        for command in due {
            match command.what {
                Command::Wipe if heard == Reach::Answered => wipe(phone),
                Command::Wipe => leave(phone),
                _ if heard != Reach::Answered => {}
                Command::Remove(profile) => {
                    phone.certificates.remove(&profile);
                }
                Command::Install(profile) => self.install(phone, &profile),
            }
        }
    }

    /// An administrator's enterprise wipe: pending until the device's next check-in, and nobody wakes it for that.
    pub(crate) fn request_wipe(&mut self, device: &str) {
        let now = self.at("uem");
        if let Some(phone) = self.phones.get_mut(device) {
            phone.leaving = true;
            phone.commands = vec![Waiting { at: now, what: Command::Wipe, due: true }];
        }
    }

    /// UEM no longer counts the device as its own; the device hears of it later.
    pub(crate) fn leave(&mut self, device: &str) {
        let (now, revokes) = (self.at("uem"), self.world.uem.ca.revoke_on_removal);
        if let Some(phone) = self.phones.get_mut(device) {
            leave(phone);
            // A certificate that was planted past UEM is in no list of UEM's.
            let issued = phone.certificates.values_mut().filter(|c| revokes && c.planted.is_none());
            issued.for_each(|certificate| certificate.revoked = certificate.revoked.or(Some(now)));
        }
    }

    /// The compliance engine looks at every device.
    pub(crate) fn sweep(&mut self) {
        self.check_in_all();
        for device in self.phones.keys().cloned().collect::<Vec<_>>() {
            let Some(mut phone) = self.phones.remove(&device) else { continue };
            self.judge(&mut phone);
            self.phones.insert(device, phone);
        }
        self.check_in_all();
    }

    /// UEM looks at what the device last reported, acts on it, and gives back what nothing keeps away any more.
    // compliance-implied: and back again when compliant
    fn judge(&self, phone: &mut Phone) {
        if phone.enrolled_as.is_none() || phone.leaving {
            return;
        }
        let now = self.at("uem");
        let before = self.kept_away(phone);
        for policy in &self.world.uem.compliance_policies {
            if violated(policy, phone, now) {
                phone.found.entry(policy.name.clone()).or_insert(now);
            } else {
                phone.found.remove(&policy.name);
            }
        }
        phone.found.retain(|name, _| self.world.uem.compliance_policies.iter().any(|p| p.name == *name));
        phone.fired.retain(|(name, _)| phone.found.contains_key(name));
        self.act(phone);
        let delivered = now + minutes(self.world.uem.delivery_minutes);
        let after = self.kept_away(phone);
        for profile in before.difference(&after) {
            if !phone.withdraw(&Command::Remove(profile.clone())) {
                phone.send(delivered, Command::Install(profile.clone()));
            }
        }
        // Not compliant is what an action says, not what the rule says.
        let marked = self.taken(phone).any(|action| action.mark_not_compliant);
        phone.compliant = !marked;
        phone.judged = true;
    }

    /// Actions that violated policies have taken.
    fn taken<'a>(&'a self, phone: &'a Phone) -> impl Iterator<Item = &'a ComplianceAction> {
        self.world.uem.compliance_policies.iter().flat_map(|policy| {
            let fired = |i: usize| phone.fired.contains(&(policy.name.clone(), i));
            policy.actions.iter().enumerate().filter(move |(i, _)| fired(*i)).map(|(_, action)| action)
        })
    }

    /// Profiles that a compliance policy has taken away.
    fn kept_away(&self, phone: &Phone) -> BTreeSet<String> {
        let profile = |action: &ComplianceAction| match &action.what {
            ActionKind::RemoveProfile(profile) => Some(profile.clone()),
            ActionKind::Notify | ActionKind::EnterpriseWipe => None,
        };
        self.taken(phone).filter_map(profile).collect()
    }

    /// Actions and escalations whose time has come.
    // compliance-implied
    fn act(&self, phone: &mut Phone) {
        let now = self.at("uem");
        let delivered = now + minutes(self.world.uem.delivery_minutes);
        for policy in &self.world.uem.compliance_policies {
            let Some(found) = phone.found.get(&policy.name).copied() else { continue };
            for (i, action) in policy.actions.iter().enumerate() {
                if found + minutes(action.after_minutes) > now || !phone.fired.insert((policy.name.clone(), i)) {
                    continue;
                }
                match &action.what {
                    ActionKind::Notify => {}
                    ActionKind::RemoveProfile(profile) => {
                        phone.withdraw(&Command::Install(profile.clone()));
                        phone.send(delivered, Command::Remove(profile.clone()));
                    }
                    ActionKind::EnterpriseWipe => {
                        phone.leaving = true;
                        phone.commands.clear();
                        phone.send(delivered, Command::Wipe);
                    }
                }
            }
        }
    }

    /// Lets virtual time pass: sweeps, escalations and deliveries happen when they are due, by UEM's clock.
    pub(crate) fn pass_until(&mut self, until: Time) {
        let cadence = minutes(self.world.uem.compliance_sweep_minutes.max(1));
        let end = self.shown("uem", until);
        let ahead = end.0 - until.0;
        loop {
            let next = self.next_change();
            let due = next.min(self.next_sweep);
            if due > end {
                break;
            }
            self.now = self.now.max(Time(due.0 - ahead));
            if self.next_sweep <= next {
                // Sweeps that were missed while the clock jumped are made up for once.
                while self.next_sweep <= self.at("uem") {
                    self.next_sweep = self.next_sweep + cadence;
                }
                self.sweep();
            } else {
                self.do_due();
            }
        }
        self.now = self.now.max(until);
    }

    /// Devices report before UEM looks, so one that was mended in the meantime is spared its escalation.
    fn do_due(&mut self) {
        self.check_in_all();
        let now = self.at("uem");
        for device in self.phones.keys().cloned().collect::<Vec<_>>() {
            let Some(mut phone) = self.phones.remove(&device) else { continue };
            if self.escalation(&phone).is_some_and(|at| at <= now) {
                self.judge(&mut phone);
            }
            for command in phone.commands.iter_mut().filter(|c| c.at <= now) {
                command.due = true;
            }
            self.phones.insert(device, phone);
        }
        self.check_in_all();
    }

    /// When an escalation or a delivery is due next, by UEM's clock.
    fn next_change(&self) -> Time {
        let mut next = Time::MAX;
        for phone in self.phones.values().filter(|p| p.enrolled_as.is_some()) {
            next = self.escalation(phone).into_iter().fold(next, Time::min);
            next = phone.commands.iter().filter(|c| !c.due).map(|c| c.at).fold(next, Time::min);
        }
        next
    }

    fn escalation(&self, phone: &Phone) -> Option<Time> {
        if phone.leaving {
            return None;
        }
        let due = self.world.uem.compliance_policies.iter().flat_map(|policy| {
            let found = phone.found.get(&policy.name).copied();
            let open =
                policy.actions.iter().enumerate().filter(|(i, _)| !phone.fired.contains(&(policy.name.clone(), *i)));
            open.filter_map(move |(_, action)| Some(found? + minutes(action.after_minutes)))
        });
        due.min()
    }

    /// Whether a revocation stands in the CRL that is published now.
    // certificate-truth, revocation-delay
    pub(crate) fn revocation_is_public(&self, certificate: &Certificate) -> bool {
        let Some(revoked) = certificate.revoked else { return false };
        let ca = &self.world.uem.ca;
        let every = i64::from(ca.crl_minutes.max(1)) * 60_000;
        let next = self.start.0 + ((revoked.0 - self.start.0).div_euclid(every) + 1) * every;
        ca.publish_at_once || self.at("uem").0 >= next
    }
}

/// UEM forgets what it wanted of the device.
fn leave(phone: &mut Phone) {
    phone.enrolled_as = None;
    phone.leaving = false;
    phone.commands.clear();
    phone.found.clear();
    phone.fired.clear();
}

/// The device drops what UEM put there.
fn wipe(phone: &mut Phone) {
    leave(phone);
    phone.certificates.clear();
    phone.knows_uem = false;
}

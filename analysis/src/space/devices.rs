//! Kinds of devices as a world sees them, and the states that they can get into.

use super::Who;
use crate::model::{Agent, Model};
use federation::device::{Device, Facts};
use federation::tenant::access::{AuthMethod, DeviceType};
use federation::tenant::uem::{CompliancePolicy, ComplianceRule, FirstCheck, Matching};
use federation::{Client, DeviceKind, Platform, World};
use scenarios::{Action, FactsChange, FactsPatch, OnProfile, PlantKind, Planting, Wait, Wipe, WipePhase};
use uem_mock::decide::compliance::applies;
use uem_mock::inventory::platform_of;

/// A device and the program on it, as user agents and UEM tell them apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kit {
    pub kind: DeviceKind,
    pub client: Client,
    pub agent: Agent,
}

/// The name that every situation's device has.
pub fn device_name(kind: DeviceKind) -> &'static str {
    match kind {
        DeviceKind::Iphone => "the-iphone",
        DeviceKind::Ipad => "the-ipad",
        DeviceKind::AndroidPhone => "the-android",
        DeviceKind::WindowsPc => "the-pc",
        DeviceKind::Mac => "the-mac",
        DeviceKind::LinuxPc => "the-linux-pc",
    }
}

/// What rules can tell of device types.
fn types(world: &World, agent: &Agent) -> Vec<bool> {
    let rules = world.access.policies.iter().flat_map(|p| &p.rules);
    let wanted: Vec<&Vec<DeviceType>> = rules.map(|r| &r.device_types).collect();
    wanted.into_iter().map(|wanted| agent.types.meets(wanted)).collect()
}

pub fn kits(m: &Model) -> Vec<Kit> {
    use Client::*;
    use DeviceKind::*;
    let mut found: Vec<Kit> = Vec::new();
    for kind in [Iphone, AndroidPhone, WindowsPc, Mac, Ipad, LinuxPc] {
        for client in [Browser, MobileSite, NativeApp, Hub, DesktopSite] {
            let agent = Agent::of(kind, client);
            let same = |k: &Kit| {
                platform_of(k.kind) == platform_of(kind)
                    && (k.agent.platform, k.agent.os) == (agent.platform, agent.os)
                    && types(&m.world, &k.agent) == types(&m.world, &agent)
            };
            if !found.iter().any(same) {
                found.push(Kit { kind, client, agent });
            }
        }
    }
    found
}

/// Whether UEM is asked anything when people sign in.
pub fn asks_uem(world: &World) -> bool {
    let methods = &world.access.methods;
    let revocation = [&methods.mobile_sso_ios, &methods.mobile_sso_android, &methods.certificate];
    let chains = world.access.policies.iter().flat_map(|p| &p.rules).flat_map(|r| &r.authenticate);
    revocation.iter().any(|m| m.check_revocation)
        || chains.into_iter().any(|chain| chain.contains(&AuthMethod::DeviceCompliance))
}

/// A state of a device, and how it comes about.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    pub label: String,
    /// As it starts.
    pub device: Device,
    /// What happens to it, after whatever sign-in came before.
    pub steps: Vec<Action>,
    /// Minutes that the steps take.
    pub minutes: u64,
    /// How far it is from a healthy device of hers.
    pub distance: u32,
    /// Kept although another state comes to the same: in a world that is changed it may not.
    pub stays: bool,
}

fn device(world: &World, kind: DeviceKind, enrolled_as: Option<&str>) -> Device {
    let platform = platform_of(kind);
    let policies = || world.uem.compliance_policies.iter().filter(|p| applies(p, platform)).flat_map(|p| &p.rules);
    let apps = policies().filter_map(|r| match r {
        ComplianceRule::AppMissing(app) => Some(app.clone()),
        _ => None,
    });
    let usual = match kind {
        DeviceKind::Iphone | DeviceKind::Ipad => "17.4",
        DeviceKind::AndroidPhone => "14",
        DeviceKind::WindowsPc => "10.0.19045",
        DeviceKind::Mac => "14.4",
        DeviceKind::LinuxPc => "6.8",
    };
    let least = policies().find_map(|r| match r {
        ComplianceRule::OsBelow(version) => Some(version.clone()),
        _ => None,
    });
    Device {
        name: device_name(kind).into(),
        kind,
        enrolled_as: enrolled_as.map(Into::into),
        os_version: least.unwrap_or_else(|| usual.into()),
        facts: Facts { apps: apps.collect(), ..Facts::default() },
        udid: None,
    }
}

/// Every state of a person's device of this kind that the world may tell from others.
pub fn conditions(m: &Model, whos: &[Who], who: &Who, kind: DeviceKind) -> Vec<Condition> {
    let world = &*m.world;
    let own = who.uem.as_deref();
    let plain = |label: &str, enrolled_as: Option<&str>, distance: u32| Condition {
        label: label.into(),
        device: device(world, kind, enrolled_as),
        steps: Vec::new(),
        minutes: 0,
        distance,
        stays: false,
    };
    let mut found = Vec::new();
    if own.is_some() {
        found.push(plain("enrolled by her", own, 0));
    }
    found.push(plain("not enrolled", None, u32::from(own.is_some())));
    let others = whos.iter().flat_map(|w| {
        let second = w.other.as_ref().and_then(|name| world.people.iter().find(|p| p.name == *name)?.uem.clone());
        [w.uem.clone(), second]
    });
    for other in others.flatten().filter(|other| Some(other.as_str()) != own) {
        found.push(plain(&format!("enrolled by {other}"), Some(&other), 1));
    }
    let Some(own) = own else { return found };
    let base = plain("", Some(own), 1);
    violations(world, kind, &base, &mut found);
    certificates(world, kind, own, &base, &mut found);
    let name = device_name(kind);
    for (phase, label) in [(WipePhase::Whole, "wiped"), (WipePhase::Request, "wipe requested and not yet heard of")] {
        let steps = vec![Action::Wipe(Wipe { device: name.into(), phase })];
        found.push(Condition { label: label.into(), steps, ..base.clone() });
    }
    if world.uem.assumptions.first_compliance_check == FirstCheck::AtNextSweep {
        found.push(Condition { label: "judged by UEM".into(), steps: vec![Action::Sweep], distance: 0, ..base });
    }
    found
}

fn wait(minutes: u64) -> Action {
    Action::Wait(Wait { minutes })
}

fn violations(world: &World, kind: DeviceKind, base: &Condition, found: &mut Vec<Condition>) {
    let platform: Platform = platform_of(kind);
    for policy in world.uem.compliance_policies.iter().filter(|p| applies(p, platform)) {
        let Some(facts) = breaking(policy) else { continue };
        let change = Action::DeviceFacts(FactsChange { device: device_name(kind).into(), facts });
        let mut waits = vec![0];
        let delivery = u64::from(world.uem.delivery_minutes) + 1;
        for action in &policy.actions {
            waits.push(u64::from(action.after_minutes) + delivery);
        }
        waits.sort_unstable();
        waits.dedup();
        let longest = waits.last().copied();
        for minutes in waits {
            let mut steps = vec![change.clone(), Action::Sweep];
            let mut label = format!("breaks {}", policy.name);
            if minutes > 0 {
                steps.push(wait(minutes));
                label = format!("{label} for {minutes} minutes");
            }
            found.push(Condition { label, steps, minutes, stays: Some(minutes) == longest, ..base.clone() });
        }
    }
}

/// Facts that break a policy; none where only silence would.
fn breaking(policy: &CompliancePolicy) -> Option<FactsPatch> {
    let mut patch = FactsPatch::default();
    let mut broken = 0;
    for rule in &policy.rules {
        match rule {
            ComplianceRule::Compromised => patch.compromised = Some(true),
            ComplianceRule::NoPasscode => patch.passcode = Some(false),
            ComplianceRule::NotEncrypted => patch.encrypted = Some(false),
            ComplianceRule::OsBelow(_) => patch.os_version = Some("0.1".into()),
            ComplianceRule::AppPresent(app) => patch.apps = Some(vec![app.clone()]),
            ComplianceRule::AppMissing(_) => patch.apps = Some(Vec::new()),
            ComplianceRule::NotSeenForMinutes(_) => continue,
        }
        broken += 1;
        if policy.matching == Matching::Any {
            return Some(patch);
        }
    }
    (broken > 0 && broken == policy.rules.len()).then_some(patch)
}

/// What can be wrong with the certificate that a profile brought.
fn certificates(world: &World, kind: DeviceKind, own: &str, base: &Condition, found: &mut Vec<Condition>) {
    let platform = platform_of(kind);
    let name = device_name(kind).to_string();
    let crl = u64::from(world.uem.ca.crl_minutes.max(1)) + 1;
    for profile in world.uem.profiles.iter().filter(|p| p.platforms.contains(&platform)) {
        let on = OnProfile { device: name.clone(), profile: profile.name.clone() };
        let planted = |kind| {
            let (device, profile, as_user) = (name.clone(), profile.name.clone(), own.to_string());
            Action::PlantCertificate(Planting { device, profile, as_user, kind })
        };
        let mut push = |label: String, steps: Vec<Action>, minutes: u64| {
            found.push(Condition { label, steps, minutes, ..base.clone() });
        };
        push(format!("without profile {}", profile.name), vec![Action::RemoveProfile(on.clone())], 0);
        push(format!("with a forged certificate for {}", profile.name), vec![planted(PlantKind::ForeignCa)], 0);
        push(format!("with a certificate of nobody for {}", profile.name), vec![planted(PlantKind::Nobody)], 0);
        let revoke = vec![Action::RevokeCertificate(on), wait(crl)];
        push(format!("whose certificate of {} is revoked", profile.name), revoke, crl);
    }
    let life = u64::from(world.uem.ca.leaf_days) * 1440 + 10;
    let has = world.uem.profiles.iter().any(|p| p.platforms.contains(&platform));
    if has && world.uem.ca.leaf_days <= 400 {
        let label = "whose certificate has expired".to_string();
        found.push(Condition { label, steps: vec![wait(life)], minutes: life, ..base.clone() });
    }
}

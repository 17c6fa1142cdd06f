//! Steps in plain words.

use federation::Client;
use federation::tenant::okta::UserStatus;
use scenarios::{
    Action, BreakHow, Breakage, FactsPatch, Misbehaving, Pasted, Place, PlantKind, Provisioning, SignIn, Start, Wait,
    Whom, WipePhase,
};

/// `alice opens salesforce on alices-iphone`.
pub fn action(action: &Action) -> String {
    match action {
        Action::SignIn(s) => sign_in(s),
        Action::Enrol(e) => format!("{} is enrolled as {}", e.device, e.as_user),
        Action::EnrolPerson(f) => format!("{} enrols {} as herself", f.who, f.on),
        Action::Provision(p) => provisioning(&p.step),
        Action::FollowLink(f) => format!("{} follows the enrolment link on {}", f.who, f.on),
        Action::Unenrol(d) => format!("{} leaves UEM", d.device),
        Action::Wipe(w) => match w.phase {
            WipePhase::Whole => format!("UEM wipes {}", w.device),
            WipePhase::Request => format!("UEM is asked to wipe {}", w.device),
            WipePhase::Confirm => format!("the wipe of {} is confirmed at UEM", w.device),
        },
        Action::DeviceFacts(f) => format!("{} changes: {}", f.device, facts(&f.facts)),
        Action::Sweep => "UEM checks compliance".into(),
        Action::CheckIn(d) => format!("{} checks in with UEM", d.device),
        Action::InstallProfile(p) => format!("{} asks UEM for profile {}", p.device, p.profile),
        Action::RenewCertificate(p) => format!("UEM renews the certificate of {} on {}", p.profile, p.device),
        Action::RemoveProfile(p) => format!("profile {} is removed from {}", p.profile, p.device),
        Action::RevokeCertificate(p) => format!("the certificate of {} on {} is revoked", p.profile, p.device),
        Action::PlantCertificate(p) => {
            format!("{} gets {} certificate in place of {}", p.device, planted(p.kind), p.profile)
        }
        Action::Misbehave(m) => format!("{} will be attacked: {}", whose(m.party), m.as_case),
        Action::Change(c) => {
            let at: Vec<&str> = c.patches.iter().map(|p| p.at.as_str()).collect();
            format!("an administrator changes {}", at.join(", "))
        }
        Action::SignOut(s) => format!("{} signs out at {}", s.on, s.at),
        Action::Wait(Wait { minutes: 1 }) => "a minute passes".into(),
        Action::Wait(w) => format!("{} minutes pass", w.minutes),
        Action::Break(b) => broken(b),
        Action::Mend(m) => format!("{} works again{}", m.party, for_whom(m.from.as_deref())),
    }
}

fn sign_in(s: &SignIn) -> String {
    let mut text = format!("{} opens {} on {}", s.who, s.app, s.on);
    if s.client != Client::Browser {
        text += &format!(" ({})", s.client.name());
    }
    if let Some(network) = &s.network {
        text += &format!(" from {network}");
    }
    if s.start == Start::Dashboard {
        text += ", from Okta's dashboard";
    }
    text
}

fn planted(kind: PlantKind) -> &'static str {
    match kind {
        PlantKind::ForeignCa => "another CA's",
        PlantKind::SelfMade => "a self-made",
        PlantKind::NotYetValid => "a not yet valid",
        PlantKind::NoClientAuth => "a server's",
        PlantKind::Nobody => "a nameless",
    }
}

fn whose(party: Misbehaving) -> &'static str {
    match party {
        Misbehaving::Access => "Access's answer",
        Misbehaving::Okta => "Okta's message",
        Misbehaving::App => "the app's request",
        Misbehaving::Network => "a message",
        Misbehaving::Device => "what the device shows",
    }
}

fn for_whom(from: Option<&str>) -> String {
    from.map(|from| format!(" for {from}")).unwrap_or_default()
}

fn broken(b: &Breakage) -> String {
    let whom = for_whom(b.from.as_deref());
    match b.how {
        BreakHow::Unreachable => format!("{} goes down{whom}", b.party),
        BreakHow::Slow => format!("{} answers only after {} ms{whom}", b.party, b.delay_ms),
        BreakHow::Nonsense => format!("{} answers nonsense{whom}", b.party),
        BreakHow::DroppedConnection => format!("{} hangs up in the middle of its answers{whom}", b.party),
        BreakHow::TooManyRequests => format!("{} has too many requests{whom}", b.party),
        BreakHow::ClockSkew if b.seconds < 0 => {
            format!("the clock of {} falls {} s behind", b.party, b.seconds.unsigned_abs())
        }
        BreakHow::ClockSkew => format!("the clock of {} runs {} s ahead", b.party, b.seconds),
    }
}

/// A step of provisioning.
fn provisioning(step: &Provisioning) -> String {
    let whom = |whom: &Whom| match whom {
        Whom::Who(who) => who.clone(),
        Whom::Group(group) => format!("the group {group}"),
    };
    match step {
        Provisioning::CreateClient(c) => format!("a client {} is made at Access", c.id),
        Provisioning::GetToken(t) => format!("a token is fetched for {}", t.client),
        Provisioning::CreateDirectory(d) => format!("the directory {} is made for {}", d.name, d.domain),
        Provisioning::CreateGroup(g) => format!("the group {} is made in {}", g.name, g.domain),
        Provisioning::ConfigureProvisioning(Pasted::TokenOf(c)) => {
            format!("the token of {c} is pasted into Okta's app")
        }
        Provisioning::ConfigureProvisioning(Pasted::SecretOf(c)) => {
            format!("the shared secret of {c} is pasted into Okta's app")
        }
        Provisioning::TestCredentials => "Okta tests its API credentials".into(),
        Provisioning::Assign(to) => format!("the app is assigned to {}", whom(to)),
        Provisioning::Unassign(from) => format!("the app is unassigned from {}", whom(from)),
        Provisioning::JoinGroup(m) => format!("{} joins {} at Okta", m.who, m.group),
        Provisioning::LeaveGroup(m) => format!("{} leaves {} at Okta", m.who, m.group),
        Provisioning::PushGroup(p) => match &p.link {
            None => format!("{} is pushed", p.group),
            Some(link) => format!("{} is pushed into {link}, which is there", p.group),
        },
        Provisioning::UnlinkGroup(u) if u.delete => format!("{} is unlinked, and deleted at Access", u.group),
        Provisioning::UnlinkGroup(u) => format!("{} is unlinked, and stays at Access", u.group),
        Provisioning::PushNow(p) => format!("Push Now for {}", p.group),
        Provisioning::RetryAllGroups => "Retry All Groups".into(),
        Provisioning::RetryTasks => "the failed tasks are retried".into(),
        Provisioning::ChangeProfile(c) => {
            let set: Vec<String> = c.set.iter().map(|(name, value)| format!("{name} = {value}")).collect();
            format!("the profile of {} changes at Okta: {}", c.who, set.join(", "))
        }
        Provisioning::SetStatus(c) => {
            let status = match c.status {
                UserStatus::Active => "active",
                UserStatus::Suspended => "suspended",
                UserStatus::Deactivated => "deactivated",
            };
            format!("{} becomes {status} at Okta", c.who)
        }
        Provisioning::Delete(d) => {
            let place = match d.at {
                Place::Okta => "Okta",
                Place::Access => "Access",
                Place::Uem => "UEM",
            };
            format!("{} is deleted at {place}", d.who)
        }
    }
}

/// `compromised = true, passcode = false`
fn facts(patch: &FactsPatch) -> String {
    let truths = [("compromised", patch.compromised), ("passcode", patch.passcode), ("encrypted", patch.encrypted)];
    let mut told: Vec<String> = truths.iter().filter_map(|(name, is)| Some(format!("{name} = {}", (*is)?))).collect();
    told.extend(patch.os_version.iter().map(|version| format!("os_version = {version}")));
    told.extend(
        patch
            .apps
            .iter()
            .map(|apps| format!("apps = {}", if apps.is_empty() { "none".into() } else { apps.join(" ") })),
    );
    told.extend(patch.attributes.iter().flatten().map(|(name, value)| format!("{name} = {value}")));
    told.join(", ")
}

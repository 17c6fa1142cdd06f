//! What a step does. Each action is written in TOML exactly as its fields are named here; `docs/scenarios.md` has an
//! example of each.

use crate::provisioning::Provision;
use federation::device::Device;
use federation::{Client, World};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The one action key of a `[[step]]`.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// `sign_in = { who, on, app, … }`
    SignIn(SignIn),
    /// `enrol = { device, as_user }`
    Enrol(Enrolment),
    /// `enrol_person = { who, on }`: the Hub asks for her login, and she signs in where UEM sends her.
    EnrolPerson(FollowLink),
    /// `follow_link = { who, on }`: she follows the link of the enrolment page that the device shows.
    FollowLink(FollowLink),
    /// `unenrol = { device }`: the device leaves UEM's management and drops what UEM put there.
    Unenrol(OnDevice),
    /// `wipe = { device, phase }`: an enterprise wipe from UEM's console.
    Wipe(Wipe),
    /// `device_facts = { device, facts = { compromised = true } }`: what the device is from now on; UEM learns it at the next check-in.
    DeviceFacts(FactsChange),
    /// `sweep = {}`: UEM's compliance engine looks at every device now.
    Sweep,
    /// `check_in = { device }`: the device reports its facts and fetches its commands.
    CheckIn(OnDevice),
    /// `install_profile = { device, profile }`: the device asks UEM for a profile and makes a new key for it.
    InstallProfile(OnProfile),
    /// `remove_profile = { device, profile }`: by hand, on the device; UEM hears nothing of it.
    RemoveProfile(OnProfile),
    /// `renew_certificate = { device, profile }`: UEM has the device install the profile anew, with a new certificate.
    RenewCertificate(OnProfile),
    /// `revoke_certificate = { device, profile }`
    RevokeCertificate(OnProfile),
    /// `plant_certificate = { device, profile, as_user, kind }`: a bad certificate takes the place of a profile's.
    PlantCertificate(Planting),
    /// `misbehave = { party, as }`: at the next sign-in a message of this party is attacked.
    Misbehave(Misbehaviour),
    /// `change = [{ at, set }]`: an administrator changes settings.
    #[serde(skip)]
    Change(Change),
    /// `sign_out = { on, at }`
    SignOut(SignOut),
    /// `wait = { minutes }`
    Wait(Wait),
    /// `break = { party, how, from }`
    Break(Breakage),
    /// `mend = { party, from }`
    Mend(Mend),
    /// `assign = { who }`, `push_group = { group }` and their like: see [`crate::Provisioning`].
    #[serde(skip)]
    Provision(Provision),
}

impl Action {
    /// The keys of a `[[step]]` that are actions.
    /// Those of this enum; those of [`crate::Provisioning`] come beside them.
    pub const KEYS: [&'static str; 20] = [
        "sign_in",
        "enrol",
        "enrol_person",
        "follow_link",
        "unenrol",
        "wipe",
        "device_facts",
        "sweep",
        "check_in",
        "install_profile",
        "remove_profile",
        "renew_certificate",
        "revoke_certificate",
        "plant_certificate",
        "misbehave",
        "change",
        "sign_out",
        "wait",
        "break",
        "mend",
    ];
}

/// Somebody opens an app.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// `people`, by name.
    pub who: String,
    /// `devices`, by name.
    pub on: String,
    /// `apps`, by name.
    pub app: String,
    #[serde(default)]
    pub client: Client,
    /// `networks`, by name; the first where absent.
    #[serde(default)]
    pub network: Option<String>,
    #[serde(default)]
    pub start: Start,
    #[serde(default)]
    pub password: PasswordEntry,
    #[serde(default)]
    pub mfa: MfaAnswer,
}

impl SignIn {
    /// Its keys.
    pub const KEYS: [&'static str; 8] = ["who", "on", "app", "client", "network", "start", "password", "mfa"];

    /// Programs of a device that share cookies: its browser, a native app, the Hub.
    pub fn jar(&self) -> String {
        let program = match self.client {
            Client::Browser | Client::MobileSite | Client::DesktopSite => "browser",
            Client::NativeApp => "app",
            Client::Hub => "hub",
        };
        format!("{}/{program}", self.on)
    }
}

/// Where a sign-in begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Start {
    /// At the app.
    #[default]
    Sp,
    /// At Okta's dashboard.
    Dashboard,
}

/// What is typed where a password is asked for, at Okta or at Access.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PasswordEntry {
    #[default]
    Right,
    Wrong,
    /// Nothing is typed: she stays at the page.
    None,
}

/// How she answers when a factor is asked for. At Access `totp` and `push-approve` approve, `push-deny` and `wrong` deny.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum MfaAnswer {
    /// The right code.
    #[default]
    Totp,
    PushApprove,
    PushDeny,
    /// No answer.
    None,
    /// A wrong code.
    Wrong,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Enrolment {
    pub device: String,
    /// `uem.users`, by name.
    pub as_user: String,
}

/// A link to UEM's web enrolment ends with the device enrolled by her; one to an app store only brings the Hub.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct FollowLink {
    /// `people`, by name.
    pub who: String,
    /// `devices`, by name.
    pub on: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct OnDevice {
    pub device: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Wipe {
    pub device: String,
    #[serde(default)]
    pub phase: WipePhase,
}

/// How far an enterprise wipe gets in this step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum WipePhase {
    /// Requested, and the device hears of it at once, where it can reach UEM.
    #[default]
    Whole,
    /// Requested; pending until the device next checks in.
    Request,
    /// Counts as done at UEM without the device's word.
    Confirm,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct OnProfile {
    pub device: String,
    /// `uem.profiles`, by name.
    pub profile: String,
}

/// A certificate with a real key that should authenticate nobody, put on a device past UEM.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Planting {
    pub device: String,
    /// `uem.profiles`, by name: in whose place.
    pub profile: String,
    /// `uem.users`, by name: whom the certificate claims.
    pub as_user: String,
    pub kind: PlantKind,
}

/// What is wrong with a planted certificate. Each borrows the name of UEM's CA, or no browser would offer it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PlantKind {
    /// Signed by another CA that goes by the same name.
    ForeignCa,
    /// Signed with its own key.
    SelfMade,
    /// Of UEM's CA, valid from tomorrow.
    NotYetValid,
    /// Of UEM's CA, for servers only.
    NoClientAuth,
    /// Of UEM's CA; it names the device and no person.
    Nobody,
}

/// An attack on the next sign-in. `docs/attacks.md` lists the cases; the first word of a name tells how it must end.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Misbehaviour {
    /// Whose message goes wrong.
    pub party: Misbehaving,
    /// Name of the case.
    #[serde(rename = "as")]
    pub as_case: String,
}

/// The sender of the message that is attacked. Whether the sender or somebody on the way does it is the case's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Misbehaving {
    /// Access: its response to Okta.
    Access,
    /// Okta: its response to the app, or its request to Access.
    Okta,
    /// The app: its request to Okta.
    App,
    /// The first message that the case fits.
    Network,
    /// The device: what it shows in TLS.
    Device,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct FactsChange {
    pub device: String,
    pub facts: FactsPatch,
}

/// Facts that change; what is absent stays.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Default, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct FactsPatch {
    pub compromised: Option<bool>,
    pub passcode: Option<bool>,
    pub encrypted: Option<bool>,
    pub apps: Option<Vec<String>>,
    pub attributes: Option<BTreeMap<String, String>>,
    pub os_version: Option<String>,
}

impl FactsPatch {
    /// Changes what the device is; UEM hears of it at the next check-in.
    pub fn apply(&self, device: &mut Device) {
        let change = self.clone();
        let facts = &mut device.facts;
        facts.compromised = change.compromised.unwrap_or(facts.compromised);
        facts.passcode = change.passcode.unwrap_or(facts.passcode);
        facts.encrypted = change.encrypted.unwrap_or(facts.encrypted);
        facts.apps = change.apps.unwrap_or_else(|| std::mem::take(&mut facts.apps));
        facts.attributes = change.attributes.unwrap_or_else(|| std::mem::take(&mut facts.attributes));
        if let Some(version) = change.os_version {
            device.os_version = version;
        }
    }
}

/// Settings from this step on.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// What was changed, for people.
    pub patches: Vec<Patch>,
    /// The whole world with the change applied.
    pub world: Box<World>,
}

/// One change of settings.
///
/// `at` names its target: keys, and names where a list of tables stands (`access.policies.default.rules.ios`).
/// With it stands exactly one of `set = VALUE` (a table sets the keys it has, everything else replaces), `remove = true`,
/// and `insert = { name = …, … }` for lists, at the end or `before = NAME` / `after = NAME`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Patch {
    pub at: String,
    /// `set`, `remove` or `insert`.
    pub verb: &'static str,
    /// Line of the file.
    pub line: usize,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SignOut {
    /// Device whose browser it is.
    pub on: String,
    /// `okta`, `access` or an app: whose session ends.
    pub at: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Wait {
    pub minutes: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Breakage {
    /// `okta`, `access`, `uem` or an app.
    pub party: String,
    /// A party or a device: only its calls are hit. Absent: everybody's.
    #[serde(default)]
    pub from: Option<String>,
    #[serde(default)]
    pub how: BreakHow,
    /// With `how = "slow"`: milliseconds until it answers.
    #[serde(default = "half_a_minute", skip_serializing_if = "is_half_a_minute")]
    pub delay_ms: u64,
    /// With `how = "clock-skew"`: how far the party's clock is ahead; below zero, behind. With `how = "too-many-requests"`:
    /// after how many seconds it asks to be asked again; zero: it does not say.
    #[serde(default, skip_serializing_if = "is_none")]
    pub seconds: i64,
}

fn half_a_minute() -> u64 {
    30_000
}

fn is_half_a_minute(delay_ms: &u64) -> bool {
    *delay_ms == half_a_minute()
}

fn is_none(seconds: &i64) -> bool {
    *seconds == 0
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum BreakHow {
    /// Nobody answers.
    #[default]
    Unreachable,
    /// Answers later than its callers' patience.
    Slow,
    /// Answers with what is no answer.
    Nonsense,
    /// Does what it is asked and hangs up in the middle of its answer.
    DroppedConnection,
    /// Its clock differs from everybody else's.
    ClockSkew,
    /// Answers 429.
    TooManyRequests,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Mend {
    pub party: String,
    /// Mends this caller's way only. Absent: all that is broken about the party.
    #[serde(default)]
    pub from: Option<String>,
}

//! The public shapes of a scenario. Each action and expectation is written in TOML exactly as its fields are named here.

use federation::{Client, DeviceContext, Outcome, World};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt;

/// One lesson: a world, what people do in it, what should happen, and one-line changes to try.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    pub name: String,
    /// Where it was read from.
    pub file: String,
    /// Ids of `requirements.toml`.
    pub teaches: Vec<String>,
    pub story: String,
    /// Folder of the file; `own` where there is none.
    pub family: String,
    /// Baseline, file and `[[change]]`s merged.
    pub world: World,
    pub steps: Vec<Step>,
    pub tries: Vec<Try>,
    pub sources: SourceMap,
}

/// The same steps in a world with one thing changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Try {
    pub label: String,
    /// With its change applied.
    pub world: World,
    /// Of the last sign-in; replaces the step's own.
    pub expect: Expect,
    /// The scenario's steps as they run here.
    pub steps: Vec<Step>,
    pub sources: SourceMap,
}

/// One run: a scenario as it stands, or one of its tries.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// `family/name`, or `family/name~label-in-words`.
    pub id: String,
    pub file: String,
    pub story: String,
    pub teaches: Vec<String>,
    pub world: World,
    pub steps: Vec<Step>,
    pub sources: SourceMap,
}

impl Scenario {
    /// The scenario itself first, then each try.
    pub fn cases(&self) -> Vec<Case> {
        let id = format!("{}/{}", self.family, self.name);
        let case = |id: String, world: &World, steps: &[Step], sources: &SourceMap| Case {
            id,
            file: self.file.clone(),
            story: self.story.clone(),
            teaches: self.teaches.clone(),
            world: world.clone(),
            steps: steps.to_vec(),
            sources: sources.clone(),
        };
        let mut cases = vec![case(id.clone(), &self.world, &self.steps, &self.sources)];
        cases.extend(
            self.tries.iter().map(|t| case(format!("{id}~{}", slug(&t.label)), &t.world, &t.steps, &t.sources)),
        );
        cases
    }
}

/// `Drop Device Compliance!` becomes `drop-device-compliance`.
pub(crate) fn slug(label: &str) -> String {
    let words: Vec<String> =
        label.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase).collect();
    words.join("-")
}

/// What somebody does, and what should come of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// Line of the file.
    pub line: usize,
    pub action: Action,
    pub expect: Expect,
}

/// The one action key of a `[[step]]`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// `sign_in = { who, on, app, … }`
    SignIn(SignIn),
    /// `enrol = { device, as_user }`
    Enrol(Enrolment),
    /// `follow_link = { who, on }`: she follows the link of the enrolment page that the device shows.
    FollowLink(FollowLink),
    /// `wipe = { device }`: an enterprise wipe from UEM's console, confirmed by the device.
    Wipe(OnDevice),
    /// `device_facts = { device, facts = { compromised = true } }`: what the device is from now on; UEM learns it at the next check-in.
    DeviceFacts(FactsChange),
    /// `sweep = {}`: UEM's compliance engine looks at every device now.
    Sweep,
    /// `check_in = { device }`: the device reports its facts and fetches its commands.
    CheckIn(OnDevice),
    /// `remove_profile = { device, profile }`
    RemoveProfile(OnProfile),
    /// `revoke_certificate = { device, profile }`
    RevokeCertificate(OnProfile),
    /// `plant_certificate = { device, profile, as_user, kind }`: a bad certificate takes the place of a profile's.
    PlantCertificate(Planting),
    /// `change = [{ at, set }]`: an administrator changes settings.
    #[serde(skip_deserializing)]
    Change(Change),
    /// `sign_out = { on, at }`
    SignOut(SignOut),
    /// `wait = { minutes }`
    Wait(Wait),
    /// `break = { party, how }`
    Break(Breakage),
    /// `mend = { party }`
    Mend(OnParty),
}

/// Somebody opens an app.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
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

/// Where a sign-in begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum Start {
    /// At the app.
    #[default]
    Sp,
    /// At Okta's dashboard.
    Dashboard,
}

/// What is typed where a password is asked for, at Okta or at Access.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum PasswordEntry {
    #[default]
    Right,
    Wrong,
    /// Nothing is typed: she stays at the page.
    None,
}

/// How she answers when a factor is asked for. At Access `totp` and `push-approve` approve, `push-deny` and `wrong` deny.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Default)]
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

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Enrolment {
    pub device: String,
    /// `uem.users`, by name.
    pub as_user: String,
}

/// A link to UEM's web enrolment ends with the device enrolled by her; one to an app store only brings the Hub.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FollowLink {
    /// `people`, by name.
    pub who: String,
    /// `devices`, by name.
    pub on: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OnDevice {
    pub device: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OnProfile {
    pub device: String,
    /// `uem.profiles`, by name.
    pub profile: String,
}

/// A certificate with a real key that should authenticate nobody, put on a device past UEM.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
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

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FactsChange {
    pub device: String,
    pub facts: FactsPatch,
}

/// Facts that change; what is absent stays.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub struct FactsPatch {
    pub compromised: Option<bool>,
    pub passcode: Option<bool>,
    pub encrypted: Option<bool>,
    pub apps: Option<Vec<String>>,
    pub attributes: Option<BTreeMap<String, String>>,
    pub os_version: Option<String>,
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

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignOut {
    /// Device whose browser it is.
    pub on: String,
    /// `okta`, `access` or an app: whose session ends.
    pub at: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wait {
    pub minutes: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Breakage {
    /// `okta`, `access`, `uem` or an app.
    pub party: String,
    #[serde(default)]
    pub how: BreakHow,
    /// With `how = "slow"`: milliseconds until it answers.
    #[serde(default = "half_a_minute")]
    pub delay_ms: u64,
}

fn half_a_minute() -> u64 {
    30_000
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum BreakHow {
    /// Nobody answers.
    #[default]
    Unreachable,
    /// Answers later than its callers' patience.
    Slow,
    /// Answers with what is no answer.
    Nonsense,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OnParty {
    pub party: String,
}

/// What should be seen. Absent: not looked at. Lists: each of these occurs, in whatever place.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub struct Expect {
    pub outcome: Option<Outcome>,
    /// Whose page it ends on: `okta`, `access`, an app's name, or `browser`.
    pub by: Option<String>,
    /// Finding codes, `area/what-happened`; a rule may follow: `sign-on/rule-matched okta.apps.wiki.rules.untrusted`.
    pub because: Vec<String>,
    pub as_whom: AsWhom,
    /// `device.trusted` as the app's assertion states it.
    pub device_trusted: Option<DeviceContext>,
    /// Text on the last page.
    pub page_contains: Vec<String>,
    /// Flags of SAML messages of this step, such as `ForceAuthn=true`; a leading `!` says that none has it.
    pub flags: Vec<String>,
    /// Event types of the vendors' own logs; a leading `!` says that there is none.
    pub log: Vec<String>,
}

impl Expect {
    /// Says nothing.
    pub fn is_empty(&self) -> bool {
        *self == Expect::default()
    }
}

/// Login with a live session in the end; an empty text says that nobody has one.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub struct AsWhom {
    pub okta: Option<String>,
    pub access: Option<String>,
    pub app: Option<String>,
}

/// Where a setting was written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Location {
    pub file: String,
    pub line: usize,
    pub column: usize,
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// Settings path, such as `access.policies.default.rules.ios`, to the place that wrote it last.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SourceMap(pub BTreeMap<String, Location>);

impl SourceMap {
    /// Where `path` was written; where it was not (a default), its nearest parent that was.
    pub fn locate(&self, path: &str) -> Option<&Location> {
        let mut path = path;
        loop {
            if let Some(found) = self.0.get(path) {
                return Some(found);
            }
            path = path.rsplit_once('.')?.0;
        }
    }
}

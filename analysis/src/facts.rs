//! What a sign-in starts from and what it comes to, small enough to be copied hundreds of millions of times.

use crate::model::{Agent, PersonId, UserId};
use federation::tenant::access::AuthMethod;
use federation::{DeviceContext, Outcome, Time};
use idp_okta::decide::session::Limits;
use scenarios::{MfaAnswer, PasswordEntry, PlantKind, Start};
use uem_mock::records::{Certified, Stated};

/// The methods whose certificates have legs of their own.
pub const LEGS: [AuthMethod; 3] = [AuthMethod::MobileSsoIos, AuthMethod::MobileSsoAndroid, AuthMethod::Certificate];

pub(crate) const METHODS: [AuthMethod; 7] = [
    AuthMethod::Password,
    AuthMethod::MobileSsoIos,
    AuthMethod::MobileSsoAndroid,
    AuthMethod::Certificate,
    AuthMethod::DeviceCompliance,
    AuthMethod::OktaAuthMethod,
    AuthMethod::Mfa,
];

/// Somebody opens an app.
#[derive(Debug, Clone, Copy)]
pub struct Attempt {
    /// Number of the world's apps.
    pub app: u16,
    pub start: Start,
    pub agent: Agent,
    /// Number of the agent, for whoever remembers answers.
    pub agent_id: u16,
    /// Number of the model's networks.
    pub network: u16,
    /// Whose login and password she types at Okta and at Access.
    pub okta: Option<UserId>,
    pub access: Option<PersonId>,
    pub password: PasswordEntry,
    pub mfa: MfaAnswer,
    /// Wrong passwords in a row before.
    pub wrong: u8,
}

/// A certificate that a device can show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    pub certified: Certified,
    /// What is wrong with it, where it was planted.
    pub planted: Option<PlantKind>,
    /// The published list says that it is revoked.
    pub listed: bool,
}

/// What Access can learn of a device.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeviceFacts {
    /// For whoever remembers answers.
    pub id: u16,
    pub udid: String,
    /// What it shows on each of [`LEGS`].
    pub legs: [Option<Certificate>; 3],
    /// UEM's word of it.
    pub record: Option<Stated>,
}

/// What UEM does when Access calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Uem {
    #[default]
    Answers,
    Refuses,
    /// Answers after so many milliseconds.
    Slow(u64),
    Nonsense,
    HangsUp,
}

/// Who can be reached by the browser, and UEM by Access.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ways {
    pub okta: bool,
    pub access: bool,
    pub app: bool,
    pub uem: Uem,
}

impl Default for Ways {
    fn default() -> Ways {
        Ways { okta: true, access: true, app: true, uem: Uem::Answers }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OktaSession {
    pub user: UserId,
    pub created: Time,
    pub last_used: Time,
    pub authenticated_at: Time,
    pub limits: Limits,
    pub factor: bool,
    pub trust: DeviceContext,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccessSession {
    pub started: Time,
    pub person: PersonId,
    /// When each method was last satisfied.
    pub satisfied: [Option<Time>; 7],
    /// A certificate named a device: this one, or another.
    pub udid: Option<bool>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AppSession {
    pub user: UserId,
    pub started: Time,
    pub told: Option<DeviceContext>,
    pub fresh: bool,
}

/// Sessions of one program of one device, at Okta, at Access and at the app that is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Browser {
    pub okta: Option<OktaSession>,
    pub access: Option<AccessSession>,
    pub app: Option<AppSession>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum By {
    Okta,
    Access,
    App,
    Browser,
}

/// What a sign-in came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct End {
    pub outcome: Outcome,
    pub by: By,
    /// What the app was told, where it shows its page.
    pub trusted: Option<DeviceContext>,
    /// Who has a live session in the end.
    pub okta: Option<UserId>,
    pub access: Option<PersonId>,
    pub app: Option<UserId>,
    pub now: Time,
    /// A password was typed at Okta: for whom, and whether it was right.
    pub typed: Option<(UserId, bool)>,
}

impl End {
    pub fn granted(&self) -> bool {
        matches!(self.outcome, Outcome::Granted | Outcome::GrantedAfterMfa)
    }
}

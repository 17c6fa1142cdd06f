//! Workspace ONE UEM as configured.

use crate::Platform;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Uem {
    /// Host of console, REST API and device services, e.g. `as1.awmdm.test`.
    pub host: String,
    /// Web enrolment host, e.g. `enroll.awmdm.test`.
    pub enrollment_host: String,
    #[serde(default)]
    pub organization_groups: Vec<OrganizationGroup>,
    #[serde(default)]
    pub users: Vec<User>,
    #[serde(default)]
    pub profiles: Vec<Profile>,
    #[serde(default)]
    pub compliance_policies: Vec<CompliancePolicy>,
    pub api: Api,
    /// The release of a dedicated or on-premises tenant, such as `19.09`; absent: SaaS.
    #[serde(default)]
    pub version: Option<String>,
    /// Directory Services › *Use SAML for Authentication*, for enrolment.
    #[serde(default)]
    pub saml: Option<SamlEnrolment>,
    #[serde(default)]
    pub ca: CertificateAuthority,
    /// How often the compliance engine looks at devices, in minutes (unknown: ours).
    #[serde(default = "sweep")]
    pub compliance_sweep_minutes: u32,
    /// How long a profile command takes to reach a device, in minutes (unknown: ours).
    #[serde(default = "delivery")]
    pub delivery_minutes: u32,
    #[serde(default)]
    pub assumptions: Assumptions,
}

fn sweep() -> u32 {
    60
}

fn delivery() -> u32 {
    5
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrganizationGroup {
    pub name: String,
    /// *Group ID*.
    pub group_id: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    pub name: String,
    pub username: String,
    pub email: String,
    /// `{UserPrincipalName}`; the email where absent.
    #[serde(default)]
    pub upn: Option<String>,
    #[serde(default)]
    pub password: String,
    /// Organization group by name; the first where absent.
    #[serde(default)]
    pub organization_group: Option<String>,
}

/// A device profile. Its payload brings the certificate that Access takes for *managed*.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    pub name: String,
    pub platforms: Vec<Platform>,
    pub payload: Payload,
    /// Certificate template: what subject and SAN carry.
    #[serde(default)]
    pub template: Template,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Payload {
    /// iOS single sign-on (Kerberos in the product).
    MobileSsoIos,
    /// Android: Tunnel and cert proxy in the product.
    MobileSsoAndroid,
    /// A certificate for *Certificate (Cloud Deployment)*.
    Certificate,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum Template {
    /// Built-in CA: subject `CN={EnrollmentUser}`, SAN UPN and email, and a SAN `URI:urn:udid:<hex>` that we add (unknown: ours).
    #[default]
    EnrollmentUser,
    /// Subject `CN={DeviceUid}`, SAN email and UPN (documented for Certificate + Device Compliance).
    DeviceUid,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CompliancePolicy {
    pub name: String,
    #[serde(default)]
    pub platforms: Vec<Platform>,
    #[serde(default, rename = "match")]
    pub matching: Matching,
    pub rules: Vec<ComplianceRule>,
    /// Action and escalations, in order.
    pub actions: Vec<ComplianceAction>,
}

/// When the device counts as violating: any rule broken, or all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum Matching {
    #[default]
    Any,
    All,
}

/// A state that violates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ComplianceRule {
    /// *Compromised Status* is compromised.
    Compromised,
    /// *Passcode* is not present.
    NoPasscode,
    /// *Encryption* is not enabled.
    NotEncrypted,
    /// *OS Version* is lower than this.
    OsBelow(String),
    /// *Application List* contains this one.
    AppPresent(String),
    /// *Application List* does not contain this one.
    AppMissing(String),
    /// *Device Last Seen* longer ago than this many minutes.
    NotSeenForMinutes(u32),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ComplianceAction {
    pub name: String,
    /// Minutes after the violation was found; 0 for the first action, more for escalations.
    #[serde(default)]
    pub after_minutes: u32,
    /// *Mark as Not Compliant*, ticked by default (documented).
    #[serde(default = "super::yes")]
    pub mark_not_compliant: bool,
    #[serde(default, rename = "do")]
    pub what: ActionKind,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum ActionKind {
    #[default]
    Notify,
    /// *Block/Remove Profile*, by name; back again when compliant.
    RemoveProfile(String),
    EnterpriseWipe,
}

/// People of the directory enrol with what an identity provider says of them; they have no password at UEM.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SamlEnrolment {
    /// The app at Okta that stands for UEM, by name of `okta.apps`.
    pub okta_app: String,
}

/// REST API credential.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Api {
    /// `aw-tenant-code`.
    pub key: String,
    pub admin: String,
    pub password: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CertificateAuthority {
    /// Life of a device certificate.
    pub leaf_days: u32,
    /// CRL publication (unknown: ours, hourly).
    pub crl_minutes: u32,
    /// Publishes at each revocation as well (assumption `revocation-delay`: at once).
    pub publish_at_once: bool,
    /// Revokes a profile's certificate when the profile is removed or the device unenrolled (a template option).
    pub revoke_on_removal: bool,
}

impl Default for CertificateAuthority {
    fn default() -> Self {
        CertificateAuthority { leaf_days: 365, crl_minutes: 60, publish_at_once: false, revoke_on_removal: false }
    }
}

/// Where UEM's behaviour is unknown; see `scenarios/requirements.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub struct Assumptions {
    pub first_compliance_check: FirstCheck,
    pub before_19_09: Before1909,
}

/// What a release before 19.09 lacks: why the articles ask for it is told in notes of the time alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum Before1909 {
    /// Whoever is known by Okta's id cannot enrol.
    #[default]
    NoEnrolment,
    Nothing,
}

/// When a device that has just enrolled is judged for the first time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum FirstCheck {
    /// Before its profiles are sent: a policy that blocks a profile keeps a violating device from ever getting it.
    #[default]
    AtEnrolment,
    /// `PendingComplianceCheck` with all its profiles until the engine's next look.
    AtNextSweep,
}

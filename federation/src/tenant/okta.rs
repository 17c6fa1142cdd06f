//! Okta (Classic Engine) as configured.

mod identity_provider;

pub use identity_provider::*;

use super::scim_client::{ClientAssumptions, WorkspaceOneApp};
use super::yes;
use crate::Platform;
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Okta {
    /// Org host, e.g. `acme.okta.test`.
    pub host: String,
    #[serde(default)]
    pub users: Vec<User>,
    /// Okta › Security › Networks.
    #[serde(default)]
    pub network_zones: Vec<NetworkZone>,
    #[serde(default)]
    pub apps: Vec<App>,
    /// Okta › Security › Identity Providers.
    #[serde(default)]
    pub identity_providers: Vec<IdentityProvider>,
    /// Okta › Security › Identity Providers › Routing Rules. The default rule (Okta itself) is implied and last.
    #[serde(default)]
    pub routing_rules: Vec<RoutingRule>,
    /// Okta › Security › Authentication › Sign On: the org-wide policy. Its default rule allows and is implied and last.
    #[serde(default)]
    pub session_rules: Vec<SessionRule>,
    /// Okta › Security › Device Trust.
    #[serde(default)]
    pub device_trust: DeviceTrust,
    /// The app that provisions people into Access.
    #[serde(default)]
    pub workspace_one_app: Option<WorkspaceOneApp>,
    #[serde(default)]
    pub assumptions: Assumptions,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    pub name: String,
    pub login: String,
    pub email: String,
    #[serde(default)]
    pub password: String,
    #[serde(default)]
    pub groups: Vec<String>,
    #[serde(default)]
    pub attributes: BTreeMap<String, String>,
    #[serde(default)]
    pub status: UserStatus,
    /// Enrolled factors, in the order they are offered.
    #[serde(default)]
    pub factors: Vec<Factor>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum UserStatus {
    #[default]
    Active,
    Suspended,
    Deactivated,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Factor {
    /// Time-based one-time password (RFC 6238).
    Totp,
    /// Okta Verify push.
    Push,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkZone {
    pub name: String,
    pub gateways: Vec<IpNet>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct App {
    /// Same name as the SaaS app in `[[apps]]`.
    pub name: String,
    #[serde(default)]
    pub assigned: Assignment,
    /// App sign-on policy. The default rule (allow everything) is implied and last.
    #[serde(default)]
    pub rules: Vec<SignOnRule>,
    /// Attribute statements: name to expression (`device.trusted`, `user.login`, `user.email`, `user.ATTRIBUTE`).
    #[serde(default)]
    pub attribute_statements: BTreeMap<String, String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub struct Assignment {
    pub everyone: bool,
    /// Users by name.
    pub users: Vec<String>,
    pub groups: Vec<String>,
}

/// One rule of an app's sign-on policy (Classic).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignOnRule {
    pub name: String,
    #[serde(default = "yes")]
    pub enabled: bool,
    #[serde(default)]
    pub people: PeopleCondition,
    #[serde(default)]
    pub location: Location,
    /// Platform boxes that are ticked; all, where absent.
    #[serde(default = "all_platforms")]
    pub platforms: Vec<Platform>,
    #[serde(default)]
    pub device_trust: TrustCondition,
    #[serde(default)]
    pub access: AccessAction,
    /// *Re-authenticate after*, in minutes since the last Okta authentication; 0: at every sign-in (with the documented 10 s grace).
    #[serde(default)]
    pub reauthenticate_after_minutes: Option<u32>,
    /// *Prompt for factor*.
    #[serde(default)]
    pub factor: Option<FactorPrompt>,
}

fn all_platforms() -> Vec<Platform> {
    use Platform::*;
    vec![Ios, Android, OtherMobile, Windows, Macos, OtherDesktop]
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum TrustCondition {
    #[default]
    Any,
    Trusted,
    NotTrusted,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum AccessAction {
    #[default]
    Allow,
    Deny,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FactorPrompt {
    EverySignIn,
    OncePerSession,
}

/// Who a rule is for: empty lists mean everybody; exceptions win.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub struct PeopleCondition {
    pub users: Vec<String>,
    pub groups: Vec<String>,
    pub except_users: Vec<String>,
    pub except_groups: Vec<String>,
}

/// At most one of the two lists is set; both empty: anywhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub struct Location {
    pub in_zones: Vec<String>,
    pub not_in_zones: Vec<String>,
}

/// One rule of the org-wide Okta sign-on policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionRule {
    pub name: String,
    #[serde(default)]
    pub people: PeopleCondition,
    #[serde(default)]
    pub location: Location,
    #[serde(default)]
    pub access: AccessAction,
    #[serde(default)]
    pub factor: Option<FactorPrompt>,
    /// `maxSessionIdleMinutes`, 120 by default (documented).
    #[serde(default = "idle_minutes")]
    pub idle_minutes: u32,
    /// `maxSessionLifetimeMinutes`, 0 means none (documented).
    #[serde(default)]
    pub lifetime_minutes: u32,
}

fn idle_minutes() -> u32 {
    120
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoutingRule {
    pub name: String,
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Empty: any.
    #[serde(default)]
    pub platforms: Vec<Platform>,
    /// Empty: any.
    #[serde(default)]
    pub apps: Vec<String>,
    #[serde(default)]
    pub location: Location,
    #[serde(default)]
    pub user: UserMatch,
    /// Name of the identity provider, or `okta`.
    pub identity_provider: String,
}

/// *User matches*. Anything but `anything` needs the login first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum UserMatch {
    #[default]
    Anything,
    /// Domain list on login.
    Domains(Vec<String>),
    /// Regex on login; how much of it has to match is `assumptions.routing_regex`.
    Regex(String),
    Attribute(AttributeMatch),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttributeMatch {
    pub attribute: String,
    pub how: MatchHow,
    pub value: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MatchHow {
    Equals,
    StartsWith,
    Contains,
    Regex,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub struct DeviceTrust {
    pub ios: Option<DeviceTrustIntegration>,
    pub android: Option<DeviceTrustIntegration>,
}

impl DeviceTrust {
    /// The record of a platform; the two mobile platforms are all there are (documented).
    pub fn of(&self, platform: Platform) -> Option<&DeviceTrustIntegration> {
        match platform {
            Platform::Ios => self.ios.as_ref(),
            Platform::Android => self.android.as_ref(),
            _ => None,
        }
    }
}

/// Trust is established by *VMware*, integration type *SAML-based (Workspace ONE UEM + vIDM)*.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeviceTrustIntegration {
    #[serde(default = "yes")]
    pub enabled: bool,
    /// *Device Identity provider*, by name.
    pub identity_provider: String,
    /// *Mobile device management provider*: display text.
    #[serde(default = "provider_name")]
    pub provider_name: String,
    /// *Enrollment link*: a web enrolment page, or an app store.
    pub enrollment_link: String,
}

fn provider_name() -> String {
    "Workspace ONE".into()
}

/// Where Okta's behaviour is inferred or unknown; see `scenarios/requirements.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Assumptions {
    pub posture_context_uri: String,
    pub trust_evaluation: TrustEvaluation,
    pub not_trusted_is_remembered: bool,
    pub trust_without_integration: TrustWithoutIntegration,
    /// `Subject` in the request: when known, or never.
    pub subject_hint: bool,
    pub username_filter_mismatch: FilterMismatch,
    pub routing_regex: RoutingRegex,
    /// Of Okta as a SCIM client.
    pub provisioning: ClientAssumptions,
}

impl Default for Assumptions {
    fn default() -> Self {
        Assumptions {
            posture_context_uri: "urn:okta:saml:2.0:DevicePosture".into(),
            trust_evaluation: TrustEvaluation::PerAppSignIn,
            not_trusted_is_remembered: true,
            trust_without_integration: TrustWithoutIntegration::MatchNeither,
            subject_hint: true,
            username_filter_mismatch: FilterMismatch::Error,
            routing_regex: RoutingRegex::Whole,
            provisioning: ClientAssumptions::default(),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TrustEvaluation {
    /// Reaching a trust rule with trust unknown redirects to the platform's Device Identity provider.
    PerAppSignIn,
    /// Only routing rules redirect.
    RoutingOnly,
    /// As `per-app-sign-in`, and the answer is kept for the Okta session.
    PerSession,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TrustWithoutIntegration {
    MatchNeither,
    NotTrusted,
}

/// What becomes of an incoming username that an identity provider's *Filter* does not let pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FilterMismatch {
    /// Okta's 400 page.
    Error,
    /// As if no account matched: Okta's own sign-in page.
    SignInPage,
}

/// How much of a login or an attribute a routing rule's regular expression has to match. Okta's own examples stand between `^`
/// and `$`, where it is the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RoutingRegex {
    Whole,
    /// Any part of it.
    Part,
}

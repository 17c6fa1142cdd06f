//! Workspace ONE Access as configured.

use super::provisioning::{Provisioning, RemoteAppAccessClient};
use super::{SignatureAlgorithm, yes};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Access {
    /// Tenant host, e.g. `acme.workspaceoneaccess.test`.
    pub host: String,
    /// Where *Certificate (Cloud Deployment)* has its certificates shown; the other legs stand below it, see [`Access::certificate_leg`].
    pub certificate_host: String,
    #[serde(default)]
    pub directories: Vec<Directory>,
    #[serde(default)]
    pub network_ranges: Vec<NetworkRange>,
    #[serde(default)]
    pub identity_providers: Vec<IdentityProvider>,
    #[serde(default)]
    pub methods: Methods,
    /// Access › Policies. `default` must exist (`default_access_policy_set`).
    pub policies: Vec<AccessPolicy>,
    /// Access › Catalog › Settings › Application Sources and web apps made from an Okta identity provider's metadata.
    #[serde(default)]
    pub application_sources: Vec<ApplicationSource>,
    /// Access › Identity & Access Management › Setup › AirWatch (UEM integration).
    #[serde(default)]
    pub uem: Option<UemIntegration>,
    /// Catalog › Settings › *Remote App Access*.
    #[serde(default)]
    pub remote_app_access: Vec<RemoteAppAccessClient>,
    #[serde(default)]
    pub provisioning: Provisioning,
    #[serde(default)]
    pub assumptions: Assumptions,
}

impl Access {
    /// The host where a certificate method has its certificate shown: one each, as in the product, where Mobile SSO (iOS) goes to
    /// a KDC, Mobile SSO (Android) through the Tunnel to a certificate proxy, and Certificate (Cloud Deployment) straight to TLS.
    pub fn certificate_leg(&self, method: AuthMethod) -> Option<String> {
        match method {
            AuthMethod::MobileSsoIos => Some(format!("kdc.{}", self.certificate_host)),
            AuthMethod::MobileSsoAndroid => Some(format!("certproxy.{}", self.certificate_host)),
            AuthMethod::Certificate => Some(self.certificate_host.clone()),
            AuthMethod::Password | AuthMethod::DeviceCompliance | AuthMethod::OktaAuthMethod | AuthMethod::Mfa => None,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Directory {
    pub name: String,
    pub kind: DirectoryKind,
    pub domain: String,
    #[serde(default)]
    pub users: Vec<User>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DirectoryKind {
    Local,
    /// Synchronised from Active Directory.
    Ad,
    /// *Other*: filled over SCIM.
    Other,
    /// *Just-in-Time*: filled by sign-ins through a third-party identity provider.
    Jit,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    pub name: String,
    /// `${user.userName}`: what Access states as NameID.
    pub username: String,
    pub email: String,
    /// `userPrincipalName`; the email where absent.
    #[serde(default)]
    pub upn: Option<String>,
    #[serde(default)]
    pub password: String,
    #[serde(default)]
    pub groups: Vec<String>,
    #[serde(default = "yes")]
    pub enabled: bool,
}

/// `ALL RANGES` is implied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkRange {
    pub name: String,
    pub ranges: Vec<IpNet>,
}

/// Access › Identity Providers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdentityProvider {
    pub name: String,
    /// Directories (by name) whose people it serves.
    #[serde(default)]
    pub directories: Vec<String>,
    /// Network ranges (by name) it is available from; `ALL RANGES` where absent.
    #[serde(default = "all_ranges")]
    pub network_ranges: Vec<String>,
    /// Methods it offers. A third-party provider offers `okta-auth-method`.
    pub methods: Vec<AuthMethod>,
    /// Makes it a third-party provider, otherwise it is built in: the org app of Okta that stands for Access.
    #[serde(default)]
    pub third_party: Option<ThirdParty>,
}

fn all_ranges() -> Vec<String> {
    vec!["ALL RANGES".into()]
}

/// Okta as Access's identity provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ThirdParty {
    /// Name of the Okta app (`okta.apps`) that stands for Access.
    pub okta_app: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AuthMethod {
    Password,
    /// *Mobile SSO (for iOS)*.
    MobileSsoIos,
    /// *Mobile SSO (for Android)*.
    MobileSsoAndroid,
    /// *Certificate (Cloud Deployment)*.
    Certificate,
    /// *Device Compliance (with Workspace ONE UEM)*.
    DeviceCompliance,
    /// A third-party identity provider's method, named *Okta Auth Method* in the recipe.
    OktaAuthMethod,
    /// A second factor of Access's own (Verify): approve, deny or no answer.
    Mfa,
}

impl AuthMethod {
    pub fn name(self) -> &'static str {
        match self {
            AuthMethod::Password => "password",
            AuthMethod::MobileSsoIos => "mobile-sso-ios",
            AuthMethod::MobileSsoAndroid => "mobile-sso-android",
            AuthMethod::Certificate => "certificate",
            AuthMethod::DeviceCompliance => "device-compliance",
            AuthMethod::OktaAuthMethod => "okta-auth-method",
            AuthMethod::Mfa => "mfa",
        }
    }
    /// Where its settings stand.
    pub fn path(self) -> String {
        format!("access.methods.{}", self.name().replace('-', "_"))
    }
    /// Whether it proves possession of a device credential: what *managed* means (documented).
    pub fn by_certificate(self) -> bool {
        matches!(self, AuthMethod::MobileSsoIos | AuthMethod::MobileSsoAndroid | AuthMethod::Certificate)
    }
}

/// Settings of single methods.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub struct Methods {
    pub mobile_sso_ios: CertificateMethod,
    pub mobile_sso_android: CertificateMethod,
    pub certificate: CertificateMethod,
    pub password: PasswordMethod,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CertificateMethod {
    /// Where the person is read from, in this order; the first that is present counts.
    pub identifiers: Vec<CertificateIdentifier>,
    /// *Enable Cert Revocation* (CRL).
    pub check_revocation: bool,
}

impl Default for CertificateMethod {
    fn default() -> Self {
        use CertificateIdentifier::*;
        CertificateMethod { identifiers: vec![Upn, Email, Subject], check_revocation: false }
    }
}

/// *User identifier search order*: `upn | email | subject` (subject: UID, else CN).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CertificateIdentifier {
    Upn,
    Email,
    Subject,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PasswordMethod {
    /// Failed attempts before the next method (documented: 5).
    pub attempts: u32,
}

impl Default for PasswordMethod {
    fn default() -> Self {
        PasswordMethod { attempts: 5 }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccessPolicy {
    pub name: String,
    pub rules: Vec<PolicyRule>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyRule {
    pub name: String,
    /// *If a user's network range is*.
    #[serde(default = "all_ranges_name")]
    pub network_range: String,
    /// *and user accessing content from*.
    pub device_types: Vec<DeviceType>,
    /// *and user belongs to group(s)*; empty: everybody.
    #[serde(default)]
    pub groups: Vec<String>,
    /// *Then perform this action*.
    #[serde(default)]
    pub action: RuleAction,
    /// *then the user may authenticate using*: AND inside a chain, *If the preceding method fails or is not applicable, then* between chains.
    #[serde(default)]
    pub authenticate: Vec<Vec<AuthMethod>>,
    /// *Re-authenticate after*, 8 hours by default.
    #[serde(default = "eight_hours")]
    pub reauthenticate_after_minutes: u32,
    /// *Custom error message*.
    #[serde(default)]
    pub error: Option<CustomError>,
}

fn all_ranges_name() -> String {
    "ALL RANGES".into()
}

fn eight_hours() -> u32 {
    480
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeviceType {
    /// Any browser on any system.
    WebBrowser,
    /// *Apps on Workspace ONE Intelligent Hub*.
    HubApp,
    Ios,
    Android,
    Windows10,
    Macos,
    AllDeviceTypes,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum RuleAction {
    #[default]
    Authenticate,
    /// *Deny access*.
    Deny,
    /// *Allow access with no authentication*.
    Allow,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustomError {
    pub message: String,
    #[serde(default)]
    pub link_text: String,
    #[serde(default)]
    pub link_url: String,
}

/// Okta as Access knows it: one per Okta identity-provider object, made from its metadata.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApplicationSource {
    pub name: String,
    /// Name of the Okta identity provider whose metadata it was made from.
    pub okta_identity_provider: String,
    /// Policy by name; `default` where absent.
    #[serde(default = "default_policy")]
    pub policy: String,
    /// *Device SSO Response*.
    #[serde(default)]
    pub device_sso_response: bool,
    /// *Enable Force Authn Request*.
    #[serde(default)]
    pub force_authn: bool,
    /// *Enable Authentication Failure Notification*.
    #[serde(default)]
    pub failure_notification: bool,
    /// `signResponse`, true by default (documented).
    #[serde(default = "yes")]
    pub sign_response: bool,
    /// `signAssertion`, false by default (documented).
    #[serde(default)]
    pub sign_assertion: bool,
    /// `signatureAlgorithm` and `digestAlgorithm`. A published sample makes applications with `SHA1withRSA`; which one the
    /// console offers first is not documented, and ours is the strong one.
    #[serde(default)]
    pub signature_algorithm: SignatureAlgorithm,
    /// *Attribute mapping*: name to value (`${user.userName}`, `${user.email}`, `${user.userPrincipalName}`, `${groupNames}`).
    #[serde(default)]
    pub attributes: BTreeMap<String, String>,
    /// `validityTimeSeconds`, 200 by default (documented).
    #[serde(default = "validity")]
    pub validity_seconds: u32,
}

fn default_policy() -> String {
    "default".into()
}

fn validity() -> u32 {
    200
}

/// How Access asks UEM. Documented settings: API URL, admin credential, API key, group id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UemIntegration {
    /// API host without `/api`.
    pub host: String,
    /// `aw-tenant-code`.
    pub api_key: String,
    pub admin: String,
    pub password: String,
    /// *Device Compliance Check*.
    #[serde(default = "yes")]
    pub device_compliance_check: bool,
    /// Patience in milliseconds (unknown: ours). An answer after exactly this long is late.
    #[serde(default = "timeout")]
    pub timeout_ms: u64,
}

fn timeout() -> u64 {
    10_000
}

/// Where Access's behaviour is inferred or unknown; see `scenarios/requirements.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub struct Assumptions {
    pub response_class_ref: ResponseClassRef,
    pub unsupported_under_force_authn: Unsupported,
    pub device_sso_response_off: DeviceSsoResponseOff,
    pub force_authn_toggle_off: ForceAuthnToggleOff,
    pub posture_unrequested: PostureUnrequested,
    pub compliance_pending: Pending,
    pub is_compliant_emitted: bool,
    pub group_rule_before_identity: GroupRuleBeforeIdentity,
    pub udid_location: UdidLocation,
    pub fallback_person: FallbackPerson,
    pub name_id_policy: NameIdPolicy,
    /// The least algorithm of a request's signature that counts.
    pub request_algorithm: SignatureAlgorithm,
    pub oauth_strictness: OauthStrictness,
    pub token_after_client: TokenAfterClient,
    pub scim_name_scope: UserNameScope,
    pub scim_recreate: Recreate,
    pub scim_classic_put: ClassicPut,
    pub scim_classic_plural: ClassicPlural,
    pub scim_if_match: IfMatch,
    pub on_premises_part: OnPremisesPart,
    pub adapter_delete: AdapterDelete,
}

macro_rules! choice {
    ($(#[$doc:meta])* $name:ident { $(#[$d1:meta])* $first:ident, $($(#[$d2:meta])* $other:ident),+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
        #[serde(rename_all = "kebab-case")]
        pub enum $name { $(#[$d1])* #[default] $first, $($(#[$d2])* $other),+ }
    };
}

choice!(/// Class reference of a response.
    ResponseClassRef { Method, PostureUri });
choice!(/// What happens to a method that ForceAuthn excludes.
    Unsupported { /// Next fallback.
        NotApplicable, /// The whole request fails at once.
        FailRequest });
choice!(/// With *Device SSO Response* off.
    DeviceSsoResponseOff { PlainAssertion, FailureResponse });
choice!(/// With *Enable Force Authn Request* off and ForceAuthn in the request.
    ForceAuthnToggleOff { Ignored, Refused });
choice!(/// Without the Device Trust context in the request.
    PostureUnrequested { NoPosture, PostureWheneverOn });
choice!(/// Pending, NotAvailable and Unknown compliance.
    Pending { FailClosed, Pass });
choice!(/// A rule with groups, before the person is known.
    GroupRuleBeforeIdentity { Skipped, MatchesNobody });
choice!(/// Whom a fallback that holds none of the methods passed so far may sign in.
    FallbackPerson { /// The person whom an earlier chain has identified.
        Kept, /// Anybody.
        Anybody });
choice!(/// Whose word the NameID is in the answer.
    NameIdPolicy { /// The application source's: the user name.
        AsConfigured, /// The request's: the address, where it asks for one.
        AsRequested });
choice!(/// Where the UDID is read from.
    UdidLocation { AsTemplate, SanOnly });
choice!(/// Token requests that RFC 6749 refuses otherwise than the product does.
    OauthStrictness { /// 500 for a wrong grant type; credentials in the query are taken.
        AsDocumented, /// 400 and refused.
        Rfc });
choice!(/// A token whose client has been deleted.
    TokenAfterClient { Dead, Lives });
choice!(/// Where a user name must be unique.
    UserNameScope { Directory, Tenant });
choice!(/// Creating a user whose deactivated record is there.
    Recreate { /// The old record lives again under its old id.
        Revives, Conflict });
choice!(/// PUT on the classic interface, which publishes none.
    ClassicPut { Accepted, Refused });
choice!(/// A plural attribute in a classic PATCH.
    ClassicPlural { Replaces, /// As SCIM 1.1 has it.
        Merges });
choice!(/// `If-Match` on the classic interface, which sends ETags.
    IfMatch { Ignored, Enforced });
choice!(/// What the provisioning adapter does in UEM about somebody who was deleted in Access.
    AdapterDelete { Deactivates, Deletes });
choice!(/// What an on-premises tenant lacks.
    OnPremisesPart { /// Directories of type *Other*.
        NoOtherDirectory, Everything });

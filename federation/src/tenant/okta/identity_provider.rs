//! Identity-provider objects: Access, as Okta sees it.

use crate::tenant::{SignatureAlgorithm, yes};
use serde::{Deserialize, Serialize};

/// One object of Security › Identity Providers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdentityProvider {
    pub name: String,
    /// `0oa` and 17 characters; last segment of the trust-specific ACS.
    pub id: String,
    /// *IdP Issuer URI*.
    pub issuer: String,
    /// *IdP Single Sign-On URL*.
    pub sso_url: String,
    /// *Request Authentication Context*: the setting is of the object, not of the request.
    #[serde(default)]
    pub request_context: RequestContext,
    #[serde(default)]
    pub request_binding: Binding,
    #[serde(default = "yes")]
    pub sign_requests: bool,
    /// *Request Signature Algorithm*: SHA-1 or SHA-256 (documented).
    #[serde(default)]
    pub request_algorithm: SignatureAlgorithm,
    /// `nameFormat`: the NameID that requests ask for.
    #[serde(default)]
    pub name_id_format: NameIdFormat,
    /// *Response Signature Verification*.
    #[serde(default)]
    pub response_signature: ResponseSignature,
    /// *Response Signature Algorithm*: the least that is accepted.
    #[serde(default)]
    pub response_algorithm: SignatureAlgorithm,
    /// *IdP Username*: an expression over the assertion that gives the name to match.
    #[serde(default = "subject_name_id")]
    pub username: String,
    /// *Match against*.
    #[serde(default)]
    pub match_against: MatchAgainst,
    /// Name of the user's attribute that *Match against* a custom attribute looks at (`matchAttribute`).
    #[serde(default)]
    pub match_attribute: Option<String>,
    /// *Filter*: a regular expression that the whole username must match.
    #[serde(default)]
    pub username_filter: Option<String>,
    /// *If no match is found*.
    #[serde(default)]
    pub no_match: NoMatch,
    /// *Account Link Policy*.
    #[serde(default)]
    pub account_link: AccountLink,
    /// *Auto-Link Restrictions*: only people in one of these groups are linked; empty: anybody.
    #[serde(default)]
    pub account_link_groups: Vec<String>,
    /// *Reactivate users who are deactivated in Okta*.
    #[serde(default)]
    pub reactivate: bool,
    /// *Unsuspend users who are suspended in Okta*.
    #[serde(default)]
    pub unsuspend: bool,
    /// *Profile Source*: at each sign-in what the assertion states replaces what the profile says.
    #[serde(default)]
    pub profile_source: bool,
    /// *Group Assignments*, at each sign-in.
    #[serde(default)]
    pub group_assignments: GroupAssignments,
    /// *Max Clock Skew*, 2 minutes by default (documented).
    #[serde(default = "skew")]
    pub max_clock_skew_seconds: u32,
    /// *Okta ACS URL*: trust-specific or organization.
    #[serde(default)]
    pub acs: AcsType,
}

fn subject_name_id() -> String {
    "idpuser.subjectNameId".into()
}

fn skew() -> u32 {
    120
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum RequestContext {
    #[default]
    None,
    DeviceTrust,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum Binding {
    #[default]
    Post,
    Redirect,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum ResponseSignature {
    #[default]
    Any,
    Response,
    Assertion,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum MatchAgainst {
    #[default]
    Username,
    Email,
    Either,
    /// `CUSTOM_ATTRIBUTE`: the one that `match_attribute` names.
    CustomAttribute,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum NoMatch {
    /// *Redirect to Okta sign-in page* (the documented recipe).
    #[default]
    Redirect,
    /// *Create new user (JIT)*.
    Jit,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum AcsType {
    #[default]
    Instance,
    Org,
}

/// Whether a name that fits an account signs in to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum AccountLink {
    /// The account that fits is linked.
    #[default]
    Automatic,
    /// No account is ever linked; one may still be made (JIT).
    Disabled,
}

/// What becomes of a person's groups as she signs in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum GroupAssignments {
    #[default]
    None,
    /// *Assign to specific groups*.
    Specific(Vec<String>),
    /// *Add user to missing groups*.
    AddToMissing(StatedGroups),
    /// *Full sync of groups*: she leaves those of the filter that the assertion does not name.
    FullSync(StatedGroups),
}

/// Groups that the assertion names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatedGroups {
    /// *SAML Attribute Name*.
    pub attribute: String,
    /// *Group Filter*: no other group is touched.
    pub filter: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum NameIdFormat {
    #[default]
    Unspecified,
    EmailAddress,
    Transient,
}

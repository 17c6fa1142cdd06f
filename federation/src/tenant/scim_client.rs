//! Okta's app "VMware Workspace ONE" as it is configured: Okta as a SCIM client of Access.

use super::okta::Assignment;
use super::yes;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Okta › Applications › *VMware Workspace ONE* › Provisioning, Assignments and Push Groups.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkspaceOneApp {
    /// *Application label*.
    #[serde(default = "label")]
    pub name: String,
    /// *Base URL*: the tenant of Access, without a slash at its end.
    pub base_url: String,
    /// *API Token*: the bearer token, not the shared secret of the client that it was issued to.
    #[serde(default)]
    pub api_token: Option<ApiToken>,
    /// *Enable API integration*.
    #[serde(default = "yes")]
    pub api_integration: bool,
    /// *Create Users*.
    #[serde(default)]
    pub create_users: bool,
    /// *Update User Attributes*.
    #[serde(default)]
    pub update_user_attributes: bool,
    /// *Deactivate Users*.
    #[serde(default)]
    pub deactivate_users: bool,
    /// The app attribute `domain`, a constant: the domain of the directory at Access.
    pub domain: String,
    /// *Attribute Mappings*, app attribute to expression: `user.login`, `user.email`, `user.ATTRIBUTE`, or a constant in
    /// single quotes. `userName`, `givenName`, `familyName` and `email` are mapped unless this says otherwise.
    #[serde(default)]
    pub mappings: BTreeMap<String, String>,
    /// *Assignments*.
    #[serde(default)]
    pub assigned: Assignment,
    /// *Push Groups* by name.
    #[serde(default)]
    pub push_groups: Vec<PushedGroup>,
    /// *Push Groups* by rule.
    #[serde(default)]
    pub push_rules: Vec<PushRule>,
    /// The dialect of the target.
    #[serde(default)]
    pub protocol: ScimVersion,
}

fn label() -> String {
    "VMware Workspace ONE".into()
}

/// Where the token comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ApiToken {
    /// As it was pasted.
    Literal(String),
    /// Before the world starts, somebody has fetched one for this Remote App Access client, and pasted it.
    OfClient(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
pub enum ScimVersion {
    /// Access's classic interface, core 1.0 (inferred of the app).
    #[default]
    #[serde(rename = "1.1")]
    V11,
    /// Access's newer interface.
    #[serde(rename = "2.0")]
    V20,
}

/// A group of Okta that is pushed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PushedGroup {
    /// The group at Okta.
    pub name: String,
    #[serde(default)]
    pub push: PushStatus,
    /// *Link Group*: the name of a group that is there already.
    #[serde(default)]
    pub link: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum PushStatus {
    #[default]
    Active,
    /// *Deactivate group push*: the link stays, changes do not travel.
    Inactive,
    /// *Unlink pushed group* › *Leave the group in the target app*.
    Unlinked,
    /// *Unlink pushed group* › *Delete the group in the target app*.
    Deleted,
}

/// Groups whose names fit are pushed as they come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PushRule {
    /// *Rule name*.
    pub name: String,
    /// *Group name*.
    pub group_name: NameMatch,
    pub value: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NameMatch {
    StartsWith,
    EndsWith,
    Contains,
}

/// Where the behaviour of Okta's client is unknown; see `scenarios/requirements.toml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub struct ClientAssumptions {
    pub push_now: PushNow,
    pub same_group: SameGroup,
    pub late_assignment: LateAssignment,
    pub server_error: ServerError,
    pub update_with: UpdateWith,
    pub match_by: MatchBy,
}

/// *Push Now* is documented to fail at times; when is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum PushNow {
    /// The first one of each group fails before anything is sent.
    #[default]
    FailsFirst,
    Works,
}

/// One group assigns people to the app and is pushed: what becomes of those who join or leave it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum SameGroup {
    /// Assignment and membership are handled side by side, and the push leaves out whoever is being assigned or unassigned
    /// (documented symptoms: groups without members, removed users that linger).
    #[default]
    PushLoses,
    /// The push waits until assignments are done.
    PushWaits,
}

/// Somebody is assigned after her group was pushed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum LateAssignment {
    /// She is left out until the group is pushed anew.
    #[default]
    NeedsAPush,
    PushesItself,
}

/// What Okta makes of an answer of the 5xx kind, and of no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum ServerError {
    /// The task fails and waits for an administrator.
    #[default]
    WaitsForRetry,
    /// As after 429: five minutes, then twice as long, ten times at most.
    TriesAgain,
}

/// How an update is sent over the classic interface, which publishes no PUT.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum UpdateWith {
    #[default]
    Put,
    Patch,
}

/// Whether a record of the same user name in another domain is the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum MatchBy {
    /// It is not: people of Okta are new people (documented).
    #[default]
    UserNameAndDomain,
    UserName,
}

//! What Access is told about provisioning: who may call its interfaces, and what a person must have.

use super::yes;
use serde::{Deserialize, Serialize};

/// Access › Catalog › Settings › *Remote App Access*, since 2022 *OAuth 2.0 Management*.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RemoteAppAccessClient {
    /// *Client ID*: letters, digits and `. _ - @`.
    pub name: String,
    /// *Access Type*.
    #[serde(default)]
    pub access_type: AccessType,
    /// *Shared Secret*.
    pub shared_secret: String,
    /// *Scope*.
    #[serde(default = "admin")]
    pub scope: Vec<String>,
    /// *Access Token Time-To-Live (TTL)*; 6 hours by default, a year at most.
    #[serde(default = "six_hours")]
    pub access_token_ttl_minutes: u32,
}

fn admin() -> Vec<String> {
    vec!["admin".into()]
}

fn six_hours() -> u32 {
    360
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum AccessType {
    /// *Service Client Token*.
    #[default]
    ServiceClientToken,
    /// *User Access Token*: for people, not for services.
    UserAccessToken,
}

/// Somebody who manages the tenant through its interfaces.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Administrator {
    pub name: String,
    pub password: String,
}

/// The console as it was or is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum ClientConsole {
    /// Until 2022; the administrator may choose a secret.
    #[default]
    RemoteAppAccess,
    /// Since 2022; the secret is generated and shown once.
    Oauth2Management,
}

/// Where the tenant runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum Deployment {
    #[default]
    Saas,
    OnPremises,
}

/// Access › Identity & Access Management › Setup › *User Attributes*, by Access's own names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum UserAttribute {
    UserName,
    FirstName,
    LastName,
    Email,
    Phone,
    EmployeeID,
    DistinguishedName,
    UserPrincipalName,
}

impl UserAttribute {
    pub fn name(self) -> &'static str {
        match self {
            UserAttribute::UserName => "userName",
            UserAttribute::FirstName => "firstName",
            UserAttribute::LastName => "lastName",
            UserAttribute::Email => "email",
            UserAttribute::Phone => "phone",
            UserAttribute::EmployeeID => "employeeID",
            UserAttribute::DistinguishedName => "distinguishedName",
            UserAttribute::UserPrincipalName => "userPrincipalName",
        }
    }
}

/// Access › Catalog › *AirWatch Provisioning*: people of Access appear in UEM. It calls UEM by the UEM integration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProvisioningAdapter {
    /// *Deployment Type*.
    #[serde(default)]
    pub deployment: DeploymentType,
    /// Entitled groups by name; everybody where none is named.
    #[serde(default)]
    pub entitled_groups: Vec<String>,
    /// UEM's *Customer* organization group, by its Group ID.
    pub organization_group: String,
    /// *Group Provisioning*: the groups that are brought to UEM with their members, by name.
    #[serde(default)]
    pub provisioned_groups: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum DeploymentType {
    #[default]
    Automatic,
    /// Not provisioned (documented).
    UserActivated,
}

/// Provisioning into Access.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Provisioning {
    pub deployment: Deployment,
    pub console: ClientConsole,
    /// Attributes marked *Required*; they hold for all directories.
    pub required_attributes: Vec<UserAttribute>,
    pub administrators: Vec<Administrator>,
    /// The provisioning adapter towards UEM.
    pub airwatch: Option<ProvisioningAdapter>,
    /// Whether the SCIM 2.0 interface of the newer service is there beside the classic one.
    #[serde(default = "yes")]
    pub scim2: bool,
}

impl Default for Provisioning {
    fn default() -> Provisioning {
        use UserAttribute::{Email, FirstName, LastName, UserName};
        Provisioning {
            deployment: Deployment::Saas,
            console: ClientConsole::RemoteAppAccess,
            required_attributes: vec![UserName, FirstName, LastName, Email],
            administrators: Vec::new(),
            airwatch: None,
            scim2: true,
        }
    }
}

//! The records behind sign-in, SCIM and the directory interface, and the changes that make them.
//!
//! A change is data: a list of them is one transaction, to be kept as a whole where a run keeps its state.

use federation::Time;
use federation::tenant::access::DirectoryKind;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;
use wire::oauth::SecretHash;
use wire::scim::Object;

/// The domain of people and groups that belong to no other directory.
pub const SYSTEM_DOMAIN: &str = "System Domain";

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Directory {
    pub id: String,
    pub name: String,
    pub kind: DirectoryKind,
    pub domains: Vec<String>,
    pub user_store: String,
}

impl Directory {
    pub fn domain(&self) -> &str {
        self.domains.first().map_or("", String::as_str)
    }
    pub fn has_domain(&self, domain: &str) -> bool {
        self.domains.iter().any(|d| d.eq_ignore_ascii_case(domain))
    }
}

/// A person of a directory. `attributes` has the shape of SCIM 2.0 without what the server alone says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct User {
    pub id: String,
    /// Its name where the tenant was configured with it, else its id.
    pub name: String,
    pub directory: String,
    pub attributes: Object,
    pub password: Option<SecretHash>,
    pub version: u64,
    pub created: Time,
    pub modified: Time,
}

/// The primary element's value of a plural attribute, else the first one's.
fn primary<'a>(attributes: &'a Object, name: &str) -> Option<&'a str> {
    let list = attributes.get(name)?.as_array()?;
    let preferred = list.iter().find(|v| v.get("primary") == Some(&Value::Bool(true))).or_else(|| list.first());
    preferred?.get("value")?.as_str()
}

fn text<'a>(attributes: &'a Object, name: &str) -> Option<&'a str> {
    attributes.get(name)?.as_str()
}

impl User {
    pub fn user_name(&self) -> &str {
        text(&self.attributes, "userName").unwrap_or_default()
    }
    pub fn external_id(&self) -> Option<&str> {
        text(&self.attributes, "externalId")
    }
    pub fn email(&self) -> Option<&str> {
        primary(&self.attributes, "emails")
    }
    pub fn upn(&self) -> Option<&str> {
        self.attributes.get(wire::scim::schemas::WS1B_USER_URN)?.get("userPrincipalName")?.as_str()
    }
    /// Whether the person may sign in; without a word about it she may not.
    pub fn active(&self) -> bool {
        self.attributes.get("active") == Some(&Value::Bool(true))
    }
}

/// A group. Its members stand beside it, so that adding one does not copy the others.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Group {
    pub id: String,
    pub directory: String,
    pub attributes: Object,
    pub version: u64,
    pub created: Time,
    pub modified: Time,
}

impl Group {
    pub fn display_name(&self) -> &str {
        text(&self.attributes, "displayName").unwrap_or_default()
    }
    pub fn external_id(&self) -> Option<&str> {
        text(&self.attributes, "externalId")
    }
}

/// One step of a transaction.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    PutDirectory(Arc<Directory>),
    /// With its people and groups.
    RemoveDirectory(String),
    PutUser(Arc<User>),
    RemoveUser(String),
    PutGroup(Arc<Group>),
    RemoveGroup(String),
    AddMember {
        group: String,
        user: String,
    },
    RemoveMember {
        group: String,
        user: String,
    },
    PutClient(Arc<Client>),
    RemoveClient(String),
}

/// A *Remote App Access* client, later called *OAuth 2.0 Management*; its secret is a hash.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Client {
    pub id: String,
    pub secret: SecretHash,
    pub scope: Vec<String>,
    pub access_token_minutes: u32,
    pub refresh_token_minutes: u32,
    pub refresh_token_idle_minutes: u32,
    /// Grants that it may use, as OAuth names them.
    pub grants: Vec<String>,
    pub resource_uuid: String,
}

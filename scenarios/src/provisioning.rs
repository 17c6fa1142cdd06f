//! Steps of an administrator who provisions: at Access, at Okta's app, and to people and groups at Okta.
//!
//! Some change settings, as a `change` would: [`Provisioning::edits`] says which, and the loader applies them, so that a
//! later `change` stands on them. The others happen while the scenario runs.

use federation::World;
use federation::tenant::okta::UserStatus;
use federation::tenant::scim_client::{PushStatus, PushedGroup};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use toml::Value;

/// One such step with the settings that it leaves behind, where it changes any.
#[derive(Debug, Clone, PartialEq)]
pub struct Provision {
    pub step: Provisioning,
    pub world: Option<Box<World>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Provisioning {
    /// `create_client = { id, ttl_minutes }`: Access › *Remote App Access* › *Create Client*.
    CreateClient(NewClient),
    /// `get_token = { client }`: as Postman gets it.
    GetToken(TokenOf),
    /// `create_directory = { name, domain, kind }`: as Postman makes it, with the administrator's token.
    CreateDirectory(NewDirectory),
    /// `create_group = { name, domain }`: over SCIM, in a directory of one's choice.
    CreateGroup(NewGroup),
    /// `configure_provisioning = { token_of }`: pastes a token into Okta's app, tests and saves.
    ConfigureProvisioning(Pasted),
    /// `test_credentials = {}`: *Test API Credentials*.
    TestCredentials,
    /// `assign = { who }` or `assign = { group }`
    Assign(Whom),
    /// `unassign = { who }` or `unassign = { group }`
    Unassign(Whom),
    /// `join_group = { who, group }`: at Okta.
    JoinGroup(Membership),
    /// `leave_group = { who, group }`: at Okta.
    LeaveGroup(Membership),
    /// `push_group = { group, link }`
    PushGroup(GroupPush),
    /// `unlink_group = { group, delete }`
    UnlinkGroup(Unlinking),
    /// `push_now = { group }`: *Push Now*.
    PushNow(OneGroup),
    /// `retry_all_groups = {}`: *Retry All Groups*.
    RetryAllGroups,
    /// `retry_tasks = {}`: Dashboard › Tasks › *Retry Selected*, all of them.
    RetryTasks,
    /// `change_profile = { who, set }`: at Okta; a new `login` renames.
    ChangeProfile(ProfileChange),
    /// `set_status = { who, status }`: at Okta.
    SetStatus(StatusChange),
    /// `delete = { who, at }`
    Delete(Deletion),
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct NewClient {
    /// *Client ID*.
    pub id: String,
    /// *Access Token Time-To-Live (TTL)*.
    #[serde(default = "six_hours")]
    pub ttl_minutes: u32,
}

fn six_hours() -> u32 {
    360
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TokenOf {
    /// A client of the world, or one that a step has made.
    pub client: String,
    #[serde(default = "admin")]
    pub scope: String,
}

fn admin() -> String {
    "admin".into()
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct NewDirectory {
    pub name: String,
    pub domain: String,
    #[serde(default)]
    pub kind: NewDirectoryKind,
    /// The client whose token is shown.
    pub token_of: String,
}

/// Which media type the request has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum NewDirectoryKind {
    #[default]
    Other,
    Local,
    /// `application/json`, as Postman sends where nobody sets it.
    Unsaid,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct NewGroup {
    pub name: String,
    pub domain: String,
    /// The client whose token is shown.
    pub token_of: String,
}

/// What is pasted as *API Token*: exactly one of these.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Pasted {
    /// The token that a `get_token` got last for this client.
    TokenOf(String),
    /// The shared secret of this client: a mistake.
    SecretOf(String),
}

/// Exactly one of these.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Whom {
    /// `okta.users`, by name.
    Who(String),
    /// A group at Okta.
    Group(String),
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Membership {
    /// `okta.users`, by name.
    pub who: String,
    pub group: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct GroupPush {
    pub group: String,
    /// The name of a group at Access that is there already.
    #[serde(default)]
    pub link: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Unlinking {
    pub group: String,
    /// Whether the group at Access goes with the link.
    #[serde(default)]
    pub delete: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct OneGroup {
    pub group: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ProfileChange {
    /// `okta.users`, by name.
    pub who: String,
    /// `login`, `email`, and attributes.
    pub set: BTreeMap<String, String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct StatusChange {
    /// `okta.users`, by name.
    pub who: String,
    pub status: UserStatus,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Deletion {
    /// `okta.users`, by name; at Access and UEM whoever has her login.
    pub who: String,
    pub at: Place,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// Okta deactivates first; whoever is made active again later is another account with the same attributes.
    Okta,
    /// `DELETE scim/Users/ID`, the documented way round a record that lives on.
    Access,
    /// The same in UEM.
    Uem,
}

/// One setting and its new value.
pub type SettingChange = (String, Value);

const APP: &str = "okta.workspace_one_app";

fn texts(list: impl IntoIterator<Item = String>) -> Value {
    Value::Array(list.into_iter().map(Value::String).collect())
}

fn with(list: &[String], name: &str) -> Value {
    let new = (!list.iter().any(|l| l == name)).then(|| name.to_string());
    texts(list.iter().cloned().chain(new))
}

fn without(list: &[String], name: &str) -> Value {
    texts(list.iter().filter(|l| *l != name).cloned())
}

impl Provisioning {
    /// The keys of a `[[step]]` that are such steps.
    pub const KEYS: [&'static str; 18] = [
        "create_client",
        "get_token",
        "create_directory",
        "create_group",
        "configure_provisioning",
        "test_credentials",
        "assign",
        "unassign",
        "join_group",
        "leave_group",
        "push_group",
        "unlink_group",
        "push_now",
        "retry_all_groups",
        "retry_tasks",
        "change_profile",
        "set_status",
        "delete",
    ];

    /// The settings that it changes, and what they are then. What the world lacks is left alone: that has been said.
    pub fn edits(&self, world: &World) -> Vec<SettingChange> {
        let user = |who: &str| world.okta.users.iter().find(|u| u.name == who);
        let groups = |m: &Membership, list: &dyn Fn(&[String], &str) -> Value| {
            let of = |u: &federation::tenant::okta::User| {
                (format!("okta.users.{}.groups", m.who), list(&u.groups, &m.group))
            };
            user(&m.who).map(of).into_iter().collect()
        };
        match self {
            Provisioning::Assign(whom) => self.assigned(world, whom, &with),
            Provisioning::Unassign(whom) => self.assigned(world, whom, &without),
            Provisioning::JoinGroup(m) => groups(m, &with),
            Provisioning::LeaveGroup(m) => groups(m, &without),
            Provisioning::PushGroup(p) => push(world, &p.group, PushStatus::Active, Some(&p.link)),
            Provisioning::UnlinkGroup(u) => {
                push(world, &u.group, if u.delete { PushStatus::Deleted } else { PushStatus::Unlinked }, None)
            }
            Provisioning::ChangeProfile(change) => {
                let path = |name: &str| match name {
                    "login" | "email" => format!("okta.users.{}.{name}", change.who),
                    name => format!("okta.users.{}.attributes.{name}", change.who),
                };
                change.set.iter().map(|(name, text)| (path(name), Value::String(text.clone()))).collect()
            }
            Provisioning::SetStatus(change) => status(&change.who, change.status),
            Provisioning::Delete(Deletion { who, at: Place::Okta }) => status(who, UserStatus::Deactivated),
            _ => Vec::new(),
        }
    }

    fn assigned(&self, world: &World, whom: &Whom, list: &dyn Fn(&[String], &str) -> Value) -> Vec<SettingChange> {
        let Some(app) = &world.okta.workspace_one_app else { return Vec::new() };
        vec![match whom {
            Whom::Who(who) => (format!("{APP}.assigned.users"), list(&app.assigned.users, who)),
            Whom::Group(group) => (format!("{APP}.assigned.groups"), list(&app.assigned.groups, group)),
        }]
    }
}

fn status(who: &str, status: UserStatus) -> Vec<SettingChange> {
    let word = match status {
        UserStatus::Active => "active",
        UserStatus::Suspended => "suspended",
        UserStatus::Deactivated => "deactivated",
    };
    vec![(format!("okta.users.{who}.status"), Value::String(word.into()))]
}

/// The list of pushed groups with one entry as it is to be; without a word about the link it stays.
fn push(world: &World, group: &str, push: PushStatus, link: Option<&Option<String>>) -> Vec<SettingChange> {
    let Some(app) = &world.okta.workspace_one_app else { return Vec::new() };
    let mut list = app.push_groups.clone();
    match list.iter_mut().find(|p| p.name == group) {
        Some(entry) => {
            entry.push = push;
            if let Some(link) = link {
                entry.link.clone_from(link);
            }
        }
        None => list.push(PushedGroup { name: group.into(), push, link: link.cloned().flatten() }),
    }
    let items = list.iter().filter_map(|entry| Value::try_from(entry).ok()).collect();
    vec![(format!("{APP}.push_groups"), Value::Array(items))]
}

/// Names that have come up so far, in the settings as they were and in the steps: what a step or an expectation may name.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen {
    pub clients: BTreeSet<String>,
    pub domains: BTreeSet<String>,
    pub logins: BTreeSet<String>,
    pub groups: BTreeSet<String>,
}

impl Seen {
    pub fn world(&mut self, world: &World) {
        let (okta, access, uem) = (&world.okta, &world.access, &world.uem);
        self.clients.extend(access.remote_app_access.iter().map(|c| c.name.clone()));
        self.domains.extend(access.directories.iter().map(|d| d.domain.clone()).chain(["System Domain".to_string()]));
        self.logins.extend(okta.users.iter().map(|u| u.login.clone()));
        self.logins.extend(access.directories.iter().flat_map(|d| &d.users).map(|u| u.username.clone()));
        self.logins.extend(uem.users.iter().map(|u| u.username.clone()));
        self.groups.extend(okta.users.iter().flat_map(|u| u.groups.iter().cloned()));
        self.groups.extend(access.directories.iter().flat_map(|d| &d.users).flat_map(|u| u.groups.iter().cloned()));
        if let Some(app) = &okta.workspace_one_app {
            self.groups.extend(app.assigned.groups.iter().chain(app.push_groups.iter().map(|p| &p.name)).cloned());
        }
    }

    pub fn step(&mut self, step: &Provisioning) {
        match step {
            Provisioning::CreateClient(new) => drop(self.clients.insert(new.id.clone())),
            Provisioning::CreateDirectory(new) => drop(self.domains.insert(new.domain.clone())),
            Provisioning::CreateGroup(new) => drop(self.groups.insert(new.name.clone())),
            Provisioning::JoinGroup(m) => drop(self.groups.insert(m.group.clone())),
            _ => {}
        }
    }
}

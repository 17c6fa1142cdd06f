//! Okta as a SCIM client: who is to be at the target and with which profile, what comes next for her and for a pushed
//! group, and what an answer means. Pure: settings, what is remembered and what was answered, to a verb with its reasons.

pub mod answer;
pub mod groups;
pub mod people;
pub mod words;

use federation::tenant::Okta;
use federation::tenant::okta::{User, UserStatus};
use federation::tenant::scim_client::WorkspaceOneApp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Path of the app's settings.
pub const RULE: &str = "okta.workspace_one_app";

/// What the app says of somebody.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    pub user_name: String,
    pub given_name: String,
    pub family_name: String,
    pub email: String,
    pub domain: String,
    /// App attributes beside these, by name.
    pub more: BTreeMap<String, String>,
}

impl Profile {
    /// `Carol Danvers`; the user name where no name is mapped.
    pub fn display_name(&self) -> String {
        let name = format!("{} {}", self.given_name, self.family_name).trim().to_string();
        if name.is_empty() { self.user_name.clone() } else { name }
    }
}

/// Value of a mapping's expression; nothing where the person has no such attribute.
fn value(expression: &str, user: &User) -> Option<String> {
    if let Some(constant) = expression.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')) {
        return Some(constant.into());
    }
    match expression.strip_prefix("user.")? {
        "login" => Some(user.login.clone()),
        "email" => Some(user.email.clone()),
        other => user.attributes.get(other).cloned(),
    }
}

const DEFAULTS: [(&str, &str); 4] = [
    ("userName", "user.login"),
    ("givenName", "user.firstName"),
    ("familyName", "user.lastName"),
    ("email", "user.email"),
];

pub fn profile(app: &WorkspaceOneApp, user: &User) -> Profile {
    let mapped = |name: &str, default: &str| {
        let expression = app.mappings.get(name).map_or(default, String::as_str);
        value(expression, user).unwrap_or_default()
    };
    let [user_name, given_name, family_name, email] = DEFAULTS.map(|(name, default)| mapped(name, default));
    let own = |name: &&String| !DEFAULTS.iter().any(|(n, _)| n == name);
    let more = app.mappings.iter().filter(|(name, _)| own(name));
    let more = more.filter_map(|(name, expression)| Some((name.clone(), value(expression, user)?)));
    Profile { user_name, given_name, family_name, email, domain: app.domain.clone(), more: more.collect() }
}

/// Whether the app is assigned to somebody, by her name or by a group.
pub fn assigned(app: &WorkspaceOneApp, user: &User) -> bool {
    let to = &app.assigned;
    to.everyone || to.users.contains(&user.name) || to.groups.iter().any(|g| user.groups.contains(g))
}

/// The members of one of Okta's groups. Deactivated people are in none.
pub fn members<'a>(okta: &'a Okta, group: &'a str) -> impl Iterator<Item = &'a User> {
    let there = move |user: &&User| user.status != UserStatus::Deactivated && user.groups.iter().any(|g| g == group);
    okta.users.iter().filter(there)
}

/// What is wrong with a *Base URL*, as *Test API Credentials* says it.
pub fn base_url(text: &str) -> Result<(), String> {
    let host = text.strip_prefix("https://").ok_or("the Base URL must begin with https://")?;
    if host.ends_with('/') {
        return Err("the Base URL must not end with a slash".into());
    }
    if host.is_empty() || host.contains('/') {
        return Err("the Base URL is the address of the tenant alone".into());
    }
    Ok(())
}

//! The tenant's configured people as records, and what a change of settings means for them.
//!
//! What SCIM has done to a configured person stays until the settings say something new about her.

use super::record::{Change, Client, Directory, Group, SYSTEM_DOMAIN, User};
use federation::Time;
use federation::tenant::Access;
use federation::tenant::access::{self as tenant, DirectoryKind};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use wire::ids::stable_uuid;
use wire::oauth::SecretHash;
use wire::scim::Object;
use wire::scim::schemas::{WS1B_GROUP_URN, WS1B_USER_URN};

#[derive(Default)]
struct Wanted {
    directories: BTreeMap<String, Directory>,
    users: BTreeMap<String, User>,
    /// The order of the settings is the order of creation.
    order: Vec<String>,
    groups: BTreeMap<String, Group>,
    members: BTreeSet<(String, String)>,
    clients: BTreeMap<String, Client>,
}

fn directory(name: &str, kind: DirectoryKind, domain: &str) -> Directory {
    Directory {
        id: stable_uuid(&format!("directory/{name}")),
        name: name.into(),
        kind,
        domains: vec![domain.into()],
        user_store: stable_uuid(&format!("user-store/{name}")),
    }
}

fn object(value: serde_json::Value) -> Object {
    if let serde_json::Value::Object(object) = value { object } else { Object::new() }
}

fn user(directory: &Directory, user: &tenant::User, now: Time) -> User {
    let id = stable_uuid(&format!("user/{}/{}", directory.name, user.name));
    let mut attributes = object(json!({
        "userName": user.username,
        "active": user.enabled,
        "emails": [{ "value": user.email, "type": "work", "primary": true }],
    }));
    let mut workspace = object(json!({ "domain": directory.domain() }));
    if let Some(upn) = &user.upn {
        workspace.insert("userPrincipalName".into(), upn.as_str().into());
    }
    attributes.insert(WS1B_USER_URN.into(), workspace.into());
    let password = (!user.password.is_empty()).then(|| SecretHash::new(id.as_str(), &user.password));
    User {
        name: user.name.clone(),
        directory: directory.id.clone(),
        attributes,
        password,
        version: 1,
        created: now,
        modified: now,
        id,
    }
}

fn wanted(access: &Access, now: Time) -> Wanted {
    let mut wanted = Wanted::default();
    let mut put = |directory: Directory, users: &[tenant::User]| {
        for configured in users {
            let user = user(&directory, configured, now);
            for name in &configured.groups {
                let id = stable_uuid(&format!("group/{}/{name}", directory.name));
                wanted.members.insert((id.clone(), user.id.clone()));
                wanted.groups.entry(id.clone()).or_insert_with(|| Group {
                    id,
                    directory: directory.id.clone(),
                    attributes: object(
                        json!({ "displayName": name, WS1B_GROUP_URN: { "domain": directory.domain() } }),
                    ),
                    version: 1,
                    created: now,
                    modified: now,
                });
            }
            wanted.order.push(user.id.clone());
            wanted.users.insert(user.id.clone(), user);
        }
        wanted.directories.insert(directory.id.clone(), directory);
    };
    if !access.directories.iter().any(|d| d.domain.eq_ignore_ascii_case(SYSTEM_DOMAIN)) {
        put(directory("System Directory", DirectoryKind::Local, SYSTEM_DOMAIN), &[]);
    }
    for configured in &access.directories {
        put(directory(&configured.name, configured.kind, &configured.domain), &configured.users);
    }
    for configured in &access.remote_app_access {
        let resource_uuid = stable_uuid(&format!("client/{}", configured.name));
        let client = Client {
            id: configured.name.clone(),
            secret: SecretHash::new(resource_uuid.as_str(), &configured.shared_secret),
            scope: configured.scope.clone(),
            access_token_minutes: configured.access_token_ttl_minutes,
            refresh_token_minutes: crate::decide::oauth::REFRESH_TOKEN_MINUTES,
            refresh_token_idle_minutes: crate::decide::oauth::REFRESH_TOKEN_IDLE_MINUTES,
            grants: crate::decide::oauth::grants(configured.access_type),
            resource_uuid,
        };
        wanted.clients.insert(client.id.clone(), client);
    }
    wanted
}

/// What brings a store that follows `old` to follow `new`; `None` is an empty tenant.
pub fn changes(old: Option<&Access>, new: &Access, now: Time) -> Vec<Change> {
    // Both at the same time, so that records differ where settings do.
    let old = old.map(|old| wanted(old, now)).unwrap_or_default();
    let new = wanted(new, now);
    let mut out = Vec::new();
    let gone = |old: Vec<&String>, stays: &dyn Fn(&str) -> bool, how: fn(String) -> Change| -> Vec<Change> {
        old.into_iter().filter(|id| !stays(id)).map(|id| how(id.clone())).collect()
    };
    out.extend(gone(old.users.keys().collect(), &|id| new.users.contains_key(id), Change::RemoveUser));
    out.extend(gone(old.groups.keys().collect(), &|id| new.groups.contains_key(id), Change::RemoveGroup));
    out.extend(gone(old.directories.keys().collect(), &|id| new.directories.contains_key(id), Change::RemoveDirectory));
    out.extend(gone(old.clients.keys().collect(), &|id| new.clients.contains_key(id), Change::RemoveClient));
    let fresh = new.directories.iter().filter(|(id, d)| old.directories.get(*id) != Some(d));
    out.extend(fresh.map(|(_, d)| Change::PutDirectory(Arc::new(d.clone()))));
    let fresh = new.order.iter().filter_map(|id| Some((id, new.users.get(id)?)));
    out.extend(
        fresh.filter(|(id, u)| old.users.get(*id) != Some(u)).map(|(_, u)| Change::PutUser(Arc::new(u.clone()))),
    );
    let fresh = new.groups.iter().filter(|(id, g)| old.groups.get(*id) != Some(g));
    out.extend(fresh.map(|(_, g)| Change::PutGroup(Arc::new(g.clone()))));
    let fresh = new.clients.iter().filter(|(id, c)| old.clients.get(*id) != Some(c));
    out.extend(fresh.map(|(_, c)| Change::PutClient(Arc::new(c.clone()))));
    let member = |(group, user): &(String, String)| (group.clone(), user.clone());
    let left = old.members.difference(&new.members).map(member);
    out.extend(left.map(|(group, user)| Change::RemoveMember { group, user }));
    let joined = new.members.difference(&old.members).map(member);
    out.extend(joined.map(|(group, user)| Change::AddMember { group, user }));
    out
}

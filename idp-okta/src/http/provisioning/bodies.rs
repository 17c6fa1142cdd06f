//! Bodies that Okta's client sends, in both dialects, and what it reads of lists.

use crate::decide::provisioning::Profile;
use crate::decide::provisioning::people::Found;
use federation::tenant::scim_client::ScimVersion;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use wire::scim::classic::{CORE, ENTERPRISE, WORKSPACE};
use wire::scim::schemas::{ENTERPRISE_URN, WS1B_USER_URN};
use wire::scim::{PATCH_OP, Resource};

fn core(version: ScimVersion, resource: Resource) -> &'static str {
    match version {
        ScimVersion::V11 => CORE,
        ScimVersion::V20 => resource.core().urn,
    }
}

fn workspace(version: ScimVersion) -> &'static str {
    match version {
        ScimVersion::V11 => WORKSPACE,
        ScimVersion::V20 => WS1B_USER_URN,
    }
}

/// What the profile says, as members of a user.
fn said(version: ScimVersion, profile: &Profile) -> Map<String, Value> {
    let mut user = Map::new();
    user.insert("userName".into(), profile.user_name.as_str().into());
    let mut name = Map::new();
    for (part, text) in [("givenName", &profile.given_name), ("familyName", &profile.family_name)] {
        if !text.is_empty() {
            name.insert(part.into(), text.as_str().into());
        }
    }
    user.insert("name".into(), Value::Object(name));
    if !profile.email.is_empty() {
        user.insert("emails".into(), json!([{ "primary": true, "value": profile.email, "type": "work" }]));
    }
    user.insert("displayName".into(), profile.display_name().into());
    let mut extension = Map::new();
    extension.insert("domain".into(), profile.domain.as_str().into());
    if version == ScimVersion::V11 {
        extension.insert("internalUserType".into(), "PROVISIONED".into());
    }
    for (attribute, text) in &profile.more {
        match attribute.as_str() {
            "userPrincipalName" | "distinguishedName" => {
                drop(extension.insert(attribute.clone(), text.as_str().into()))
            }
            "phone" => drop(user.insert("phoneNumbers".into(), json!([{ "value": text, "type": "work" }]))),
            "employeeID" => {
                let urn = if version == ScimVersion::V11 { ENTERPRISE } else { ENTERPRISE_URN };
                user.insert(urn.into(), json!({ "employeeNumber": text }));
            }
            other => drop(user.insert(other.into(), text.as_str().into())),
        }
    }
    user.insert(workspace(version).into(), Value::Object(extension));
    user
}

fn schemas(version: ScimVersion, user: &Map<String, Value>) -> Value {
    let extensions = user.keys().filter(|name| name.starts_with("urn:")).map(String::as_str);
    let all: Vec<&str> = std::iter::once(core(version, Resource::User)).chain(extensions).collect();
    json!(all)
}

/// A new person: the whole profile, Okta's own id, and a password that nobody knows.
pub fn create(version: ScimVersion, profile: &Profile, okta_id: &str, password: &str) -> Value {
    let mut user = said(version, profile);
    let locale = if version == ScimVersion::V11 { "en_US" } else { "en-US" };
    user.insert("schemas".into(), schemas(version, &user));
    user.insert("locale".into(), locale.into());
    user.insert("externalId".into(), okta_id.into());
    user.insert("groups".into(), json!([]));
    user.insert("password".into(), password.into());
    user.insert("active".into(), true.into());
    Value::Object(user)
}

/// What is there, with the profile laid over it; whoever is being assigned becomes active.
pub fn replace(
    version: ScimVersion,
    there: Map<String, Value>,
    profile: &Profile,
    okta_id: &str,
    activate: bool,
) -> Value {
    let mut user = there;
    for (name, value) in said(version, profile) {
        match (user.get_mut(&name), value) {
            (Some(Value::Object(old)), Value::Object(new)) => old.extend(new),
            (_, value) => drop(user.insert(name, value)),
        }
    }
    user.insert("schemas".into(), schemas(version, &user));
    user.insert("externalId".into(), okta_id.into());
    if activate {
        user.insert("active".into(), true.into());
    }
    Value::Object(user)
}

/// The profile alone, as a merge.
pub fn merge(version: ScimVersion, profile: &Profile, okta_id: &str, activate: bool) -> Value {
    let mut user = said(version, profile);
    user.insert("externalId".into(), okta_id.into());
    if activate {
        user.insert("active".into(), true.into());
    }
    match version {
        ScimVersion::V11 => {
            user.insert("schemas".into(), schemas(version, &user));
            Value::Object(user)
        }
        ScimVersion::V20 => operations(json!([{ "op": "replace", "value": user }])),
    }
}

fn operations(list: Value) -> Value {
    json!({ "schemas": [PATCH_OP], "Operations": list })
}

pub fn deactivate(version: ScimVersion, id: &str) -> Value {
    match version {
        ScimVersion::V11 => json!({ "schemas": [CORE], "id": id, "active": false }),
        ScimVersion::V20 => operations(json!([{ "op": "replace", "value": { "active": false } }])),
    }
}

pub fn new_group(version: ScimVersion, name: &str) -> Value {
    let schemas = [core(version, Resource::Group)];
    match version {
        ScimVersion::V11 => json!({ "schemas": schemas, "displayName": name }),
        ScimVersion::V20 => json!({ "schemas": schemas, "displayName": name, "members": [] }),
    }
}

pub fn rename_group(version: ScimVersion, id: &str, name: &str) -> Value {
    match version {
        ScimVersion::V11 => json!({ "schemas": [CORE], "id": id, "displayName": name }),
        ScimVersion::V20 => operations(json!([{ "op": "replace", "value": { "id": id, "displayName": name } }])),
    }
}

/// Those who come and those who go; ids by shown name. `whole`: nobody else is a member.
pub fn members(
    version: ScimVersion,
    add: &BTreeMap<String, String>,
    remove: &BTreeMap<String, String>,
    whole: bool,
) -> Value {
    let shown = |people: &BTreeMap<String, String>| -> Vec<Value> {
        people.iter().map(|(name, id)| json!({ "value": id, "display": name })).collect()
    };
    match version {
        ScimVersion::V11 => {
            let gone = remove.iter().map(|(name, id)| json!({ "value": id, "display": name, "operation": "delete" }));
            let all: Vec<Value> = shown(add).into_iter().chain(gone).collect();
            json!({ "schemas": [CORE], "members": all })
        }
        ScimVersion::V20 if whole => operations(json!([{ "op": "replace", "path": "members", "value": shown(add) }])),
        ScimVersion::V20 => {
            let mut list = Vec::new();
            if !add.is_empty() {
                list.push(json!({ "op": "add", "path": "members", "value": shown(add) }));
            }
            let gone = |id: &String| json!({ "op": "remove", "path": format!("members[value eq \"{id}\"]") });
            list.extend(remove.values().map(gone));
            operations(Value::Array(list))
        }
    }
}

/// The records of a list, where its numbers are numbers.
pub fn listed(body: &Map<String, Value>) -> Option<Vec<&Map<String, Value>>> {
    body.get("totalResults")?.as_u64()?;
    let resources = body.get("Resources").and_then(Value::as_array);
    Some(resources.into_iter().flatten().filter_map(Value::as_object).collect())
}

pub fn text(object: &Map<String, Value>, name: &str) -> String {
    object.get(name).and_then(Value::as_str).unwrap_or_default().into()
}

pub fn found(version: ScimVersion, user: &Map<String, Value>) -> Found {
    let domain = user.get(workspace(version)).and_then(|w| w.get("domain")).and_then(Value::as_str);
    Found { id: text(user, "id"), user_name: text(user, "userName"), domain: domain.unwrap_or_default().into() }
}

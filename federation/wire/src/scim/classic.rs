//! Access's classic dialect (core 1.0 with the workspace extensions) and back to the shape of 2.0.
//!
//! Names that only one side has are listed here; everything else is called the same in both.

use super::message::member;
use super::schemas::{ENTERPRISE_URN, Resource, WS1B_GROUP_URN, WS1B_USER_URN};
use super::{Object, filter::AttrPath};
use serde_json::{Value, json};

pub const CORE: &str = "urn:scim:schemas:core:1.0";
pub const WORKSPACE: &str = "urn:scim:schemas:extension:workspace:1.0";
pub const ENTERPRISE: &str = "urn:scim:schemas:extension:enterprise:1.0";
/// Followed by the tenant and `:1.0`: attributes that the tenant has added.
pub const TENANT_PREFIX: &str = "urn:scim:schemas:extension:workspace:tenant:";

/// Facts that only the classic dialect tells, in its workspace extension.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Told {
    /// `PROVISIONED`, `LOCAL`; of groups `INTERNAL`, `EXTERNAL`.
    pub internal_type: &'static str,
    pub domain: String,
    /// `"1"` enabled, `"2"` disabled.
    pub user_status: Option<&'static str>,
    pub user_store: String,
    /// Id and shown name.
    pub members: Vec<(String, String)>,
    pub groups: Vec<(String, String)>,
}

/// Attributes of the workspace extension that a client may set.
fn settable(resource: Resource, name: &str) -> bool {
    let names: &[&str] = match resource {
        Resource::User => &["domain", "userPrincipalName", "distinguishedName"],
        Resource::Group => &["domain", "description", "distinguishedName"],
    };
    names.iter().any(|n| n.eq_ignore_ascii_case(name))
}

fn workspace_urn(resource: Resource) -> &'static str {
    match resource {
        Resource::User => WS1B_USER_URN,
        Resource::Group => WS1B_GROUP_URN,
    }
}

/// A classic body in the shape of 2.0. What the server alone says is left out.
pub fn to_core(resource: Resource, body: &Object) -> Object {
    let mut out = Object::new();
    for (name, value) in body {
        if ["schemas", "id", "meta", "groups"].iter().any(|n| n.eq_ignore_ascii_case(name)) {
            continue;
        }
        let extension = |urn: &str| name.eq_ignore_ascii_case(urn);
        match value {
            Value::Object(fields) if extension(WORKSPACE) => {
                let kept = fields.iter().filter(|(n, _)| settable(resource, n)).map(|(n, v)| (n.clone(), v.clone()));
                out.insert(workspace_urn(resource).into(), Value::Object(kept.collect()));
            }
            Value::Object(fields) if extension(ENTERPRISE) => {
                out.insert(ENTERPRISE_URN.into(), Value::Object(enterprise(fields)));
            }
            _ => {
                out.insert(name.clone(), value.clone());
            }
        }
    }
    out
}

fn enterprise(fields: &Object) -> Object {
    let mut out = fields.clone();
    if let Some(Value::Object(manager)) = member(fields, "manager") {
        let id = member(manager, "managerId").or_else(|| member(manager, "value")).cloned();
        out.retain(|name, _| !name.eq_ignore_ascii_case("manager"));
        out.insert("manager".into(), json!({ "value": id }));
    }
    out
}

/// Members that a classic body adds and removes (`"operation": "delete"`), by id.
pub fn member_changes(members: &Value) -> (Vec<String>, Vec<String>) {
    let (mut added, mut removed) = (Vec::new(), Vec::new());
    for item in members.as_array().map(Vec::as_slice).unwrap_or_default() {
        let Some(object) = item.as_object() else { continue };
        let Some(id) = member(object, "value").and_then(Value::as_str) else { continue };
        let delete = member(object, "operation").and_then(Value::as_str) == Some("delete");
        if delete {
            removed.push(id.into())
        } else {
            added.push(id.into())
        };
    }
    (added, removed)
}

/// A resource of 2.0's shape as the classic dialect tells it.
pub fn from_core(resource: Resource, core: &Object, told: &Told) -> Object {
    let mut out = Object::new();
    let mut workspace = Object::new();
    let mut schemas = vec![Value::from(CORE), Value::from(WORKSPACE)];
    for (name, value) in core {
        match value {
            Value::Object(fields) if name == workspace_urn(resource) => workspace = fields.clone(),
            Value::Object(fields) if name == ENTERPRISE_URN => {
                let mut fields = fields.clone();
                if let Some(Value::Object(manager)) = fields.get("manager") {
                    let id = manager.get("value").cloned();
                    fields.insert("manager".into(), json!({ "managerId": id }));
                }
                schemas.push(ENTERPRISE.into());
                out.insert(ENTERPRISE.into(), Value::Object(fields));
            }
            _ => {
                if name.starts_with(TENANT_PREFIX) {
                    schemas.push(name.as_str().into());
                }
                out.insert(name.clone(), value.clone());
            }
        }
    }
    workspace.insert("domain".into(), told.domain.as_str().into());
    workspace.insert("userStoreUuid".into(), told.user_store.as_str().into());
    let shown = |list: &[(String, String)]| -> Value {
        list.iter().map(|(id, name)| json!({ "value": id, "display": name })).collect::<Vec<_>>().into()
    };
    match resource {
        Resource::User => {
            workspace.insert("internalUserType".into(), told.internal_type.into());
            workspace.insert("userStatus".into(), told.user_status.unwrap_or("1").into());
            out.insert("roles".into(), json!([{ "display": "User" }]));
            out.insert("groups".into(), shown(&told.groups));
        }
        Resource::Group => {
            workspace.insert("internalGroupType".into(), told.internal_type.into());
            if !told.members.is_empty() {
                out.insert("members".into(), shown(&told.members));
            }
        }
    }
    out.insert(WORKSPACE.into(), Value::Object(workspace));
    out.insert("schemas".into(), Value::Array(schemas));
    out
}

/// A path of a classic filter or attribute list, as 2.0 calls it.
pub fn path_to_core(resource: Resource, mut path: AttrPath) -> AttrPath {
    path.urn = match path.urn.as_deref() {
        Some(urn) if urn.eq_ignore_ascii_case(CORE) => None,
        Some(urn) if urn.eq_ignore_ascii_case(WORKSPACE) => Some(workspace_urn(resource).into()),
        Some(urn) if urn.eq_ignore_ascii_case(ENTERPRISE) => Some(ENTERPRISE_URN.into()),
        _ => path.urn,
    };
    path
}

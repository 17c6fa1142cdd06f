//! User groups that came over REST, with their members: the `system/usergroups` endpoints (v1).

use crate::engine::State;
use crate::http::{Answer, ApiError, json_response};
use crate::inventory::Journal;
use crate::memory::Touched;
use http::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

pub const FIRST_ID: u64 = 501;

/// A custom user group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserGroup {
    pub id: u64,
    pub name: String,
    /// Ids of users.
    pub members: BTreeSet<u64>,
}

fn unknown(what: &str) -> ApiError {
    ApiError(StatusCode::NOT_FOUND, format!("{what} not found"))
}

/// Answers what stands under `/api/system/usergroups`.
pub fn route(
    state: &mut State,
    method: &Method,
    rest: &[&str],
    body: impl FnOnce() -> Result<Value, ApiError>,
    query: &BTreeMap<String, String>,
    journal: &mut Journal,
) -> Answer {
    match (method, rest) {
        (&Method::POST, ["createcustomusergroup"]) => create(state, &body()?, journal),
        (&Method::GET, ["custom", "search"]) => search(state, query),
        (&Method::GET, [id, "users"]) => {
            let group = group(state, id)?;
            let users = group.members.iter().filter_map(|id| state.accounts.get(id));
            let told = |a: &crate::users::Account| json!({ "EnrollmentUserId": a.id, "UserName": a.user.username });
            let users: Vec<Value> = users.map(told).collect();
            Ok(json_response(StatusCode::OK, &json!({ "EnrollmentUser": users })))
        }
        (&Method::POST, [id, "user", user, what @ ("addusertogroup" | "removeuserfromgroup")]) => {
            let (id, add) = (group(state, id)?.id, *what == "addusertogroup");
            let user = user.parse().ok().and_then(|id: u64| state.accounts.get(&id)).ok_or_else(|| unknown("User"))?;
            let (user, login) = (user.id, user.user.username.clone());
            let Some(group) = state.groups.get_mut(&id) else { return Err(unknown("User group")) };
            if add {
                group.members.insert(user)
            } else {
                group.members.remove(&user)
            };
            state.touched.insert(Touched::Member { group: id, user });
            let event = if add { "UserAddedToGroup" } else { "UserRemovedFromGroup" };
            journal.log(event, "success", "api", &group.name, &login);
            Ok(json_response(StatusCode::OK, &json!({})))
        }
        (&Method::DELETE, [id, "delete"]) => {
            let id = group(state, id)?.id;
            if let Some(gone) = state.groups.remove(&id) {
                state.touched.insert(Touched::Group(id));
                journal.log("UserGroupDeleted", "success", "api", &gone.name, "");
            }
            Ok(json_response(StatusCode::OK, &json!({})))
        }
        _ => Err(unknown("Resource")),
    }
}

fn group<'a>(state: &'a State, id: &str) -> Result<&'a UserGroup, ApiError> {
    id.parse().ok().and_then(|id: u64| state.groups.get(&id)).ok_or_else(|| unknown("User group"))
}

fn create(state: &mut State, body: &Value, journal: &mut Journal) -> Answer {
    let name = body.get("GroupName").and_then(Value::as_str).map(str::trim).filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| ApiError(StatusCode::BAD_REQUEST, "GroupName is required".into()))?;
    if state.groups.values().any(|g| g.name.eq_ignore_ascii_case(name)) {
        return Err(ApiError(StatusCode::CONFLICT, format!("User group already exists: {name}")));
    }
    let id = FIRST_ID + state.groups_made;
    state.groups_made += 1;
    state.groups.insert(id, UserGroup { id, name: name.into(), members: BTreeSet::new() });
    state.touched.insert(Touched::Group(id));
    journal.log("UserGroupCreated", "success", "api", name, "");
    Ok(json_response(StatusCode::OK, &json!({ "Value": id })))
}

/// By name; none is 204 with an empty body, as for people.
fn search(state: &State, query: &BTreeMap<String, String>) -> Answer {
    let named = |g: &&UserGroup| query.get("groupname").is_none_or(|wanted| wanted.eq_ignore_ascii_case(&g.name));
    let told = |g: &UserGroup| json!({ "UserGroupId": g.id, "UserGroupName": g.name, "UsersCount": g.members.len() });
    let found: Vec<Value> = state.groups.values().filter(named).map(told).collect();
    if found.is_empty() {
        return Ok(json_response(StatusCode::NO_CONTENT, &Value::Null).map(|_| bytes::Bytes::new()));
    }
    let total = found.len();
    Ok(json_response(StatusCode::OK, &json!({ "ResultSet": found, "Total": total })))
}

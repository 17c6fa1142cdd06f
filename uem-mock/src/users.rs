//! People in UEM: those it was configured with and those that came through its REST interface, behind one look-up, and
//! the `system/users` endpoints themselves (v1).
//!
//! A provisioned person is known by external id; somebody of the same user name who was there before is somebody else.

use crate::engine::State;
use crate::http::{Answer, ApiError, json_response};
use crate::inventory::Journal;
use crate::memory::Touched;
use federation::tenant::uem::User;
use http::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Ids of provisioned people; those of the settings count from 1.
pub const FIRST_ID: u64 = 10_001;
/// *Security Type* of a user with a password at UEM.
const BASIC: u64 = 2;
const PAGE_SIZE: usize = 500;

/// Somebody who came over REST.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    pub id: u64,
    pub user: User,
    pub external_id: String,
    pub first_name: String,
    pub last_name: String,
    pub phone: String,
    /// *Security Type*: 1 directory, 2 basic. Only a basic user has a password at UEM.
    pub security_type: u64,
    pub active: bool,
}

impl State {
    pub fn user(&self, name: &str) -> Option<&User> {
        let provisioned = self.accounts.values().map(|account| &account.user);
        self.settings.users.iter().chain(provisioned).find(|user| user.name == name)
    }

    /// Those who may enrol with a password: a user of the directory has none at UEM.
    pub fn who_may_enrol(&self) -> impl Iterator<Item = &User> {
        let basic = |account: &&Account| account.active && account.security_type == BASIC;
        let provisioned = self.accounts.values().filter(basic).map(|account| &account.user);
        self.settings.users.iter().chain(provisioned)
    }

    /// The number that UEM's records give a user.
    pub fn user_id(&self, name: &str) -> u64 {
        let configured =
            self.settings.users.iter().position(|u| u.name == name).and_then(|i| u64::try_from(i + 1).ok());
        let provisioned = || self.accounts.values().find(|a| a.user.name == name).map(|a| a.id);
        configured.or_else(provisioned).unwrap_or(0)
    }
}

fn bad(message: impl Into<String>) -> ApiError {
    ApiError(StatusCode::BAD_REQUEST, message.into())
}

fn unknown(id: &str) -> ApiError {
    ApiError(StatusCode::NOT_FOUND, format!("User not found: {id}"))
}

/// Answers what stands under `/api/system/users`.
pub fn route(
    state: &mut State,
    method: &Method,
    rest: &[&str],
    body: impl FnOnce() -> Result<Value, ApiError>,
    query: &BTreeMap<String, String>,
    journal: &mut Journal,
) -> Answer {
    match (method, rest) {
        (&Method::POST, ["adduser"]) => add(state, &body()?, journal),
        (&Method::GET, ["search"]) => search(state, query),
        (&Method::GET, [id]) => {
            let account = account(state, id)?;
            Ok(json_response(StatusCode::OK, &told(state, account)))
        }
        (&Method::POST, [id, "update"]) => update(state, id, &body()?, journal),
        (&Method::POST, [id, "activate"]) => switch(state, id, true, journal),
        (&Method::POST, [id, "deactivate"]) => switch(state, id, false, journal),
        (&Method::DELETE, [id, "delete"]) => {
            let (id, name) = { account(state, id).map(|a| (a.id, a.user.username.clone()))? };
            forget(state, id);
            state.touched.insert(Touched::Account(id));
            journal.log("UserDeleted", "success", "api", &name, "");
            Ok(json_response(StatusCode::OK, &json!({})))
        }
        _ => Err(ApiError(StatusCode::NOT_FOUND, "no such resource".into())),
    }
}

/// Takes somebody away, from her groups as well.
pub fn forget(state: &mut State, id: u64) {
    state.accounts.remove(&id);
    for group in state.groups.values_mut() {
        group.members.remove(&id);
    }
}

fn account<'a>(state: &'a State, id: &str) -> Result<&'a Account, ApiError> {
    id.parse().ok().and_then(|id: u64| state.accounts.get(&id)).ok_or_else(|| unknown(id))
}

fn text(body: &Value, name: &str) -> Option<String> {
    body.get(name).and_then(Value::as_str).map(Into::into)
}

/// The organization group by its Group ID or name; the first where none is named.
fn group(state: &State, body: &Value) -> Result<Option<String>, ApiError> {
    let groups = &state.settings.organization_groups;
    match text(body, "Group").filter(|g| !g.is_empty()) {
        None => Ok(groups.first().map(|g| g.name.clone())),
        Some(wanted) => {
            let found = groups.iter().find(|g| g.group_id.eq_ignore_ascii_case(&wanted) || g.name == wanted);
            found.map(|g| Some(g.name.clone())).ok_or_else(|| bad(format!("Organization group not found: {wanted}")))
        }
    }
}

fn add(state: &mut State, body: &Value, journal: &mut Journal) -> Answer {
    let username =
        text(body, "UserName").filter(|t| !t.trim().is_empty()).ok_or_else(|| bad("UserName is required"))?;
    let external_id = text(body, "ExternalId").unwrap_or_default();
    let taken = |a: &&Account| {
        let same_id = !external_id.is_empty() && a.external_id == external_id;
        same_id || (a.external_id == external_id && a.user.username.eq_ignore_ascii_case(&username))
    };
    if let Some(other) = state.accounts.values().find(taken) {
        return Err(ApiError(StatusCode::CONFLICT, format!("User already exists: {}", other.user.username)));
    }
    let organization_group = group(state, body)?;
    let id = FIRST_ID + state.accounts_made;
    state.accounts_made += 1;
    let email = text(body, "Email").unwrap_or_default();
    let user = User {
        name: format!("user-{id}"),
        username: username.clone(),
        email,
        upn: None,
        password: text(body, "Password").unwrap_or_default(),
        organization_group,
    };
    let account = Account {
        id,
        user,
        external_id,
        first_name: text(body, "FirstName").unwrap_or_default(),
        last_name: text(body, "LastName").unwrap_or_default(),
        phone: text(body, "ContactNumber").unwrap_or_default(),
        security_type: body.get("SecurityType").and_then(Value::as_u64).unwrap_or(BASIC),
        active: text(body, "Status").is_none_or(|s| s.eq_ignore_ascii_case("true")),
    };
    state.accounts.insert(id, account);
    state.touched.insert(Touched::Account(id));
    journal.log("UserCreated", "success", "api", &username, "");
    Ok(json_response(StatusCode::OK, &json!({ "Value": id })))
}

fn update(state: &mut State, id: &str, body: &Value, journal: &mut Journal) -> Answer {
    let id = account(state, id)?.id;
    let group = if body.get("Group").is_some() { group(state, body)? } else { None };
    state.touched.insert(Touched::Account(id));
    let Some(account) = state.accounts.get_mut(&id) else { return Err(unknown("")) };
    let set = |name: &str, field: &mut String| {
        if let Some(value) = text(body, name) {
            *field = value;
        }
    };
    set("UserName", &mut account.user.username);
    set("Email", &mut account.user.email);
    set("FirstName", &mut account.first_name);
    set("LastName", &mut account.last_name);
    set("ContactNumber", &mut account.phone);
    set("ExternalId", &mut account.external_id);
    if group.is_some() {
        account.user.organization_group = group;
    }
    journal.log("UserUpdated", "success", "api", &account.user.username, "");
    Ok(json_response(StatusCode::OK, &json!({})))
}

fn switch(state: &mut State, id: &str, active: bool, journal: &mut Journal) -> Answer {
    let id = account(state, id)?.id;
    state.touched.insert(Touched::Account(id));
    let Some(account) = state.accounts.get_mut(&id) else { return Err(unknown("")) };
    account.active = active;
    journal.log(if active { "UserActivated" } else { "UserDeactivated" }, "success", "api", &account.user.username, "");
    Ok(json_response(StatusCode::OK, &json!({})))
}

fn told(state: &State, account: &Account) -> Value {
    let group = account.user.organization_group.clone().unwrap_or_default();
    let number = state.settings.organization_groups.iter().position(|g| g.name == group).map_or(0, |i| i + 1);
    json!({
        "Id": { "Value": account.id },
        "UserName": account.user.username,
        "FirstName": account.first_name,
        "LastName": account.last_name,
        "Email": account.user.email,
        "ContactNumber": account.phone,
        "Status": account.active,
        "SecurityType": account.security_type,
        "Group": group,
        "LocationGroupId": number,
        "ExternalId": account.external_id,
    })
}

/// By user name or mail; nobody is 204 with an empty body, as for devices.
fn search(state: &State, query: &BTreeMap<String, String>) -> Answer {
    let is = |name: &str, have: &str| query.get(name).is_none_or(|wanted| wanted.eq_ignore_ascii_case(have));
    let fits = |a: &&Account| is("username", &a.user.username) && is("email", &a.user.email);
    let found: Vec<Value> = state.accounts.values().filter(fits).take(PAGE_SIZE).map(|a| told(state, a)).collect();
    if found.is_empty() {
        return Ok(json_response(StatusCode::NO_CONTENT, &Value::Null).map(|_| bytes::Bytes::new()));
    }
    let total = found.len();
    let page = json!({ "Users": found, "Page": 0, "PageSize": PAGE_SIZE, "Total": total });
    Ok(json_response(StatusCode::OK, &page))
}

//! The provisioning adapter at work: asks UEM what it has, decides, tells it, and tries again later where UEM does not answer.

use crate::Access;
use crate::decide::adapter::{self, Step, There, Wish};
use crate::memory::{self, Kept};
use crate::people::queue::group_job;
use crate::people::{Change, People};
use bytes::Bytes;
use federation::tenant::access::UemIntegration;
use federation::{Decision, EventKind, Finding, Outside, Time, Why};
use serde_json::{Value, json};
use std::sync::{MutexGuard, PoisonError};

/// More steps than any person needs.
const MOST_STEPS: usize = 4;

/// Why a person could not be brought up to date.
pub enum Trouble {
    /// UEM did not answer, or answered that it cannot now.
    Later(String),
    /// UEM refuses; only a change of the person or of UEM helps.
    Refused(String),
}

impl Access {
    pub(crate) fn queue(&self) -> MutexGuard<'_, crate::people::queue::Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What UEM calls a person, or a group, from now on.
    pub(crate) fn know(&self, outside: &dyn Outside, id: &str, group: bool, at_uem: Option<u64>) {
        let mut queue = self.queue();
        queue.know(id, group, at_uem);
        memory::commit(outside, &[], &|| Kept::AtUem { id: id.into(), group, at_uem });
    }

    /// Whom a transaction concerns is looked at next.
    pub(crate) fn enqueue(&self, changes: &[Change], now: Time) {
        if adapter::adapter(&self.settings()).is_none() {
            return;
        }
        let mut queue = self.queue();
        for change in changes {
            match change {
                Change::PutUser(user) => queue.push(&user.id, now),
                Change::RemoveUser(id) => queue.push(id, now),
                // First the person, then the group that she is a member of.
                Change::AddMember { group, user } | Change::RemoveMember { group, user } => {
                    queue.push(user, now);
                    queue.push(&group_job(group), now);
                }
                Change::PutGroup(group) => queue.push(&group_job(&group.id), now),
                Change::RemoveGroup(id) => queue.push(&group_job(id), now),
                _ => {}
            }
        }
    }

    /// Everybody is looked at: the adapter was switched on, or its rules have changed.
    pub(crate) fn enqueue_all(&self, people: &People, now: Time) {
        let mut queue = self.queue();
        let looked_at = |d: &str| people.directory(d).is_some_and(|d| adapter::looks_at(d.kind));
        people.users_from(0).filter(|u| looked_at(&u.directory)).for_each(|u| queue.push(&u.id, now));
        people.groups_from(0).for_each(|g| queue.push(&group_job(&g.id), now));
    }
}

/// Works off what is due now.
pub async fn run(access: &Access, outside: &dyn Outside) {
    let now = outside.now();
    loop {
        let Some((user, attempts)) = access.queue().take(now) else { return };
        let done = match user.strip_prefix("group/") {
            Some(group) => super::adapter_groups::bring_up_to_date(access, outside, group).await,
            None => bring_up_to_date(access, outside, &user).await,
        };
        match done {
            Ok(()) => {}
            Err(Trouble::Later(text)) => {
                tell(outside, "FAILURE", &user, &format!("{text}; another try follows"));
                access.queue().retry(&user, attempts, outside.now());
            }
            Err(Trouble::Refused(text)) => tell(outside, "FAILURE", &user, &text),
        }
    }
}

pub fn tell(outside: &dyn Outside, result: &str, target: &str, reason: &str) {
    let [event_type, result, actor, target, reason] =
        ["PROVISION", result, "AirWatch Provisioning", target, reason].map(str::to_string);
    outside.note(EventKind::Log { event_type, result, actor, target, reason });
}

async fn bring_up_to_date(access: &Access, outside: &dyn Outside, id: &str) -> Result<(), Trouble> {
    let settings = access.settings();
    let Some(uem) = settings.uem.clone() else {
        return Err(Trouble::Refused("there is no UEM integration".into()));
    };
    for _ in 0..MOST_STEPS {
        if access.queue().id_at_uem(id).is_none() && !concerns_uem(access, outside, &settings, id) {
            return Ok(());
        }
        let name =
            access.people.read().unwrap_or_else(PoisonError::into_inner).user(id).map(|u| u.user_name().to_string());
        let there = find(access, outside, &uem, id, name.as_deref()).await?;
        // Read again after the answer: she may have changed while UEM was asked.
        let decision = {
            let people = access.people.read().unwrap_or_else(PoisonError::into_inner);
            let user = people.user(id);
            Decision::of(|why| {
                let wish = user.and_then(|u| adapter::wish(&settings, &people, u, why));
                adapter::next(&settings, user.is_none(), wish.as_ref(), there.as_ref(), why)
            })
        };
        let step = decision.verdict;
        if step == Step::Nothing && decision.because.is_empty() {
            return Ok(());
        }
        outside.note(EventKind::Decided { verdict: step.to_string(), because: decision.because });
        if step == Step::Nothing {
            return Ok(());
        }
        take(access, outside, &uem, id, &settings, &step).await?;
        tell(outside, "SUCCESS", name.as_deref().unwrap_or(id), &step.to_string());
    }
    Ok(())
}

/// Whether somebody whom UEM has never heard of should be there at all; if not for a reason, the reason is told.
fn concerns_uem(access: &Access, outside: &dyn Outside, settings: &federation::tenant::Access, id: &str) -> bool {
    let people = access.people.read().unwrap_or_else(PoisonError::into_inner);
    let decision = Decision::of(|why| people.user(id).and_then(|u| adapter::wish(settings, &people, u, why)));
    drop(people);
    if decision.verdict.is_none() && !decision.because.is_empty() {
        outside.note(EventKind::Decided { verdict: Step::Nothing.to_string(), because: decision.because });
    }
    decision.verdict.is_some()
}

/// Does one step.
async fn take(
    access: &Access,
    outside: &dyn Outside,
    uem: &UemIntegration,
    id: &str,
    settings: &federation::tenant::Access,
    step: &Step,
) -> Result<(), Trouble> {
    let group = adapter::adapter(settings).map(|a| a.organization_group.clone()).unwrap_or_default();
    let (method, path, body) = match step {
        Step::Create(wish) => ("POST", "adduser".to_string(), body(wish, &group)),
        Step::Update(at, wish) => ("POST", format!("{at}/update"), body(wish, &group)),
        Step::Activate(at) => ("POST", format!("{at}/activate"), Value::Null),
        Step::Deactivate(at) => ("POST", format!("{at}/deactivate"), Value::Null),
        Step::Delete(at) => ("DELETE", format!("{at}/delete"), Value::Null),
        Step::Nothing => return Ok(()),
    };
    let answer = call(outside, uem, method, &path, &body).await?;
    match step {
        Step::Create(_) => {
            let made = answer.get("Value").and_then(Value::as_u64);
            let made = made.ok_or_else(|| Trouble::Later("UEM did not say the id of the new user".into()))?;
            access.know(outside, id, false, Some(made));
            // Her groups can have her as a member now.
            let people = access.people.read().unwrap_or_else(PoisonError::into_inner);
            let mut queue = access.queue();
            people.groups_of(id).for_each(|group| queue.push(&group_job(&group.id), outside.now()));
        }
        Step::Delete(_) => access.know(outside, id, false, None),
        _ => {}
    }
    Ok(())
}

fn body(wish: &Wish, group: &str) -> Value {
    json!({
        "UserName": wish.username,
        "FirstName": wish.first_name,
        "LastName": wish.last_name,
        "Email": wish.email,
        "ContactNumber": wish.phone,
        "ExternalId": wish.external_id,
        "Status": wish.active.to_string(),
        "SecurityType": 1,
        "Group": group,
        "MessageType": "None",
    })
}

/// The person at UEM: by the id that UEM gave, else by name and external id.
async fn find(
    access: &Access,
    outside: &dyn Outside,
    uem: &UemIntegration,
    id: &str,
    name: Option<&str>,
) -> Result<Option<There>, Trouble> {
    let known = access.queue().id_at_uem(id);
    if let Some(known) = known {
        match call(outside, uem, "GET", &known.to_string(), &Value::Null).await {
            Ok(answer) => return Ok(there(&answer)),
            Err(Trouble::Refused(_)) => access.know(outside, id, false, None),
            Err(later) => return Err(later),
        }
    }
    let Some(name) = name else { return Ok(None) };
    let query: String = form_urlencoded::byte_serialize(name.as_bytes()).collect();
    let answer = call(outside, uem, "GET", &format!("search?username={query}"), &Value::Null).await?;
    let external = {
        let people = access.people.read().unwrap_or_else(PoisonError::into_inner);
        people.user(id).and_then(|u| u.external_id().map(str::to_string))
    };
    let users = answer.get("Users").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let found = users.iter().filter_map(there).find(|t| Some(&t.as_is.external_id) == external.as_ref());
    if let Some(found) = &found {
        access.know(outside, id, false, Some(found.id));
    }
    Ok(found)
}

fn there(record: &Value) -> Option<There> {
    let text = |name: &str| record.get(name).and_then(Value::as_str).unwrap_or_default().to_string();
    let as_is = Wish {
        username: text("UserName"),
        first_name: text("FirstName"),
        last_name: text("LastName"),
        email: text("Email"),
        phone: text("ContactNumber"),
        external_id: text("ExternalId"),
        active: record.get("Status").and_then(Value::as_bool).unwrap_or(false),
    };
    Some(There { id: record.get("Id")?.get("Value")?.as_u64()?, as_is })
}

/// One call to `system/users`; an empty answer is `null`.
async fn call(
    outside: &dyn Outside,
    uem: &UemIntegration,
    method: &str,
    path: &str,
    body: &Value,
) -> Result<Value, Trouble> {
    call_at(outside, uem, "users", method, path, body).await
}

/// One call to a part of `system`.
pub async fn call_at(
    outside: &dyn Outside,
    uem: &UemIntegration,
    part: &str,
    method: &str,
    path: &str,
    body: &Value,
) -> Result<Value, Trouble> {
    let basic = wire::form::encode_post(&format!("{}:{}", uem.admin, uem.password));
    let text = if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) };
    let request = http::Request::builder()
        .method(method)
        .uri(format!("https://{}/api/system/{part}/{path}", uem.host))
        .header("aw-tenant-code", &uem.api_key)
        .header("authorization", format!("Basic {basic}"))
        .header("accept", "application/json;version=1")
        .header("content-type", "application/json")
        .body(text);
    let request = request.map_err(|e| Trouble::Refused(e.to_string()))?;
    let told = |code: &'static str, saw: String| {
        let because = Decision::of(|why| why.note(|| Finding::new(code).saw(saw))).because;
        outside.note(EventKind::Decided { verdict: "try again later".into(), because });
    };
    let response = match outside.call(request, uem.timeout_ms).await {
        Ok(response) => response,
        Err(e) => {
            told("adapter/uem-unreachable", e.to_string());
            return Err(Trouble::Later(format!("UEM did not answer: {e}")));
        }
    };
    let status = response.status().as_u16();
    let read: Option<Value> =
        if response.body().is_empty() { Some(Value::Null) } else { serde_json::from_slice(response.body()).ok() };
    match (status, read) {
        (200..=299, Some(answer)) => Ok(answer),
        // A wrong credential is the administrator's to mend; what is waiting stays.
        (401 | 403 | 408 | 429 | 500.., read) => {
            let said = read.as_ref().and_then(|r| r.get("message")).and_then(Value::as_str).unwrap_or_default();
            told("adapter/uem-error", format!("{status} {said}"));
            Err(Trouble::Later(format!("UEM answered {status} {said}")))
        }
        (200..=299, None) => {
            told("adapter/uem-error", "an answer that is no JSON".into());
            Err(Trouble::Later("UEM answered nonsense".into()))
        }
        (_, read) => {
            let said = read.as_ref().and_then(|r| r.get("message")).and_then(Value::as_str).unwrap_or_default();
            Err(Trouble::Refused(format!("UEM refuses: {status} {said}")))
        }
    }
}

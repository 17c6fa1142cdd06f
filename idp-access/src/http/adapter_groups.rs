//! The provisioning adapter's groups at work: asks UEM for the group, then brings its members there one by one.

use super::adapter::{Trouble, call_at, tell};
use crate::Access;
use crate::decide::adapter_groups::{GroupStep, GroupThere, next, wish};
use federation::tenant::access::UemIntegration;
use federation::{Decision, EventKind, Outside};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::PoisonError;

const PATH: &str = "usergroups";

pub async fn bring_up_to_date(access: &Access, outside: &dyn Outside, id: &str) -> Result<(), Trouble> {
    let settings = access.settings();
    let Some(uem) = settings.uem.clone() else {
        return Err(Trouble::Refused("there is no UEM integration".into()));
    };
    let (decision, name) = {
        let people = access.people.read().unwrap_or_else(PoisonError::into_inner);
        let queue = access.queue();
        let members: BTreeSet<u64> = people.members(id).filter_map(|u| queue.id_at_uem(&u.id)).collect();
        drop(queue);
        let group = people.group(id);
        let decision = Decision::of(|why| group.and_then(|g| wish(&settings, g, members, why)));
        (decision, group.map(|g| g.display_name().to_string()))
    };
    let known = access.queue().group_at_uem(id);
    if !decision.because.is_empty() {
        let verdict = GroupStep::Nothing.to_string();
        outside.note(EventKind::Decided { verdict, because: decision.because });
    }
    let wanted = decision.verdict;
    if wanted.is_none() && known.is_none() {
        return Ok(());
    }
    let mut there = find(outside, &uem, known, name.as_deref()).await?;
    if let Some(there) = &there {
        access.know(outside, id, true, Some(there.id));
    }
    loop {
        let step = next(wanted.as_ref(), there.as_ref());
        if step == GroupStep::Nothing {
            return Ok(());
        }
        outside.note(EventKind::Decided { verdict: step.to_string(), because: Vec::new() });
        there = take(access, outside, &uem, id, &step, there).await?;
        tell(outside, "SUCCESS", name.as_deref().unwrap_or(id), &step.to_string());
        if there.is_none() {
            return Ok(());
        }
    }
}

/// Does one step; says what UEM has then.
async fn take(
    access: &Access,
    outside: &dyn Outside,
    uem: &UemIntegration,
    id: &str,
    step: &GroupStep,
    there: Option<GroupThere>,
) -> Result<Option<GroupThere>, Trouble> {
    let post = |path: String, body: Value| async move { call_at(outside, uem, PATH, "POST", &path, &body).await };
    let change = |there: Option<GroupThere>, user: u64, add: bool| {
        there.map(|mut there| {
            if add {
                there.members.insert(user)
            } else {
                there.members.remove(&user)
            };
            there
        })
    };
    Ok(match step {
        GroupStep::Create(name) => {
            let answer = post("createcustomusergroup".into(), json!({ "GroupName": name })).await?;
            let made = answer.get("Value").and_then(Value::as_u64);
            let made = made.ok_or_else(|| Trouble::Later("UEM did not say the id of the new group".into()))?;
            access.know(outside, id, true, Some(made));
            Some(GroupThere { id: made, members: BTreeSet::new() })
        }
        GroupStep::Add { group, user } => {
            post(format!("{group}/user/{user}/addusertogroup"), Value::Null).await?;
            change(there, *user, true)
        }
        GroupStep::Remove { group, user } => {
            post(format!("{group}/user/{user}/removeuserfromgroup"), Value::Null).await?;
            change(there, *user, false)
        }
        GroupStep::Delete(group) => {
            call_at(outside, uem, PATH, "DELETE", &format!("{group}/delete"), &Value::Null).await?;
            access.know(outside, id, true, None);
            None
        }
        GroupStep::Nothing => None,
    })
}

/// The group at UEM, with its members: by the id that UEM gave, else by name.
async fn find(
    outside: &dyn Outside,
    uem: &UemIntegration,
    known: Option<u64>,
    name: Option<&str>,
) -> Result<Option<GroupThere>, Trouble> {
    let id = match (known, name) {
        (Some(id), _) => id,
        (None, None) => return Ok(None),
        (None, Some(name)) => {
            let query: String = form_urlencoded::byte_serialize(name.as_bytes()).collect();
            let path = format!("custom/search?groupname={query}");
            let answer = call_at(outside, uem, PATH, "GET", &path, &Value::Null).await?;
            match answer.pointer("/ResultSet/0/UserGroupId").and_then(Value::as_u64) {
                Some(id) => id,
                None => return Ok(None),
            }
        }
    };
    let answer = match call_at(outside, uem, PATH, "GET", &format!("{id}/users"), &Value::Null).await {
        Ok(answer) => answer,
        Err(Trouble::Refused(_)) => return Ok(None),
        Err(later) => return Err(later),
    };
    let users = answer.get("EnrollmentUser").and_then(Value::as_array);
    let members = users.into_iter().flatten().filter_map(|u| u.get("EnrollmentUserId")?.as_u64()).collect();
    Ok(Some(GroupThere { id, members }))
}

//! The state of what provisioning makes, read from the parties that hold it.

use crate::runner::Stage;
use bytes::Bytes;
use federation::Party;
use idp_access::people::{People, User};
use scenarios::{Stated, Thing};
use serde_json::Value;
use std::sync::Arc;

impl Stage {
    pub(crate) async fn provisioned(&self, thing: &Thing) -> Stated {
        let word = |text: &str| Stated::Word(text.into());
        let said = |text: Option<String>| Stated::Word(text.unwrap_or_else(|| "none".into()));
        let okta = &self.running.okta;
        match thing {
            Thing::AppUser(who) => word(okta.app_user(who).0),
            Thing::Task(who) => said(okta.app_user(who).1),
            Thing::PushedGroup(group) => word(okta.pushed_group(group).0),
            Thing::GroupError(group) => said(okta.pushed_group(group).1),
            Thing::AccessPerson { domain, login } => self.running.access.look(|people| {
                word(match person(people, domain, login) {
                    None => "none",
                    Some(user) if user.active() => "active",
                    Some(_) => "disabled",
                })
            }),
            Thing::AccessName { domain, login } => {
                self.running.access.look(|people| said(person(people, domain, login).map(|user| full_name(user))))
            }
            Thing::AccessGroup { domain, group } => self.running.access.look(|people| {
                let here = |g: &&Arc<idp_access::people::Group>| {
                    people.directory(&g.directory).is_some_and(|d| d.has_domain(domain))
                };
                match people.groups_named(group).find(here) {
                    None => word("none"),
                    Some(group) => names(people.members(&group.id).map(|u| u.user_name().to_string()).collect()),
                }
            }),
            Thing::UemPerson(login) => word(match self.uem_person(login).await.get("Status") {
                None => "none",
                Some(Value::Bool(true)) => "active",
                Some(_) => "inactive",
            }),
            Thing::UemName(login) => {
                let person = self.uem_person(login).await;
                let text = |name: &str| person.get(name).and_then(Value::as_str).unwrap_or_default().to_string();
                said(person.get("Id").map(|_| format!("{} {}", text("FirstName"), text("LastName"))))
            }
            Thing::UemGroup(group) => {
                let found = self.uem_rest("GET", &format!("usergroups/custom/search?groupname={group}")).await;
                let Some(id) = found.pointer("/ResultSet/0/UserGroupId").and_then(Value::as_u64) else {
                    return word("none");
                };
                let users = self.uem_rest("GET", &format!("usergroups/{id}/users")).await;
                let users = users.get("EnrollmentUser").and_then(Value::as_array).cloned().unwrap_or_default();
                let login = |u: &Value| u.get("UserName").and_then(Value::as_str).unwrap_or_default().to_string();
                names(users.iter().map(login).collect())
            }
            _ => word("none"),
        }
    }

    /// The user object of UEM's REST API; null where there is none.
    async fn uem_person(&self, login: &str) -> Value {
        let found = self.uem_rest("GET", &format!("users/search?username={login}")).await;
        found.pointer("/Users/0").cloned().unwrap_or_default()
    }

    /// A call to a part of UEM's `system` interface, past the network.
    pub(crate) async fn uem_rest(&self, method: &str, path: &str) -> Value {
        let uem = &self.running.world.uem;
        let basic = wire::form::encode_post(&format!("{}:{}", uem.api.admin, uem.api.password));
        let request = http::Request::builder()
            .method(method)
            .uri(format!("https://{}/api/system/{}", uem.host, path.replace(' ', "%20")))
            .header("aw-tenant-code", &uem.api.key)
            .header(http::header::AUTHORIZATION, format!("Basic {basic}"))
            .body(Bytes::new());
        let Ok(request) = request else { return Value::Null };
        let answer = self.running.uem.handle(&self.door("uem"), request).await;
        serde_json::from_slice(answer.body()).unwrap_or_default()
    }
}

fn names(mut names: Vec<String>) -> Stated {
    names.sort();
    Stated::Names(names)
}

fn person<'a>(people: &'a People, domain: &str, login: &'a str) -> Option<&'a Arc<User>> {
    people.by_login(login).find(|u| people.directory(&u.directory).is_some_and(|d| d.has_domain(domain)))
}

/// `Carol Danvers`.
fn full_name(user: &User) -> String {
    let name = user.attributes.get("name");
    let part = |part: &str| name.and_then(|n| n.get(part)).and_then(Value::as_str).unwrap_or_default();
    format!("{} {}", part("givenName"), part("familyName"))
}

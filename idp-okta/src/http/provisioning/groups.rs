//! One pushed group at the target: made or linked, its members told, unlinked, deleted.

use super::bodies;
use super::client::quoted;
use super::{Answer, Desk, Trouble, decide, done};
use crate::decide::provisioning::groups::{Act, Facts, MemberChange, Pushed, changes, next, pushed};
use crate::decide::provisioning::{members, words};
use crate::ledger::Mapping;
use federation::tenant::scim_client::ScimVersion;
use std::collections::BTreeSet;

impl Desk<'_> {
    fn wish(&self, name: &str) -> Option<Pushed> {
        pushed(&self.settings, &self.app).into_iter().find(|p| p.name == name)
    }

    fn mapping(&self, name: &str) -> Option<Mapping> {
        self.okta.ledger().groups.get(name).cloned()
    }

    /// Does what comes next for it.
    pub async fn group(&self, name: &str, whole: bool, racing: &BTreeSet<String>) -> Result<(), Trouble> {
        let (wish, mapping) = (self.wish(name), self.mapping(name));
        let told = |act: &Act| (*act != Act::Nothing).then(|| format!("{act} {name}"));
        let act = decide(self, told, |_| next(&self.settings, wish.as_ref(), name, mapping.as_ref(), whole));
        let mut mapping = mapping.unwrap_or_default();
        match act {
            Act::Nothing => {}
            Act::Create => {
                let wish = wish.unwrap_or(Pushed { name: name.into(), ..nobody() });
                mapping.target = wish.link.clone().unwrap_or_else(|| name.into());
                if mapping.trouble.is_none() {
                    let by = wish.rule.as_ref().map(|rule| format!("by the rule {rule}")).unwrap_or_default();
                    self.log("application.provision.group_push.mapping.created", "SUCCESS", name, &by);
                }
                self.keep(name, mapping.clone());
                mapping.id = Some(self.made_or_linked(name, &wish).await?);
                self.keep(name, mapping.clone());
                self.push_members(name, mapping, true, racing, false).await?;
            }
            Act::Members => self.push_members(name, mapping, false, racing, true).await?,
            Act::Whole => self.push_members(name, mapping, true, racing, true).await?,
            Act::Rest => {
                mapping.inactive = true;
                self.keep(name, mapping);
                self.log("application.provision.group_push.deactivate_mapping", "SUCCESS", name, "");
            }
            Act::Unlink => self.unlink(name),
            Act::Delete => {
                let id = mapping.id.unwrap_or_default();
                let mut why = Vec::new();
                let answer = self.client().send("DELETE", &format!("/Groups/{id}"), None, &mut why).await;
                self.saw("delete the group", why);
                if !matches!(answer, Answer::NotThere(_)) {
                    done(answer)?;
                }
                self.log("application.provision.group.remove", "SUCCESS", name, "");
                self.unlink(name);
            }
        }
        Ok(())
    }

    fn keep(&self, name: &str, mapping: Mapping) {
        self.okta.ledger().groups.insert(name.into(), mapping);
    }

    fn unlink(&self, name: &str) {
        self.okta.ledger().groups.remove(name);
        self.log("application.provision.group_push.removed", "SUCCESS", name, "");
    }

    /// Looks for the group by name: the one to link, or none where one is to be made. Says its id.
    async fn made_or_linked(&self, name: &str, wish: &Pushed) -> Result<String, Trouble> {
        let client = self.client();
        let wanted = wish.link.as_deref().unwrap_or(name);
        let mut why = Vec::new();
        let filter = quoted(&format!("displayName eq \"{wanted}\""));
        let answer = client.get(&format!("/Groups?filter={filter}&startIndex=1&count=100"), &mut why).await;
        self.saw("look for the group", why);
        let list = match answer {
            Answer::NotThere(_) if self.app.protocol == ScimVersion::V20 => serde_json::Map::new(),
            answer => done(answer)?,
        };
        let named = |group: &&serde_json::Map<String, serde_json::Value>| {
            bodies::text(group, "displayName").eq_ignore_ascii_case(wanted)
        };
        let there = bodies::listed(&list).unwrap_or_default().into_iter().find(named).map(|g| bodies::text(g, "id"));
        match (there, &wish.link) {
            (Some(id), Some(_)) => Ok(id),
            (None, Some(link)) => Err(Trouble::Failed(words::not_there(link))),
            (Some(_), None) => Err(Trouble::Failed(words::name_taken(name))),
            (None, None) => {
                let mut why = Vec::new();
                let body = bodies::new_group(self.app.protocol, name);
                let answer = client.send("POST", "/Groups", Some(body), &mut why).await;
                self.saw("create the group", why);
                let id = bodies::text(&done(answer)?, "id");
                self.log("application.provision.group.add", "SUCCESS", name, "");
                Ok(id)
            }
        }
    }

    /// Tells the group's name, as with every change of members, and then the members.
    async fn push_members(
        &self,
        name: &str,
        mapping: Mapping,
        whole: bool,
        racing: &BTreeSet<String>,
        look: bool,
    ) -> Result<(), Trouble> {
        let id = mapping.id.clone().unwrap_or_default();
        let people = self.okta.ledger().people.clone();
        let told = |change: &MemberChange| Some(said(name, change));
        let change = decide(self, told, |why| {
            let facts = Facts { people: &people, mapping: &mapping, racing, whole };
            changes(&self.settings, &self.app, name, &facts, why)
        });
        if !change.ignored.is_empty() {
            let who = change.ignored.join(", ");
            self.log("application.provision.group_push.mapping.okta.users.ignored", "SUCCESS", name, &who);
        }
        let (client, version, path) = (self.client(), self.app.protocol, format!("/Groups/{id}"));
        let mut why = Vec::new();
        let sent = async {
            if look && matches!(client.get(&path, &mut why).await, Answer::NotThere(_)) {
                return Err(Trouble::Failed(words::missing(&self.app.name)));
            }
            let body = bodies::rename_group(version, &id, &mapping.target);
            done(client.send("PATCH", &path, Some(body), &mut why).await)?;
            if !change.add.is_empty() || !change.remove.is_empty() || (whole && version == ScimVersion::V20) {
                let body = bodies::members(version, &change.add, &change.remove, whole);
                done(client.send("PATCH", &path, Some(body), &mut why).await)?;
            }
            Ok(())
        }
        .await;
        self.saw("push the group", why);
        sent?;
        self.pushed(name, mapping, change);
        Ok(())
    }

    fn pushed(&self, name: &str, mut mapping: Mapping, change: MemberChange) {
        for (event, people) in [
            ("application.provision.group_membership.add", &change.add),
            ("application.provision.group_membership.remove", &change.remove),
        ] {
            if !people.is_empty() {
                let who: Vec<&str> = people.keys().map(String::as_str).collect();
                self.log(event, "SUCCESS", name, &who.join(", "));
            }
        }
        mapping.members.retain(|who, _| !change.remove.contains_key(who));
        mapping.members.extend(change.add);
        mapping.seen = members(&self.settings, name).map(|u| u.name.clone()).collect();
        (mapping.inactive, mapping.trouble) = (false, None);
        mapping.last_push = Some(self.outside.now());
        self.keep(name, mapping);
        self.log("application.provision.group_push.updated", "SUCCESS", name, "");
    }

    /// The red panel.
    pub fn group_failed(&self, name: &str, cause: &str) {
        let mut mapping = self.mapping(name).unwrap_or_default();
        if mapping.target.is_empty() {
            mapping.target = name.into();
        }
        let text = words::panel(self.outside.now(), name, cause);
        let event = if mapping.id.is_none() {
            "application.provision.group.add"
        } else {
            "application.provision.group_push.mapping.update.or.delete.failed.with.error"
        };
        self.log(event, "FAILURE", name, &text);
        mapping.trouble = Some(text);
        self.keep(name, mapping);
    }
}

fn nobody() -> Pushed {
    Pushed { name: String::new(), status: federation::tenant::scim_client::PushStatus::Active, link: None, rule: None }
}

/// `push staff: alice in, bob out, carol left out`.
fn said(name: &str, change: &MemberChange) -> String {
    let list = |people: &std::collections::BTreeMap<String, String>| {
        people.keys().map(String::as_str).collect::<Vec<_>>().join(", ")
    };
    let mut parts = Vec::new();
    if !change.add.is_empty() {
        parts.push(format!("{} in", list(&change.add)));
    }
    if !change.remove.is_empty() {
        parts.push(format!("{} out", list(&change.remove)));
    }
    if !change.ignored.is_empty() {
        parts.push(format!("{} left out", change.ignored.join(", ")));
    }
    if parts.is_empty() {
        parts.push("nobody".into());
    }
    format!("members of {name}: {}", parts.join("; "))
}

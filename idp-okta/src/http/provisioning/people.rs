//! One person of the app at the target: looked for, linked or made, updated, deactivated.

use super::bodies;
use super::client::quoted;
use super::{Answer, Desk, Trouble, decide, done};
use crate::decide::provisioning::people::{Act, is_there, next};
use crate::decide::provisioning::words::{self, Deed};
use crate::decide::provisioning::{Profile, profile};
use crate::ledger::AppUser;
use federation::tenant::okta::User;
use federation::tenant::scim_client::{LateAssignment, ScimVersion, UpdateWith};
use federation::{Finding, Silent, Why};

impl Desk<'_> {
    fn user(&self, name: &str) -> Option<&User> {
        self.settings.users.get(*self.users.get(name)?)
    }

    fn record(&self, name: &str) -> Option<AppUser> {
        self.okta.ledger().people.get(name).cloned()
    }

    /// Does what comes next for her.
    pub async fn person(&self, name: &str) -> Result<(), Trouble> {
        let record = self.record(name);
        let told = |act: &Act| (*act != Act::Nothing).then(|| act.to_string());
        let act = decide(self, told, |why| next(&self.app, self.user(name), record.as_ref(), why));
        let record = record.unwrap_or_default();
        match act {
            Act::Provision(profile) => {
                if record.seen.is_none() {
                    self.log("application.user_membership.add", "SUCCESS", &profile.user_name, "");
                }
                self.note(name, |r| (r.login, r.seen) = (profile.user_name.clone(), Some(profile.clone())));
                let id = self.provision(name, &profile).await?;
                self.note(name, |r| {
                    (r.id, r.pushed, r.trouble) = (Some(id), Some(profile.clone()), None);
                });
                self.log("application.provision.user.push", "SUCCESS", &profile.user_name, "");
                self.late(name);
            }
            Act::Update(id, profile) => {
                self.update(name, &id, &profile, false).await?;
                let login = profile.user_name.clone();
                self.note(name, |r| {
                    (r.login, r.pushed, r.seen, r.trouble) = (login, Some(profile.clone()), Some(profile), None);
                });
                self.log("application.provision.user.push_profile", "SUCCESS", &record.login, "");
            }
            Act::Deactivate(id) => {
                let mut why = Vec::new();
                let body = bodies::deactivate(self.app.protocol, &id);
                let answer = self.client().send("PATCH", &format!("/Users/{id}"), Some(body), &mut why).await;
                self.saw("deactivate", why);
                match answer {
                    // Whoever is not there needs no deactivation.
                    Answer::NotThere(_) => {}
                    answer => drop(done(answer)?),
                }
                self.log("application.provision.user.deactivate", "SUCCESS", &record.login, "");
                self.forget(name, &record);
            }
            Act::Forget => self.forget(name, &record),
            Act::Stay(profile) => {
                self.note(name, |r| (r.login, r.seen) = (profile.user_name.clone(), Some(profile)));
            }
            Act::Hold => self.note(name, |r| r.held = true),
            Act::Nothing => {}
        }
        Ok(())
    }

    fn note(&self, name: &str, change: impl FnOnce(&mut AppUser)) {
        change(self.okta.ledger().people.entry(name.into()).or_default());
    }

    fn forget(&self, name: &str, record: &AppUser) {
        self.okta.ledger().people.remove(name);
        self.log("application.user_membership.remove", "SUCCESS", &record.login, "");
    }

    /// Okta's own id of somebody, made where she has none.
    fn okta_id(&self, name: &str) -> String {
        let known = self.okta.ledger().ids.get(name).cloned();
        known.unwrap_or_else(|| {
            let id: String = "00u".chars().chain(self.outside.fresh_id("user").chars().take(17)).collect();
            self.okta.ledger().ids.insert(name.into(), id.clone());
            id
        })
    }

    /// Looks for her by user name: links who is there, makes who is not. Says her id.
    async fn provision(&self, name: &str, wanted: &Profile) -> Result<String, Trouble> {
        let client = self.client();
        let mut why = Vec::new();
        let filter = quoted(&format!("userName eq \"{}\"", wanted.user_name));
        let answer = client.get(&format!("/Users?filter={filter}&startIndex=1&count=100"), &mut why).await;
        let list = match answer {
            // Nobody, as 2.0 lets a server say.
            Answer::NotThere(_) if self.app.protocol == ScimVersion::V20 => serde_json::Map::new(),
            answer => {
                let read = done(answer);
                if read.is_err() {
                    self.saw("look for the person", std::mem::take(&mut why));
                }
                read?
            }
        };
        let records: Vec<_> = if list.is_empty() {
            Vec::new()
        } else {
            let unreadable = || Trouble::Failed("Errors reported by remote server: no list with its numbers".into());
            bodies::listed(&list).ok_or_else(unreadable)?.into_iter().collect()
        };
        let found: Vec<_> = records.iter().map(|user| bodies::found(self.app.protocol, user)).collect();
        let how = self.settings.assumptions.provisioning.match_by;
        let there = is_there(how, wanted, &found, &mut why).cloned();
        self.saw("look for the person", why);
        if let Some(there) = there {
            self.update(name, &there.id, wanted, true).await?;
            return Ok(there.id);
        }
        let mut why = Vec::new();
        let password = self.outside.fresh_id("scim-password");
        let body = bodies::create(self.app.protocol, wanted, &self.okta_id(name), &password);
        let answer = client.send("POST", "/Users", Some(body), &mut why).await;
        self.saw("create the person", why);
        match bodies::text(&done(answer)?, "id") {
            id if id.is_empty() => Err(Trouble::Failed(words::EMPTY_USER.into())),
            id => Ok(id),
        }
    }

    /// Her profile over what is there.
    async fn update(&self, name: &str, id: &str, wanted: &Profile, activate: bool) -> Result<(), Trouble> {
        let (client, version) = (self.client(), self.app.protocol);
        let (path, okta_id) = (format!("/Users/{id}"), self.okta_id(name));
        let mut why = Vec::new();
        let there = client.get(&path, &mut why).await;
        let answer = match (there, self.settings.assumptions.provisioning.update_with) {
            (Answer::NotThere(_), _) => Answer::Failed(format!("No user returned for user {id}")),
            (Answer::Done(there), UpdateWith::Put) => {
                if version == ScimVersion::V11 {
                    why.note(assumed);
                }
                let body = bodies::replace(version, there, wanted, &okta_id, activate);
                client.send("PUT", &path, Some(body), &mut why).await
            }
            (Answer::Done(_), UpdateWith::Patch) => {
                why.note(assumed);
                let body = bodies::merge(version, wanted, &okta_id, activate);
                client.send("PATCH", &path, Some(body), &mut why).await
            }
            (other, _) => other,
        };
        self.saw("push the profile", why);
        done(answer).map(drop)
    }

    /// A group that was pushed before she was there.
    fn late(&self, name: &str) {
        if self.settings.assumptions.provisioning.late_assignment == LateAssignment::NeedsAPush {
            return;
        }
        let groups = self.user(name).map(|u| u.groups.clone()).unwrap_or_default();
        let mut ledger = self.okta.ledger();
        let pushed: Vec<String> = groups.into_iter().filter(|g| ledger.groups.contains_key(g)).collect();
        for group in pushed {
            let work = crate::ledger::Work::Group { name: group, whole: true, racing: Default::default() };
            ledger.plan(self.outside.now(), crate::ledger::Job { work, attempts: 0 });
        }
    }

    /// A task on the dashboard, with its error.
    pub fn person_failed(&self, name: &str, cause: &str) {
        let record = self.record(name).unwrap_or_default();
        let wanted = self.user(name).map(|user| profile(&self.app, user));
        let deed =
            match next(&self.app, self.user(name), Some(&AppUser { trouble: None, ..record.clone() }), &mut Silent) {
                Act::Update(..) => Deed::Update,
                Act::Deactivate(_) => Deed::Deactivate,
                _ => Deed::Create,
            };
        let shown = wanted.as_ref().map_or_else(|| record.login.clone(), Profile::display_name);
        let login = wanted.map_or_else(|| record.login.clone(), |w| w.user_name);
        let text = words::task(deed, &self.app.name, &shown, &login, cause);
        let event = match deed {
            Deed::Create => "application.provision.user.push",
            Deed::Update => "application.provision.user.push_profile",
            Deed::Deactivate => "application.provision.user.deactivate",
        };
        self.log(event, "FAILURE", &login, &text);
        self.note(name, |r| r.trouble = Some(text));
    }
}

fn assumed() -> Finding {
    Finding::new("assumes/scim-update-with").rule("okta.assumptions.provisioning.update_with")
}

//! What an administrator does at the app: tests and saves the credentials, pushes a group now, retries what failed.

use super::{Answer, Desk, group_rules, run};
use crate::Okta;
use crate::decide::provisioning::{self, words};
use crate::ledger::{Job, Work};
use federation::{Decision, EventKind, Finding, Fut, Outside, Why};
use std::collections::BTreeSet;

/// An administrator's action; what it leads to is done before it is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Administer {
    /// *Test API Credentials*, with what is saved.
    TestCredentials,
    /// *Configure API Integration*: a pasted token is tested, and saved where the test succeeds.
    Configure { token: String },
    /// *Push Now*.
    PushNow { group: String },
    /// *Retry All Groups*.
    RetryAllGroups,
    /// Dashboard › Tasks › *Retry Selected*, all of them.
    RetryTasks,
    /// Somebody was deleted: whoever is made anew under her name has another id.
    Forget { user: String },
}

impl Okta {
    pub fn administer<'a>(&'a self, outside: &'a dyn Outside, act: Administer) -> Fut<'a, Result<(), String>> {
        Box::pin(async move {
            let missing = "there is no app `okta.workspace_one_app`".to_string();
            let settings = self.settings();
            let app = settings.workspace_one_app.clone().ok_or(missing)?;
            let token = super::token(&app, &self.ledger()).unwrap_or_default();
            let mut desk = Desk::new(self, outside, settings, app, token);
            match act {
                Administer::TestCredentials => drop(desk.test().await),
                Administer::Configure { token } => {
                    desk.token = token.clone();
                    if desk.test().await {
                        self.ledger().token = Some(token);
                        desk.log("application.lifecycle.update", "SUCCESS", &desk.app.name, "API integration");
                        self.plan(outside.now());
                    }
                }
                Administer::PushNow { group } => desk.push_now(&group),
                Administer::RetryAllGroups => desk.retry_all_groups(),
                Administer::RetryTasks => desk.retry_tasks(),
                Administer::Forget { user } => drop(self.ledger().ids.remove(&user)),
            }
            run(self, outside).await;
            Ok(())
        })
    }

    /// Whether somebody is at the target, as the app's assignments show it, and the error of her task.
    pub fn app_user(&self, name: &str) -> (&'static str, Option<String>) {
        let ledger = self.ledger();
        let Some(record) = ledger.people.get(name) else { return ("none", None) };
        let state = match (&record.trouble, &record.id) {
            (Some(_), _) => "failed",
            (None, Some(_)) => "provisioned",
            (None, None) if ledger.waits(name) => "waiting",
            (None, None) => "assigned",
        };
        (state, record.trouble.clone())
    }

    /// The state of a pushed group, as its mapping has it, and the text of its red panel.
    pub fn pushed_group(&self, name: &str) -> (&'static str, Option<String>) {
        let ledger = self.ledger();
        let Some(mapping) = ledger.groups.get(name) else { return ("none", None) };
        let state = match (&mapping.trouble, mapping.inactive, &mapping.id) {
            (Some(_), ..) => "error",
            (None, true, _) => "inactive",
            (None, false, Some(_)) => "active",
            (None, false, None) => "waiting",
        };
        (state, mapping.trouble.clone())
    }
}

impl Desk<'_> {
    /// The two requests that Okta makes; says whether they succeed.
    async fn test(&self) -> bool {
        let mut because = Vec::new();
        let tried = self.tried(&mut because).await;
        let (verdict, result) = match &tried {
            Ok(()) => (words::verified(&self.app.name), "SUCCESS"),
            Err(cause) => (words::not_verified(cause), "FAILURE"),
        };
        because.note(|| {
            let code = if tried.is_ok() { "provisioning/verified" } else { "provisioning/not-verified" };
            Finding::new(code).rule(provisioning::RULE).saw(verdict.clone())
        });
        self.decided(verdict.clone(), because);
        if result == "FAILURE" {
            self.log("application.lifecycle.update", result, &self.app.name, &verdict);
        }
        tried.is_ok()
    }

    async fn tried(&self, why: &mut Vec<Finding>) -> Result<(), String> {
        provisioning::base_url(&self.app.base_url)?;
        let client = self.client();
        for path in ["/Users?startIndex=1&count=2", "/Groups?startIndex=1&count=100"] {
            match client.get(path, why).await {
                Answer::Done(body) if super::bodies::listed(&body).is_some() => {}
                Answer::Done(_) => return Err("Errors reported by remote server: no list with its numbers".into()),
                Answer::NotThere(cause) | Answer::Failed(cause) | Answer::Later { cause, .. } => return Err(cause),
            }
        }
        Ok(())
    }

    fn push_now(&self, group: &str) {
        let mapping = self.okta.ledger().groups.get(group).cloned();
        let decision = Decision::of(|why| group_rules::push_now_fails(&self.settings, mapping.as_ref(), why));
        self.outside.note(EventKind::Decided { verdict: format!("push {group} now"), because: decision.because });
        if decision.verdict {
            self.group_failed(group, words::PUSH_NOW);
            if let Some(mapping) = self.okta.ledger().groups.get_mut(group) {
                mapping.push_now_failed = true;
            }
            return;
        }
        self.plan_group(group);
    }

    fn plan_group(&self, group: &str) {
        let work = Work::Group { name: group.into(), whole: true, racing: BTreeSet::new() };
        self.okta.ledger().plan(self.outside.now(), Job { work, attempts: 0 });
    }

    /// Every group that is pushed is pushed anew.
    fn retry_all_groups(&self) {
        for pushed in group_rules::pushed(&self.settings, &self.app) {
            self.plan_group(&pushed.name);
        }
    }

    fn retry_tasks(&self) {
        let mut ledger = self.okta.ledger();
        let failed: Vec<String> =
            ledger.people.iter().filter(|(_, r)| r.trouble.is_some()).map(|(name, _)| name.clone()).collect();
        for name in failed {
            if let Some(record) = ledger.people.get_mut(&name) {
                record.trouble = None;
            }
            ledger.plan(self.outside.now(), Job { work: Work::Person(name), attempts: 0 });
        }
    }
}

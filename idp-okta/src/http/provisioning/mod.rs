//! Provisioning at work: plans what a change of settings asks for, works off what is due, and writes the System Log.
//!
//! Gathers and renders; `decide::provisioning` judges. Failed tasks wait for an administrator.

mod bodies;
mod client;
mod console;
mod groups;
mod people;

pub use console::Administer;

use crate::Okta;
use crate::decide::provisioning::answer::{Answer, pause};
use crate::decide::provisioning::groups as group_rules;
use crate::decide::provisioning::people as person_rules;
use crate::ledger::{Job, Ledger, Work};
use client::Client;
use federation::tenant::okta::UserStatus;
use federation::tenant::scim_client::{ApiToken, WorkspaceOneApp};
use federation::{Decision, EventKind, Finding, Outside, Silent, Time, tenant};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, MutexGuard, PoisonError};

/// Why something could not be done.
enum Trouble {
    /// The cause, as the panel has it.
    Failed(String),
    Later {
        cause: String,
        after: Option<u64>,
    },
}

/// The body of an answer; a thing that is not there is a failure.
fn done(answer: Answer) -> Result<serde_json::Map<String, serde_json::Value>, Trouble> {
    match answer {
        Answer::Done(body) => Ok(body),
        Answer::NotThere(cause) | Answer::Failed(cause) => Err(Trouble::Failed(cause)),
        Answer::Later { cause, after } => Err(Trouble::Later { cause, after }),
    }
}

/// Everything that one piece of work needs.
struct Desk<'a> {
    okta: &'a Okta,
    outside: &'a dyn Outside,
    settings: Arc<tenant::Okta>,
    app: WorkspaceOneApp,
    token: String,
    /// Places in the settings' list of users, by name.
    users: BTreeMap<String, usize>,
}

impl Okta {
    pub(crate) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Plans what the settings ask for now.
    pub(crate) fn plan(&self, now: Time) {
        let settings = self.settings();
        let Some(app) = settings.workspace_one_app.as_ref().filter(|app| app.api_integration) else { return };
        let mut ledger = self.ledger();
        if token(app, &ledger).is_none() {
            return;
        }
        let mut concerned = BTreeSet::new();
        let named: BTreeSet<&str> = settings.users.iter().map(|u| u.name.as_str()).collect();
        let gone: Vec<String> = ledger.people.keys().filter(|name| !named.contains(name.as_str())).cloned().collect();
        let users = settings.users.iter().map(|user| (user.name.clone(), Some(user)));
        for (name, user) in users.chain(gone.into_iter().map(|name| (name, None))) {
            let active = user.is_some_and(|u| u.status == UserStatus::Active);
            if let Some(record) = ledger.people.get_mut(&name).filter(|_| active) {
                record.held = false;
            }
            let act = person_rules::next(app, user, ledger.people.get(&name), &mut Silent);
            if act != person_rules::Act::Nothing && !ledger.waits(&name) {
                ledger.plan(now, Job { work: Work::Person(name.clone()), attempts: 0 });
                concerned.insert(name);
            }
        }
        let wishes = group_rules::pushed(&settings, app);
        let gone: Vec<String> =
            ledger.groups.keys().filter(|name| !wishes.iter().any(|w| w.name == **name)).cloned().collect();
        for name in wishes.iter().map(|w| w.name.clone()).chain(gone) {
            let wish = wishes.iter().find(|w| w.name == name);
            if group_rules::next(&settings, wish, &name, ledger.groups.get(&name), false) != group_rules::Act::Nothing {
                let racing = concerned.clone();
                ledger.plan(now, Job { work: Work::Group { name, whole: false, racing }, attempts: 0 });
            }
        }
    }

    fn desk<'a>(&'a self, outside: &'a dyn Outside) -> Option<Desk<'a>> {
        let settings = self.settings();
        let app = settings.workspace_one_app.clone().filter(|app| app.api_integration)?;
        let token = token(&app, &self.ledger())?;
        Some(Desk::new(self, outside, settings, app, token))
    }
}

/// What the app shows: what was pasted at the console, else what the settings say.
fn token(app: &WorkspaceOneApp, ledger: &Ledger) -> Option<String> {
    let literal = match &app.api_token {
        Some(ApiToken::Literal(text)) => Some(text.clone()),
        Some(ApiToken::OfClient(_)) | None => None,
    };
    ledger.token.clone().or(literal)
}

/// Works off what is due.
pub async fn run(okta: &Okta, outside: &dyn Outside) {
    let mut desk: Option<Desk<'_>> = None;
    loop {
        let Some(job) = okta.ledger().take(outside.now()) else { return };
        if !desk.as_ref().is_some_and(Desk::stands) {
            desk = okta.desk(outside);
        }
        let Some(desk) = &desk else { continue };
        let tried = match &job.work {
            Work::Person(name) => desk.person(name).await,
            Work::Group { name, whole, racing } => desk.group(name, *whole, racing).await,
        };
        if let Err(trouble) = tried {
            desk.again_or_failed(job, trouble);
        }
    }
}

impl<'a> Desk<'a> {
    fn new(
        okta: &'a Okta,
        outside: &'a dyn Outside,
        settings: Arc<tenant::Okta>,
        app: WorkspaceOneApp,
        token: String,
    ) -> Desk<'a> {
        let users = settings.users.iter().enumerate().map(|(place, user)| (user.name.clone(), place)).collect();
        Desk { okta, outside, settings, app, token, users }
    }
}

impl Desk<'_> {
    /// Whether nothing has changed since it was laid.
    fn stands(&self) -> bool {
        let same = Arc::ptr_eq(&self.settings, &self.okta.settings());
        same && token(&self.app, &self.okta.ledger()).as_ref() == Some(&self.token)
    }

    fn client(&self) -> Client<'_> {
        let server_error = self.settings.assumptions.provisioning.server_error;
        Client { outside: self.outside, app: &self.app, token: &self.token, server_error }
    }

    fn again_or_failed(&self, job: Job, trouble: Trouble) {
        let attempts = job.attempts + 1;
        let cause = match trouble {
            Trouble::Failed(cause) => cause,
            Trouble::Later { cause, after } => match pause(attempts, after) {
                Some(pause) => {
                    self.okta.ledger().plan(self.outside.now() + pause, Job { attempts, ..job });
                    return;
                }
                None => cause,
            },
        };
        match &job.work {
            Work::Person(name) => self.person_failed(name, &cause),
            Work::Group { name, .. } => self.group_failed(name, &cause),
        }
    }

    fn decided(&self, verdict: impl Into<String>, because: Vec<Finding>) {
        self.outside.note(EventKind::Decided { verdict: verdict.into(), because });
    }

    fn log(&self, event_type: &str, result: &str, target: &str, reason: &str) {
        let [event_type, result, actor, target, reason] =
            [event_type, result, self.app.name.as_str(), target, reason].map(str::to_string);
        self.outside.note(EventKind::Log { event_type, result, actor, target, reason });
    }

    /// What was seen on the wire, where anything of it counts.
    fn saw(&self, what: &str, because: Vec<Finding>) {
        if !because.is_empty() {
            self.decided(what, because);
        }
    }
}

/// Runs a decision and tells it.
fn decide<V>(desk: &Desk<'_>, verdict: impl Fn(&V) -> Option<String>, ask: impl FnOnce(&mut Vec<Finding>) -> V) -> V {
    let decision = Decision::of(ask);
    if let Some(text) = verdict(&decision.verdict) {
        desk.decided(text, decision.because);
    }
    decision.verdict
}

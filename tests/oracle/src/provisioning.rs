//! Provisioning at Okta: who is to be at Access, what is sent about it and when, and what administrators do.
//!
//! The oracle knows people and groups at Access as numbered records, and no request. Texts of errors are the authors'.

use crate::provisioned::{Group, Person, Token, Trouble};
use crate::reach::Reach;
use crate::{Oracle, Visit};
use federation::tenant::access::OnPremisesPart;
use federation::tenant::okta::{User, UserStatus};
use federation::tenant::provisioning::{AccessType, Deployment};
use federation::tenant::scim_client::{ApiToken, LateAssignment, WorkspaceOneApp};
use federation::{Client, DeviceContext, Time};
use scenarios::{NewDirectoryKind, Pasted, Place, Provisioning, SignIn, Stated, Thing};
use std::collections::BTreeSet;
use std::time::Duration;

/// Okta waits so long for the target.
const PATIENCE_MS: u64 = 60_000;
/// Documented: ten tries at most.
const MOST_TRIES: u32 = 10;

/// Somebody's assignment, as Okta keeps it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct AppUser {
    /// Number of her record at Access.
    pub at_access: Option<usize>,
    pushed: Option<Person>,
    failed: bool,
    /// Another try follows by itself.
    waits: bool,
}

/// What waits for another try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Job {
    Person(String),
    Group { name: String, whole: bool, racing: BTreeSet<String> },
}

impl Oracle {
    pub(crate) fn app(&self) -> Option<WorkspaceOneApp> {
        self.world.okta.workspace_one_app.clone()
    }

    /// A token may have been fetched and pasted before the first step; then the app begins.
    pub(crate) fn begin_provisioning(&mut self) {
        if let Some(ApiToken::OfClient(client)) = self.app().and_then(|app| app.api_token) {
            self.provisioned.pasted = self.new_token(&client);
        }
        self.plan();
    }

    /// scim-token: client credentials with scope admin, for a service client
    fn new_token(&self, client: &str) -> Option<Token> {
        let minutes = match self.provisioned.clients.get(client) {
            Some(minutes) => *minutes,
            None => {
                let known = self.world.access.remote_app_access.iter().find(|c| c.name == client)?;
                let service = known.access_type == AccessType::ServiceClientToken;
                (service && known.scope.iter().any(|s| s == "admin")).then_some(known.access_token_ttl_minutes)?
            }
        };
        Some(Token { until: self.at("access") + Duration::from_secs(u64::from(minutes) * 60) })
    }

    /// Does a step; the settings that it changes stand already.
    pub(crate) fn provision(&mut self, step: &Provisioning) {
        match step {
            Provisioning::CreateClient(new) => {
                let taken = self.world.access.remote_app_access.iter().any(|c| c.name == new.id);
                // scim-client: a year at most
                if self.admin_reaches_access() && !taken && (1..=525_600).contains(&new.ttl_minutes) {
                    self.provisioned.clients.entry(new.id.clone()).or_insert(new.ttl_minutes);
                }
            }
            Provisioning::GetToken(wish) => {
                let token =
                    self.new_token(&wish.client).filter(|_| wish.scope == "admin" && self.admin_reaches_access());
                match token {
                    Some(token) => self.provisioned.tokens.insert(wish.client.clone(), token),
                    None => self.provisioned.tokens.remove(&wish.client),
                };
            }
            Provisioning::CreateDirectory(new) => {
                let local = new.kind == NewDirectoryKind::Local;
                if self.admin_has_token(&new.token_of) && new.kind != NewDirectoryKind::Unsaid {
                    self.create_directory(&new.name, &new.domain, local);
                }
            }
            Provisioning::CreateGroup(new) => {
                if self.admin_has_token(&new.token_of) && self.group_named(&new.domain, &new.name).is_none() {
                    self.provisioned.groups.push(Some(Group::new(&new.domain, &new.name)));
                }
            }
            Provisioning::ConfigureProvisioning(pasted) => {
                let token = match pasted {
                    Pasted::TokenOf(client) => self.provisioned.tokens.get(client).cloned(),
                    // scim-app: the shared secret is no token
                    Pasted::SecretOf(_) => None,
                };
                if self.reads_access(token.as_ref()).is_ok() {
                    self.provisioned.pasted = token;
                    self.plan();
                }
            }
            Provisioning::PushNow(push) => self.push_now(&push.group),
            Provisioning::RetryAllGroups => {
                for (name, ..) in self.pushed_groups() {
                    self.do_job(&Job::Group { name, whole: true, racing: BTreeSet::new() }, 0);
                }
            }
            Provisioning::RetryTasks => {
                let failed = self.provisioned.app_users.iter().filter(|(_, u)| u.failed).map(|(n, _)| n.clone());
                for name in failed.collect::<Vec<_>>() {
                    if let Some(user) = self.provisioned.app_users.get_mut(&name) {
                        user.failed = false;
                    }
                    self.do_job(&Job::Person(name), 0);
                }
            }
            Provisioning::Delete(deletion) => {
                self.plan();
                let login = self.okta_user(&deletion.who).map(|u| u.login.clone()).unwrap_or_default();
                match deletion.at {
                    // scim-groups: whoever is made anew is another account at Okta
                    Place::Okta => *self.provisioned.generations.entry(deletion.who.clone()).or_default() += 1,
                    Place::Access => self.delete_at_access(&login),
                    Place::Uem => self.delete_at_uem(&login),
                }
            }
            _ => self.plan(),
        }
        self.lay_people();
    }

    pub(crate) fn admin_reaches_access(&self) -> bool {
        self.reach("administrator", "access", PATIENCE_MS) == Reach::Answered
    }

    fn admin_has_token(&self, client: &str) -> bool {
        let lives = self.provisioned.tokens.get(client).is_some_and(|t| self.at("access") < t.until);
        lives && self.admin_reaches_access()
    }

    /// scim-directory: a name and a domain of its own; scim-minimum: on premises there are none of this kind
    fn create_directory(&mut self, name: &str, domain: &str, local: bool) {
        let access = &self.world.access;
        let lacking = access.provisioning.deployment == Deployment::OnPremises
            && access.assumptions.on_premises_part == OnPremisesPart::NoOtherDirectory;
        let taken = self.directories().iter().any(|d| d.name == name || d.domain.eq_ignore_ascii_case(domain));
        if !taken && (local || !lacking) {
            self.provisioned.made.push((name.into(), domain.into(), local));
        }
    }

    /// Okta's first request of any job: an address, an answer, a token that counts.
    pub(crate) fn reads_access(&self, token: Option<&Token>) -> Result<(), Trouble> {
        let right = self.app().is_some_and(|app| app.base_url == format!("https://{}", self.world.access.host));
        match self.reach_as("okta", "access", PATIENCE_MS)? {
            Reach::Answered if right && token.is_some_and(|t| self.at("access") < t.until) => Ok(()),
            _ => Err(Trouble::Failed),
        }
    }

    /// Assigned, active and not held back.
    fn standing(&self, app: &WorkspaceOneApp, user: &User) -> bool {
        let to = &app.assigned;
        to.everyone || to.users.contains(&user.name) || to.groups.iter().any(|g| user.groups.contains(g))
    }

    /// Everything that the settings ask for now is tried at once, people before groups.
    pub(crate) fn plan(&mut self) {
        let Some(app) = self.app().filter(|app| app.api_integration) else { return };
        let literal = matches!(app.api_token, Some(ApiToken::Literal(_)));
        if self.provisioned.pasted.is_none() && !literal {
            return;
        }
        let mut names: Vec<String> = self.world.okta.users.iter().map(|u| u.name.clone()).collect();
        let gone = self.provisioned.app_users.keys().filter(|n| !names.contains(n)).cloned().collect::<Vec<_>>();
        names.extend(gone);
        let racing: BTreeSet<String> =
            names.iter().filter(|n| self.comes_next(&app, n) != Next::Nothing).cloned().collect();
        for name in names {
            if !self.provisioned.app_users.get(&name).is_some_and(|u| u.waits) {
                self.do_job(&Job::Person(name), 0);
            }
        }
        let mut groups: Vec<String> = self.pushed_groups().into_iter().map(|(name, ..)| name).collect();
        let gone = self.provisioned.mappings.keys().filter(|n| !groups.contains(n)).cloned().collect::<Vec<_>>();
        groups.extend(gone);
        for name in groups {
            self.do_job(&Job::Group { name, whole: false, racing: racing.clone() }, 0);
        }
    }

    /// Tries; after 429 it tries again after what the target says, else after five minutes, then twice as long.
    pub(crate) fn do_job(&mut self, job: &Job, tries: u32) {
        let done = match job {
            Job::Person(name) => self.person(name),
            Job::Group { name, whole, racing } => self.push(name, *whole, racing),
        };
        let tries = tries + 1;
        let again = match done {
            Ok(()) => None,
            Err(Trouble::Later(after)) if tries < MOST_TRIES => {
                Some(after.unwrap_or_else(|| Duration::from_secs(300 << (tries - 1))))
            }
            Err(_) => {
                self.fail(job);
                None
            }
        };
        if let Job::Person(name) = job
            && let Some(user) = self.provisioned.app_users.get_mut(name)
        {
            user.waits = again.is_some();
        }
        if let Some(pause) = again {
            if let Job::Person(name) = job {
                self.provisioned.app_users.entry(name.clone()).or_default().waits = true;
            }
            self.provisioned.later.push((self.at("okta") + pause, job.clone(), tries));
        }
    }

    fn fail(&mut self, job: &Job) {
        match job {
            Job::Person(name) => self.provisioned.app_users.entry(name.clone()).or_default().failed = true,
            Job::Group { name, .. } => self.provisioned.mappings.entry(name.clone()).or_default().failed = true,
        }
    }

    fn comes_next(&self, app: &WorkspaceOneApp, name: &str) -> Next {
        let user = self.okta_user(name).filter(|u| self.standing(app, u));
        let record = self.provisioned.app_users.get(name);
        match user.map(|u| (u.status, u)) {
            // scim-chain: suspending sends nothing
            Some((UserStatus::Suspended, _)) => Next::Nothing,
            Some((UserStatus::Active, user)) => match record {
                Some(r) if r.failed => Next::Nothing,
                Some(r) if r.at_access.is_some() => {
                    let changed = r.pushed.as_ref() != Some(&self.profile(app, user));
                    // scim-chain: what is not enabled stays behind
                    if changed && app.update_user_attributes { Next::Update } else { Next::Nothing }
                }
                _ if app.create_users => Next::Provision,
                _ => Next::Nothing,
            },
            _ => match record {
                None => Next::Nothing,
                Some(r) if r.at_access.is_some() && app.deactivate_users => Next::Deactivate,
                Some(_) => Next::Forget,
            },
        }
    }

    fn profile(&self, app: &WorkspaceOneApp, user: &User) -> Person {
        let value = |name: &str, default: &str| {
            let expression = app.mappings.get(name).map_or(default, String::as_str);
            match expression.strip_prefix("user.") {
                Some("login") => user.login.clone(),
                Some("email") => user.email.clone(),
                Some(attribute) => user.attributes.get(attribute).cloned().unwrap_or_default(),
                None => expression.trim_matches('\'').to_string(),
            }
        };
        let more = ["distinguishedName", "userPrincipalName", "phone", "employeeID"];
        let more = more.into_iter().filter(|name| app.mappings.contains_key(*name));
        Person {
            login: value("userName", "user.login"),
            first: value("givenName", "user.firstName"),
            last: value("familyName", "user.lastName"),
            email: value("email", "user.email"),
            domain: app.domain.clone(),
            external_id: format!(
                "{}/{}",
                user.name,
                self.provisioned.generations.get(&user.name).copied().unwrap_or_default()
            ),
            more: more.map(|name| (name.to_string(), value(name, ""))).filter(|(_, v)| !v.is_empty()).collect(),
            active: true,
        }
    }

    fn person(&mut self, name: &str) -> Result<(), Trouble> {
        let Some(app) = self.app() else { return Ok(()) };
        let next = self.comes_next(&app, name);
        let token = self.provisioned.pasted.clone();
        let record = self.provisioned.app_users.get(name).cloned().unwrap_or_default();
        match next {
            Next::Nothing => {}
            Next::Forget => drop(self.provisioned.app_users.remove(name)),
            Next::Provision => {
                self.provisioned.app_users.entry(name.into()).or_default();
                self.reads_access(token.as_ref())?;
                let Some(user) = self.okta_user(name).cloned() else { return Ok(()) };
                let wanted = self.profile(&app, &user);
                let at_access = self.find_or_create(&wanted)?;
                self.provisioned.app_users.insert(
                    name.into(),
                    AppUser { at_access: Some(at_access), pushed: Some(wanted), ..AppUser::default() },
                );
                // late-assignment
                if self.world.okta.assumptions.provisioning.late_assignment == LateAssignment::PushesItself {
                    for group in user.groups.iter().filter(|g| self.provisioned.mappings.contains_key(*g)).cloned() {
                        self.provisioned.after.push(Job::Group { name: group, whole: true, racing: BTreeSet::new() });
                    }
                }
            }
            Next::Update => {
                self.reads_access(token.as_ref())?;
                let Some(user) = self.okta_user(name).cloned() else { return Ok(()) };
                let wanted = self.profile(&app, &user);
                let at_access = record.at_access.unwrap_or_default();
                self.update(at_access, &wanted, false)?;
                let user = self.provisioned.app_users.entry(name.into()).or_default();
                (user.pushed, user.failed) = (Some(wanted), false);
            }
            Next::Deactivate => {
                self.reads_access(token.as_ref())?;
                self.deactivate(record.at_access.unwrap_or_default());
                self.provisioned.app_users.remove(name);
            }
        }
        for job in std::mem::take(&mut self.provisioned.after) {
            self.do_job(&job, 0);
        }
        Ok(())
    }

    /// scim-new-users: people of the directory enrol with what Okta says of them.
    pub(crate) fn enrol_person(&mut self, who: &str, on: &str) {
        let Some(saml) = self.world.uem.saml.clone() else { return };
        if self.reach_uem(on) != Reach::Answered {
            return;
        }
        let step = SignIn {
            who: who.into(),
            on: on.into(),
            app: saml.okta_app.clone(),
            client: Client::Hub,
            network: None,
            start: scenarios::Start::Sp,
            password: scenarios::PasswordEntry::Right,
            mfa: scenarios::MfaAnswer::Totp,
        };
        let kind = self.phones.get(on).map_or(federation::DeviceKind::LinuxPc, |p| p.kind);
        let networks = self.world.networks.first();
        let mut visit = Visit {
            step: &step,
            jar: (on.into(), "enrolment"),
            asked: Default::default(),
            platform: crate::device::seen_platform(kind, Client::Hub),
            ip: networks.map_or(std::net::Ipv4Addr::new(203, 0, 113, 10).into(), |n| n.ip),
            trust: DeviceContext::Unknown,
            answered: false,
            typed_login: false,
            okta_factor_done: false,
            factor_passed: false,
            access_factor_failed: false,
            trips: 0,
            because: Vec::new(),
        };
        let user = self.at_okta(&mut visit, &saml.okta_app);
        self.okta_sessions.retain(|jar, _| jar.1 != "enrolment");
        self.access_sessions.retain(|jar, _| jar.1 != "enrolment");
        let Some(login) = user.ok().and_then(|name| self.okta_user(&name).map(|u| u.login.clone())) else { return };
        if let Some(account) = self.may_enrol(&login) {
            self.enrol(on, &account);
        }
    }

    /// What is due by itself.
    pub(crate) fn next_try(&self) -> Option<Time> {
        let okta = self.provisioned.later.iter().map(|(at, ..)| self.unshown("okta", *at));
        let access = self.provisioned.to_uem.values().map(|(at, _)| self.unshown("access", *at));
        okta.chain(access).min()
    }

    /// Tries again what is due now.
    pub(crate) fn try_again(&mut self) {
        let (okta, access) = (self.at("okta"), self.at("access"));
        let (due, later) = std::mem::take(&mut self.provisioned.later).into_iter().partition(|(at, ..)| *at <= okta);
        self.provisioned.later = later;
        let due: Vec<(Time, Job, u32)> = due;
        for (_, job, tries) in due {
            self.do_job(&job, tries);
        }
        let due: Vec<_> =
            self.provisioned.to_uem.iter().filter(|(_, (at, _))| *at <= access).map(|(k, v)| (k.clone(), *v)).collect();
        for (what, (_, tries)) in due {
            self.provisioned.to_uem.remove(&what);
            self.bring_to_uem(&what, tries);
        }
        self.lay_people();
    }

    /// The state of what provisioning makes; texts of errors only where there is none.
    pub(crate) fn provisioned_state(&self, thing: &Thing) -> Option<Stated> {
        let word = |text: &str| Some(Stated::Word(text.into()));
        match thing {
            Thing::AppUser(who) => match self.provisioned.app_users.get(who) {
                None => word(if self.is_assigned_only(who) { "assigned" } else { "none" }),
                Some(u) if u.failed => word("failed"),
                Some(u) if u.at_access.is_some() => word("provisioned"),
                Some(_) => word("waiting"),
            },
            Thing::Task(who) => match self.provisioned.app_users.get(who) {
                Some(u) if u.failed => None,
                _ => word("none"),
            },
            Thing::PushedGroup(group) => match self.provisioned.mappings.get(group) {
                None => word("none"),
                Some(m) if m.failed => word("error"),
                Some(m) if m.inactive => word("inactive"),
                Some(m) if m.at_access.is_some() => word("active"),
                Some(_) => word("waiting"),
            },
            Thing::GroupError(group) => match self.provisioned.mappings.get(group) {
                Some(m) if m.failed => None,
                _ => word("none"),
            },
            other => self.state_at_access_and_uem(other),
        }
    }

    /// Create is off: the app is assigned, and nobody is made.
    fn is_assigned_only(&self, who: &str) -> bool {
        let Some(app) = self.app().filter(|app| app.api_integration) else { return false };
        let active = self.okta_user(who).filter(|u| u.status == UserStatus::Active);
        self.provisioned.pasted.is_some() && active.is_some_and(|u| self.standing(&app, u))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Provision,
    Update,
    Deactivate,
    Forget,
    Nothing,
}

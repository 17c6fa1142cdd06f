//! A world's settings, compiled: people by number, and what of each link between Okta and Access works at all.

use federation::tenant::okta::{RequestContext, ResponseSignature, User, UserStatus};
use federation::tenant::{access, okta};
use federation::{Client, DeviceKind, Platform, Time, World};
use idp_access::decide::device_types::{self, DeviceTypes, Os};
use idp_access::decide::person::PersonKey;
use idp_access::decide::posture;
use idp_access::people::{People, seed};
use idp_okta::decide::matching;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

/// A number of [`Model::users`].
pub type UserId = u16;
/// A number of [`Model::persons`].
pub type PersonId = u16;

/// Somebody of a directory of Access.
pub struct Person {
    pub key: PersonKey,
    pub user: access::User,
    pub password: String,
}

/// What the path from one of Okta's identity-provider objects to Access and back comes to.
#[derive(Debug, Clone, Copy, Default)]
pub struct Link {
    /// Access's application source, and its policy.
    pub source: Option<u16>,
    pub policy: Option<u16>,
    /// The address leads to Access.
    pub leads: bool,
    /// Access takes the request.
    pub admitted: bool,
    pub force_authn: bool,
    /// The request names the posture context.
    pub context: bool,
    /// Okta takes a response with an assertion, and one without.
    pub success: bool,
    pub failure: bool,
}

/// A SaaS app as the browser finds it.
#[derive(Debug, Clone, Copy)]
pub struct SaasApp {
    pub okta: Option<u16>,
    pub accept_idp_initiated: bool,
    /// The attribute `device.trusted` states what Okta concluded.
    pub told: bool,
}

/// What a user agent is taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Agent {
    pub platform: Platform,
    pub os: Os,
    pub types: DeviceTypes,
}

impl Agent {
    pub fn read(user_agent: &str) -> Agent {
        Agent {
            platform: idp_okta::decide::platform::platform(user_agent),
            os: device_types::os(user_agent),
            types: device_types::read(user_agent),
        }
    }
    pub fn of(kind: DeviceKind, client: Client) -> Agent {
        Agent::read(&crate::agent::user_agent(kind, client))
    }
}

pub struct Model {
    pub world: Arc<World>,
    pub start: Time,
    pub people: People,
    /// Okta's accounts: configured ones, then those that JIT would make.
    pub users: Vec<User>,
    /// How many are configured.
    pub configured: usize,
    pub persons: Vec<Person>,
    /// Whom a login finds.
    pub by_login: Vec<UserId>,
    /// Whom this account's login and right password sign in to Okta.
    pub typed: Vec<Option<UserId>>,
    pub links: Vec<Link>,
    pub apps: Vec<SaasApp>,
    /// Okta's app that stands for Access.
    pub okta_for_access: Option<Option<u16>>,
    pub networks: Vec<IpAddr>,
}

fn index<T>(list: &[T], found: impl Fn(&T) -> bool) -> Option<u16> {
    list.iter().position(found).and_then(|at| u16::try_from(at).ok())
}

impl Model {
    pub fn new(world: Arc<World>) -> Model {
        let start = Time::parse(&world.start).unwrap_or_default();
        let mut people = People::default();
        people.apply(&seed::changes(None, &world.access, start));
        let directories = world.access.directories.iter();
        let everybody = directories.flat_map(|d| d.users.iter().map(|u| (&d.name, u)));
        let persons: Vec<Person> = everybody
            .filter_map(|(directory, configured)| {
                let user = people.person(people.user_by_key(directory, &configured.name)?);
                let key = PersonKey { directory: directory.clone(), user: configured.name.clone() };
                Some(Person { key, user, password: configured.password.clone() })
            })
            .collect();
        let users = users(&world, &persons);
        let same = |a: &User, b: &User| a.login.eq_ignore_ascii_case(&b.login);
        let by_login = users.iter().map(|u| index(&users, |other| same(u, other)).unwrap_or_default()).collect();
        let typed = users.iter().map(|typed| {
            let mut active = users.iter().enumerate().filter(|(_, u)| u.status == UserStatus::Active);
            let (at, found) = active.find(|(_, u)| same(u, typed))?;
            let right = !found.password.is_empty() && found.password == typed.password;
            right.then(|| u16::try_from(at).ok()).flatten()
        });
        let typed = typed.collect();
        let third = world.access.identity_providers.iter().find_map(|i| i.third_party.as_ref());
        let nowhere = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 10));
        let networks: Vec<IpAddr> = world.networks.iter().map(|n| n.ip).collect();
        Model {
            start,
            people,
            configured: world.okta.users.len(),
            persons,
            by_login,
            typed,
            users,
            links: world.okta.identity_providers.iter().map(|idp| link(&world, idp)).collect(),
            apps: world.apps.iter().map(|app| saas(&world, app)).collect(),
            okta_for_access: third.map(|t| index(&world.okta.apps, |a| a.name == t.okta_app)),
            networks: if networks.is_empty() { vec![nowhere] } else { networks },
            world,
        }
    }

    pub fn user_named(&self, name: &str) -> Option<UserId> {
        index(&self.users, |u| u.name == name)
    }
    pub fn person_by_key(&self, key: &PersonKey) -> Option<PersonId> {
        index(&self.persons, |p| p.key == *key)
    }
    /// By `DIRECTORY/USER`, as a world's people name their accounts.
    pub fn person_at(&self, path: &str) -> Option<PersonId> {
        let (directory, user) = path.split_once('/')?;
        self.person_by_key(&PersonKey { directory: directory.into(), user: user.into() })
    }
    pub fn active(&self, user: UserId) -> bool {
        self.users[usize::from(user)].status == UserStatus::Active
    }
    pub fn may_sign_in(&self, person: PersonId) -> bool {
        self.persons[usize::from(person)].user.enabled
    }
    pub fn okta(&self) -> &okta::Okta {
        &self.world.okta
    }
    pub fn access(&self) -> &access::Access {
        &self.world.access
    }
}

/// Configured accounts, and one for every name that JIT could make somebody of.
fn users(world: &World, persons: &[Person]) -> Vec<User> {
    let mut users = world.okta.users.clone();
    if world.okta.identity_providers.iter().any(|i| i.no_match == okta::NoMatch::Jit) {
        for name in persons.iter().map(|p| p.user.username.trim()).filter(|name| !name.is_empty()) {
            let made = matching::made(name);
            if !users.contains(&made) {
                users.push(made);
            }
        }
    }
    users
}

fn link(world: &World, idp: &okta::IdentityProvider) -> Link {
    let entity = format!("https://{}/SAAS/API/1.0/GET/metadata/idp.xml", world.access.host);
    let source = index(&world.access.application_sources, |s| s.okta_identity_provider == idp.name);
    let Some(at) = source else {
        return Link { leads: leads(world, idp), ..Link::default() };
    };
    let settings = &world.access.application_sources[usize::from(at)];
    let forced = idp.request_context == RequestContext::DeviceTrust;
    let whole = settings.sign_response;
    let part = settings.sign_assertion;
    let enough = match idp.response_signature {
        ResponseSignature::Any => whole || part,
        ResponseSignature::Response => whole,
        ResponseSignature::Assertion => part,
    };
    let read = idp.issuer == entity && settings.signature_algorithm >= idp.response_algorithm;
    let lives = settings.validity_seconds > 0 || idp.max_clock_skew_seconds > 0;
    Link {
        source,
        policy: index(&world.access.policies, |p| p.name == settings.policy),
        leads: leads(world, idp),
        admitted: idp.sign_requests && idp.request_algorithm >= world.access.assumptions.request_algorithm,
        force_authn: forced,
        context: forced && posture::is_context(&world.okta.assumptions.posture_context_uri),
        success: read && enough && lives,
        failure: read,
    }
}

fn leads(world: &World, idp: &okta::IdentityProvider) -> bool {
    idp.sso_url == format!("https://{}/SAAS/auth/federation/sso", world.access.host)
}

fn saas(world: &World, app: &federation::world::SaasApp) -> SaasApp {
    let okta = index(&world.okta.apps, |a| a.name == app.name);
    let statements = okta.map(|at| &world.okta.apps[usize::from(at)].attribute_statements);
    let told = statements.and_then(|s| s.get("device.trusted")).is_some_and(|e| e == "device.trusted");
    SaasApp { okta, accept_idp_initiated: app.accept_idp_initiated, told }
}

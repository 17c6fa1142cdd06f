//! Mock Okta (Classic): a SAML identity provider for apps and a service provider towards Access.
//!
//! `decide` judges, `flow` orders the judgements, `http` gathers and renders, `state` remembers. `validate` reads settings.
//! `memory` is what outlives a restart.
//! As a SCIM client of Access it keeps a `ledger` of its own.

pub mod decide;
pub mod flow;
mod http;
mod ledger;
mod memory;
mod state;
mod totp;
mod validate;

pub use http::provisioning::Administer;
pub use validate::validate;

use federation::tenant;
use federation::tenant::okta::{AcsType, IdentityProvider, UserStatus};
use federation::{EventKind, Fut, Outside, Party, Request, Response, Silent, Time};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use wire::dsig::{SigningKey, TrustedKey};

/// What an administrator would have pasted.
pub struct Wiring {
    pub signing: SigningKey,
    pub idp_certificates: BTreeMap<String, Vec<Vec<u8>>>,
    pub apps: BTreeMap<String, AppSp>,
    pub totp_secrets: BTreeMap<String, Vec<u8>>,
}

/// A service provider as Okta knows it. With certificates its requests' signatures are verified; unsigned requests are taken
/// either way, as Okta does unless told otherwise.
#[derive(Debug, Clone)]
pub struct AppSp {
    pub entity_id: String,
    pub acs_url: String,
    /// Signing certificates, DER.
    pub certificates: Vec<Vec<u8>>,
}

/// A tester's changes.
pub enum Manage {
    Settings(Box<tenant::Okta>),
    /// What an administrator pastes anew, where settings name a new app, identity provider or person.
    Wiring(Box<Wiring>),
    /// The token that was pasted before the world started, where one was; the app begins its work.
    ApiToken(Option<String>),
}

/// [`Wiring`] with the keys of its certificates, read once; a certificate that cannot be read vouches for nothing.
struct Wired {
    wiring: Wiring,
    /// By identity provider.
    idp_keys: BTreeMap<String, Vec<TrustedKey>>,
    /// By app.
    app_keys: BTreeMap<String, Vec<TrustedKey>>,
}

impl Wired {
    fn of(wiring: Wiring) -> Wired {
        let key = |der: &Vec<u8>| Some(TrustedKey::from_certificate(der).ok()?.tallied(wiring.signing.tally()));
        let keys = |der: &[Vec<u8>]| der.iter().filter_map(key).collect();
        Wired {
            idp_keys: wiring.idp_certificates.iter().map(|(name, der)| (name.clone(), keys(der))).collect(),
            app_keys: wiring.apps.iter().map(|(name, sp)| (name.clone(), keys(&sp.certificates))).collect(),
            wiring,
        }
    }
}

impl std::ops::Deref for Wired {
    type Target = Wiring;
    fn deref(&self) -> &Wiring {
        &self.wiring
    }
}

pub struct Okta {
    settings: Mutex<Arc<tenant::Okta>>,
    wiring: Mutex<Arc<Wired>>,
    state: Mutex<state::State>,
    ledger: Mutex<ledger::Ledger>,
}

impl Okta {
    pub fn new(settings: tenant::Okta, wiring: Wiring) -> Okta {
        let wiring = Mutex::new(Arc::new(Wired::of(wiring)));
        Okta { settings: Mutex::new(Arc::new(settings)), wiring, state: Mutex::default(), ledger: Mutex::default() }
    }
    pub fn manage(&self, outside: &dyn Outside, patch: Manage) -> Result<(), String> {
        let settings = match patch {
            Manage::Settings(settings) => settings,
            Manage::Wiring(wiring) => {
                *self.wiring.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(Wired::of(*wiring));
                return Ok(());
            }
            Manage::ApiToken(token) => {
                if token.is_some() {
                    self.ledger().token = token;
                }
                self.plan(outside.now());
                return Ok(());
            }
        };
        let before = self.settings();
        let same = |name: &str| {
            let of = |okta: &tenant::Okta| okta.users.iter().find(|user| user.name == name).cloned();
            of(&before) == of(&settings)
        };
        // Whoever's record an administrator touched may try again.
        let mut state = self.state();
        state.wrong_passwords.retain(|name, _| same(name));
        // What a sign-in made of an account gives way to what the administrator says of it.
        state.changed.retain(|name, _| same(name));
        drop(state);
        *self.settings.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(*settings);
        outside.note(EventKind::Changed { what: "okta settings".into() });
        self.plan(outside.now());
        Ok(())
    }
    /// Login of the live session that a cookie `sid` stands for; looking changes nothing.
    pub fn signed_in(&self, sid: &str, now: Time) -> Option<String> {
        let state = self.state();
        let alive = |s: &&state::Session| decide::session::alive(s.limits, s.created, s.last_used, now, &mut Silent);
        let name = state.sessions.get(sid).filter(alive)?.user.clone();
        let settings = self.settings();
        let user = state.people(&settings.users).find(|user| user.name == name)?;
        (user.status == UserStatus::Active).then(|| user.login.clone())
    }
    fn wiring(&self) -> Arc<Wired> {
        self.wiring.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
    fn settings(&self) -> Arc<tenant::Okta> {
        self.settings.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
    fn state(&self) -> MutexGuard<'_, state::State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Party for Okta {
    fn name(&self) -> &str {
        "okta"
    }
    fn hosts(&self) -> Vec<String> {
        vec![self.settings().host.clone()]
    }
    fn handle<'a>(&'a self, outside: &'a dyn Outside, request: Request) -> Fut<'a, Response> {
        Box::pin(async move { http::route(self, outside, &request) })
    }
    fn next_due(&self) -> Option<Time> {
        self.ledger().next_due()
    }
    fn wake<'a>(&'a self, outside: &'a dyn Outside) -> Fut<'a, ()> {
        Box::pin(http::provisioning::run(self, outside))
    }
}

/// Okta's entity id as service provider of one identity provider object.
pub fn sp_entity_id(idp: &IdentityProvider) -> String {
    let id = idp.id.strip_prefix("0oa").unwrap_or(&idp.id).to_lowercase();
    format!("https://www.okta.com/saml2/service-provider/sp{id}")
}

pub fn acs_url(host: &str, idp: &IdentityProvider) -> String {
    match idp.acs {
        AcsType::Instance => format!("https://{host}/sso/saml2/{}", idp.id),
        AcsType::Org => format!("https://{host}/sso/saml2"),
    }
}

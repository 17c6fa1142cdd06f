//! Mock Workspace ONE Access: access policy, method chains, and the answer to Okta.
//!
//! `decide` judges and knows no HTTP; `http` gathers and renders and judges nothing; `state` remembers; `memory` is what
//! outlives a restart.

pub mod decide;
#[cfg(test)]
mod fixtures;
mod http;
mod memory;
pub mod people;
mod state;
mod validate;

pub use validate::validate;

use bytes::Bytes;
use federation::tenant::access::AuthMethod;
use federation::{EventKind, Fut, Outside, Party, Request, Response, Time, tenant};
use people::{People, seed};
use state::State;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use wire::dsig::{SigningKey, Tally, TrustedKey};
use wire::jwt::Issuer;
use wire::metadata::{self, IdpMetadata, SpMetadata};

/// What an administrator would have pasted or uploaded.
pub struct Wiring {
    pub signing: SigningKey,
    /// By name of the Okta identity provider.
    pub okta_sps: BTreeMap<String, SpMetadata>,
    /// UEM's CA, DER.
    pub device_ca: Vec<Vec<u8>>,
    pub crl_url: Option<String>,
    pub okta_idp: Option<IdpMetadata>,
    /// When the tenant starts: the age of what it was configured with.
    pub start: Time,
}

/// A tester's change.
pub enum Manage {
    Settings(Box<tenant::Access>),
    /// What an administrator pastes anew, where settings name a new Okta app or identity provider.
    Wiring(Box<Wiring>),
}

/// The party.
pub struct Access {
    settings: Mutex<Arc<tenant::Access>>,
    people: RwLock<People>,
    /// Whom UEM has to hear of.
    queue: Mutex<people::queue::Queue>,
    sessions: http::provision::Sessions,
    /// Signs and reads access tokens; none where the tenant's key is no RSA key.
    tokens: Option<Issuer>,
    state: State,
    signing: SigningKey,
    device_ca: Vec<Vec<u8>>,
    crl_url: Option<String>,
    okta: Mutex<Arc<OktaMetadata>>,
}

/// Okta's metadata as Access holds it, with the keys that it names.
struct OktaMetadata {
    sps: Vec<(String, SpMetadata, Vec<TrustedKey>)>,
    idp: Option<(IdpMetadata, Vec<TrustedKey>)>,
}

impl OktaMetadata {
    fn of(sps: BTreeMap<String, SpMetadata>, idp: Option<IdpMetadata>, tally: &Tally) -> OktaMetadata {
        let with_keys = |(name, sp): (String, SpMetadata)| {
            let keys = trusted(&sp.keys, tally);
            (name, sp, keys)
        };
        let idp = idp.map(|idp| {
            let keys = trusted(&idp.keys, tally);
            (idp, keys)
        });
        OktaMetadata { sps: sps.into_iter().map(with_keys).collect(), idp }
    }
}

/// The methods whose certificates are shown on hosts of their own.
pub(crate) const LEGS: [AuthMethod; 3] =
    [AuthMethod::MobileSsoIos, AuthMethod::MobileSsoAndroid, AuthMethod::Certificate];

/// A certificate that cannot be a key verifies nothing.
fn trusted(certificates: &[Vec<u8>], tally: &Tally) -> Vec<TrustedKey> {
    let keys = certificates.iter().filter_map(|der| TrustedKey::from_certificate(der).ok());
    keys.map(|key| key.tallied(tally)).collect()
}

impl Access {
    pub fn new(settings: tenant::Access, wiring: Wiring) -> Access {
        let mut people = People::default();
        people.apply(&seed::changes(None, &settings, wiring.start));
        let mut queue = people::queue::Queue::default();
        if decide::adapter::adapter(&settings).is_some() {
            let looked_at = |d: &str| people.directory(d).is_some_and(|d| decide::adapter::looks_at(d.kind));
            people.users_from(0).filter(|u| looked_at(&u.directory)).for_each(|u| queue.push(&u.id, wiring.start));
        }
        Access {
            queue: Mutex::new(queue),
            people: RwLock::new(people),
            sessions: http::provision::Sessions::default(),
            tokens: Issuer::new(wiring.signing.clone()).ok(),
            settings: Mutex::new(Arc::new(settings)),
            state: State::default(),
            device_ca: wiring.device_ca,
            crl_url: wiring.crl_url,
            okta: Mutex::new(Arc::new(OktaMetadata::of(wiring.okta_sps, wiring.okta_idp, wiring.signing.tally()))),
            signing: wiring.signing,
        }
    }

    /// Username of the live session that a cookie `HZN` stands for; looking changes nothing.
    pub fn signed_in(&self, cookie: &str, now: Time) -> Option<String> {
        let session = self.state.session(cookie, now)?;
        let people = self.people.read().unwrap_or_else(PoisonError::into_inner);
        decide::person::user(&people, &session.person).map(|user| user.username)
    }

    /// Looks at everybody that Access knows.
    pub fn look<T>(&self, at: impl FnOnce(&People) -> T) -> T {
        at(&self.people.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn okta(&self) -> Arc<OktaMetadata> {
        self.okta.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn settings(&self) -> Arc<tenant::Access> {
        self.settings.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A tester's change; edits take effect at once.
    pub fn manage(&self, outside: &dyn Outside, patch: Manage) -> Result<(), String> {
        let settings = match patch {
            Manage::Settings(settings) => settings,
            Manage::Wiring(wiring) => {
                let metadata = OktaMetadata::of(wiring.okta_sps, wiring.okta_idp, wiring.signing.tally());
                *self.okta.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(metadata);
                return Ok(());
            }
        };
        let now = self.settings();
        if settings.host != now.host || settings.certificate_host != now.certificate_host {
            return Err("the hosts of a running tenant cannot change".into());
        }
        let changes = seed::changes(Some(&now), &settings, outside.now());
        let mut people = self.people.write().unwrap_or_else(PoisonError::into_inner);
        people.apply(&changes);
        let adapter_changed = settings.provisioning.airwatch != now.provisioning.airwatch;
        let provisions = decide::adapter::adapter(&settings).is_some();
        *self.settings.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(*settings);
        if provisions && adapter_changed {
            self.enqueue_all(&people, outside.now());
        }
        drop(people);
        self.enqueue(&changes, outside.now());
        outside.note(EventKind::Changed { what: "access settings".into() });
        Ok(())
    }

    fn idp_metadata(&self, ctx: &http::Ctx<'_>) -> String {
        metadata::write_idp(&IdpMetadata {
            entity_id: ctx.entity_id(),
            sso_url: ctx.url("/SAAS/auth/federation/sso"),
            keys: vec![self.signing.certificate().to_vec()],
        })
    }

    fn sp_metadata(&self, ctx: &http::Ctx<'_>) -> String {
        metadata::write_sp(&SpMetadata {
            entity_id: ctx.sp_entity_id(),
            acs_urls: vec![ctx.url("/SAAS/auth/saml/response")],
            keys: vec![self.signing.certificate().to_vec()],
        })
    }
}

impl Party for Access {
    fn name(&self) -> &str {
        "access"
    }

    fn hosts(&self) -> Vec<String> {
        let settings = self.settings();
        let legs = LEGS.iter().filter_map(|method| settings.certificate_leg(*method));
        std::iter::once(settings.host.clone()).chain(legs).collect()
    }

    fn certificate_hosts(&self) -> Vec<(String, Vec<Bytes>)> {
        let subjects = self.device_ca.iter().filter_map(|der| wire::certificate::subject_der(der)).map(Bytes::from);
        let subjects: Vec<Bytes> = subjects.collect();
        let settings = self.settings();
        let legs = LEGS.iter().filter_map(|method| settings.certificate_leg(*method));
        legs.map(|host| (host, subjects.clone())).collect()
    }

    fn handle<'a>(&'a self, outside: &'a dyn Outside, request: Request) -> Fut<'a, Response> {
        let settings = self.settings();
        Box::pin(http::route(http::Ctx { access: self, settings, okta: self.okta(), outside, request }))
    }

    fn next_due(&self) -> Option<Time> {
        self.queue().next_due()
    }

    fn wake<'a>(&'a self, outside: &'a dyn Outside) -> Fut<'a, ()> {
        Box::pin(http::adapter::run(self, outside))
    }
}

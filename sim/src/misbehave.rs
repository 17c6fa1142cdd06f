//! A party that misbehaves: an attack is armed for one sign-in and strikes where the message really leaves.
//!
//! The bytes that arrive are the attack's; nobody is told. What is refused, and by which check, is the receiver's own doing.

use crate::browser::{Browser, Cookies};
use crate::careless;
use crate::core::{Core, locked};
use crate::device::Legs;
use crate::net::Net;
use crate::page::Form;
use crate::plant::Insider;
use attacks::certificate::{Ca, DeviceScene, Names, Presented};
use attacks::{Act, Attack, Delivery, End, Key, On, Scene};
use bytes::Bytes;
use federation::{EventKind, Time, World};
use rustls::sign::CertifiedKey;
use scenarios::{Misbehaving, Misbehaviour};
use serde::Serialize;
use std::sync::{Arc, Mutex};
use url::Url;
use wire::certificate::verify_device_certificate;

/// SAML keys of the parties, which misbehave with what they hold.
#[derive(Clone)]
pub struct PartyKeys {
    pub okta: Key,
    pub access: Key,
}

/// What the report says of an attack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Attacked {
    pub case: String,
    /// Who does it.
    pub who: String,
    pub says: String,
    /// The check that must refuse it; empty where none must.
    pub check: String,
    /// Id in the requirements.
    pub requirement: String,
}

/// What the report will say of it.
pub(crate) fn told(wish: &Misbehaviour) -> Result<Attacked, String> {
    let attack = case(&wish.as_case)?;
    let check = match attack.row.end {
        End::Refused(code) | End::MethodFails(code) => code,
        End::Handshake => "the TLS handshake",
        End::NotTrusted => "what is not clearly managed is not trusted",
        End::NewSession => "a session has a fresh id",
        End::StaysHome => "a browser is sent nowhere else",
        End::Accepted => "",
    };
    Ok(Attacked {
        case: attack.name().into(),
        who: attack.family.who.name().into(),
        says: attack.row.says.into(),
        check: check.into(),
        requirement: attack.family.requirement.into(),
    })
}

/// An attack that waits for its message.
pub struct Armed {
    attack: Attack,
    whose: Misbehaving,
    world: World,
    keys: PartyKeys,
    person: String,
    core: Arc<Core>,
    /// `None`: it has not struck yet.
    done: Mutex<Option<Result<(), String>>>,
    delivered: Mutex<bool>,
    presented: Mutex<Option<Presented>>,
    /// Another browser's cookies, once it has brought the message there.
    pub(crate) other: Mutex<Option<Cookies>>,
}

/// The named case, or what is wrong with the name.
pub fn case(name: &str) -> Result<Attack, String> {
    attacks::find(name).ok_or_else(|| {
        let names: Vec<&str> = attacks::registry().iter().map(Attack::name).collect();
        let near = names.iter().max_by(|a, b| strsim::jaro_winkler(a, name).total_cmp(&strsim::jaro_winkler(b, name)));
        format!("there is no attack `{name}`; did you mean `{}`?", near.unwrap_or(&""))
    })
}

impl Armed {
    pub fn new(
        wish: &Misbehaviour,
        person: &str,
        world: &World,
        keys: &PartyKeys,
        core: &Arc<Core>,
    ) -> Result<Armed, String> {
        Ok(Armed {
            attack: case(&wish.as_case)?,
            whose: wish.party,
            world: world.clone(),
            keys: keys.clone(),
            person: person.into(),
            core: core.clone(),
            done: Mutex::default(),
            delivered: Mutex::default(),
            presented: Mutex::default(),
            other: Mutex::default(),
        })
    }

    /// After the sign-in: whether the attack found its message.
    pub fn outcome(&self) -> Result<(), String> {
        let done = locked(&self.done).take();
        done.unwrap_or_else(|| Err(format!("`{}` found no message to change", self.attack.name())))
    }

    fn waits(&self) -> bool {
        locked(&self.done).is_none()
    }

    fn strike(&self, result: Result<(), String>) {
        if result.is_ok() {
            let attack = &self.attack;
            let what = format!("{} ({}): {}", attack.name(), attack.family.who.name(), attack.row.says);
            self.core.note("attacker", EventKind::Changed { what });
        }
        *locked(&self.done) = Some(result);
    }

    /// Whose message a host's is.
    fn sender(&self, host: &str) -> Option<Misbehaving> {
        let world = &self.world;
        match host {
            h if h == world.okta.host => Some(Misbehaving::Okta),
            h if h == world.access.host => Some(Misbehaving::Access),
            h if world.apps.iter().any(|a| a.host == h) => Some(Misbehaving::App),
            _ => None,
        }
    }

    fn is_from(&self, host: &str) -> bool {
        let sender = self.sender(host);
        sender == Some(self.whose) || (self.whose == Misbehaving::Network && sender.is_some())
    }

    fn with_scene<T>(&self, from: &str, to: &Url, run: impl FnOnce(&Scene<'_>) -> T) -> T {
        let world = &self.world;
        let key = if from == world.access.host { &self.keys.access } else { &self.keys.okta };
        let app = world.apps.iter().find(|a| Some(a.host.as_str()) == to.host_str());
        let idp = world.okta.identity_providers.iter().find(|i| to.path().ends_with(&i.id));
        let skew = match (app, idp) {
            (Some(app), _) => app.clock_skew_seconds,
            (_, Some(idp)) => idp.max_clock_skew_seconds,
            _ => 120,
        };
        let evil = self.somebody_else(from == world.access.host);
        run(&Scene {
            now: self.core.clock.now(),
            skew_seconds: skew,
            key: Some(key),
            certificate: &key.certificate,
            evil: &evil,
        })
    }

    /// Whom the attacker wants to be.
    fn somebody_else(&self, at_access: bool) -> String {
        let person = self.world.people.iter().find(|p| p.name == self.person);
        let own = person.and_then(|p| p.okta.clone()).unwrap_or_default();
        let other = self.world.okta.users.iter().find(|u| u.name != own);
        let name = match (at_access, other) {
            (true, Some(other)) => {
                let users = self.world.access.directories.iter().flat_map(|d| &d.users);
                users.into_iter().find(|u| u.email == other.email || u.name == other.name).map(|u| u.username.clone())
            }
            (_, other) => other.map(|u| u.login.clone()),
        };
        name.unwrap_or_else(|| "mallory@evil.test".into())
    }

    /// A form that is about to be posted from `from` to `to`; its fields and its address may become others.
    pub(crate) fn form(&self, from: &str, to: &mut Url, form: &mut Form) {
        let field = if form.has("SAMLResponse") { "SAMLResponse" } else { "SAMLRequest" };
        let fits = match self.attack.family.on {
            On::Response | On::SignedResponse | On::SignedAssertion | On::Delivery => field == "SAMLResponse",
            On::PostedRequest => field == "SAMLRequest",
            On::Redirect | On::Certificate => false,
        };
        if !self.waits() || !fits || !form.has(field) || !self.is_from(from) {
            return;
        }
        let result = self.change(from, to, form, field);
        self.strike(result);
    }

    fn change(&self, from: &str, to: &mut Url, form: &mut Form, field: &str) -> Result<(), String> {
        let encoded = form.fields.iter().find(|(n, _)| n == field).map(|(_, v)| v.clone()).unwrap_or_default();
        match self.attack.row.act {
            Act::Form(_) => {
                let changed = attacks::form(&self.attack, &encoded).unwrap_or_default();
                form.fields.retain(|(n, _)| n != field);
                form.fields.extend(changed);
            }
            Act::Deliver(Delivery::RelayState(value)) => {
                form.fields.retain(|(n, _)| n != "RelayState");
                form.fields.push(("RelayState".into(), value.into()));
            }
            Act::Deliver(Delivery::OtherAcs) => {
                let other = match to.path().rsplit_once('/') {
                    Some(("/sso/saml2", _)) => "/sso/saml2".to_string(),
                    _ => return Err("there is no other address of the same party".into()),
                };
                to.set_path(&other);
            }
            Act::Deliver(_) => {}
            _ => {
                let xml = wire::form::decode_post(&encoded).map_err(|e| e.to_string())?;
                let xml = String::from_utf8(xml).map_err(|e| e.to_string())?;
                let changed = self.with_scene(from, to, |scene| attacks::message(&self.attack, &xml, scene));
                form.set(field, &wire::form::encode_bytes(&changed.map_err(|e| e.to_string())?));
            }
        }
        Ok(())
    }

    /// How the form that was just changed is to be delivered; once.
    pub(crate) fn take_delivery(&self) -> Option<Delivery> {
        let struck = matches!(&*locked(&self.done), Some(Ok(())));
        match self.attack.row.act {
            Act::Deliver(how) if struck && !std::mem::replace(&mut *locked(&self.delivered), true) => Some(how),
            _ => None,
        }
    }

    /// From here on the messages go through a browser that has none of this one's cookies.
    pub(crate) fn another_browser(&self) {
        *locked(&self.other) = Some(Cookies::default());
    }

    /// Where a browser starts that is to wait for an answer.
    pub(crate) fn start(&self) -> String {
        self.world.apps.first().map(|a| format!("https://{}/", a.host)).unwrap_or_default()
    }

    /// What the device shows to this host, where that is not its certificate.
    pub(crate) fn shown(&self, host: &str) -> Option<Presented> {
        locked(&self.presented).clone().filter(|_| Legs::of(&self.world.access).has(host))
    }

    /// A redirect from `from` that carries a request.
    pub(crate) fn query(&self, from: &str, to: &mut Url) {
        let carries = to.query_pairs().any(|(name, _)| name == "SAMLRequest");
        if !self.waits() || self.attack.family.on != On::Redirect || !carries || !self.is_from(from) {
            return;
        }
        let query = to.query().unwrap_or_default().to_string();
        let changed = self.with_scene(from, to, |scene| attacks::query(&self.attack, &query, scene));
        let result = changed.map(|q| to.set_query(Some(&q))).map_err(|e| e.to_string());
        self.strike(result);
    }

    /// Before the first page: what the browser brings along.
    pub(crate) fn begin(&self, browser: &Browser) {
        let Act::Deliver(Delivery::FixedCookie(value)) = self.attack.row.act else { return };
        let mut jar = locked(&browser.cookies);
        for app in &self.world.apps {
            jar.entry(app.host.clone()).or_default().insert("app_sid".into(), value.into());
        }
        let own = [(&self.world.okta.host, "sid"), (&self.world.access.host, "HZN")];
        for (host, name) in own {
            jar.entry(host.clone()).or_default().insert(name.into(), value.into());
        }
        drop(jar);
        self.strike(Ok(()));
    }

    /// Keys that the device's TLS shows without asking; `None` where the case is not about that.
    pub(crate) fn device(
        &self,
        insider: &Insider,
        honest: &[Arc<CertifiedKey>],
        net: &Net,
    ) -> Result<Option<Keys>, String> {
        let Act::Device(make) = self.attack.row.act else { return Ok(None) };
        let ca = Ca::from_der(&insider.certificate, &insider.key_pkcs8).ok_or("the device CA has no usable key")?;
        let now = self.core.clock.now();
        let scene = DeviceScene { now, ca: &ca, names: names(insider, honest, now) };
        let made = make(&scene).ok_or_else(|| format!("`{}` cannot be made", self.attack.name()))?;
        if let Presented::Listed { crl, .. } = &made {
            let methods = &self.world.access.methods;
            let methods = [&methods.mobile_sso_ios, &methods.mobile_sso_android, &methods.certificate];
            if methods.iter().all(|method| !method.check_revocation) {
                return Err("no certificate method of Access checks revocation: set `check_revocation`".into());
            }
            net.forge(Some((format!("https://{}/crl", self.world.uem.host), Bytes::from(crl.clone()))));
        }
        let keys = match &made {
            Presented::Listed { chain, key, .. } | Presented::Chain { chain, key } => {
                let (chain, key) = (chain.clone(), key.clone());
                let usual = net.authority().certified(chain.clone(), key.clone());
                vec![usual.unwrap_or_else(|_| careless::certified(chain, key))]
            }
            Presented::Nothing | Presented::Header(_) | Presented::Bytes(_) => Vec::new(),
        };
        *locked(&self.presented) = Some(made);
        self.strike(Ok(()));
        Ok(Some(keys))
    }
}

type Keys = Vec<Arc<CertifiedKey>>;

/// What the device's honest certificate says of its holder.
fn names(insider: &Insider, honest: &[Arc<CertifiedKey>], now: Time) -> Names {
    let read = |key: &Arc<CertifiedKey>| {
        let chain: Vec<Bytes> = key.cert.iter().map(|c| Bytes::copy_from_slice(c)).collect();
        verify_device_certificate(&chain, std::slice::from_ref(&insider.certificate), &[], now).ok()
    };
    let facts = honest.iter().find_map(read).unwrap_or_default();
    Names { cn: facts.subject_cn.unwrap_or_default(), upn: facts.upn, emails: facts.emails, uris: facts.uris }
}

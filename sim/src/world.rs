//! Building a world: keys, parties, the metadata that administrators would have pasted, and who holds which device.

use crate::clock::Clock;
use crate::core::{Core, Door};
use crate::device::{Handset, Way, When};
use crate::durable::Log;
use crate::gate::Limits;
use crate::lasting::{self, Lasting};
use crate::misbehave::{Armed, PartyKeys};
use crate::net::{Caller, Fabric, Net};
use crate::plant::Insider;
use crate::ports::Ports;
use crate::saas::{App, OktaIdp};
use crate::store::Store;
use crate::tls::{Authority, TlsError, TlsVersions};
use bytes::Bytes;
use federation::device::Device;
use federation::{Party, Time, World};
use rcgen::{CertificateParams, DnType, KeyPair, PKCS_ECDSA_P256_SHA256, SignatureAlgorithm};
use scenarios::{Misbehaviour, SignIn};
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, OnceLock};
use wire::dsig::{SigningKey, Tally, TrustedKey};
use wire::metadata;

/// How a world is run.
#[derive(Debug, Clone, Default)]
pub struct Options {
    pub fabric: Fabric,
    pub seed: u64,
    /// Keep used assertions, used requests and the journal here; without it, in memory.
    pub store: Option<Store>,
    pub saml_keys: SamlKeys,
    pub tls: TlsVersions,
    pub limits: Limits,
    /// Where hosts listen on loopback.
    pub ports: Ports,
    pub own: Own,
    /// What an earlier run of this world has left.
    pub lasting: Option<Arc<Lasting>>,
    /// Where the parties' changes go before they are answered, and what an earlier run has put there.
    pub log: Option<Log>,
}

/// Somebody's own software in the place of ours, known by its metadata.
#[derive(Debug, Clone, Default)]
pub struct Own {
    /// By the name of the app whose place it takes at Okta.
    pub apps: BTreeMap<String, metadata::SpMetadata>,
    /// In Okta's place, as Access's third-party identity provider.
    pub idp: Option<metadata::IdpMetadata>,
}

/// What the identity providers sign with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SamlKeys {
    /// As the vendors have them.
    #[default]
    Rsa2048,
    P256,
}

/// Why a world could not be built.
#[derive(Debug)]
pub struct BuildError(pub String);

impl std::fmt::Display for BuildError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BuildError {}

pub(crate) fn failed(what: &str) -> impl FnOnce(Box<dyn std::error::Error + Send + Sync>) -> BuildError + '_ {
    move |e| BuildError(format!("cannot build {what}: {e}"))
}

/// A running world.
pub struct Running {
    pub world: World,
    pub core: Arc<Core>,
    pub net: Net,
    pub okta: Arc<idp_okta::Okta>,
    pub access: Arc<idp_access::Access>,
    pub uem: Arc<uem_mock::Uem>,
    pub apps: BTreeMap<String, Arc<App>>,
    /// The SAML signers of Okta and of Access.
    signers: (SigningKey, SigningKey),
    pub handsets: BTreeMap<String, Handset>,
    /// For certificates that UEM never issued.
    pub insider: Insider,
    pub saml_keys: PartyKeys,
    pub totp_secrets: BTreeMap<String, Vec<u8>>,
    pub default_ip: IpAddr,
    own: Own,
    /// When its first run began.
    pub(crate) began: Time,
}

/// Public test keys of the SAML signers, RSA-2048 as the vendors have them.
static OKTA: RsaPair = RsaPair::new(
    include_bytes!("../keys/public-test-key-1.der"),
    include_bytes!("../keys/public-test-certificate-1.der"),
);
static ACCESS: RsaPair = RsaPair::new(
    include_bytes!("../keys/public-test-key-2.der"),
    include_bytes!("../keys/public-test-certificate-2.der"),
);

/// Key (PKCS#8) and certificate, DER. Certificates are committed, too: an RSA signature costs half a millisecond of a boot;
/// so does checking a key that is read, which is why each is read once.
struct RsaPair {
    key: &'static [u8],
    certificate: &'static [u8],
    read: OnceLock<Signer>,
}

/// The key as its party holds it, and as the party misuses it.
type Signer = (SigningKey, attacks::Key);

impl RsaPair {
    const fn new(key: &'static [u8], certificate: &'static [u8]) -> RsaPair {
        RsaPair { key, certificate, read: OnceLock::new() }
    }

    fn signer(&self) -> Result<Signer, TlsError> {
        if let Some(signer) = self.read.get() {
            return Ok(signer.clone());
        }
        let read = read_signer(self.key, self.certificate.to_vec())?;
        Ok(self.read.get_or_init(|| read).clone())
    }
}

fn signer(name: &str, keys: SamlKeys, rsa: &RsaPair) -> Result<Signer, BuildError> {
    let made = || match keys {
        SamlKeys::Rsa2048 => rsa.signer(),
        SamlKeys::P256 => {
            let key = crate::device::new_key();
            let certificate = self_signed(name, &key, &PKCS_ECDSA_P256_SHA256)?;
            read_signer(&key, certificate)
        }
    };
    made().map_err(failed("a SAML signing key"))
}

fn read_signer(pkcs8: &[u8], certificate: Vec<u8>) -> Result<Signer, TlsError> {
    let misused = attacks::Key::new(pkcs8, certificate.clone()).ok_or("the key cannot be read")?;
    Ok((SigningKey::from_pkcs8(pkcs8, certificate)?, misused))
}

fn self_signed(name: &str, pkcs8: &[u8], algorithm: &'static SignatureAlgorithm) -> Result<Vec<u8>, rcgen::Error> {
    let der = rustls::pki_types::PrivatePkcs8KeyDer::from(pkcs8.to_vec());
    let key = KeyPair::from_pkcs8_der_and_sign_algo(&der, algorithm)?;
    let mut params = CertificateParams::new(Vec::<String>::new())?;
    params.distinguished_name.push(DnType::CommonName, name);
    Ok(params.self_signed(&key)?.der().to_vec())
}

impl Running {
    /// Builds the world, puts every party on its hosts and enrols the devices that start enrolled.
    pub async fn start(world: &World, options: &Options) -> Result<Running, BuildError> {
        let start =
            Time::parse(&world.start).ok_or_else(|| BuildError(format!("`start` is no time: `{}`", world.start)))?;
        let store = options.store.clone().unwrap_or_else(Store::memory);
        let mut core = Core::new(Clock::at(start), options.seed, store).map_err(|e| BuildError(e.to_string()))?;
        core.log = options.log.clone();
        let core = Arc::new(core);
        let lasting = options.lasting.as_deref();
        let began = lasting.map_or(start, |kept| kept.began);
        let authority = Authority::new(core.clock.clone(), options.tls, lasting.map(|kept| &kept.authority));
        let net = authority.and_then(|authority| {
            Net::under(authority, options.fabric, core.clone(), options.limits, options.ports.clone())
        });
        let net = net.map_err(failed("TLS"))?;
        let (okta_key, okta) = signer("okta", options.saml_keys, &OKTA)?;
        let (access_key, access) = signer("access", options.saml_keys, &ACCESS)?;
        let saml_keys = PartyKeys { okta, access };
        let tally = Tally::default();
        let (okta_key, access_key) = (okta_key.tallied(&tally), access_key.tallied(&tally));
        let ca_key = lasting.map_or_else(crate::device::new_key, |kept| kept.device_ca.clone());
        let ca = uem_mock::CaKey {
            key_pkcs8: ca_key.clone(),
            certificate: lasting.map(|kept| kept.device_ca_certificate.clone()),
        };
        let uem = Arc::new(uem_mock::Uem::new(world.uem.clone(), ca, began));
        let insider = Insider { certificate: uem.ca_certificate(), key_pkcs8: ca_key };
        let totp_secrets = totp_secrets(world, &core);
        let okta = Arc::new(idp_okta::Okta::new(
            world.okta.clone(),
            okta_wiring(world, &options.own, &okta_key, &access_key, &totp_secrets),
        ));
        let access = Arc::new(idp_access::Access::new(
            world.access.clone(),
            access_wiring(world, &options.own, &okta_key, &access_key, &uem),
        ));
        uem.trust(uem_idp(world, &okta_key));
        // Before anybody can ask.
        lasting::recall((&okta, &access, &uem), lasting, &core)?;
        let parties: [Arc<dyn Party>; 3] = [okta.clone(), access.clone(), uem.clone()];
        for party in parties {
            net.host(party).await.map_err(failed("a host"))?;
        }
        let apps = host_apps(world, &options.own, &net, &okta_key, &tally).await?;
        let handsets = world.devices.iter().map(|d| Ok((d.name.clone(), handset(d, lasting, &core, &net)?)));
        let default_ip = world.networks.first().map_or(IpAddr::V4(Ipv4Addr::new(203, 0, 113, 10)), |n| n.ip);
        let mut running = Running {
            handsets: handsets.collect::<Result<_, BuildError>>()?,
            insider,
            saml_keys,
            world: world.clone(),
            core,
            net,
            okta,
            access,
            uem,
            apps,
            signers: (okta_key, access_key),
            totp_secrets,
            default_ip,
            own: options.own.clone(),
            began,
        };
        if let Some(lasting) = lasting {
            running.recall_apps(lasting)?;
        }
        let known = |device: &Device| lasting.is_some_and(|kept| kept.handsets.contains_key(&device.name));
        for device in world.devices.iter().filter(|device| !known(device)) {
            if let Some(user) = &device.enrolled_as {
                running
                    .enrol(&device.name, user, When::BeforeTheStory)
                    .await
                    .map_err(|e| BuildError(format!("cannot enrol `{}`: {e}", device.name)))?;
            }
        }
        running.begin_provisioning().await?;
        Ok(running)
    }

    /// An administrator's changes at Okta, at Access and in the apps, with what has to be pasted anew for them.
    pub fn rewire(&mut self, world: &World) -> Result<(), String> {
        let door = |party: &str| Door { party: party.into(), core: self.core.clone(), net: self.net.clone() };
        let (okta_key, access_key) = &self.signers;
        self.totp_secrets = totp_secrets(world, &self.core);
        let wiring = okta_wiring(world, &self.own, okta_key, access_key, &self.totp_secrets);
        self.okta.manage(&door("okta"), idp_okta::Manage::Wiring(Box::new(wiring)))?;
        self.okta.manage(&door("okta"), idp_okta::Manage::Settings(Box::new(world.okta.clone())))?;
        let wiring = access_wiring(world, &self.own, okta_key, access_key, &self.uem);
        self.access.manage(&door("access"), idp_access::Manage::Wiring(Box::new(wiring)))?;
        self.access.manage(&door("access"), idp_access::Manage::Settings(Box::new(world.access.clone())))?;
        for settings in &world.apps {
            if let Some(app) = self.apps.get(&settings.name).filter(|app| *app.settings() != *settings) {
                app.manage(&door(&settings.name), settings.clone());
            }
        }
        self.uem.trust(uem_idp(world, okta_key));
        self.world = world.clone();
        Ok(())
    }

    /// Enrols a device with the credentials of a UEM user.
    pub async fn enrol(&mut self, device: &str, user: &str, when: When) -> Result<(), String> {
        let way = self.way_to_uem(when);
        let account =
            self.world.uem.users.iter().find(|u| u.name == user).ok_or_else(|| format!("UEM has no user `{user}`"))?;
        let (username, password) = (account.username.clone(), account.password.clone());
        let handset = self.handsets.get_mut(device).ok_or_else(|| format!("there is no device `{device}`"))?;
        let credentials = serde_json::json!({ "username": username, "password": password });
        handset.enrol(&way, credentials).await
    }

    /// Enrols a device by the word that its person was given where she signed in.
    pub async fn enrol_with_word(&mut self, device: &str, word: &str) -> Result<(), String> {
        let way = self.way_to_uem(When::InTheStory);
        let handset = self.handsets.get_mut(device).ok_or_else(|| format!("there is no device `{device}`"))?;
        handset.enrol(&way, serde_json::json!({ "word": word })).await
    }

    pub(crate) fn way_to_uem(&self, when: When) -> Way {
        let enrollment_host = self.world.uem.enrollment_host.clone();
        Way { net: self.net.clone(), enrollment_host, ip: self.default_ip, when }
    }

    /// An attack that waits for this sign-in's message; what the device shows in TLS is arranged at once.
    pub(crate) fn arm(&self, wish: &Misbehaviour, step: &SignIn) -> Result<Armed, String> {
        let armed = Armed::new(wish, &step.who, &self.world, &self.saml_keys, &self.core)?;
        let legs = crate::device::Legs::of(&self.world.access);
        let honest = self.handsets.get(&step.on).map(|h| h.keys(&legs)).unwrap_or_default();
        let honest: Vec<_> = honest.into_iter().map(|(_, key)| key).collect();
        if let Some(keys) = armed.device(&self.insider, &honest, &self.net)? {
            self.net.force(&step.on, Some(keys)).map_err(|e| e.to_string())?;
        }
        Ok(armed)
    }

    /// Signatures made and signatures checked so far, of SAML messages.
    pub fn tally(&self) -> &Tally {
        self.signers.0.tally()
    }

    /// The certificates of the SAML signers of Okta and of Access, DER.
    pub fn saml_certificates(&self) -> (&[u8], &[u8]) {
        (self.signers.0.certificate(), self.signers.1.certificate())
    }

    /// A party by its short name.
    pub fn party(&self, name: &str) -> Option<Arc<dyn Party>> {
        match name {
            "okta" => Some(self.okta.clone()),
            "access" => Some(self.access.clone()),
            "uem" => Some(self.uem.clone()),
            _ => None,
        }
    }

    /// An HTTPS GET as a tool without certificates would make it; for tests of other crates.
    pub async fn get(&self, url: &str) -> Result<federation::Response, federation::CallError> {
        let request =
            http::Request::get(url).body(Bytes::new()).map_err(|e| federation::CallError::Broken(e.to_string()))?;
        self.send(request).await
    }

    /// Any HTTPS request of such a tool.
    pub async fn send(&self, request: federation::Request) -> Result<federation::Response, federation::CallError> {
        let caller = Caller { name: "tester".into(), ip: self.default_ip, keys: Vec::new(), timeout_ms: 60_000 };
        self.net.call(&caller, request).await
    }
}

/// A secret for each person's authenticator, from her name alone.
fn totp_secrets(world: &World, core: &Core) -> BTreeMap<String, Vec<u8>> {
    let secret = |name: &String| core.lasting(&format!("totp/{name}"))[..20].to_vec();
    world.okta.users.iter().map(|u| (u.name.clone(), secret(&u.name))).collect()
}

fn okta_entity(app: &str) -> String {
    format!("http://www.okta.com/{app}")
}

fn okta_sso(world: &World, app: &str) -> String {
    format!("https://{}/app/{app}/sso/saml", world.okta.host)
}

/// Puts our apps on their hosts, but those whose place somebody's own take.
async fn host_apps(
    world: &World,
    own: &Own,
    net: &Net,
    okta: &SigningKey,
    tally: &Tally,
) -> Result<BTreeMap<String, Arc<App>>, BuildError> {
    let mut apps = BTreeMap::new();
    for app in world.apps.iter().filter(|app| !own.apps.contains_key(&app.name)) {
        let keys = TrustedKey::from_certificate(okta.certificate()).map_err(|e| BuildError(e.to_string()))?;
        let idp = OktaIdp {
            entity_id: okta_entity(&app.name),
            sso_url: okta_sso(world, &app.name),
            keys: vec![keys.tallied(tally)],
        };
        let party = Arc::new(App::new(app.clone(), idp));
        apps.insert(app.name.clone(), party.clone());
        net.host(party).await.map_err(failed("an app"))?;
    }
    Ok(apps)
}

/// A device as an earlier run left it, or a new one.
fn handset(device: &Device, lasting: Option<&Lasting>, core: &Core, net: &Net) -> Result<Handset, BuildError> {
    if let Some(kept) = lasting.and_then(|kept| kept.handsets.get(&device.name)) {
        return Handset::recall(device.clone(), kept, net).map_err(|e| BuildError(format!("`{}`: {e}", device.name)));
    }
    let udid = device.udid.clone().unwrap_or_else(|| {
        let bytes = core.lasting(&format!("udid/{}", device.name));
        bytes[..20].iter().map(|b| format!("{b:02x}")).collect()
    });
    Ok(Handset::new(device.clone(), udid))
}

fn okta_wiring(
    world: &World,
    own: &Own,
    okta: &SigningKey,
    access: &SigningKey,
    secrets: &BTreeMap<String, Vec<u8>>,
) -> idp_okta::Wiring {
    let host = |app: &str| world.apps.iter().find(|a| a.name == app).map(|a| a.host.clone());
    let mut apps = BTreeMap::new();
    for app in &world.okta.apps {
        let sp = match (own.apps.get(&app.name), host(&app.name)) {
            (Some(sp), _) => idp_okta::AppSp {
                entity_id: sp.entity_id.clone(),
                acs_url: sp.acs_urls.first().cloned().unwrap_or_default(),
                certificates: sp.keys.clone(),
            },
            (None, Some(host)) => {
                idp_okta::AppSp { entity_id: App::entity_id(&host), acs_url: App::acs_url(&host), certificates: vec![] }
            }
            (None, None) if world.uem.saml.as_ref().is_some_and(|saml| saml.okta_app == app.name) => {
                let host = &world.uem.enrollment_host;
                idp_okta::AppSp {
                    entity_id: format!("https://{host}/enroll/saml/metadata"),
                    acs_url: format!("https://{host}/enroll/saml/acs"),
                    certificates: vec![],
                }
            }
            // Any other app without a host stands for Access, which then is the service provider.
            (None, None) => idp_okta::AppSp {
                entity_id: format!("https://{}/SAAS/API/1.0/GET/metadata/sp.xml", world.access.host),
                acs_url: format!("https://{}/SAAS/auth/saml/response", world.access.host),
                certificates: vec![access.certificate().to_vec()],
            },
        };
        apps.insert(app.name.clone(), sp);
    }
    let certificates =
        world.okta.identity_providers.iter().map(|i| (i.name.clone(), vec![access.certificate().to_vec()]));
    idp_okta::Wiring {
        signing: okta.clone(),
        idp_certificates: certificates.collect(),
        apps,
        totp_secrets: secrets.clone(),
    }
}

/// Okta, as UEM trusts it for enrolment.
fn uem_idp(world: &World, okta: &SigningKey) -> Option<uem_mock::Idp> {
    let app = &world.uem.saml.as_ref()?.okta_app;
    let key = TrustedKey::from_certificate(okta.certificate()).ok()?.tallied(okta.tally());
    Some(uem_mock::Idp { entity_id: okta_entity(app), sso_url: okta_sso(world, app), keys: vec![key] })
}

fn access_wiring(
    world: &World,
    own: &Own,
    okta: &SigningKey,
    signing: &SigningKey,
    uem: &uem_mock::Uem,
) -> idp_access::Wiring {
    let keys = vec![okta.certificate().to_vec()];
    let sp = |idp: &federation::tenant::okta::IdentityProvider| metadata::SpMetadata {
        entity_id: idp_okta::sp_entity_id(idp),
        acs_urls: vec![idp_okta::acs_url(&world.okta.host, idp)],
        keys: keys.clone(),
    };
    let third = world.access.identity_providers.iter().find_map(|i| i.third_party.as_ref());
    idp_access::Wiring {
        signing: signing.clone(),
        start: Time::parse(&world.start).unwrap_or_default(),
        okta_sps: world.okta.identity_providers.iter().map(|i| (i.name.clone(), sp(i))).collect(),
        device_ca: vec![uem.ca_certificate()],
        crl_url: Some(format!("https://{}/crl", world.uem.host)),
        okta_idp: third.map(|third| match &own.idp {
            Some(idp) => idp.clone(),
            None => metadata::IdpMetadata {
                entity_id: okta_entity(&third.okta_app),
                sso_url: okta_sso(world, &third.okta_app),
                keys: keys.clone(),
            },
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The committed certificates are what anybody can make of the committed keys.
    #[test]
    fn committed_certificates_are_those_of_the_committed_keys() {
        for (name, pair) in [("okta", &OKTA), ("access", &ACCESS)] {
            let made = self_signed(name, pair.key, &rcgen::PKCS_RSA_SHA256).unwrap();
            assert!(made == pair.certificate, "`{name}`: write the certificate anew");
        }
    }
}

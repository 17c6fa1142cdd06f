//! A device as the runner holds it: its own keys (made here, never anywhere else), its profiles and its UEM token.
//! Okta and Access learn of it only what crosses the wire.

use crate::net::{Caller, Net};
use bytes::Bytes;
use federation::device::Device;
use federation::tenant::access::AuthMethod;
use federation::tenant::uem::Payload;
use federation::{DeviceKind, tenant};
use rcgen::{CertificateParams, DnType, KeyPair};
use rustls::sign::CertifiedKey;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

/// A new P-256 key, PKCS#8 DER.
pub fn new_key() -> Vec<u8> {
    KeyPair::generate().expect("P-256 keys can always be made").serialize_der()
}

/// A device in somebody's hand.
pub struct Handset {
    pub device: Device,
    pub udid: String,
    token: Option<String>,
    profiles: BTreeMap<String, Profile>,
}

/// An installed profile: key and certificate, for TLS and as PEM.
struct Profile {
    /// What UEM says that the profile is for.
    payload: Option<Payload>,
    certified: Arc<CertifiedKey>,
    pems: Pems,
}

/// A device's UDID, its UEM token and its profiles, to be taken up by another run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Keepsake {
    udid: String,
    token: Option<String>,
    profiles: BTreeMap<String, (Option<Payload>, Pems)>,
}

/// A key and its certificate as files hold them.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Pems {
    pub key: String,
    pub certificate: String,
}

impl Handset {
    pub fn new(device: Device, udid: String) -> Handset {
        Handset { device, udid, token: None, profiles: BTreeMap::new() }
    }

    pub fn remember(&self) -> Keepsake {
        let profile = |(name, p): (&String, &Profile)| (name.clone(), (p.payload, p.pems.clone()));
        Keepsake {
            udid: self.udid.clone(),
            token: self.token.clone(),
            profiles: self.profiles.iter().map(profile).collect(),
        }
    }

    /// The device as it was in an earlier run.
    pub fn recall(device: Device, kept: &Keepsake, net: &Net) -> Result<Handset, String> {
        let mut handset = Handset::new(device, kept.udid.clone());
        handset.token.clone_from(&kept.token);
        for (name, (payload, pems)) in &kept.profiles {
            let key = KeyPair::from_pem(&pems.key).map_err(|e| e.to_string())?;
            let der = wire::certificate::der_from_pem(&pems.certificate).map_err(|e| e.to_string())?;
            let certified = net.authority().certified(vec![der], key.serialize_der()).map_err(|e| e.to_string())?;
            handset.profiles.insert(name.clone(), Profile { payload: *payload, certified, pems: pems.clone() });
        }
        Ok(handset)
    }

    /// Keys that its programs may show, each where its payload belongs: in the product the single sign-on payload serves the
    /// Kerberos extension, the Tunnel's serves the certificate proxy, and only a certificate payload serves any TLS client.
    pub fn keys(&self, legs: &Legs) -> Vec<(String, Arc<CertifiedKey>)> {
        let shown = |p: &Profile| Some((legs.host(p.payload?)?.to_string(), p.certified.clone()));
        self.profiles.values().filter_map(shown).collect()
    }

    /// Key and certificate of each profile, by its name.
    pub fn pems(&self) -> BTreeMap<String, Pems> {
        self.profiles.iter().map(|(name, p)| (name.clone(), p.pems.clone())).collect()
    }

    pub fn profiles(&self) -> Vec<String> {
        self.profiles.keys().cloned().collect()
    }

    /// The certificate of a profile, DER.
    pub fn certificate(&self, profile: &str) -> Option<Bytes> {
        self.profiles.get(profile)?.certified.cert.first().map(|der| Bytes::copy_from_slice(der))
    }

    /// Puts a certificate and its key where a profile's own would be.
    pub fn plant(
        &mut self,
        net: &Net,
        profile: &str,
        payload: Option<Payload>,
        plant: crate::plant::Plant,
    ) -> Result<(), String> {
        let certified = net.authority().certified(vec![plant.der], plant.key_pkcs8).map_err(|e| e.to_string())?;
        self.profiles.insert(profile.into(), Profile { payload, certified, pems: plant.pems });
        Ok(())
    }

    /// Drops a profile with its key, as when a person removes it by hand.
    pub fn remove_profile(&mut self, name: &str) -> bool {
        self.profiles.remove(name).is_some()
    }

    /// Enrols with a UEM user's name and password, or with the word that she was given; installs what UEM pushes.
    pub async fn enrol(&mut self, way: &Way, credentials: Value) -> Result<(), String> {
        let mut body = json!({
            "udid": self.udid, "kind": self.device.kind,
            "platform": platform_word(self.device.kind), "os_version": self.device.os_version,
            "facts": self.device.facts, "device_name": self.device.name,
        });
        if let (Some(body), Value::Object(credentials)) = (body.as_object_mut(), credentials) {
            body.extend(credentials);
        }
        let answer = self.post(way, "/enroll", body).await?;
        self.token = answer.get("token").and_then(Value::as_str).map(String::from);
        for profile in answer.get("profiles").and_then(Value::as_array).cloned().unwrap_or_default() {
            if let Some(name) = profile.get("name").and_then(Value::as_str) {
                self.install(way, name, payload(&profile)).await?;
            }
        }
        Ok(())
    }

    /// Makes a key, asks UEM to certify it, keeps both.
    pub async fn install(&mut self, way: &Way, profile: &str, payload: Option<Payload>) -> Result<(), String> {
        let failed = |e: rcgen::Error| e.to_string();
        let key = KeyPair::generate().map_err(failed)?;
        let mut params = CertificateParams::new(Vec::<String>::new()).map_err(failed)?;
        params.distinguished_name.push(DnType::CommonName, self.udid.clone());
        let csr = params.serialize_request(&key).and_then(|c| c.pem()).map_err(failed)?;
        let body = json!({ "udid": self.udid, "token": self.token, "profile": profile, "csr_pem": csr });
        let answer = self.post(way, "/device/profile", body).await?;
        let pem = answer.get("certificate_pem").and_then(Value::as_str).ok_or("UEM sent no certificate")?;
        let der = wire::certificate::der_from_pem(pem).map_err(|e| e.to_string())?;
        let certified = way.net.authority().certified(vec![der], key.serialize_der()).map_err(|e| e.to_string())?;
        let pems = Pems { key: key.serialize_pem(), certificate: pem.into() };
        self.profiles.insert(profile.into(), Profile { payload, certified, pems });
        Ok(())
    }

    /// Reports a sample and does what UEM commands.
    pub async fn check_in(&mut self, way: &Way) -> Result<(), String> {
        if self.token.is_none() {
            return Ok(());
        }
        let body = json!({ "udid": self.udid, "token": self.token, "facts": self.device.facts, "os_version": self.device.os_version });
        let answer = self.post(way, "/device/checkin", body).await?;
        for command in answer.get("commands").and_then(Value::as_array).cloned().unwrap_or_default() {
            let profile = command.get("profile").and_then(Value::as_str).unwrap_or_default();
            match command.get("kind").and_then(Value::as_str) {
                Some("install-profile") => self.install(way, profile, payload(&command)).await?,
                Some("remove-profile") => {
                    self.profiles.remove(profile);
                }
                Some("wipe") => {
                    self.profiles.clear();
                    self.token = None;
                }
                other => return Err(format!("UEM sent an unknown command `{}`", other.unwrap_or(""))),
            }
        }
        Ok(())
    }

    async fn post(&self, way: &Way, path: &str, body: Value) -> Result<Value, String> {
        let request = http::Request::post(format!("https://{}{path}", way.enrollment_host))
            .header(http::header::CONTENT_TYPE, "application/json")
            .body(Bytes::from(body.to_string()))
            .map_err(|e| e.to_string())?;
        let caller = Caller { name: self.device.name.clone(), ip: way.ip, keys: Vec::new(), timeout_ms: 30_000 };
        let answered = match way.when {
            When::BeforeTheStory => way.net.hand(&caller, request).await,
            When::InTheStory => way.net.call(&caller, request).await,
        };
        let answer = answered.map_err(|e| e.to_string())?;
        if !answer.status().is_success() {
            return Err(format!("{path} answered {}: {}", answer.status(), String::from_utf8_lossy(answer.body())));
        }
        serde_json::from_slice(answer.body()).map_err(|e| e.to_string())
    }
}

/// What an offered profile is for, as UEM states it.
fn payload(offered: &Value) -> Option<Payload> {
    serde::Deserialize::deserialize(offered.get("payload")?).ok()
}

/// Where each kind of payload has its certificate shown, as the payloads themselves would carry it: realm, proxy, host.
#[derive(Debug, Clone, Default)]
pub struct Legs(Vec<(Payload, String)>);

impl Legs {
    pub fn of(access: &tenant::Access) -> Legs {
        let methods = [
            (Payload::MobileSsoIos, AuthMethod::MobileSsoIos),
            (Payload::MobileSsoAndroid, AuthMethod::MobileSsoAndroid),
            (Payload::Certificate, AuthMethod::Certificate),
        ];
        Legs(methods.into_iter().filter_map(|(p, m)| Some((p, access.certificate_leg(m)?))).collect())
    }

    /// Whether certificates are shown to this host at all.
    pub fn has(&self, host: &str) -> bool {
        self.0.iter().any(|(_, own)| own == host)
    }

    fn host(&self, payload: Payload) -> Option<&str> {
        self.0.iter().find(|(p, _)| *p == payload).map(|(_, host)| host.as_str())
    }
}

/// A device's way to UEM.
#[derive(Clone)]
pub struct Way {
    pub net: Net,
    pub enrollment_host: String,
    /// The device's own address.
    pub ip: IpAddr,
    pub when: When,
}

/// What was before the story is brought about without a wire: nobody hears of it, and handshakes are most of its cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    BeforeTheStory,
    InTheStory,
}

fn platform_word(kind: DeviceKind) -> &'static str {
    match kind {
        DeviceKind::Iphone | DeviceKind::Ipad => "ios",
        DeviceKind::AndroidPhone => "android",
        DeviceKind::WindowsPc => "windows",
        DeviceKind::Mac => "macos",
        DeviceKind::LinuxPc => "other-desktop",
    }
}

/// What the client says it is.
pub use analysis::agent::user_agent;

//! Honest messages of each hop, as the parties write them, and `wire` reading what became of them.

#![allow(dead_code, reason = "each test uses its part")]

#[path = "../../../federation/wire/tests/sample/mod.rs"]
mod sample;

use attacks::{Act, Attack, Key, On, Scene, Unfit};
use federation::tenant::SignatureAlgorithm;
use sample::{Ends, assertion};
use std::sync::LazyLock;
use wire::dsig::{SigningKey, TrustedKey};
use wire::form::{Form, decode_post, encode_post};
use wire::saml::{self, *};

pub use sample::NOW;

const SP: &str = "https://www.okta.com/saml2/service-provider/spworkspaceone00001";
const SSO: &str = "https://acme.access.test/SAAS/auth/federation/sso";
const OKTA_ACS: &str = "https://acme.okta.test/sso/saml2/0oaworkspaceone00001";
const KEYS: [&[u8]; 2] = [
    include_bytes!("../../../sim/keys/public-test-key-1.der"),
    include_bytes!("../../../sim/keys/public-test-key-2.der"),
];

/// What a reader makes of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Accepted,
    NotTrusted,
    Refused(&'static str),
}

struct Signer {
    signing: SigningKey,
    key: Key,
}

static SIGNERS: LazyLock<[Signer; 2]> = LazyLock::new(|| {
    KEYS.map(|der| {
        let certificate = sample::certificate(der);
        Signer {
            signing: SigningKey::from_pkcs8(der, certificate.clone()).unwrap(),
            key: Key::new(der, certificate).unwrap(),
        }
    })
});

/// A hop with its honest message.
#[derive(Clone)]
pub struct Hop {
    pub name: &'static str,
    signer: usize,
    kind: Kind,
    honest: String,
    issuer: &'static str,
    acs: &'static str,
    audience: &'static str,
    skew: u32,
    with_key: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Response { whole: bool, part: bool, posture: bool },
    Posted,
    Redirect,
}

fn request() -> AuthnRequest {
    sample::request(Ends { issuer: SP, to: SSO, audience: OKTA_ACS })
}

fn response(hop: &Hop) -> Response {
    let Kind::Response { posture, .. } = hop.kind else { unreachable!("only responses") };
    let mut response = sample::response(Ends { issuer: hop.issuer, to: hop.acs, audience: hop.audience });
    let said = assertion(&mut response);
    said.name_id = "alice@acme.test".into();
    said.name_qualifier = Some(hop.issuer.into());
    said.class_ref = "urn:vmware:names:ac:classes:CertProxy".into();
    said.posture = posture.then(sample::posture);
    response
}

/// Every hop, with every way of signing it.
pub fn hops() -> &'static [Hop] {
    static HOPS: LazyLock<Vec<Hop>> = LazyLock::new(|| {
        let mut hops = Vec::new();
        for (whole, part) in [(true, false), (false, true), (true, true)] {
            for posture in [true, false] {
                let names = [
                    "access-okta response",
                    "access-okta assertion",
                    "access-okta both",
                    "okta-app response",
                    "okta-app assertion",
                    "okta-app both",
                ];
                let index = usize::from(!posture) * 3 + usize::from(part) + usize::from(whole && part);
                let mut hop = Hop {
                    name: names[index],
                    signer: usize::from(posture),
                    kind: Kind::Response { whole, part, posture },
                    honest: String::new(),
                    issuer: if posture {
                        "https://acme.access.test/SAAS/API/1.0/GET/metadata/idp.xml"
                    } else {
                        "http://www.okta.com/salesforce"
                    },
                    acs: if posture { OKTA_ACS } else { "https://salesforce.test/saml/acs" },
                    audience: if posture { SP } else { "https://salesforce.test/saml/metadata" },
                    skew: if posture { 120 } else { 60 },
                    with_key: true,
                };
                let key = &SIGNERS[hop.signer].signing;
                hop.honest = write_response(&response(&hop), whole.then_some(key), part.then_some(key)).unwrap();
                hops.push(hop);
            }
        }
        let key = &SIGNERS[0].signing;
        let hop = |name, kind, honest| Hop {
            name,
            signer: 0,
            kind,
            honest,
            issuer: SP,
            acs: "",
            audience: "",
            skew: 60,
            with_key: true,
        };
        hops.push(hop("okta-access posted", Kind::Posted, write_request(&request(), Some(key)).unwrap()));
        let plain = write_request(&request(), None).unwrap();
        let url = wire::redirect::request_url(SSO, &plain, Some("/a b/\u{fc}?x=/"), Some(key)).unwrap();
        hops.push(hop("okta-access redirect", Kind::Redirect, url.split_once('?').unwrap().1.to_string()));
        hops
    });
    &HOPS
}

impl Hop {
    pub fn keyless(&self) -> Hop {
        Hop { with_key: false, ..self.clone() }
    }

    /// Whether the case can be played here.
    pub fn fits(&self, attack: &Attack) -> bool {
        match (attack.family.on, self.kind) {
            (On::Response, Kind::Response { posture, .. }) => posture || attack.family.class != "posture",
            (On::SignedResponse, Kind::Response { whole, .. }) => whole,
            (On::SignedAssertion, Kind::Response { part, .. }) => part,
            (On::PostedRequest, Kind::Posted) | (On::Redirect, Kind::Redirect) => true,
            _ => false,
        }
    }

    pub fn scene(&self) -> Scene<'_> {
        let signer = &SIGNERS[self.signer];
        Scene {
            now: NOW,
            skew_seconds: self.skew,
            key: self.with_key.then_some(&signer.key),
            certificate: &signer.key.certificate,
            evil: "mallory@acme.test",
        }
    }

    /// What the reader makes of the attacked message.
    pub fn attacked(&self, attack: &Attack) -> Result<Verdict, Unfit> {
        let scene = self.scene();
        if self.kind == Kind::Redirect {
            return Ok(self.read_query(&attacks::query(attack, &self.honest, &scene)?));
        }
        if let Act::Form(_) = attack.row.act {
            let fields = attacks::form(attack, &encode_post(&self.honest)).unwrap();
            return Ok(self.read_form(&fields));
        }
        Ok(self.read(&attacks::message(attack, &self.honest, &scene)?))
    }

    pub fn undone(&self, attack: &Attack) -> Result<Verdict, Unfit> {
        let scene = self.scene();
        if self.kind == Kind::Redirect {
            return Ok(self.read_query(&attacks::query_undone(attack, &self.honest, &scene)?));
        }
        let bytes = attacks::undone(attack, &self.honest, &scene)?;
        if let Act::Form(_) = attack.row.act {
            return Ok(self.read_form(&[("SAMLResponse".into(), wire::form::encode_bytes(&bytes))]));
        }
        Ok(self.read(&bytes))
    }

    /// The form value that leaves, for other readers.
    pub fn posted(&self, attack: &Attack) -> Option<String> {
        match attack.row.act {
            Act::Form(_) => {
                let fields = attacks::form(attack, &encode_post(&self.honest))?;
                Some(fields.into_iter().find(|(n, _)| n == "SAMLResponse")?.1)
            }
            _ => Some(wire::form::encode_bytes(&attacks::message(attack, &self.honest, &self.scene()).ok()?)),
        }
    }

    pub fn honest(&self) -> &str {
        &self.honest
    }

    fn read_form(&self, fields: &[(String, String)]) -> Verdict {
        let body: Vec<String> = fields
            .iter()
            .map(|(n, v)| {
                format!(
                    "{n}={}",
                    v.replace('%', "%25").replace('+', "%2B").replace('=', "%3D").replace(['\r', '\n'], "%0A")
                )
            })
            .collect();
        let read = Form::parse(body.join("&").as_bytes())
            .and_then(|form| decode_post(form.get("SAMLResponse").unwrap_or_default()));
        match read {
            Ok(xml) => self.read(&xml),
            Err(refusal) => Verdict::Refused(refusal.code),
        }
    }

    fn trusted(&self) -> Vec<TrustedKey> {
        vec![TrustedKey::from_certificate(&SIGNERS[self.signer].key.certificate).unwrap()]
    }

    pub fn read(&self, bytes: &[u8]) -> Verdict {
        let keys = self.trusted();
        if self.kind == Kind::Posted {
            return self.request_check(|check| match saml::read_request(bytes, check) {
                Ok(_) => Verdict::Accepted,
                Err(refusal) => Verdict::Refused(refusal.code),
            });
        }
        let check = ResponseCheck {
            issuer: self.issuer,
            keys: &keys,
            must_sign: MustSign::Any,
            floor: SignatureAlgorithm::Sha256,
            audience: self.audience,
            acs_url: self.acs,
            in_response_to: Some("id1"),
            now: NOW,
            skew_seconds: self.skew,
        };
        match saml::read_response(bytes, &check) {
            Err(refusal) => Verdict::Refused(refusal.code),
            Ok(response) => {
                let posture =
                    response.assertion.as_ref().and_then(|a| a.posture.as_ref()).map(DevicePosture::is_managed);
                match self.kind {
                    Kind::Response { posture: true, .. } if posture != Some(PostureFact::Yes) => Verdict::NotTrusted,
                    _ => Verdict::Accepted,
                }
            }
        }
    }

    fn request_check<T>(&self, run: impl FnOnce(&RequestCheck<'_>) -> T) -> T {
        let keys = self.trusted();
        let known = [(SP, keys.as_slice())];
        run(&RequestCheck {
            expected_issuer_keys: &known,
            require_signature: true,
            floor: SignatureAlgorithm::Sha256,
            destination: SSO,
            now: NOW,
            skew_seconds: self.skew,
        })
    }

    fn read_query(&self, query: &str) -> Verdict {
        self.request_check(|check| match wire::redirect::read_request(query, check) {
            Ok(_) => Verdict::Accepted,
            Err(refusal) => Verdict::Refused(refusal.code),
        })
    }
}

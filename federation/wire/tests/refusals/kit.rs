//! What the cases share: keys, a right message, and ways to spoil its text.

use crate::sample::{self, Ends, p256, posture, rsa};
use std::time::Duration;
use wire::dsig::{self, SigningKey};
use wire::saml::*;

pub use crate::sample::{NOW, assertion, trusted};

pub const ACS: &str = "https://acme.okta.test/sso/saml2/0oa1";
pub const IDP: &str = "https://access.test/idp.xml";
pub const SP: &str = "https://www.okta.com/saml2/service-provider/sp1";
pub const SSO: &str = "https://access.test/sso";
pub const SKEW: u32 = 60;

pub fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

pub struct Keys {
    pub ours: SigningKey,
    pub stranger: SigningKey,
}

/// RSA-2048 and P-256: every case runs with both.
pub fn keys() -> [Keys; 2] {
    [
        Keys {
            ours: rsa(include_bytes!("../../testdata/rsa-1.der")),
            stranger: rsa(include_bytes!("../../testdata/rsa-2.der")),
        },
        Keys { ours: p256(), stranger: p256() },
    ]
}

/// For a while longer than its confirmation, each end of it at another second.
pub fn response() -> Response {
    let mut response = sample::response(Ends { issuer: IDP, to: ACS, audience: SP });
    let said = assertion(&mut response);
    said.not_on_or_after = Some(NOW + seconds(300));
    said.session_not_on_or_after = Some(NOW + seconds(400));
    said.posture = Some(posture());
    said.attributes = vec![("device.trusted".into(), vec!["TRUSTED".into()])];
    response
}

pub type Text = fn(&str) -> String;

/// Empties what a signer fills in, and signs anew.
pub fn signed_anew(xml: &str, key: &SigningKey) -> String {
    let mut out = String::new();
    let mut rest = xml;
    while let Some((at, tag)) =
        ["DigestValue>", "SignatureValue>"].iter().filter_map(|t| Some((rest.find(&format!("<ds:{t}"))?, t))).min()
    {
        let open = at + "<ds:".len() + tag.len();
        let close = rest[open..].find("</ds:").unwrap() + open;
        out += &rest[..open];
        out += &rest[close..close + 5 + tag.len()];
        rest = &rest[close + 5 + tag.len()..];
    }
    dsig::fill(&(out + rest), key).unwrap()
}

pub fn cut(xml: &str, from: &str, to: &str) -> String {
    let start = xml.find(from).unwrap_or_else(|| panic!("no {from} in {xml}"));
    let end = start + xml[start..].find(to).unwrap_or_else(|| panic!("no {to} in {xml}")) + to.len();
    xml[start..end].to_string()
}

pub fn without(xml: &str, from: &str, to: &str) -> String {
    xml.replacen(&cut(xml, from, to), "", 1)
}

pub fn signature(xml: &str) -> String {
    cut(xml, "<ds:Signature ", "</ds:Signature>")
}

pub fn many(n: usize, name: &str) -> String {
    (0..n).map(|i| format!("{name}{i}=\"urn:{i}\" ")).collect()
}

pub fn twice(xml: &str, from: &str, to: &str) -> String {
    let it = cut(xml, from, to);
    xml.replacen(&it, &it.repeat(2), 1)
}

//! SAML messages as values, and how they are written. Reading stands in `read.rs`.

use crate::Refusal;
use crate::door::escape;
use crate::dsig::{self, SigningKey, TrustedKey};
use chrono::{DateTime, Utc};
use federation::Time;
use samael::schema as theirs;
use samael::traits::ToXml;
use std::fmt::Write as _;

pub use crate::read::{Peek, peek, read_request, read_response};
use federation::tenant::SignatureAlgorithm;

pub const SUCCESS: &str = "urn:oasis:names:tc:SAML:2.0:status:Success";
pub const RESPONDER: &str = "urn:oasis:names:tc:SAML:2.0:status:Responder";
pub const REQUESTER: &str = "urn:oasis:names:tc:SAML:2.0:status:Requester";
pub const AUTHN_FAILED: &str = "urn:oasis:names:tc:SAML:2.0:status:AuthnFailed";
pub const NO_PASSIVE: &str = "urn:oasis:names:tc:SAML:2.0:status:NoPassive";
pub const REQUEST_DENIED: &str = "urn:oasis:names:tc:SAML:2.0:status:RequestDenied";
pub const NO_AUTHN_CONTEXT: &str = "urn:oasis:names:tc:SAML:2.0:status:NoAuthnContext";
pub const NAMEID_UNSPECIFIED: &str = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified";
pub const NAMEID_EMAIL: &str = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress";
pub const NAMEID_TRANSIENT: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient";
pub const PROTOCOL: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
pub const ASSERTION: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
pub const BEARER: &str = "urn:oasis:names:tc:SAML:2.0:cm:bearer";

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthnRequest {
    pub id: String,
    pub issue_instant: Time,
    pub destination: Option<String>,
    pub issuer: String,
    pub acs_url: Option<String>,
    pub force_authn: bool,
    pub is_passive: bool,
    pub name_id_format: Option<String>,
    pub subject: Option<String>,
    pub requested_context: Option<RequestedAuthnContext>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestedAuthnContext {
    /// `exact`, `minimum`, `maximum` or `better`.
    pub comparison: String,
    pub class_refs: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    pub id: String,
    pub in_response_to: Option<String>,
    pub destination: Option<String>,
    pub issuer: String,
    pub issue_instant: Time,
    pub status: Status,
    pub assertion: Option<Assertion>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    pub code: String,
    pub sub_code: Option<String>,
    pub message: Option<String>,
    /// Bare text, the one documented exception to the schema.
    pub detail: Option<String>,
}

impl Status {
    pub fn success() -> Status {
        Status { code: SUCCESS.into(), sub_code: None, message: None, detail: None }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assertion {
    pub id: String,
    pub issuer: String,
    pub issue_instant: Time,
    pub name_id: String,
    pub name_id_format: String,
    pub name_qualifier: Option<String>,
    pub recipient: String,
    pub in_response_to: Option<String>,
    pub confirmation_not_on_or_after: Time,
    /// Both limits of the conditions are optional (core 2.5.1.2); the confirmation's end is not.
    pub not_before: Option<Time>,
    pub not_on_or_after: Option<Time>,
    pub audience: String,
    pub authn_instant: Time,
    pub session_index: String,
    pub session_not_on_or_after: Option<Time>,
    pub class_ref: String,
    pub posture: Option<DevicePosture>,
    pub attributes: Vec<(String, Vec<String>)>,
}

impl Assertion {
    /// From here on, but for the skew, nobody takes it any more.
    pub fn end(&self) -> Time {
        self.not_on_or_after.map_or(self.confirmation_not_on_or_after, |t| t.min(self.confirmation_not_on_or_after))
    }
}

/// What `AuthnContextDecl/…/Device/Posture` states (documented shape of Okta's contract).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DevicePosture {
    pub namespace: String,
    pub device_id: String,
    pub vendor: String,
    pub model: String,
    pub os: String,
    pub os_version: String,
    pub facts: Vec<(String, String)>,
}

/// What the `IsManaged` fact says; everything but `Yes` counts as unmanaged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PostureFact {
    Yes,
    No,
    Absent,
    Doubled,
    Unknown(String),
}

impl DevicePosture {
    pub fn is_managed(&self) -> PostureFact {
        let values: Vec<&str> = self.facts.iter().filter(|(n, _)| n == "IsManaged").map(|(_, v)| v.as_str()).collect();
        match values[..] {
            [] => PostureFact::Absent,
            ["true"] => PostureFact::Yes,
            ["false"] => PostureFact::No,
            [other] => PostureFact::Unknown(other.into()),
            _ => PostureFact::Doubled,
        }
    }
}

/// A value that came out of a verified node; only this crate's readers make one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified<T>(pub(crate) T);

impl<T> std::ops::Deref for Verified<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> Verified<T> {
    pub fn into_inner(self) -> T {
        self.0
    }
}

/// What must be signed for a response to count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MustSign {
    Response,
    Assertion,
    Any,
}

/// What a request is held against.
pub struct RequestCheck<'a> {
    /// Issuers that are known, each with its keys.
    pub expected_issuer_keys: &'a [(&'a str, &'a [TrustedKey])],
    pub require_signature: bool,
    pub floor: SignatureAlgorithm,
    pub destination: &'a str,
    pub now: Time,
    pub skew_seconds: u32,
}

/// What a response is held against.
pub struct ResponseCheck<'a> {
    pub issuer: &'a str,
    pub keys: &'a [TrustedKey],
    pub must_sign: MustSign,
    pub floor: SignatureAlgorithm,
    pub audience: &'a str,
    pub acs_url: &'a str,
    /// The request that this browser has open; `None`: unsolicited.
    pub in_response_to: Option<&'a str>,
    pub now: Time,
    pub skew_seconds: u32,
}

fn stamp(time: Time) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(time.0).unwrap_or_default()
}

/// Writes a request in schema order, signed inside where a key is given. samael writes; it does not escape text, so values are escaped before.
pub fn write_request(request: &AuthnRequest, sign: Option<&SigningKey>) -> Result<String, Refusal> {
    let name_id = request.subject.as_ref().map(|s| theirs::SubjectNameID { format: None, value: escape(s) });
    let comparison = |c: &str| match c {
        "exact" => theirs::AuthnContextComparison::Exact,
        "maximum" => theirs::AuthnContextComparison::Maximum,
        "better" => theirs::AuthnContextComparison::Better,
        _ => theirs::AuthnContextComparison::Minimum,
    };
    let context = request.requested_context.as_ref().map(|c| theirs::RequestedAuthnContext {
        authn_context_class_refs: Some(
            c.class_refs.iter().map(|r| theirs::AuthnContextClassRef { value: Some(escape(r)) }).collect(),
        ),
        authn_context_decl_refs: None,
        comparison: Some(comparison(&c.comparison)),
    });
    let written = theirs::AuthnRequest {
        id: request.id.clone(),
        version: "2.0".into(),
        issue_instant: stamp(request.issue_instant),
        destination: request.destination.clone(),
        consent: None,
        issuer: Some(theirs::Issuer {
            name_qualifier: None,
            sp_name_qualifier: None,
            format: None,
            sp_provided_id: None,
            value: Some(escape(&request.issuer)),
        }),
        signature: None,
        subject: name_id.map(|n| theirs::Subject { name_id: Some(n), subject_confirmations: None }),
        name_id_policy: request.name_id_format.as_ref().map(|f| theirs::NameIdPolicy {
            format: Some(f.clone()),
            sp_name_qualifier: None,
            allow_create: None,
        }),
        conditions: None,
        requested_authn_context: context,
        force_authn: request.force_authn.then_some(true),
        is_passive: request.is_passive.then_some(true),
        assertion_consumer_service_index: None,
        assertion_consumer_service_url: request.acs_url.clone(),
        protocol_binding: None,
        attribute_consuming_service_index: None,
        provider_name: None,
    };
    let xml = written.to_string().map_err(|e| Refusal::new("saml/cannot-write", e.to_string()))?;
    let Some(key) = sign else { return Ok(xml) };
    let end = "</saml2:Issuer>";
    let at = xml.find(end).map(|i| i + end.len()).ok_or_else(|| Refusal::new("saml/cannot-write", "no issuer"))?;
    let (head, tail) = xml.split_at(at);
    dsig::fill(&format!("{head}{}{tail}", dsig::template(&request.id, key)), key)
}

/// Writes a response in schema order; `Some` signs that part. One key signs both parts.
pub fn write_response(
    response: &Response,
    sign_response: Option<&SigningKey>,
    sign_assertion: Option<&SigningKey>,
) -> Result<String, Refusal> {
    if let (Some(whole), Some(part)) = (sign_response, sign_assertion)
        && whole.certificate() != part.certificate()
    {
        return Err(Refusal::new("saml/cannot-sign", "one key signs both parts"));
    }
    let mut xml = format!(
        "<saml2p:Response xmlns:saml2p=\"{PROTOCOL}\" xmlns:saml2=\"{ASSERTION}\" ID=\"{}\" Version=\"2.0\" IssueInstant=\"{}\"",
        escape(&response.id),
        response.issue_instant
    );
    optional(&mut xml, "Destination", response.destination.as_deref());
    optional(&mut xml, "InResponseTo", response.in_response_to.as_deref());
    let _ = write!(xml, "><saml2:Issuer>{}</saml2:Issuer>", escape(&response.issuer));
    if let Some(key) = sign_response {
        xml += &dsig::template(&response.id, key);
    }
    xml += &status(&response.status);
    if let Some(assertion) = &response.assertion {
        xml += &write_assertion(assertion, sign_assertion);
    }
    xml += "</saml2p:Response>";
    match sign_response.or(sign_assertion) {
        Some(key) => dsig::fill(&xml, key),
        None => Ok(xml),
    }
}

fn optional(xml: &mut String, name: &str, value: Option<&str>) {
    if let Some(value) = value {
        let _ = write!(xml, " {name}=\"{}\"", escape(value));
    }
}

fn status(status: &Status) -> String {
    let mut xml = format!("<saml2p:Status><saml2p:StatusCode Value=\"{}\"", escape(&status.code));
    match &status.sub_code {
        Some(sub) => {
            let _ = write!(xml, "><saml2p:StatusCode Value=\"{}\"/></saml2p:StatusCode>", escape(sub));
        }
        None => xml += "/>",
    }
    for (name, value) in [("StatusMessage", &status.message), ("StatusDetail", &status.detail)] {
        if let Some(value) = value {
            let _ = write!(xml, "<saml2p:{name}>{}</saml2p:{name}>", escape(value));
        }
    }
    xml + "</saml2p:Status>"
}

fn write_assertion(a: &Assertion, sign: Option<&SigningKey>) -> String {
    let mut xml = format!(
        "<saml2:Assertion xmlns:saml2=\"{ASSERTION}\" ID=\"{}\" Version=\"2.0\" IssueInstant=\"{}\"><saml2:Issuer>{}</saml2:Issuer>",
        escape(&a.id),
        a.issue_instant,
        escape(&a.issuer)
    );
    if let Some(key) = sign {
        xml += &dsig::template(&a.id, key);
    }
    let _ = write!(xml, "<saml2:Subject><saml2:NameID Format=\"{}\"", escape(&a.name_id_format));
    optional(&mut xml, "NameQualifier", a.name_qualifier.as_deref());
    let _ = write!(
        xml,
        ">{}</saml2:NameID><saml2:SubjectConfirmation Method=\"{BEARER}\"><saml2:SubjectConfirmationData NotOnOrAfter=\"{}\" Recipient=\"{}\"",
        escape(&a.name_id),
        a.confirmation_not_on_or_after,
        escape(&a.recipient)
    );
    optional(&mut xml, "InResponseTo", a.in_response_to.as_deref());
    xml += "/></saml2:SubjectConfirmation></saml2:Subject><saml2:Conditions";
    optional(&mut xml, "NotBefore", a.not_before.map(|t| t.to_string()).as_deref());
    optional(&mut xml, "NotOnOrAfter", a.not_on_or_after.map(|t| t.to_string()).as_deref());
    let _ = write!(
        xml,
        "><saml2:AudienceRestriction><saml2:Audience>{}</saml2:Audience></saml2:AudienceRestriction></saml2:Conditions>\
         <saml2:AuthnStatement AuthnInstant=\"{}\" SessionIndex=\"{}\"",
        escape(&a.audience),
        a.authn_instant,
        escape(&a.session_index)
    );
    optional(&mut xml, "SessionNotOnOrAfter", a.session_not_on_or_after.map(|t| t.to_string()).as_deref());
    let _ = write!(
        xml,
        "><saml2:AuthnContext><saml2:AuthnContextClassRef>{}</saml2:AuthnContextClassRef>",
        escape(&a.class_ref)
    );
    if let Some(posture) = &a.posture {
        xml += &write_posture(posture);
    }
    xml += "</saml2:AuthnContext></saml2:AuthnStatement>";
    if !a.attributes.is_empty() {
        xml += "<saml2:AttributeStatement>";
        for (name, values) in &a.attributes {
            let _ = write!(
                xml,
                "<saml2:Attribute Name=\"{}\" NameFormat=\"urn:oasis:names:tc:SAML:2.0:attrname-format:unspecified\">",
                escape(name)
            );
            for value in values {
                let _ = write!(xml, "<saml2:AttributeValue>{}</saml2:AttributeValue>", escape(value));
            }
            xml += "</saml2:Attribute>";
        }
        xml += "</saml2:AttributeStatement>";
    }
    xml + "</saml2:Assertion>"
}

fn write_posture(p: &DevicePosture) -> String {
    let mut xml = format!(
        "<saml2:AuthnContextDecl><AuthenticationContextDeclaration xmlns=\"{}\"><AuthnMethod/><Extension><Device",
        escape(&p.namespace)
    );
    let device =
        [("ID", &p.device_id), ("Vendor", &p.vendor), ("Model", &p.model), ("OS", &p.os), ("OSVersion", &p.os_version)];
    for (name, value) in device {
        optional(&mut xml, name, Some(value.as_str()).filter(|v| !v.is_empty()));
    }
    xml += "><Posture>";
    for (name, value) in &p.facts {
        let _ = write!(xml, "<Fact Name=\"{}\" Value=\"{}\"/>", escape(name), escape(value));
    }
    xml + "</Posture></Device></Extension></AuthenticationContextDeclaration></saml2:AuthnContextDecl>"
}

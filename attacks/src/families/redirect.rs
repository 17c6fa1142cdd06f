//! The Redirect binding: signatures over the query, parameters twice, both messages.

use super::row;
use crate::redirect::{RSA_SHA256, parameter, quoted, signed, with, xml};
use crate::sign::With;
use crate::{Act, Family, On, Row, Scene, Who};

const fn query(
    name: &'static str,
    change: fn(&str, &Scene<'_>) -> Option<String>,
    code: &'static str,
    says: &'static str,
) -> Row {
    row(name, Act::Query(change), code, says)
}

/// The honest text with another id, as an attacker writes it, as a parameter's raw value.
fn evil(query: &str) -> Option<String> {
    let text = xml(query)?;
    let id = crate::edit::attribute(&text, "AuthnRequest", "ID")?.to_string();
    Some(crate::redirect::carried(text.replacen(&id, "_evil", 1).as_bytes()))
}

pub static SIGNATURE: Family = Family {
    name: "signatures of a query",
    class: "redirect signature",
    who: Who::Network,
    on: On::Redirect,
    source: "CVE-2025-27773 (simplesamlphp), Keycloak CVE-2026-18217; bindings 3.4.4.1; samael findings S8 and S9",
    requirement: "wire-redirect",
    rows: &[
        query(
            "query-request-replaced",
            |q, _| with(q, "SAMLRequest", Some(&evil(q)?)),
            "saml/signature-invalid",
            "Another request under the honest signature.",
        ),
        query(
            "query-relay-state-changed",
            |q, _| with(q, "RelayState", Some("elsewhere")),
            "saml/signature-invalid",
            "Another RelayState under the honest signature.",
        ),
        query(
            "query-relay-state-dropped",
            |q, _| with(q, "RelayState", None),
            "saml/signature-invalid",
            "The RelayState is taken out.",
        ),
        query(
            "query-signature-dropped",
            |q, _| with(q, "Signature", None),
            "saml/signature-missing",
            "The signature is taken out, its algorithm stays.",
        ),
        query(
            "query-algorithm-dropped",
            |q, _| with(q, "SigAlg", None),
            "saml/signature-missing",
            "The algorithm is taken out, the signature stays.",
        ),
        query(
            "query-both-dropped",
            |q, _| with(&with(q, "SigAlg", None)?, "Signature", None),
            "saml/signature-missing",
            "Signature and algorithm are taken out.",
        ),
        query(
            "query-signature-empty",
            |q, _| with(q, "Signature", Some("")),
            "saml/signature-invalid",
            "The signature is empty.",
        ),
        query(
            "query-signature-garbage",
            |q, _| with(q, "Signature", Some("!!!")),
            "saml/base64",
            "The signature is not base64.",
        ),
        query("query-algorithm-empty", |q, _| with(q, "SigAlg", Some("")), "saml/algorithm", "The algorithm is empty."),
        query(
            "query-algorithm-sha1",
            |q, s| {
                signed(q, parameter(q, "SAMLRequest")?, "http://www.w3.org/2000/09/xmldsig#rsa-sha1", With::Attacker, s)
            },
            "saml/algorithm",
            "Signed with RSA and SHA-1.",
        ),
        query(
            "query-algorithm-hmac",
            |q, s| {
                signed(
                    q,
                    parameter(q, "SAMLRequest")?,
                    "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256",
                    With::HmacDer,
                    s,
                )
            },
            "saml/algorithm",
            "HMAC keyed by the certificate.",
        ),
        query(
            "query-algorithm-dsa",
            |q, s| signed(q, parameter(q, "SAMLRequest")?, "http://www.w3.org/2000/09/xmldsig#dsa-sha1", With::Dsa, s),
            "saml/algorithm",
            "Signed with a DSA key.",
        ),
        query(
            "query-algorithm-ecdsa",
            |q, s| {
                signed(
                    q,
                    parameter(q, "SAMLRequest")?,
                    "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
                    With::Attacker,
                    s,
                )
            },
            "saml/algorithm",
            "The algorithm is of another kind than the configured key.",
        ),
        query(
            "query-stranger-key",
            |q, s| signed(q, &evil(q)?, RSA_SHA256, With::Attacker, s),
            "saml/signature-invalid",
            "Signed with a key of her own.",
        ),
        query(
            "query-reencoded-lower-case",
            |q, _| Some(lower_escapes(q)),
            "saml/signature-invalid",
            "The same query with small letters in its escapes: other bytes than were signed.",
        ),
        query(
            "query-reencoded-plus",
            |q, _| Some(q.replace("%20", "+").replace("%2B", "+")),
            "saml/signature-invalid",
            "Spaces and plus signs written as bare plus signs: other bytes than were signed.",
        ),
        query(
            "query-embedded-signature",
            |q, s| {
                let text =
                    crate::sign::sign(&xml(q)?, "AuthnRequest", crate::Shape { edit: None, with: With::Attacker }, s)?;
                with(q, "SAMLRequest", Some(&crate::redirect::carried(text.as_bytes())))
            },
            "saml/signature-place",
            "A signature inside the redirected message.",
        ),
    ],
};

fn lower_escapes(query: &str) -> String {
    let (mut out, mut rest) = (String::new(), query);
    while let Some(at) = rest.find('%') {
        let end = (at + 3).min(rest.len());
        out += &rest[..at];
        out += &rest[at..end].to_lowercase();
        rest = &rest[end..];
    }
    out + rest
}

pub static PARAMETERS: Family = Family {
    name: "parameters of a query",
    class: "redirect parameters",
    who: Who::Network,
    on: On::Redirect,
    source: "CVE-2025-27773; samael finding S9 (last one wins); RFC 3986",
    requirement: "wire-redirect",
    rows: &[
        query(
            "query-two-requests-evil-first",
            |q, _| Some(format!("SAMLRequest={}&{q}", evil(q)?)),
            "saml/repeated-parameter",
            "A forged request stands before the honest one.",
        ),
        query(
            "query-two-requests-evil-last",
            |q, _| Some(format!("{q}&SAMLRequest={}", evil(q)?)),
            "saml/repeated-parameter",
            "A forged request stands after the honest one.",
        ),
        query(
            "query-two-relay-states",
            |q, _| Some(format!("{q}&RelayState=evil")),
            "saml/repeated-parameter",
            "A second RelayState.",
        ),
        query(
            "query-two-algorithms",
            |q, _| Some(format!("SigAlg={}&{q}", quoted(RSA_SHA256))),
            "saml/repeated-parameter",
            "A second algorithm.",
        ),
        query(
            "query-two-signatures",
            |q, _| Some(format!("{q}&Signature={}", parameter(q, "Signature")?)),
            "saml/repeated-parameter",
            "A second signature.",
        ),
        query(
            "query-both-messages",
            |q, _| Some(format!("{q}&SAMLResponse={}", evil(q)?)),
            "saml/two-messages",
            "A response beside the request.",
        ),
        query(
            "query-both-messages-first",
            |q, _| Some(format!("SAMLResponse={}&{q}", evil(q)?)),
            "saml/two-messages",
            "A response before the request.",
        ),
        query("query-request-missing", |q, _| with(q, "SAMLRequest", None), "saml/missing", "There is no request."),
        query("query-request-empty", |q, _| with(q, "SAMLRequest", Some("")), "saml/deflate", "The request is empty."),
        query(
            "query-request-not-base64",
            |q, _| with(q, "SAMLRequest", Some("%25%25")),
            "saml/base64",
            "The request is not base64.",
        ),
        query(
            "query-name-escaped",
            |q, _| Some(format!("%53AMLRequest={}&{q}", evil(q)?)),
            "saml/encoded-parameter",
            "A forged request under an escaped name, which others decode.",
        ),
        query(
            "query-name-lower-case",
            |q, _| Some(q.replacen("SAMLRequest=", "samlrequest=", 1)),
            "saml/missing",
            "The parameter's name in small letters.",
        ),
        query(
            "query-encoding-unknown",
            |q, _| Some(format!("{q}&SAMLEncoding=urn:x:none")),
            "saml/encoding",
            "The query names another encoding than DEFLATE.",
        ),
    ],
};

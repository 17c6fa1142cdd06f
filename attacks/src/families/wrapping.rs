//! Signature wrapping: the signed element is still there and still verifies, and something else is read.

use super::altered;
use crate::edit::{Edit, find};
use crate::{Act, End, Family, On, Row, Scene, Who};

const SOURCE: &str =
    "Somorovsky et al., On Breaking SAML, USENIX Security 2012; SAML Raider numbering; CVE-2024-45409, CVE-2025-47949";

/// The pieces that a wrapping is made of.
struct Parts {
    /// The honest element, as it came.
    signed: String,
    /// Without its signature.
    bare: String,
    signature: String,
    /// A copy under another id that names somebody else, unsigned.
    evil: String,
    /// Another id, somebody else, and the honest signature.
    evil_signed: String,
}

fn parts(xml: &str, path: &str, scene: &Scene<'_>) -> Option<(Parts, crate::edit::Spot)> {
    let spot = find(xml, path)?;
    let signed = spot.text(xml).to_string();
    let root = path.rsplit('/').next()?;
    let own = find(&signed, &format!("{root}/Signature"))?;
    let signature = own.text(&signed).to_string();
    let bare = signed.replacen(&signature, "", 1);
    let name_id = if root == "Response" { "Response/Assertion/Subject/NameID" } else { "Assertion/Subject/NameID" };
    let change = |xml: &str| {
        // A device's id in the posture must be another one too.
        let xml = &xml.replace("<Device ID=\"", "<Device ID=\"_evil");
        let xml = Edit::Attr(root_path(root), "ID", crate::Val::Is("_evil")).apply(xml, scene)?;
        let xml = match root {
            "Response" => {
                Edit::Attr("Response/Assertion", "ID", crate::Val::Is("_evil_assertion")).apply(&xml, scene)?
            }
            _ => xml,
        };
        match root {
            "AuthnRequest" => Edit::Attr("AuthnRequest", "ForceAuthn", crate::Val::Is("false")).apply(&xml, scene),
            _ => {
                let spot = find(&xml, name_id)?;
                Some(format!("{}{}{}", &xml[..spot.inside], scene.evil, &xml[spot.close..]))
            }
        }
    };
    // A forged response keeps no signature of the honest assertion.
    let inner = find(&signed, "Response/Assertion/Signature").map(|s| s.text(&signed).to_string()).unwrap_or_default();
    let unsigned = |xml: &str| xml.replacen(&inner, "", usize::from(!inner.is_empty()));
    let parts =
        Parts { evil: change(&unsigned(&bare))?, evil_signed: change(&unsigned(&signed))?, signed, bare, signature };
    Some((parts, spot))
}

fn root_path(root: &str) -> &'static str {
    match root {
        "Response" => "Response",
        "AuthnRequest" => "AuthnRequest",
        _ => "Assertion",
    }
}

fn rebuilt(xml: &str, path: &str, scene: &Scene<'_>, build: impl Fn(&Parts) -> String) -> Option<String> {
    let (parts, spot) = parts(xml, path, scene)?;
    Some(format!("{}{}{}", &xml[..spot.start], build(&parts), &xml[spot.end..]))
}

/// `what` put last inside the element of `xml` that ends with `close`.
fn inside(xml: &str, close: &str, what: &str) -> String {
    match xml.rfind(close) {
        Some(at) => format!("{}{what}{}", &xml[..at], &xml[at..]),
        None => xml.to_string(),
    }
}

macro_rules! wrap {
    ($name:literal, $path:literal, $code:literal, $says:literal, $build:expr) => {
        altered($name, Edit::Fn(|xml, scene| rebuilt(xml, $path, scene, $build)), $code, $says)
    };
}

const A: &str = "</saml2:Assertion>";
const S: &str = "</ds:Signature>";

/// The signed assertion goes into `open … close` of a forged one, which stands where it stood.
fn carried(p: &Parts, open: &str, close: &str) -> String {
    inside(&p.evil, A, &format!("{open}{}{close}", p.signed))
}

pub static ASSERTION: Family = Family {
    name: "wrapping around a signed assertion",
    class: "signature wrapping",
    who: Who::Network,
    on: On::SignedAssertion,
    source: SOURCE,
    requirement: "wire-verified-node",
    rows: &[
        wrap!(
            "xsw3",
            "Response/Assertion",
            "saml/assertion-count",
            "A forged assertion stands before the signed one.",
            |p| { format!("{}{}", p.evil, p.signed) }
        ),
        wrap!(
            "xsw3-last",
            "Response/Assertion",
            "saml/assertion-count",
            "A forged assertion stands after the signed one.",
            |p| { format!("{}{}", p.signed, p.evil) }
        ),
        wrap!(
            "xsw4",
            "Response/Assertion",
            "saml/signature-place",
            "The signed assertion becomes a child of a forged one.",
            |p| { inside(&p.evil, A, &p.signed) }
        ),
        wrap!(
            "xsw5",
            "Response/Assertion",
            "saml/reference",
            "The forged assertion takes the signature, the signed content stands after it.",
            |p| { format!("{}{}", p.evil_signed, p.bare) }
        ),
        wrap!(
            "xsw6",
            "Response/Assertion",
            "saml/signature-shape",
            "The forged assertion takes the signature, and the signed content lies inside that.",
            |p| { p.evil_signed.replace(S, &format!("{}{S}", p.bare)) }
        ),
        wrap!("xsw7", "Response/Assertion", "saml/assertion-count", "The forged assertion hides in Extensions.", |p| {
            format!("<saml2p:Extensions>{}</saml2p:Extensions>{}", p.evil, p.signed)
        }),
        wrap!(
            "xsw8",
            "Response/Assertion",
            "saml/signature-shape",
            "The signed content lies in a ds:Object of the forged assertion's signature.",
            |p| { p.evil_signed.replace(S, &format!("<ds:Object>{}</ds:Object>{S}", p.bare)) }
        ),
        wrap!(
            "xsw-same-id-before",
            "Response/Assertion",
            "saml/duplicate-id",
            "The forged assertion has the id of the signed one and stands before it.",
            |p| { format!("{}{}", p.evil.replace("\"_evil\"", &id_of(&p.signed)), p.signed) }
        ),
        wrap!(
            "xsw-same-id-after",
            "Response/Assertion",
            "saml/duplicate-id",
            "The forged assertion has the id of the signed one and stands after it.",
            |p| { format!("{}{}", p.signed, p.evil.replace("\"_evil\"", &id_of(&p.signed))) }
        ),
        wrap!(
            "xsw-advice",
            "Response/Assertion",
            "saml/signature-place",
            "The signed assertion lies in the Advice of a forged one.",
            |p| { carried(p, "<saml2:Advice>", "</saml2:Advice>") }
        ),
        wrap!(
            "xsw-attribute-value",
            "Response/Assertion",
            "saml/signature-place",
            "The signed assertion is an attribute value of a forged one.",
            |p| {
                carried(
                    p,
                    "<saml2:AttributeStatement><saml2:Attribute Name=\"x\"><saml2:AttributeValue>",
                    "</saml2:AttributeValue></saml2:Attribute></saml2:AttributeStatement>",
                )
            }
        ),
        wrap!(
            "xsw-confirmation-data",
            "Response/Assertion",
            "saml/signature-place",
            "The signed assertion lies in the SubjectConfirmationData of a forged one.",
            |p| {
                let evil = &p.evil;
                match find(evil, "Assertion/Subject/SubjectConfirmation/SubjectConfirmationData") {
                    Some(s) => {
                        let open = s.tag(evil).replacen("/>", ">", 1);
                        format!(
                            "{}{open}{}</saml2:SubjectConfirmationData>{}",
                            &evil[..s.start],
                            p.signed,
                            &evil[s.end..]
                        )
                    }
                    None => evil.clone(),
                }
            }
        ),
        wrap!(
            "xsw-conditions",
            "Response/Assertion",
            "saml/signature-place",
            "The signed assertion lies in the Conditions of a forged one.",
            |p| { inside(&p.evil, "</saml2:Conditions>", &p.signed) }
        ),
        wrap!(
            "xsw-authn-context-decl",
            "Response/Assertion",
            "saml/signature-place",
            "The signed assertion lies in the context declaration of a forged one.",
            |p| {
                inside(
                    &p.evil,
                    "</saml2:AuthnContext>",
                    &format!("<saml2:AuthnContextDecl>{}</saml2:AuthnContextDecl>", p.signed),
                )
            }
        ),
        wrap!(
            "xsw-extensions",
            "Response/Assertion",
            "saml/signature-place",
            "The signed assertion moves into Extensions and a forged one takes its place.",
            |p| { format!("<saml2p:Extensions>{}</saml2p:Extensions>{}", p.signed, p.evil) }
        ),
        wrap!(
            "xsw-foreign-element",
            "Response/Assertion",
            "saml/signature-place",
            "The signed assertion lies in an element nobody knows, a forged one beside it.",
            |p| { format!("<x:any xmlns:x=\"urn:x\">{}</x:any>{}", p.signed, p.evil) }
        ),
        wrap!(
            "xsw-moved-alone",
            "Response/Assertion",
            "saml/signature-place",
            "The signed assertion is no longer a child of the response.",
            |p| { format!("<saml2p:Extensions>{}</saml2p:Extensions>", p.signed) }
        ),
        altered(
            "xsw-status-detail",
            Edit::Fn(|xml, scene| {
                let (p, spot) = parts(xml, "Response/Assertion", scene)?;
                let swapped = format!("{}{}{}", &xml[..spot.start], p.evil, &xml[spot.end..]);
                let status = find(&swapped, "Response/Status")?;
                let detail = format!("<saml2p:StatusDetail>{}</saml2p:StatusDetail>", p.signed);
                Some(format!("{}{detail}{}", &swapped[..status.close], &swapped[status.close..]))
            }),
            "saml/signature-place",
            "The signed assertion moves into StatusDetail and a forged one takes its place.",
        ),
        wrap!(
            "xsw-key-info",
            "Response/Assertion",
            "saml/key-info",
            "The signed content lies in the KeyInfo of the forged assertion's signature.",
            |p| { p.evil_signed.replace("</ds:KeyInfo>", &format!("{}</ds:KeyInfo>", p.bare)) }
        ),
        wrap!(
            "xsw-signature-borrowed",
            "Response/Assertion",
            "saml/reference",
            "A forged assertion alone, with the signature of the honest one.",
            |p| { p.evil_signed.clone() }
        ),
        wrap!(
            "xsw-two-signatures",
            "Response/Assertion",
            "saml/reference",
            "The signed assertion first, then a forged one with the same signature.",
            |p| {
                format!(
                    "{}{}",
                    p.signed,
                    p.evil.replacen("</saml2:Issuer>", &format!("</saml2:Issuer>{}", p.signature), 1)
                )
            }
        ),
    ],
};

/// The value of the first `ID`, in quotes.
fn id_of(xml: &str) -> String {
    let value = xml.split(" ID=\"").nth(1).and_then(|r| r.split('"').next()).unwrap_or_default();
    format!("\"{value}\"")
}

pub static RESPONSE: Family = Family {
    name: "wrapping around a signed response",
    class: "signature wrapping",
    who: Who::Network,
    on: On::SignedResponse,
    source: SOURCE,
    requirement: "wire-verified-node",
    rows: &[
        wrap!(
            "xsw1",
            "Response",
            "saml/signature-shape",
            "A forged response takes the signature, and the signed response lies inside that.",
            |p| { p.evil_signed.replacen(S, &format!("{}{S}", p.bare), 1) }
        ),
        wrap!(
            "xsw2",
            "Response",
            "saml/reference|saml/signature-place",
            "The signed response stands before the signature in a forged one.",
            |p| { p.evil_signed.replacen("<ds:Signature", &format!("{}<ds:Signature", p.bare), 1) }
        ),
        wrap!(
            "xsw-response-object",
            "Response",
            "saml/signature-shape",
            "The signed response lies in a ds:Object of a forged response's signature.",
            |p| { p.evil_signed.replacen(S, &format!("<ds:Object>{}</ds:Object>{S}", p.bare), 1) }
        ),
        wrap!(
            "xsw-response-extensions",
            "Response",
            "saml/signature-place",
            "A whole signed response lies in the Extensions of a forged one.",
            |p| {
                p.evil.replacen(
                    "<saml2p:Status>",
                    &format!("<saml2p:Extensions>{}</saml2p:Extensions><saml2p:Status>", p.signed),
                    1,
                )
            }
        ),
        wrap!(
            "xsw-response-status-detail",
            "Response",
            "saml/signature-place",
            "A whole signed response lies in the StatusDetail of a forged one.",
            |p| {
                p.evil.replacen(
                    "</saml2p:Status>",
                    &format!("<saml2p:StatusDetail>{}</saml2p:StatusDetail></saml2p:Status>", p.signed),
                    1,
                )
            }
        ),
        wrap!(
            "xsw-response-last",
            "Response",
            "saml/signature-place",
            "A whole signed response stands after the assertion of a forged one.",
            |p| { inside(&p.evil, "</saml2p:Response>", &p.signed) }
        ),
        wrap!(
            "xsw-response-in-advice",
            "Response",
            "saml/signature-place",
            "A whole signed response lies in the Advice of a forged assertion.",
            |p| { inside(&p.evil, A, &format!("<saml2:Advice>{}</saml2:Advice>", p.signed)) }
        ),
        wrap!("xsw-soap-envelope", "Response", "saml/root", "The signed response comes in a SOAP envelope.", |p| {
            format!(
                "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body>{}</s:Body></s:Envelope>",
                p.signed
            )
        }),
        wrap!(
            "xsw-foreign-root",
            "Response",
            "saml/root",
            "The signed response lies beside a forged one under a root nobody knows.",
            |p| { format!("<x:any xmlns:x=\"urn:x\">{}{}</x:any>", p.evil, p.signed) }
        ),
        wrap!(
            "xsw-extra-assertion",
            "Response",
            "saml/signature-invalid",
            "A second assertion is put into a signed response.",
            |p| {
                inside(
                    &p.signed,
                    "</saml2p:Response>",
                    &find(&p.evil, "Response/Assertion").map(|s| s.text(&p.evil).to_string()).unwrap_or_default(),
                )
            }
        ),
    ],
};

pub static REQUEST: Family = Family {
    name: "wrapping around a signed request",
    class: "signature wrapping",
    who: Who::Network,
    on: On::PostedRequest,
    source: SOURCE,
    requirement: "wire-verified-node",
    rows: &[
        Row {
            name: "xsw-request-extensions",
            act: Act::Alter(Edit::Fn(|xml, scene| {
                rebuilt(xml, "AuthnRequest", scene, |p| {
                    p.evil.replacen(
                        "</saml2:Issuer>",
                        &format!("</saml2:Issuer><saml2p:Extensions>{}</saml2p:Extensions>", p.signed),
                        1,
                    )
                })
            })),
            end: End::Refused("saml/signature-place"),
            says: "The signed request lies in the Extensions of a forged one.",
        },
        Row {
            name: "xsw-request-object",
            act: Act::Alter(Edit::Fn(|xml, scene| {
                rebuilt(xml, "AuthnRequest", scene, |p| {
                    p.evil_signed.replacen(S, &format!("<ds:Object>{}</ds:Object>{S}", p.bare), 1)
                })
            })),
            end: End::Refused("saml/signature-shape"),
            says: "The signed request lies in a ds:Object of a forged request's signature.",
        },
    ],
};

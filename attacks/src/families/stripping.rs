//! Signatures taken away, whole or in part.

use super::altered;
use crate::edit::{Edit, Place, Val};
use crate::sign::unsign;
use crate::{Family, On, Who};

const SIGNATURE: &str = "Response/Signature";

pub static STRIPPING: Family = Family {
    name: "stripping",
    class: "stripping",
    who: Who::Network,
    on: On::SignedResponse,
    source: "CVE-2026-28323, CVE-2026-16443; samael finding S1; SAML profiles 4.1.4.5 (POST: the assertion must be signed)",
    requirement: "wire-signature-required",
    rows: &[
        altered(
            "strip-all",
            Edit::Fn(|xml, _| Some(unsign(xml).0)),
            "saml/signature-missing",
            "Every signature is taken out.",
        ),
        altered(
            "strip-all-and-forge",
            Edit::Fn(|xml, scene| {
                Edit::Text("Response/Assertion/Subject/NameID", Val::Evil).apply(&unsign(xml).0, scene)
            }),
            "saml/signature-missing",
            "Every signature is taken out and somebody else is named.",
        ),
        altered(
            "strip-namespace",
            Edit::Fn(|xml, _| Some(xml.replace("http://www.w3.org/2000/09/xmldsig#\"", "urn:not-a-signature\""))),
            "saml/signature-missing",
            "The signature is put into a namespace nobody verifies.",
        ),
        altered(
            "strip-to-empty",
            Edit::Text(SIGNATURE, Val::Is("")),
            "saml/signature-shape",
            "The signature element is empty.",
        ),
        altered(
            "strip-signed-info",
            Edit::Drop("Response/Signature/SignedInfo"),
            "saml/signature-shape",
            "The signature has no SignedInfo.",
        ),
        altered(
            "strip-signature-value",
            Edit::Drop("Response/Signature/SignatureValue"),
            "saml/signature-shape",
            "The signature has no SignatureValue.",
        ),
        altered(
            "strip-reference",
            Edit::Drop("Response/Signature/SignedInfo/Reference"),
            "saml/signature-shape",
            "The signature refers to nothing.",
        ),
        altered(
            "strip-reference-uri",
            Edit::Attr("Response/Signature/SignedInfo/Reference", "URI", Val::Gone),
            "saml/reference",
            "The reference has no URI.",
        ),
        altered(
            "strip-digest-value",
            Edit::Text("Response/Signature/SignedInfo/Reference/DigestValue", Val::Is("")),
            "saml/signature-shape",
            "The digest is empty.",
        ),
        altered(
            "strip-value-text",
            Edit::Text("Response/Signature/SignatureValue", Val::Is("")),
            "saml/signature-invalid",
            "The signature's value is empty.",
        ),
        altered(
            "strip-transforms",
            Edit::Drop("Response/Signature/SignedInfo/Reference/Transforms"),
            "saml/signature-shape",
            "The transforms are taken out.",
        ),
        altered(
            "strip-moved",
            Edit::Fn(|xml, scene| {
                let signature = crate::edit::find(xml, SIGNATURE)?.text(xml).to_string();
                let rest = Edit::Drop(SIGNATURE).apply(xml, scene)?;
                let status = crate::edit::find(&rest, "Response/Status")?;
                Some(format!("{}{signature}{}", &rest[..status.close], &rest[status.close..]))
            }),
            "saml/signature-place",
            "The signature is moved out of the element that it signs.",
        ),
        altered(
            "strip-reference-to-extensions",
            Edit::All(&[
                Edit::Put(
                    Place::Before,
                    "Response/Status",
                    "<saml2p:Extensions><x:y xmlns:x=\"urn:x\" ID=\"_harmless\"/></saml2p:Extensions>",
                ),
                Edit::Attr("Response/Signature/SignedInfo/Reference", "URI", Val::Is("#_harmless")),
            ]),
            "saml/reference",
            "The reference is turned to an element that says nothing.",
        ),
    ],
};

//! Signatures of another shape than SAML's: more parts, other references, other transforms, canonicalisation of nothing.

use super::{altered, shaped, written};
use crate::edit::{Edit, Place, Val};
use crate::sign::algorithm;
use crate::{Family, On, Who};

const OWN: &str = "Response/Signature";
const REFERENCE: &str = "Signature/SignedInfo/Reference";
const LIST: &str = "Signature/SignedInfo/Reference/Transforms";

pub static SHAPE_CARRIED: Family = Family {
    name: "parts added to a signature",
    class: "signature shape",
    who: Who::Network,
    on: On::SignedResponse,
    source: "CVE-2019-3465 (xmlseclibs), CVE-2025-29774 (xml-crypto); SAML errata E91; core 5.4.2",
    requirement: "wire-signature-shape",
    rows: &[
        altered("two-signatures", Edit::Double(OWN), "saml/signature-shape", "The same signature stands there twice."),
        altered(
            "two-signed-info-after",
            Edit::Fn(|xml, scene| {
                let info = crate::edit::find(xml, "Response/Signature/SignedInfo")?.text(xml).to_string();
                let spot = crate::edit::find(xml, "Response/Signature/SignedInfo")?;
                let _ = scene;
                Some(format!(
                    "{}{}{}",
                    &xml[..spot.end],
                    info.replace("<ds:DigestValue>", "<ds:DigestValue>AAAA"),
                    &xml[spot.end..]
                ))
            }),
            "saml/signature-shape",
            "A forged SignedInfo stands after the honest one.",
        ),
        altered(
            "two-signed-info-before",
            Edit::Fn(|xml, scene| {
                let spot = crate::edit::find(xml, "Response/Signature/SignedInfo")?;
                let info = spot.text(xml).replace("<ds:DigestValue>", "<ds:DigestValue>AAAA");
                let _ = scene;
                Some(format!("{}{info}{}", &xml[..spot.start], &xml[spot.start..]))
            }),
            "saml/signature-shape",
            "A forged SignedInfo stands before the honest one.",
        ),
        altered(
            "two-signature-values",
            Edit::Double("Response/Signature/SignatureValue"),
            "saml/signature-shape",
            "The signature has two values.",
        ),
        altered(
            "two-key-infos",
            Edit::Double("Response/Signature/KeyInfo"),
            "saml/signature-shape",
            "The signature has two KeyInfo.",
        ),
        altered(
            "object-empty",
            Edit::Put(Place::Last, OWN, "<ds:Object/>"),
            "saml/signature-shape",
            "A ds:Object is added to the signature.",
        ),
        altered(
            "object-with-id",
            Edit::Put(Place::Last, OWN, "<ds:Object Id=\"o\"><x:y xmlns:x=\"urn:x\"/></ds:Object>"),
            "saml/signature-shape",
            "A ds:Object with content is added to the signature.",
        ),
        altered(
            "object-xades",
            Edit::Put(
                Place::Last,
                OWN,
                "<ds:Object><q:QualifyingProperties xmlns:q=\"http://uri.etsi.org/01903/v1.3.2#\"/></ds:Object>",
            ),
            "saml/signature-shape",
            "XAdES properties are added to the signature.",
        ),
        altered(
            "signature-inside-signature",
            Edit::Fn(|xml, scene| {
                let inner = crate::edit::find(xml, OWN)?.text(xml).to_string();
                let spot = crate::edit::find(xml, "Response/Signature/KeyInfo")?;
                let _ = scene;
                Some(format!("{}{inner}{}", &xml[..spot.close], &xml[spot.close..]))
            }),
            "saml/key-info",
            "A copy of the signature lies in its own KeyInfo.",
        ),
        altered(
            "decoy-signature",
            Edit::Fn(|xml, _| {
                let copy = crate::edit::find(xml, OWN)?.text(xml).to_string();
                Some(xml.replacen(
                    "<saml2p:Status>",
                    &format!("<saml2p:Extensions>{copy}</saml2p:Extensions><saml2p:Status>"),
                    1,
                ))
            }),
            "saml/signature-place",
            "A copy of the signature lies in Extensions.",
        ),
        altered(
            "key-info-first",
            Edit::Fn(|xml, scene| {
                let spot = crate::edit::find(xml, "Response/Signature/KeyInfo")?;
                let info = spot.text(xml).to_string();
                let rest = format!("{}{}", &xml[..spot.start], &xml[spot.end..]);
                let at = crate::edit::find(&rest, "Response/Signature/SignedInfo")?.start;
                let _ = scene;
                Some(format!("{}{info}{}", &rest[..at], &rest[at..]))
            }),
            "saml/signature-shape",
            "KeyInfo stands before SignedInfo.",
        ),
        altered(
            "foreign-part",
            Edit::Put(Place::Last, OWN, "<x:y xmlns:x=\"urn:x\"/>"),
            "saml/signature-shape",
            "A foreign element lies in the signature.",
        ),
        altered(
            "text-in-signature",
            Edit::Put(Place::Last, OWN, "some text"),
            "saml/signature-shape",
            "Bare text lies in the signature.",
        ),
    ],
};

pub static SHAPE_WRITTEN: Family = Family {
    name: "references of another kind",
    class: "signature shape",
    who: Who::Idp,
    on: On::SignedResponse,
    source: "SAML core 5.4.2 (one same-document reference to the root's id); samael finding S7; pysaml2 CVE-2020-5390",
    requirement: "wire-signature-shape",
    rows: &[
        shaped(
            "reference-empty",
            Edit::Attr(REFERENCE, "URI", Val::Is("")),
            "saml/reference",
            "The reference is to the whole document.",
        ),
        shaped(
            "reference-missing-uri",
            Edit::Attr(REFERENCE, "URI", Val::Gone),
            "saml/reference",
            "The reference has no URI.",
        ),
        shaped(
            "reference-xpointer-root",
            Edit::Attr(REFERENCE, "URI", Val::Is("#xpointer(/)")),
            "saml/reference",
            "The reference is an XPointer to the root.",
        ),
        shaped(
            "reference-xpointer-id",
            Edit::Attr(REFERENCE, "URI", Val::Of(|old| format!("#xpointer(id('{}'))", old.trim_start_matches('#')))),
            "saml/reference",
            "The reference is an XPointer by id.",
        ),
        shaped(
            "reference-external",
            Edit::Attr(REFERENCE, "URI", Val::Is("https://evil.test/signed.xml")),
            "saml/reference",
            "The reference is to another host.",
        ),
        shaped(
            "reference-file",
            Edit::Attr(REFERENCE, "URI", Val::Is("Cargo.toml")),
            "saml/reference",
            "The reference is to a file.",
        ),
        shaped(
            "reference-other-id",
            Edit::Fn(|t, _| Some(t.replace("URI=\"#", "URI=\"#x"))),
            "saml/reference",
            "The reference is to an id that is not there.",
        ),
        shaped("two-references", Edit::Double(REFERENCE), "saml/signature-shape", "SignedInfo has two references."),
        shaped(
            "two-references-external",
            Edit::Put(
                Place::After,
                REFERENCE,
                "<ds:Reference URI=\"https://evil.test/x\"><ds:DigestMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"/><ds:DigestValue>AAAA</ds:DigestValue></ds:Reference>",
            ),
            "saml/signature-shape",
            "A second reference is to another host.",
        ),
        shaped(
            "reference-to-manifest",
            Edit::All(&[
                Edit::Put(Place::Last, "Signature", "<ds:Object><ds:Manifest Id=\"m\"/></ds:Object>"),
                Edit::Attr(REFERENCE, "Type", Val::Is("http://www.w3.org/2000/09/xmldsig#Manifest")),
            ]),
            "saml/signature-shape",
            "The reference is to a manifest.",
        ),
        shaped(
            "signed-info-doubled-element",
            Edit::Double("Signature/SignedInfo/SignatureMethod"),
            "saml/signature-shape",
            "SignedInfo has two methods.",
        ),
        shaped(
            "c14n-method-doubled",
            Edit::Double("Signature/SignedInfo/CanonicalizationMethod"),
            "saml/signature-shape",
            "SignedInfo has two canonicalisations.",
        ),
        shaped(
            "transforms-doubled",
            Edit::Double(LIST),
            "saml/signature-shape",
            "The reference has two lists of transforms.",
        ),
        shaped(
            "object-signed",
            Edit::Put(Place::Last, "Signature", "<ds:Object><x:y xmlns:x=\"urn:x\"/></ds:Object>"),
            "saml/signature-shape",
            "The sender's signature has a ds:Object.",
        ),
    ],
};

pub static TRANSFORMS: Family = Family {
    name: "transforms and canonicalisation outside the list",
    class: "transforms",
    who: Who::Idp,
    on: On::SignedResponse,
    source: "SAML core 5.4.3 and 5.4.4; XSLT and XPath in signatures (Hill 2007); measured: an XPath that selects nothing forged an identity",
    requirement: "wire-signature-shape",
    rows: &[
        shaped(
            "transform-xslt",
            Edit::Put(
                Place::Last,
                LIST,
                "<ds:Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xslt-19991116\"><xsl:stylesheet xmlns:xsl=\"http://www.w3.org/1999/XSL/Transform\" version=\"1.0\"/></ds:Transform>",
            ),
            "saml/transform",
            "An XSLT stylesheet is to be run.",
        ),
        shaped(
            "transform-xpath-nothing",
            Edit::Put(
                Place::Last,
                LIST,
                "<ds:Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xpath-19991116\"><ds:XPath>false()</ds:XPath></ds:Transform>",
            ),
            "saml/transform",
            "An XPath selects nothing, so nothing is digested.",
        ),
        shaped(
            "transform-xpath-part",
            Edit::Put(
                Place::Last,
                LIST,
                "<ds:Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xpath-19991116\"><ds:XPath>not(ancestor-or-self::node()[local-name()='NameID'])</ds:XPath></ds:Transform>",
            ),
            "saml/transform",
            "An XPath leaves the name out.",
        ),
        shaped(
            "transform-xpath-filter2",
            Edit::Put(
                Place::Last,
                LIST,
                "<ds:Transform Algorithm=\"http://www.w3.org/2002/06/xmldsig-filter2\"><f:XPath xmlns:f=\"http://www.w3.org/2002/06/xmldsig-filter2\" Filter=\"subtract\">//*</f:XPath></ds:Transform>",
            ),
            "saml/transform",
            "An XPath filter subtracts everything.",
        ),
        shaped(
            "transform-base64",
            Edit::Put(Place::Last, LIST, "<ds:Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#base64\"/>"),
            "saml/transform",
            "The content is to be decoded first.",
        ),
        shaped(
            "transform-decrypt",
            Edit::Put(Place::First, LIST, "<ds:Transform Algorithm=\"http://www.w3.org/2002/07/decrypt#XML\"/>"),
            "saml/transform",
            "The content is to be decrypted first.",
        ),
        shaped(
            "transform-with-comments",
            Edit::Swap(
                "<ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/>",
                "<ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#WithComments\"/>",
            ),
            "saml/transform",
            "Comments are signed with the rest.",
        ),
        shaped(
            "transform-inclusive",
            Edit::Swap(
                "<ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/>",
                "<ds:Transform Algorithm=\"http://www.w3.org/TR/2001/REC-xml-c14n-20010315\"/>",
            ),
            "saml/transform",
            "Canonicalisation takes the surroundings in.",
        ),
        shaped(
            "transform-c14n11",
            Edit::Swap(
                "<ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/>",
                "<ds:Transform Algorithm=\"http://www.w3.org/2006/12/xml-c14n11\"/>",
            ),
            "saml/transform",
            "Canonicalisation of version 1.1.",
        ),
        shaped(
            "transform-unknown",
            Edit::Put(Place::Last, LIST, "<ds:Transform Algorithm=\"urn:x:transform\"/>"),
            "saml/transform",
            "A transform nobody knows.",
        ),
        shaped(
            "transform-nameless",
            Edit::Put(Place::Last, LIST, "<ds:Transform/>"),
            "saml/transform",
            "A transform without a name.",
        ),
        shaped(
            "transform-foreign-element",
            Edit::Put(Place::Last, LIST, "<x:Transform xmlns:x=\"urn:x\"/>"),
            "saml/transform",
            "A foreign element among the transforms.",
        ),
        shaped(
            "c14n-inclusive",
            algorithm("Signature/SignedInfo/CanonicalizationMethod", "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"),
            "saml/canonicalization",
            "SignedInfo is canonicalised with its surroundings.",
        ),
        shaped(
            "c14n-with-comments",
            algorithm(
                "Signature/SignedInfo/CanonicalizationMethod",
                "http://www.w3.org/2001/10/xml-exc-c14n#WithComments",
            ),
            "saml/canonicalization",
            "SignedInfo is canonicalised with comments.",
        ),
        shaped(
            "c14n-unknown",
            algorithm("Signature/SignedInfo/CanonicalizationMethod", "urn:x:c14n"),
            "saml/canonicalization",
            "SignedInfo is canonicalised in a way nobody knows.",
        ),
        shaped(
            "c14n-missing",
            Edit::Drop("Signature/SignedInfo/CanonicalizationMethod"),
            "saml/signature-shape",
            "SignedInfo does not say how it is canonicalised.",
        ),
    ],
};

pub static VOID: Family = Family {
    name: "canonicalisation of nothing",
    class: "void canonicalisation",
    who: Who::Idp,
    on: On::SignedResponse,
    source: "CVE-2025-66568 (ruby-saml): canonicalisation fails, and the digest of the empty string is compared",
    requirement: "wire-front-door",
    rows: &[
        written(
            "relative-namespace",
            Edit::Attr("Response", "xmlns:x", Val::Is("1")),
            "saml/relative-namespace",
            "A namespace with a relative URI, at which canonicalisers fail.",
        ),
        written(
            "relative-namespace-inside",
            Edit::Put(
                Place::Before,
                "Response/Status",
                "<saml2p:Extensions><x:y xmlns:x=\"../x\"/></saml2p:Extensions>",
            ),
            "saml/relative-namespace",
            "A relative namespace URI deep inside.",
        ),
        shaped(
            "digest-of-nothing",
            Edit::Text(
                "Signature/SignedInfo/Reference/DigestValue",
                Val::Is("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="),
            ),
            "saml/void-digest",
            "The digest is the one of the empty string.",
        ),
    ],
};

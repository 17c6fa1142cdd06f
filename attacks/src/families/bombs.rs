//! Small messages that cost much, and large ones.

use super::row;
use crate::redirect::{RSA_SHA256, carried, quoted, signed, xml};
use crate::sign::With;
use crate::{Act, Family, On, Row, Scene, Who};
use base64::{Engine, engine::general_purpose::STANDARD};

const fn bytes(
    name: &'static str,
    make: fn(&str, &Scene<'_>) -> Vec<u8>,
    code: &'static str,
    says: &'static str,
) -> Row {
    row(name, Act::Bytes(make), code, says)
}

/// `what` put into Extensions.
fn extended(xml: &str, what: &str) -> Vec<u8> {
    xml.replacen("<saml2p:Status>", &format!("<saml2p:Extensions>{what}</saml2p:Extensions><saml2p:Status>"), 1)
        .into_bytes()
}

fn nested(depth: usize) -> String {
    format!("{}{}", "<a>".repeat(depth), "</a>".repeat(depth))
}

pub static BOMBS: Family = Family {
    name: "sizes and depths",
    class: "bombs",
    who: Who::Network,
    on: On::Response,
    source: "RUSTSEC-2026-0194, -0195 (quick-xml); recursive parsers; CWE-400",
    requirement: "wire-front-door",
    rows: &[
        bytes(
            "too-large-text",
            |x, _| extended(x, &"x".repeat(256 * 1024)),
            "saml/too-large",
            "More than 256 KiB of text.",
        ),
        bytes(
            "too-large-spaces",
            |x, _| format!("{x}{}", " ".repeat(256 * 1024)).into_bytes(),
            "saml/too-large",
            "Spaces without end.",
        ),
        bytes("too-deep-65", |x, _| extended(x, &nested(65)), "saml/too-deep", "Sixty-five levels of elements."),
        bytes(
            "too-deep-30000",
            |x, _| extended(x, &nested(30_000)),
            "saml/too-deep",
            "Thirty thousand levels of elements.",
        ),
        bytes(
            "too-deep-unclosed",
            |x, _| format!("{}{x}", "<a>".repeat(60_000)).into_bytes(),
            "saml/too-deep",
            "Elements that are only opened.",
        ),
        bytes(
            "attributes-65",
            |x, _| {
                let many: String = (0..65).map(|i| format!(" a{i}=\"\"")).collect();
                extended(x, &format!("<y{many}/>"))
            },
            "saml/too-many-attributes",
            "Sixty-five attributes at one element.",
        ),
        bytes(
            "attributes-20000",
            |x, _| {
                let many: String = (0..20_000).map(|i| format!(" a{i}=\"\"")).collect();
                extended(x, &format!("<y{many}/>"))
            },
            "saml/too-many-attributes",
            "Twenty thousand attributes at one element.",
        ),
        bytes(
            "namespaces-33",
            |x, _| {
                let many: String = (0..33).map(|i| format!(" xmlns:n{i}=\"urn:{i}\"")).collect();
                extended(x, &format!("<y{many}/>"))
            },
            "saml/too-many-attributes",
            "Thirty-three namespaces at one element.",
        ),
        bytes(
            "namespaces-65-in-scope",
            |x, _| {
                let level = |n: usize| (0..22).map(|i| format!(" xmlns:n{n}x{i}=\"urn:{i}\"")).collect::<String>();
                extended(x, &format!("<a{}><b{}><c{}/></b></a>", level(0), level(1), level(2)))
            },
            "saml/too-many-attributes",
            "More than sixty-four namespaces in scope of one element, a few at each level.",
        ),
        bytes(
            "namespace-name-long",
            |x, _| {
                let name = "n".repeat(2000);
                extended(x, &format!("<a xmlns:p=\"urn:{name}\">{}</a>", "<p:b/>".repeat(100)))
            },
            "saml/too-large",
            "A long namespace's name, which canonicalisation writes at each element that uses it.",
        ),
        bytes(
            "prefixes-33",
            |x, _| {
                let list: String = (0..33).map(|n| format!("p{n} ")).collect();
                let transform = "<ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/>";
                let open = transform.replace("/>", ">");
                let named = format!(
                    "{open}<ec:InclusiveNamespaces xmlns:ec=\"http://www.w3.org/2001/10/xml-exc-c14n#\" PrefixList=\"{list}\"/></ds:Transform>"
                );
                x.replacen(transform, &named, 1).into_bytes()
            },
            "saml/transform",
            "Thirty-three prefixes in the list of a canonicalisation, each of which every element is held against.",
        ),
        bytes(
            "signatures-5",
            |x, _| {
                let one = "<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"/>";
                extended(x, &one.repeat(5))
            },
            "saml/too-many-signatures",
            "Five more signatures.",
        ),
        bytes(
            "deflated-post",
            |x, _| crate::redirect::deflated(x.as_bytes()),
            "saml/not-utf8",
            "A posted message that is deflated.",
        ),
    ],
};

const fn query(
    name: &'static str,
    change: fn(&str, &Scene<'_>) -> Option<String>,
    code: &'static str,
    says: &'static str,
) -> Row {
    row(name, Act::Query(change), code, says)
}

/// The query of a sender who compresses as `bytes` say.
fn around(query: &str, bytes: &[u8], scene: &Scene<'_>) -> Option<String> {
    signed(query, &quoted(&STANDARD.encode(bytes)), RSA_SHA256, With::Real, scene)
}

pub static DEFLATE: Family = Family {
    name: "compression",
    class: "bombs",
    who: Who::Sp,
    on: On::Redirect,
    source: "CVE-2025-25293 (ruby-saml); bindings 3.4.4.1",
    requirement: "wire-redirect",
    rows: &[
        query(
            "deflate-bomb",
            |q, s| signed(q, &carried(&vec![b' '; 16 << 20]), RSA_SHA256, With::Real, s),
            "saml/deflate-bomb",
            "Sixteen megabytes in a few kilobytes.",
        ),
        query(
            "deflate-bomb-with-message",
            |q, s| {
                let text = format!("{}{}", xml(q)?, " ".repeat(64 * 1024));
                signed(q, &carried(text.as_bytes()), RSA_SHA256, With::Real, s)
            },
            "saml/deflate-bomb",
            "An honest message and more spaces than fit.",
        ),
        query(
            "deflate-trailing",
            |q, s| {
                let mut bytes = crate::redirect::deflated(xml(q)?.as_bytes());
                bytes.extend(b"trailing");
                around(q, &bytes, s)
            },
            "saml/deflate",
            "Bytes follow the compressed message.",
        ),
        query(
            "deflate-truncated",
            |q, s| {
                let bytes = crate::redirect::deflated(xml(q)?.as_bytes());
                around(q, &bytes[..bytes.len() / 2], s)
            },
            "saml/deflate",
            "Half of the compressed message is missing.",
        ),
        query(
            "deflate-zlib-header",
            |q, s| {
                let bytes = [&[0x78, 0x9c], crate::redirect::deflated(xml(q)?.as_bytes()).as_slice()].concat();
                around(q, &bytes, s)
            },
            "saml/deflate",
            "Compressed with a header that does not belong there.",
        ),
        query(
            "deflate-not-at-all",
            |q, s| around(q, xml(q)?.as_bytes(), s),
            "saml/deflate",
            "The message is not compressed.",
        ),
    ],
};

//! What the dearest messages cost that pass the front door: whoever has no key can send them for nothing.

#![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]
#![allow(clippy::disallowed_methods, reason = "what a message costs is real time")]

mod common;

use common::{Hop, Verdict, hops};
use std::time::{Duration, Instant};

fn hop() -> &'static Hop {
    hops().iter().find(|h| h.name == "okta-app response").unwrap()
}

/// The honest message with `what` in its Extensions: its signature has the right shape, so that everything is canonicalised.
fn extended(what: &str) -> String {
    let extensions = format!("<saml2p:Extensions>{what}</saml2p:Extensions><saml2p:Status>");
    hop().honest().replacen("<saml2p:Status>", &extensions, 1)
}

/// As many namespaces as may be in scope, and many elements that use them.
fn inherited() -> String {
    let spaces = |n: usize| (0..29).map(|i| format!(" xmlns:n{n}x{i}=\"u:{i}\"")).collect::<String>();
    let inner = "<n0x1:b n1x2:c=\"\" n0x3:d=\"\"/>".repeat(7800);
    extended(&format!("<a{}><b{}>{inner}</b></a>", spaces(0), spaces(1)))
}

/// Names of namespaces as long as they may be, which canonicalisation writes again at each element that uses them.
fn written_again() -> String {
    let spaces: String = (0..30).map(|n| format!(" xmlns:p{n}=\"u:{n}:{}\"", "x".repeat(500))).collect();
    let uses: String = (1..30).map(|n| format!(" p{n}:a=\"\"")).collect();
    extended(&format!("<a{spaces}>{}</a>", format!("<p0:b{uses}/>").repeat(800)))
}

/// A list of prefixes that each element is held against.
fn prefixes() -> String {
    let list: String = (0..32).map(|n| format!("p{n} ")).collect();
    let transform = "<ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/>";
    let named = format!(
        "<ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"><ec:InclusiveNamespaces \
         xmlns:ec=\"http://www.w3.org/2001/10/xml-exc-c14n#\" PrefixList=\"{list}\"/></ds:Transform>"
    );
    extended(&"<a/>".repeat(7900)).replacen(transform, &named, 1)
}

fn attributes() -> String {
    let many: String = (0..64).map(|i| format!(" a{i}=\"\"")).collect();
    extended(&format!("<y{many}/>").repeat(500))
}

/// What a message brings along as its key.
fn key_info(what: &str) -> String {
    hop().honest().replacen("</ds:KeyInfo>", &format!("{what}</ds:KeyInfo>"), 1)
}

fn certificates() -> String {
    let (start, end) = (hop().honest().find("<ds:X509Data>").unwrap(), hop().honest().find("</ds:KeyInfo>").unwrap());
    key_info(&hop().honest()[start..end].repeat(200))
}

fn huge_key() -> String {
    let number = "/////w".repeat(10_000);
    key_info(&format!(
        "<ds:KeyValue><ds:RSAKeyValue><ds:Modulus>{number}</ds:Modulus><ds:Exponent>{number}</ds:Exponent></ds:RSAKeyValue></ds:KeyValue>"
    ))
}

/// In a test build on a busy machine; a release build takes a tenth.
const MOST: Duration = Duration::from_millis(400);

#[test]
fn the_dearest_messages_stay_cheap() {
    let (refused, accepted) = (Verdict::Refused("saml/signature-invalid"), Verdict::Accepted);
    let cases = [
        ("elements", extended(&"<a/>".repeat(7900)), refused),
        ("text", extended(&"&amp;".repeat(50_000)), refused),
        ("attributes", attributes(), refused),
        ("inherited namespaces", inherited(), refused),
        ("names written again", written_again(), refused),
        ("prefixes", prefixes(), refused),
        ("certificates", certificates(), accepted),
        ("a huge key", huge_key(), accepted),
    ];
    for (what, xml, wanted) in cases {
        let size = xml.len();
        assert!(size <= wire::door::MAX_BYTES, "{what}: {size}");
        // The best of three: another program may have the processor.
        let timed = || {
            let began = Instant::now();
            assert_eq!(hop().read(xml.as_bytes()), wanted, "{what}");
            began.elapsed()
        };
        let took = (0..3).map(|_| timed()).min().unwrap_or_default();
        eprintln!("{what}: {size} bytes, {took:?}");
        assert!(took < MOST, "{what}: {took:?}");
    }
}

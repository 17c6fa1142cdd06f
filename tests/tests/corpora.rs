//! The fuzzers' corpora, replayed: no panic, no forgery, and both verdicts occur. Beside them, generated damage to each seed.
//!
//! `FEDSIM_WRITE_SEEDS=1 cargo test -p fedsim-tests --test corpora` writes the seeds anew (and fails
//! once, because the CA of the replay is compiled in); `cargo fuzz run TARGET` goes on from them.

#[path = "../../federation/wire/tests/sample/mod.rs"]
mod sample;
#[path = "../../fuzz/src/lib.rs"]
mod targets;

use proptest::prelude::*;
use sample::{Ends, assertion};
use std::path::{Path, PathBuf};
use targets::{ACS, IDP, NAME, REQUEST, SP, SSO};
use wire::dsig::SigningKey;
use wire::saml::*;

type Target = fn(&[u8]) -> bool;
const TARGETS: &[(&str, Target)] = &[
    ("door", targets::door),
    ("saml", targets::saml),
    ("redirect", targets::redirect),
    ("certificate", targets::certificate),
    ("form", targets::form),
    ("head", targets::head),
];

fn fuzz(under: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz").join(under)
}

/// The seeds of a target, in the order of their names.
fn corpus(target: &str) -> Vec<(String, Vec<u8>)> {
    let files = std::fs::read_dir(fuzz("seeds").join(target)).expect("the corpus is there").flatten();
    let mut found: Vec<_> = files
        .map(|f| (f.file_name().to_string_lossy().into_owned(), std::fs::read(f.path()).expect("is read")))
        .collect();
    found.sort();
    found
}

/// A seed's name says what becomes of it.
#[test]
fn the_corpora_replay() {
    if std::env::var_os("FEDSIM_WRITE_SEEDS").is_some() {
        write_seeds();
    }
    for (target, run) in TARGETS {
        let seeds = corpus(target);
        for (name, bytes) in &seeds {
            assert_eq!(run(bytes), name.starts_with("good-"), "{target}/{name}");
        }
        let good = seeds.iter().filter(|(n, _)| n.starts_with("good-")).count();
        assert!(good > 0 && good < seeds.len(), "{target}: {good} of {}", seeds.len());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    /// Bytes of a seed changed, cut out, doubled: no panic, and whatever is still accepted says the same.
    #[test]
    fn damage_is_no_forgery(
        target in 0..TARGETS.len(),
        seed in any::<prop::sample::Index>(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), 0..4u8, any::<u8>()), 1..6),
    ) {
        let (name, run) = TARGETS[target];
        let seeds = corpus(name);
        let mut bytes = seed.get(&seeds).1.clone();
        for (at, how, with) in damage {
            if bytes.is_empty() {
                break;
            }
            let at = at.index(bytes.len());
            match how {
                0 => bytes[at] = with,
                1 => bytes.truncate(at),
                2 => drop(bytes.remove(at)),
                _ => bytes = [&bytes[..at], &bytes[at.saturating_sub(usize::from(with))..]].concat(),
            }
        }
        run(&bytes);
    }

    /// Text that looks like XML, or like nothing: the door stays shut or opens, and nothing gets in.
    #[test]
    fn noise_is_not_accepted(text in "(<[a-z:]{0,4}( [a-zID]{1,3}=\"[^<]{0,3}\")*/?>|</[a-z]>|[ -~]|&#?[a-z0-9]{1,4};|<!--|<\\?|\\PC){0,60}") {
        for (target, run) in TARGETS {
            let accepted = run(text.as_bytes());
            prop_assert!(!accepted || ["door", "form"].contains(target), "{} takes {:?}", target, text);
        }
    }
}

fn write_seeds() {
    let pkcs8 = include_bytes!("../../federation/wire/testdata/rsa-1.der");
    let certificate = sample::certificate(pkcs8);
    let key = SigningKey::from_pkcs8(pkcs8, certificate.clone()).expect("a key");
    write("", "signer.der", &certificate);
    let whole = write_response(&response(), Some(&key), None).expect("is written");
    let part = write_response(&response(), None, Some(&key)).expect("is written");
    let request = write_request(&request(), Some(&key)).expect("is written");
    let bare = write_request(&self::request(), None).expect("is written");
    for (name, xml) in [("whole", &whole), ("part", &part), ("request", &request)] {
        write("saml", &format!("good-{name}.xml"), xml.as_bytes());
        write("door", &format!("good-{name}.xml"), xml.as_bytes());
    }
    let flaws: &[(&str, String)] = &[
        ("tampered", whole.replace(">alice<", ">mallory<")),
        ("unsigned", write_response(&response(), None, None).expect("is written")),
        ("hmac", whole.replace("rsa-sha256", "hmac-sha256")),
        ("xpointer", whole.replace("URI=\"#_r\"", "URI=\"#xpointer(/)\"")),
        ("transform", whole.replace("xmldsig#enveloped-signature", "x")),
        (
            "doubled",
            part.replace(
                "</saml2p:Response>",
                &format!(
                    "{}</saml2p:Response>",
                    &part[part.find("<saml2:Assertion").expect("has one")
                        ..part.find("</saml2p:Response>").expect("ends")]
                ),
            ),
        ),
    ];
    for (name, xml) in flaws {
        write("saml", &format!("bad-{name}.xml"), xml.as_bytes());
    }
    let shut: &[(&str, String)] = &[
        ("doctype", format!("<!DOCTYPE x [<!ENTITY a \"b\">]>{whole}")),
        ("comment", whole.replace(">alice<", ">ali<!-- -->ce<")),
        ("deep", "<a>".repeat(70) + &"</a>".repeat(70)),
        ("wide", format!("<a {}/>", (0..70).map(|i| format!("a{i}=\"\" ")).collect::<String>())),
        ("utf16", format!("<?xml version=\"1.0\" encoding=\"UTF-16\"?>{whole}")),
        ("open", "<a b='<'>".into()),
        ("entity", "<a>&b;</a>".into()),
        ("namespace", "<a xmlns=\"b\"/>".into()),
    ];
    for (name, xml) in shut {
        write("door", &format!("bad-{name}.xml"), xml.as_bytes());
    }
    let url = wire::redirect::request_url(SSO, &bare, Some("a b"), Some(&key)).expect("is written");
    let query = url.split_once('?').expect("a query").1;
    write("redirect", "good-signed", query.as_bytes());
    write("redirect", "bad-twice", format!("{query}&SAMLRequest=x").as_bytes());
    write("redirect", "bad-spelling", query.replace("SAMLRequest", "SAML%52equest").as_bytes());
    write("redirect", "bad-state", query.replace("RelayState=a", "RelayState=b").as_bytes());
    write("redirect", "bad-unsigned", query.split("&SigAlg").next().unwrap_or_default().as_bytes());
    let form = format!("SAMLResponse={}&RelayState=%2F", percent(&wire::form::encode_post(&whole)));
    write("form", "good-response", form.as_bytes());
    write("form", "good-login", b"transaction=1&username=a%40b&password=c+d");
    write("form", "bad-twice", b"a=1&%61=2");
    write("form", "bad-text", b"a=%ff");
    write("form", "bad-forged", form.replace("QX", "QY").replace("Zl", "Zm").as_bytes());
    write_heads();
    write_certificates();
}

fn write_heads() {
    write("head", "good-get", b"GET /sso?a=b HTTP/1.1\r\nHost: idp.test\r\nCookie: a=b\r\n\r\n");
    write("head", "good-post", b"POST /sso HTTP/1.1\r\nHost: idp.test:8443\r\nContent-Length: 3\r\n\r\nabc");
    write(
        "head",
        "bad-smuggled",
        b"POST / HTTP/1.1\r\nHost: idp.test\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
    );
    write("head", "bad-folded", b"GET / HTTP/1.1\r\nHost: idp.test\r\n a\r\n\r\n");
    write("head", "bad-host", b"GET / HTTP/1.1\r\nHost: evil.test\r\n\r\n");
}

fn write(target: &str, name: &str, bytes: &[u8]) {
    let dir = fuzz("seeds").join(target);
    std::fs::create_dir_all(&dir).expect("a directory");
    std::fs::write(dir.join(name), bytes).expect("is written");
}

fn write_certificates() {
    use rcgen::{CertificateParams, ExtendedKeyUsagePurpose, KeyPair, OtherNameValue, SanType};
    let ca = sample::device_ca();
    write("", "ca.der", &ca.der);
    let mut leaf = CertificateParams::new(vec![]).expect("params");
    leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    leaf.subject_alt_names =
        vec![SanType::OtherName((vec![1, 3, 6, 1, 4, 1, 311, 20, 2, 3], OtherNameValue::Utf8String(NAME.into())))];
    let good = leaf.signed_by(&KeyPair::generate().expect("a key"), &ca.issuer).expect("signs").der().to_vec();
    write("certificate", "good-leaf.der", &good);
    let mut forged = good.clone();
    let last = forged.len() - 1;
    forged[last] ^= 1;
    write("certificate", "bad-signature.der", &forged);
    write("certificate", "bad-cut.der", &good[..good.len() / 2]);
    write("certificate", "bad-ca.der", &ca.der);
}

fn percent(text: &str) -> String {
    text.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D")
}

fn response() -> Response {
    let mut response = sample::response(Ends { issuer: IDP, to: ACS, audience: SP });
    response.in_response_to = Some(REQUEST.into());
    let said = assertion(&mut response);
    said.in_response_to = Some(REQUEST.into());
    said.name_id = NAME.into();
    said.attributes = vec![("a".into(), vec!["b".into()])];
    response
}

fn request() -> AuthnRequest {
    sample::request(Ends { issuer: SP, to: SSO, audience: ACS })
}

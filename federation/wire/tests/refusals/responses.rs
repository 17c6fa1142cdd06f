//! Responses: every flaw of the table, time, posture, and what others may write differently.

use crate::kit::*;
use crate::table::{Flaw, Flaw::*, RESPONSES};
use federation::Time;
use federation::tenant::SignatureAlgorithm;
use wire::dsig::SigningKey;
use wire::form;
use wire::saml::*;

fn read(xml: &[u8], key: &SigningKey, change: Option<fn(&mut ResponseCheck<'_>)>) -> Result<Response, &'static str> {
    let keys = trusted(key);
    let mut check = ResponseCheck {
        issuer: IDP,
        keys: &keys,
        must_sign: MustSign::Any,
        floor: SignatureAlgorithm::Sha256,
        audience: SP,
        acs_url: ACS,
        in_response_to: Some("id1"),
        now: NOW,
        skew_seconds: SKEW,
    };
    if let Some(change) = change {
        change(&mut check);
    }
    read_response(xml, &check).map(Verified::into_inner).map_err(|r| r.code)
}

/// The verdict on a response, with the flaw or without.
fn verdict(flaw: &Flaw, flawed: bool, keys: &Keys) -> Result<Response, &'static str> {
    let key = &keys.ours;
    let written = |r: &Response| write_response(r, Some(key), None).unwrap();
    let good = written(&response());
    match flaw {
        Message(change) => {
            let mut message = response();
            if flawed {
                change(&mut message);
            }
            read(written(&message).as_bytes(), key, None)
        }
        Before(change) => {
            let text = if flawed { change(&good) } else { good.clone() };
            assert!(!flawed || text != good, "nothing was changed");
            read(signed_anew(&text, key).as_bytes(), key, None)
        }
        After(change) => {
            let text = if flawed { change(&good) } else { good.clone() };
            assert!(!flawed || text != good, "nothing was changed");
            read(text.as_bytes(), key, None)
        }
        AfterAssertion(change) => {
            let good = write_response(&response(), None, Some(key)).unwrap();
            let text = if flawed { change(&good) } else { good.clone() };
            assert!(!flawed || text != good, "nothing was changed");
            read(text.as_bytes(), key, None)
        }
        Receiver(change) => read(good.as_bytes(), key, flawed.then_some(*change)),
        Stranger => {
            let signer = if flawed { &keys.stranger } else { key };
            read(write_response(&response(), Some(signer), None).unwrap().as_bytes(), key, None)
        }
    }
}

#[test]
fn every_flaw_of_a_response_is_refused_by_its_check() {
    let mut wrong = Vec::new();
    for keys in keys() {
        for (what, flaw, code) in RESPONSES {
            let (flawed, sound) = (verdict(flaw, true, &keys), verdict(flaw, false, &keys));
            if flawed.as_ref().map(|_| "accepted") != Err(code) || sound != Ok(response()) {
                wrong.push(format!(
                    "{what}: {:?} instead of {code}; without: {:?}",
                    flawed.map(|_| "accepted"),
                    sound.map(|_| "accepted")
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Not-quite-UTF-8 cannot be written as a Rust string.
#[test]
fn bytes_that_are_no_text_are_refused() {
    let [keys, _] = keys();
    let xml = write_response(&response(), Some(&keys.ours), None).unwrap();
    let utf16: Vec<u8> = xml.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let latin1 = [xml.replace(">alice<", ">alic").as_bytes(), b"\xe9<"].concat();
    for bytes in [utf16, latin1] {
        assert_eq!(read(&bytes, &keys.ours, None).map(|_| ()), Err("saml/not-utf8"));
    }
}

#[test]
fn the_last_good_moment() {
    type Change = fn(&mut Response);
    let [keys, _] = keys();
    let cases: &[(&str, Change, i64)] = &[
        ("confirmation", |_| {}, 259_999),
        ("conditions", |r| assertion(r).not_on_or_after = Some(NOW + seconds(100)), 159_999),
        ("session", |r| assertion(r).session_not_on_or_after = Some(NOW + seconds(100)), 159_999),
    ];
    for (what, change, last) in cases {
        let mut message = response();
        change(&mut message);
        let xml = write_response(&message, Some(&keys.ours), None).unwrap();
        let at = |ms: i64| {
            let keys = trusted(&keys.ours);
            let check = ResponseCheck {
                issuer: IDP,
                keys: &keys,
                must_sign: MustSign::Any,
                floor: SignatureAlgorithm::Sha256,
                audience: SP,
                acs_url: ACS,
                in_response_to: Some("id1"),
                now: Time(NOW.0 + ms),
                skew_seconds: SKEW,
            };
            read_response(xml.as_bytes(), &check).map(|_| ()).map_err(|r| r.code)
        };
        assert_eq!(at(*last), Ok(()), "{what}");
        assert_eq!(at(last + 1), Err("saml/expired"), "{what}");
        assert_eq!(at(last + 1000), Err("saml/expired"), "{what}");
        // Said at NOW: a receiver whose clock is behind by the skew still takes it, and not a moment more.
        assert_eq!(at(-60_000), Ok(()), "{what}");
        assert_eq!(at(-60_001), Err("saml/not-yet-valid"), "{what}");
    }
}

/// 13: posture fails closed.
#[test]
fn only_one_true_statement_makes_a_device_managed() {
    let [keys, _] = keys();
    let fact = "<Fact Name=\"IsManaged\" Value=\"true\"/>";
    type Row<'a> = (&'a str, Text, Option<PostureFact>);
    let cases: &[Row<'_>] = &[
        ("as it should be", |x| x.into(), Some(PostureFact::Yes)),
        ("no", |x| x.replace("\"true\"", "\"false\""), Some(PostureFact::No)),
        ("another case", |x| x.replace("\"true\"", "\"True\""), Some(PostureFact::Unknown("True".into()))),
        ("a number", |x| x.replace("\"true\"", "\"1\""), Some(PostureFact::Unknown("1".into()))),
        ("another name", |x| x.replace("IsManaged", "isManaged"), Some(PostureFact::Absent)),
        ("no value", |x| x.replace(" Value=\"true\"", ""), Some(PostureFact::Unknown(String::new()))),
        ("twice", |x| twice(x, "<Fact ", "/>"), Some(PostureFact::Doubled)),
        ("twice in two postures", |x| twice(x, "<Posture>", "</Posture>"), Some(PostureFact::Doubled)),
        (
            "twice in two devices",
            |x| twice(&x.replace(" ID=\"98bc\"", ""), "<Device ", "</Device>"),
            Some(PostureFact::Doubled),
        ),
        ("no posture", |x| without(x, "<Posture>", "</Posture>"), Some(PostureFact::Absent)),
        ("no device", |x| without(x, "<Device ", "</Device>"), None),
        ("no declaration", |x| without(x, "<saml2:AuthnContextDecl>", "</saml2:AuthnContextDecl>"), None),
        (
            "only the class",
            |x| {
                without(x, "<saml2:AuthnContextDecl>", "</saml2:AuthnContextDecl>")
                    .replace(">urn:x<", ">urn:okta:saml:2.0:DevicePosture<")
            },
            None,
        ),
        (
            "outside the assertion",
            |x| {
                let decl = cut(x, "<saml2:AuthnContextDecl>", "</saml2:AuthnContextDecl>");
                x.replace(&decl, "").replace(
                    "<saml2p:Status>",
                    &format!("<saml2p:Extensions>{decl}</saml2p:Extensions><saml2p:Status>"),
                )
            },
            None,
        ),
    ];
    let good = write_response(&response(), Some(&keys.ours), None).unwrap();
    assert!(good.contains(fact));
    for (what, change, expected) in cases {
        let read = read(signed_anew(&change(&good), &keys.ours).as_bytes(), &keys.ours, None).unwrap();
        let posture = read.assertion.unwrap().posture;
        assert_eq!(posture.map(|p| p.is_managed()), *expected, "{what}");
    }
}

/// What others may write and we must read.
#[test]
fn harmless_differences_are_accepted() {
    let [keys, _] = keys();
    let good = write_response(&response(), Some(&keys.ours), None).unwrap();
    let before: &[(&str, Text)] = &[
        ("white space between elements", |x| x.replace("><saml2", ">\n  <saml2")),
        ("other prefixes", |x| {
            x.replace("saml2p:", "p:")
                .replace("saml2:", "a:")
                .replace("xmlns:saml2p", "xmlns:p")
                .replace("xmlns:saml2", "xmlns:a")
        }),
        ("single quotes", |x| x.replace("Version=\"2.0\"", "Version='2.0'")),
        ("a character reference", |x| x.replace(">alice<", ">&#97;lice<")),
        ("prefixes of a canonicalisation", |x| {
            x.replace(
            "<ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/>",
            "<ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"><ec:InclusiveNamespaces xmlns:ec=\"http://www.w3.org/2001/10/xml-exc-c14n#\" PrefixList=\"xs\"/></ds:Transform>",
        )
        }),
        ("no KeyInfo", |x| without(x, "<ds:KeyInfo>", "</ds:KeyInfo>")),
        ("seconds without a fraction", |x| x.replace(".000Z", "Z")),
        ("an attribute that nobody knows", |x| {
            x.replace("<saml2:Subject>", "<saml2:Subject xmlns:x=\"urn:x\" x:y=\"z\">")
        }),
    ];
    for (what, change) in before {
        let text = change(&good);
        assert_ne!(text, good, "{what}: nothing was changed");
        assert_eq!(read(signed_anew(&text, &keys.ours).as_bytes(), &keys.ours, None), Ok(response()), "{what}");
    }
    let after: &[(&str, Text)] = &[
        ("a declaration", |x| format!("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n{x}")),
        ("a byte order mark", |x| format!("\u{feff}{x}")),
        ("white space around", |x| format!("{x}\n")),
    ];
    for (what, change) in after {
        assert_eq!(read(change(&good).as_bytes(), &keys.ours, None), Ok(response()), "{what}");
    }
    let wrapped = form::encode_post(&good)
        .as_bytes()
        .chunks(76)
        .map(|c| String::from_utf8_lossy(c).into_owned())
        .collect::<Vec<_>>()
        .join("\r\n");
    assert_eq!(form::decode_post(&wrapped).unwrap(), good.as_bytes(), "base64 in lines");
}

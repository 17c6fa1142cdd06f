//! What is written is read back; what is not exactly right is refused by the check that should catch it.

#![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

mod sample;

use federation::Time;
use federation::tenant::SignatureAlgorithm;
use sample::{Ends, NOW, assertion, p256, posture, rsa, trusted};
use wire::dsig::{SigningKey, TrustedKey};
use wire::redirect;
use wire::saml::*;

const ACS: &str = "https://acme.okta.test/sso/saml2/0oa1";
const IDP: &str = "https://access.test/idp.xml";

fn key() -> SigningKey {
    rsa(include_bytes!("../testdata/rsa-1.der"))
}

fn response() -> Response {
    let mut response = sample::response(Ends { issuer: IDP, to: ACS, audience: "sp" });
    let said = assertion(&mut response);
    said.name_qualifier = Some(IDP.into());
    said.posture = Some(posture());
    said.attributes = vec![("device.trusted".into(), vec!["TRUSTED".into()])];
    response
}

fn read_at(xml: &str, keys: &[TrustedKey], now: Time, must_sign: MustSign) -> Result<Response, &'static str> {
    let check = ResponseCheck {
        issuer: IDP,
        keys,
        must_sign,
        floor: SignatureAlgorithm::Sha256,
        audience: "sp",
        acs_url: ACS,
        in_response_to: Some("id1"),
        now,
        skew_seconds: 60,
    };
    read_response(xml.as_bytes(), &check).map(Verified::into_inner).map_err(|r| r.code)
}

fn read(xml: &str) -> Result<Response, &'static str> {
    read_at(xml, &trusted(&key()), NOW, MustSign::Any)
}

#[test]
fn reads_what_it_writes_whatever_is_signed() {
    for key in [key(), p256()] {
        for (whole, part) in [(true, false), (false, true), (true, true)] {
            let mut wanted = response();
            wanted.assertion.as_mut().unwrap().name_id = "a&b</saml2:NameID>\"'".into();
            let xml = write_response(&wanted, whole.then_some(&key), part.then_some(&key)).unwrap();
            assert_eq!(read_at(&xml, &trusted(&key), NOW, MustSign::Any), Ok(wanted), "{whole} {part}");
        }
    }
}

#[test]
fn a_failure_carries_its_nested_status() {
    let status = Status {
        code: RESPONDER.into(),
        sub_code: Some(AUTHN_FAILED.into()),
        message: Some("DEVICE_NOT_MANAGED".into()),
        detail: Some("Kerberos NEGOTIATE failed or was canceled by the user.".into()),
    };
    let failure = Response { status, assertion: None, ..response() };
    let xml = write_response(&failure, Some(&key()), None).unwrap();
    assert_eq!(read(&xml), Ok(failure));
    let with_assertion = Response { assertion: response().assertion, ..read(&xml).unwrap() };
    let xml = write_response(&with_assertion, Some(&key()), None).unwrap();
    assert_eq!(read(&xml), Err("saml/assertion-count"));
}

#[test]
fn what_must_be_signed_is_a_setting() {
    let cases = [
        (true, MustSign::Response, true),
        (true, MustSign::Assertion, false),
        (false, MustSign::Response, false),
        (false, MustSign::Assertion, true),
    ];
    for (whole, must, good) in cases {
        let key = key();
        let xml = write_response(&response(), whole.then_some(&key), (!whole).then_some(&key)).unwrap();
        assert_eq!(read_at(&xml, &trusted(&key), NOW, must).is_ok(), good, "{whole} {must:?}");
    }
}

fn request() -> AuthnRequest {
    let ends = Ends {
        issuer: "https://www.okta.com/saml2/service-provider/sp1",
        to: "https://access.test/sso",
        audience: ACS,
    };
    AuthnRequest { subject: Some("a&b</saml2:NameID>".into()), ..sample::request(ends) }
}

fn with_check<T>(run: impl FnOnce(&RequestCheck<'_>) -> T) -> T {
    let keys = trusted(&key());
    let known = [("https://www.okta.com/saml2/service-provider/sp1", keys.as_slice())];
    run(&RequestCheck {
        expected_issuer_keys: &known,
        require_signature: true,
        floor: SignatureAlgorithm::Sha256,
        destination: "https://access.test/sso",
        now: NOW,
        skew_seconds: 60,
    })
}

#[test]
fn a_posted_request_is_read_back() {
    let xml = write_request(&request(), Some(&key())).unwrap();
    let read =
        |xml: &str| with_check(|c| read_request(xml.as_bytes(), c).map(Verified::into_inner).map_err(|r| r.code));
    assert_eq!(read(&xml), Ok(request()));
    assert_eq!(read(&xml.replace("ForceAuthn=\"true\"", "ForceAuthn=\"false\"")), Err("saml/signature-invalid"));
    assert_eq!(read(&write_request(&request(), None).unwrap()), Err("saml/signature-missing"));
}

#[test]
fn a_redirected_request_is_read_over_its_raw_query() {
    let xml = write_request(&request(), None).unwrap();
    {
        let key = key();
        let url = redirect::request_url("https://access.test/sso", &xml, Some("a b/ü"), Some(&key)).unwrap();
        let query = url.split_once('?').unwrap().1.to_string();
        let read = |q: &str| {
            with_check(|c| redirect::read_request(q, c).map(|(r, s)| (r.into_inner(), s)).map_err(|r| r.code))
        };
        assert_eq!(read(&query), Ok((request(), Some("a b/ü".into()))));
    }
}

/// Whoever signs by SHA-1 is read where the reader's setting admits it, on every way a message goes, and nowhere else.
#[test]
fn sha_1_counts_where_a_setting_admits_it() {
    let weak = key().by(SignatureAlgorithm::Sha1);
    let keys = trusted(&weak);
    let known = [("https://www.okta.com/saml2/service-provider/sp1", keys.as_slice())];
    let asked = |floor| RequestCheck {
        expected_issuer_keys: &known,
        require_signature: true,
        floor,
        destination: "https://access.test/sso",
        now: NOW,
        skew_seconds: 60,
    };
    let answered = |floor| ResponseCheck {
        issuer: IDP,
        keys: &keys,
        must_sign: MustSign::Any,
        floor,
        audience: "sp",
        acs_url: ACS,
        in_response_to: Some("id1"),
        now: NOW,
        skew_seconds: 60,
    };
    let posted = write_request(&request(), Some(&weak)).unwrap();
    let plain = write_request(&request(), None).unwrap();
    let url = redirect::request_url("https://access.test/sso", &plain, Some("relay"), Some(&weak)).unwrap();
    let query = url.split_once('?').unwrap().1;
    let both = write_response(&response(), Some(&weak), Some(&weak)).unwrap();
    for (floor, wanted) in [(SignatureAlgorithm::Sha1, None), (SignatureAlgorithm::Sha256, Some("saml/algorithm"))] {
        let seen = [
            read_request(posted.as_bytes(), &asked(floor)).err(),
            redirect::read_request(query, &asked(floor)).err(),
            read_response(both.as_bytes(), &answered(floor)).err(),
        ];
        assert_eq!(seen.map(|refusal| refusal.map(|r| r.code)), [wanted; 3], "{floor:?}");
    }
    let tampered = both.replace("alice", "mallory");
    assert_ne!(tampered, both);
    let refusal = read_response(tampered.as_bytes(), &answered(SignatureAlgorithm::Sha1)).err();
    assert_eq!(refusal.map(|r| r.code), Some("saml/signature-invalid"));
}

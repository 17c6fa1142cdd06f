//! Device certificates: each judgement once.
#![allow(clippy::unwrap_used)]

mod sample;

use bytes::Bytes;
use federation::Time;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyIdMethod, KeyPair, OtherNameValue, RevokedCertParams, SanType, SerialNumber, date_time_ymd,
};
use wire::certificate::verify_device_certificate;

struct Ca {
    der: Vec<u8>,
    issuer: Issuer<'static, KeyPair>,
}

fn ca() -> Ca {
    let sample::DeviceCa { der, issuer, .. } = sample::device_ca();
    Ca { der, issuer }
}

fn leaf(ca: &Ca, upn: &str, usage: Option<ExtendedKeyUsagePurpose>) -> Bytes {
    let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, "udid-1");
    params.serial_number = Some(SerialNumber::from(vec![0x2a]));
    params.not_before = date_time_ymd(2026, 1, 1);
    params.not_after = date_time_ymd(2026, 12, 31);
    params.extended_key_usages = usage.into_iter().collect();
    params.subject_alt_names = vec![
        SanType::OtherName((vec![1, 3, 6, 1, 4, 1, 311, 20, 2, 3], OtherNameValue::Utf8String(upn.into()))),
        SanType::Rfc822Name("ann@corp.test".try_into().unwrap()),
        SanType::URI("urn:udid:1".try_into().unwrap()),
    ];
    let key = KeyPair::generate().unwrap();
    Bytes::from(params.signed_by(&key, &ca.issuer).unwrap().der().to_vec())
}

fn crl(ca: &Ca, revoked: &[u64]) -> Vec<u8> {
    let one = |n: &u64| RevokedCertParams {
        serial_number: SerialNumber::from(*n),
        revocation_time: date_time_ymd(2026, 2, 1),
        reason_code: None,
        invalidity_date: None,
    };
    let params = CertificateRevocationListParams {
        this_update: date_time_ymd(2026, 1, 1),
        next_update: date_time_ymd(2026, 6, 1),
        crl_number: SerialNumber::from(1u64),
        issuing_distribution_point: None,
        revoked_certs: revoked.iter().map(one).collect(),
        key_identifier_method: KeyIdMethod::Sha256,
    };
    params.signed_by(&ca.issuer).unwrap().der().to_vec()
}

const CLIENT: Option<ExtendedKeyUsagePurpose> = Some(ExtendedKeyUsagePurpose::ClientAuth);

#[test]
fn each_judgement_has_its_code() {
    let (ours, other) = (ca(), ca());
    let good = leaf(&ours, "ann@corp.test", CLIENT);
    let mid = "2026-03-02T09:00:00Z";
    let none: &[Vec<u8>] = &[];
    let (clean, revoked, foreign) = ([crl(&ours, &[7])], [crl(&ours, &[0x2a])], [crl(&other, &[])]);
    let mut flipped = good.to_vec();
    *flipped.last_mut().unwrap() ^= 1;
    let _ = &foreign;
    let junk = [b"sorry".to_vec()];
    type Row<'a> = (&'a str, Vec<Bytes>, &'a [Vec<u8>], &'a str);
    let cases: &[Row<'_>] = &[
        ("ok", vec![good.clone()], none, mid),
        ("ok", vec![good.clone()], &clean, mid),
        ("certificate/missing", vec![], none, mid),
        ("certificate/malformed", vec![Bytes::from_static(b"x")], none, mid),
        ("certificate/unknown-issuer", vec![leaf(&Ca { der: vec![], issuer: foreign_name() }, "a", CLIENT)], none, mid),
        ("certificate/bad-signature", vec![Bytes::from(flipped)], none, mid),
        ("certificate/bad-signature", vec![leaf(&other, "a", CLIENT)], none, mid),
        ("certificate/key-usage", vec![leaf(&ours, "a", None)], none, mid),
        ("certificate/key-usage", vec![leaf(&ours, "a", Some(ExtendedKeyUsagePurpose::ServerAuth))], none, mid),
        ("certificate/revoked", vec![good.clone()], &revoked, mid),
        ("certificate/crl-unavailable", vec![good.clone()], &junk, mid),
        ("certificate/crl-expired", vec![good.clone()], &clean, "2026-07-01T00:00:00Z"),
        ("certificate/not-yet-valid", vec![good.clone()], none, "2025-12-31T23:59:59Z"),
        ("ok", vec![good.clone()], none, "2026-01-01T00:00:00Z"),
        ("ok", vec![good.clone()], none, "2026-12-31T00:00:00Z"),
        ("certificate/expired", vec![good.clone()], none, "2026-12-31T00:00:01Z"),
    ];
    for (i, (expected, chain, crls, now)) in cases.iter().enumerate() {
        let got = verify_device_certificate(chain, std::slice::from_ref(&ours.der), crls, Time::parse(now).unwrap());
        assert_eq!(got.as_ref().map_or_else(|r| r.code, |_| "ok"), *expected, "case {i}: {got:?}");
    }
}

fn foreign_name() -> Issuer<'static, KeyPair> {
    let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, "another CA");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    Issuer::new(params, KeyPair::generate().unwrap())
}

#[test]
fn names_are_read_whole_whatever_their_length() {
    let ca = ca();
    for length in (1..60).chain([126, 127, 128, 129, 200, 255, 256, 300]) {
        let upn = "u".repeat(length);
        let facts = verify_device_certificate(
            &[leaf(&ca, &upn, CLIENT)],
            std::slice::from_ref(&ca.der),
            &[],
            Time::parse("2026-03-02T09:00:00Z").unwrap(),
        )
        .unwrap();
        assert_eq!(facts.upn, [upn], "length {length}");
        assert_eq!(facts.emails, ["ann@corp.test"]);
        assert_eq!(facts.uris, ["urn:udid:1"]);
        assert_eq!(facts.subject_cn.as_deref(), Some("udid-1"));
        assert_eq!(facts.serial, "2a");
    }
}

//! Every certificate case against `wire`'s judgement, at the second that it is about.

#![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

#[path = "../../federation/wire/tests/sample/mod.rs"]
mod sample;

use attacks::certificate::{Ca, DeviceScene, Names, Presented};
use attacks::{Act, End, On, registry};
use bytes::Bytes;
use sample::NOW;
use wire::certificate::verify_device_certificate;

/// The verdict on what a device shows; `None`: it never gets as far as a verdict.
fn verdict(presented: Presented, anchor: &[u8]) -> Option<&'static str> {
    let (chain, crls) = match presented {
        Presented::Nothing | Presented::Header(_) => (vec![], vec![]),
        Presented::Chain { chain, .. } => (chain, vec![]),
        Presented::Listed { chain, crl, .. } => (chain, vec![crl]),
        Presented::Bytes(_) => return None,
    };
    let chain: Vec<Bytes> = chain.into_iter().map(Bytes::from).collect();
    let read = verify_device_certificate(&chain, &[anchor.to_vec()], &crls, NOW);
    Some(read.map_or_else(|refusal| refusal.code, |_| "ok"))
}

#[test]
fn every_certificate_ends_as_it_says() {
    let sample::DeviceCa { der: anchor, pkcs8, .. } = sample::device_ca();
    let ca = Ca::from_der(&anchor, &pkcs8).unwrap();
    let names = Names {
        cn: "alice".into(),
        upn: vec!["alice@acme.test".into()],
        emails: vec!["alice@acme.test".into()],
        uris: vec!["urn:udid:98bcb804e611de8fb0824b8dbaccfe3cc63171b4".into()],
    };
    let scene = DeviceScene { now: NOW, ca: &ca, names };
    let mut wrong = Vec::new();
    for attack in registry().into_iter().filter(|a| a.family.on == On::Certificate) {
        let Act::Device(make) = attack.row.act else { panic!("{} makes no certificate", attack.name()) };
        let Some(presented) = make(&scene) else { panic!("{} cannot be made", attack.name()) };
        let got = verdict(presented, &anchor);
        let right = match (attack.row.end, got) {
            // The handshake ends before anybody asks; where it would not, the verdict is no better.
            (End::Handshake, None) => true,
            (End::Handshake, Some(got)) => {
                got.starts_with("certificate/") || attack.name() == "tls-certificate-without-its-key"
            }
            // Whom a good certificate names is Access's to say.
            (End::MethodFails(code), Some("ok")) => !code.starts_with("certificate/"),
            (End::MethodFails(code), Some(got)) => code.split('|').any(|c| c == got),
            (End::Accepted, Some(got)) => got == "ok",
            _ => false,
        };
        if !right {
            wrong.push(format!("{}: {got:?} instead of {:?}", attack.name(), attack.row.end));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

//! What a device shows in each certificate case, and `wire`'s judgement of it.

#[path = "../../../federation/wire/tests/sample/mod.rs"]
mod sample;

use attacks::certificate::{Ca, DeviceScene, Names, Presented};
use attacks::{Act, Attack, On, registry};
use bytes::Bytes;
use sample::NOW;
use wire::certificate::verify_device_certificate;

/// The verdict on what a device shows; `None`: it never gets as far as a verdict.
pub fn verdict(presented: Presented, anchor: &[u8]) -> Option<&'static str> {
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

/// With the authority that is trusted.
fn in_scene<T>(run: impl FnOnce(&DeviceScene<'_>, &[u8]) -> T) -> T {
    let sample::DeviceCa { der: anchor, pkcs8, .. } = sample::device_ca();
    let ca = Ca::from_der(&anchor, &pkcs8).unwrap();
    let names = Names {
        cn: "alice".into(),
        upn: vec!["alice@acme.test".into()],
        emails: vec!["alice@acme.test".into()],
        uris: vec!["urn:udid:98bcb804e611de8fb0824b8dbaccfe3cc63171b4".into()],
    };
    run(&DeviceScene { now: NOW, ca: &ca, names }, &anchor)
}

/// The verdict on the same device without an attack.
#[allow(dead_code, reason = "each test uses its part")]
pub fn honest(listed: bool) -> Option<&'static str> {
    in_scene(|scene, anchor| verdict(scene.honest(listed).unwrap(), anchor))
}

/// Every case with what the device shows there, and the authority that is trusted.
pub fn shown() -> Vec<(Attack, Presented, Vec<u8>)> {
    in_scene(|scene, anchor| {
        let make = |attack: Attack| {
            let Act::Device(make) = attack.row.act else { panic!("{} makes no certificate", attack.name()) };
            let Some(presented) = make(scene) else { panic!("{} cannot be made", attack.name()) };
            (attack, presented, anchor.to_vec())
        };
        registry().into_iter().filter(|a| a.family.on == On::Certificate).map(make).collect()
    })
}

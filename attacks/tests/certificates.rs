//! Every certificate case against `wire`'s judgement, at the second that it is about.

#![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

mod device;

use attacks::End;

#[test]
fn every_certificate_ends_as_it_says() {
    let mut wrong = Vec::new();
    for (attack, presented, anchor) in device::shown() {
        let got = device::verdict(presented, &anchor);
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

/// Each case changes one thing of what this device shows.
#[test]
fn without_the_attack_the_same_device_is_taken() {
    assert_eq!((device::honest(false), device::honest(true)), (Some("ok"), Some("ok")));
}

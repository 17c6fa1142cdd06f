//! With its named check switched off, each attack gets through or a second check catches it: `tests/disabled.tsv` says which.
//!
//! Only with the feature `disable-checks`; no other build can switch a check off.
#![cfg(feature = "disable-checks")]
#![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

mod common;
mod device;

use attacks::{End, On, registry};
use common::{Verdict, hops};
use std::collections::BTreeMap;
use std::path::PathBuf;
use wire::checks::without;

/// Checks without which there is nothing to read: a missing or garbled part has no value to go on with.
const STRUCTURE: &[&str] = &[
    "saml/malformed",
    "saml/missing-element",
    "saml/missing-attribute",
    "saml/missing",
    "saml/not-utf8",
    "saml/time",
    "saml/base64",
    "saml/deflate",
    "saml/deflate-bomb",
    "saml/authn-statement",
    "saml/signature-shape",
];

#[test]
fn each_check_holds_something_back() {
    let mut stuck = Vec::new();
    let mut told: BTreeMap<&str, String> = BTreeMap::new();
    for hop in hops() {
        for attack in registry().iter().filter(|a| hop.fits(a)) {
            let End::Refused(codes) = attack.row.end else { continue };
            let codes: Vec<&str> = codes.split('|').collect();
            if codes == ["saml/acs-unknown"] {
                continue;
            }
            let verdict = without(&codes, || hop.attacked(attack)).unwrap();
            let text = match verdict {
                Verdict::Accepted | Verdict::NotTrusted => "gets through".to_string(),
                Verdict::Refused(code) if codes.contains(&code) => {
                    if !STRUCTURE.contains(&code) {
                        stuck.push(format!("{} {}: {code}", hop.name, attack.name()));
                    }
                    "cannot be read at all".to_string()
                }
                Verdict::Refused(code) => format!("`{code}`"),
            };
            let known = told.entry(attack.name()).or_insert_with(|| text.clone());
            if !known.split(", ").any(|k| k == text) {
                *known = format!("{known}, {text}");
            }
        }
    }
    for (attack, presented, anchor) in device::shown() {
        if attack.row.end == End::Handshake {
            // TLS is no code of ours: what would a host say that takes what TLS refuses?
            let text = match device::verdict(presented, &anchor) {
                None => "cannot be read at all".to_string(),
                Some("ok") => "gets through".to_string(),
                Some(code) => format!("`{code}`"),
            };
            told.insert(attack.name(), text);
            continue;
        }
        let End::MethodFails(codes) = attack.row.end else { continue };
        let codes: Vec<&str> = codes.split('|').filter(|code| code.starts_with("certificate/")).collect();
        // Whom a good certificate names is another check, and Access's; without a chain there is nothing to read.
        if codes.is_empty() || codes == ["certificate/missing"] {
            continue;
        }
        let Some(verdict) = without(&codes, || device::verdict(presented, &anchor)) else { continue };
        let text = match verdict {
            "ok" => "gets through".to_string(),
            code if codes.contains(&code) && code == "certificate/malformed" => "cannot be read at all".into(),
            code if codes.contains(&code) => {
                stuck.push(format!("{}: {code}", attack.name()));
                continue;
            }
            code => format!("`{code}`"),
        };
        told.insert(attack.name(), text);
    }
    assert!(stuck.is_empty(), "cannot be switched off:\n{}", stuck.join("\n"));
    let lines: String = told.iter().map(|(name, text)| format!("{name}\t{text}\n")).collect();
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/disabled.tsv");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &lines).unwrap();
    }
    assert_eq!(std::fs::read_to_string(path).unwrap_or_default(), lines, "UPDATE=1 writes it anew");
    let through = told.values().filter(|t| t.contains("gets through")).count();
    assert!(through > 100, "only {through} get through without their check");
    assert!(registry().iter().any(|a| a.family.on == On::Redirect));
}

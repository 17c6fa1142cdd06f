//! Strangers agree: xmlsec1's command line verifies every signed message that a story sends.
//!
//! Without the tool the test says "not run"; with `FEDSIM_PEERS=required`, as in CI, a missing tool fails.

use federation::EventKind;
use fedsim::Fabric;
use fedsim_tests::{cases, replay};
use std::io::Write as _;
use std::process::Command;

const STORIES: &[&str] = &["device-trust/managed-gets-in", "device-trust/unmanaged-sees-enrolment-page"];
const ID_ATTRIBUTES: &[&str] = &[
    "urn:oasis:names:tc:SAML:2.0:protocol:AuthnRequest",
    "urn:oasis:names:tc:SAML:2.0:protocol:Response",
    "urn:oasis:names:tc:SAML:2.0:assertion:Assertion",
];

/// Whether xmlsec1 accepts the first signature of `xml` with the certificate that the message names.
fn accepts(xml: &str, dir: &std::path::Path) -> Result<(), String> {
    let between = |from: &str, to: &str| {
        xml.split_once(from).and_then(|(_, rest)| rest.split_once(to)).map(|(it, _)| it.to_string())
    };
    let certificate = between("<ds:X509Certificate>", "</ds:X509Certificate>").ok_or("no certificate")?;
    let pem = format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", fold(&certificate));
    let write = |name: &str, text: &str| {
        let path = dir.join(name);
        std::fs::File::create(&path)
            .and_then(|mut f| f.write_all(text.as_bytes()))
            .map(|()| path)
            .map_err(|e| e.to_string())
    };
    let (message, key) = (write("message.xml", xml)?, write("key.pem", &pem)?);
    let mut command = Command::new("xmlsec1");
    command.args(["--verify", "--enabled-key-data", "rsa,key-name", "--pubkey-cert-pem"]).arg(key);
    for id in ID_ATTRIBUTES {
        command.args(["--id-attr:ID", id]);
    }
    let output = command.arg(message).output().map_err(|e| e.to_string())?;
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}

fn fold(base64: &str) -> String {
    base64.as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line).into_owned()).collect::<Vec<_>>().join("\n")
}

#[test]
fn xmlsec1_verifies_what_we_sign() {
    if Command::new("xmlsec1").arg("--version").output().is_err() {
        let required = std::env::var_os("FEDSIM_PEERS").is_some_and(|v| v == "required");
        assert!(!required, "xmlsec1 is not installed: tests/peers/install installs it");
        println!("not run: xmlsec1 is not installed (tests/peers/install installs it)");
        return;
    }
    let dir = tempfile::tempdir().expect("a directory of our own");
    let mut signed = 0;
    for case in cases().iter().filter(|c| STORIES.contains(&c.id.as_str())) {
        for event in replay(case, Fabric::Memory).steps.iter().flat_map(|s| &s.events) {
            let EventKind::Message { xml, what, .. } = &event.kind else { continue };
            if !xml.contains("<ds:Signature") {
                continue;
            }
            signed += 1;
            assert_eq!(accepts(xml, dir.path()), Ok(()), "{}: {what} of {}", case.id, event.party);
            let forged = xml.replacen("2026-03-02", "2026-03-03", 1);
            assert!(accepts(&forged, dir.path()).is_err(), "{}: xmlsec1 takes a forged {what}", case.id);
        }
    }
    assert!(signed >= 4, "only {signed} signed messages");
}

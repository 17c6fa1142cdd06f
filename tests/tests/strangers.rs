//! Strangers agree: xmlsec1's command line verifies every signature of every story, with both kinds of keys, and the
//! OASIS schemas validate every kind of message and everybody's metadata.
//!
//! Without a tool the test says "not run"; with `FEDSIM_PEERS=required`, as in CI, a missing tool fails.

use federation::EventKind;
use fedsim::Options;
use fedsim::world::{Running, SamlKeys};
use fedsim_tests::{case, cases, there};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

const ID_ATTRIBUTES: &[&str] = &[
    "urn:oasis:names:tc:SAML:2.0:protocol:AuthnRequest",
    "urn:oasis:names:tc:SAML:2.0:protocol:Response",
    "urn:oasis:names:tc:SAML:2.0:assertion:Assertion",
];
/// Where a signature stands: in the message itself, and in its assertion.
const PLACES: [&str; 2] =
    ["/*/*[local-name()='Signature']", "/*/*[local-name()='Assertion']/*[local-name()='Signature']"];

fn answers(tool: &str) -> bool {
    there(tool, Command::new(tool).arg("--version").output().is_ok())
}

/// Every message of every story, with the case that sent it; both tests read the same replays.
fn messages(keys: SamlKeys) -> &'static [(String, String, String)] {
    static RSA: OnceLock<Vec<(String, String, String)>> = OnceLock::new();
    static P256: OnceLock<Vec<(String, String, String)>> = OnceLock::new();
    match keys {
        SamlKeys::Rsa2048 => RSA.get_or_init(|| replayed(keys)),
        SamlKeys::P256 => P256.get_or_init(|| replayed(keys)),
    }
}

fn replayed(keys: SamlKeys) -> Vec<(String, String, String)> {
    let mut found = Vec::new();
    for case in cases() {
        let result = fedsim::replay(&case, &Options { saml_keys: keys, ..Options::default() });
        for event in result.steps.into_iter().flat_map(|s| s.events) {
            if let EventKind::Message { xml, what, .. } = event.kind {
                found.push((case.id.clone(), what, xml));
            }
        }
    }
    found
}

fn write(dir: &Path, name: &str, text: &str) -> PathBuf {
    let path = dir.join(name);
    std::fs::write(&path, text).expect("a file of our own");
    path
}

fn between<'a>(text: &'a str, from: &str, to: &str) -> Option<&'a str> {
    text.split_once(from)?.1.split_once(to).map(|(it, _)| it)
}

/// Runs xmlsec1 over `files`, whose signatures at `place` were made with the key of `certificate`.
fn xmlsec(certificate: &Path, place: &str, files: &[PathBuf]) -> Result<(), String> {
    let mut command = Command::new("xmlsec1");
    command.args(["--verify", "--enabled-key-data", "rsa,ecdsa,key-name", "--node-xpath", place]);
    command.arg("--pubkey-cert-pem").arg(certificate);
    for id in ID_ATTRIBUTES {
        command.args(["--id-attr:ID", id]);
    }
    let output = command.args(files).output().map_err(|e| e.to_string())?;
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}

#[test]
fn xmlsec1_verifies_what_we_sign() {
    if !answers("xmlsec1") {
        return;
    }
    for keys in [SamlKeys::Rsa2048, SamlKeys::P256] {
        let dir = tempfile::tempdir().expect("a directory of our own");
        // By certificate and place: one run of the tool for each.
        let mut signed: BTreeMap<(String, &str), Vec<PathBuf>> = BTreeMap::new();
        let mut kinds = BTreeSet::new();
        for (number, (_, what, xml)) in messages(keys).iter().enumerate() {
            let Some(certificate) = between(xml, "<ds:X509Certificate>", "</ds:X509Certificate>") else { continue };
            let file = write(dir.path(), &format!("{number}-{what}.xml"), xml);
            let in_assertion = xml.split_once(":Assertion ").is_some_and(|(_, rest)| rest.contains("<ds:Signature "));
            let whole = xml.matches("<ds:Signature ").count() > usize::from(in_assertion);
            for (place, is) in PLACES.into_iter().zip([whole, in_assertion]) {
                if is {
                    kinds.insert((what.clone(), place));
                    signed.entry((certificate.to_string(), place)).or_default().push(file.clone());
                }
            }
        }
        for (number, ((certificate, place), files)) in signed.iter().enumerate() {
            let lines: Vec<_> = certificate.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
            let pem = format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"));
            let pem = write(dir.path(), &format!("{number}.pem"), &pem);
            for files in files.chunks(100) {
                assert_eq!(xmlsec(&pem, place, files), Ok(()), "{keys:?} at {place}");
            }
            let text = std::fs::read_to_string(&files[0]).expect("just written");
            let forged = write(dir.path(), "forged.xml", &text.replace("Version=\"2.0\"", "Version=\"2.1\""));
            assert!(xmlsec(&pem, place, &[forged]).is_err(), "xmlsec1 takes a forgery");
        }
        println!("peer ran: xmlsec1 with {keys:?}");
        assert_eq!(kinds.len(), 3, "requests, responses, assertions: {kinds:?}");
    }
}

/// The schemas come with a package of PyPI; `tests/peers/install` puts them beside itself.
fn schemas() -> Option<PathBuf> {
    let lib = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/.venv-saml/lib");
    let found = std::fs::read_dir(lib).into_iter().flatten().flatten();
    found.map(|d| d.path().join("site-packages/onelogin/saml2/schemas")).find(|p| p.is_dir())
}

fn xmllint(schema: &Path, file: &Path) -> Result<(), String> {
    let mut command = Command::new("xmllint");
    let output = command.args(["--nonet", "--noout", "--schema"]).arg(schema).arg(file).output();
    let output = output.map_err(|e| e.to_string())?;
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}

/// What makes two messages differ for a schema.
fn kind(what: &str, xml: &str) -> Vec<&'static str> {
    let parts = [
        "ForceAuthn=",
        "<saml2:Subject",
        ":RequestedAuthnContext",
        "<ds:Signature ",
        "AuthnContextDecl>",
        ":StatusDetail>",
        "AttributeStatement>",
    ];
    let kind = if what == "Response" { "Response" } else { "AuthnRequest" };
    std::iter::once(kind).chain(parts.into_iter().filter(|p| xml.contains(p))).collect()
}

#[test]
fn the_oasis_schemas_validate_what_we_write() {
    let schemas = schemas();
    if !answers("xmllint") || !there("the OASIS schemas", schemas.is_some()) {
        return;
    }
    let schemas = schemas.expect("just looked");
    let (protocol, metadata) =
        (schemas.join("saml-schema-protocol-2.0.xsd"), schemas.join("saml-schema-metadata-2.0.xsd"));
    let dir = tempfile::tempdir().expect("a directory of our own");
    let mut kinds = BTreeMap::new();
    for (case, what, xml) in messages(SamlKeys::Rsa2048).iter().chain(messages(SamlKeys::P256)) {
        kinds.entry(kind(what, xml)).or_insert((case, xml));
    }
    for (number, (kind, (case, xml))) in kinds.iter().enumerate() {
        let verdict = xmllint(&protocol, &write(dir.path(), &format!("{number}.xml"), xml));
        let Some(detail) = between(xml, "<saml2p:StatusDetail>", "</saml2p:StatusDetail>") else {
            assert_eq!(verdict, Ok(()), "{case}: {kind:?}");
            continue;
        };
        // The one documented exception: Access writes bare text where the schema wants elements. The rest is as it should be.
        assert!(verdict.is_err_and(|e| e.contains("StatusDetail")), "{case}: {kind:?}");
        let bare = xml.replace(&format!("<saml2p:StatusDetail>{detail}</saml2p:StatusDetail>"), "");
        assert_eq!(xmllint(&protocol, &write(dir.path(), "bare.xml", &bare)), Ok(()), "{case}: {kind:?}");
    }
    let has = |parts: &[&str]| kinds.keys().any(|k| parts.iter().all(|p| k.contains(p)));
    for wanted in [
        &["AuthnRequest", ":RequestedAuthnContext", "<ds:Signature "][..],
        &["AuthnRequest", "ForceAuthn="],
        &["Response", "AuthnContextDecl>"],
        &["Response", "AttributeStatement>"],
        &["Response", ":StatusDetail>"],
    ] {
        assert!(has(wanted), "no story sends {wanted:?}: {:?}", kinds.keys());
    }
    assert!(kinds.keys().any(|k| k[0] == "Response" && !k.contains(&"AuthnContextDecl>")), "{:?}", kinds.keys());
    println!("peer ran: xmllint with the OASIS schemas");
    for (number, (url, xml)) in everybodys_metadata().into_iter().enumerate() {
        let file = write(dir.path(), &format!("metadata-{number}.xml"), &xml);
        assert_eq!(xmllint(&metadata, &file), Ok(()), "{url}");
        let broken = write(dir.path(), "broken.xml", &xml.replace("entityID", "entityName"));
        assert!(xmllint(&metadata, &broken).is_err(), "{url}: the schema takes everything");
    }
}

fn everybodys_metadata() -> Vec<(String, String)> {
    let world = case("device-trust/managed-gets-in").world;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let running = Running::start(&world, &Options::default()).await.expect("the world starts");
        let (okta, access) = (&world.okta.host, &world.access.host);
        let mut urls: Vec<String> =
            ["idp.xml", "sp.xml"].map(|f| format!("https://{access}/SAAS/API/1.0/GET/metadata/{f}")).into();
        urls.extend(world.okta.apps.iter().map(|a| format!("https://{okta}/app/{}/metadata", a.name)));
        let idps = world.okta.identity_providers.iter();
        urls.extend(idps.map(|i| format!("https://{okta}/api/v1/idps/{}/metadata.xml", i.id)));
        let mut found = Vec::new();
        for url in urls {
            let response = running.get(&url).await.expect("an answer");
            found.push((url, String::from_utf8_lossy(response.body()).into_owned()));
        }
        found
    })
}

//! `docs/attacks.md`: every case with the check that stops it, and what a stranger makes of the same bytes.
//!
//! Ours is held to be current here. The strangers' verdicts are committed in `tests/peers`.

#![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

mod common;

use attacks::{Attack, End, Family, On, registry};
use base64::{Engine, engine::general_purpose::STANDARD};
use common::{Hop, hops};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Where the stranger reads a case: at the app, signed as the case wants it.
fn hop(attack: &Attack) -> Option<&'static Hop> {
    let name = match attack.family.on {
        // Only Access states a posture.
        _ if attack.family.class == "posture" => return None,
        On::Response | On::SignedResponse => "okta-app response",
        On::SignedAssertion => "okta-app assertion",
        _ => return None,
    };
    hops().iter().find(|h| h.name == name).filter(|h| h.fits(attack))
}

#[test]
#[ignore = "writes the corpus for the strangers in tests/peers"]
fn write_the_corpus() {
    let folder = root().join("target/attack-corpus");
    std::fs::create_dir_all(&folder).unwrap();
    let mut files = BTreeMap::new();
    for attack in registry() {
        let Some(bytes) = hop(&attack).and_then(|hop| hop.posted(&attack)) else { continue };
        std::fs::write(folder.join(attack.name()), bytes).unwrap();
        files.insert(attack.name(), attack.name());
    }
    let honest = hops().iter().find(|h| h.name == "okta-app response").unwrap();
    std::fs::write(folder.join("honest"), STANDARD.encode(honest.honest())).unwrap();
    files.insert("honest", "honest");
    let mut json = format!(
        "{{\"now\": {}, \"name\": \"alice@acme.test\", \"request\": \"id1\", \"acs\": \"https://salesforce.test/saml/acs\", \
         \"audience\": \"https://salesforce.test/saml/metadata\", \"issuer\": \"http://www.okta.com/salesforce\", \"certificate\": \"{}\", \"files\": {{",
        common::NOW.seconds(),
        STANDARD.encode(honest.scene().certificate),
    );
    let pairs: Vec<String> = files.iter().map(|(name, file)| format!("\"{name}\": \"{file}\"")).collect();
    json += &pairs.join(", ");
    json += "}}";
    std::fs::write(folder.join("corpus.json"), json).unwrap();
}

/// What must come of it here.
fn ours(end: End) -> String {
    match end {
        End::Refused(codes) => codes.split('|').map(|c| format!("`{c}`")).collect::<Vec<_>>().join(" or "),
        End::MethodFails(code) => format!("the method fails: `{code}`"),
        End::NotTrusted => "accepted, not trusted".into(),
        End::Accepted => "accepted".into(),
        End::NewSession => "accepted under a fresh id".into(),
        End::StaysHome => "accepted, goes nowhere else".into(),
        End::Handshake => "the handshake ends".into(),
    }
}

/// By the beginning of a case's name: why samael's verdict is another.
const SAMAEL: &[(&str, &str)] = &[
    ("name-id-missing", "it takes an assertion without a name"),
    ("duplicate-id-", "an id is an attribute of the name ID to it"),
    ("xsw", "it reads only what was signed, the honest name, and leaves the rest aside"),
    ("strip-moved", "it reads only what was signed, wherever the signature stands"),
    ("condition-", "it ignores conditions that it does not know"),
    ("conditions-missing", "it checks conditions that are there"),
    ("audience-", "it takes any audience of any restriction, and none where there is none"),
    ("authn-", "it does not ask for a statement"),
    ("assertion-issued", "it does not look at this time"),
    ("response-issued", "it does not look at this time"),
    ("authenticated-in", "it does not look at this time"),
    ("assertion-version", "it does not look at versions"),
    ("version-", "it does not look at versions"),
    ("assertion-namespace", "its reader goes by names without namespaces"),
    ("c14n-", "the right key signed it, and xmlsec takes it"),
    ("transform-", "the right key signed it, and xmlsec takes it"),
    ("reference-", "the right key signed it, and xmlsec takes it"),
    ("object-", "nothing signed the object, or the right key did; it takes objects"),
    ("two-references", "the right key signed it, and xmlsec takes it"),
    ("text-in-signature", "xmlsec skips text there"),
    ("cdata-", "a section is text to it"),
    ("comment-", "it reads the digested text, from which comments are gone"),
    ("pi-", "it reads the text around instructions whole"),
    ("character-", "libxml2 repairs what is not well-formed"),
    ("control-", "libxml2 repairs what is not well-formed"),
    ("noncharacter", "libxml2 repairs what is not well-formed"),
    ("declaration-late", "libxml2 repairs what is not well-formed"),
    ("entity-", "libxml2 repairs what is not well-formed"),
    ("mismatched-", "libxml2 repairs what is not well-formed"),
    ("nul-", "libxml2 repairs what is not well-formed"),
    ("trailing-", "libxml2 repairs what is not well-formed"),
    ("truncated-", "libxml2 repairs what is not well-formed"),
    ("two-documents", "libxml2 repairs what is not well-formed"),
    ("xml-1-1", "libxml2 knows version 1.1"),
    ("declared-", "the text is a string to it before libxml2 reads it"),
    ("doctype-", "libxml2 reads document types"),
    ("confirmation-not-before", "it checks NotBefore instead of refusing it"),
    ("confirmation-end", "it reads the machine's clock, so its limits are set wide here"),
    ("expired-", "it reads the machine's clock, so its limits are set wide here"),
    ("not-", "it reads the machine's clock, so its limits are set wide here"),
    ("interval-", "it reads the machine's clock, so its limits are set wide here"),
    ("time-", "it reads more forms of time"),
    ("destination-missing", "it checks a destination that is there"),
    ("issuer-missing", "it checks an issuer that is there"),
    ("status-missing", "it checks a status that is there"),
    ("form-", "the form is its caller's to read"),
    ("too-large-", "it has no limit of size there"),
    ("harmless-base64-lines", "it takes no line breaks in base64"),
    ("harmless-sha512", "its list of algorithms is set to SHA-256 here"),
    ("harmless-", "stricter than the standard asks"),
];

/// The same of python3-saml.
const PYTHON: &[(&str, &str)] = &[
    ("name-id-blank", "it takes white space for a name"),
    ("form-", "the form is its caller's to read"),
    ("base64-", "Python's decoder skips what is no base64"),
    ("comment-", "it reads the whole text around comments, so nothing is lost; ours takes no message with one"),
    ("cdata-", "a section is text to it; ours takes no message with one"),
    ("pi-before-root", "it drops instructions outside the root; ours takes no message with one"),
    ("utf-", "its parser follows the byte order; ours takes UTF-8 alone"),
    ("declared-", "its parser follows the declaration; ours takes UTF-8 alone"),
    ("xml-1-1", "its parser knows version 1.1"),
    ("too-large-", "it has no limit of size there"),
    ("attribute-value-children", "it reads the first text of an attribute"),
    ("destination-missing", "it checks a destination that is there"),
    ("destination-", "it looks for our address inside the destination; ours must be equal"),
    ("recipient-missing", "it checks a recipient that is there"),
    ("recipient-", "it looks for our address inside the recipient; ours must be equal"),
    ("audience-", "it takes any audience of any restriction, and none where there is none"),
    ("confirmation-end-missing", "it checks an end that is there"),
    ("confirmation-in-response-to-missing", "it checks an answered id that is there"),
    ("confirmation-not-before", "it checks NotBefore instead of refusing it"),
    ("in-response-to-missing", "it checks an answered id that is there"),
    ("unsolicited", "it takes responses that answer nothing"),
    ("issuer-", "it checks issuers that are there and not empty"),
    ("assertion-issuer-empty", "it checks issuers that are there and not empty"),
    ("assertion-version-1-1", "it looks at the response's version alone"),
    ("assertion-issued", "it does not look at this time"),
    ("response-issued", "it does not look at this time"),
    ("authenticated-in", "it does not look at this time"),
    ("time-without-zone", "it takes a time without a zone for UTC"),
    ("interval-", "its skew is five minutes, and it does not hold the two against each other"),
    ("not-", "its skew is five minutes"),
    ("expired-", "its skew is five minutes"),
    ("boundary-", "it allows no skew there"),
    ("c14n-", "the right key signed it; it takes every canonicalisation of xmlsec"),
    ("transform-", "the right key signed it; it takes every transform of xmlsec"),
    ("object-", "the right key signed it, or nothing signed the object; it takes objects"),
    ("two-references", "the right key signed it; it looks at the first reference"),
    ("digest-", "the right key signed it; its list of weak algorithms has SHA-1 alone"),
    ("rsa-", "the right key signed it; its list of weak algorithms has SHA-1 alone"),
    ("duplicate-id-", "it looks at the ids of responses and assertions alone"),
    ("harmless-statements-swapped", "the schema has an order, which it holds"),
];

/// A stranger's verdict, and where it differs one line that says why.
fn beside(attack: &Attack, verdicts: &BTreeMap<&str, &str>, reasons: &'static [(&str, &str)]) -> String {
    let Some(theirs) = verdicts.get(attack.name()).copied() else { return "–".into() };
    if attack.harmless() == (theirs == "accepted") {
        return theirs.into();
    }
    let known = reasons.iter().find(|(start, _)| attack.name().starts_with(start));
    let why = known.unwrap_or_else(|| panic!("why does a stranger differ on {}?", attack.name())).1;
    format!("{theirs}: {why}")
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_default()
}

fn pairs(text: &str) -> BTreeMap<&str, &str> {
    text.lines().filter_map(|l| l.split_once('\t')).collect()
}

fn table() -> String {
    let (python, samael, second) =
        (read("tests/peers/differential.tsv"), read("tests/peers/samael.tsv"), read("attacks/tests/disabled.tsv"));
    let (python, samael, second) = (pairs(&python), pairs(&samael), pairs(&second));
    let all = registry();
    let count = |is: &dyn Fn(&Attack) -> bool| all.iter().filter(|a| is(a)).count();
    let certificates = count(&|a| a.family.on == On::Certificate && !a.harmless());
    let passing = count(&|a| a.harmless());
    let mut out = format!(
        "# Attacks\n\n<!-- Written by `UPDATE=1 cargo test -p attacks --test table`. -->\n\n\
         {} cases against SAML and its bindings, {certificates} against device certificates, and {passing} rewrites and limits that must pass.\n\
         `misbehave = {{ party = \"access\", as = \"xsw3\" }}` plays one at the next sign-in of a scenario. *Ours* names the check that\n\
         stops it, in a living world and at the wire alone. *Without it*: what comes of the same bytes in a test build in which just that\n\
         check is switched off (`attacks/tests/disabled.rs`): they get through, or a second check catches them; where TLS itself refuses,\n\
         what the certificate's reader would say. A dash there: what refuses is a party's knowledge of its own (requests, accounts,\n\
         registered addresses) and no check of a message. The last columns are\n\
         samael 0.0.22 with xmlsec (`tests/peers/samael`) and python3-saml 1.16 in strict mode (`tests/peers/differential.py`) on the\n\
         same bytes; a dash: it has no such message. Where one differs from ours, the line says why.\n",
        all.len() - certificates - passing,
    );
    for family in families(&all) {
        let mut rows = String::new();
        for attack in all.iter().filter(|a| std::ptr::eq(a.family, family)) {
            let (python, samael) = (beside(attack, &python, PYTHON), beside(attack, &samael, SAMAEL));
            let without = second.get(attack.name()).copied().unwrap_or("–");
            let ours = ours(attack.row.end);
            let _ = writeln!(
                rows,
                "| `{}` | {} | {ours} | {without} | {samael} | {python} |",
                attack.name(),
                attack.row.says
            );
        }
        let _ = write!(
            out,
            "\n## {}\n\nBy the {}. {}. Requirement `{}`.\n\n| case | what it does | ours | without it | samael | python3-saml |\n|---|---|---|---|---|---|\n{rows}",
            title(family.name),
            family.who.name(),
            family.source,
            family.requirement
        );
    }
    out
}

fn families(all: &[Attack]) -> Vec<&'static Family> {
    let mut found: Vec<&'static Family> = Vec::new();
    for attack in all {
        if !found.iter().any(|f| std::ptr::eq(*f, attack.family)) {
            found.push(attack.family);
        }
    }
    found
}

fn title(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|c| c.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[test]
fn the_table_is_current() {
    let (path, wanted) = (root().join("docs/attacks.md"), table());
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &wanted).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == wanted, "docs/attacks.md is out of date; UPDATE=1 cargo test -p attacks --test table");
}

/// Nobody is taken for somebody else by either reader.
#[test]
fn no_stranger_was_fooled_by_what_we_emit() {
    for path in ["tests/peers/differential.tsv", "tests/peers/samael.tsv"] {
        let text = read(path);
        assert!(text.lines().count() > 250, "{path} has {} verdicts", text.lines().count());
        assert!(text.contains("honest\taccepted"), "the honest message is not accepted: {path} says nothing");
        assert!(!text.contains("mallory"), "{path}: somebody was taken for somebody else");
    }
}

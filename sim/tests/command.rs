//! The command as a person meets it: exit codes, errors that help, output within 80 columns, pipes that close early.

use std::path::Path;
use std::process::{Command, Output, Stdio};

fn fedsim(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_fedsim")).args(args).output().expect("fedsim runs")
}

/// Exit code, standard output, standard error.
fn ran(args: &[&str]) -> (i32, String, String) {
    let output = fedsim(args);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
}

fn check(args: &[&str], code: i32, wanted: &[&str]) {
    let (got, out, err) = ran(args);
    let told = format!("{out}{err}");
    assert_eq!(got, code, "fedsim {}: {told}", args.join(" "));
    for word in wanted {
        assert!(told.contains(word), "fedsim {}: no `{word}` in\n{told}", args.join(" "));
    }
    assert!(!told.contains('\x1b'), "no colour into a pipe: {told}");
    assert!(!told.contains("panicked"), "{told}");
    if !args.contains(&"--full") && !args.contains(&"--format") {
        // A path that is wider than the terminal stays whole, alone on its line.
        let path = |line: &str| line.trim().contains('/') && !line.trim().contains(' ');
        let wide: Vec<&str> = told.lines().filter(|l| l.chars().count() > 80 && !path(l)).collect();
        assert!(wide.is_empty(), "fedsim {}: over 80 columns: {wide:#?}", args.join(" "));
    }
}

#[test]
fn words_and_exit_codes() {
    let rows: &[(&[&str], i32, &[&str])] = &[
        (&["--help"], 0, &["Examples:", "journal", "70"]),
        (&["run", "--help"], 0, &["in the order of the catalogue", "--keep", "Exit code"]),
        (&["up", "--help"], 0, &["Examples:"]),
        (&["run", "uem-down"], 0, &["uem-down\n", "ok   unreachable-fails-closed", " 0 missed"]),
        (&["run", "breaks-device-compliance~a-fallback-without-it"], 0, &["granted by salesforce", "1 met"]),
        (&["run", "unreachable-fails-closed", "uem-down/unreachable-fails-closed"], 0, &["1 met, 0 missed, 1 case"]),
        (
            &["list"],
            0,
            &["force-authn\n  breaks-device-compliance\n      Okta's Device Trust context makes it send ForceAuthn."],
        ),
        (&["list", "toggles"], 0, &["toggles\n"]),
        (
            &["explain", "breaks-device-compliance"],
            0,
            &[
                "What it teaches",
                "(seed)",
                "set at\n",
                "  scenarios/catalogue/force-authn/breaks-device-compliance.toml:11:7\n",
                "What it rests on",
                "by default",
                "fedsim explain breaks-device-compliance~a-fallback-without-it",
            ],
        ),
        (&["explain", "force-authn/breaks-device-compliance~a-fallback-without-it"], 0, &["=> granted by salesforce"]),
        (&["trace", "managed-gets-in"], 0, &["alices-iphone", "═>│", "<saml2p:Response"]),
        (&["trace", "managed-gets-in", "--full"], 0, &["<ds:SignatureValue>"]),
        (&[], 2, &["Usage"]),
        (&["run", "no-such-lesson"], 2, &["no lesson or family is called `no-such-lesson`", "fedsim list"]),
        (
            &["explain", "breaks-device-compliance~drop"],
            2,
            &["has no try `~drop`", "did you mean `breaks-device-compliance~drop-device-compliance-from-the-chain`?"],
        ),
        (&["explain", "managed-gets-in~nothing"], 2, &["it has\n  managed-gets-in~android-integration-switched-off"]),
        (&["run", "managed-gets-in[x]"], 2, &["`managed-gets-in` has no cell `[x]`"]),
        (&["run", "breaks-device-complience"], 2, &["did you mean `breaks-device-compliance`?"]),
        (&["list", "force-auth"], 2, &["did you mean `force-authn`?"]),
        (&["explain", "force-authn"], 2, &["several lessons", "breaks-okta-as-fallback"]),
        (&["explain", "nowhere.toml"], 2, &["nowhere.toml: there is no such file", "fedsim list"]),
        (&["run", "./nowhere"], 2, &["there is no file or directory `./nowhere`", "fedsim list"]),
        (&["run", "nowhere.toml~x"], 2, &["nowhere.toml"]),
        (&["run", "--jobs", "0"], 2, &["--jobs"]),
        (&["run", "--format", "yaml"], 2, &["pretty, json, junit, github"]),
        (&["run", "--fabric", "carrier-pigeon"], 2, &["memory, loopback"]),
        (&["run", "uem-down", "--keep", "/proc/no/such"], 2, &["cannot keep anything in `/proc/no/such`"]),
        (&["explain", "managed-gets-in", "--keep", "/dev/null"], 2, &["/dev/null"]),
        (&["journal", "/no/such/directory"], 2, &["is no directory of an earlier"]),
        (&["up", "device-trust-mobil"], 2, &["did you mean `device-trust-mobile`?"]),
        (&["up", "--dir", "/proc/no/such"], 2, &["/proc/no/such"]),
    ];
    for (args, code, wanted) in rows {
        check(args, *code, wanted);
    }
}

/// However wide the mistake, its file and the directory it lies in.
#[test]
fn what_is_wrong_fits_80_columns() {
    let dir = tempfile::tempdir().expect("a directory");
    let deep = dir.path().join("designs-of-a-whole-department-that-likes-long-names");
    std::fs::create_dir(&deep).expect("is made");
    let file = deep.join("x.toml");
    let wide = "alices-iphone-that-she-was-given-on-her-first-day-at-the-company";
    for (text, wanted) in [
        (
            format!("[[step]]\nsign_in = {{ who = \"alice\", on = \"{wide}\", app = \"salesforce\" }}"),
            "there is no device",
        ),
        (format!("[[step]]\nenrol = {{ device = \"alices-iphone\", as_user = \"alice\", {wide} = 1 }}"), "unknown key"),
        ("[[step]]\nsing_in = {}".into(), "did you mean `sign_in`?"),
        ("[[step]]\nsweep = {}\nwait = { minutes = 1 }".into(), "the actions are"),
        ("[[step]]\nsweep = {}\nexpect = { outcome = \"granted\" }".into(), "says nothing of a step with"),
    ] {
        std::fs::write(&file, format!("baseline = \"routing-only\"\n{text}\n")).expect("is written");
        check(&["run", &file.to_string_lossy()], 2, &["x.toml:", "\n  = ", "^", wanted]);
    }
}

const MISSING: &str = r#"
name = "hopes"
baseline = "device-trust-mobile"

[[step]]
sign_in = { who = "bob", on = "bobs-iphone", app = "salesforce" }
expect = { outcome = "granted", by = "salesforce", because = ["device-trust/trusted"] }
"#;

#[test]
fn a_miss_tells_expected_observed_why_and_where() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("hopes.toml");
    std::fs::write(&file, MISSING).expect("writes");
    let file = file.to_string_lossy().into_owned();
    check(
        &["run", &file],
        1,
        &[
            "MISS hopes",
            "expected  granted",
            "observed  enrolment-page",
            "hopes.toml:5",
            "what led there",
            "okta decides: show how to enrol",
            "sign-on/rule-matched at okta.apps.salesforce.rules.untrusted-mobile",
            "set at scenarios/baselines/device-trust-mobile.toml:",
            "0 met, 1 missed, 1 case",
        ],
    );
    check(&["explain", &file], 1, &["MISSED outcome", "expected  granted", "observed  enrolment-page"]);
    for (format, wanted) in [("json", "\"met\": false"), ("junit", "<failure"), ("github", "::error file=")] {
        check(&["run", &file, "--format", format], 1, &[wanted]);
    }
    let broken = dir.path().join("broken.toml");
    std::fs::write(&broken, "name = \"broken\"\nbaselin = \"x\"\n").expect("writes");
    check(&["run", &dir.path().to_string_lossy()], 2, &["broken.toml:2:1", "did you mean `baseline`?"]);
    std::fs::remove_file(broken).expect("goes");
    check(&["run", &dir.path().to_string_lossy()], 1, &["1 missed"]);
    check(&["list", &file], 0, &["hopes"]);
    let empty = tempfile::tempdir().expect("a directory");
    check(&["run", &empty.path().to_string_lossy()], 2, &["holds no scenario"]);
}

#[test]
fn what_is_kept_is_read() {
    let dir = tempfile::tempdir().expect("a directory");
    let keep = dir.path().join("runs").to_string_lossy().into_owned();
    for _ in 0..2 {
        check(&["run", "uem-down", "--keep", &keep], 0, &["0 missed"]);
    }
    check(&["journal", &keep], 0, &["1 ok", "uem-down/unreachable-fails-closed", "access-denied -> granted", "8 ok"]);
    let (_, transcript, _) = ran(&["journal", &keep, "1"]);
    assert!(transcript.lines().count() > 20 && transcript.contains("decides"), "{transcript}");
    check(&["journal", &keep, "99"], 2, &["has no run 99"]);
    let foreign = dir.path().to_string_lossy().into_owned();
    check(&["run", "uem-down", "--keep", &foreign], 2, &["is no store of fedsim's"]);
    damage(&Path::new(&keep).join("sled"));
    check(&["journal", &keep], 2, &["damaged"]);
    check(&["run", "uem-down", "--keep", &keep], 2, &["damaged"]);
}

/// Overwrites the beginning of every file.
fn damage(dir: &Path) {
    for entry in std::fs::read_dir(dir).expect("is there").flatten() {
        if entry.path().is_dir() {
            damage(&entry.path());
        } else if let Ok(mut bytes) = std::fs::read(entry.path()) {
            bytes.iter_mut().take(4096).for_each(|b| *b ^= 0x5a);
            std::fs::write(entry.path(), bytes).expect("writes");
        }
    }
}

#[test]
fn a_reader_that_has_enough_is_no_error() {
    for args in [&["list"][..], &["run", "toggles"], &["explain", "managed-gets-in"], &["run", "--format", "json"]] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fedsim"));
        let mut child =
            command.args(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("fedsim starts");
        drop(child.stdout.take());
        let output = child.wait_with_output().expect("ends");
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!((output.status.code(), &*told), (Some(0), ""), "{args:?}");
    }
}

#[test]
fn the_list_as_json_names_every_case() {
    let (code, out, _) = ran(&["list", "--format", "json"]);
    let document: serde_json::Value = serde_json::from_str(&out).expect("is JSON");
    assert_eq!((code, &document["version"]), (0, &serde_json::json!(1)));
    let lessons = document["lessons"].as_array().expect("lessons");
    let cases: Vec<&str> =
        lessons.iter().flat_map(|l| l["cases"].as_array().expect("cases")).filter_map(|c| c.as_str()).collect();
    assert!(lessons.len() >= 35 && cases.len() > lessons.len() && cases.contains(&"device-trust/managed-gets-in"));
    let unique: std::collections::BTreeSet<&str> = cases.iter().copied().collect();
    assert_eq!(unique.len(), cases.len(), "ids are unique");
}

/// JUnit XML as a parser reads it, of a case whose texts need every escape.
#[test]
fn junit_is_read_by_a_parser() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("it's <odd> & \"quoted\".toml");
    std::fs::write(
        &file,
        MISSING.replace("because = [\"device-trust/trusted\"]", r#"page_contains = ["a<b>&\"c\"", "d'e"]"#),
    )
    .expect("writes");
    let (code, out, _) = ran(&["run", &file.to_string_lossy(), "--format", "junit"]);
    assert_eq!(code, 1, "{out}");
    let mut reader = quick_xml::Reader::from_str(&out);
    let (mut names, mut message, mut depth) = (Vec::new(), String::new(), 0usize);
    loop {
        match reader.read_event().expect("is well-formed") {
            quick_xml::events::Event::Start(tag) => {
                depth += 1;
                names.push(tag.name().as_ref().to_string());
                for attribute in tag.attributes() {
                    let attribute = attribute.expect("is well-formed");
                    let value = attribute
                        .normalized_value(quick_xml::XmlVersion::Implicit1_0)
                        .expect("is escaped")
                        .into_owned();
                    if attribute.key.as_ref() == "message" {
                        message = value;
                    }
                }
            }
            quick_xml::events::Event::End(_) => depth -= 1,
            quick_xml::events::Event::Eof => break,
            _ => {}
        }
    }
    assert_eq!((names, depth), (["testsuites", "testsuite", "testcase", "failure"].map(String::from).to_vec(), 0));
    assert!(message.contains("expected granted, observed enrolment-page"), "{message}");
    assert!(out.contains("a&lt;b&gt;&amp;&quot;c&quot;"), "{out}");
}

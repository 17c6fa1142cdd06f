//! `fedsim up` as a person uses it: copy the printed lines into a shell, walk a sign-in with curl, end it with Ctrl-C; and
//! as a program does: its environment, its exit code, signals, a world that outlives a restart.
#![cfg(unix)]

use std::io::{BufRead, BufReader, Lines, Read};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};

/// Ends with the test, however that ends.
struct Up(Child);

impl Up {
    /// A world, once it is up; what it has said and will say.
    fn start(arguments: &[&str]) -> (Up, Vec<String>, Lines<BufReader<ChildStdout>>) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fedsim"));
        command.arg("up").args(arguments).stdout(Stdio::piped());
        let mut up = Up(command.spawn().expect("fedsim starts"));
        let mut lines = BufReader::new(up.0.stdout.take().expect("piped")).lines();
        let mut told = Vec::new();
        for line in lines.by_ref() {
            told.push(line.expect("is text"));
            if told.last().is_some_and(|line| line.contains("Ctrl-C ends it")) {
                break;
            }
        }
        (up, told, lines)
    }

    fn signal(&self, name: &str) {
        assert_eq!(shell(&format!("kill -{name} {}", self.0.id())).0, 0);
    }

    fn ended(&mut self) -> Option<i32> {
        self.0.wait().expect("ends").code()
    }
}

/// `fedsim up ARGUMENTS` that ends by itself.
fn brief(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_fedsim")).arg("up").args(arguments).output().expect("fedsim runs")
}

fn said(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

fn curl_is_here() -> bool {
    let here = shell("command -v curl").0 == 0;
    if !here {
        eprintln!("curl is not here: the walk is not taken");
    }
    here
}

impl Drop for Up {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn shell(script: &str) -> (i32, String) {
    let done = Command::new("sh").arg("-c").arg(script).output().expect("sh runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (done.status.code().unwrap_or(-1), text(&done.stdout) + &text(&done.stderr))
}

#[test]
fn curl_walks_the_printed_sign_in_and_ctrl_c_ends_it() {
    if !curl_is_here() {
        return;
    }
    let (mut up, told, lines) = Up::start(&[]);
    assert!(told.iter().all(|l| l.chars().count() <= 80), "{told:#?}");
    let start = told.iter().position(|l| l.starts_with("In another shell")).expect("a walk is printed");
    let walk: Vec<&str> = told[start + 1..].iter().map_while(|l| l.strip_prefix("  ")).collect();
    let [cd, open, submit, curl, cat] = walk[..] else { panic!("five lines: {walk:#?}") };

    let (code, page) = shell(&format!("{cd} && {open}"));
    assert!(code == 0 && page.contains("A browser submits this page at once"), "{page}");
    let mut last = page;
    let mut submitted = 0;
    while last.contains("A browser submits this page at once") && submitted < 10 {
        let (code, page) = shell(&format!("{cd} && {submit}"));
        assert_eq!(code, 0, "{page}");
        last = page;
        submitted += 1;
    }
    assert!(last.contains("app/home") && last.contains("Signed in as alice@acme.test"), "{last}");
    assert!(last.contains("TRUSTED") && !last.contains("NOT_TRUSTED"), "the phone showed its certificate: {last}");
    // Plain curl, with the cookies of that device: the app's session answers.
    let (code, page) = shell(&format!("{cd} && {curl} && {cat}"));
    assert!(code == 0 && page.contains("Signed in as"), "{page}");

    let (code, page) = shell(&format!(
        "{cd} && ./open bobs-iphone https://wiki.test/ && ./submit bobs-iphone && ./submit bobs-iphone"
    ));
    assert!(code == 0 && page.contains("Signed in as bob@acme.test") || page.contains("Answer it"), "{page}");
    let (code, _) = shell(&format!("{cd} && ./open nobody https://wiki.test/"));
    assert_eq!(code, 2, "an unknown device is bad input");

    // An empty form is told so on the page.
    let (_, page) = shell(&format!("{cd} && ./submit bobs-iphone && ./submit bobs-iphone username= password="));
    assert_eq!(page.matches("okta/sign-in: Sign in Unable to sign in.").count(), 2, "{page}");
    // Without an answer the page before stays.
    let before = shell(&format!("{cd} && cat bobs-iphone/page.html"));
    let (code, page) = shell(&format!("{cd} && ./open bobs-iphone https://127.0.0.1:1/"));
    assert!(code != 0 && page.contains("the page before is still open"), "{page}");
    assert_eq!(shell(&format!("{cd} && cat bobs-iphone/page.html")), before);
    assert_eq!(shell(&format!("{cd} && ls -A bobs-iphone | grep -c old")).1.trim(), "0");

    up.signal("INT");
    let mut rest = String::new();
    for line in lines {
        rest.push_str(&(line.expect("is text") + "\n"));
    }
    assert!(rest.contains("okta decides") && rest.contains("Goodbye"), "{rest}");
    assert!(rest.lines().all(|l| l.chars().count() <= 80), "{rest}");
    assert_eq!(up.ended(), Some(0));
    assert_ne!(shell(cd).0, 0, "the directory is gone with the world");
}

#[test]
fn a_reader_that_goes_away_ends_it() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fedsim"));
    let mut up = Up(command.arg("up").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("fedsim starts"));
    drop(up.0.stdout.take());
    let mut told = String::new();
    up.0.stderr.take().expect("piped").read_to_string(&mut told).expect("is text");
    assert_eq!((up.0.wait().expect("ends").code(), told.as_str()), (Some(0), ""));
}

#[test]
fn sigterm_and_hang_up_end_it_like_ctrl_c() {
    for signal in ["TERM", "HUP"] {
        let (mut up, told, lines) = Up::start(&["routing-only"]);
        let cd = told.iter().find(|l| l.starts_with("  cd ")).expect("a directory is named").trim().to_string();
        up.signal(signal);
        assert!(lines.map_while(Result::ok).any(|l| l.contains("and its keys with it")), "{signal}");
        assert_eq!(up.ended(), Some(0), "{signal}");
        assert_ne!(shell(&cd).0, 0, "{signal}: the directory is gone");
    }
}

#[test]
fn a_program_knows_the_world_and_its_exit_code_is_ours() {
    let script = "test -r \"$FEDSIM_CA\" && test -r \"$FEDSIM_DEVICE_ALICES_IPHONE_KEY\" || exit 3
        . \"$FEDSIM_DIR/env\"
        grep -q '\"version\": 1' \"$FEDSIM_WORLD_JSON\" || exit 4
        grep -q EntityDescriptor \"$FEDSIM_APP_SALESFORCE_METADATA\" || exit 5
        echo \"$FEDSIM_OKTA_URL $FEDSIM_PERSON_ALICE_OKTA_LOGIN $FEDSIM_DIR\"
        exit 7";
    let (code, out, err) = said(&brief(&["--", "sh", "-c", script]));
    assert_eq!(code, Some(7), "{out}{err}");
    assert!(out.starts_with("https://acme.okta.test alice@acme.test "), "only the program speaks there: {out}");
    assert_eq!(out.lines().count(), 1, "{out}");
    assert!(err.contains("It ends with the program") && err.contains("Goodbye"), "{err}");
    let dir = out.split_whitespace().last().expect("a directory");
    assert!(!Path::new(dir).exists(), "gone with the world");
    let (code, out, err) = said(&brief(&["--quiet", "--", "sh", "-c", "kill -KILL $$"]));
    assert_eq!((code, out.as_str(), err.as_str()), (Some(137), "", ""), "as a shell has it");
    let (code, _, err) = said(&brief(&["-q", "--", "/nowhere/at-all"]));
    assert_eq!(code, Some(2));
    assert!(err.contains("cannot start `/nowhere/at-all`"), "{err}");
}

#[test]
fn a_program_that_is_still_running_is_asked_to_end() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fedsim"));
    command.args(["up", "-q", "--", "sh", "-c", "trap 'exit 9' TERM; exec 3<&0; cat <&3 & echo ready; wait"]);
    let mut up = Up(command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("fedsim starts"));
    let mut out = BufReader::new(up.0.stdout.take().expect("piped"));
    let mut line = String::new();
    out.read_line(&mut line).expect("is text");
    assert_eq!(line, "ready\n");
    up.signal("TERM");
    assert_eq!(up.ended(), Some(9), "its own exit code");
}

#[test]
fn what_cannot_be_up_is_bad_input() {
    let held = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = held.local_addr().expect("an address").port();
    let taken = format!("acme.okta.test={port}");
    let dir = tempfile::tempdir().expect("a directory");
    let theirs = dir.path().join("thesis.txt");
    std::fs::write(&theirs, "mine").expect("writes");
    let (dir, theirs) = (dir.path().to_string_lossy(), theirs.to_string_lossy());
    let app = format!("salesforce={theirs}");
    let rows: &[(&[&str], &[&str])] = &[
        (&["nope"], &["no baseline is called `nope`", "there are ", "device-trust-mobile", "routing-only"]),
        (&["--ports", &taken], &["`acme.okta.test` cannot listen on", &port.to_string(), "--port"]),
        (&["--ports", "acme.otka.test=1025"], &["did you mean `acme.okta.test`?"]),
        (&["--ports", "acme.okta.test=0"], &["`0` is no port"]),
        (&["--port", "65534"], &["no port is left"]),
        (&["--dir", &dir], &["is not empty and not from `fedsim up`", "name a new directory"]),
        (&["--keep", &dir], &["is not empty and not from `fedsim up`"]),
        (&["--app", &app], &["is no metadata of a service provider"]),
        (&["--app", "salesforc=x.xml"], &["did you mean `salesforce`?"]),
        (&["--app", "salesforce=/nowhere.xml"], &["cannot read `/nowhere.xml`"]),
    ];
    for (arguments, wanted) in rows {
        let (code, out, err) = said(&brief(arguments));
        assert_eq!((code, out.as_str()), (Some(2), ""), "{arguments:?}: {err}");
        let err = err.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(wanted.iter().all(|part| err.contains(part)), "{arguments:?}: {err}");
    }
}

#[test]
fn two_worlds_never_share_a_directory() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().to_string_lossy();
    let (mut up, _, _lines) = Up::start(&["--dir", &path]);
    let ca = std::fs::read(dir.path().join("ca.pem")).expect("is there");
    let (code, _, err) = said(&brief(&["routing-only", "--dir", &path]));
    assert_eq!(code, Some(2), "{err}");
    assert!(err.contains("another `fedsim up` is running"), "{err}");
    assert_eq!(std::fs::read(dir.path().join("ca.pem")).expect("is there"), ca);
    up.signal("TERM");
    assert_eq!(up.ended(), Some(0));
    let (code, _, err) = said(&brief(&["routing-only", "--dir", &path, "-q", "--", "true"]));
    assert_eq!(code, Some(0), "after it, the directory is free: {err}");
    assert_ne!(std::fs::read(dir.path().join("ca.pem")).expect("is there"), ca);
}

/// A world whose app takes what it did not ask for: there, only the table of used assertions stands against a replay.
const UNSOLICITED: &str = r#"
name = "unsolicited"
teaches = ["posture-is-not-compliance"]
baseline = "device-trust-mobile"
story = "The app takes responses that it did not ask for."

[[change]]
at = "apps.salesforce"
set = { accept_idp_initiated = true }

[[step]]
sign_in = { who = "alice", on = "alices-iphone", app = "salesforce" }
expect = { outcome = "granted" }
"#;

/// Opens the app at Okta and goes on until the page whose form brings the response to the app.
const TO_THE_RESPONSE: &str = "./open alices-iphone https://acme.okta.test/app/salesforce/sso/saml &&
    for i in 1 2 3; do
        grep -q 'action=.https://salesforce.test/saml/acs' alices-iphone/page.html && exit 0
        ./submit alices-iphone
    done; exit 1";

#[test]
fn a_kept_world_outlives_a_kill_and_still_refuses_a_used_assertion() {
    if !curl_is_here() {
        return;
    }
    let home = tempfile::tempdir().expect("a directory");
    let design = home.path().join("unsolicited.toml");
    std::fs::write(&design, UNSOLICITED).expect("writes");
    let (design, kept) = (design.to_string_lossy().into_owned(), home.path().join("kept"));
    let dir = kept.to_string_lossy().into_owned();
    let here = |script: &str| shell(&format!("cd {dir} && {script}"));
    let start = || Up::start(&[&design, "--keep", &dir]);
    let files =
        ["ca.pem", "device-ca.pem", "alices-iphone/ios-mobile-sso/cert.pem", "alices-iphone/ios-mobile-sso/key.pem"];
    let read = || files.map(|name| std::fs::read_to_string(kept.join(name)).unwrap_or_else(|e| panic!("{name}: {e}")));
    let ports =
        |told: &[String]| -> Vec<String> { told.iter().filter(|l| l.contains("127.0.0.1:")).cloned().collect() };

    let (mut up, told, _lines) = start();
    let (first, at) = (read(), ports(&told));
    let (code, page) = here(TO_THE_RESPONSE);
    assert_eq!(code, 0, "{page}");
    let (code, _) = here("cp alices-iphone/page.html used.html && cp alices-iphone/url used.url");
    assert_eq!(code, 0);
    let (_, page) = here("./submit alices-iphone");
    assert!(page.contains("Signed in as alice@acme.test"), "{page}");
    // Another response, not used yet.
    let (code, page) = here(TO_THE_RESPONSE);
    assert_eq!(code, 0, "{page}");
    here("cp alices-iphone/page.html fresh.html && cp alices-iphone/url fresh.url");
    up.signal("KILL");
    assert_eq!(up.ended(), None);

    let (mut up, told, _lines) = start();
    assert_eq!(read(), first, "keys and certificates are the same");
    assert_eq!(ports(&told), at, "and so are the ports");
    for (which, wanted) in
        [("used", "saml/replay"), ("fresh", "Signed in as alice@acme.test"), ("fresh", "saml/replay")]
    {
        let take = format!("cp {which}.html alices-iphone/page.html && cp {which}.url alices-iphone/url");
        let (_, page) = here(&format!("{take} && ./submit alices-iphone"));
        assert!(page.contains(wanted), "{which}: {page}");
    }
    up.signal("TERM");
    assert_eq!(up.ended(), Some(0));

    // After a graceful end, too; and sessions are as they were.
    let (mut up, _, _lines) = start();
    let (_, page) = here("cp used.html alices-iphone/page.html && ./submit alices-iphone");
    assert!(page.contains("saml/replay"), "{page}");
    let (_, page) = here("./open alices-iphone https://salesforce.test/");
    assert!(page.contains("app/home") && page.contains("Signed in as alice@acme.test"), "{page}");
    up.signal("TERM");
    assert_eq!(up.ended(), Some(0));
    let (code, _, err) = said(&brief(&["routing-only", "--keep", &dir]));
    assert_eq!(code, Some(2));
    assert!(err.contains("keeps the world `unsolicited`"), "{err}");
}

#[test]
fn an_app_of_ones_own_takes_the_place_of_ours() {
    if !curl_is_here() {
        return;
    }
    let home = tempfile::tempdir().expect("a directory");
    let metadata = home.path().join("own.xml");
    let text = r#"<?xml version="1.0"?>
<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="urn:own:app">
  <SPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
    <AssertionConsumerService index="0" Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="http://127.0.0.1:9/own/acs"/>
  </SPSSODescriptor>
</EntityDescriptor>"#;
    std::fs::write(&metadata, text).expect("writes");
    let app = format!("salesforce={}", metadata.display());
    let script = "cd \"$FEDSIM_DIR\" || exit 2
        ./open alices-iphone \"$FEDSIM_APP_SALESFORCE_SSO\"
        for i in 1 2 3; do
            if grep -q 'action=.http://127.0.0.1:9/own/acs' alices-iphone/page.html; then
                sed 's/.*name=.SAMLResponse. value=.\\([^\"]*\\).*/\\1/' alices-iphone/page.html | base64 -d |
                    grep -q '<[a-z0-9:]*Audience>urn:own:app<' && exit 0
                exit 5
            fi
            ./submit alices-iphone
        done
        exit 6";
    let (code, out, err) = said(&brief(&["-q", "--app", &app, "--", "sh", "-c", script]));
    assert_eq!(code, Some(0), "{out}{err}");
    let hosts = "case \"$FEDSIM_CONNECT_TO\" in *salesforce*) exit 1;; esac";
    assert_eq!(brief(&["-q", "--app", &app, "--", "sh", "-c", hosts]).status.code(), Some(0), "ours does not listen");
}

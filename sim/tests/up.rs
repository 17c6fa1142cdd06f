//! `fedsim up` as a person uses it: copy the printed lines into a shell, walk a sign-in with curl, end it with Ctrl-C.
#![cfg(unix)]

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};

/// Ends with the test, however that ends.
struct Up(Child);

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
    if shell("command -v curl").0 != 0 {
        eprintln!("curl is not here: the walk is not taken");
        return;
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_fedsim"));
    let mut up = Up(command.arg("up").stdout(Stdio::piped()).spawn().expect("fedsim starts"));
    let mut lines = BufReader::new(up.0.stdout.take().expect("piped")).lines();
    let mut told = Vec::new();
    for line in lines.by_ref() {
        let line = line.expect("is text");
        told.push(line.clone());
        if line.contains("Ctrl-C ends it") {
            break;
        }
    }
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

    assert_eq!(shell(&format!("kill -INT {}", up.0.id())).0, 0);
    let mut rest = String::new();
    for line in lines {
        rest.push_str(&(line.expect("is text") + "\n"));
    }
    assert!(rest.contains("okta decides") && rest.contains("Goodbye"), "{rest}");
    assert!(rest.lines().all(|l| l.chars().count() <= 80), "{rest}");
    assert_eq!(up.0.wait().expect("ends").code(), Some(0));
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

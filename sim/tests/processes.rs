//! One seed, one transcript, byte for byte, in two processes of the real command; another seed, another transcript.

use std::process::Command;

/// What a process of its own prints, and its exit code.
fn process(args: &[&str]) -> (Vec<u8>, i32) {
    let output = Command::new(env!("CARGO_BIN_EXE_fedsim")).args(args).output().expect("fedsim runs");
    assert!(output.stderr.is_empty(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    (output.stdout, output.status.code().unwrap_or(-1))
}

/// Twice the same for a seed. What is random is in it: its first `differs` lines or more are others under another seed.
fn check(args: &[&str], differs: usize) {
    let of = |seed| process(&[args, &["--seed", seed]].concat());
    let ((once, code), (again, _), (other, _)) = (of("7"), of("7"), of("8"));
    assert_eq!(code, 0, "{args:?}");
    assert!(once == again, "{args:?}: two processes with one seed say different things");
    let (once, other) = (String::from_utf8_lossy(&once), String::from_utf8_lossy(&other));
    let changed = once.lines().zip(other.lines()).filter(|(a, b)| a != b).count();
    assert!(changed >= differs, "{args:?}: another seed changes {changed} lines");
}

/// Every identifier, every signature and every certificate that a message carries stands in a full trace.
#[test]
fn a_full_trace_has_one_text_for_a_seed() {
    check(&["trace", "device-trust/managed-gets-in", "--full"], 4);
    check(&["trace", "device-trust/non-compliance-removes-the-profile", "--full"], 4);
    check(&["trace", "mfa/once-per-session-is-not-every-sign-in", "--full"], 4);
    check(&["trace", "certificate/renewed-in-time", "--full"], 4);
}

/// A report names what is random: two seeds report the same, but where a message's identifier is told.
#[test]
fn a_report_has_one_text_for_a_seed() {
    check(&["run", "toggles", "force-authn", "uem-down", "clock", "--format", "json"], 0);
    check(&["run", "session-age", "--format", "junit"], 0);
    check(&["explain", "force-authn/breaks-device-compliance"], 0);
}

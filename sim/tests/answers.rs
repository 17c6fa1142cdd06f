//! The commands that ask about all situations, as a person meets them: what they say, their exit codes, their formats, and
//! that every file that they hand over replays as they said.

use std::path::Path;
use std::process::Command;

const INVARIANTS: &str = r#"
[[never]]
name = "no unmanaged device opens salesforce"
outcome = "granted"
app = "salesforce"
device = { managed = false }

[[implies]]
name = "trusted means managed or not yet wiped"
if = { device_trusted = "TRUSTED", device = { kind = "iphone" } }
then = { by = "salesforce" }

[[never]]
name = "nobody loops"
outcome = "loop"
"#;

/// One thing is wrong with it: nobody denies an untrusted phone.
const OPEN: &str = r#"
name = "open"
baseline = "device-trust-mobile"
never = { name = "no unmanaged phone", granted = true, app = "salesforce", device = { managed = false, platform = "ios", compliance = "unknown" } }
[[change]]
at = "okta.apps.salesforce.rules.untrusted-mobile"
set = { platforms = ["android"] }
"#;

struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Home {
        let home = tempfile::tempdir().expect("a directory");
        std::fs::write(home.path().join("rules.toml"), INVARIANTS).expect("writes");
        std::fs::write(home.path().join("open.toml"), OPEN).expect("writes");
        Home(home)
    }
    fn ran(&self, words: &str) -> (i32, String, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fedsim"));
        let output = command.args(words.split_whitespace()).current_dir(self.0.path()).output().expect("fedsim runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
    }
    fn check(&self, words: &str, code: i32, wanted: &[&str]) -> String {
        let (got, out, err) = self.ran(words);
        let told = format!("{out}{err}");
        assert_eq!(got, code, "fedsim {words}: {told}");
        let folded = told.split_whitespace().collect::<Vec<_>>().join(" ");
        for word in wanted {
            assert!(told.contains(word) || folded.contains(word), "fedsim {words}: no `{word}` in\n{told}");
        }
        if !words.contains("--format") && code != 2 {
            assert!(out.lines().all(|l| l.chars().count() <= 80), "over 80 columns: {out}");
        }
        out
    }
    /// Every file that was handed over replays as it says.
    fn replays(&self, folder: &str) {
        let files = std::fs::read_dir(self.0.path().join(folder)).map_or(0, Iterator::count);
        assert!(files > 0, "nothing was handed over");
        self.check(&format!("run {folder}"), 0, &[" 0 missed"]);
    }
}

#[test]
fn invariants_hold_or_are_broken_by_the_nearest_situation_and_cured() {
    let home = Home::new();
    let wanted = [
        "no unmanaged phone is broken in",
        "alice opens salesforce on Iphone not enrolled",
        "granted by salesforce",
        "sign-on/default-allow",
        "okta.apps.salesforce.rules",
        "no other invariant breaks",
        "0 of them healthy sign-ins",
    ];
    home.check("check open.toml --to found", 1, &wanted);
    home.replays("found");
    home.check("check routing-only --invariant rules.toml --no-cure", 1, &["nobody loops holds"]);
    home.check("check device-trust-mobile", 2, &["--invariant FILE"]);
    std::fs::write(home.0.path().join("bad.toml"), "[[never]]\napp = \"salesfroce\"\n").expect("writes");
    home.check("check routing-only --invariant bad.toml", 2, &["bad.toml:1", "did you mean `salesforce`?"]);
    std::fs::write(home.0.path().join("worse.toml"), "[[never]]\noutcom = \"granted\"\n").expect("writes");
    home.check("check routing-only --invariant worse.toml", 2, &["worse.toml:2:1", "outcome"]);
}

#[test]
fn traps_and_rules_are_told_in_every_format() {
    let home = Home::new();
    let wanted = [
        "Access › Identity & Access Management",
        "known certificate-truth",
        "whose certificate of ios-mobile-sso is revoked",
    ];
    home.check("lint device-trust-mobile --to traps", 0, &wanted);
    home.replays("traps");
    home.check("lint device-trust-mobile --strict --to traps", 1, &[]);
    let dead = [
        "access.policies.default.rules.web",
        "blocked by",
        "access.policies.default.rules.macos",
        "they act otherwise",
    ];
    home.check("rules device-trust-mobile", 0, &dead);
    for (format, wanted) in [
        ("json", "\"version\": 1"),
        ("junit", "<testsuites name=\"fedsim\""),
        ("sarif", "\"startLine\""),
        ("github", "::warning file="),
        ("markdown", "### a certificate method does not check revocation"),
    ] {
        let out = home.check(&format!("lint device-trust-mobile --to traps --format {format}"), 0, &[wanted]);
        if matches!(format, "json" | "sarif") {
            let _: serde_json::Value = serde_json::from_str(&out).expect("it is JSON");
        }
    }
}

#[test]
fn one_situation_and_two_worlds() {
    let home = Home::new();
    let wanted = ["enrolment-page by okta", "take device-compliance out of chain 1", "device trust", "NOT_TRUSTED"];
    home.check("why breaks-device-compliance --to flips", 0, &wanted);
    home.check("why unmanaged-sees-enrolment-page --to flips", 0, &["if"]);
    home.replays("flips");
    home.check("why nothing-of-the-kind", 2, &["no lesson or family"]);
    home.check("compare routing-only device-trust-mobile", 0, &["access-deni", "enrolment-p"]);
    home.check("compare routing-only", 2, &["2 values required"]);
    let wanted = ["Iphone", "enrolment-page → granted", "situations end otherwise"];
    home.check("diff device-trust-mobile open.toml --to changed", 1, &wanted);
    home.replays("changed");
    home.check("diff open.toml open.toml", 0, &["0 of"]);
    assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/analysis.md").exists());
}

/// First the old rule goes, then the new one comes: in between anybody gets in.
const PLAN: &str = r#"
name = "plan"
baseline = "device-trust-mobile"
[[step]]
change = [{ at = "okta.apps.salesforce.rules.untrusted-mobile", remove = true }]
[[step]]
change = [{ at = "okta.apps.salesforce.rules", insert = { name = "deny-untrusted", platforms = ["ios", "android"], device_trust = "not-trusted", access = "deny" } }]
"#;

#[test]
fn a_plan_is_walked_and_its_order_bettered() {
    let home = Home::new();
    std::fs::write(home.0.path().join("plan.toml"), PLAN).expect("writes");
    let wanted =
        ["after step 1 of 2 somebody is let in", "in the order 2, 1 nobody is locked out", "granted by salesforce"];
    home.check("walk plan.toml --to walked", 1, &wanted);
    home.replays("walked");
    home.check("walk managed-gets-in", 2, &["holds no step that changes settings"]);
}

#[test]
fn model_and_wire_agree_for_as_long_as_is_asked() {
    let home = Home::new();
    home.check("explore --seed 3 --for 2s", 0, &["0 disagreements"]);
    home.check("explore --for soon", 2, &["is no duration"]);
}

#[test]
fn a_run_says_what_it_covers() {
    let home = Home::new();
    let wanted = ["rules", "conditions", "outcomes", "Not covered", "outcome loop"];
    home.check("run device-trust --coverage --lcov cover.info", 0, &wanted);
    let lcov = std::fs::read_to_string(home.0.path().join("cover.info")).expect("it was written");
    assert!(lcov.contains("baselines/device-trust-mobile.toml\nDA:") && lcov.contains("end_of_record"), "{lcov}");
    home.check("run managed-gets-in --coverage-min 90", 3, &[]);
    home.check("run managed-gets-in --coverage-min 0", 0, &[]);
}

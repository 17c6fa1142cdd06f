//! Matrices, tries, states, and the mistakes that steps and expectations can hold.

use crate::{Diagnostic, Scenario, Stated, load_str};

const HEAD: &str = "name = \"x\"\nteaches = []\nbaseline = \"device-trust-mobile\"\nstory = \"y\"\n";
const SIGN_IN: &str = "[[step]]\nsign_in = { who = \"alice\", on = \"alices-iphone\", app = \"salesforce\" }\n";

fn load(lines: &str) -> Result<Scenario, Vec<Diagnostic>> {
    load_str("own/x.toml", &format!("{HEAD}{lines}"))
}

#[track_caller]
fn loads(lines: &str) -> Scenario {
    load(lines).unwrap_or_else(|wrong| panic!("{}", wrong.iter().map(ToString::to_string).collect::<String>()))
}

/// The first complaint about `lines` begins with `begins` and has `has`.
#[track_caller]
fn check(lines: &str, begins: &str, has: &str) {
    let told = match load(lines) {
        Ok(_) => panic!("it loads:\n{lines}"),
        Err(wrong) => wrong.first().map(ToString::to_string).unwrap_or_default(),
    };
    assert!(told.starts_with(begins) && told.contains(has), "{lines}\n  wanted {begins} … {has}\n  told {told}");
}

#[test]
fn steps_name_what_there_is() {
    let step = |action: &str| format!("[[step]]\n{action}\n");
    for (action, begins, has) in [
        ("mend = { party = \"accss\" }", "own/x.toml:6:18: there is no party `accss`", "did you mean `access`?"),
        (
            "misbehave = { party = \"access\", as = \"xsw33\" }",
            "own/x.toml:6:38: there is no attack `xsw33`",
            "did you mean `xsw3`?",
        ),
        (
            "break = { party = \"uem\", from = \"alices-iphon\" }",
            "own/x.toml:6:33: there is no party or device `alices-iphon`",
            "did you mean `alices-iphone`?",
        ),
        (
            "break = { party = \"uem\", seconds = 3 }",
            "own/x.toml:6:26: `seconds` belongs to `how = \"clock-skew\"`",
            "",
        ),
        ("break = { party = \"uem\", delay_ms = 3 }", "own/x.toml:6:26: `delay_ms` belongs to `how = \"slow\"`", ""),
        ("break = { party = \"okta\", how = \"clock-skew\" }", "own/x.toml:6:9: the key `seconds` is missing", "add"),
        (
            "break = { party = \"okta\", how = \"clock-skew\", seconds = 1, from = \"uem\" }",
            "own/x.toml:6:60: a clock is wrong for everybody",
            "^",
        ),
        (
            "break = { party = \"okta\", how = \"clock-skew\", seconds = 9999999999 }",
            "own/x.toml:6:57: a clock that is 9999999999 seconds off is no clock",
            "^",
        ),
        ("sign_out = { on = \"alices-iphone\", at = \"uem\" }", "own/x.toml:6:41: there is no place", "`okta`"),
        (
            "wipe = { device = \"alices-iphone\", phase = \"hole\" }",
            "own/x.toml:6:44: unknown value `hole`",
            "`whole`?",
        ),
        (
            "renew_certificate = { device = \"alices-iphone\", profile = \"ios-mobile-ss\" }",
            "own/x.toml:6:59: there is no profile `ios-mobile-ss`",
            "did you mean `ios-mobile-sso`?",
        ),
    ] {
        check(&step(action), begins, has);
    }
}

#[test]
fn what_stands_for_the_whole_run_stays() {
    for (action, begins, has) in [
        (
            "change = [{ at = \"devices.alices-iphone.kind\", set = \"ipad\" }]",
            "own/x.toml:6:18: devices cannot change while the scenario runs",
            "use `device_facts`",
        ),
        (
            "change = [{ at = \"start\", set = \"2027-01-01T00:00:00Z\" }]",
            "own/x.toml:6:18: `start` cannot change while",
            "`wait`",
        ),
        (
            "change = [{ at = \"people.alice.okta\", set = \"bob\" }]",
            "own/x.toml:6:18: people cannot change while",
            "`okta.users`",
        ),
        (
            "change = [{ at = \"okta\", set = { host = \"a.test\" } }]",
            "own/x.toml:6:18: host names cannot",
            "[[change]]",
        ),
        ("change = [{ at = \"apps.wiki\", remove = true }]", "own/x.toml:6:18: the apps there are", "[[change]]"),
        (
            "change = [{ at = \"networks.home.ip\", set = \"1.2.3.4\" }]",
            "own/x.toml:6:18: networks cannot",
            "`network`",
        ),
    ] {
        check(&format!("[[step]]\n{action}\n"), begins, has);
    }
}

#[test]
fn expectations_name_what_there_is_and_what_can_hold() {
    let after = |expect: &str| format!("{SIGN_IN}expect = {{ {expect} }}\n");
    for (expect, begins, has) in [
        ("by = \"acess\"", "own/x.toml:7:17: there is no party `acess`", "did you mean `access`?"),
        (
            "because = [\"saml/expired\", \"policy/rule-match\"]",
            "own/x.toml:7:39: there is no finding `policy/rule-match`",
            "did you mean `policy/rule-matched`?",
        ),
        ("because = [\"!assumes/subject-hit\"]", "own/x.toml:7:23: there is no finding", "`assumes/subject-hint`?"),
        (
            "because = [\"policy/rule-matched access.policies.default.rules.iso\"]",
            "own/x.toml:7:23: there is no setting `access.policies.default.rules.iso`",
            "did you mean `access.policies.default.rules.ios`?",
        ),
        (
            "log = [\"user.session.strat SUCCESS\"]",
            "own/x.toml:7:19: there is no log event `user.session.strat`",
            "did you mean `user.session.start`?",
        ),
        (
            "state = { \"uem.devices.alices-iphone.complaince\" = \"compliant\" }",
            "own/x.toml:7:22: there is no state of `uem.devices.alices-iphone.complaince`",
            "did you mean `uem.devices.alices-iphone.compliance`?",
        ),
        (
            "state = { uem.devices.alices-iphone.compliance = \"complaint\" }",
            "own/x.toml:7:61: unknown value `complaint`",
            "did you mean `compliant`?",
        ),
        (
            "state = { devices.alices-iphone.profiles = [\"ios-mobile-sos\"] }",
            "own/x.toml:7:55: `ios-mobile-sos` can never be there",
            "did you mean `ios-mobile-sso`?",
        ),
        (
            "state = { devices.alices-iphone.profiles = \"ios-mobile-sso\" }",
            "own/x.toml:7:55: found a text, wanted a list of names",
            "^",
        ),
    ] {
        check(&after(expect), begins, has);
    }
    check(
        "[[step]]\nwait = { minutes = 1 }\nexpect = { outcome = \"granted\" }",
        "own/x.toml:7:12: `outcome` says nothing of a step with `wait`",
        "there is `because`, `log`, `state`",
    );
}

#[test]
fn worlds_are_possible() {
    check("start = \"monday\"", "own/x.toml:5:9: `monday` is no time", "2026-03-02T09:00:00Z");
    check(
        "[access]\ncertificate_host = \"ACME.okta.test\"",
        "own/x.toml:6:20: `access.certificate_host` and `okta.host` are both `ACME.okta.test`",
        "its own host name",
    );
    check(
        "[[apps]]\nname = \"wiki\"\nhost = \"lunch.test\"",
        "own/x.toml:7:8: `apps.lunch-menu.host` and `apps.wiki.host`",
        "are both",
    );
    loads("[uem]\nenrollment_host = \"as1.awmdm.test\"");
    let taught = load_str("own/x.toml", "teaches = [\"session-ago\"]\nbaseline = \"routing-only\"");
    let told = taught.map_err(|wrong| wrong[0].to_string()).map(|_| ());
    let told = told.expect_err("it does not load");
    assert!(told.starts_with("own/x.toml:1:12: there is no requirement `session-ago`"), "{told}");
    assert!(told.contains("did you mean `session-age`?"), "{told}");
}

const MATRIX: &str = r#"
[matrix.axes.phone]
managed = { with = { on = "alices-iphone", device = "alices-iphone" } }
"not.managed" = { with = { who = "bob", on = "bobs-iphone", device = "bobs-iphone" } }

[matrix.axes.app]
wiki = { with = { app = "wiki" } }
crm = { change = [{ at = "okta.apps.salesforce.rules.untrusted-mobile.enabled", set = false }] }

[[matrix.cells]]
expect = { outcome = "granted", device_trusted = "TRUSTED" }

[[matrix.cells]]
of = { phone = "not.managed" }
expect = { outcome = "granted-after-mfa" }
expect_at = { looked = { log = ["!BreakMDMConfirmed"] } }

[[matrix.cells]]
of = { app = ["crm"], phone = ["not.managed"] }
expect = { outcome = "granted" }

[[step]]
name = "looked"
check_in = { device = "alices-iphone" }

[[step]]
sign_in = { who = "alice", on = "alices-iphone", app = "salesforce" }
expect = { outcome = "denied", by = "wiki" }

[[try]]
label = "elsewhere"
of = { phone = "managed" }
change = []
expect = { by = "okta" }
"#;

#[test]
fn a_matrix_makes_a_case_of_each_cell() {
    let scenario = loads(MATRIX);
    let cases = scenario.cases();
    let told: Vec<String> = cases
        .iter()
        .map(|case| {
            let (first, last) = (&case.steps[0], &case.steps[1]);
            let expect = &last.expect;
            let enabled = case.world.okta.apps[0].rules[1].enabled;
            let crate::Action::SignIn(s) = &last.action else { panic!("{last:?}") };
            let crate::Action::CheckIn(c) = &first.action else { panic!("{first:?}") };
            format!(
                "{} {} {} {} {enabled} {} {:?} {:?} {}",
                case.id,
                s.who,
                s.on,
                s.app,
                c.device,
                expect.outcome.map(|o| o.to_string()),
                expect.by,
                first.expect.log.len()
            )
        })
        .collect();
    let expected = [
        "own/x[managed,wiki] alice alices-iphone wiki true alices-iphone Some(\"granted\") Some(\"wiki\") 0",
        "own/x[managed,wiki]~elsewhere alice alices-iphone wiki true alices-iphone None Some(\"okta\") 0",
        "own/x[managed,crm] alice alices-iphone salesforce false alices-iphone Some(\"granted\") Some(\"wiki\") 0",
        "own/x[managed,crm]~elsewhere alice alices-iphone salesforce false alices-iphone None Some(\"okta\") 0",
        "own/x[not.managed,wiki] bob bobs-iphone wiki true bobs-iphone Some(\"granted-after-mfa\") Some(\"wiki\") 1",
        "own/x[not.managed,crm] bob bobs-iphone salesforce false bobs-iphone Some(\"granted\") Some(\"wiki\") 1",
    ];
    assert_eq!(told, expected);
    let place = cases[2].sources.locate("okta.apps.salesforce.rules.untrusted-mobile.enabled");
    assert_eq!(place.map(|place| place.to_string()), Some("own/x.toml:12:87".into()), "a setting that a value wrote");
}

#[test]
fn mistakes_in_a_matrix_are_told_with_their_place() {
    let with = |from: &str, to: &str| {
        assert!(MATRIX.contains(from), "{from}");
        MATRIX.replacen(from, to, 1)
    };
    for (from, to, begins, has) in [
        (
            "app = \"wiki\" } }",
            "app = \"wikki\" } }",
            "own/x.toml:11:25: in the cell `managed,wiki` and 1 more, there is no app `wikki`",
            "`wiki`?",
        ),
        (
            "with = { app",
            "with = { ap",
            "own/x.toml:11:19: in the cell `managed,wiki` and 1 more, no step has a key `ap`",
            "did you mean `app`?",
        ),
        ("of = { phone = \"not", "of = { fone = \"not", "own/x.toml:18:8: there is no axis `fone`", "there is `phone`"),
        ("of = { app = [\"crm\"]", "of = { app = [\"cmr\"]", "own/x.toml:23:15: there is no value `cmr`", "`crm`?"),
        (
            "expect_at = { looked",
            "expect_at = { loked",
            "own/x.toml:20:15: in the cell `not.managed,wiki` and 1 more, no step is called `loked`",
            "`looked`?",
        ),
        ("wiki = { with", "\"w/iki\" = { with", "own/x.toml:11:1: `w/iki` cannot stand in a case's id", "letters"),
        ("crm = { change", "crm = { changes", "own/x.toml:12:9: unknown key `changes`", "did you mean `change`?"),
        (
            "rules.untrusted-mobile",
            "rules.untrusted-mobil",
            "own/x.toml:12:26: in the cell `managed,crm` and 1 more, there is no `untrusted-mobil`",
            "mean",
        ),
        (
            "[[matrix.cells]]\nexpect",
            "[[matrix.cells]]\nof = { phone = \"managed\", app = \"wiki\" }\nexpect",
            "own/x.toml:6:2: nothing is expected of the cell `managed,crm`",
            "[[matrix.cells]]",
        ),
        (
            "of = { phone = \"managed\" }\nchange",
            "of = { phone = 1 }\nchange",
            "own/x.toml:36:16: found a number",
            "name",
        ),
    ] {
        check(&with(from, to), begins, has);
    }
    check("[matrix]\ncells = []", "own/x.toml:5:2: a matrix needs axes", "[matrix.axes.NAME]");
    check("[matrix.axes.a]", "own/x.toml:5:14: the axis `a` has no values", "add a line");
    let wide: String = (0..40).map(|i| format!("v{i} = {{}}\n")).collect();
    let axes = format!("[matrix.axes.a]\n{wide}[matrix.axes.b]\n{wide}");
    check(&axes, "own/x.toml:5:9: the matrix has 1600 cells; 1000 are the most", "^");
    check(
        &format!("{SIGN_IN}[[try]]\nlabel = \"z\"\nof = {{ a = \"b\" }}\nchange = []\nexpect = {{}}"),
        "own/x.toml:9:1: there is no matrix",
        "^",
    );
}

#[test]
fn a_try_replaces_what_named_steps_expect() {
    let lines = format!(
        "[[step]]\nname = \"waits\"\nwait = {{ minutes = 1 }}\nexpect = {{ log = [\"LOGIN\"] }}\n{SIGN_IN}expect = {{ by = \"okta\" }}\n\
         [[try]]\nlabel = \"z\"\nchange = []\nexpect_at = {{ waits = {{ log = [\"!LOGIN\"] }} }}"
    );
    let cases = loads(&lines).cases();
    let logs: Vec<_> = cases.iter().map(|case| case.steps[0].expect.log.concat()).collect();
    assert_eq!(logs, ["LOGIN", "!LOGIN"]);
    assert_eq!(cases[1].steps[1].expect.by.as_deref(), Some("okta"), "what is not named stays");
    let twice = lines.replace("[[step]]\nsign_in", "[[step]]\nname = \"waits\"\nsign_in");
    check(&twice, "own/x.toml:10:8: two steps are called `waits`", "^");
}

#[test]
fn a_state_may_be_written_in_dots_or_in_quotes() {
    let lines = "[[step]]\nsweep = {}\n[step.expect.state]\nuem.devices.alices-iphone.compliance = \"compliant\"\n\
                 \"devices.alices-iphone.profiles\" = [\"ios-mobile-sso\"]\n\"okta.sessions.alices-iphone/hub\" = \"none\"";
    let scenario = loads(lines);
    let state: Vec<_> = scenario.steps[0].expect.state.0.clone().into_iter().collect();
    let expected = [
        ("devices.alices-iphone.profiles", Stated::Names(vec!["ios-mobile-sso".into()])),
        ("okta.sessions.alices-iphone/hub", Stated::Word("none".into())),
        ("uem.devices.alices-iphone.compliance", Stated::Word("compliant".into())),
    ];
    assert_eq!(state, expected.map(|(path, stated)| (path.to_string(), stated)));
}

const REFERENCE: &str = include_str!("../../docs/scenarios.md");

/// The reference names every key, and each of its examples loads.
#[test]
fn the_reference_is_complete_and_true() {
    let named = |key: &str| REFERENCE.contains(&format!("`{key}`"));
    let header = ["name", "teaches", "story", "baseline", "change", "matrix", "step", "try"];
    let others = ["label", "expect", "expect_at", "of", "set", "remove", "insert", "before", "after", "with", "from"];
    let keys = header.into_iter().chain(others).chain(crate::Action::KEYS).chain(crate::Expect::KEYS);
    let missing: Vec<&str> = keys.chain(crate::SignIn::KEYS).filter(|key| !named(key)).collect();
    assert!(missing.is_empty(), "docs/scenarios.md does not name {missing:?}");
    let mut shown = Vec::new();
    for example in REFERENCE.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()) {
        let key = example.split([' ', '\n']).next().unwrap_or_default();
        if crate::Provisioning::KEYS.contains(&key) {
            let text = format!("baseline = \"okta-provisions\"\n[[step]]\n{example}");
            load_str("own/x.toml", &text).unwrap_or_else(|wrong| panic!("{}", wrong[0]));
            shown.push(key);
        } else if crate::Action::KEYS.contains(&key) {
            loads(&format!("[[step]]\n{example}"));
            shown.push(key);
        } else if key == "expect" {
            loads(&format!("[[step]]\nsweep = {{}}\n{example}"));
        } else if key == "name" {
            load_str("own/x.toml", example).unwrap_or_else(|wrong| panic!("{}", wrong[0]));
        } else {
            loads(example);
        }
    }
    let actions = crate::Action::KEYS.into_iter().chain(crate::Provisioning::KEYS);
    let without: Vec<&str> = actions.filter(|key| !shown.contains(key)).collect();
    assert!(without.is_empty(), "no example of {without:?}");
}

/// No two lessons teach the same: they differ in what they expect or in what cures them.
#[test]
fn no_two_lessons_are_one() {
    let mut taught: std::collections::BTreeMap<String, String> = Default::default();
    for (file, text) in crate::catalogue() {
        let scenario = load_str(file, text).unwrap_or_else(|wrong| panic!("{}", wrong[0]));
        let baseline = text.lines().find(|line| line.starts_with("baseline")).unwrap_or_default();
        let said =
            |step: &crate::Step| format!("{:?} {:?} {:?}", step.expect.outcome, step.expect.because, step.expect.state);
        let cases = scenario.cases();
        let expected: Vec<String> = cases.iter().flat_map(|case| &case.steps).map(said).collect();
        let cures: Vec<_> = cases.iter().map(|case| &case.world).collect();
        let key = format!("{baseline} {expected:?} {cures:?}");
        if let Some(other) = taught.insert(key, file.to_string()) {
            panic!("{file} and {other} have the same findings and the same cure");
        }
    }
}

//! Files as people get them wrong: each is told with its place, what is wrong, and one next step.

use crate::load_str;

const HEAD: &str = "name = \"x\"\nteaches = []\nbaseline = \"device-trust-mobile\"\nstory = \"y\"\n";
const SIGN_IN: &str = "[[step]]\nsign_in = { who = \"alice\", on = \"alices-iphone\", app = \"salesforce\" }\n";

/// All complaints about `text`, the last with `=` before its next step.
fn told(text: &str) -> Vec<String> {
    match load_str("own/x.toml", text) {
        Ok(_) => panic!("it loads:\n{text}"),
        Err(wrong) => wrong.iter().map(ToString::to_string).collect(),
    }
}

/// What is written below a sound head, the place and message, and the next step.
fn check(rows: &[(&str, &str, &str)]) {
    for (text, begins, help) in rows {
        let told = &told(&format!("{HEAD}{text}"))[0];
        let (said, step) = told.rsplit_once("\n  = ").unwrap_or((told, ""));
        assert!(said.starts_with(&format!("own/x.toml:{begins}")) && step == *help, "{text}\n  told {told}");
    }
}

#[test]
fn slips_of_toml_are_told_in_the_authors_words() {
    check(&[
        ("[[step]\nsweep = {}", "5:8: the brackets of `[[step]` do not match", "write `[[step]]`"),
        ("[step]]\nsweep = {}", "5:7: the brackets of `[step]]` do not match", "write `[[step]]`"),
        ("[okta\nhost = \"a\"", "5:6: the brackets of `[okta` do not match", "write `[okta]`"),
        ("name = \"z\"", "5:1: the key `name` is there twice", "leave one of them out"),
        ("[okta]\n[okta]", "6:2: `[okta]` is there twice", "put its keys below the first one"),
        ("start: \"x\"", "5:6: found `:`, wanted `=`", "write `KEY = VALUE`, a text in quotes"),
        ("start == \"x\"", "5:8: found `==`, wanted `=`", "write `KEY = VALUE`"),
        ("start", "5:6: the key `start` has no value", "write `start = …`"),
        ("start = \"x\";", "5:12: `;` is left over", "leave it out, or begin a new line for it"),
        ("start = monday", "5:9: `monday` is no value", "a text stands in straight quotes: `\"monday\"`"),
        (
            "start = \u{201c}x\u{201d}",
            "5:9: `\u{201c}x\u{201d}` is no value",
            "a text stands in straight quotes: `\"x\"`",
        ),
        ("start = True", "5:9: `True` is no value", "write `true`"),
        ("start = \"x", "5:11: the text is not closed", "add `\"` where it ends"),
        ("start = 'x", "5:11: the text is not closed", "add `'` where it ends"),
        ("start = '''\nx\ny", "5:9: the text is not closed with `'''`", "add `'''` where it ends"),
        ("{ \"start\": \"x\" }", "5:1: a line begins with a key", "write `KEY = VALUE`, or `[TABLE]`"),
        (
            "[[step]]\nwait = { minutes = }",
            "6:20: a value is missing",
            "write a text in quotes, a number, `true`, `false`, `[…]` or `{ … }`",
        ),
        (
            "[[step]]\nmend = { party = \"uem\" from = \"access\" }",
            "6:24: a comma is missing before this",
            "add it, or close what stands before with its quote, `]` or `}`",
        ),
        ("[[step]]\nwait = { minutes = 1", "6:21: a `{` is not closed", "add `}`"),
        ("[[change]]\nset = [1", "6:9: a `[` is not closed", "add `]`"),
    ]);
    let echoes = told(&format!("{HEAD}[[step]]\nsign_in = {{ who = \"alice, on = \"alices-iphone\" }}\n"));
    assert_eq!(echoes.len(), 1, "a mistake is told once: {echoes:#?}");
    let prose = told("A lesson about *phones*.\nIt says: nothing.\n");
    assert!(prose[0].contains("the key `A` has no value"), "{prose:#?}");
    let yaml = told("name: x\nsteps:\n  - sign_in:\n      who: alice\n      on: phone\n");
    assert_eq!(yaml.len(), 3, "and not line for line: {yaml:#?}");
}

#[test]
fn values_of_another_kind_come_with_the_right_one() {
    let step = |action: &str| format!("[[step]]\n{action}");
    let expect = |what: &str| format!("{SIGN_IN}expect = {what}");
    let set = |value: &str| format!("[[change]]\nat = \"okta.device_trust.ios.enabled\"\nset = {value}");
    let rows = [
        (
            step("wait = { minutes = -5 }"),
            "6:20: the number `-5` does not fit, wanted a whole number, not negative",
            "write a whole number, such as `5`",
        ),
        (
            step("wait = { minutes = 1.5 }"),
            "6:20: found the number `1.5`, wanted a whole number, not negative",
            "write a whole number, such as `2`",
        ),
        (
            step("wait = { minutes = \"7\" }"),
            "6:20: found the text `7`, wanted a whole number, not negative",
            "write a whole number without quotes, such as `7`",
        ),
        (
            step("wait = { minutes = true }"),
            "6:20: found `true`, wanted a whole number, not negative",
            "write a whole number, such as `5`",
        ),
        (
            step("wait = { minutes = 99999999999999999999 }"),
            "6:20: the number `99999999999999999999` is too large",
            "the largest is 9223372036854775807",
        ),
        (set("\"true\""), "7:7: found the text `true`, wanted `true` or `false`", "write it without quotes: `true`"),
        (set("1"), "7:7: found the number `1`, wanted `true` or `false`", "write one of the two, without quotes"),
        (step("sweep = \"now\""), "6:9: found a text, and there is nothing to say here", "write `{}`"),
        (step("sign_in = \"alice\""), "6:11: found the text `alice`, wanted a table", "write `{ KEY = … }`"),
        (
            step("sign_in = { who = 5, on = \"alices-iphone\", app = \"wiki\" }"),
            "6:19: found the number `5`, wanted a text",
            "write it in quotes: `\"5\"`",
        ),
        (
            step("sign_in = { who = [\"alice\"], on = \"alices-iphone\", app = \"wiki\" }"),
            "6:19: found a list, wanted a text",
            "write one text in quotes",
        ),
        (
            expect("{ because = \"policy/rule-matched\" }"),
            "7:22: found the text `policy/rule-matched`, wanted a list",
            "write it in brackets: `[\"policy/rule-matched\"]`",
        ),
        (expect("{ device_trusted = \"trusted\" }"), "7:29: unknown value `trusted`", "did you mean `TRUSTED`?"),
        (
            expect("{ state = { devices.alices-iphone.profiles = \"none\" } }"),
            "7:55: found a text, wanted a list of names",
            "write `[]`",
        ),
    ];
    let rows: Vec<_> = rows.iter().map(|(text, begins, help)| (text.as_str(), *begins, *help)).collect();
    check(&rows);
}

#[test]
fn lists_and_verbs_come_with_how_they_are_written() {
    check(&[
        ("[step]\nsweep = {}", "5:1: steps are written `[[step]]`", "write it with two brackets on each side"),
        ("[try]\nlabel = \"x\"", "5:1: tries are written `[[try]]`", "write it with two brackets on each side"),
        (
            "[change]\nat = \"okta\"",
            "5:1: found a table, wanted a list of changes",
            "write `[[change]]`, with two brackets on each side",
        ),
        (
            "[[change]]\nat = \"apps.wiki\"\nremove = \"yes\"",
            "7:10: found a text, wanted `true`",
            "write `remove = true`, and in `at` what goes",
        ),
    ]);
}

#[test]
fn what_would_never_be_seen_is_told() {
    check(&[
        (
            "[[change]]\nat = \"okta.apps.wiki.rules\"\ninsert = { name = \"z\", before = \"untrusted-mobile\" }",
            "7:24: `before` says where, and not what",
            "write it beside `insert`, not in it: `before = \"…\"`",
        ),
        (
            &format!("{SIGN_IN}expect = {{ flags = [\"!ForceAuth=true\"] }}"),
            "7:21: no message has a flag `ForceAuth`",
            "did you mean `ForceAuthn`?",
        ),
    ]);
}

#[test]
fn names_of_a_long_list_come_with_the_file_that_lists_them() {
    let taught = |id: &str| told(&format!("teaches = [\"{id}\"]\nbaseline = \"routing-only\""))[0].clone();
    for (id, help) in [
        ("m2-per-ap", "= did you mean `m2-per-app`? `scenarios/requirements.toml` lists them"),
        ("zzzzzz", "= `scenarios/requirements.toml` lists them"),
    ] {
        let told = taught(id);
        assert!(told.starts_with("own/x.toml:1:12: there is no requirement") && told.ends_with(help), "{told}");
    }
    check(&[(
        "[[step]]\nmisbehave = { party = \"access\", as = \"zzzzzz\" }",
        "6:38: there is no attack `zzzzzz`",
        "`docs/attacks.md` lists them",
    )]);
}

/// A try that takes away what the file or its baseline still names is blamed itself, with where it is named.
#[test]
fn what_a_try_breaks_is_told_at_the_try() {
    let lesson = format!(
        "[[step]]\nname = \"first\"\nsign_in = {{ who = \"alice\", on = \"alices-iphone\", app = \"salesforce\" }}\n\
         expect = {{ because = [\"policy/rule-matched access.policies.default.rules.ios\"] }}\n\
         {SIGN_IN}expect = {{ outcome = \"granted\" }}\n[[try]]\nlabel = \"less\"\n"
    );
    let with = |change: &str| format!("{lesson}change = [{change}]\nexpect = {{ outcome = \"denied\" }}");
    let gone = |path: &str| with(&format!("{{ at = \"{path}\", remove = true }}"));
    let needed = "it is needed there: let the try change that, too";
    let rows = [
        (
            gone("access.policies.default.rules.ios"),
            "14:18: with the try `less`, there is no setting `access.policies.default.rules.ios`: see own/x.toml:8:23",
            "that step expects it: give the step a `name`, and the try an `expect_at` for it",
        ),
        (
            gone("apps.salesforce"),
            "14:18: with the try `less`, there is no app `salesforce`: see own/x.toml:7:56, own/x.toml:10:56",
            "that step needs it, and a try keeps all steps: leave it there",
        ),
        (with("{ at = \"okta.nonsense\", set = 1 }"), "14:18: unknown key `nonsense`", ""),
    ];
    for (text, begins, help) in &rows {
        let told = &told(&format!("{HEAD}{text}"))[0];
        assert!(told.starts_with(&format!("own/x.toml:{begins}")) && told.contains(help), "{told}");
    }
    let all = told(&format!("{HEAD}{}", gone("okta.identity_providers.workspace-one")));
    let one = all.iter().filter(|d| d.contains("there is no identity provider `workspace-one`")).collect::<Vec<_>>();
    assert_eq!(one.len(), 1, "every place in one complaint: {all:#?}");
    assert!(one[0].starts_with("own/x.toml:14:18: with the try `less`") && one[0].ends_with(needed), "{}", one[0]);
    assert!(one[0].contains("see scenarios/baselines/device-trust-mobile.toml:"), "{}", one[0]);
    // What is wrong without the try, too, is nobody's fault but its own.
    let base = told(&format!("{HEAD}{}", gone("wiki")).replace("rules.ios\"] }", "rules.iso\"] }"));
    assert!(base[0].starts_with("own/x.toml:8:23: there is no setting"), "{base:#?}");
}

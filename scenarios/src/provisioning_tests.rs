//! Mistakes in steps and states of provisioning: each is said with its place and one next step.

use crate::load_str;

const HEAD: &str = "baseline = \"okta-provisions\"\n[[step]]\n";

#[track_caller]
fn check(lines: &str, begins: &str, has: &str) {
    let told = match load_str("own/x.toml", lines) {
        Ok(_) => panic!("it loads:\n{lines}"),
        Err(wrong) => wrong.first().map(ToString::to_string).unwrap_or_default(),
    };
    assert!(told.starts_with(begins) && told.contains(has), "{lines}\n  wanted {begins} … {has}\n  told {told}");
}

#[test]
fn steps_name_what_there_is() {
    for (step, begins, has) in [
        ("assign = { who = \"carrol\" }", "own/x.toml:3:18: there is no Okta user `carrol`", "did you mean `carol`?"),
        ("assign = { group = \"sails\" }", "own/x.toml:3:20: there is no group `sails`", "did you mean `sales`?"),
        ("assign = { whom = \"carol\" }", "own/x.toml:3:12: unknown value `whom`", "`who`"),
        ("push_now = { group = \"saless\" }", "own/x.toml:3:22: there is no group `saless`", "did you mean `sales`?"),
        ("get_token = { client = \"OktaSKIM\" }", "own/x.toml:3:24: there is no client `OktaSKIM`", "`OktaSCIM`"),
        (
            "create_group = { name = \"a\", domain = \"okta.acme.tst\", token_of = \"OktaSCIM\" }",
            "own/x.toml:3:39: there is no domain `okta.acme.tst`",
            "did you mean `okta.acme.test`?",
        ),
        (
            "leave_group = { who = \"carol\", group = \"staff\" }",
            "own/x.toml:3:40: there is no group of hers `staff`",
            "`sales`",
        ),
        ("set_status = { who = \"carol\", status = \"gone\" }", "own/x.toml:3:40: unknown value `gone`", "`suspended`"),
        ("retry_al_groups = {}", "own/x.toml:3:1: unknown key `retry_al_groups`", "did you mean `retry_all_groups`?"),
    ] {
        check(&format!("{HEAD}{step}\n"), begins, has);
    }
    let without = "baseline = \"device-trust-mobile\"\n[[step]]\ntest_credentials = {}\n";
    check(without, "own/x.toml:3:20: Okta has no app that provisions", "add `baseline = \"okta-provisions\"`");
}

#[test]
fn states_name_what_there_is() {
    for (state, begins, has) in [
        (
            "\"access.people.okta.acme.test/karol@acme.test\" = \"active\"",
            "there is no login `karol@acme.test`",
            "carol@",
        ),
        (
            "\"access.people.okta.acme.tst/carol@acme.test\" = \"active\"",
            "there is no domain `okta.acme.tst`",
            "okta.acme.test",
        ),
        ("\"uem.people.carol@acme.test\" = \"disabled\"", "unknown value `disabled`", "there is"),
        ("\"uem.people.carol@acme.test\" = [\"active\"]", "found a list, wanted a text", "one word"),
        (
            "\"access.groups.System Domain/sales\" = [\"zed@acme.test\"]",
            "`zed@acme.test` can never be there",
            "did you mean",
        ),
        ("\"okta.workspace_one_app.groups.sales\" = \"aktive\"", "unknown value `aktive`", "did you mean `active`?"),
        ("\"okta.workspace_one_app.persons.carol\" = \"none\"", "there is no state of", ""),
    ] {
        let lines = format!("{HEAD}test_credentials = {{}}\nexpect = {{ state = {{ {state} }} }}\n");
        let told = match load_str("own/x.toml", &lines) {
            Ok(_) => panic!("it loads:\n{lines}"),
            Err(wrong) => wrong[0].to_string(),
        };
        assert!(told.contains(begins) && told.contains(has), "{state}\n  wanted {begins} … {has}\n  told {told}");
    }
}

/// A name that a step brings up may be used from there on; a login that was changed is still known.
#[test]
fn what_steps_bring_up_can_be_named() {
    let lines = format!(
        "{HEAD}create_client = {{ id = \"New\" }}\n[[step]]\nget_token = {{ client = \"New\" }}\n[[step]]\n\
         change_profile = {{ who = \"carol\", set = {{ login = \"marvell@acme.test\" }} }}\n\
         expect = {{ state = {{ \"uem.people.carol@acme.test\" = \"none\", \"uem.people.marvell@acme.test\" = \"none\" }} }}\n\
         [[step]]\njoin_group = {{ who = \"carol\", group = \"new\" }}\n[[step]]\npush_group = {{ group = \"new\" }}\n"
    );
    let scenario = load_str("own/x.toml", &lines).unwrap_or_else(|wrong| panic!("{}", wrong[0]));
    let mut worlds = scenario.steps.iter().rev().filter_map(|step| match &step.action {
        crate::Action::Provision(provision) => provision.world.as_ref(),
        _ => None,
    });
    let last = worlds.next().expect("the last step changes settings");
    let carol = last.okta.users.iter().find(|u| u.name == "carol").expect("she is there");
    assert_eq!((carol.login.as_str(), carol.groups.join(" ").as_str()), ("marvell@acme.test", "sales new"));
    let app = last.okta.workspace_one_app.as_ref().expect("the app is there");
    assert_eq!(app.push_groups.iter().map(|p| p.name.as_str()).collect::<Vec<_>>(), ["new"]);
}

//! Decision cases as data: each row names itself, says what goes in and what must come out.

use super::platform::platform;
use super::routing::{Asked, Route, route};
use super::session::{Factors, Limits, SessionVerdict, alive, may_start};
use super::sign_on::{Facts, SignOn, sign_on};
use super::trust::{Answer, TrustMatch, conclude, matches};
use federation::tenant::Okta;
use federation::tenant::okta::{App, TrustCondition, User};
use federation::{Decision, DeviceContext, Platform, Silent, Time};
use serde_json::{Value, json};
use std::fmt::Debug;
use std::time::Duration;

/// Judges every row and compares.
fn check<I, T: PartialEq + Debug>(rows: impl IntoIterator<Item = (&'static str, I, T)>, judge: impl Fn(&I) -> T) {
    for (name, given, expected) in rows {
        assert_eq!(judge(&given), expected, "{name}");
    }
}

fn org(mut with: Value) -> Okta {
    with["host"] = "o.test".into();
    serde_json::from_value(with).expect("settings of a test")
}

fn idp(name: &str) -> Value {
    json!({ "name": name, "id": format!("0oa{name}"), "issuer": "https://a.test/idp.xml", "sso_url": "https://a.test/sso" })
}

fn alice() -> User {
    let attributes = json!({ "department": "sales" });
    let alice = json!({ "name": "alice", "login": "alice@acme.test", "email": "al@mail.test", "groups": ["staff"],
        "attributes": attributes });
    serde_json::from_value(alice).expect("a user")
}

fn integration(enabled: bool) -> Value {
    json!({ "ios": { "enabled": enabled, "identity_provider": "access", "enrollment_link": "https://e.test" } })
}

fn start() -> Time {
    Time::parse("2026-03-02T09:00:00Z").expect("a time")
}

fn minutes(n: u64) -> Duration {
    Duration::from_secs(n * 60)
}

#[test]
fn platform_is_what_the_user_agent_says() {
    let rows = [
        ("iphone", "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X)", Platform::Ios),
        ("mac, or an ipad", "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)", Platform::Macos),
        ("android", "Mozilla/5.0 (Linux; Android 14; Pixel 8)", Platform::Android),
        ("windows", "Mozilla/5.0 (Windows NT 10.0; Win64)", Platform::Windows),
        ("windows phone says android too", "Mozilla/5.0 (Windows Phone 10.0; Android 6.0.1)", Platform::OtherMobile),
        ("linux", "Mozilla/5.0 (X11; Linux x86_64)", Platform::OtherDesktop),
        ("nothing", "", Platform::OtherDesktop),
    ];
    check(rows, |agent| platform(agent));
}

#[test]
fn the_first_routing_rule_that_matches_wins() {
    let to_a = |with: Value| {
        let mut rule = json!({ "name": "a", "identity_provider": "a" });
        rule.as_object_mut().expect("a rule").extend(with.as_object().expect("fields").clone());
        rule
    };
    let to_b = || json!({ "name": "b", "identity_provider": "b" });
    let ios = || json!({ "platforms": ["ios"] });
    let home = |list: &str| json!({ "location": { list: ["home"] } });
    let user = |kind: &str, value: Value| to_a(json!({ "user": { kind: value } }));
    let attribute =
        |how: &str, value: &str| user("attribute", json!({ "attribute": "department", "how": how, "value": value }));
    let login = Some("alice@acme.test");
    let rows = [
        ("no rule: Okta", (vec![], login), "okta"),
        ("both match: the first", (vec![to_a(json!({})), to_b()], login), "a"),
        ("the other way round", (vec![to_b(), to_a(json!({}))], login), "b"),
        ("a disabled rule is not there", (vec![to_a(json!({ "enabled": false })), to_b()], login), "b"),
        ("to Okta itself", (vec![to_a(json!({ "identity_provider": "okta" })), to_b()], login), "okta"),
        ("platform", (vec![to_a(ios())], login), "a"),
        ("another platform", (vec![to_a(json!({ "platforms": ["android"] }))], login), "okta"),
        ("app", (vec![to_a(json!({ "apps": ["crm"] }))], login), "a"),
        ("another app", (vec![to_a(json!({ "apps": ["wiki"] })), to_b()], login), "b"),
        ("inside the zone", (vec![to_a(home("in_zones"))], login), "a"),
        ("not outside the zone", (vec![to_a(home("not_in_zones")), to_b()], login), "b"),
        ("domain", (vec![user("domains", json!(["other.test", "ACME.test"]))], login), "a"),
        ("a domain inside a domain", (vec![user("domains", json!(["test"]))], login), "okta"),
        ("regex", (vec![user("regex", json!("al.*@acme\\.test"))], login), "a"),
        ("regex must match all", (vec![user("regex", json!("alice"))], login), "okta"),
        ("regex of alternatives is held together", (vec![user("regex", json!("x|alice"))], login), "okta"),
        ("regex that is none", (vec![user("regex", json!("("))], login), "okta"),
        ("attribute", (vec![attribute("starts-with", "sal")], login), "a"),
        ("attribute equals all", (vec![attribute("equals", "sal")], login), "okta"),
        ("attribute of nobody known", (vec![attribute("contains", "s")], Some("who@acme.test")), "okta"),
        ("login unknown yet", (vec![user("domains", json!(["acme.test"]))], None), "ask"),
        ("a rule before it spares the question", (vec![to_a(ios()), user("regex", json!("x"))], None), "a"),
    ];
    check(rows, |(rules, login)| {
        let zones = json!([{ "name": "home", "gateways": ["192.0.2.0/24"] }]);
        let providers = [idp("a"), idp("b")];
        let okta = org(json!({ "routing_rules": rules, "identity_providers": providers, "network_zones": zones }));
        let alice = alice();
        let (platform, ip) = (Platform::Ios, "192.0.2.7".parse().expect("an address"));
        let user = Some(&alice).filter(|user| *login == Some(user.login.as_str()));
        match route(&okta, &Asked { app: "crm", platform, ip, login: *login, user }, &mut Silent) {
            Route::Okta => "okta",
            Route::NeedLogin => "ask",
            Route::IdentityProvider(idp) if idp.name == "a" => "a",
            Route::IdentityProvider(_) => "b",
        }
    });
}

#[test]
fn what_an_answer_says_of_the_device() {
    use DeviceContext::*;
    let rows = [
        ("managed", (true, "access", Answer::Managed), Trusted),
        ("not managed", (true, "access", Answer::NotManaged), NotTrusted),
        ("no posture", (true, "access", Answer::NoPosture), NotTrusted),
        ("failure", (true, "access", Answer::Failure), NotTrusted),
        ("not the platform's provider", (true, "other", Answer::Managed), Unknown),
        ("integration off", (false, "access", Answer::Managed), Unknown),
    ];
    check(rows, |(enabled, idp, answer)| {
        conclude(&org(json!({ "device_trust": integration(*enabled) })), Platform::Ios, idp, *answer, &mut Silent)
    });
}

#[test]
fn truth_table_of_a_trust_condition() {
    use DeviceContext::*;
    use TrustCondition as Wants;
    let both = |enabled| json!({ "device_trust": integration(enabled) });
    let with = |key: &str, value: &str| json!({ "device_trust": integration(true), "assumptions": { key: value } });
    let off = json!({ "device_trust": integration(false),
        "assumptions": { "trust_without_integration": "not-trusted" } });
    let rows = [
        ("any, trusted", (both(true), Wants::Any, Trusted), "yes"),
        ("any, not trusted", (both(true), Wants::Any, NotTrusted), "yes"),
        ("any, unknown", (both(true), Wants::Any, Unknown), "yes"),
        ("trusted, trusted", (both(true), Wants::Trusted, Trusted), "yes"),
        ("trusted, not trusted", (both(true), Wants::Trusted, NotTrusted), "no"),
        ("trusted, unknown", (both(true), Wants::Trusted, Unknown), "ask"),
        ("not trusted, trusted", (both(true), Wants::NotTrusted, Trusted), "no"),
        ("not trusted, not trusted", (both(true), Wants::NotTrusted, NotTrusted), "yes"),
        ("not trusted, unknown", (both(true), Wants::NotTrusted, Unknown), "ask"),
        ("without integration neither: trusted", (both(false), Wants::Trusted, Trusted), "no"),
        ("without integration neither: not trusted", (both(false), Wants::NotTrusted, NotTrusted), "no"),
        ("without integration, taken for not trusted", (off.clone(), Wants::NotTrusted, Unknown), "yes"),
        ("without integration, taken for not trusted: trusted", (off, Wants::Trusted, Unknown), "no"),
        ("only routing asks", (with("trust_evaluation", "routing-only"), Wants::NotTrusted, Unknown), "yes"),
    ];
    check(rows, |(okta, condition, trust)| {
        match matches(&org(okta.clone()), Platform::Ios, *condition, *trust, &mut Silent) {
            TrustMatch::Yes => "yes",
            TrustMatch::No => "no",
            TrustMatch::Ask(_) => "ask",
        }
    });
}

#[test]
fn sign_on_rules_and_the_default_that_allows() {
    use DeviceContext::*;
    let trusted = || json!({ "name": "t", "device_trust": "trusted" });
    let deny = |trust: &str| json!({ "name": "d", "device_trust": trust, "access": "deny" });
    let mfa = |prompt: &str| json!({ "name": "m", "factor": prompt });
    let again = |minutes: u32| json!({ "name": "r", "reauthenticate_after_minutes": minutes });
    let only = |key: &str, value: Value| json!({ "name": "o", "access": "deny", key: value });
    // Rules, trust, seconds since the authentication, factor in this session.
    let rows = [
        ("no rule", (vec![], Unknown, 0, false), ("allow", "sign-on/default-allow")),
        ("no rule matches", (vec![trusted()], NotTrusted, 0, false), ("allow", "sign-on/default-allow")),
        ("trust is asked for", (vec![trusted()], Unknown, 0, false), ("ask", "assumes/trust-evaluation")),
        (
            "denied for want of trust",
            (vec![trusted(), deny("not-trusted")], NotTrusted, 0, false),
            ("enrol", "sign-on/rule-matched"),
        ),
        ("denied for other reasons", (vec![deny("any")], NotTrusted, 0, false), ("deny", "sign-on/rule-matched")),
        ("first rule wins", (vec![trusted(), deny("any")], Trusted, 0, false), ("allow", "sign-on/rule-matched")),
        ("factor", (vec![mfa("every-sign-in")], Unknown, 0, true), ("factor", "mfa/required")),
        ("factor once", (vec![mfa("once-per-session")], Unknown, 0, false), ("factor", "mfa/required")),
        ("factor once, given", (vec![mfa("once-per-session")], Unknown, 0, true), ("allow", "sign-on/rule-matched")),
        ("re-authentication due", (vec![again(5)], Unknown, 301, false), ("again", "reauthenticate/due")),
        ("not due at the minute", (vec![again(5)], Unknown, 300, false), ("allow", "sign-on/rule-matched")),
        ("ten seconds' grace", (vec![again(0)], Unknown, 10, false), ("allow", "sign-on/rule-matched")),
        ("grace over", (vec![again(0)], Unknown, 11, false), ("again", "reauthenticate/due")),
        (
            "other people",
            (vec![only("people", json!({ "groups": ["guests"] }))], Unknown, 0, false),
            ("allow", "sign-on/default-allow"),
        ),
        (
            "exceptions win",
            (vec![only("people", json!({ "groups": ["staff"], "except_users": ["alice"] }))], Unknown, 0, false),
            ("allow", "sign-on/default-allow"),
        ),
        (
            "other platform",
            (vec![only("platforms", json!(["windows"]))], Unknown, 0, false),
            ("allow", "sign-on/default-allow"),
        ),
        ("disabled", (vec![only("enabled", json!(false))], Unknown, 0, false), ("allow", "sign-on/default-allow")),
    ];
    check(rows, |(rules, trust, seconds, factor)| {
        let okta = org(json!({ "device_trust": integration(true) }));
        let app: App = serde_json::from_value(json!({ "name": "crm", "rules": rules })).expect("an app");
        let facts = Facts {
            app: &app,
            user: &alice(),
            platform: Platform::Ios,
            ip: "192.0.2.7".parse().expect("an address"),
            trust: *trust,
            authenticated_at: start(),
            now: start() + Duration::from_secs(*seconds),
            factor_in_session: *factor,
            factor_in_sign_in: false,
        };
        let decision = Decision::of(|why| sign_on(&okta, &facts, why));
        let verdict = match decision.verdict {
            SignOn::Allow => "allow",
            SignOn::Deny => "deny",
            SignOn::EnrolmentPage(_) => "enrol",
            SignOn::NeedTrust(_) => "ask",
            SignOn::StepUp => "factor",
            SignOn::Reauthenticate => "again",
        };
        (verdict, decision.because.last().map_or("", |finding| finding.code))
    });
}

#[test]
fn sessions_end_by_idling_and_by_age() {
    // Idle and lifetime limits; minutes since creation and since the last use.
    let rows = [
        ("fresh", (120, 0, 0, 0), true),
        ("a minute before idling", (120, 0, 500, 119), true),
        ("idle", (120, 0, 120, 120), false),
        ("no lifetime", (120, 0, 100_000, 1), true),
        ("a minute before its age", (120, 60, 59, 1), true),
        ("too old, though in use", (120, 60, 60, 0), false),
    ];
    check(rows, |(idle_minutes, lifetime_minutes, age, unused)| {
        let now = start() + minutes(1_000_000);
        let limits = Limits { idle_minutes: *idle_minutes, lifetime_minutes: *lifetime_minutes };
        alive(limits, now - minutes(*age), now - minutes(*unused), now, &mut Silent)
    });
}

#[test]
fn okta_sign_on_policy_of_the_org() {
    let deny = || json!({ "name": "d", "access": "deny", "people": { "groups": ["guests"] } });
    let mfa = || json!({ "name": "m", "factor": "once-per-session", "idle_minutes": 5, "lifetime_minutes": 60 });
    let allow = |idle_minutes, lifetime_minutes| SessionVerdict::Allow(Limits { idle_minutes, lifetime_minutes });
    let every = || json!({ "name": "m", "factor": "every-sign-in" });
    let none = Factors::default();
    let now = Factors { in_sign_in: true, ..none };
    let before = Factors { in_session: true, ..none };
    let rows = [
        ("default: two hours idle, no age", (vec![], none), allow(120, 0)),
        ("rule for others", (vec![deny()], none), allow(120, 0)),
        ("factor", (vec![deny(), mfa()], none), SessionVerdict::StepUp),
        ("factor given: the rule's limits", (vec![deny(), mfa()], now), allow(5, 60)),
        ("denied", (vec![json!({ "name": "d", "access": "deny" }), mfa()], now), SessionVerdict::Deny),
        ("once per session: the factor of the session counts", (vec![mfa()], before), allow(5, 60)),
        ("every sign-in: it does not", (vec![every()], before), SessionVerdict::StepUp),
    ];
    check(rows, |(rules, factor)| {
        let ip = "192.0.2.7".parse().expect("an address");
        may_start(&org(json!({ "session_rules": rules })), &alice(), ip, *factor, &mut Silent)
    });
}

#[test]
fn a_username_that_the_filter_rejects() {
    use super::filter::Verdict::{Nobody, Pass, Reject};
    let rows = [
        ("no filter", (None, "error"), Pass),
        ("it fits", (Some(".*@acme\\.test"), "error"), Pass),
        ("only a part fits", (Some("acme"), "error"), Reject),
        ("the other reading", (Some("acme"), "sign-in-page"), Nobody),
    ];
    check(rows, |(pattern, how)| {
        let mut filtered = idp("access");
        filtered["username_filter"] = json!(pattern);
        let org = org(json!({ "identity_providers": [filtered], "assumptions": { "username_filter_mismatch": how } }));
        super::filter::decide(&org, &org.identity_providers[0], "alice@acme.test", &mut Silent)
    });
}

#[test]
fn settings_that_cannot_be_meant_are_named() {
    let routing = |with: Value| json!({ "routing_rules": [with] });
    let app = |rule: Value| json!({ "apps": [{ "name": "crm", "rules": [rule] }] });
    let zones = |list: Value| {
        json!({ "session_rules": [{ "name": "s", "location": list }],
        "network_zones": [{ "name": "home", "gateways": [] }] })
    };
    let mut filtered = idp("a");
    filtered["username_filter"] = "(".into();
    let mut twin = idp("b");
    twin["id"] = "0oaa".into();
    let phones = json!({ "name": "t", "device_trust": "trusted", "platforms": ["ios"] });
    let trusting = |mut settings: Value| {
        settings["identity_providers"] = json!([idp("access")]);
        settings["device_trust"] = integration(false);
        settings
    };
    let rows = [
        ("nothing wrong", json!({ "identity_providers": [idp("access")], "device_trust": integration(true) }), vec![]),
        ("to Okta", routing(json!({ "name": "r", "identity_provider": "okta" })), vec![]),
        (
            "no such provider",
            routing(json!({ "name": "r", "identity_provider": "x" })),
            vec!["okta.routing_rules.r.identity_provider"],
        ),
        (
            "no such app",
            routing(json!({ "name": "r", "identity_provider": "okta", "apps": ["x"] })),
            vec!["okta.routing_rules.r.apps"],
        ),
        (
            "no regex",
            routing(json!({ "name": "r", "identity_provider": "okta", "user": { "regex": "(" } })),
            vec!["okta.routing_rules.r.user"],
        ),
        ("no filter", json!({ "identity_providers": [filtered] }), vec!["okta.identity_providers.a.username_filter"]),
        ("one id twice", json!({ "identity_providers": [idp("a"), twin] }), vec!["okta.identity_providers.b.id"]),
        (
            "a statement of nothing",
            json!({ "apps": [{ "name": "crm", "attribute_statements": { "x": "device.trustd", "y": "user.desk" } }] }),
            vec!["okta.apps.crm.attribute_statements.x"],
        ),
        ("no such zone", zones(json!({ "in_zones": ["x"] })), vec!["okta.session_rules.s"]),
        ("both boxes", zones(json!({ "in_zones": ["home"], "not_in_zones": ["home"] })), vec!["okta.session_rules.s"]),
        (
            "trust of a desktop box",
            trusting(app(json!({ "name": "t", "device_trust": "trusted" }))),
            vec!["okta.apps.crm.rules.t"],
        ),
        ("trust of phones", trusting(app(phones.clone())), vec![]),
        ("trust that nobody set up", app(phones), vec!["okta.apps.crm.rules.t"]),
        ("dangling integration", json!({ "device_trust": integration(true) }), vec!["okta.device_trust.ios"]),
    ];
    let rows = rows.map(|(what, given, paths)| (what, given, paths.into_iter().map(String::from).collect::<Vec<_>>()));
    check(rows, |settings| {
        let found = crate::validate(&org(settings.clone()));
        found.into_iter().map(|(path, _)| path).collect::<Vec<_>>()
    });
}

//! From Okta to Access to UEM by what crossed the network: a host that is away stops the calls to it and what depends on them,
//! and nothing else; and every call is a TLS connection of its own, on both fabrics.

use federation::EventKind;
use fedsim::{CaseResult, Fabric};
use fedsim_tests::replay;
use std::collections::BTreeMap;

/// Everybody who speaks in this flow, with whom.
const WAYS: [(&str, &str); 3] = [("administrator", "access"), ("okta", "access"), ("access", "uem")];

/// What crossed the network, by caller and called, in order; status 0 where nobody answered.
type Captured = BTreeMap<(String, String), Vec<(String, u16)>>;

/// A host that is away, which ways fail for that, and which carry nothing because nothing arrives that they could carry.
struct Away {
    what: &'static str,
    fail: &'static [&'static str],
    idle: &'static [&'static str],
    /// Carol meanwhile: at Okta's app, at Access, at UEM; and the pushed group.
    seen: [&'static str; 4],
}

const WHOLE: [&str; 4] = ["provisioned", "active", "active", "active"];
const NOT_BEYOND_OKTA: [&str; 4] = ["failed", "none", "none", "error"];
const NOT_BEYOND_ACCESS: [&str; 4] = ["provisioned", "active", "none", "active"];

const CASES: [Away; 9] = [
    Away { what: r#"party = "access""#, fail: &["administrator", "okta"], idle: &["access"], seen: NOT_BEYOND_OKTA },
    Away { what: r#"party = "access", from = "okta""#, fail: &["okta"], idle: &["access"], seen: NOT_BEYOND_OKTA },
    Away { what: r#"party = "uem""#, fail: &["access"], idle: &[], seen: NOT_BEYOND_ACCESS },
    Away { what: r#"party = "uem", from = "access""#, fail: &["access"], idle: &[], seen: NOT_BEYOND_ACCESS },
    // Nobody calls Okta, no app takes part, and Okta and UEM do not know each other.
    Away { what: r#"party = "okta""#, fail: &[], idle: &[], seen: WHOLE },
    Away { what: r#"party = "salesforce""#, fail: &[], idle: &[], seen: WHOLE },
    Away { what: r#"party = "uem", from = "okta""#, fail: &[], idle: &[], seen: WHOLE },
    Away { what: r#"party = "okta", from = "access""#, fail: &[], idle: &[], seen: WHOLE },
    Away { what: r#"party = "access", from = "uem""#, fail: &[], idle: &[], seen: WHOLE },
];

/// What Okta speaks with Access, and where a pushed group lands then.
const DIALECTS: [(&str, &str); 2] = [("1.1", "System Domain"), ("2.0", "okta.acme.test")];

/// The step before which something breaks, and the last one before it is mended.
const BREAKS: usize = 3;
const MENDS: usize = 8;

fn flow((protocol, lands): (&str, &str), breakage: &str, seen: [&str; 4], mend: &str) -> String {
    let [at_okta, at_access, at_uem, group] = seen;
    format!(
        r#"
name     = "the-wire"
teaches  = ["scim-chain"]
baseline = "okta-provisions"
story    = "Two people and their group, while somebody is away."

# Nothing crosses the network before the story.
[[change]]
at     = "okta.workspace_one_app.api_token"
remove = true
[[change]]
at  = "okta.workspace_one_app.protocol"
set = "{protocol}"

[[step]]
get_token = {{ client = "OktaSCIM" }}
[[step]]
configure_provisioning = {{ token_of = "OktaSCIM" }}
[[step]]
{breakage}
[[step]]
create_group = {{ name = "by-hand", domain = "okta.acme.test", token_of = "OktaSCIM" }}
[[step]]
assign = {{ who = "carol" }}
[[step]]
assign = {{ who = "dave" }}
[[step]]
push_group = {{ group = "sales" }}
[[step]]
wait   = {{ minutes = 2 }}
expect = {{ state = {{ "okta.workspace_one_app.people.carol" = "{at_okta}", "access.people.okta.acme.test/carol@acme.test" = "{at_access}", "uem.people.carol@acme.test" = "{at_uem}", "okta.workspace_one_app.groups.sales" = "{group}" }} }}

[[step]]
{mend}
[[step]]
retry_tasks = {{}}
[[step]]
retry_all_groups = {{}}
[[step]]
wait   = {{ minutes = 61 }}
expect = {{ state = {{ "uem.people.carol@acme.test" = "active", "uem.people.dave@acme.test" = "active", "access.groups.{lands}/sales" = ["carol@acme.test", "dave@acme.test"] }} }}
[[step]]
set_status = {{ who = "carol", status = "deactivated" }}
expect     = {{ state = {{ "access.people.okta.acme.test/carol@acme.test" = "disabled", "uem.people.carol@acme.test" = "inactive", "uem.people.dave@acme.test" = "active" }} }}
"#
    )
}

fn play(dialect: (&str, &str), away: Option<&Away>, fabric: Fabric) -> CaseResult {
    // A wait that is over at once keeps the steps' numbers where nothing breaks.
    let nothing = "wait = { minutes = 0 }".to_string();
    let (breakage, mend) = away.map_or((nothing.clone(), nothing), |a| {
        (format!("break = {{ {} }}", a.what), format!("mend = {{ {} }}", a.what))
    });
    let text = flow(dialect, &breakage, away.map_or(WHOLE, |a| a.seen), &mend);
    let scenario = scenarios::load_str("own/the-wire.toml", &text).unwrap_or_else(|problems| {
        panic!("{}", problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    });
    let played = replay(&scenario.cases().remove(0), fabric);
    let missed: Vec<_> = played.steps.iter().flat_map(|s| &s.missed).collect();
    assert!(played.met(), "{}: {missed:#?} {:?}", away.map_or("nothing", |a| a.what), played.error);
    played
}

/// The exchanges of the steps in which something may be away.
fn captured(played: &CaseResult) -> Captured {
    let mut seen = Captured::new();
    for event in played.steps.iter().filter(|s| s.number > BREAKS && s.number <= MENDS).flat_map(|s| &s.events) {
        if let EventKind::Http { to, method, path, status } = &event.kind {
            let way = seen.entry((event.party.clone(), to.clone())).or_default();
            way.push((format!("{method} {path}"), *status));
        }
    }
    seen
}

#[test]
fn who_is_away_stops_the_flow_there_and_nowhere_else() {
    for dialect in DIALECTS {
        away_stops_only_its_own(dialect);
    }
}

fn away_stops_only_its_own(dialect: (&str, &str)) {
    let free = captured(&play(dialect, None, Fabric::Memory));
    let ways: Vec<(&str, &str)> = free.keys().map(|(from, to)| (from.as_str(), to.as_str())).collect();
    let mut all = WAYS.to_vec();
    all.sort_unstable();
    assert_eq!(ways, all, "who speaks with whom");
    assert!(free.values().flatten().all(|(_, status)| (200..300).contains(status)), "{free:#?}");
    for away in &CASES {
        let seen = captured(&play(dialect, Some(away), Fabric::Memory));
        for (from, to) in WAYS {
            let way = (from.to_string(), to.to_string());
            let calls = seen.get(&way).cloned().unwrap_or_default();
            let told = format!("{{ {} }}: {from} to {to}: {calls:#?}", away.what);
            if away.fail.contains(&from) {
                assert!(!calls.is_empty() && calls.iter().all(|(_, status)| *status == 0), "{told}");
                assert_eq!(calls[0].0, free[&way][0].0, "it fails at its first call; {told}");
            } else if away.idle.contains(&from) {
                assert!(calls.is_empty(), "{told}");
            } else {
                assert_eq!(calls, free[&way], "{told}");
            }
        }
        assert!(seen.keys().all(|way| free.contains_key(way)), "nobody takes another way: {:?}", seen.keys());
    }
}

#[test]
fn every_call_is_a_tls_connection() {
    let answered = |played: &CaseResult| {
        let events = played.steps.iter().flat_map(|s| &s.events);
        events.filter(|e| matches!(e.kind, EventKind::Http { status, .. } if status != 0)).count() as u64
    };
    for fabric in [Fabric::Memory, Fabric::Loopback] {
        for away in [None, Some(&CASES[0]), Some(&CASES[2])] {
            let played = play(DIALECTS[0], away, fabric);
            assert!(answered(&played) > 10);
            assert_eq!(played.handshakes, answered(&played), "{fabric:?}: calls and TLS handshakes");
        }
    }
}

//! Rules of both vendors: routing, Okta's two sign-on policies, Access's chains; and the places that they speak of.

use federation::tenant::access::AuthMethod::{self, *};
use federation::tenant::access::NetworkRange;
use federation::tenant::okta::{
    AccessAction, AttributeMatch, FactorPrompt, Location, MatchHow, NetworkZone, PeopleCondition, RoutingRule,
    SessionRule, SignOnRule, TrustCondition, UserMatch,
};
use federation::{Platform, World};
use ipnet::IpNet;
use proptest::prelude::*;
use proptest::sample::select;

/// The office's network and the one at home.
fn net(home: bool) -> Vec<IpNet> {
    let text = if home { "198.51.100.0/24" } else { "203.0.113.0/24" };
    text.parse().into_iter().collect()
}

/// Places that rules may name.
pub fn set_places(world: &mut World) {
    let zone = |name: &str, home| NetworkZone { name: name.into(), gateways: net(home) };
    world.okta.network_zones.extend([zone("offices", false), zone("homes", true)]);
    world.access.network_ranges.push(NetworkRange { name: "OFFICES".into(), ranges: net(false) });
}

fn location() -> impl Strategy<Value = Location> {
    let within = |zones: &[&str]| Location {
        in_zones: zones.iter().map(ToString::to_string).collect(),
        not_in_zones: Vec::new(),
    };
    let outside = |zone: &str| Location { in_zones: Vec::new(), not_in_zones: vec![zone.into()] };
    prop_oneof![
        6 => Just(Location::default()),
        1 => select(vec![
            within(&["offices"]),
            within(&["homes"]),
            within(&["homes", "offices"]),
            outside("offices"),
            outside("homes"),
        ])
    ]
}

fn people() -> impl Strategy<Value = PeopleCondition> {
    let names = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    let of = |users: &[&str], groups: &[&str]| PeopleCondition {
        users: names(users),
        groups: names(groups),
        ..PeopleCondition::default()
    };
    let but = |users: &[&str], groups: &[&str]| PeopleCondition {
        except_users: names(users),
        except_groups: names(groups),
        ..PeopleCondition::default()
    };
    prop_oneof![
        6 => Just(PeopleCondition::default()),
        1 => select(vec![
            of(&["alice"], &[]),
            of(&[], &["staff"]),
            of(&["bob"], &["contractors"]),
            but(&["alice"], &[]),
            but(&[], &["contractors"]),
        ])
    ]
}

/// *User matches*: half of these need the login first.
fn user_match() -> impl Strategy<Value = UserMatch> {
    use MatchHow::{Contains, Equals, Regex, StartsWith};
    let about = |attribute: &str, how, value: &str| {
        UserMatch::Attribute(AttributeMatch { attribute: attribute.into(), how, value: value.into() })
    };
    prop_oneof![
        4 => Just(UserMatch::Anything),
        4 => select(vec![
            UserMatch::Domains(vec!["acme.test".into()]),
            UserMatch::Domains(vec!["elsewhere.test".into(), "ACME.test".into()]),
            UserMatch::Domains(vec!["elsewhere.test".into()]),
            UserMatch::Regex("alice.*".into()),
            UserMatch::Regex("bob".into()),
            UserMatch::Regex(".*@acme\\.test".into()),
            about("department", Equals, "Sales"),
            about("department", Contains, "ale"),
            about("department", Regex, "S.*"),
            about("department", Regex, "S"),
            about("email", StartsWith, "alice"),
            about("login", StartsWith, "alice"),
            about("department", Equals, "sales"),
        ])
    ]
}

fn routing_rule() -> impl Strategy<Value = RoutingRule> {
    use Platform::{Android, Ios, Macos, Windows};
    (
        prop::bool::weighted(0.9),
        select(vec![vec![], vec![Ios, Android], vec![Windows, Macos], vec![Ios]]),
        select(vec![vec![], vec![], vec!["salesforce"], vec!["wiki", "lunch-menu"], vec!["workspace-one-access"]]),
        location(),
        user_match(),
        select(vec!["okta", "first", "first", "last"]),
    )
        .prop_map(|(enabled, platforms, apps, location, user, to)| RoutingRule {
            name: String::new(),
            enabled,
            platforms,
            apps: apps.into_iter().map(Into::into).collect(),
            location,
            user,
            identity_provider: to.into(),
        })
}

/// Routing rules that stand before the baseline's, most of the time none. `first` and `last` are identity providers of it.
pub fn routing() -> impl Strategy<Value = Vec<RoutingRule>> {
    prop_oneof![2 => Just(Vec::new()), 1 => prop::collection::vec(routing_rule(), 1..3)]
}

pub fn set_routing(rules: &[RoutingRule], world: &mut World) {
    let okta = &mut world.okta;
    let mut all = rules.to_vec();
    for (i, rule) in all.iter_mut().enumerate() {
        rule.name = format!("routed-{i}");
        let provider = match rule.identity_provider.as_str() {
            "first" => okta.identity_providers.first(),
            "last" => okta.identity_providers.last(),
            _ => None,
        };
        if let Some(provider) = provider {
            rule.identity_provider = provider.name.clone();
        }
    }
    all.append(&mut okta.routing_rules);
    okta.routing_rules = all;
}

/// The org-wide policy: most of the time its default rule alone.
pub fn session_rule() -> impl Strategy<Value = Option<SessionRule>> {
    use FactorPrompt::{EverySignIn, OncePerSession};
    let rule = (
        people(),
        location(),
        prop_oneof![6 => Just(AccessAction::Allow), 1 => Just(AccessAction::Deny)],
        select(vec![Option::None, Some(EverySignIn), Some(OncePerSession)]),
        select(vec![120, 120, 30]),
        select(vec![0, 0, 40]),
    )
        .prop_map(|(people, location, access, factor, idle_minutes, lifetime_minutes)| SessionRule {
            name: "of-the-org".into(),
            people,
            location,
            access,
            factor,
            idle_minutes,
            lifetime_minutes,
        });
    prop::option::weighted(0.4, rule)
}

fn sign_on_rule() -> impl Strategy<Value = SignOnRule> {
    use Platform::{Android, Ios, Macos, OtherDesktop, OtherMobile, Windows};
    use TrustCondition::{Any, NotTrusted, Trusted};
    (
        select(vec![Trusted, Trusted, NotTrusted, NotTrusted, Any]),
        select(vec![AccessAction::Allow, AccessAction::Allow, AccessAction::Deny]),
        select(vec![Option::None, Option::None, Some(FactorPrompt::EverySignIn), Some(FactorPrompt::OncePerSession)]),
        select(vec![Option::None, Option::None, Option::None, Some(0), Some(30)]),
        select(vec![
            vec![Ios, Android],
            vec![Ios, Android],
            vec![Ios],
            vec![Windows, Macos],
            vec![Ios, Android, OtherMobile, Windows, Macos, OtherDesktop],
        ]),
        prop::bool::weighted(0.9),
        people(),
        location(),
    )
        .prop_map(|(device_trust, access, factor, reauthenticate, mut platforms, enabled, people, location)| {
            // The console offers the two words about trust only without these boxes.
            if device_trust != Any {
                platforms.retain(|p| !matches!(p, OtherMobile | OtherDesktop));
            }
            SignOnRule {
                name: String::new(),
                enabled,
                people,
                location,
                platforms,
                device_trust,
                access,
                reauthenticate_after_minutes: reauthenticate,
                factor,
            }
        })
}

/// The apps' rules; nothing leaves the baseline's.
pub fn sign_on() -> impl Strategy<Value = Option<Vec<SignOnRule>>> {
    let named = |mut rules: Vec<SignOnRule>| {
        for (i, rule) in rules.iter_mut().enumerate() {
            rule.name = format!("rule-{i}");
        }
        rules
    };
    prop::option::weighted(0.5, prop::collection::vec(sign_on_rule(), 0..4).prop_map(named))
}

/// What Access asks of one kind of device: chains, first that passes wins.
pub fn chains(own: AuthMethod) -> impl Strategy<Value = Vec<Vec<AuthMethod>>> {
    select(vec![
        vec![vec![own]],
        vec![vec![own]],
        vec![vec![own, DeviceCompliance]],
        vec![vec![own, DeviceCompliance], vec![own]],
        vec![vec![own], vec![Password]],
        vec![vec![own, Mfa]],
        vec![vec![own, Mfa], vec![Password]],
        vec![vec![own], vec![Password, Mfa]],
        vec![vec![own], vec![OktaAuthMethod]],
        vec![vec![own, DeviceCompliance], vec![Password]],
        vec![vec![Password]],
        vec![vec![Password, own]],
        vec![vec![own, Password]],
        vec![vec![Certificate], vec![own]],
        vec![vec![own, Mfa], vec![Password, Mfa]],
        vec![vec![Password, own, DeviceCompliance], vec![own]],
        vec![vec![own, DeviceCompliance], vec![own, Mfa], vec![Password]],
    ])
}

/// What the rules of Access's policies ask.
#[derive(Debug, Clone)]
pub struct AccessRules {
    ios: Vec<Vec<AuthMethod>>,
    android: Vec<Vec<AuthMethod>>,
    /// *Re-authenticate after*.
    reauthenticate: u32,
    /// The phones' rules are for the office alone.
    in_the_office: bool,
    /// They are for a group: nobody's before Access knows who it is.
    for_staff: bool,
}

pub fn access_rules() -> impl Strategy<Value = AccessRules> {
    let rare = || prop::bool::weighted(0.07);
    (chains(MobileSsoIos), chains(MobileSsoAndroid), select(vec![480, 480, 20, 0]), rare(), rare()).prop_map(
        |(ios, android, reauthenticate, in_the_office, for_staff)| AccessRules {
            ios,
            android,
            reauthenticate,
            in_the_office,
            for_staff,
        },
    )
}

impl AccessRules {
    pub fn set(&self, world: &mut World) {
        for rule in world.access.policies.iter_mut().flat_map(|p| &mut p.rules) {
            rule.reauthenticate_after_minutes = self.reauthenticate;
            match rule.name.as_str() {
                "ios" => rule.authenticate = self.ios.clone(),
                "android" => rule.authenticate = self.android.clone(),
                _ => continue,
            }
            if self.in_the_office {
                rule.network_range = "OFFICES".into();
            }
            if self.for_staff {
                rule.groups = vec!["staff".into()];
            }
        }
    }
}
